"""What the commission service does when evidence arrives: it settles what waited for it. How a cut is found stands here too."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

import asyncpg
import msgspec
from msgspec import Struct

from services.commission import aggregate, history, views
from services.commission.aggregate import Deal
from services.commission.events import Cut, Settlement
from shared.bus import Hearing, Watermark
from shared.entry import Entry, Meta, id_of
from shared.eventlog import Command, EventLog, Streams
from shared.regulation import Pack, in_force
from shared.tenure import activations_of

LOOK_AGAIN_S = 0.05
TICK_S = 0.5


class Standings(Protocol):
    """Tells how far a source's log is for a tenant: heard from the broker, or asked for."""

    async def standing(self, source: str, tenant: UUID) -> Watermark | None: ...


class Awaited(Struct, frozen=True):
    """The cut has not been reached: which services have not been heard up to the closing."""

    services: tuple[str, ...]


class Bench:
    """Where deals are judged: finds the cut of a deal, its evidence and its pack, and lets `history` judge."""

    def __init__(self, log: EventLog, deals: Streams[Deal], pool: "asyncpg.Pool[Any]", hearings: dict[str, Hearing], standings: Standings) -> None:
        self._log = log
        self._deals = deals
        self._pool = pool
        self._sources = {source: hearing for source, hearing in hearings.items() if source != log.service}
        self._standings = standings

    async def judge(self, tenant: UUID, deal: str, wait_s: float = 0.0) -> Settlement | Awaited:
        """The settlement of a deal on its evidence as of closing. Waits at most `wait_s` for evidence; after that says for whom."""
        own, _ = await self._log.history(tenant, deal)
        closing = history.closing_of(own)
        deadline = asyncio.get_running_loop().time() + wait_s
        while missing := await self._missing(tenant, closing):
            if asyncio.get_running_loop().time() >= deadline:
                return Awaited(missing)
            await asyncio.sleep(LOOK_AGAIN_S)
        async with self._pool.acquire() as connection:
            entries = await views.evidence(connection, tenant, own)
            pack = await self._pack(connection, tenant, own, entries, closing)
            return history.judged(entries, await self._cut(connection, tenant, own, entries, closing), pack)

    async def _missing(self, tenant: UUID, closing: datetime) -> tuple[str, ...]:
        """The services whose entries up to the closing are not all here, or that have not yet acted on the others' up to then."""
        marks = {source: await self._standings.standing(source, tenant) for source in self._sources}
        late = [source for source, mark in marks.items() if mark is None or mark.instant < closing or not await self._reached(source, mark)]
        if late:
            return tuple(late)
        upto = await self._positions(tenant, closing)
        return tuple(source for source, mark in marks.items() if mark is not None and _lags(mark.heard, upto))

    async def _reached(self, source: str, mark: Watermark) -> bool:
        return await self._sources[source].reached(mark.position, 0.0)

    async def _positions(self, tenant: UUID, closing: datetime) -> dict[str, int]:
        """Of each service the tenant's last position recorded at or before the closing."""
        rows = await self._pool.fetch(
            "select source, max(position) as position from journal where tenant = $1 and recorded_at <= $2 group by source", tenant, closing
        )
        own, _ = await self._log.last_position(tenant, closing)
        return {**{row["source"]: row["position"] for row in rows}, self._log.service: own}

    async def _cut(
        self, connection: Any, tenant: UUID, own: Sequence[Entry], entries: Sequence[Entry], closing: datetime
    ) -> Cut:
        """The cut: the positions at closing, and on to what services did later on account of entries before it, and to the deal's own acts."""
        positions = await self._positions(tenant, closing)
        for entry in entries:
            if entry.effective_at <= closing or entry in own:
                positions[entry.service] = max(positions.get(entry.service, 0), entry.position)
        return Cut(closing, dict(sorted(positions.items())))

    async def _pack(self, connection: Any, tenant: UUID, own: Sequence[Entry], entries: Sequence[Entry], closing: datetime) -> Pack:
        """The pack in force for the closing store at closing. Refused: no_pack."""
        wide = Cut(closing, {source: 2**62 for source in (*self._sources, self._log.service)})
        facts = history.as_it_stood(entries, wide)
        return in_force(await activations_of(connection, tenant), facts.closing_store, closing)

    async def settle_what_waited(self) -> None:
        """Settles, for ever, what was asked for and can now be judged."""
        while True:
            for tenant, stream in await views.awaiting(self._pool):
                deal = id_of("dea", stream)
                judged = await self.judge(tenant, deal)
                if isinstance(judged, Settlement):
                    await self._deals.change(deal, aggregate.settle_awaited, command=Command(tenant, "", Meta()), settlement=judged)
            await asyncio.sleep(TICK_S)


def _lags(heard: dict[str, int], upto: dict[str, int]) -> bool:
    return any(heard[source] < position for source, position in upto.items() if source in heard)


def watermark_of(answer: bytes) -> Watermark:
    return msgspec.json.decode(answer, type=Watermark)
