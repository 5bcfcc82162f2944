"""A simulated brokerage is what would have come of it over REST, and the same seed gives the same bytes."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg
import msgspec

from deploy.cases.playing import play
from deploy.cases.reading import read
from deploy.simulating.lives import Size, simulated
from deploy.simulating.story import told
from deploy.stack import Stack
from shared.entry import id_of, prefix_of
from tests.stacks import NewStack

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
