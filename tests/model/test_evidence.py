"""What each line rests on: the entries that put it there, and the clauses that spoke, in their order. Told for both packs, step by step."""

from datetime import date
from typing import Any, Final

import pytest
from msgspec.structs import replace

from services.commission.rules import Facts, Finding, FloorPlan, FollowUp, Leave, Listing, Standing, Survey, Viewing, split
from shared.regulation import Pack
from tests.commission.closings import (
    CLAIMED,
    CLIENT,
    EXCLUSIVE,
    KEY,
    LAPSED,
    REACHED,
    A,
    B,
    a_rental,
    a_sale,
    at,
    left,
    reading,
    under_b,
    without,
)

clause = pytest.mark.clause

LISTING: Final = Listing(
    "L1", "R", "R", evidence=("L1@8",), entered_evidence=("L1@1",), correct_evidence=("L1@9",), refuted_evidence=("L1@10",)
)


def rests(facts: Facts, pack: Pack, *roles: str) -> list[str]:
    """The lines of these roles (all if none is named) as `role to: clauses; entries`."""
    lines = [line for line in split(facts, pack).lines if line.role in roles or not roles]
    return [f"{line.role} {line.to}: {' '.join(line.clauses)}; {' '.join(line.evidence)}" for line in lines]


def allocated(**changed: Any) -> Facts:
    """A sale under A on a listing that says where all of it stands."""
    return a_sale(listing=replace(LISTING, **changed))


def managed(**changed: Any) -> Facts:
    """A sale under B with every part earned, likewise."""
    facts = under_b()
    assert facts.listing is not None
    told = {name: getattr(LISTING, name) for name in ("evidence", "entered_evidence", "correct_evidence", "refuted_evidence")}
    return replace(facts, listing=replace(facts.listing, **{**told, **changed}))


# Pack A.


@clause("A-1.2.1", "A-1.1")
def test_a_plain_deal_rests_on_holder_and_entry_the_report_and_the_clients_entry() -> None:
    assert rests(allocated(), A) == ["listing R: A-1.2.1; L1@8 L1@1", "closing C: A-1.2.1; D1@1", "client E: A-1.2.1; C1@1"]
    assert rests(a_rental(listing=LISTING), A) == ["listing R: A-1.1; L1@8 L1@1", "closing C: A-1.1; D1@1", "client E: A-1.1; C1@1"]


@clause("A-1.N1", "A-1.N5", "A-1.2.2")
def test_a_key_and_an_exclusive_rest_on_the_act_and_what_declared_it() -> None:
    assert rests(allocated(keys=(KEY,), exclusives=(EXCLUSIVE,)), A) == [
        "listing R: A-1.2.2 A-1.N1; L1@8 L1@1",
        "exclusive X: A-1.2.2 A-1.N5; L1@4 L1@5",
        "key K: A-1.N1 A-1.N5; L1@2 L1@3",
        "closing C: A-1.2.2 A-1.N1; D1@1",
        "client E: A-1.2.2; C1@1",
    ]
    undemanded = reading(A, "R-undeclared-key", "only_exclusives")
    assert rests(allocated(keys=(replace(KEY, declared_by=None),)), undemanded, "key") == ["key K: A-1.N1; L1@2"]


@clause("A-2.6")
def test_what_is_not_correct_rests_on_what_made_it_so_and_what_is_not_there_on_the_report() -> None:
    assert rests(allocated(correct=False), A, "listing") == ["listing company: A-1.2.1 A-2.6; L1@8 L1@1 L1@9"]
    assert rests(a_sale(listing=None), A, "listing") == ["listing company: A-1.2.1 A-2.6; D1@1"]
    assert rests(allocated(entered="late"), A, "listing") == ["listing company: A-1.2.1 A-2.6; D1@1 L1@1 L1@9"]


