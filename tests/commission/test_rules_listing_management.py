"""Listing management's splits: every clause, on both sides."""

from datetime import date, datetime

import pytest
from msgspec.structs import replace

from services.commission.rules import (
    Facts,
    Finding,
    FloorPlan,
    FollowUp,
    Leave,
    Survey,
    Viewing,
    private_dealing_found,
    split,
)
from shared.regulation import Violation
from tests.commission.closings import (
    EXCLUSIVE,
    LAPSED,
    B,
    a_sale,
    at,
    left,
    of,
    reading,
    roles,
    table,
    under_b,
    with_client,
    with_listing,
    without,
)

clause = pytest.mark.clause

WHOLE = [
    "listing R 10 300000 S1",
    "survey PH 5 150000 S3",
    "plan FP 5 150000 S3",
    "key K 10 300000 S3",
    "closing C 60 1800000 S2",
    "client C 10 300000 S2",
]
REST = WHOLE[1:]
COMPANYS = ["company company 100 3000000 company"]


def rental(facts: Facts) -> Facts:
    return replace(facts, kind="rental")


def cited(facts: Facts, role: str) -> tuple[str, ...]:
    return next(line.clauses for line in split(facts, B).lines if line.role == role)


def followed_up(facts: Facts, *moments: str, by: str = "R", team: str = "G1") -> Facts:
    """The same, with these follow-ups alone."""
    return with_listing(facts, follow_ups=tuple(FollowUp(by, at(moment), team, (f"L1@{n}",)) for n, moment in enumerate(moments, 20)))


def idle(facts: Facts) -> Facts:
    return followed_up(facts)


def on_leave(facts: Facts, first: str, last: str, maintainer: str | None = "MT") -> Facts:
    return replace(facts, leaves=(Leave("R", date.fromisoformat(first), date.fromisoformat(last), maintainer, ("R@5",)),))


# Base and table


@clause("B-1-1")
def test_the_base_is_the_agency_fee_alone() -> None:
    fees = {"agency": 2_800_000, "loan_service": 200_000, "information": 1, "bank_rebate": 2, "other": 3}
    result = split(under_b(fees_fen=fees), B)
    assert (result.base_fen, result.notes) == (2_800_000, ("bank_rebate",))
    assert split(under_b(fees_fen=fees), without(B, "B-1-1")).base_fen == 3_000_006


@clause("B-1-3")
def test_all_parts_earned_are_split_by_the_table() -> None:
    assert of(under_b(), B) == WHOLE
    assert of(rental(under_b()), B) == WHOLE
    assert split(under_b(), B).notes == ()


@clause("B-1-3")
def test_the_listing_agent_is_the_holder_at_closing() -> None:
    facts = with_listing(under_b(), holder="H", follow_ups=(FollowUp("H", at("2024-03-10 09:00")),))
    assert of(facts, B) == ["listing H 10 300000 S1", *REST]


@clause("B-1-3")
def test_an_exclusive_changes_nothing_and_a_key_needs_no_declaring() -> None:
    facts = with_listing(under_b(), exclusives=(EXCLUSIVE,))
    assert of(facts, B) == WHOLE
    assert split(rental(facts), B).notes == ()


# What counts as a survey and a plan


@pytest.mark.parametrize(
    ("photos", "counts"),
    [
        ((4, 1, 1, 0), True),
        ((9, 3, 2, 0), True),
        pytest.param((3, 1, 1, 0), False, marks=clause("B-1-3-1", "B-1-3-3")),
        pytest.param((4, 0, 1, 0), False, marks=clause("B-1-3-1", "B-1-3-3")),
        pytest.param((4, 1, 0, 0), False, marks=clause("B-1-3-1", "B-1-3-3")),
        pytest.param((4, 1, 1, 1), False, marks=clause("B-1-3-1", "B-1-3-3")),
    ],
)
def test_a_survey_counts_with_enough_photos_and_no_watermark(photos: tuple[int, int, int, int], counts: bool) -> None:
    facts = with_listing(under_b(), surveys=(Survey("PH", *photos, evidence=("L1@2",)),))
    assert of(facts, B)[1] == ("survey PH 5 150000 S3" if counts else "survey R 5 150000 S2")


