"""Corners that the shipped packs do not reach: clauses in another order, other numbers, tables of another shape.

A company may write its pack so. Most of this was found by changing the code of the split until no test minded (docs/mutation.md).
"""

from datetime import date
from typing import Any, Final

import pytest
from msgspec.structs import replace

from services.commission.rules import (
    Facts,
    Finding,
    FloorPlan,
    FollowUp,
    Leave,
    Listing,
    Move,
    Signature,
    Standing,
    Viewing,
    document_of,
    split,
)
from shared.regulation import Pack, Refused, load
from tests.commission.closings import (
    CLAIMED,
    EXCLUSIVE,
    KEY,
    LAPSED,
    REACHED,
    A,
    B,
    a_rental,
    a_sale,
    at,
    edited,
    left,
    of,
    reading,
    roles,
    setting,
    under_b,
    with_client,
    with_listing,
    without,
)
from tests.packs import ACN

clause = pytest.mark.clause

DIVIDED: Final = with_listing(a_sale(), holder="H", moves=(LAPSED, CLAIMED))


def in_order(pack: Pack, *clauses: str) -> Pack:
    """The pack with these clauses one after another, where the first of them stood; none that this run leaves out."""

    def change(document: dict[str, Any]) -> None:
        by_id = {each["clause"]: each for each in document["clauses"]}
        rest = [each for each in document["clauses"] if each["clause"] not in clauses]
        place = min((index for index, each in enumerate(document["clauses"]) if each["clause"] in clauses), default=0)
        document["clauses"] = [*rest[:place], *(by_id[id] for id in clauses if id in by_id), *rest[place:]]

    return load(edited(pack, change))


def sharing(pack: Pack, table: str, **shares: int) -> Pack:
    return load(setting(pack, table, shares=shares))


def beside(pack: Pack, other: Pack, id: str) -> Pack:
    """The pack with a clause of another's behind its tables."""

    def change(document: dict[str, Any]) -> None:
        last = max(place for place, each in enumerate(document["clauses"]) if "shares" in each)
        document["clauses"][last + 1 : last + 1] = [each for each in other.document["clauses"] if each["clause"] == id]

    return load(edited(pack, change))


def own(*clauses: dict[str, Any], shares: dict[str, Any], beside: list[dict[str, Any]], **readings: str) -> Pack:
    return load({"id": "own", "version": "1", "readings": readings, "clauses": [*clauses, {"clause": "N-9", "shares": shares}, *beside]})


def role(name: str, place: int, *earned_by: str, **parts: Any) -> dict[str, Any]:
    return {"clause": f"N-{place}", "role": name, "title": {"zh": "角色", "en": name}, "earned_by": list(earned_by), **parts}


def clauses_of(facts: Facts, pack: Pack, role: str) -> tuple[str, ...]:
    return next(line.clauses for line in split(facts, pack).lines if line.role == role)


def evidence_of(facts: Facts, pack: Pack, role: str) -> tuple[str, ...]:
    return next(line.evidence for line in split(facts, pack).lines if line.role == role)


# Clauses in another order


@clause("A-1.N1", "A-2.7")
def test_a_key_that_comes_after_the_division_takes_the_holders_points_first() -> None:
    later = in_order(A, "A-2.7", "A-1.N1")
    keyed = with_listing(DIVIDED, keys=(KEY,))
    assert roles(keyed, later) == ["listing_recorder R 10", "listing_holder H 10", "key K 20", "closing C 50", "client E 10"]
    keeps_more = in_order(load(setting(A, "A-2.7", recorder_points=25)), "A-2.7", "A-1.N1")
    assert roles(keyed, keeps_more)[:3] == ["listing_recorder R 20", "listing_holder H 0", "key K 20"]
    in_all = reading(later, "R-key", "ten_in_all")
    assert roles(keyed, in_all)[:3] == ["listing_recorder R 10", "listing_holder H 15", "key K 10"]


@clause("A-1.N1", "A-2.7", "A-1.2.2")
def test_under_an_exclusive_it_takes_the_recorders_where_the_holder_has_none() -> None:
    later = in_order(A, "A-2.7", "A-1.N1")
    keyed = with_listing(DIVIDED, keys=(KEY,), exclusives=(EXCLUSIVE,))
    assert roles(keyed, later)[:4] == ["listing_recorder R 0", "listing_holder H 0", "exclusive X 40", "key K 20"]


