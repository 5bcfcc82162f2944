"""Stories for the tests of whole stacks: which there are, telling many to one stack, and what a test asks it besides."""

from __future__ import annotations

import os
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

import httpx2

from deploy.cases.command import results_in
from deploy.cases.nodes import StoryRefused
from deploy.cases.playing import Played, Stage
from deploy.cases.reading import Case, Expected, read
from shared.entry import new_id

CASES = Path(__file__).parents[1] / "cases"
TWO_LIVES = Path(__file__).parent / "stories" / "two_lives.yaml"
SPINE = frozenset("A01 A03 A04 A10 A13 A18 A19 A24 A27 A33 A37 A38 A47 A57".split())
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
        assert refused.reason.startswith("no service carries out"), refused
        return None


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


@dataclass(frozen=True, slots=True)
class Reader:
    """Asks as the auditor of the company of a story that was told."""

    http: httpx2.AsyncClient
    played: Played

    @classmethod
    def at(cls, address: str, played: Played, *, uds: Path | None = None) -> Self:
        """Reads at an address, or at one process behind its socket."""
        transport = httpx2.AsyncHTTPTransport(uds=str(uds)) if uds else None
        return cls(httpx2.AsyncClient(base_url=address, timeout=60, trust_env=False, transport=transport), played)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.http.aclose()

    async def got(self, path: str, **query: str) -> httpx2.Response:
        assert self.played.cast, "the story was told"
        after = self.played.cast.after.header
        token = self.played.cast.companies[None].auditor
        answer = await self.http.get(path, params=query, headers={"Authorization": f"Bearer {token}", **after})
        assert answer.status_code == 200, answer.text
        return answer

    async def deal(self, name: str = "D1") -> dict[str, Any]:
        shown: dict[str, Any] = (await self.got(f"/v1/deals/{self.played.ids['deal', name]}")).json()
        return shown

    async def replayed(self, name: str = "D1", **query: str) -> dict[str, Any]:
        shown: dict[str, Any] = (await self.got(f"/v1/deals/{self.played.ids['deal', name]}/replay", **query)).json()
        return shown


async def posted(http: httpx2.AsyncClient, played: Played, person: str, path: str, body: object, *, key: str | None = None) -> httpx2.Response:
    """One bare request in a person's name, sent once, with a key of its own unless one is given."""
    assert played.cast, "the story was told"
    headers = {
        "Authorization": f"Bearer {await played.cast.token(person)}",
        "Idempotency-Key": key or new_id("evt"),
        "Accept-Language": "en",
        **played.cast.after.header,
    }
    return await http.post(path, json=body, headers=headers)
