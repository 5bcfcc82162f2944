"""The story's clock: a row beside each log's head, per tenant, in databases that were made for stories."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import AsyncExitStack
from datetime import datetime
from types import TracebackType
from typing import Self
from uuid import UUID

import asyncpg


async def _as_it_is(connection: object) -> None:
    """Nothing is changed in a session that would have to be undone, by one more round trip, before its next use."""


class StoryClock:
    """Sets the clock of a tenant in the databases of all services. `dsns` gives each service's database, as its owner."""

    def __init__(self, dsns: Mapping[str, str]) -> None:
        self._dsns = dsns
        self._pools: dict[str, asyncpg.Pool] = {}
        self._stands: dict[UUID, datetime] = {}
        self._open = AsyncExitStack()

    async def __aenter__(self) -> Self:
        for service, dsn in self._dsns.items():
            self._pools[service] = await self._open.enter_async_context(asyncpg.create_pool(dsn, min_size=1, max_size=2, reset=_as_it_is))
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self._open.aclose()

    async def set(self, tenant: UUID, now: datetime) -> None:
        """Moves the tenant's clock in every service; it goes only forward, and standing still is nothing to do."""
        if self._stands.get(tenant) == now:
            return
        await asyncio.gather(*(pool.execute("select set_story_clock($1, $2)", tenant, now) for pool in self._pools.values()))
        self._stands[tenant] = now

    async def written_since(self, service: str, tenant: UUID, stream: UUID, version: int) -> list[str]:
        """The `meta` of the entries of a stream after a version: who wrote them, for what reason."""
        rows = await self._pools[service].fetch(
            "select meta from log where tenant = $1 and stream = $2 and version > $3 order by version", tenant, stream, version
        )
        return [str(row["meta"]) for row in rows]
