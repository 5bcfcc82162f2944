"""What a command carries, what becomes of it, and how it can fail."""

from __future__ import annotations

from datetime import datetime
from typing import Final, Generic, Literal, Protocol, TypeVar
from uuid import UUID

import msgspec

from shared.entry import Entry, Meta

State = TypeVar("State")


class Expected(msgspec.Struct, frozen=True, gc=False):
    """The versions of a stream, one of which must be its last."""

    stream_id: str
    versions: frozenset[int]


class Command(msgspec.Struct, frozen=True, gc=False):
    """What every command carries. `key` is the Idempotency-Key, unique within `caller`; the fingerprint tells one request from another.
    `expected` is If-Match: what is appended to that stream follows at once on a version of those, or nothing is."""

    tenant: UUID
    by: str
    meta: Meta = Meta()
    key: str | None = None
    fingerprint: bytes = b""
    caller: str = ""
    expected: Expected | None = None

    @classmethod
    def caused_by(cls, entry: Entry, target: str) -> Command:
        """A reaction's command: in the name of who caused it, and with a key of cause and target, so that a second time has no effect."""
        meta = Meta(by=entry.meta.by, causation=entry.id, correlation=entry.meta.correlation, trace=entry.meta.trace)
        return cls(entry.tenant, entry.meta.by or "", meta, key=f"{entry.id}>{target}", caller=entry.service)


class Claim(msgspec.Struct, frozen=True, gc=False):
    """What must be unique across a tenant's streams: taken by the stream that appends, or given back by it."""

    kind: str
    key: str
    release: bool = False


class Claimant(msgspec.Struct, frozen=True):
    """Who was first."""

    stream: UUID
    by: str | None
    recorded_at: datetime


class Answer(msgspec.Struct, frozen=True, gc=False):
    """What an idempotent replay returns. Holds nothing personal."""

    status: int
    body: bytes


NO_ANSWER: Final = Answer(204, b"")
"""What is stored for a command that has a key but no answer of its own, as a reaction's."""


class Happened(Protocol):
    """An event: it says when it counts."""

    @property
    def at(self) -> datetime: ...


class Outcome(msgspec.Struct, Generic[State], frozen=True, gc=False):
    """What became of a command. Of a replay only the answer, version and position are known, as they were the first time."""

    state: State | None
    version: int
    written: int
    """How many entries it wrote now."""
    answer: Answer | None
    replayed: bool
    position: int


Verdict = Literal["done", "known", "version", "claim", "stale"]


class Appended(msgspec.Struct, frozen=True, gc=False):
    """What the log said: done; key known (with the answer then given); or lost: the version, a claim, or the time to record it."""

    verdict: Verdict
    version: int
    position: int
    answer: Answer | None


class Conflict(Exception):
    """Someone else was faster three times, or had begun the stream before."""

    def __init__(self, stream_id: str) -> None:
        super().__init__(f"lost the race for {stream_id}")
        self.stream_id = stream_id


class VersionChanged(Exception):
    """The stream is at another version than the command expects."""

    def __init__(self, stream_id: str) -> None:
        super().__init__(f"another version of {stream_id} than expected")
        self.stream_id = stream_id


class KeyReused(Exception):
    """The caller has used this Idempotency-Key for another request."""


class Unknown(Exception):
    """The tenant has no such stream."""

    def __init__(self, stream_id: str) -> None:
        super().__init__(f"unknown: {stream_id}")
        self.stream_id = stream_id


class Unreachable(Exception):
    """The database broke off. Whether the command was recorded is not known: whoever retries with the same key finds out."""
