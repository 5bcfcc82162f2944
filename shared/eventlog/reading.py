"""Reading what decisions rest on: many streams in one round trip."""

from __future__ import annotations

import asyncio
from typing import Final
from uuid import UUID

import asyncpg
from asyncpg.prepared_stmt import PreparedStatement

from shared.eventlog.together import columns

_READ: Final = """
    select coalesce((select story_clock.now from story_clock where story_clock.tenant = asked.tenant), clock_timestamp()),
           -- Not `exists`: for that, Postgres would rather read the whole table once than look up each key.
           (select true from idempotency i where i.tenant = asked.tenant and i.caller = asked.caller and i.key = asked.key limit 1),
           past.position, past.types, past.datas
    from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[])
             with ordinality as asked(tenant, stream, caller, key, n),
         lateral (
             select max(l.position) as position, array_agg(l.type) as types, array_agg(l.data) as datas
             from (
                 select log.position, log.type, log.data from log
                 where log.tenant = asked.tenant and log.stream = asked.stream order by log.version
             ) l
         ) past
    order by asked.n
"""


class Asked:
    """A question for a stream's past, and whether a caller's key is known."""

    __slots__ = ("done", "row")
    touches: Final = ()

    done: asyncio.Future[asyncpg.Record]
    """Now, whether the key is known, the last position, the types and the bytes of the events: all of one moment."""

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
        for asked, row in zip(batch, rows, strict=True):
            if not asked.done.done():
                asked.done.set_result(row)
