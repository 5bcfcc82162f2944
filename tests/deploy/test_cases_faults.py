"""A story comes out the same when a service is killed before each of its steps, and when the broker loses all it had."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from deploy.cases.playing import play
from deploy.cases.reading import Case, Step, read
from deploy.migrate import SERVICES
from deploy.stack import Stack
from tests.deploy.stories import CASES, SPINE

LONG = next(file for file in CASES if file.stem == "A37")


async def killed_at_every_step(stack: Stack, case: Case, *, first: int = 0) -> None:
    """Kills service (first + i) mod 4 at step i, which is told while it comes back."""
    killed: list[asyncio.Task[tuple[int, int]]] = []

    async def kill(place: int, step: Step) -> None:
        if killed:
            await killed[-1]
        killed.append(asyncio.create_task(stack.kill(SERVICES[(first + place) % len(SERVICES)])))
        await asyncio.sleep(0)  # the signal goes out before the step does

    played = await play(case, stack, before_step=kill)
    numbers = [await one for one in killed]
    assert played.differences == ()
    assert len(numbers) == len(case.story)
    assert all(before != after for before, after in numbers)


@pytest.mark.timeout(300)
async def test_a_long_case_comes_out_the_same_when_a_service_is_killed_at_every_step(tmp_path: Path) -> None:
    async with Stack(tmp_path, story=True) as stack:
        await killed_at_every_step(stack, read(LONG))


@pytest.mark.timeout(300)
async def test_a_case_comes_out_the_same_when_nats_is_away_and_comes_back_empty(tmp_path: Path) -> None:
    case = read(LONG)

    async with Stack(tmp_path, story=True) as stack:

        async def wipe(place: int, step: Step) -> None:
            if place == len(case.story) // 3:
                stack.stop_nats(wipe=True)
            if place == 2 * len(case.story) // 3:
                stack.start_nats()

        assert (await play(case, stack, before_step=wipe)).differences == ()
        assert (await play(read(CASES[0]), stack)).differences == (), "what comes after the wipe is heard too"


@pytest.mark.fault
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("first", range(len(SERVICES)), ids=SERVICES)
async def test_every_case_comes_out_the_same_whichever_service_is_killed_at_each_step(tmp_path: Path, first: int) -> None:
    async with Stack(tmp_path, story=True) as stack:
        for file in CASES:
            if file.stem in SPINE:
                await killed_at_every_step(stack, read(file), first=first)
