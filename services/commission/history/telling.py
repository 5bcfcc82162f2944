"""The evidence of a deal told in order, each entry with what rests on it."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct

from services.commission import events as own
from services.commission.events import Cut, Settlement
from shared.entry import Entry


class Told(Struct, frozen=True):
    """One entry in the timeline of a deal. `late`: recorded after the cut, so that it changed nothing. `counts_for`: the clauses that
    rest on it."""

    service: str
    entry: str
    type: str
    by: str | None
    at: datetime
    recorded_at: datetime
    late: bool
    counts_for: tuple[str, ...]
    facts: dict[str, Any]


def timeline(entries: Iterable[Entry], settlement: Settlement) -> list[Told]:
    """The evidence merged in the order in which it counts; what cannot be read says so in its facts."""
    counts: dict[str, list[str]] = {}
    for line in settlement.lines:
        for id in line.evidence:
            counts.setdefault(id, []).extend(clause for clause in line.clauses if clause not in counts.get(id, ()))
    ordered = sorted(entries, key=lambda e: (e.effective_at, e.recorded_at, e.service, e.position))
    return [_told(entry, settlement.cut, tuple(counts.get(entry.id, ()))) for entry in ordered]


def _told_facts(entry: Entry) -> dict[str, Any]:
    if entry.event is None:
        return {"unreadable": True}
    if isinstance(entry.event, own.Settled | own.Rebooked):
        return {"digest": entry.event.settlement.digest}
    facts: dict[str, Any] = msgspec.to_builtins(entry.event)
    return facts


def _told(entry: Entry, cut: Cut, counts_for: tuple[str, ...]) -> Told:
    late = entry.effective_at > cut.instant
    by = entry.meta.by
    return Told(entry.service, entry.id, entry.type, by, entry.effective_at, entry.recorded_at, late, counts_for, _told_facts(entry))
