"""A story comes out the same whichever service is killed at whichever of its steps. In short: tests/journeys/test_struck_stories.py."""

from __future__ import annotations

import pytest

from deploy.cases.clock import StoryClock
from deploy.cases.playing import play
from deploy.cases.reading import read
from deploy.migrate import SERVICES
from deploy.stack import Stack
from tests.faults.striking import Killer, entries_of, told_under_kills
from tests.journeys.telling import TWO_LIVES, seeded, visible
from tests.stacks import NewStack


@pytest.mark.fault
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("shift", range(len(SERVICES)))
async def test_every_story_comes_out_the_same_with_service_i_plus_shift_mod_4_killed_at_each_step_i(
    stack: Stack, clock: StoryClock, shift: int
) -> None:
    """Over all shifts: every service at every step of every story."""
    chance = seeded(f"every kill, shift {shift}")
    for case in (read(TWO_LIVES), *visible()):
        undisturbed = await play(case, stack, clock=clock)
        victims = {place: SERVICES[(place + shift) % len(SERVICES)] for place in range(len(case.story))}
        played = await told_under_kills(stack, clock, case, chance, victims)
        assert await entries_of(stack, played) == await entries_of(stack, undisturbed), f"{case.id} with kills at {victims}"


@pytest.mark.fault
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("hears", ["broker", "pull"])
async def test_a_long_story_comes_out_the_same_under_kills_of_one_of_two_replicas_whichever_way_services_hear(
    tmp_path_factory: pytest.TempPathFactory, new_stack: NewStack, hears: str
) -> None:
    case, chance = read(TWO_LIVES), seeded(f"kills of one of two, {hears}")
    folder = tmp_path_factory.mktemp(hears)
    async with new_stack(folder, replicas=2, broker=hears == "broker", pull=hears == "pull") as stack:
        for shift in range(len(SERVICES)):
            victims = {place: SERVICES[(place + shift) % len(SERVICES)] for place in range(len(case.story))}
            killer = Killer(stack, chance, victims)
            played = await play(case, stack, before_step=killer.before_step)
            await killer.all_are_back()
            assert played.differences == (), f"kills at {victims}"
            await entries_of(stack, played)
