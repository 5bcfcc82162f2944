"""Stories for the tests of whole stacks: which there are, telling many to one stack, and what a test asks it besides."""

from __future__ import annotations

import os
import random
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import httpx2
import msgspec

from deploy.cases.calling import Wire
from deploy.cases.command import results_in
from deploy.cases.founding import Cast, minted
from deploy.cases.nodes import StoryRefused
from deploy.cases.playing import Played, Stage
from deploy.cases.reading import Case, Expected, read
from shared.entry import new_id

CASES = Path(__file__).parents[1] / "cases"
TWO_LIVES = Path(__file__).parent / "stories" / "two_lives.yaml"
SPINE = frozenset(["A01", "A03", "A04", "A10", "A13", "A18", "A19", "A24", "A27", "A33", "A37", "A38", "A47", "A57"])
"""The visible cases that the spine was built for; `visible` has them and all that became playable since."""

NO_EXPECTATION = Expected()


def visible() -> list[Case]:
    """The visible cases in which no verb is refused by name because nobody carries it out yet."""
    told = [case for file in sorted(CASES.glob("*.yaml")) if (case := _carried_out(file))]
    assert {case.id for case in told} >= SPINE, "a case of the spine has become unplayable"
    return told


def _carried_out(file: Path) -> Case | None:
    try:
        return read(file)
    except StoryRefused as refused:
        if refused.reason.startswith("no service carries out"):
            return None
        raise


def spine() -> list[Case]:
    return [case for case in visible() if case.id in SPINE]


def case_of(id: str) -> Case:
    """A visible case by its id."""
    return read(CASES / f"{id}.yaml")


def before(case: Case, verb: str) -> Case:
    """The case up to and without the first step of this verb, with nothing expected of it."""
    place = next(place for place, step in enumerate(case.story) if step.verb.name == verb)
    return replace(case, story=case.story[:place], expected=NO_EXPECTATION)


async def differences(stage: Stage, cases: Sequence[Case], *, at_once: int = 4) -> dict[str, tuple[str, ...]]:
    """Tells all cases to a stack and says what differs, by case; empty if all came out as expected."""
    results = await results_in(stage, cases, at_once=at_once)
    assert [result.case for result in results] == list(cases), "every case is told"
    return {
        result.case.id: result.played.differences if result.played else (str(result.refused),)
        for result in results
        if result.case and not result.passed
    }


def seeded(name: str) -> random.Random:
    """Chance that can be had again: FENYONG_SEED=… does. Says the seed, which pytest shows when the test fails."""
    seed = os.environ.get("FENYONG_SEED") or str(random.SystemRandom().randrange(10**6))
    print(f"{name}: FENYONG_SEED={seed}")
    return random.Random(f"{seed} {name}")


# -- after a story was told


def cast_of(played: Played) -> Cast:
    assert played.cast is not None, played.differences
    return played.cast


def tenant_of(played: Played) -> UUID:
    return cast_of(played).companies[None].tenant


async def token_of(stage: Stage, played: Played, person: str) -> str:
    """A fresh token of somebody of the story."""
    cast = cast_of(played)
    async with Wire(stage.address) as wire:
        return await minted(wire, cast.after, person=cast.people[person], company=cast.companies[None].id)


async def posted(
    http: httpx2.AsyncClient, played: Played, token: str, path: str, body: object = None, *, key: str = "", language: str = "en"
) -> httpx2.Response:
    """One bare request, sent once, with a key of its own unless one is given; who asks next has seen its answer."""
    after = cast_of(played).after
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": key or new_id("evt"), "Accept-Language": language}
    answer = await http.post(path, content=msgspec.json.encode(body or {}), headers={**headers, **_JSON, **after.header})
    after.told(answer.headers.get("Fenyong-Position"))
    return answer


_JSON = {"Content-Type": "application/json"}


def door(socket: Path) -> httpx2.AsyncClient:
    """A way to one process that no proxy decides about."""
    transport = httpx2.AsyncHTTPTransport(uds=str(socket), verify=False, limits=httpx2.Limits(max_connections=100))
    return httpx2.AsyncClient(base_url="http://fenyong", transport=transport, timeout=60)


@dataclass(frozen=True, slots=True)
class Auditor:
    """Asks as the auditor of the company of a story that was told."""

    http: httpx2.AsyncClient
    played: Played

    async def got(self, path: str, **query: str) -> httpx2.Response:
        cast = cast_of(self.played)
        headers = {"Authorization": f"Bearer {cast.companies[None].auditor}", **cast.after.header}
        answer = await self.http.get(path, params=query, headers=headers)
        assert answer.status_code == 200, answer.text
        return answer

    async def deal(self, name: str = "D1") -> dict[str, Any]:
        shown: dict[str, Any] = (await self.got(f"/v1/deals/{self.played.ids['deal', name]}")).json()
        return shown

    async def replay(self, name: str = "D1", **query: str) -> dict[str, Any]:
        shown: dict[str, Any] = (await self.got(f"/v1/deals/{self.played.ids['deal', name]}/replay", **query)).json()
        return shown


@asynccontextmanager
async def auditing(stage: Stage, played: Played) -> AsyncIterator[Auditor]:
    async with httpx2.AsyncClient(base_url=stage.address, timeout=60, trust_env=False, verify=False) as http:
        yield Auditor(http, played)


async def streams_with(stage: Stage, played: Played, service: str, type: str) -> list[UUID]:
    """The streams in which the story's company has an entry of a type, in the order of the log; twice if it has two."""
    connection = await asyncpg.connect(stage.dsn(service))
    try:
        rows = await connection.fetch("select stream from log where tenant = $1 and type = $2 order by position", tenant_of(played), type)
    finally:
        await connection.close()
    return [row["stream"] for row in rows]