@clause("A-1.N1", "A-2.7")
def test_pro_rata_it_takes_of_recorder_and_holder_alike_in_either_order() -> None:
    keyed = with_listing(DIVIDED, keys=(KEY,))
    for pack in (A, in_order(A, "A-2.7", "A-1.N1")):
        assert roles(keyed, reading(pack, "R-key-lapsed", "pro_rata"))[:2] == ["listing_recorder R 20/3", "listing_holder H 40/3"]


@clause("A-2.6", "A-2.7", "A-2.12")
def test_what_was_divided_before_it_was_found_incorrect_is_one_line_again() -> None:
    later = in_order(A, "A-2.7", "A-2.6")
    facts = with_listing(DIVIDED, correct=False)
    assert roles(facts, later) == ["listing company 30", "closing C 60", "client E 10"]
    assert clauses_of(facts, later, "listing") == ("A-1.2.1", "A-2.7", "A-2.12", "A-2.6")
    assert "L1@6" not in evidence_of(facts, later, "listing"), "who claimed it does not matter"


# Other numbers


@clause("A-2.16", "A-2.17")
@pytest.mark.parametrize(
    ("holder", "moves", "gone", "keeps"),
    [
        pytest.param("H", (LAPSED, CLAIMED), (), 10, marks=clause("A-2.7"), id="claimed"),
        pytest.param("team:G1", (LAPSED,), (), 6, id="team"),
        pytest.param("team:G1", (LAPSED,), ("A-2.17",), 10, marks=clause("A-2.7"), id="team-without-clause"),
        pytest.param("H", (LAPSED, REACHED), (), 8, id="reached"),
        pytest.param("H", (LAPSED, REACHED), ("A-2.16",), 10, marks=clause("A-2.7"), id="reached-without-clause"),
        pytest.param(
            "H",
            (REACHED, replace(LAPSED, at=REACHED.at), replace(CLAIMED, to="X")),
            (),
            10,
            marks=clause("A-2.7"),
            id="reached-then-claimed",
        ),
        pytest.param("X", (REACHED, Move("X", REACHED.at)), (), 8, id="reached-then-reassigned"),
    ],
)
def test_each_clause_that_divides_has_its_own_number(holder: str, moves: tuple[Move, ...], gone: tuple[str, ...], keeps: int) -> None:
    pack = load(setting(load(setting(A, "A-2.16", recorder_points=8)), "A-2.17", recorder_points=6))
    facts = with_listing(a_sale(), holder=holder, moves=moves)
    assert roles(facts, without(pack, *gone))[:2] == [f"listing_recorder R {keeps}", f"listing_holder {holder} {30 - keeps}"]


@clause("A-1.N2")
@pytest.mark.parametrize(
    ("percent", "lines"),
    [
        (0, ["closing M 0 0 S2", "closing N 0 0 S2", "client E 10 300000 S2", "company company 60 1800000 company"]),
        (30, ["closing M 18 540000 S2", "closing N 18 540000 S2", "client E 10 300000 S2", "company company 24 720000 company"]),
        (50, ["closing M 30 900000 S2", "closing N 30 900000 S2", "client E 10 300000 S2"]),
    ],
)
def test_what_neither_senior_nor_newcomer_gets_is_the_companys_to_the_last_point(percent: int, lines: list[str]) -> None:
    pack = reading(load(setting(A, "A-1.N2", percent=percent)), "R-halves", "thirty_percent_each")
    assert of(with_client(a_sale(closers=("N",)), senior="M"), pack)[1:] == lines


@clause("A-1.N2")
def test_two_cannot_each_have_more_than_half() -> None:
    with pytest.raises(Refused, match="pack_invalid"):
        load(setting(A, "A-1.N2", percent=51))


@clause("B-1-3-2")
@pytest.mark.parametrize(
    ("door", "compass", "counts"), [(True, False, [True, False]), (False, True, [False, True]), (False, False, [True, True])]
)
def test_a_pack_may_ask_of_a_plan_only_the_door_or_only_the_compass(door: bool, compass: bool, counts: list[bool]) -> None:
    pack = load(setting(B, "B-1-3-2", door=door, compass=compass))
    only = (FloorPlan("FP", True, False), FloorPlan("FP", False, True))
    assert ["plan FP 5" in roles(with_listing(under_b(), plans=(plan,)), pack) for plan in only] == counts


