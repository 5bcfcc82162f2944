"""One whole stack for all the journeys of a worker: four services, Postgres, NATS, the front, and a setter of the story's clock."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from deploy.cases.clock import StoryClock
from deploy.cases.playing import play, story_clock
from deploy.cases.reading import read
from deploy.stack import Stack
from tests.journeys.asking import People, people_of
from tests.stacks import NewStack


@pytest.fixture(scope="package")
async def stack(tmp_path_factory: pytest.TempPathFactory, new_stack: NewStack) -> AsyncIterator[Stack]:
    """Whatever a test does to it, it leaves it running as it was."""
    async with new_stack(tmp_path_factory.mktemp("journeys")) as running:
        yield running


@pytest.fixture(scope="package")
async def clock(stack: Stack) -> AsyncIterator[StoryClock]:
    async with story_clock(stack) as running:
        yield running


@pytest.fixture(scope="package")
async def stack_of_two(tmp_path_factory: pytest.TempPathFactory, new_stack: NewStack) -> AsyncIterator[Stack]:
    """The same with two replicas of each service."""
    async with new_stack(tmp_path_factory.mktemp("journeys-of-two"), replicas=2) as running:
        yield running


@pytest.fixture
async def people(request: pytest.FixtureRequest, stack: Stack, clock: StoryClock) -> AsyncIterator[People]:
    """The people of the module's STORY, which is told anew for each test."""
    played = await play(read(request.module.STORY), stack, clock=clock)
    assert played.passed, played.differences
    async with people_of(stack, played) as asking:
        yield asking