@pytest.mark.parametrize(
    ("door", "compass"),
    [
        (True, True),
        *(pytest.param(*marked, marks=clause("B-1-3-2", "B-1-3-3")) for marked in ((True, False), (False, True), (False, False))),
    ],
)
def test_a_plan_counts_with_the_door_and_the_compass_marked(door: bool, compass: bool) -> None:
    facts = with_listing(under_b(), plans=(FloorPlan("FP", door, compass, evidence=("L1@3",)),))
    assert of(facts, B)[2] == ("plan FP 5 150000 S3" if door and compass else "plan R 5 150000 S2")


@clause("B-1-3-1")
def test_the_first_survey_that_counts_counts() -> None:
    poor, good, late = Survey("FP", 3, 1, 1), Survey("PH", 4, 1, 1), Survey("K", 9, 9, 9)
    assert roles(with_listing(under_b(), surveys=(poor, good, late)), B)[1] == "survey PH 5"
    assert roles(with_listing(under_b(), surveys=(poor, good, late)), without(B, "B-1-3-1"))[1] == "survey FP 5"


@clause("B-1-3-2")
def test_the_first_plan_that_counts_counts() -> None:
    plans = (FloorPlan("PH", False, True), FloorPlan("FP", True, True), FloorPlan("K", True, True))
    assert roles(with_listing(under_b(), plans=plans), B)[2] == "plan FP 5"
    assert roles(with_listing(under_b(), plans=plans), without(B, "B-1-3-2"))[2] == "plan PH 5"


# Parts that nobody earned, and workers who left


@clause("B-1-3-3")
def test_parts_that_nobody_earned_are_the_listing_agents_and_count_for_the_closing_store() -> None:
    facts = with_listing(under_b(), surveys=(), plans=(), keys=())
    assert of(facts, B)[:4] == ["listing R 10 300000 S1", "survey R 5 150000 S2", "plan R 5 150000 S2", "key R 10 300000 S2"]
    assert cited(facts, "key") == ("B-1-3", "B-1-3-3")
    assert roles(facts, without(B, "B-1-3-3"))[:4] == ["listing R 10", "survey company 5", "plan company 5", "key company 10"]


@clause("B-1-3-4")
@pytest.mark.parametrize(("gone", "line"), [("PH", "survey C 5 150000 S2"), ("FP", "plan C 5 150000 S2"), ("K", "key C 10 300000 S2")])
def test_the_part_of_a_worker_who_has_left_is_the_closers(gone: str, line: str) -> None:
    assert line in of(left(under_b(), gone), B)
    assert of(left(under_b(), gone), without(B, "B-1-3-4")) == WHOLE


@clause("B-1-3-4")
def test_a_part_for_several_closers_is_shared_equally_and_counts_for_the_store_of_the_first() -> None:
    facts = left(under_b(closers=("C2", "C")), "PH")
    assert of(facts, B)[1:3] == ["survey C2 5/2 75000 S3", "survey C 5/2 75000 S3"]
    assert of(facts, B)[5:7] == ["closing C2 30 900000 S3", "closing C 30 900000 S2"]


@clause("B-1-3-4", "A-1.N2")
def test_parts_that_move_to_closers_are_not_halved_for_newcomers() -> None:
    facts = with_client(left(under_b(closers=("N",)), "PH"), senior="M")
    assert roles(facts, B) == [
        "listing R 10",
        "survey N 5",
        "plan FP 5",
        "key K 10",
        "closing M 30",
        "closing N 30",
        "client C 10",
    ]


# No follow-up before closing


@pytest.mark.parametrize(
    ("closed", "kind", "moment", "kept"),
    [
        ("2024-03-21 16:00", "sale", "2024-03-06 00:00", True),
        pytest.param("2024-03-21 16:00", "sale", "2024-03-05 23:59:59", False, marks=clause("B-1-3-5")),
        ("2024-03-21 16:00", "sale", "2024-03-21 16:00", True),
        ("2024-03-21 16:00", "rental", "2024-03-14 00:00", True),
        pytest.param("2024-03-21 16:00", "rental", "2024-03-13 23:59:59", False, marks=clause("B-1-3-5")),
    ],
)
def test_the_days_before_closing_are_counted_without_the_day_of_closing(closed: str, kind: str, moment: str, kept: bool) -> None:
    facts = followed_up(under_b(closed_at=at(closed), kind=kind), moment)
    assert of(facts, B)[0] == ("listing R 10 300000 S1" if kept else "listing C 10 300000 S2")
    assert of(facts, B)[1:] == REST
    assert of(facts, without(B, "B-1-3-5")) == WHOLE


