"""A story comes out the same though services are killed and the broker forgets, in short; `make faults` does it at every step."""

from __future__ import annotations

import pytest

from deploy.cases.clock import StoryClock
from deploy.cases.playing import Played, play
from deploy.cases.reading import read
from deploy.migrate import SERVICES
from deploy.stack import Stack
from tests.faults.striking import entries_of, told_under_kills, wiping
from tests.journeys.telling import TWO_LIVES, case_of, seeded

KILLS = 6
WIPES = 3


@pytest.fixture(scope="module")
async def undisturbed(stack: Stack, clock: StoryClock) -> Played:
    played = await play(read(TWO_LIVES), stack, clock=clock)
    assert played.differences == ()
    return played


@pytest.mark.timeout(300)
async def test_a_long_story_comes_out_the_same_when_services_are_killed_in_the_middle_of_its_steps(
    stack: Stack, clock: StoryClock, undisturbed: Played
) -> None:
    """Service i mod 4 at step i, for some of the steps."""
    case, chance = read(TWO_LIVES), seeded("kills")
    victims = {place: SERVICES[place % len(SERVICES)] for place in sorted(chance.sample(range(len(case.story)), KILLS))}
    played = await told_under_kills(stack, clock, case, chance, victims)
    assert played.outcome == undisturbed.outcome
    assert await entries_of(stack, played) == await entries_of(stack, undisturbed)


async def test_a_long_story_comes_out_the_same_when_the_broker_loses_all_it_had_stored(
    stack: Stack, clock: StoryClock, undisturbed: Played
) -> None:
    case, chance = read(TWO_LIVES), seeded("wipes")
    places = chance.sample(range(1, len(case.story)), WIPES)
    played = await play(case, stack, clock=clock, before_step=wiping(stack, places))
    assert played.differences == (), f"wiped before the steps {places}"
    assert played.outcome == undisturbed.outcome
    assert await entries_of(stack, played) == await entries_of(stack, undisturbed)


@pytest.mark.clause("A-2.12", "A-2.11")
@pytest.mark.timeout(300)
async def test_who_claims_a_listing_and_leaves_at_once_runs_no_term_whichever_is_heard_first(stack: Stack, clock: StoryClock) -> None:
    """The claim comes from the client service, the leaving from authz, and both are killed then: they are often heard at one moment."""
    case, chance = case_of("X06"), seeded("claimed and left")
    await told_under_kills(stack, clock, case, chance, {place: SERVICES[place % len(SERVICES)] for place in range(len(case.story))})
