"""One whole stack for all the journeys of a worker: four services, Postgres, NATS, the front, and a setter of the story's clock."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from deploy.cases.clock import StoryClock
from deploy.cases.playing import story_clock
from deploy.stack import Stack
from tests.stacks import NewStack


@pytest.fixture(scope="session")
async def stack(tmp_path_factory: pytest.TempPathFactory, new_stack: NewStack) -> AsyncIterator[Stack]:
    """Whatever a test does to it, it leaves it running as it was."""
    async with new_stack(tmp_path_factory.mktemp("journeys")) as running:
        yield running


@pytest.fixture(scope="session")
async def clock(stack: Stack) -> AsyncIterator[StoryClock]:
    async with story_clock(stack) as running:
        yield running


@pytest.fixture(scope="session")
async def stack_of_two(tmp_path_factory: pytest.TempPathFactory, new_stack: NewStack) -> AsyncIterator[Stack]:
    """The same with two replicas of each service."""
    async with new_stack(tmp_path_factory.mktemp("journeys-of-two"), replicas=2) as running:
        yield running