@clause("B-1-3-5")
def test_reading_r_days_elapsed_counts_hours() -> None:
    facts = followed_up(under_b(closed_at=at("2024-03-21 16:00")), "2024-03-06 15:59:59")
    assert roles(facts, reading(B, "R-days", "elapsed"))[0] == "listing C 10"
    facts = followed_up(under_b(closed_at=at("2024-03-21 16:00")), "2024-03-06 16:00")
    assert roles(facts, reading(B, "R-days", "elapsed"))[0] == "listing R 10"


@clause("B-1-3-5")
def test_others_follow_ups_do_not_count_for_the_listing_agent() -> None:
    assert roles(followed_up(under_b(), "2024-03-13 09:00", by="H"), B)[0] == "listing C 10"


@clause("B-1-3-5", "B-1-3-3", "B-1-3-1")
def test_what_the_idle_listing_agent_took_over_moves_along_and_own_work_stays() -> None:
    taken_over = idle(with_listing(under_b(), surveys=()))
    assert of(taken_over, B)[:2] == ["listing C 10 300000 S2", "survey C 5 150000 S2"]
    assert cited(taken_over, "survey") == ("B-1-3", "B-1-3-1", "B-1-3-3", "B-1-3-5")
    own_work = idle(with_listing(under_b(), surveys=(Survey("R", 4, 1, 1),)))
    assert of(own_work, B)[:2] == ["listing C 10 300000 S2", "survey R 5 150000 S1"]


@clause("B-1-3-5")
def test_of_a_teams_listing_any_members_follow_up_counts() -> None:
    facts = with_listing(under_b(), holder="team:G1")
    assert of(followed_up(facts, "2024-03-10 09:00", by="H", team="G1"), B)[0] == "listing team:G1 10 300000 S1"
    assert of(followed_up(facts, "2024-03-10 09:00", by="K", team="G3"), B)[0] == "listing C 10 300000 S2"


@clause("B-1-3-5")
def test_of_the_companys_listing_anyones_follow_up_counts() -> None:
    facts = with_listing(under_b(), holder="company")
    assert of(followed_up(facts, "2024-03-10 09:00", by="K", team="G3"), B)[0] == "listing company 10 300000 company"
    assert of(idle(facts), B)[0] == "listing C 10 300000 S2"


def test_the_entry_of_a_late_listing_signed_off_counts_as_in_time() -> None:
    assert of(with_listing(idle(under_b()), entered="late_signed_off"), B)[0] == "listing R 10 300000 S1"


# On leave


@pytest.mark.parametrize(
    ("first", "last", "to"),
    [
        ("2024-03-12", "2024-03-14", "R"),  # three days change nothing
        pytest.param("2024-03-12", "2024-03-15", "MT", marks=clause("B-1-3-7")),  # four
        pytest.param("2024-03-11", "2024-03-25", "MT", marks=clause("B-1-3-7")),  # fifteen
        pytest.param("2024-03-11", "2024-03-26", "C", marks=clause("B-1-3-7")),  # sixteen are too many
        ("2024-03-10", "2024-03-13", "R"),  # over at closing
        ("2024-03-15", "2024-03-20", "R"),  # not begun at closing
    ],
)
def test_a_leave_of_four_to_fifteen_days_gives_the_part_to_the_maintainer(first: str, last: str, to: str) -> None:
    facts = on_leave(under_b(), first, last)
    assert facts.listing is not None
    facts = with_listing(facts, follow_ups=(*facts.listing.follow_ups, FollowUp("MT", at("2024-03-13 09:00"), "G4", ("L1@7",))))
    assert of(facts, B)[0] == f"listing {to} 10 300000 {'S2' if to == 'C' else 'S1'}"
    assert of(facts, B)[1:] == REST
    assert of(facts, without(B, "B-1-3-7")) == WHOLE


