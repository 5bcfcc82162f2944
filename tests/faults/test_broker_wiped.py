"""NATS is the doorbell, Postgres the record: a story comes out the same though the broker loses everything it had stored.

In short: tests/journeys/test_struck_stories.py.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from deploy.cases.playing import play, story_clock
from deploy.cases.reading import read
from tests.faults.striking import away, entries_of, wiping
from tests.journeys.telling import TWO_LIVES, seeded, spine
from tests.stacks import NewStack


@pytest.mark.fault
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("pull", [True, False], ids=["with-pull", "broker-alone"])
async def test_stories_come_out_the_same_with_the_broker_wiped_at_every_step(tmp_path: Path, new_stack: NewStack, pull: bool) -> None:
    """Without pull there is no other way: all that was lost is published again."""
    async with new_stack(tmp_path, pull=pull) as stack, story_clock(stack) as clock:
        for case in (read(TWO_LIVES), *spine()):
            played = await play(case, stack, clock=clock, before_step=wiping(stack, range(len(case.story))))
            assert played.differences == (), case.id
            await entries_of(stack, played)


@pytest.mark.fault
@pytest.mark.timeout(1800)
async def test_a_long_story_comes_out_the_same_with_the_broker_away_from_any_step_to_any_later_one(
    tmp_path: Path, new_stack: NewStack
) -> None:
    case, chance = read(TWO_LIVES), seeded("away")
    last = len(case.story) - 1
    async with new_stack(tmp_path) as stack, story_clock(stack) as clock:
        for goes in range(last):
            comes = chance.randint(goes + 1, last)
            played = await play(case, stack, clock=clock, before_step=away(stack, goes, comes))
            assert played.differences == (), f"away from step {goes} to {comes}"
            await entries_of(stack, played)
