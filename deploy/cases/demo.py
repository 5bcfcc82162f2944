"""The demonstration that `fenyong up` tells at its first start: one case, played over REST into the ordinary stack.

A story needs its own clock, and the databases of a running Fenyong have no setter for one. So the setter is lent to them while the
demonstration plays, executable by their owner alone, and taken away afterwards together with the clock itself: from then on the
demonstration's company lives on the wall clock like every other. Nothing else of the stack differs while it plays.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import msgspec

from deploy.cases.nodes import StoryRefused
from deploy.cases.playing import Played, Stage, play
from deploy.cases.reading import read
from deploy.migrate import MIGRATIONS, OWNER, SERVICES
from deploy.runner import Try
from deploy.stack import Stack

STORY = Path(__file__).parent / "demo.yaml"
_NOTE = "demo.json"


class Demo(msgspec.Struct, frozen=True):
    """What the story's names stand for in this folder's data."""

    company: str
    auditor: str
    deal: str
    listing: str
    people: dict[str, str]


class DemoDiffers(Exception):
    """The demonstration did not come out as it says itself; says where."""


async def demonstrate(stack: Stack, say: Callable[[str], None]) -> Sequence[Try]:
    """Plays the demonstration into a running stack, once for its folder, and says what can be done with it."""
    demo = noted(stack.folder)
    if demo is None and stack.postgres is None:
        say("no demonstration: it is told only into databases of our own (docs/decisions)")
        return ()
    if demo is None:
        say("telling the demonstration's story")
        try:
            demo = await _played(stack)
        except (DemoDiffers, StoryRefused) as failed:
            say(str(failed))
            return ()
        (stack.folder / _NOTE).write_bytes(msgspec.json.encode(demo))
    return tries(demo, stack.address, stack.folder)


def noted(folder: Path) -> Demo | None:
    """The demonstration that was played into a folder's data."""
    try:
        return msgspec.json.decode((folder / _NOTE).read_bytes(), type=Demo)
    except (OSError, ValueError):
        return None


def running_address(folder: Path) -> str | None:
    """Where the `fenyong up` that holds a folder answers."""
    try:
        return str(json.loads((folder / "lock").read_text())["address"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def tries(demo: Demo, address: str, folder: Path) -> Sequence[Try]:
    """Three things to try, each a line to paste."""
    fenyong = _relative(Path(sys.argv[0]))
    where = "" if folder == Path(".data").resolve() else f" --folder {_relative(folder)}"
    asks = json.dumps({"person": demo.auditor, "company": demo.company})
    post = f"curl -s {address}/v1/tokens -H 'Idempotency-Key: '$RANDOM$RANDOM -H 'Content-Type: application/json' -d '{asks}'"
    token = f'$({post} | sed \'s/.*"token": *"\\([^"]*\\)".*/\\1/\')'
    return (
        Try("Who earns what of the contested deal, by which clause, on which entries:", f"{fenyong} replay demo{where}"),
        Try("The same deal from the API, as the auditor:", f'curl -s {address}/v1/deals/{demo.deal} -H "Authorization: Bearer {token}"'),
        Try("The story behind it, played once more in a throwaway stack; edit it and see:", f"{fenyong} case {_relative(STORY)} --json"),
    )


def _relative(path: Path) -> str:
    """The path as one would type it from here."""
    resolved = path.resolve() if path.exists() else path
    return os.path.relpath(resolved) if resolved.is_relative_to(Path.cwd()) else str(path)


async def _played(stack: Stage) -> Demo:
    async with _lent_setter(stack):
        played = await play(read(STORY), stack, unhurried=True)
    if not played.passed:
        raise DemoDiffers("the demonstration came out differently:\n" + "\n".join(played.differences))
    return _demo(played)


def _demo(played: Played) -> Demo:
    assert played.cast is not None, "a story that passed had a cast"
    company = played.cast.companies[None]
    return Demo(company.id, company.auditor_id, played.ids["deal", "D1"], played.ids["listing", "L1"], dict(played.cast.people))


@asynccontextmanager
async def _lent_setter(stage: Stage) -> AsyncIterator[None]:
    """The setter of the story's clock in each database, for as long as this lasts. What a killed demonstration left is cleared first."""
    setter = "\n".join(file.read_text("utf-8") for file in sorted((MIGRATIONS / "story").glob("*.sql"))).replace("{role}", OWNER)
    await _in_each(stage, _TAKE_AWAY + setter)
    try:
        yield
    finally:
        await _in_each(stage, _TAKE_AWAY)


_TAKE_AWAY = """
drop function if exists set_story_clock(uuid, timestamptz);
delete from story_clock;
update head set story = false;
"""


async def _in_each(stage: Stage, sql: str) -> None:
    async def execute(service: str) -> None:
        connection = await asyncpg.connect(stage.dsn(service))
        try:
            await connection.execute(sql)
        finally:
            await connection.close()

    await asyncio.gather(*(execute(service) for service in SERVICES))