@pytest.mark.parametrize(
    ("closed", "moment", "kept"),
    [
        pytest.param("2024-03-14 16:00", "2024-03-11 00:00", True, marks=clause("B-1-3-7")),
        pytest.param("2024-03-14 16:00", "2024-03-10 23:59:59", False, marks=clause("B-1-3-7")),
        pytest.param("2024-03-14 16:00", "2024-03-14 16:00", True, marks=clause("B-1-3-7")),
        pytest.param("2024-03-14 16:00", "2024-03-14 16:00:01", False, marks=clause("B-1-3-7")),
        pytest.param("2024-03-16 23:59:59", "2024-03-16 23:59:59", True, marks=clause("B-1-3-7")),
        pytest.param("2024-03-17 00:00", "2024-03-14 12:00", None, marks=clause("B-1-3-5")),
    ],
)
def test_the_maintainer_follows_up_during_the_leave_and_before_closing(closed: str, moment: str, kept: bool | None) -> None:
    facts = followed_up(on_leave(under_b(closed_at=at(closed)), "2024-03-11", "2024-03-16"), moment, by="MT", team="G4")
    line = {True: "listing MT 10 300000 S1", False: "listing C 10 300000 S2", None: "listing C 10 300000 S2"}[kept]
    assert of(facts, B)[0] == line
    assert (("B-1-3-7" in cited(facts, "listing")), "B-1-3-5" in cited(facts, "listing")) == (kept is not None, kept is None)


@clause("B-1-3-7")
def test_a_leave_without_a_maintainer_gives_the_part_to_the_closers_though_the_agent_followed_up() -> None:
    facts = on_leave(under_b(), "2024-03-11", "2024-03-16", None)
    assert of(facts, B)[0] == "listing C 10 300000 S2"
    assert cited(facts, "listing") == ("B-1-3", "B-1-3-7")


@clause("B-1-3-7", "B-1-3-3")
def test_parts_taken_over_follow_the_maintainer_and_still_count_for_the_closing_store() -> None:
    facts = followed_up(on_leave(with_listing(under_b(), plans=()), "2024-03-11", "2024-03-16"), "2024-03-12 09:00", by="MT", team="G4")
    assert of(left(facts, "MT"), B)[:3] == ["listing MT 10 300000 S1", "survey PH 5 150000 S3", "plan MT 5 150000 S2"]


def test_own_work_stays_with_the_agent_on_leave() -> None:
    facts = followed_up(on_leave(with_listing(under_b(), surveys=(Survey("R", 4, 1, 1),)), "2024-03-11", "2024-03-16"))
    assert of(facts, B)[:2] == ["listing C 10 300000 S2", "survey R 5 150000 S1"]


@clause("B-1-3-7")
def test_of_two_leaves_the_one_granted_last_counts_and_a_shorter_one_changes_nothing() -> None:
    facts = followed_up(on_leave(under_b(), "2024-03-11", "2024-03-16"), "2024-03-12 09:00", by="MT", team="G4")
    kept_up = facts.leaves[0]
    short = Leave("R", date(2024, 3, 14), date(2024, 3, 15))
    without_maintainer = Leave("R", date(2024, 3, 14), date(2024, 3, 17))
    assert roles(replace(facts, leaves=(kept_up, short)), B)[0] == "listing MT 10"
    assert roles(replace(facts, leaves=(short, kept_up)), B)[0] == "listing MT 10"
    assert roles(replace(facts, leaves=(kept_up, without_maintainer)), B)[0] == "listing C 10"
    assert roles(replace(facts, leaves=(without_maintainer, kept_up)), B)[0] == "listing MT 10"
    assert roles(replace(under_b(), leaves=(short,)), B)[0] == "listing R 10"


# The listing agent has left


@clause("B-1-3-8", "B-1-3-3")
def test_the_part_of_a_listing_agent_who_has_left_is_the_closers() -> None:
    facts = left(with_listing(under_b(), keys=()), "R")
    assert of(facts, B) == [
        "listing C 10 300000 S2",
        "survey PH 5 150000 S3",
        "plan FP 5 150000 S3",
        "key C 10 300000 S2",
        "closing C 60 1800000 S2",
        "client C 10 300000 S2",
    ]
    assert cited(facts, "listing") == ("B-1-3", "B-1-3-8")
    assert roles(left(under_b(), "R"), without(B, "B-1-3-8"))[0] == "listing R 10"


def test_who_holds_the_listing_since_is_the_listing_agent() -> None:
    facts = with_listing(left(under_b(), "R"), holder="H", follow_ups=(FollowUp("H", at("2024-03-13 09:00")),))
    assert roles(facts, B)[0] == "listing H 10"


