"""Reading what decisions rest on: many streams in one round trip."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Final, NamedTuple
from uuid import UUID

import asyncpg
from asyncpg.prepared_stmt import PreparedStatement

from shared.eventlog.together import columns

# One row an event, in order, as plain as can be: whoever reads a long stream takes in some while others are still being sent. What is
# asked but once of a stream stands in its first row, which is there also where there is no event, and all of it in one column.
_READ: Final = """
    select l.type, l.data, case when l.version is null or l.version = 1 then row(
        asked.n,
        case when l.version is null then 0 else (
            select log.position from log where log.tenant = asked.tenant and log.stream = asked.stream order by log.version desc limit 1
        ) end,
        coalesce((select story_clock.now from story_clock where story_clock.tenant = asked.tenant), clock_timestamp()),
        -- Not `exists`: for that, Postgres would rather read the whole table once than look up each key.
        coalesce((
            select true from idempotency i where i.tenant = asked.tenant and i.caller = asked.caller and i.key = asked.key limit 1
        ), false)
    ) end
    from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[]) with ordinality as asked(tenant, stream, caller, key, n)
    left join lateral (
        select log.version, log.type, log.data from log
        where log.tenant = asked.tenant and log.stream = asked.stream order by log.version
    ) l on true
"""


class Found(NamedTuple):
    """Types and bytes of a stream's events in order, the last one's position, the tenant's now and whether the key is known: all of
    one moment."""

    types: list[str]
    datas: list[bytes]
    position: int
    now: datetime
    key_known: bool


class Asked:
    """A question for a stream's past, and whether a caller's key is known."""

    __slots__ = ("done", "row")
    touches: Final = ()

    done: asyncio.Future[Found]

    def __init__(self, tenant: UUID, stream: UUID, caller: str | None, key: str | None) -> None:
        self.row = (tenant, stream, caller, key)


class Reader:
    """One connection's way to read."""

    def __init__(self, statement: PreparedStatement) -> None:
        self._statement = statement

    @classmethod
    async def on(cls, connection: asyncpg.Connection) -> Reader:
        return cls(await connection.prepare(_READ))

    async def __call__(self, batch: list[Asked]) -> None:
        rows = await self._statement.fetch(*columns([asked.row for asked in batch], 4))
        firsts = [0] if len(batch) == 1 else [place for place, row in enumerate(rows) if row[2] is not None]
        for first, following in zip(firsts, [*firsts[1:], len(rows)], strict=True):
            number, position, now, key_known = rows[first][2]
            its = rows[first:following] if position else []
            done = batch[number - 1].done
            if not done.done():
                done.set_result(Found([row[0] for row in its], [row[1] for row in its], position, now, key_known))
