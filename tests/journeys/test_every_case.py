"""The stories come out as expected, however the stack runs. In short, one way at a time, the case player's own tests show it."""

from __future__ import annotations

from pathlib import Path

import pytest

from deploy.cases.reading import read
from deploy.stack import Stack
from tests.journeys.telling import TWO_LIVES, differences, visible
from tests.stacks import NewStack


@pytest.mark.fault
async def test_two_replicas_of_every_service_tell_a_long_story_four_times_at_once(stack_of_two: Stack) -> None:
    assert await differences(stack_of_two, [read(TWO_LIVES)] * 4) == {}


@pytest.mark.fault
@pytest.mark.timeout(600)
@pytest.mark.parametrize("sweeper", [True, False], ids=["sweeper", "no-sweeper"])
@pytest.mark.parametrize("hears", ["both", "broker", "pull"])
@pytest.mark.parametrize("replicas", [1, 2])
async def test_every_story_comes_out_as_expected_in_every_way_to_run(
    tmp_path: Path, new_stack: NewStack, sweeper: bool, hears: str, replicas: int
) -> None:
    broker, pull = hears != "pull", hears != "broker"
    async with new_stack(tmp_path, replicas=replicas, sweeper=sweeper, broker=broker, pull=pull) as stack:
        assert await differences(stack, [*visible(), read(TWO_LIVES)]) == {}