@clause("B-1-3-4", "B-1-3-1")
def test_own_work_of_a_listing_agent_who_has_left_moves_by_its_own_clause() -> None:
    facts = left(with_listing(under_b(), surveys=(Survey("R", 4, 1, 1),)), "R")
    assert cited(facts, "survey") == ("B-1-3", "B-1-3-1", "B-1-3-4")


@clause("B-1-3-8", "B-1-3-7", "B-1-3-5")
def test_departure_speaks_before_leave_and_leave_before_idleness() -> None:
    facts = idle(on_leave(under_b(), "2024-03-11", "2024-03-16"))
    assert cited(left(facts, "R"), "listing") == ("B-1-3", "B-1-3-8")
    assert cited(facts, "listing") == ("B-1-3", "B-1-3-7")
    assert cited(idle(under_b()), "listing") == ("B-1-3", "B-1-3-5")


# Inaccurate core information


@clause("B-1-3-6", "B-1-3-2")
@pytest.mark.parametrize("finding", ["core_refuted", "phone_refuted"])
def test_on_a_sale_the_whole_listing_side_is_the_closers(finding: str) -> None:
    facts = with_listing(under_b(), **{finding: True}, refuted_evidence=("L1@9",))
    assert of(facts, B) == [
        "listing C 10 300000 S2",
        "survey C 5 150000 S2",
        "plan C 5 150000 S2",
        "key C 10 300000 S2",
        "closing C 60 1800000 S2",
        "client C 10 300000 S2",
    ]
    assert cited(facts, "plan") == ("B-1-3", "B-1-3-2", "B-1-3-6")
    assert of(facts, without(B, "B-1-3-6")) == WHOLE


@clause("B-1-3-6")
def test_on_a_rental_a_tenth_of_the_agents_part_is_the_closers() -> None:
    facts = rental(with_listing(under_b(), core_refuted=True))
    assert of(facts, B) == ["listing R 9 270000 S1", "listing C 1 30000 S2", *REST]


@clause("B-1-3-6", "B-1-3-3")
def test_on_a_rental_part_by_part_the_agents_nine_tenths_stand_before_the_closers_tenth() -> None:
    facts = rental(with_listing(under_b(closers=("C", "C2")), core_refuted=True, surveys=(), plans=(FloorPlan("R", True, True),)))
    assert of(facts, B)[:9] == [
        "listing R 9 270000 S1",
        "listing C 1/2 15000 S2",
        "listing C2 1/2 15000 S2",
        "survey R 9/2 135000 S2",
        "survey C 1/4 7500 S2",
        "survey C2 1/4 7500 S2",
        "plan R 9/2 135000 S1",
        "plan C 1/4 7500 S2",
        "plan C2 1/4 7500 S2",
    ]


@clause("B-1-3-5")
def test_on_a_rental_parts_that_are_the_closers_already_lose_no_tenth() -> None:
    facts = idle(rental(with_listing(under_b(), core_refuted=True)))
    assert of(facts, B) == ["listing C 10 300000 S2", *REST]
    closer_is_agent = idle(rental(with_listing(under_b(), core_refuted=True, recorder="C", holder="C")))
    assert of(closer_is_agent, B)[:2] == ["listing C 10 300000 S2", "survey PH 5 150000 S3"]


@clause("B-1-3-6", "B-1-3-7")
def test_on_a_rental_the_maintainer_loses_the_tenth_in_the_agents_stead() -> None:
    facts = rental(with_listing(on_leave(under_b(), "2024-03-11", "2024-03-16"), core_refuted=True))
    facts = followed_up(facts, "2024-03-12 09:00", by="MT", team="G4")
    assert of(facts, B)[:2] == ["listing MT 9 270000 S1", "listing C 1 30000 S2"]


@clause("B-1-3-6", "B-1-3-3")
def test_reading_r_inaccurate_sale() -> None:
    facts = with_listing(under_b(), core_refuted=True, surveys=())
    assert roles(facts, reading(B, "R-inaccurate-sale", "agent_part"))[:4] == ["listing C 10", "survey C 5", "plan FP 5", "key K 10"]


