"""A simulated brokerage is what would have come of it over REST, and the same seed gives the same bytes."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg
import msgspec

from deploy.cases.playing import play
from deploy.cases.reading import read
from deploy.simulating.lives import Size, simulated
from deploy.simulating.loading import load_into
from deploy.simulating.story import told
from deploy.stack import Stack
from shared.entry import id_of, prefix_of
from tests.stacks import NewStack

HEARD = """
    select count(*) from checkpoints join unnest($1::text[], $2::bigint[]) as told (source, upto) using (source)
    where task = 'views' and position >= upto
"""
SMALL = Size(agents=5, listings=6, deals=4, years=0.1, seed=11)


def test_the_same_seed_gives_the_same_bytes() -> None:
    first, second = (simulated(SMALL).world.logs for _ in range(2))
    assert [(e.id, e.data) for log in first.values() for e in log] == [(e.id, e.data) for log in second.values() for e in log]
    assert first != simulated(Size(5, 6, 4, 0.1, 12)).world.logs


async def test_what_is_simulated_is_what_rest_makes_of_it(tmp_path: Path, new_stack: NewStack) -> None:
    brokerage = simulated(SMALL)
    story = tmp_path / "story.yaml"
    story.write_text(told(brokerage), encoding="utf-8")
    async with new_stack(tmp_path / "stack", sweeper=False) as stack:
        played = await play(read(story), stack)
        assert played.differences == ()
        names = await _names(stack)
        over_rest = {names[id]: entries for id, entries in (await _streams(stack)).items() if id in names}
    assert brokerage.settled >= 2, "the sample closes deals"
    streams = brokerage.world.streams
    assert over_rest == {name: [_bare(e.type, e.data) for e in streams[id]] for id, name in brokerage.names.items() if name[0] in "LCD"}


async def test_a_simulated_company_comes_up_with_its_views_and_nobody_reacts_to_it_again(tmp_path: Path) -> None:
    world = simulated(SMALL).world
    await load_into(tmp_path, world)
    async with Stack(tmp_path, story=True, sweeper=False) as stack:
        for service in world.logs:
            connection = await asyncpg.connect(stack.dsn(service))
            heard = ("authz", "commission") if service == "authz" else tuple(world.logs)
            async with asyncio.timeout(60):
                while await connection.fetchval(HEARD, heard, [len(world.logs[source]) for source in heard]) < len(heard):
                    await asyncio.sleep(0.05)
            assert await connection.fetchval("select count(*) from parked") == 0
            assert await connection.fetchval("select count(*) from log") == len(world.logs[service])
            await connection.close()
        shown = await _rows(stack, "listing", "where type = $1", "listing.Entered")
        connection = await asyncpg.connect(stack.dsn("listing"))
        assert await connection.fetchval("select count(*) from listings") == len(shown) > 0
        await connection.close()


async def _names(stack: Stack) -> dict[str, str]:
    """Listings, clients and deals in the order in which they were entered: the story names them so."""
    names: dict[str, str] = {}
    firsts = (("listing", "L", "listing.Entered"), ("client", "C", "client.Entered"), ("commission", "D", "deal.Reported"))
    for service, letter, first in firsts:
        rows = await _rows(stack, service, "where type = $1 order by position", first)
        names |= {id_of(prefix_of(row["type"]), row["stream"]): f"{letter}{number}" for number, row in enumerate(rows, start=1)}
    return names


async def _streams(stack: Stack) -> dict[str, list[Any]]:
    streams: dict[str, list[Any]] = {}
    for service in ("listing", "client", "commission"):
        for row in await _rows(stack, service, "order by stream, version"):
            streams.setdefault(id_of(prefix_of(row["type"]), row["stream"]), []).append(_bare(row["type"], row["data"]))
    return streams


async def _rows(stack: Stack, service: str, which: str, *given: str) -> list[Any]:
    connection = await asyncpg.connect(stack.dsn(service))
    try:
        return list(await connection.fetch(f"select type, stream, version, data from log {which}", *given))
    finally:
        await connection.close()


def _bare(type: str, data: bytes) -> tuple[str, Any]:
    """An entry without what the two cannot share: ids, and what is drawn from ids."""
    event = msgspec.json.decode(data)
    if "settlement" in event:
        lines = event["settlement"]["lines"]
        return type, [(line["role"], line["points"], line["amount_fen"], line["credit"], line["clauses"]) for line in lines]
    return type, _without_ids(event)


def _without_ids(value: Any) -> Any:
    match value:
        case dict():
            return {key: _without_ids(item) for key, item in value.items()}
        case list():
            return [_without_ids(item) for item in value]
        case str() if value[3:4] == "_" and len(value) >= 30:
            return value[:3]
        case str() if value[4:5] == value[7:8] == "-" and value[10:11] == "T":
            return datetime.fromisoformat(value).astimezone(UTC)
    return value
