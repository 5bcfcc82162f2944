"""The log of a service: reading history, deciding on it, and appending what was decided.

`command` is what goes in and comes out, `streams` decides, `log` reads and appends. Commands that arrive together are
appended together (`together`, `appending`, `arrays`), and so are the reads they rest on (`reading`): whoever waits while one batch
is under way goes with the next, without any delay made on purpose. What the database does for a batch stands in
deploy/migrations/log/002_append.sql.
"""

from shared.eventlog.command import (
    Answer,
    Appended,
    Claim,
    Claimant,
    Command,
    Conflict,
    Expected,
    Happened,
    KeyReused,
    Outcome,
    Unknown,
    Unreachable,
    VersionChanged,
)
from shared.eventlog.log import EventLog, Past
from shared.eventlog.streams import REMEMBERED_MAX, Answering, Look, Streams

__all__ = [
    "REMEMBERED_MAX",
    "Answer",
    "Answering",
    "Appended",
    "Claim",
    "Claimant",
    "Command",
    "Conflict",
    "EventLog",
    "Expected",
    "Happened",
    "KeyReused",
    "Look",
    "Outcome",
    "Past",
    "Streams",
    "Unknown",
    "Unreachable",
    "VersionChanged",
]