# Tables of another shape


@clause("A-1.N1", "A-2.7")
def test_a_side_without_points_gives_none_to_key_recorder_or_holder() -> None:
    pack = sharing(A, "A-1.2.1", listing=0, closing=90, client=10)
    assert roles(with_listing(a_sale(), keys=(KEY,)), pack) == ["listing R 0", "key K 10", "closing C 80", "client E 10"]
    for chosen in ("recorder_stands", "pro_rata"):
        assert roles(DIVIDED, reading(pack, "R-key-lapsed", chosen))[:2] == ["listing_recorder R 0", "listing_holder H 0"]


@clause("A-2.7", "B-1-3-3")
def test_only_the_listing_part_is_divided_not_what_else_the_holder_took_over() -> None:
    pack = beside(sharing(A, "A-1.2.1", listing=20, survey=10, closing=60, client=10), B, "B-1-3-3")
    assert roles(DIVIDED, pack)[:3] == ["listing_recorder R 10", "listing_holder H 10", "survey H 10"]


@clause("B-1-3")
def test_a_share_of_the_companys_own_is_not_the_listing_agents() -> None:
    pack = sharing(B, "B-1-3", listing=10, survey=5, plan=5, key=10, closing=60, client=5, company=5)
    assert roles(under_b(), pack)[-1] == "company company 5"


@clause("A-2.4")
def test_closers_of_whom_the_company_decides_have_no_part_to_halve() -> None:
    pack = reading(A, "R-coshowing", "exactly_two")
    facts = with_client(a_sale(closers=("N", "C", "C2")), senior="M")
    assert roles(facts, pack) == ["listing R 30", "closing company 60", "client E 10"]
    assert clauses_of(facts, pack, "closing") == ("A-1.2.1", "A-2.4")
    closing = [each for each in A.document["clauses"] if each["clause"] in ("A-2.4", "A-1.N2")]
    ours = own(role("first", 1, "closers"), shares={"first": 100}, beside=closing, **{"R-coshowing": "exactly_two"})
    assert roles(facts, ours) == ["first company 100/3"] * 3
    assert clauses_of(facts, ours, "first") == ("N-9", "N-1", "A-2.4")


@clause("A-2.4")
def test_what_falls_to_closers_was_not_earned_by_showing() -> None:
    showing = [each for each in A.document["clauses"] if each["clause"] == "A-2.4"]
    falls = role("first", 1, "other_closers", but_not=["listing_recorder"], if_nobody="closing")
    facts = a_sale(closers=("C", "R"), viewings=(Viewing("C", at("2024-03-02 10:00"), ("C1@2",)),))
    pack = own(falls, shares={"first": 20, "closing": 80}, beside=showing)
    assert roles(facts, pack) == ["closing C 40", "closing R 40", "first C 10", "first R 10"]
    assert clauses_of(facts, pack, "closing")[-1] == "A-2.4"
    assert "A-2.4" not in clauses_of(facts, pack, "first")


@clause("A-2.6")
def test_of_an_incorrect_entry_the_holder_has_nothing_in_a_departed_recorders_stead() -> None:
    facts = with_listing(a_sale(named={"finance_adviser": "M"}), holder="H", correct=False)
    assert roles(left(facts, "R"), ACN)[:2] == ["recorder company 12", "maintainer company 14"]


# Who gets nothing, and what is told


@clause("A-1.N3", "A-2.7")
def test_where_all_of_a_departed_recorders_listing_is_the_companys_the_other_sides_stand() -> None:
    pack = reading(A, "R-departed", "company_all")
    facts = left(with_listing(a_sale(), holder="H", moves=(Move("H", at("2024-03-08 09:00")),)), "R")
    assert roles(facts, pack) == ["listing_recorder company 10", "listing_holder company 20", "closing C 60", "client E 10"]
    assert clauses_of(facts, pack, "listing_holder") == ("A-1.2.1", "A-2.7", "A-1.N3")


@clause("A-R1", "A-2.6")
def test_what_is_the_companys_already_cannot_be_forfeit() -> None:
    facts = with_listing(a_sale(findings=(Finding("C"),)), correct=False)
    pack = reading(A, "R-private-dealing", "whole_deal")
    assert clauses_of(facts, pack, "listing") == ("A-1.2.1", "A-2.6")
    assert clauses_of(facts, pack, "client") == ("A-1.2.1", "A-R1")


