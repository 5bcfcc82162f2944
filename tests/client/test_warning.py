"""A day before a client's term ends, it is said, once. A client is looked at exactly when there is something to say of it."""

from datetime import datetime, timedelta
from functools import reduce
from uuid import UUID

import pytest

from services.client import aggregate
from services.client.aggregate import Client
from services.client.events import Event, Lapsed, TermEnding
from services.client.views import clients as views
from shared.identity import Caller, Post
from shared.regulation import Activation
from shared.tenure import Ground
from tests.commission.closings import at
from tests.packs import A

clause = pytest.mark.clause
X = Post("X", "S1", "G1", "east")
BY = Caller("X", UUID(int=1), X)
GROUND = Ground({"X": X}, (Activation(A, at("2012-01-01 00:00")),))
ENTERED = at("2024-03-01 10:00")
LAPSES = at("2024-03-09 00:00")
WARNS = at("2024-03-08 00:00")
ASKED = {"floor": "any", "area": "80", "orientation": "south", "price": "2000000", "phone": "given", "needs": "none"}


def entered() -> Client:
    events = aggregate.enter(
        by=BY, recorder=X, kind="buy", contact="cnt", given=ASKED, acquired_at=None, first=None, duplicates=0, ground=GROUND, at=ENTERED
    )
    return after(None, *events)


def after(client: Client | None, *events: Event) -> Client:
    state = reduce(aggregate.evolve, events, client)
    assert state is not None
    return state


def followed_up(client: Client, when: datetime) -> Client:
    return after(client, *aggregate.follow_up(client, by=BY, channel="phone", text="They still look for a flat", ground=GROUND, at=when))


@clause("A-2.3")
def test_a_day_before_and_not_sooner_it_is_said_and_said_once() -> None:
    assert aggregate.warn(entered(), at=WARNS - timedelta(microseconds=1)) == []
    warning = aggregate.warn(entered(), at=WARNS)
    assert warning == [TermEnding("X", LAPSES, "A-2.3", WARNS)]
    assert aggregate.warn(after(entered(), *warning), at=WARNS + timedelta(hours=1)) == []
    assert aggregate.warn(entered(), at=LAPSES) == []


@clause("A-2.3")
def test_who_follows_up_in_time_is_warned_of_the_new_end_only() -> None:
    warned = after(entered(), *aggregate.warn(entered(), at=WARNS))
    renewed = followed_up(warned, at("2024-03-08 12:00"))
    assert aggregate.warn(renewed, at=at("2024-03-14 23:59")) == []
    assert aggregate.warn(renewed, at=at("2024-03-15 00:00")) == [
        TermEnding("X", at("2024-03-16 00:00"), "A-2.3", at("2024-03-15 00:00")),
    ]


@clause("A-2.3")
def test_the_sweep_finds_a_client_exactly_when_there_is_something_to_say_of_it() -> None:
    client = entered()
    said: list[Event] = []
    for hours in range(24 * 20):
        now = ENTERED + timedelta(hours=hours)
        turns_at = views.turns_at(client)
        news = [event for announce in (aggregate.announce_lapse, aggregate.warn) for event in announce(client, at=now)]
        assert (turns_at is not None and turns_at <= now) == bool(news), f"{now}: {turns_at} {news}"
        client = after(client, *news)
        said += news
    assert [type(event) for event in said] == [TermEnding, Lapsed]
