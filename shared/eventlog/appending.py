"""Appending what was decided: many commands in one transaction."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final, NamedTuple
from uuid import UUID

import asyncpg
import msgspec

from shared.entry import Codec, Entry, Meta, uuid_of
from shared.eventlog.command import NO_ANSWER, Answer, Claim, Command, Happened, Verdict
from shared.eventlog.together import columns, hexed, quoted

VERDICTS: Final[tuple[Verdict, ...]] = ("done", "known", "version", "claim", "stale")
"""By the number that the database gives them."""

_APPEND: Final = """
    select first, recorded, stamps, losers, verdicts from append(
        $1::text::uuid[], $2::text::uuid[], $3::text::integer[], $4::text::timestamptz[],
        $5::text::integer[], $6::text::integer[], $7::text::text[], $8::text::bytea[], $9::text::text[], $10::text::timestamptz[],
        $11::text::integer[], $12::text::text[], $13::text::text[], $14::text::bytea[],
        $15::text::integer[], $16::text::integer[], $17::text::integer[], $18::text::bytea[],
        $19::text::integer[], $20::text::text[], $21::text::text[], $22::text::boolean[], $23::text::text[]
    )
"""
_APPEND_ONE: Final = "select position, recorded, verdict from append_one($1, $2, $3, $4, $5, $6, $7, $8)"
_WRITE_META: Final = msgspec.json.Encoder().encode


class Pending:
    """A command that waits for its transaction."""

    __slots__ = (
        "answer", "claims", "command", "done", "encoded", "events", "expected", "meta", "not_after", "stream", "tenant", "touches",
        "written",
    )  # fmt: skip

    def __init__(
        self,
        tenant: UUID,
        stream_id: str,
        expected: int,
        events: Sequence[Happened],
        *,
        codec: Codec,
        meta: Meta,
        command: Command,
        claims: Iterable[Claim],
        not_after: datetime | None,
        answer: Answer | None,
    ) -> None:
        self.tenant, self.stream, self.expected, self.events = tenant, uuid_of(stream_id), expected, events
        self.meta, self.command, self.not_after, self.answer = meta, command, not_after, answer or NO_ANSWER
        self.encoded = [codec.encode(event) for event in events]
        # The last word on a claim counts.
        self.claims = list({(claim.kind, claim.key): claim for claim in claims}.values())
        # It does not matter that these lack the tenant: who shares one by accident only waits a little.
        self.touches = [stream_id, *[f"{claim.kind} {claim.key}" for claim in self.claims]]
        if command.key is not None:
            self.touches.append(f"{command.caller} {command.key}")
        self.written: _Written | None = None
        self.done: asyncio.Future[tuple[int, int, datetime]] = asyncio.get_running_loop().create_future()
        """The verdict's number, the position of the last entry, and when it was recorded."""

    def prepare(self) -> None:
        self.written = self.written or _written(self)

    @property
    def is_plain(self) -> bool:
        return self.command.key is None and not self.claims and len(self.events) == 1

    def entries(self, service: str, position: int, recorded_at: datetime) -> list[Entry]:
        """The entries, of which the last stands at `position`."""
        first = position - len(self.events) + 1
        return [
            Entry(service, first + n, self.tenant, self.stream, self.expected + n + 1, type, event, data, self.meta, event.at, recorded_at)
            for n, (event, (type, data)) in enumerate(zip(self.events, self.encoded, strict=True))
        ]


async def append(connection: asyncpg.Connection, batch: list[Pending]) -> None:
    if len(batch) == 1 and batch[0].is_plain:
        await _append_one(connection, batch[0])
        return
    row = await connection.fetchrow(_APPEND, *_parameters(batch))
    assert row is not None, "a function answers"
    position, recorded, stamps, losers, verdicts = row
    verdict_of = {} if losers is None else dict(zip(losers, verdicts, strict=True))
    for n, pending in enumerate(batch, start=1):
        verdict = verdict_of.get(n, 0)
        if verdict == 0:
            position += len(pending.events)
        if not pending.done.done():
            pending.done.set_result((verdict, position, recorded if stamps is None else stamps[n - 1]))


async def _append_one(connection: asyncpg.Connection, one: Pending) -> None:
    type, data = one.encoded[0]
    row = await connection.fetchrow(
        _APPEND_ONE, one.tenant, one.stream, one.expected, one.not_after, type, data, _WRITE_META(one.meta).decode(), one.events[0].at
    )
    assert row is not None, "a function answers"
    position, recorded, verdict = row
    if not one.done.done():
        one.done.set_result((verdict or 0, position, recorded))


def _parameters(batch: list[Pending]) -> list[str | None]:
    """A batch as the parameters of the database's `append`."""
    commands, entries, keyed, claimed = [], [], [], []
    for number, pending in enumerate(batch, start=1):
        n, written = str(number), pending.written or _written(pending)
        commands.append(written.command)
        for entry in written.entries:
            entries.append((n, *entry))
        if written.key is not None:
            keyed.append((n, *written.key, str(len(entries)), *written.answer))
        for claim in written.claims:
            claimed.append((n, *claim))
    return [*columns(commands, 4), *(columns(entries, 6) if entries else ["{}"] * 6), *columns(keyed, 8), *columns(claimed, 5)]


class _Written(NamedTuple):
    """A command as elements of arrays."""

    command: tuple[str, ...]
    entries: list[tuple[str, ...]]
    key: tuple[str, ...] | None
    answer: tuple[str, ...]
    claims: list[tuple[str, ...]]


def _written(pending: Pending) -> _Written:
    command, meta = pending.command, quoted(_WRITE_META(pending.meta).decode())
    by, version = quoted(pending.meta.by), str(pending.expected + len(pending.events))
    return _Written(
        (pending.tenant.hex, pending.stream.hex, str(pending.expected), _instant(pending.not_after)),
        [
            (str(version), f'"{type}"', hexed(data), meta, _instant(event.at))
            for version, (event, (type, data)) in enumerate(zip(pending.events, pending.encoded, strict=True), start=pending.expected + 1)
        ],
        None if command.key is None else (quoted(command.caller), quoted(command.key), hexed(command.fingerprint), version),
        (str(pending.answer.status), hexed(pending.answer.body)),
        [(quoted(claim.kind), quoted(claim.key), "t" if claim.release else "f", by) for claim in pending.claims],
    )


def _instant(at: datetime | None) -> str:
    if at is None:
        return "NULL"
    assert at.tzinfo is not None, "an instant has a time zone"
    return at.isoformat()