@clause("A-2.7", "A-2.12", "A-2.16", "A-2.17")
def test_the_holders_part_rests_on_every_change_of_hands_and_cites_the_clauses_of_them() -> None:
    claimed = allocated(holder="H", moves=(LAPSED, CLAIMED))
    assert rests(claimed, A, "listing_recorder", "listing_holder") == [
        "listing_recorder R: A-1.2.1 A-2.7 A-2.12; L1@8 L1@1",
        "listing_holder H: A-1.2.1 A-2.7 A-2.12; L1@8 L1@1 L1@6",
    ]
    assert rests(claimed, without(A, "A-2.12"), "listing_holder") == ["listing_holder H: A-1.2.1 A-2.7; L1@8 L1@1"]
    assert rests(allocated(holder="team:G1", moves=(LAPSED,)), A, "listing_holder") == [
        "listing_holder team:G1: A-1.2.1 A-2.17 A-2.7; L1@8 L1@1"
    ]
    assert rests(allocated(holder="H", moves=(REACHED,)), A, "listing_holder") == ["listing_holder H: A-1.2.1 A-2.16; L1@8 L1@1 L1@7"]
    reassigned = replace(CLAIMED, clause=None)
    assert rests(allocated(holder="H", moves=(reassigned,)), A, "listing_holder") == ["listing_holder H: A-1.2.1 A-2.7; L1@8 L1@1 L1@6"]


@clause("A-2.5")
def test_the_client_part_of_a_duplicate_rests_on_both_records() -> None:
    client = replace(CLIENT, client="C9", recorder="C", evidence=("C9@1",))
    assert rests(replace(allocated(), client=client), A, "client") == ["client E: A-1.2.1 A-2.5; C9@1 C1@1"]


@clause("A-2.4", "A-1.N2")
def test_closers_rest_on_their_own_viewings_and_halves_on_the_senior_named_and_the_newcomers_standing() -> None:
    viewings = (Viewing("N", at("2024-03-05 15:00"), ("C1@2",)), Viewing("C", at("2024-03-06 15:00"), ("C1@3",)))
    client = replace(CLIENT, senior="M", senior_evidence=("C1@4",))
    facts = replace(allocated(), closers=("N", "C"), viewings=viewings, client=client)
    assert rests(facts, A, "closing") == [
        "closing M: A-1.2.1 A-2.4 A-1.N2; D1@1 C1@2 C1@4 N@1",
        "closing N: A-1.2.1 A-2.4 A-1.N2; D1@1 C1@2 C1@4 N@1",
        "closing C: A-1.2.1 A-2.4; D1@1 C1@3",
    ]


@clause("A-1.N3")
def test_what_the_company_gets_of_who_has_left_rests_on_their_leaving() -> None:
    assert rests(left(allocated(keys=(KEY,)), "R", "K", "C", "E"), A) == [
        "listing company: A-1.2.1 A-1.N1 A-1.N3; L1@8 L1@1 R@9",
        "key company: A-1.N1 A-1.N5 A-1.N3; L1@2 L1@3 K@9",
        "closing company: A-1.2.1 A-1.N1 A-1.N3; D1@1 C@9",
        "client company: A-1.2.1 A-1.N3; C1@1 E@9",
    ]


@clause("A-R1", "B-1-4-3")
def test_what_is_forfeit_rests_on_the_findings() -> None:
    findings = (Finding("C", ("D1@3",)), Finding("X", ("D1@4",)))
    assert rests(replace(allocated(), findings=findings), A, "closing", "client") == [
        "closing company: A-1.2.1 A-R1; D1@1 D1@3 D1@4",
        "client E: A-1.2.1; C1@1",
    ]
    assert rests(replace(managed(), findings=findings), B, "closing") == ["closing company: B-1-3 B-1-4-3; D1@1 D1@3 D1@4"]


# Pack B.


@clause("B-1-3", "B-1-3-1", "B-1-3-2")
def test_under_b_each_part_rests_on_the_work_for_it() -> None:
    assert rests(managed(), B) == [
        "listing R: B-1-3; L1@8 L1@1",
        "survey PH: B-1-3 B-1-3-1; L1@2",
        "plan FP: B-1-3 B-1-3-2; L1@3",
        "key K: B-1-3; L1@4",
        "closing C: B-1-3; D1@1",
        "client C: B-1-3; C1@1",
    ]
    assert rests(managed(), without(B, "B-1-3-1", "B-1-3-2"), "survey", "plan") == ["survey PH: B-1-3; L1@2", "plan FP: B-1-3; L1@3"]


