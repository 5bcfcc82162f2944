"""Appending what was decided: many commands in one transaction."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final
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
    """A command that waits for its transaction, written out already as the database takes it: that is done while others commit."""

    __slots__ = (
        "answer_row", "claims", "done", "encoded", "entry_rows", "events", "expected", "key_row", "meta", "not_after", "row", "stream",
        "tenant", "touches",
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
        self.meta, self.not_after = meta, not_after
        self.encoded = [codec.encode(event) for event in events]
        # The last word on a claim counts.
        self.claims = list({(claim.kind, claim.key): claim for claim in claims}.values())
        # It does not matter that these lack the tenant: who shares one by accident only waits a little.
        self.touches = [stream_id, *[f"{claim.kind} {claim.key}" for claim in self.claims]]
        if command.key is not None:
            self.touches.append(f"{command.caller} {command.key}")
        self.row = (tenant.hex, self.stream.hex, str(expected), _instant(not_after))
        written_meta = quoted(_WRITE_META(meta).decode())
        self.entry_rows = [
            (str(version), f'"{type}"', hexed(data), written_meta, _instant(event.at))
            for version, (event, (type, data)) in enumerate(zip(events, self.encoded, strict=True), start=expected + 1)
        ]
        self.key_row: tuple[str, ...] | None = None
        if command.key is not None:
            answer = answer or NO_ANSWER
            self.key_row = (quoted(command.caller), quoted(command.key), hexed(command.fingerprint), str(expected + len(events)))
            self.answer_row = (str(answer.status), hexed(answer.body))
        self.done: asyncio.Future[tuple[int, int, datetime]] = asyncio.get_running_loop().create_future()
        """The verdict's number, the position of the last entry, and when it was recorded."""

    @property
    def is_plain(self) -> bool:
        return self.key_row is None and not self.claims and len(self.events) == 1

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
    row = await connection.fetchrow(_APPEND, *_written(batch))
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


def _written(batch: list[Pending]) -> list[str | None]:
    """A batch as the parameters of the database's `append`."""
    entries, keyed, claimed = [], [], []
    for number, pending in enumerate(batch, start=1):
        n = str(number)
        for entry_row in pending.entry_rows:
            entries.append((n, *entry_row))
        if pending.key_row is not None:
            keyed.append((n, *pending.key_row, str(len(entries)), *pending.answer_row))
        for claim in pending.claims:
            claimed.append((n, quoted(claim.kind), quoted(claim.key), "t" if claim.release else "f", quoted(pending.meta.by)))
    commands = columns([pending.row for pending in batch], 4)
    return [*commands, *(columns(entries, 6) if entries else ["{}"] * 6), *columns(keyed, 8), *columns(claimed, 5)]


def _instant(at: datetime | None) -> str:
    if at is None:
        return "NULL"
    assert at.tzinfo is not None, "an instant has a time zone"
    return at.isoformat()
