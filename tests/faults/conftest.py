"""One stack for all the faults of a worker: what is killed or wiped comes back before a test ends."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from deploy.cases.clock import StoryClock
from deploy.cases.playing import story_clock
from deploy.stack import Stack
from tests.stacks import NewStack


@pytest.fixture(scope="session")
async def stack(tmp_path_factory: pytest.TempPathFactory, new_stack: NewStack) -> AsyncIterator[Stack]:
    async with new_stack(tmp_path_factory.mktemp("faults")) as running:
        yield running


@pytest.fixture(scope="session")
async def clock(stack: Stack) -> AsyncIterator[StoryClock]:
    async with story_clock(stack) as running:
        yield running