@clause("B-1-3-5")
def test_the_entry_of_a_late_listing_signed_off_is_its_recorders_follow_up_and_nobody_elses() -> None:
    facts = with_listing(under_b(), entered="late_signed_off", follow_ups=())
    assert roles(facts, B)[0] == "listing R 10"
    assert roles(with_listing(facts, holder="H"), B)[0] == "listing C 10"


@clause("B-1-3-5")
@pytest.mark.parametrize("days", [(20,), (19, 20), (18, 19, 20)])
def test_an_idle_agents_latest_follow_up_is_told(days: tuple[int, ...]) -> None:
    follow_ups = tuple(FollowUp("R", at(f"2024-02-{day} 09:00"), "G1", (f"L1@{day}",)) for day in days)
    assert evidence_of(with_listing(under_b(), follow_ups=follow_ups), B, "listing") == ("L1@1", "L1@20")


@pytest.mark.parametrize("source", ["surveyor", "plan_drawer", "key_holder", "exclusive_signer", "listing_recorder", "listing_holder"])
def test_without_a_listing_nobody_earns_what_is_done_on_one(source: str) -> None:
    pack = own(role("first", 1, source), shares={"first": 100}, beside=[])
    assert roles(a_sale(listing=None), pack) == ["first company 100"]


@clause("A-1.1")
def test_a_split_is_written_with_its_points_as_text_in_lowest_terms() -> None:
    lines = document_of(split(a_rental(closers=("C", "C2", "C3")), load(setting(A, "A-1.1", shares={"listing": 30, "closing": 70}))))[
        "lines"
    ]
    assert [line["points"] for line in lines] == ["30", "70/3", "70/3", "70/3"]


@clause("A-1.N3")
def test_a_line_says_that_it_is_by_analogy_only_if_it_is() -> None:
    lines = document_of(split(left(a_sale(), "R", "C"), A))["lines"]
    assert [line.get("by_analogy") for line in lines] == [None, True, None]


@clause("A-1.2.2", "A-1.N5")
@pytest.mark.parametrize("gone", ["A-1.2.2", "A-1.N5"])
def test_an_exclusive_that_need_not_be_declared_or_has_no_table_is_not_noted(gone: str) -> None:
    facts = with_listing(a_sale(), exclusives=(replace(EXCLUSIVE, declared_by=None),))
    assert split(facts, A).notes == ("undeclared_exclusive",)
    assert split(facts, without(A, gone)).notes == ()


@clause("B-1-3-6", "B-1-3-7")
def test_of_an_inaccurate_sale_the_maintainers_part_may_be_all_that_moves() -> None:
    leave = Leave("R", date(2024, 3, 11), date(2024, 3, 16), "MT")
    kept_up = (FollowUp("MT", at("2024-03-12 09:00"), "G4"),)
    facts = with_listing(under_b(leaves=(leave,)), follow_ups=kept_up, core_refuted=True)
    pack = reading(B, "R-inaccurate-sale", "agent_part")
    assert roles(facts, pack) == ["listing C 10", "survey PH 5", "plan FP 5", "key K 10", "closing C 60", "client C 10"]
    assert clauses_of(facts, pack, "listing") == ("B-1-3", "B-1-3-7", "B-1-3-6")


@clause("B-1-4-1")
def test_where_nobody_earns_anything_only_that_clause_is_cited() -> None:
    absent = [each for each in B.document["clauses"] if each["clause"] == "B-1-4-1"]
    for shares in ({"first": 100}, {"company": 10, "first": 90}):
        pack = own(role("first", 1, "closers"), shares=shares, beside=absent)
        assert [(line.role, line.clauses) for line in split(a_sale(listing=None), pack).lines] == [("company", ("B-1-4-1",))]


# Roles of a company's own


NAMED: Final = a_sale(named={"second": "M"})


def shared(*clauses: dict[str, Any], **shares: int) -> Pack:
    return own(*clauses, shares=shares, beside=[])


