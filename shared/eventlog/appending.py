"""Appending what was decided: many commands in one transaction."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import asyncpg
import msgspec
from asyncpg.prepared_stmt import PreparedStatement

from shared.entry import Codec, Entry, Meta, uuid_of
from shared.eventlog.arrays import write_arrays_so
from shared.eventlog.command import NO_ANSWER, Answer, Claim, Command, Happened, Verdict
from shared.eventlog.together import columns

VERDICTS: Final[tuple[Verdict, ...]] = ("done", "known", "version", "claim", "stale")
"""By the number that the database gives them."""


_AT_ONCE: Final = """
    select first, recorded from append($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)
"""
_ONE: Final = "select first, recorded from append_one($1, $2, $3, $4, $5, $6, $7, $8)"
_CAREFULLY: Final = """
    select ends, stamps, verdicts from append_carefully(
        $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24
    )
"""
_WRITE_META: Final = msgspec.json.Encoder().encode


Decided = tuple[int, int, datetime, bool]


class Pending:
    """A command that waits for its transaction."""

    __slots__ = (
        "answer", "by_about_now", "claims", "command", "done", "encoded", "events", "expected", "meta", "not_after", "stream", "tenant",
        "touches",
    )  # fmt: skip

    done: asyncio.Future[Decided]
    """The verdict's number, the position of the last entry, when it was recorded, and whether that is surely by the real clock."""

    def __init__(
        self,
        tenant: UUID,
        stream_id: str,
        expected: int,
        events: Sequence[Happened],
        codec: Codec,
        meta: Meta,
        command: Command,
        claims: Iterable[Claim],
        not_after: datetime | None,
        answer: Answer | None,
        by_about_now: bool,
    ) -> None:
        self.tenant, self.stream, self.expected, self.events = tenant, uuid_of(stream_id), expected, events
        self.meta, self.command, self.not_after, self.answer = meta, command, not_after, answer or NO_ANSWER
        self.by_about_now = by_about_now
        self.encoded = list(map(codec.encode, events))
        # It does not matter that these lack the tenant: who shares one by accident only waits a little.
        self.touches = [stream_id]
        # The last word on a claim counts.
        self.claims = last = list(claims)
        if len(last) > 1:
            self.claims = last = list({(claim.kind, claim.key): claim for claim in last}.values())
        for claim in last:
            self.touches.append(f"{claim.kind} {claim.key}")
        if command.key is not None:
            self.touches.append(f"{command.caller} {command.key}")

    @property
    def is_plain(self) -> bool:
        return self.command.key is None and not self.claims and len(self.events) == 1

    def entries(self, service: str, position: int, recorded_at: datetime) -> list[Entry]:
        """The entries, of which the last stands at `position`."""
        tenant, stream, meta, version = self.tenant, self.stream, self.meta, self.expected
        place = position - len(self.events)
        entries: list[Entry] = []
        for event, (type, data) in zip(self.events, self.encoded, strict=True):
            place += 1
            version += 1
            entries.append(Entry(service, place, tenant, stream, version, type, event, data, meta, event.at, recorded_at))
        return entries

    def rows(self) -> Iterable[tuple[Any, ...]]:
        """Its entries, as far as they are known before they are written: version, type, data, meta, at."""
        meta, version = _WRITE_META(self.meta).decode(), self.expected
        for event, (type, data) in zip(self.events, self.encoded, strict=True):
            version += 1
            yield version, type, data, meta, event.at