@clause("B-1-3-6", "B-1-3-3")
def test_reading_r_inaccurate_rental() -> None:
    facts = rental(with_listing(under_b(), core_refuted=True, surveys=()))
    chosen = reading(B, "R-inaccurate-rental", "of_the_deal")
    assert roles(facts, chosen)[:4] == ["listing R 0", "listing C 10", "survey R 5", "survey C 0"]


# Not in the system, hoarding, private dealing


@clause("B-1-4-1")
def test_a_deal_on_a_listing_not_in_the_system_earns_nothing_for_anyone() -> None:
    result = split(a_sale(listing=None), B)
    assert table(result) == COMPANYS
    assert (result.lines[0].clauses, result.violations) == (("B-1-4-1",), ())
    assert roles(a_sale(listing=None), without(B, "B-1-4-1")) == [
        "listing company 10",
        "survey company 5",
        "plan company 5",
        "key company 10",
        "closing C 60",
        "client E 10",
    ]


@clause("B-1-4-2", "B-1-4-1")
def test_a_listing_entered_after_closing_is_hoarding() -> None:
    facts = with_listing(under_b(closers=("C", "C2")), entered="late", entered_evidence=("D1@2",))
    result = split(facts, B)
    assert table(result) == COMPANYS
    assert result.lines[0].clauses == ("B-1-4-1", "B-1-4-2")
    evidence = ("D1@1", "L1@1", "D1@2")
    assert result.violations == tuple(
        Violation("hoarding", "B-1-4-2", person, fine, evidence=evidence)
        for person, fine in (("C", 10_000), ("C2", 10_000), ("SM2", 20_000), ("AM", 30_000))
    )
    assert split(facts, without(B, "B-1-4-2")).violations == ()
    assert of(facts, without(B, "B-1-4-1")) == COMPANYS


def test_signed_off_it_is_an_ordinary_split() -> None:
    result = split(with_listing(under_b(), entered="late_signed_off"), B)
    assert (table(result), result.violations) == (WHOLE, ())


@clause("B-1-4-3", "A-R1", "B-1-3-1")
def test_private_dealing_cites_this_clause_and_the_lines_go_to_the_company() -> None:
    facts = under_b(findings=(Finding("PH", ("D1@3",)),))
    assert of(facts, B)[1] == "survey company 5 150000 company"
    assert cited(facts, "survey") == ("B-1-3", "B-1-3-1", "B-1-4-3")
    forfeit = Violation("private_dealing", "B-1-4-3", "PH", dismissal=True, forfeits_pay=True, evidence=("D1@3",))
    assert private_dealing_found(B, "PH", ("D1@3",)) == forfeit
    assert roles(facts, without(B, "B-1-4-3"))[1] == "survey company 5"
    assert roles(facts, without(B, "B-1-4-3", "A-R1"))[1] == "survey PH 5"


# What holds of the allocation regulation


@clause("A-1.N3")
def test_only_the_client_side_of_who_has_left_is_the_companys_and_a_departed_closer_keeps_theirs() -> None:
    facts = left(with_client(under_b(), recorder="E", first_recorder="E"), "E", "C")
    assert of(facts, B)[4:] == ["closing C 60 1800000 S2", "client company 10 300000 company"]
    assert split(facts, B).notes == ()


@clause("A-2.5")
def test_several_closers_and_a_first_recorder_are_as_under_the_allocation_regulation() -> None:
    facts = under_b(closers=("C", "C2"), viewings=(Viewing("C2", at("2024-03-13 09:00"), ("C1@2",)),))
    facts = with_client(facts, client="C9", recorder="C2", first_recorder="E")
    assert roles(facts, B)[4:] == ["closing C 30", "closing C2 30", "client E 10"]


def test_nothing_is_divided_between_recorder_and_holder() -> None:
    facts = followed_up(with_listing(under_b(), holder="team:G1", moves=(LAPSED,)), "2024-03-10 09:00", by="H")
    assert of(facts, B) == ["listing team:G1 10 300000 S1", *REST]


def test_an_incorrect_entry_is_no_matter_of_the_company_here() -> None:
    assert of(with_listing(under_b(), correct=False), B) == WHOLE


def test_an_instant_in_another_zone_is_the_same_instant() -> None:
    utc = datetime.fromisoformat("2024-03-21T08:00:00+00:00")
    assert of(followed_up(under_b(closed_at=utc), "2024-03-06 00:00"), B) == WHOLE
