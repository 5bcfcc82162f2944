"""Fines, deductions, dismissals: proposals that a named person of the right rank confirms or drops, and that can be appealed once."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import reduce
from typing import Any, Literal
from uuid import UUID

import pytest

from services.commission.aggregate.violation import Proposal, Violation, appeal, confirm, decide_appeal, drop, evolve
from services.commission.events import AppealDecided, Appealed, Confirmed, Dropped, ViolationEvent
from shared import regulation
from shared.identity import Caller, Post, Role
from shared.regulation import Refused
from shared.tenure import Ground
from tests.commission.closings import at
from tests.packs import A

COMPANY = UUID(int=1)
NOW: datetime = at("2024-03-14 16:00")
POSTS = {
    "X": Post("X", "S1", "G1", "east"),
    "Y": Post("Y", "S1", "G1", "east"),
    "SM1": Post("SM1", "S1", None, "east", "store_manager"),
    "SM1b": Post("SM1b", "S1", None, "east", "store_manager"),
    "SM2": Post("SM2", "S2", None, "east", "store_manager"),
    "AM": Post("AM", "S1", None, "east", "area_manager"),
    "AMw": Post("AMw", "S3", None, "west", "area_manager"),
    "DIR": Post("DIR", None, None, None, "director"),
    "GM": Post("GM", None, None, None, "general_manager"),
    "PE": Post("PE", "S1", None, "east", "personnel"),
    "AUD": Post("AUD", None, None, None, "auditor"),
}
GROUND = Ground(POSTS, ())
UNDER_A: dict[str, Any] = {"pack": A, "ground": GROUND}


def caller(name: str) -> Caller:
    return Caller(name, COMPANY, POSTS[name])


def proposed(person: str = "X", *, by: str | None = None, kind: str = "canned_follow_up") -> Proposal:
    return Proposal(regulation.Violation(kind, "A-2.15", person, 500), "lst_1@7", by)


def folded(*events: ViolationEvent) -> Violation | None:
    state: Violation | None = None
    return reduce(evolve, events, state)


def confirmed(by: str = "SM1", person: str = "X") -> Violation | None:
    return folded(*confirm(None, by=caller(by), proposal=proposed(person), **UNDER_A, at=NOW))


def appealed(by: str = "SM1", person: str = "X") -> Violation | None:
    begun = confirmed(by, person)
    return reduce(evolve, appeal(begun, by=caller(person), proposal=proposed(person), reason="It was my own text", at=NOW), begun)


def refusal_of(act: Callable[..., object], state: Violation | None, **facts: Any) -> str:
    with pytest.raises(Refused) as refused:
        act(state, at=NOW, **facts)
    return refused.value.code


def test_the_store_manager_confirms_what_was_proposed_and_the_whole_proposal_travels_along() -> None:
    said = confirm(None, by=caller("SM1"), proposal=proposed(), **UNDER_A, at=NOW)
    assert said == [Confirmed("SM1", "store_manager", proposed().violation, "lst_1@7", NOW)]


def test_the_store_manager_drops_it_for_a_reason() -> None:
    said = drop(None, by=caller("SM1"), proposal=proposed(), reason="Two flats of one owner", **UNDER_A, at=NOW)
    assert said == [Dropped("SM1", "store_manager", proposed().violation, "lst_1@7", "Two flats of one owner", NOW)]


@pytest.mark.parametrize("by", ["SM1", "SM1b", "AM", "DIR", "GM"])
def test_the_managers_of_the_persons_store_and_those_above_may(by: str) -> None:
    assert confirm(None, by=caller(by), proposal=proposed(), **UNDER_A, at=NOW)


@pytest.mark.parametrize("by", ["X", "Y", "SM2", "AMw", "PE", "AUD"])
def test_nobody_beside_or_below_may(by: str) -> None:
    assert refusal_of(confirm, None, by=caller(by), proposal=proposed(), **UNDER_A) == "forbidden"
    assert refusal_of(drop, None, by=caller(by), proposal=proposed(), reason="no", **UNDER_A) == "forbidden"


def test_whom_it_concerns_and_who_proposed_it_are_parties() -> None:
    own, found = proposed("SM1", kind="hoarding"), proposed("X", by="SM1", kind="duplicate_entry")
    assert refusal_of(confirm, None, by=caller("SM1"), proposal=own, **UNDER_A) == "conflict_of_interest"
    assert refusal_of(drop, None, by=caller("SM1"), proposal=found, reason="no", **UNDER_A) == "conflict_of_interest"
    assert confirm(None, by=caller("SM1b"), proposal=found, **UNDER_A, at=NOW)


@pytest.mark.parametrize(
    ("person", "role", "too_low", "high_enough"),
    [("SM1", "area_manager", "SM1b", "AM"), ("AM", "director", "SM1", "DIR"), ("DIR", "general_manager", "DIR", "GM")],
)
def test_of_a_managers_own_violation_only_who_is_higher_decides(person: str, role: Role, too_low: str, high_enough: str) -> None:
    proposal = proposed(person, kind="hoarding")
    with pytest.raises(Refused) as refused:
        confirm(None, by=caller(too_low), proposal=proposal, **UNDER_A, at=NOW)
    assert refused.value.code in ("forbidden", "conflict_of_interest")
    if refused.value.code == "forbidden" and too_low != "SM1":
        assert refused.value.facts["role"] == role
    assert confirm(None, by=caller(high_enough), proposal=proposal, **UNDER_A, at=NOW)


def test_it_is_answered_once_and_the_second_hears_who_was_first() -> None:
    with pytest.raises(Refused) as refused:
        drop(confirmed(), by=caller("AM"), proposal=proposed(), reason="no", **UNDER_A, at=NOW + timedelta(days=1))
    assert refused.value.code == "violation_already_answered"
    assert refused.value.facts == {"state": "confirmed", "by": "SM1", "first_at": NOW}


def test_whom_it_concerns_appeals_against_what_was_confirmed_and_nobody_in_their_name() -> None:
    assert appeal(confirmed(), by=caller("X"), proposal=proposed(), reason="My own text", at=NOW) == [Appealed("X", "My own text", NOW)]
    for other in ("Y", "SM1", "GM", "AUD"):
        assert refusal_of(appeal, confirmed(), by=caller(other), proposal=proposed(), reason="no") == "forbidden"


def test_an_appeal_needs_a_confirmation_and_is_made_once() -> None:
    dropped = folded(*drop(None, by=caller("SM1"), proposal=proposed(), reason="no", **UNDER_A, at=NOW))
    for state in (None, dropped, appealed()):
        assert refusal_of(appeal, state, by=caller("X"), proposal=proposed(), reason="no") == "violation_not_confirmed"


def test_what_the_general_manager_confirmed_nobody_stands_above() -> None:
    assert refusal_of(appeal, confirmed("GM"), by=caller("X"), proposal=proposed(), reason="no") == "nobody_above"


@pytest.mark.parametrize("outcome", ["upheld", "dropped"])
def test_the_next_higher_rank_decides_the_appeal(outcome: Literal["upheld", "dropped"]) -> None:
    said = decide_appeal(appealed(), by=caller("AM"), proposal=proposed(), outcome=outcome, reason="As I see it", ground=GROUND, at=NOW)
    assert said == [AppealDecided("AM", "area_manager", outcome, "As I see it", NOW)]
    ended = reduce(evolve, said, appealed())
    assert ended is not None
    assert ended.state == outcome
    assert refusal_of(appeal, ended, by=caller("X"), proposal=proposed(), reason="no") == "violation_not_confirmed"


@pytest.mark.parametrize(
    ("confirmed_by", "decides", "code"),
    [
        ("SM1", "SM1b", "forbidden"),
        ("SM1", "AMw", "forbidden"),
        ("SM1", "AM", None),
        ("AM", "AM", "conflict_of_interest"),
        ("AM", "DIR", None),
        ("DIR", "AM", "forbidden"),
        ("DIR", "GM", None),
    ],
)
def test_an_appeal_goes_to_a_rank_above_the_one_that_confirmed(confirmed_by: str, decides: str, code: str | None) -> None:
    facts: dict[str, Any] = {"by": caller(decides), "proposal": proposed(), "outcome": "upheld", "reason": "So", "ground": GROUND}
    if code is None:
        assert decide_appeal(appealed(confirmed_by), at=NOW, **facts)
    else:
        assert refusal_of(decide_appeal, appealed(confirmed_by), **facts) == code


def test_without_an_appeal_there_is_nothing_to_decide() -> None:
    for state in (None, confirmed()):
        facts = {"proposal": proposed(), "outcome": "upheld", "reason": "So", "ground": GROUND}
        assert refusal_of(decide_appeal, state, by=caller("AM"), **facts) == "violation_not_appealed"
