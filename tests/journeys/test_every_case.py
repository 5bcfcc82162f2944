"""The visible cases come out as expected, however the stack runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from deploy.stack import Stack
from tests.journeys.telling import differences, spine, visible


async def test_every_visible_case_comes_out_as_expected(stack: Stack) -> None:
    assert await differences(stack, visible()) == {}


async def test_lapses_need_no_sweeper(tmp_path: Path) -> None:
    async with Stack(tmp_path, story=True, sweeper=False) as stack:
        assert await differences(stack, spine()) == {}


async def test_without_a_broker_the_services_pull_from_each_other(tmp_path: Path) -> None:
    async with Stack(tmp_path, story=True, broker=False) as stack:
        assert await differences(stack, spine()) == {}


async def test_without_pull_the_services_hear_each_other_over_the_broker_alone(tmp_path: Path) -> None:
    async with Stack(tmp_path, story=True, pull=False) as stack:
        assert await differences(stack, spine()) == {}


async def test_two_replicas_of_every_service_work_at_once(stack_of_two: Stack) -> None:
    assert await differences(stack_of_two, spine()) == {}


@pytest.mark.fault
@pytest.mark.timeout(600)
@pytest.mark.parametrize("sweeper", [True, False])
@pytest.mark.parametrize("hears", ["both", "broker", "pull"])
@pytest.mark.parametrize("replicas", [1, 2])
async def test_every_visible_case_comes_out_as_expected_in_every_way_to_run(
    tmp_path: Path, sweeper: bool, hears: str, replicas: int
) -> None:
    async with Stack(
        tmp_path, story=True, sweeper=sweeper, broker=hears != "pull", pull=hears != "broker", replicas=replicas
    ) as stack:
        assert await differences(stack, visible()) == {}