@clause("B-1-3-3")
def test_a_part_that_nobody_earned_rests_on_what_was_done_for_it_in_vain() -> None:
    surveys = (Survey("PH", 3, 1, 1, evidence=("L1@2",)), Survey("PH", 4, 1, 1, 1, ("L1@5",)))
    facts = managed(surveys=surveys, plans=(FloorPlan("FP", True, False, ("L1@3",)),), keys=())
    assert rests(facts, B, "survey", "plan", "key") == [
        "survey R: B-1-3 B-1-3-1 B-1-3-3; L1@2 L1@5",
        "plan R: B-1-3 B-1-3-2 B-1-3-3; L1@3",
        "key R: B-1-3 B-1-3-3; ",
    ]


@clause("B-1-3-4", "B-1-3-8")
def test_what_moves_because_someone_has_left_rests_on_their_leaving() -> None:
    assert rests(left(managed(), "PH"), B, "survey") == ["survey C: B-1-3 B-1-3-1 B-1-3-4; L1@2 PH@9"]
    assert rests(left(managed(), "R"), B, "listing") == ["listing C: B-1-3 B-1-3-8; L1@8 L1@1 R@9"]


@clause("B-1-3-7")
def test_what_moves_because_of_a_leave_rests_on_it_and_on_the_maintainers_last_follow_up() -> None:
    leave = Leave("R", date(2024, 3, 11), date(2024, 3, 16), "MT", ("R@5",))
    kept_up = tuple(FollowUp("MT", at(f"2024-03-{day} 09:00"), "G4", (f"L1@{day}",)) for day in (12, 13))
    facts = replace(managed(follow_ups=kept_up), leaves=(leave,))
    assert rests(facts, B, "listing") == ["listing MT: B-1-3 B-1-3-7; L1@8 L1@1 R@5 L1@13"]
    assert rests(replace(managed(), leaves=(leave,)), B, "listing") == ["listing C: B-1-3 B-1-3-7; L1@8 L1@1 R@5"]


@clause("B-1-3-5")
def test_what_moves_because_the_agent_was_idle_rests_on_their_last_follow_up() -> None:
    follow_ups = tuple(FollowUp(by, at(f"2024-02-{day} 09:00"), "G1", (f"L1@{day}",)) for by, day in (("R", 20), ("R", 21), ("H", 22)))
    assert rests(managed(follow_ups=follow_ups), B, "listing") == ["listing C: B-1-3 B-1-3-5; L1@8 L1@1 L1@21"]
    assert rests(managed(follow_ups=()), B, "listing") == ["listing C: B-1-3 B-1-3-5; L1@8 L1@1"]


@clause("B-1-3-6")
def test_what_moves_because_a_fact_was_untrue_rests_on_the_refutation() -> None:
    facts = managed(core_refuted=True)
    assert rests(facts, B, "listing", "survey") == [
        "listing C: B-1-3 B-1-3-6; L1@8 L1@1 L1@10",
        "survey C: B-1-3 B-1-3-1 B-1-3-6; L1@2 L1@10",
    ]
    assert rests(replace(facts, kind="rental"), B, "listing", "survey") == [
        "listing R: B-1-3 B-1-3-6; L1@8 L1@1 L1@10",
        "listing C: B-1-3 B-1-3-6; L1@8 L1@1 L1@10",
        "survey PH: B-1-3 B-1-3-1; L1@2",
    ]


@clause("B-1-4-1", "B-1-4-2")
def test_a_deal_that_earns_nothing_rests_on_the_report_and_on_the_late_entry() -> None:
    assert rests(replace(managed(), listing=None), B) == ["company company: B-1-4-1; D1@1"]
    assert rests(managed(entered="late"), B) == ["company company: B-1-4-1 B-1-4-2; D1@1 L1@8 L1@1"]
    assert rests(managed(entered="late"), without(B, "B-1-4-1")) == ["company company: B-1-4-2; D1@1 L1@8 L1@1"]


@clause("A-1.N3", "B-1-3-3")
def test_of_who_has_no_store_and_of_an_account_the_credit_is_told_by_what_they_are() -> None:
    nowhere = Standing(None, None)
    facts = allocated(holder="team:G3", moves=(replace(LAPSED, to="team:G3"),))
    credits = {line.role: line.credit for line in split(replace(facts, people={**facts.people, "C": nowhere}), A).lines}
    assert credits == {"listing_recorder": "S1", "listing_holder": "S3", "closing": "company", "client": "S2"}
