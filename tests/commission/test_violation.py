"""Fines, deductions, dismissals: proposals that a named person of the right rank confirms or drops, and that can be appealed once."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import reduce
from typing import Any, Literal
from uuid import UUID

import pytest

from services.commission.aggregate.finding import Kind, found
from services.commission.aggregate.violation import (
    Earlier,
    Proposal,
    State,
    Violation,
    appeal,
    confirm,
    counted,
    decide_appeal,
    drop,
    evolve,
    propose,
)
from services.commission.events import AppealDecided, Appealed, Confirmed, Dropped, Proposed, ViolationEvent
from shared import regulation
from shared.identity import Caller, Post, Role
from shared.regulation import Pack, Refused
from shared.tenure import Ground
from tests.commission.closings import at
from tests.packs import A, B
from tests.refusing import refused

clause = pytest.mark.clause

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
    with pytest.raises(Refused) as raised:
        act(state, at=NOW, **facts)
    return raised.value.code


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
    with pytest.raises(Refused) as raised:
        confirm(None, by=caller(too_low), proposal=proposal, **UNDER_A, at=NOW)
    assert raised.value.code in ("forbidden", "conflict_of_interest")
    if raised.value.code == "forbidden" and too_low != "SM1":
        assert raised.value.facts["role"] == role
    assert confirm(None, by=caller(high_enough), proposal=proposal, **UNDER_A, at=NOW)


def test_it_is_answered_once_and_the_second_hears_who_was_first() -> None:
    with pytest.raises(Refused) as raised:
        drop(confirmed(), by=caller("AM"), proposal=proposed(), reason="no", **UNDER_A, at=NOW + timedelta(days=1))
    assert raised.value.code == "violation_already_answered"
    assert raised.value.facts == {"state": "confirmed", "by": "SM1", "first_at": NOW}


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


# Repeats


def repeat(*earlier: State, kind: str = "agent_phone_as_owner", clause_id: str = "A-2.13", dismissal: bool = True) -> Proposal:
    """One that its finder took for a repeat, after earlier ones that stand so by now."""
    found = regulation.Violation(kind, clause_id, "X", 5_000, dismissal=dismissal)
    return Proposal(found, "att_1@1", None, tuple(Earlier(f"vio_{number}", state) for number, state in enumerate(earlier, start=1)))


def meant(proposal: Proposal, by: str = "AM") -> regulation.Violation:
    [said] = confirm(None, by=caller(by), proposal=proposal, **UNDER_A, at=NOW)
    assert isinstance(said, Confirmed)
    return said.violation


@clause("A-2.13")
@pytest.mark.parametrize("standing", ["confirmed", "upheld"])
def test_a_repeat_of_what_stands_is_confirmed_with_dismissal(standing: State) -> None:
    assert meant(repeat(standing, dismissal=False)).dismissal
    assert meant(repeat("dropped", standing, dismissal=False)).dismissal


@clause("A-2.13")
def test_what_was_dropped_or_won_on_appeal_is_none_to_repeat() -> None:
    assert not meant(repeat("dropped"), "SM1").dismissal
    assert not meant(repeat("dropped", "dropped"), "SM1").dismissal


@clause("A-2.14")
def test_a_repeat_that_its_finder_could_not_see_counts_all_the_same() -> None:
    unseen = repeat("confirmed", kind="duplicate_entry", clause_id="A-2.14", dismissal=False)
    assert meant(unseen).dismissal
    assert counted(unseen.violation, unseen.earlier, A).dismissal


@clause("A-2.13")
@pytest.mark.parametrize("waiting", ["proposed", "appealed"])
def test_what_a_dismissal_rests_on_is_answered_before_it(waiting: State) -> None:
    with refused("earlier_violation_open", "A-2.13", first="vio_1", state=waiting):
        meant(repeat(waiting))
    assert meant(repeat("confirmed", waiting)).dismissal, "one that stands is enough"
    assert drop(None, by=caller("AM"), proposal=repeat(waiting), reason="The number was wrong", **UNDER_A, at=NOW)


def test_where_the_clause_counts_no_repeats_none_are_counted() -> None:
    found = regulation.Violation("canned_follow_up", "A-2.15", "X", 500)
    assert counted(found, (Earlier("vio_1", "confirmed"),) * 5, A) == found
    assert counted(found, (Earlier("vio_1", "confirmed"),), None) == found, "nor where no pack was in force"


# The right rank


@pytest.mark.parametrize(
    ("dismissal", "forfeits_pay", "lowest"), [(False, False, "SM1"), (True, False, "AM"), (False, True, "AM"), (True, True, "AM")]
)
def test_a_dismissal_or_the_loss_of_a_months_pay_is_no_store_managers_to_answer(dismissal: bool, forfeits_pay: bool, lowest: str) -> None:
    grave = Proposal(regulation.Violation("private_dealing", "B-1-4-3", "X", None, dismissal, forfeits_pay), "dea_1@3", None)
    for by in ("SM1", "AM", "DIR", "GM"):
        if by == "SM1" != lowest:
            assert refusal_of(confirm, None, by=caller(by), proposal=grave, **UNDER_A) == "forbidden"
            assert refusal_of(drop, None, by=caller(by), proposal=grave, reason="no", **UNDER_A) == "forbidden"
        else:
            assert confirm(None, by=caller(by), proposal=grave, **UNDER_A, at=NOW)
            assert drop(None, by=caller(by), proposal=grave, reason="no", **UNDER_A, at=NOW)


# Found by a manager


def proposing(by: str, found: regulation.Violation | None, *, unknown: tuple[str, ...] = ()) -> list[ViolationEvent]:
    return propose(by=caller(by), found=found, kind="leak", reason="They were in the paper", unknown=unknown, ground=GROUND, at=NOW)


def seen(kind: Kind, person: str = "X", pack: Pack = B, *, serious: bool = False) -> regulation.Violation | None:
    return found(kind, POSTS[person], serious=serious, evidence=("lst_1@3",), pack=pack)


def test_a_manager_above_the_person_proposes_what_no_rule_found_and_somebody_else_answers_it() -> None:
    late = regulation.Violation("late_entry", "A-2.1", "X", evidence=("lst_1@3",))
    [said] = proposing("SM1", late)
    assert said == Proposed("SM1", late, "They were in the paper", NOW)
    begun = evolve(None, said)
    assert (begun.state, begun.answers) == ("proposed", ())
    by_them = Proposal(late, "vio_1@1", "SM1")
    assert refusal_of(confirm, begun, by=caller("SM1"), proposal=by_them, **UNDER_A) == "conflict_of_interest"
    [confirmed_by_another] = confirm(begun, by=caller("SM1b"), proposal=by_them, **UNDER_A, at=NOW)
    assert evolve(begun, confirmed_by_another).state == "confirmed"
    for by in ("X", "Y", "SM2", "AMw", "AUD"):
        with refused("forbidden"):
            proposing(by, late)
    with refused("forbidden"):
        proposing("SM1b", regulation.Violation("late_entry", "A-2.1", "SM1"))
    with refused("unknown_reference", field="evidence"):
        proposing("SM1", late, unknown=("lst_9@1",))
    with refused("no_clause_for_violation", kind="leak"):
        proposing("SM1", None)


@clause("A-2.1", "B-2-1")
def test_a_late_entry_is_found_by_the_clause_of_the_pack() -> None:
    assert seen("late_entry", pack=A) == regulation.Violation("late_entry", "A-2.1", "X", evidence=("lst_1@3",))
    assert seen("late_entry") == regulation.Violation("late_entry", "B-2-1", "X", evidence=("lst_1@3",))


@clause("A-2.13", "A-2.15")
def test_an_agents_number_and_canned_texts_are_fined_by_their_clauses() -> None:
    assert seen("agent_phone_as_owner", pack=A) == regulation.Violation("agent_phone_as_owner", "A-2.13", "X", 5_000, evidence=("lst_1@3",))
    assert seen("canned_follow_up", pack=A) == regulation.Violation("canned_follow_up", "A-2.15", "X", 500, evidence=("lst_1@3",))
    assert seen("canned_follow_up", pack=B) is None


@clause("A-R1", "B-1-4-3")
def test_private_dealing_without_a_deal_is_found_too() -> None:
    under_a, under_b = seen("private_dealing", pack=A), seen("private_dealing", pack=B)
    assert under_a == regulation.Violation("private_dealing", "A-R1", "X", None, True, False, ("lst_1@3",))
    assert under_b == regulation.Violation("private_dealing", "B-1-4-3", "X", None, True, True, ("lst_1@3",))


@clause("B-1-4-2")
@pytest.mark.parametrize(("person", "fine_fen"), [("X", 10_000), ("SM1", 20_000), ("AM", 30_000)])
def test_hoarding_is_fined_by_rank_and_proposes_dismissal_if_it_is_serious(person: str, fine_fen: int) -> None:
    for serious in (False, True):
        assert seen("hoarding", person, serious=serious) == regulation.Violation(
            "hoarding", "B-1-4-2", person, fine_fen, serious, False, ("lst_1@3",)
        )
    assert seen("hoarding", person, A) is None


@clause("B-0")
def test_what_leaks_costs_a_months_pay_and_if_it_is_serious_the_post() -> None:
    for serious in (False, True):
        assert seen("leak", serious=serious) == regulation.Violation("leak", "B-0", "X", None, serious, True, ("lst_1@3",))