class Appender:
    """One connection's way to append."""

    def __init__(self, at_once: PreparedStatement, one: PreparedStatement, carefully: PreparedStatement) -> None:
        self._at_once, self._one, self._carefully = at_once, one, carefully

    @classmethod
    async def on(cls, connection: asyncpg.Connection) -> Appender:
        carefully, one = await connection.prepare(_CAREFULLY), await connection.prepare(_ONE)
        write_arrays_so(connection)
        return cls(await connection.prepare(_AT_ONCE), one, carefully)

    async def __call__(self, batch: list[Pending]) -> None:
        """Nearly always all of them win, so that is tried first."""
        if not await self._all_won(batch):
            rest = [pending for pending in batch if not pending.done.done()]
            if rest:
                await self._append_carefully(rest)

    async def _all_won(self, batch: list[Pending]) -> bool:
        if not all(pending.events for pending in batch):
            return False
        try:
            if len(batch) == 1 and batch[0].is_plain:
                row = await self._one.fetchrow(*_parameters_of_one(batch[0]))
            else:
                row = await self._at_once.fetchrow(*_parameters(batch))
        except asyncpg.UniqueViolationError:
            return False
        assert row is not None, "a function answers"
        position, recorded = row
        if position is None:
            # It was too late for one of them, or stories are told: who did not read what time it is shall do so.
            for pending in batch:
                if pending.by_about_now and not pending.done.done():
                    pending.done.set_result((VERDICTS.index("stale"), 0, recorded, False))
            return False
        for pending in batch:
            position += len(pending.events)
            done = pending.done
            if not done.done():
                done.set_result((0, position, recorded, True))
        return True

    async def _append_carefully(self, batch: list[Pending]) -> None:
        row = await self._carefully.fetchrow(*_careful_parameters(batch))
        assert row is not None, "a function answers"
        for pending, ending, stamp, verdict in zip(batch, *row, strict=True):
            if not pending.done.done():
                pending.done.set_result((verdict, ending, stamp, False))


def _parameters_of_one(one: Pending) -> list[Any]:
    [row] = one.rows()
    return [one.tenant, one.stream, *row, one.not_after]


def _parameters(batch: list[Pending]) -> list[Any]:
    """A batch as the parameters of the database's `append`."""
    entries: list[tuple[Any, ...]] = []
    keyed: list[tuple[Any, ...]] = []
    claimed: list[tuple[Any, ...]] = []
    released: list[tuple[Any, ...]] = []
    not_after: datetime | None = None
    for pending in batch:
        tenant, stream = pending.tenant, pending.stream
        meta, version = _WRITE_META(pending.meta).decode(), pending.expected
        for event, (type, data) in zip(pending.events, pending.encoded, strict=True):
            version += 1
            entries.append((tenant, stream, version, type, data, meta, event.at))
        _add(len(entries), pending, keyed, claimed, released)
        if pending.not_after is not None and (not_after is None or pending.not_after < not_after):
            not_after = pending.not_after
    return [*columns(entries, 7), not_after, *columns(keyed, 6), *columns(claimed, 4), *columns(released, 3)]


def _careful_parameters(batch: list[Pending]) -> list[Any]:
    """A batch as the parameters of the database's `append_carefully`."""
    commands: list[tuple[Any, ...]] = []
    entries: list[tuple[Any, ...]] = []
    keyed: list[tuple[Any, ...]] = []
    claimed: list[tuple[Any, ...]] = []
    released: list[tuple[Any, ...]] = []
    for number, pending in enumerate(batch, start=1):
        commands.append((pending.tenant, pending.stream, pending.expected, len(pending.events), pending.not_after))
        entries += [(number, *row) for row in pending.rows()]
        _add(number, pending, keyed, claimed, released)
    return [*columns(commands, 5), *columns(entries, 6), *columns(keyed, 6), *columns(claimed, 4), *columns(released, 3)]


def _add(
    place: int,
    pending: Pending,
    keyed: list[tuple[Any, ...]],
    claimed: list[tuple[Any, ...]],
    released: list[tuple[Any, ...]],
) -> None:
    """Adds the command's key, with the answer, and its claims, under its place in the batch."""
    command, answer = pending.command, pending.answer
    if command.key is not None:
        keyed.append((place, command.caller, command.key, command.fingerprint, answer.status, answer.body))
    for claim in pending.claims:
        if claim.release:
            released.append((place, claim.kind, claim.key))
        else:
            claimed.append((place, claim.kind, claim.key, pending.meta.by))
