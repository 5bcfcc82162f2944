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

from shared.entry import Codec, Meta, uuid_of
from shared.eventlog.arrays import write_arrays_so
from shared.eventlog.command import NO_ANSWER, Answer, Claim, Command, Happened, Verdict
from shared.eventlog.together import columns

VERDICTS: Final[tuple[Verdict, ...]] = ("done", "known", "version", "claim", "stale")
"""By the number that the database gives them."""


_AT_ONCE: Final = """
    select append($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22)
"""
_ONE: Final = "select append_one($1, $2, $3, $4, $5, $6, $7, $8, $9)"
_CAREFULLY: Final = """
    select ends, stamps, verdicts from append_carefully(
        $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24
    )
"""
_WRITE_META: Final = msgspec.json.Encoder().encode
ENDS_MAX: Final = 10_000
"""Of how many streams a connection knows where they end, before it forgets them all."""


Decided = tuple[int, int, datetime, bool]
Row = tuple[UUID, UUID, int, str, bytes, str, datetime]
"""An entry as far as it is known before it is written: tenant, stream, version, type, data, meta, at."""


class Pending:
    """A command that waits for its transaction."""

    __slots__ = ("answer", "by", "by_about_now", "claims", "command", "done", "expected", "not_after", "rows", "stream", "touches")

    done: asyncio.Future[Decided]
    """The verdict's number, the position of the last entry, when it was recorded, and whether that is surely by the real clock."""

    def __init__(
        self,
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
        self.stream = stream_id
        self.expected = version = expected
        self.command = command
        self.by = meta.by
        self.not_after = not_after
        self.answer = answer
        self.by_about_now = by_about_now
        tenant, stream, written, encode = command.tenant, uuid_of(stream_id), _WRITE_META(meta).decode(), codec.encode
        rows: list[Row] = []
        self.rows = rows
        for event in events:
            version += 1
            type, data = encode(event)
            rows.append((tenant, stream, version, type, data, written, event.at))
        # It does not matter that these lack the tenant: who shares one by accident only waits a little.
        self.touches = touches = [stream_id]
        self.claims = last = list(claims)
        if last:
            if len(last) > 1:  # the last word on a claim counts
                self.claims = last = list({(claim.kind, claim.key): claim for claim in last}.values())
            touches += [f"{claim.kind} {claim.key}" for claim in last]
        if command.key is not None:
            touches.append(f"{command.caller} {command.key}")

    @property
    def is_plain(self) -> bool:
        return self.command.key is None and not self.claims and len(self.rows) == 1


class Appender:
    """One connection's way to append.

    A version that is not the next of its stream comes only of what was not read from this log, or was lost to it: in a failover, which
    breaks the connection. So it is enough to look up what a version follows where this connection has not written that itself.
    """

    def __init__(self, at_once: PreparedStatement, one: PreparedStatement, carefully: PreparedStatement) -> None:
        self._at_once, self._one, self._carefully = at_once, one, carefully
        self._ends: dict[str, tuple[UUID, int]] = {}

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
        try:
            if len(batch) == 1 and batch[0].is_plain:
                [one] = batch
                position, recorded = await self._one.fetchval(*one.rows[0], self._is_unsure(one), one.not_after)
            elif all(pending.rows for pending in batch):
                position, recorded = await self._at_once.fetchval(*self._parameters(batch))
            else:
                return False
        except asyncpg.UniqueViolationError:
            return False
        if position is None:
            # It was too late for one of them, or stories are told: who did not read what time it is shall do so.
            for pending in batch:
                if pending.by_about_now and not pending.done.done():
                    pending.done.set_result((VERDICTS.index("stale"), 0, recorded, False))
            return False
        ends = self._ends
        if len(ends) > ENDS_MAX:
            ends.clear()
        for pending in batch:
            written = len(pending.rows)
            position += written
            ends[pending.stream] = pending.command.tenant, pending.expected + written
            done = pending.done
            if not done.done():
                done.set_result((0, position, recorded, True))
        return True

    def _is_unsure(self, pending: Pending) -> bool:
        """Whether what the command's first entry follows, if anything, is there for all that this connection knows."""
        return pending.expected > 0 and self._ends.get(pending.stream) != (pending.command.tenant, pending.expected)

    def _parameters(self, batch: list[Pending]) -> list[Any]:
        """A batch as the parameters of the database's `append`."""
        entries: list[Row] = []
        unsure: list[int] = []
        keyed: list[tuple[Any, ...]] = []
        claimed: list[tuple[Any, ...]] = []
        released: list[tuple[Any, ...]] = []
        not_after: datetime | None = None
        for pending in batch:
            if self._is_unsure(pending):
                unsure.append(len(entries) + 1)
            entries += pending.rows
            if pending.command.key is not None or pending.claims:
                _add(len(entries), pending, keyed, claimed, released)
            if pending.not_after is not None and (not_after is None or pending.not_after < not_after):
                not_after = pending.not_after
        return [*columns(entries, 7), unsure or None, not_after, *columns(keyed, 6), *columns(claimed, 4), *columns(released, 3)]

    async def _append_carefully(self, batch: list[Pending]) -> None:
        row = await self._carefully.fetchrow(*_careful_parameters(batch))
        assert row is not None, "a function answers"
        for pending, ending, stamp, verdict in zip(batch, *row, strict=True):
            if not pending.done.done():
                pending.done.set_result((verdict, ending, stamp, False))


def _careful_parameters(batch: list[Pending]) -> list[Any]:
    """A batch as the parameters of the database's `append_carefully`."""
    commands: list[tuple[Any, ...]] = []
    entries: list[tuple[Any, ...]] = []
    keyed: list[tuple[Any, ...]] = []
    claimed: list[tuple[Any, ...]] = []
    released: list[tuple[Any, ...]] = []
    for number, pending in enumerate(batch, start=1):
        command, rows = pending.command, pending.rows
        commands.append((command.tenant, uuid_of(pending.stream), pending.expected, len(rows), pending.not_after))
        entries += [(number, *row[2:]) for row in rows]
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
    command, answer = pending.command, pending.answer or NO_ANSWER
    if command.key is not None:
        keyed.append((place, command.caller, command.key, command.fingerprint, answer.status, answer.body))
    for claim in pending.claims:
        if claim.release:
            released.append((place, claim.kind, claim.key))
        else:
            claimed.append((place, claim.kind, claim.key, pending.by))
