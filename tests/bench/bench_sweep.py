"""The sweep over all listings costs in proportion to what is due: a hundred due among ten thousand, a hundred thousand, a million."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import asyncpg
import msgspec

from deploy.migrate import prepare, role_of
from deploy.servers import as_user
from services.listing import aggregate, views
from services.listing.events import CODEC, Entered, House
from services.listing.reactions import Reactions
from shared.entry import new_id, uuid_of
from shared.eventlog import EventLog, Streams
from shared.tenure import Stand

SIZES = (10_000, 100_000, 1_000_000)
DUE = 100
PAGE = 20_000
TENANT = uuid_of(new_id("cmp"))
AGENT = new_id("psn")
LOG = ("position", "tenant", "stream", "version", "type", "data", "meta", "at", "recorded_at")


async def main(postgres_dsn: str) -> None:
    await prepare(postgres_dsn, "listing")
    dsn = as_user(postgres_dsn, database=role_of("listing"), user=role_of("listing"))
    owner = await asyncpg.connect(as_user(postgres_dsn, database=role_of("listing"), user="fenyong_owner"))
    print("\nlistings      due   sweep until all is announced      a sweep with nothing due")
    try:
        there = 0
        for size in SIZES:
            await _fill(owner, there, size)
            there = size
            await _measured(dsn, owner, size)
    finally:
        await owner.close()


async def _fill(owner: asyncpg.Connection[Any], there: int, size: int) -> None:
    """Listings whose terms end in a year, straight into log and view, as projecting them would leave them."""
    columns = ("tenant", "stream", "number", "version", "state", "kind", "recorder", "correct", "status", "holder", "until", "turns_at")
    now, written = datetime.now(UTC), await owner.fetchval("select coalesce(max(position), 0) from log") - there
    for start in range(there, size, PAGE):
        numbers = range(written + start + 1, written + min(start + PAGE, size) + 1)
        page = [_entered(now, now + timedelta(days=365), number) for number in numbers]
        await owner.copy_records_to_table("log", records=[log for log, _ in page], columns=LOG)
        await owner.copy_records_to_table("listings", records=[view for _, view in page], columns=columns)
    await owner.execute("analyze")


def _entered(now: datetime, until: datetime, number: int) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    stands = (Stand(AGENT, until, "A-2.7"), Stand("team:G1"))
    event = Entered(AGENT, AGENT, "sale", House(room=f"{number:04}"), new_id("cnt"), True, stands, now, now)
    type, data = CODEC.encode(event)
    stream = uuid4()
    listing = aggregate.evolve(None, event)
    view = (TENANT, stream, number, 1, msgspec.json.encode(listing), "sale", AGENT, True, "valid", AGENT, until, until)
    return (number, TENANT, stream, 1, type, data, "{}", now, now), view


async def _measured(dsn: str, owner: asyncpg.Connection[Any], size: int) -> None:
    async with asyncpg.create_pool(dsn, min_size=2, max_size=4) as pool:
        log = EventLog("listing", CODEC, pool=pool, dsn=dsn)
        await log.start()
        listings = Streams(log, "lst", aggregate.evolve, aggregate.claims_of)
        sweeper = Reactions(listings, pool, _nothing_to_wait_for)
        await sweeper.sweep()
        idle_s = await _timed(sweeper.sweep)
        await _make_due(owner)
        began = time.perf_counter()
        announced = await sweeper.sweep()
        took_s = time.perf_counter() - began
        assert announced == DUE, f"{announced} of {DUE} were announced"
        await _follow(pool, log)
        await log.stop()
    print(f"{size:9,} {DUE:6}   {1000 * took_s:26.1f} ms   {1000 * idle_s:26.2f} ms")


async def _make_due(owner: asyncpg.Connection[Any]) -> None:
    """The terms of a hundred listings spread over the table ended a minute ago."""
    rows = await owner.fetch("select stream, state from listings where turns_at > now() order by md5(stream::text) limit $1", DUE)
    ended = datetime.now(UTC) - timedelta(minutes=1)
    for row in rows:
        listing = msgspec.json.decode(row["state"], type=aggregate.Listing)
        stands = (Stand(AGENT, ended, "A-2.7"), Stand("team:G1"))
        event = Entered(AGENT, AGENT, "sale", listing.house, listing.owner, True, stands, ended, ended - timedelta(days=11))
        state = msgspec.json.encode(aggregate.evolve(None, event))
        await owner.execute("update log set data = $2 where stream = $1 and version = 1", row["stream"], CODEC.encode(event)[1])
        await owner.execute("update listings set state = $2, until = $3, turns_at = $3 where stream = $1", row["stream"], state, ended)


async def _follow(pool: asyncpg.Pool[Any], log: EventLog) -> None:
    """The view takes in what was announced, so that the next sweep finds nothing due."""
    for entry in await log.read(await pool.fetchval("select max(position) - $1 from log", DUE), DUE):
        async with pool.acquire() as connection:
            await views.project(connection, entry)


async def _timed(sweep: Any) -> float:
    took: list[float] = []
    for _ in range(20):
        began = time.perf_counter()
        assert await sweep() == 0, "nothing is due"
        took.append(time.perf_counter() - began)
    return sorted(took)[len(took) // 2]


async def _nothing_to_wait_for() -> None:
    """The views are fed by hand here."""