def test_what_was_earned_as_listing_agent_grows_and_what_is_the_companys_does_not() -> None:
    first = role("first", 1, "named", if_nobody="pro_rata")
    assert roles(a_sale(), shared(first, first=50, listing=50)) == ["listing R 100", "first company 0"]
    pack = shared(first, first=40, listing=40, company=20)
    assert roles(a_sale(), pack) == ["listing R 80", "first company 0", "company company 20"]
    assert clauses_of(a_sale(), pack, "listing") == ("N-9", "N-1")


def test_a_share_of_nothing_that_is_shared_out_changes_nobodys_line() -> None:
    pack = shared(role("first", 1, "named", if_nobody="pro_rata"), first=0, closing=100)
    assert roles(a_sale(), pack) == ["closing C 100", "first company 0"]
    assert clauses_of(a_sale(), pack, "closing") == ("N-9",)


def test_what_the_company_has_of_who_has_left_does_not_grow() -> None:
    third = role("third", 3, "named", if_nobody="pro_rata")
    pack = shared(role("first", 1, "closers"), role("second", 2, "named"), third, first=25, second=50, third=25)
    assert roles(left(NAMED, "M"), pack) == ["first C 50", "second company 50", "third company 0"]


def test_what_falls_to_the_company_rests_on_nothing_that_the_companys_own_share_rests_on() -> None:
    pack = shared(role("first", 1, "named"), first=60, company=40)
    assert evidence_of(a_sale(), pack, "first") == ()
    assert evidence_of(a_sale(), pack, "company") == ("D1@1",)


@pytest.mark.parametrize(
    ("source", "judge", "done"),
    [
        ("key_holder", A, {"keys": (KEY,)}),
        ("exclusive_signer", A, {"exclusives": (EXCLUSIVE,)}),
        ("plan_drawer", B, {"plans": (FloorPlan("FP", True, True, ("L1@3",)),)}),
    ],
)
def test_a_role_earned_by_an_act_cites_what_judges_it_whether_it_was_done_or_not(source: str, judge: Pack, done: dict[str, Any]) -> None:
    judging = [each for each in judge.document["clauses"] if each["clause"] in ("A-1.N5", "B-1-3-2")]
    pack = own(role("first", 1, source), shares={"first": 100}, beside=judging)
    cites = ("N-9", "N-1", *(each["clause"] for each in judging))
    assert clauses_of(a_sale(), pack, "first") == cites
    assert clauses_of(with_listing(a_sale(), **done), pack, "first") == cites


def test_a_declared_key_rests_on_what_declared_it_and_what_falls_to_its_holder_does_too() -> None:
    pack = shared(role("first", 1, "key_holder"), role("second", 2, "named", if_left="first"), first=50, second=50)
    facts = with_listing(left(NAMED, "M"), keys=(KEY,))
    assert evidence_of(facts, pack, "first") == ("L1@2", "L1@3")
    assert evidence_of(facts, pack, "second") == ("D1@1", "M@9", "L1@2", "L1@3")


def test_a_table_may_give_the_holder_a_share_beside_the_recorder() -> None:
    pack = shared(role("first", 1, "named"), first=0, listing_recorder=40, listing_holder=60)
    assert roles(with_listing(a_sale(), holder="H"), pack) == ["listing_recorder R 40", "listing_holder H 60", "first company 0"]


@clause("A-1.N5")
def test_a_table_may_be_for_deals_with_a_key_that_counts() -> None:
    tables = [
        {"clause": "N-8", "when": {"key": True}, "shares": {"key": 10, "closing": 90}},
        {"clause": "N-9", "when": {"key": False}, "shares": {"company": 10, "closing": 90}},
    ]
    declaring = [each for each in A.document["clauses"] if each["clause"] == "A-1.N5"]
    pack = load({"id": "own", "version": "1", "clauses": [*tables, *declaring]})
    assert roles(with_listing(a_sale(), keys=(KEY,)), pack) == ["key K 10", "closing C 90"]
    assert roles(a_sale(), pack) == ["closing C 90", "company company 10"]
    assert roles(with_listing(a_sale(), keys=(replace(KEY, declared_by=None),)), pack) == ["closing C 90", "company company 10"]


def test_what_is_usual_is_left_out_of_documents() -> None:
    assert document_of(Listing("L1", "R", "R", entered="in_time")) == {"listing": "L1", "recorder": "R", "holder": "R"}
    assert document_of(Signature(status="none")) == {}
    assert document_of(Standing("S1", role="agent")) == {"store": "S1"}
