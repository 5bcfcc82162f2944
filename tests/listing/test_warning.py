"""A day before a term or a concealment ends, it is said, once. A listing is looked at exactly when there is something to say of it."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import reduce
from uuid import UUID

import pytest

from services.listing import aggregate, views
from services.listing.aggregate import Listing
from services.listing.events import Concealed, ConcealmentRenewed, Event, FollowedUp, House, Reassigned, TermEnding
from shared.identity import Caller, Post
from shared.regulation import Activation
from shared.tenure import Ground, Stand
from tests.commission.closings import at
from tests.packs import A

clause = pytest.mark.clause
X = Post("X", "S1", "G1", "east")
BY = Caller("X", UUID(int=1), X)
PACK = Activation(A, at("2012-01-01 00:00"))
GROUND = Ground({"X": X, "team:G1": Post("team:G1", "S1", "G1", "east")}, (PACK,))
HOUSE = House(community="Harbour Court", building="3", unit="2", room="0302")
ENTERED = at("2024-03-01 10:00")
LAPSES = at("2024-03-12 00:00")
WARNS = at("2024-03-11 00:00")
LAPSES_ON = at("2024-03-23 00:00")


def entered() -> Listing:
    events = aggregate.enter(
        by=BY, recorder=X, kind="sale", house=HOUSE, owner="cnt", owner_is_agents=False, acquired_at=None, original=None,
        ground=GROUND, at=ENTERED,
    )  # fmt: skip
    return after(None, *events)


def after(listing: Listing | None, *events: Event) -> Listing:
    state = reduce(aggregate.evolve, events, listing)
    assert state is not None
    return state


def followed_up(listing: Listing, when: datetime) -> Listing:
    facts = {"channel": "phone", "text": "The owner still wants to sell", "about": None, "outcome": None, "alike": ()}
    return after(listing, *aggregate.follow_up(listing, by=BY, ground=GROUND, at=when, **facts))  # type: ignore[arg-type]


def concealed(listing: Listing, until: datetime) -> Listing:
    return after(listing, Concealed("X", 1, until, ENTERED))


@clause("A-2.7")
def test_a_day_before_the_lapse_and_not_sooner_it_is_said_whose_term_ends_when_and_by_which_clause() -> None:
    assert aggregate.warn(entered(), at=WARNS - timedelta(microseconds=1)) == []
    assert aggregate.warn(entered(), at=WARNS) == [TermEnding("X", LAPSES, "A-2.7", WARNS)]


@clause("A-2.7")
def test_it_is_said_once() -> None:
    [warning] = aggregate.warn(entered(), at=WARNS)
    assert aggregate.warn(after(entered(), warning), at=WARNS + timedelta(hours=3)) == []


@clause("A-2.7")
def test_who_renewed_the_term_in_time_is_not_warned_but_of_the_new_one() -> None:
    renewed = followed_up(entered(), WARNS - timedelta(hours=1))
    assert aggregate.warn(renewed, at=WARNS) == []
    warned = after(entered(), *aggregate.warn(entered(), at=WARNS))
    again = followed_up(warned, WARNS + timedelta(hours=1))
    assert aggregate.warn(again, at=WARNS + timedelta(hours=2)) == []
    assert [warning.until for warning in aggregate.warn(again, at=at("2024-03-21 12:00")) if isinstance(warning, TermEnding)] == [
        at("2024-03-22 00:00")
    ]


def test_when_the_end_has_come_it_is_too_late_to_warn() -> None:
    assert aggregate.warn(entered(), at=LAPSES) == []


@clause("A-2.7", "A-2.15")
def test_the_team_is_warned_that_its_account_will_lose_it() -> None:
    assert aggregate.warn(entered(), at=LAPSES_ON - timedelta(hours=1)) == [
        TermEnding("team:G1", LAPSES_ON, "A-2.15", LAPSES_ON - timedelta(hours=1))
    ]


@clause("A-2.7")
def test_the_concealer_is_warned_and_of_two_ends_at_once_both_are_said() -> None:
    early, same = concealed(entered(), at("2024-03-09 00:00")), concealed(entered(), LAPSES)
    assert aggregate.warn(early, at=at("2024-03-08 00:00")) == [TermEnding("X", at("2024-03-09 00:00"), "A-2.9", at("2024-03-08 00:00"))]
    assert {(said.clause, said.until) for said in aggregate.warn(same, at=WARNS) if isinstance(said, TermEnding)} == {
        ("A-2.7", LAPSES), ("A-2.9", LAPSES),
    }  # fmt: skip


def _histories() -> Iterator[tuple[str, Listing]]:
    yield "entered", entered()
    yield "concealed for less", concealed(entered(), at("2024-03-09 00:00"))
    yield "concealed to the same end", concealed(entered(), LAPSES)
    yield "concealed for longer", concealed(entered(), at("2024-03-15 00:00"))
    yield "concealed without end", after(concealed(entered(), LAPSES), ConcealmentRenewed(None, ENTERED))
    yield "renewed", followed_up(entered(), at("2024-03-05 09:00"))
    yield "the company's", after(entered(), Reassigned("SM", "company", (Stand("company"),), ENTERED))
    yield (
        "for a moment",
        after(entered(), Reassigned("SM", "X", (Stand("X", ENTERED + timedelta(hours=5), "A-2.7"), Stand("company")), ENTERED)),
    )


@pytest.mark.parametrize("listing", [pytest.param(listing, id=name) for name, listing in _histories()])
def test_the_sweep_finds_a_listing_exactly_when_there_is_something_to_say_of_it(listing: Listing) -> None:
    """Else it would come too late, or come back for ever."""
    said: list[Event] = []
    for hours in range(24 * 40):
        now = ENTERED + timedelta(hours=hours)
        turns_at = views.turns_at(listing)
        news = [
            event
            for announce in (aggregate.end_concealment, aggregate.announce_lapse, aggregate.warn)
            for event in announce(listing, at=now)
        ]
        assert (turns_at is not None and turns_at <= now) == bool(news), f"{now}: {turns_at} {news}"
        listing = after(listing, *news)
        said += news
    assert len({(type(event), getattr(event, "until", None), getattr(event, "clause", None)) for event in said}) == len(said)


@clause("A-2.7")
def test_a_follow_up_that_says_nothing_to_the_term_changes_no_warning() -> None:
    other = FollowedUp("Y", "phone", "Asked the neighbours about the lift", None, None, None, None, ENTERED)
    assert aggregate.warn(after(entered(), other), at=WARNS) == [TermEnding("X", LAPSES, "A-2.7", WARNS)]
