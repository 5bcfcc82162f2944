"""Visits and calls: registered with or without a number, answered within the hours, linked to the client who was entered."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import pytest

from services.client import aggregate
from services.client.aggregate import Visit, evolve_visit
from services.client.events import VisitEvent
from services.client.events.visit import Linked, Registered, Replied, ReplyOverdue
from services.client.views.visits import _columns
from shared.identity import Caller, Post
from shared.regulation import Activation, Pack
from shared.tenure import Ground
from tests.client.buyer import PEOPLE, at
from tests.client.test_file import stating
from tests.packs import A
from tests.refusing import refused

clause = pytest.mark.clause
DESK: Final = Post("D", "S2", None, "N", "service_manager")
CAME: Final = at("2024-03-01 09:00")
REGISTERED: Final = at("2024-03-01 09:30")
TOLD: Final = {"companions": "none", "wish": "Two rooms near a school", "summary": "Looked at the window, will come again"}


def by(person: str) -> Caller:
    return Caller(person, UUID(int=1), DESK if person == "D" else PEOPLE[person])


def ground(pack: Pack = A) -> Ground:
    return Ground({**PEOPLE, "D": DESK}, (Activation(pack, at("2000-01-01 00:00")),))


def registering(who: str = "E", when: datetime = REGISTERED, pack: Pack = A, **facts: Any) -> list[VisitEvent]:
    told: dict[str, Any] = {
        "agent": who, "channel": "visit", "came_at": CAME, "left_at": None, "given": TOLD, "source": "walk_in", "contact": None,
        "reply_wanted": False, **facts,
    }  # fmt: skip
    return aggregate.register(by=by(who), ground=ground(pack), at=when, **told)


def after(visit: Visit | None, events: Sequence[VisitEvent]) -> Visit:
    for event in events:
        visit = evolve_visit(visit, event)
    assert visit is not None
    return visit


def enquiry(pack: Pack = A) -> Visit:
    """One that E received and registered at half past nine on 1 March."""
    return after(None, registering(pack=pack, reply_wanted=True))


def replying(visit: Visit, when: datetime, who: str = "E") -> list[VisitEvent]:
    return aggregate.reply(visit, by=by(who), channel="phone", text="The school is ten minutes away", ground=ground(), at=when)


@clause("K-1")
def test_who_leaves_neither_name_nor_number_is_registered_as_well() -> None:
    assert registering() == [
        Registered(
            "E", "E", "visit", CAME, None, "none", "Two rooms near a school", "walk_in", "Looked at the window, will come again", None,
            None, REGISTERED,
        ),
    ]  # fmt: skip
    [with_number] = registering(contact="cnt_1", channel="call")
    assert isinstance(with_number, Registered)
    assert (with_number.contact, with_number.channel) == ("cnt_1", "call")


@clause("K-1")
@pytest.mark.parametrize("field", ["companions", "wish", "summary"])
@pytest.mark.parametrize("given", [None, "", "  "])
def test_what_is_missing_is_named(field: str, given: str | None) -> None:
    with refused("visit_incomplete", "K-1", missing=(field,)):
        registering(given={**TOLD, field: given})


@clause("K-1")
def test_so_are_the_time_the_source_and_the_agent() -> None:
    with refused("visit_incomplete", "K-1", missing=("came_at", "source")):
        registering(came_at=None, source=None)
    with refused("visit_incomplete", "K-1", missing=("agent",)):
        registering("D", agent=None)


@clause("K-1")
def test_a_pack_may_ask_for_less_but_always_when_and_who() -> None:
    less = stating(A, "K-1", asks=["wish"])
    [event] = registering(pack=less, given={"wish": "Two rooms"}, source=None)
    assert isinstance(event, Registered)
    assert (event.companions, event.wish, event.source, event.summary) == ("", "Two rooms", None, "")
    with refused("visit_incomplete", "K-1", missing=("came_at", "wish")):
        registering(pack=less, given={}, came_at=None)


@clause("K-1")
def test_of_a_call_nobody_asks_who_came_along() -> None:
    assert registering(channel="call", given={**TOLD, "companions": None})


@clause("K-1")
def test_the_desk_registers_for_an_agent_in_post() -> None:
    [event] = registering("D", agent="F")
    assert isinstance(event, Registered)
    assert (event.by, event.agent) == ("D", "F")
    with refused("unknown_reference", "K-1", field="agent"):
        registering("D", agent="nobody")


@clause("K-1")
def test_nobody_has_come_or_left_who_is_still_to_come() -> None:
    assert registering(came_at=REGISTERED, left_at=REGISTERED)
    for field in ("came_at", "left_at"):
        later: dict[str, Any] = {field: REGISTERED + timedelta(seconds=1)}
        with refused("date_is_to_come", "K-1", field=field):
            registering(**later)


@clause("K-1")
@pytest.mark.parametrize("field", ["companions", "wish", "summary"])
def test_no_phone_stands_in_what_is_written_down(field: str) -> None:
    with refused("contact_in_text", field=field):
        registering(given={**TOLD, field: "Ring his wife, 13800138000"})


@clause("K-1")
def test_a_visit_is_linked_to_the_client_who_was_entered_from_it_once() -> None:
    visit = after(None, registering())
    facts: dict[str, Any] = {"by": by("E"), "is_there": True, "ground": ground(), "at": REGISTERED}
    linked = aggregate.link(visit, client="cli_1", **facts)
    assert linked == [Linked("E", "cli_1", REGISTERED)]
    assert aggregate.link(after(visit, linked), client="cli_1", **facts) == []
    with refused("already_linked", "K-1", client="cli_1"):
        aggregate.link(after(visit, linked), client="cli_2", **facts)
    with refused("unknown_reference", "K-1", field="client"):
        aggregate.link(visit, client="cli_9", **{**facts, "is_there": False})
    with refused("forbidden"):
        aggregate.link(visit, client="cli_1", **{**facts, "by": by("F")})


@clause("G-4")
def test_an_enquiry_is_to_be_answered_within_twenty_four_hours_of_its_registration() -> None:
    assert enquiry().reply_until == at("2024-03-02 09:30")
    assert enquiry(stating(A, "G-4", hours=2)).reply_until == at("2024-03-01 11:30")
    assert after(None, registering()).reply_until is None


@clause("G-4")
def test_in_the_last_instant_it_is_not_overdue_and_after_it_it_is_said_once() -> None:
    visit, until = enquiry(), at("2024-03-02 09:30")
    assert aggregate.announce_overdue(visit, at=until) == []
    late = until + timedelta(microseconds=1)
    said = aggregate.announce_overdue(visit, at=late)
    assert said == [ReplyOverdue("E", until, late)]
    assert aggregate.announce_overdue(after(visit, said), at=late) == []
    assert _columns(visit)["announces_at"] == late
    assert _columns(after(visit, said))["announces_at"] is None


@clause("G-4")
def test_one_that_was_answered_is_never_overdue() -> None:
    visit, when = enquiry(), at("2024-03-02 09:30")
    replied = replying(visit, when)
    assert replied == [Replied("E", "phone", "The school is ten minutes away", when)]
    assert aggregate.announce_overdue(after(visit, replied), at=at("2024-03-03 09:30")) == []


@clause("G-4")
def test_a_late_answer_is_one_but_there_is_only_one() -> None:
    visit = enquiry()
    late = after(visit, replying(visit, at("2024-03-05 09:30")))
    with refused("already_replied", "G-4", by="E", first_at=at("2024-03-05 09:30")):
        replying(late, at("2024-03-05 10:00"))
    with refused("no_reply_wanted", "G-4"):
        replying(after(None, registering()), at("2024-03-01 10:00"))


@clause("G-4")
def test_it_is_answered_by_who_received_it_or_those_above() -> None:
    assert replying(enquiry(), at("2024-03-01 10:00"), "M2")
    for who in ("F", "M1"):
        with refused("forbidden"):
            replying(enquiry(), at("2024-03-01 10:00"), who)
