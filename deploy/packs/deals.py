"""The deals that two packs are compared over: those of cases, played once in a throwaway stack, or those recorded by a running Fenyong.

Of each, the facts as they stood at closing, as the product's own replay tells them.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from deploy.cases.calling import Answer, Positions, Wire
from deploy.cases.command import results_in
from deploy.cases.nodes import StoryRefused
from deploy.cases.playing import Played
from deploy.cases.reading import read
from deploy.cases.showing import Result
from deploy.stack import Stack

AT_ONCE = 8
"""How many deals are asked for at a time."""
PAGE = 100

Tell = Callable[[int, int], None]
"""Hears how many deals there are so far, and how many of them are told."""


@dataclass(frozen=True, slots=True)
class Deal:
    """A deal as it stood at closing. `scope` is the case it is of, if it is of one; `names` are a story's, by id."""

    name: str
    state: str
    facts: Mapping[str, Any]
    scope: str = ""
    names: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Untold:
    """A deal, or a case, that tells no facts; says why."""

    name: str
    why: str


Told = Deal | Untold


async def of_cases(files: Sequence[Path]) -> list[Told]:
    """The deals of cases, each case played once, whatever it expects. No server is started if every story is refused."""
    stories = [_read(file) for file in files]
    if all(isinstance(story, Result) for story in stories):
        return [_refused(story) for story in stories if isinstance(story, Result)]
    with tempfile.TemporaryDirectory(prefix="fenyong-", ignore_cleanup_errors=True) as folder:
        async with Stack(Path(folder), story=True) as stack:
            results = await results_in(stack, stories)
            async with Wire(stack.address) as wire:
                return [told for result in results for told in await of_result(wire, result)]


def _read(file: Path) -> Any:
    try:
        return read(file)
    except StoryRefused as refused:
        return Result(str(file), None, None, refused)


def _refused(result: Result) -> Untold:
    return Untold(result.file, str(result.refused))


async def of_result(wire: Wire, result: Result) -> list[Told]:
    """The deals of one case that was played."""
    if result.refused is not None or result.played is None:
        return [_refused(result)]
    played = result.played
    if played.cast is None:
        return [Untold(result.file, "; ".join(played.differences))]
    deals = [(name, id) for (noun, name), id in played.ids.items() if noun == "deal"]
    return [await _of_story(wire, played, name, id) for name, id in deals]


async def _of_story(wire: Wire, played: Played, name: str, id: str) -> Told:
    """A deal of a story, as the auditor of its company sees it."""
    assert played.cast is not None, "who was played has a cast"
    cast, titled = played.cast, f"{played.case.id} {name}"
    told: Told = Untold(titled, "无人可见 nobody sees it")
    for company in cast.companies.values():
        answer = await _replayed(wire, id, company.auditor, cast.after)
        told = told_of(titled, answer, scope=played.case.id, names={person: name for name, person in cast.people.items()})
        if isinstance(told, Deal):
            return told
    return told


async def recorded(
    wire: Wire, token: str, after: Positions, deals: Iterable[str] = (), tell: Tell = lambda known, told: None
) -> list[Told]:
    """Deals that a running Fenyong has recorded: these, or all that the caller may see, in their order."""
    ids = list(deals) or await _all_seen(wire, token, after)
    gate, done = asyncio.Semaphore(AT_ONCE), 0

    async def one(id: str) -> Told:
        nonlocal done
        async with gate:
            told = told_of(id, await _replayed(wire, id, token, after))
        done += 1
        tell(len(ids), done)
        return told

    return list(await asyncio.gather(*(one(id) for id in ids)))


async def _all_seen(wire: Wire, token: str, after: Positions) -> list[str]:
    ids: list[str] = []
    query = {"limit": str(PAGE)}
    while True:
        answer = await wire.get("/v1/deals", token=token, after=after, query=query)
        if not answer.done:
            raise DealsUnseen(str(answer))
        ids += [row["id"] for row in answer.body["data"]]
        if not answer.body["has_more"]:
            return ids
        query["cursor"] = answer.body["next_cursor"]


class DealsUnseen(Exception):
    """The caller may not list deals; says what was answered."""


async def _replayed(wire: Wire, id: str, token: str, after: Positions) -> Answer:
    return await wire.get(f"/v1/deals/{id}/replay", token=token, after=after)


def told_of(name: str, answer: Answer, *, scope: str = "", names: Mapping[str, str] | None = None) -> Told:
    """What a replay was answered with, as a deal to compare."""
    if not answer.done:
        return Untold(name, str(answer))
    if not answer.body["facts"]:
        return Untold(name, f"证据已被改动 its evidence was altered: {' '.join(answer.body['altered'])}")
    return Deal(name, answer.body["state"], _whole(answer.body), scope, names or {})


def _whole(replay: Mapping[str, Any]) -> dict[str, Any]:
    """The facts of a replay, and those that only a pack which asks for them is told: they stand in its timeline."""
    shown = [entry for entry in replay["timeline"] if entry["type"].partition(":")[0] == "client.Viewed" and not entry["late"]]
    first = [{"by": one["facts"]["by"], "at": one["facts"]["at"], "evidence": [one["entry"]]} for one in shown[:1]]
    return {**({"first_shown": first[0]} if first else {}), **replay["facts"]}
