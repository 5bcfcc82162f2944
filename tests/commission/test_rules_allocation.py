"""The allocation regulation's splits: every clause, on both sides."""

from collections.abc import Sequence
from datetime import date

import pytest
from msgspec.structs import replace

from services.commission.rules import (
    Exclusive,
    Facts,
    Finding,
    Key,
    Move,
    Signature,
    Viewing,
    private_dealing_found,
    split,
)
from shared.regulation import Violation
from tests.commission.closings import (
    CLAIMED,
    CLOSED,
    EXCLUSIVE,
    KEY,
    LAPSED,
    REACHED,
    A,
    a_rental,
    a_sale,
    at,
    left,
    of,
    reading,
    roles,
    with_client,
    with_listing,
    without,
)

clause = pytest.mark.clause

PLAIN = ["listing R 30 900000 S1", "closing C 60 1800000 S2", "client E 10 300000 S2"]


def keyed(facts: Facts, *keys: Key) -> Facts:
    return with_listing(facts, keys=keys or (KEY,))


def exclusive(facts: Facts, *exclusives: Exclusive) -> Facts:
    return with_listing(facts, exclusives=exclusives or (EXCLUSIVE,))


def moved(facts: Facts, holder: str, *moves: Move) -> Facts:
    return with_listing(facts, holder=holder, moves=moves)


def cited(facts: Facts, role: str) -> tuple[str, ...]:
    return next(line.clauses for line in split(facts, A).lines if line.role == role)


# The tables


@clause("A-1.1")
def test_a_rental_is_split_thirty_sixty_ten() -> None:
    assert of(a_rental(), A) == PLAIN
    assert cited(a_rental(), "listing") == ("A-1.1",)


@clause("A-1.2.1")
def test_a_sale_without_an_exclusive_is_split_thirty_sixty_ten() -> None:
    assert of(a_sale(), A) == PLAIN
    assert cited(a_sale(), "closing") == ("A-1.2.1",)


@clause("A-1.2.2", "A-1.N5")
def test_a_sale_under_a_declared_exclusive_gives_its_signer_forty() -> None:
    facts = exclusive(a_sale())
    assert of(facts, A) == ["listing R 10 300000 S1", "exclusive X 40 1200000 S1", "closing C 40 1200000 S2", "client E 10 300000 S2"]
    assert cited(facts, "exclusive") == ("A-1.2.2", "A-1.N5")
    assert split(facts, A).notes == ()


@clause("A-1.2.2")
def test_an_exclusive_counts_to_the_end_of_its_last_day_and_no_longer() -> None:
    last_day = exclusive(a_sale(), replace(EXCLUSIVE, until=CLOSED.date()))
    assert roles(last_day, A)[1] == "exclusive X 40"
    midnight = exclusive(a_sale(closed_at=at("2024-03-15 00:00")), replace(EXCLUSIVE, until=date(2024, 3, 14)))
    assert of(midnight, A) == PLAIN
    assert split(midnight, A).notes == ()


@clause("A-1.2.2", "A-1.N5")
def test_of_two_exclusives_the_later_signed_that_is_valid_and_declared_counts() -> None:
    ended = Exclusive("H", until=date(2024, 3, 1), declared_by="L1@7", evidence=("L1@6",))
    silent = Exclusive("H", until=date(2025, 3, 1), evidence=("L1@6",))
    later = Exclusive("H", until=date(2025, 3, 1), declared_by="L1@7", evidence=("L1@6",))
    assert roles(exclusive(a_sale(), EXCLUSIVE, ended), A)[1] == "exclusive X 40"
    assert roles(exclusive(a_sale(), EXCLUSIVE, silent), A)[1] == "exclusive X 40"
    assert roles(exclusive(a_sale(), EXCLUSIVE, later), A)[1] == "exclusive H 40"


@clause("A-1.2.2")
def test_an_exclusive_on_a_rental_changes_nothing_and_is_noted() -> None:
    facts = exclusive(a_rental())
    assert of(facts, A) == PLAIN
    assert split(facts, A).notes == ("exclusive_on_rental",)


@clause("A-1.N5", "A-1.2.2")
def test_an_exclusive_that_no_follow_up_declared_does_not_count() -> None:
    facts = exclusive(a_sale(), replace(EXCLUSIVE, declared_by=None))
    assert of(facts, A) == PLAIN
    assert split(facts, A).notes == ("undeclared_exclusive",)
    assert roles(facts, without(A, "A-1.N5"))[1] == "exclusive X 40"


# The key


@clause("A-1.N1", "A-1.N5")
def test_the_key_holder_gets_ten_points_from_each_side() -> None:
    facts = keyed(a_sale())
    assert of(facts, A) == ["listing R 20 600000 S1", "key K 20 600000 S3", "closing C 50 1500000 S2", "client E 10 300000 S2"]
    line = split(facts, A).lines[1]
    assert (line.clauses, line.evidence) == (("A-1.N1", "A-1.N5"), ("L1@2", "L1@3"))
    assert cited(facts, "listing") == ("A-1.2.1", "A-1.N1")


@clause("A-1.N1")
def test_a_key_counts_on_a_rental_too() -> None:
    assert roles(keyed(a_rental()), A) == ["listing R 20", "key K 20", "closing C 50", "client E 10"]


@clause("A-1.N1", "A-1.2.2")
def test_under_an_exclusive_the_key_leaves_the_listing_side_its_line_at_nought() -> None:
    facts = exclusive(keyed(a_sale()))
    assert of(facts, A) == [
        "listing R 0 0 S1",
        "exclusive X 40 1200000 S1",
        "key K 20 600000 S3",
        "closing C 30 900000 S2",
        "client E 10 300000 S2",
    ]


@clause("A-1.N1")
def test_the_key_holder_is_who_took_one_last_among_those_who_hold_one() -> None:
    assert roles(keyed(a_sale(), Key("X", "L1@3"), Key("K", "L1@3")), A)[1] == "key K 20"
    assert roles(keyed(a_sale(), Key("K", "L1@3"), Key("X", "L1@3")), A)[1] == "key X 20"


@clause("A-1.N5", "A-1.N1")
def test_a_key_that_no_follow_up_declared_has_no_share() -> None:
    facts = keyed(a_sale(), Key("K"))
    assert of(facts, A) == PLAIN
    assert split(facts, A).notes == ("undeclared_key",)
    assert roles(facts, without(A, "A-1.N5"))[1] == "key K 20"
    assert split(facts, without(A, "A-1.N1")).notes == ()


@clause("A-1.N5", "A-1.N1")
def test_a_declared_key_counts_although_a_later_one_was_never_declared() -> None:
    facts = keyed(a_sale(), KEY, Key("X"))
    assert roles(facts, A)[1] == "key K 20"
    assert split(facts, A).notes == ("undeclared_key",)


# A divided listing side


@clause("A-2.7", "A-2.12")
def test_of_a_listing_that_lapsed_and_was_claimed_the_recorder_keeps_ten() -> None:
    facts = moved(a_sale(), "H", LAPSED, CLAIMED)
    assert of(facts, A) == [
        "listing_recorder R 10 300000 S1",
        "listing_holder H 20 600000 S1",
        "closing C 60 1800000 S2",
        "client E 10 300000 S2",
    ]
    assert cited(facts, "listing_holder") == ("A-1.2.1", "A-2.7", "A-2.12")


@clause("A-2.17", "A-2.7")
def test_of_a_listing_that_closes_on_the_teams_account_the_team_has_the_rest() -> None:
    facts = moved(a_sale(), "team:G1", LAPSED)
    assert roles(facts, A)[:2] == ["listing_recorder R 10", "listing_holder team:G1 20"]
    assert split(facts, A).lines[1].credit == "S1"
    assert cited(facts, "listing_recorder") == ("A-1.2.1", "A-2.17", "A-2.7")


@clause("A-2.7")
def test_of_a_listing_that_passed_to_the_companys_account_the_company_has_the_rest() -> None:
    facts = moved(a_sale(), "company", LAPSED, Move("company", at("2024-03-13 00:00"), "A-2.15"))
    assert of(facts, A)[:2] == ["listing_recorder R 10 300000 S1", "listing_holder company 20 600000 company"]


@clause("A-2.16")
def test_who_reached_an_unreachable_owner_and_showed_has_the_rest() -> None:
    facts = moved(a_sale(), "H", REACHED)
    assert roles(facts, A)[:2] == ["listing_recorder R 10", "listing_holder H 20"]
    assert cited(facts, "listing_holder") == ("A-1.2.1", "A-2.16")


@clause("A-2.7")
def test_a_recorder_who_claimed_it_back_has_both_lines() -> None:
    facts = moved(a_sale(), "R", LAPSED, Move("R", at("2024-03-13 15:00"), "A-2.12"))
    assert roles(facts, A)[:2] == ["listing_recorder R 10", "listing_holder R 20"]


@clause("A-2.7")
def test_a_recorder_who_got_it_back_by_reassignment_has_one_line_unless_it_lapsed_between() -> None:
    there, back = Move("H", at("2024-03-05 09:00")), Move("R", at("2024-03-13 09:00"))
    assert roles(moved(a_sale(), "R", there, back), A)[0] == "listing R 30"
    assert roles(moved(a_sale(), "R", there, LAPSED, back), A)[:2] == ["listing_recorder R 10", "listing_holder R 20"]


@clause("A-2.7")
def test_a_listing_reassigned_to_another_is_divided_between_them() -> None:
    assert roles(moved(a_sale(), "H", Move("H", at("2024-03-05 09:00"))), A)[:2] == ["listing_recorder R 10", "listing_holder H 20"]


@clause("A-2.7", "A-1.N1")
def test_with_a_key_the_recorders_ten_stand_and_the_holders_part_shrinks() -> None:
    assert roles(keyed(moved(a_sale(), "H", LAPSED, CLAIMED)), A)[:3] == ["listing_recorder R 10", "listing_holder H 10", "key K 20"]


@clause("A-2.7", "A-1.2.2", "A-1.N1")
def test_under_an_exclusive_the_recorder_has_all_of_the_side_and_the_holder_a_line_at_nought() -> None:
    divided = exclusive(moved(a_sale(), "H", LAPSED, CLAIMED))
    assert roles(divided, A)[:3] == ["listing_recorder R 10", "listing_holder H 0", "exclusive X 40"]
    assert roles(keyed(divided), A)[:2] == ["listing_recorder R 0", "listing_holder H 0"]


# Correctness


@clause("A-2.6")
@pytest.mark.parametrize("facts", [a_sale(listing=None), with_listing(a_sale(), correct=False), with_listing(a_sale(), entered="late")])
def test_the_listing_side_of_no_listing_an_incorrect_one_or_a_late_one_is_the_companys(facts: Facts) -> None:
    assert of(facts, A) == ["listing company 30 900000 company", *PLAIN[1:]]
    assert cited(facts, "listing") == ("A-1.2.1", "A-2.6")
    assert split(facts, A).violations == ()


@clause("A-2.6")
def test_a_divided_listing_that_is_not_correct_has_one_line_for_the_company() -> None:
    facts = with_listing(moved(a_sale(), "H", LAPSED, CLAIMED), correct=False)
    assert roles(facts, A) == ["listing company 30", "closing C 60", "client E 10"]


@clause("A-2.6", "A-1.2.2", "A-1.N1")
def test_the_other_sides_of_an_incorrect_listing_stand() -> None:
    facts = with_listing(exclusive(keyed(a_sale())), correct=False)
    assert roles(facts, A) == ["listing company 0", "exclusive X 40", "key K 20", "closing C 30", "client E 10"]


def test_a_late_listing_that_was_signed_off_is_split_as_if_entered_in_time() -> None:
    assert of(with_listing(a_sale(), entered="late_signed_off"), A) == PLAIN


# Closing and client


@clause("A-2.5")
def test_the_client_side_is_the_first_recorders_across_duplicates() -> None:
    facts = with_client(a_sale(closers=("C2",)), client="C9", recorder="C2", first="C1", first_recorder="E", first_evidence=("C1@1",))
    assert roles(facts, A)[-1] == "client E 10"
    assert split(facts, A).lines[-1].evidence == ("C1@1",)
    assert roles(facts, without(A, "A-2.5"))[-1] == "client C2 10"


@clause("A-2.4")
def test_several_closers_have_equal_parts_each_for_their_own_store() -> None:
    facts = a_sale(closers=("C", "C2"), viewings=(Viewing("C", CLOSED, ("C1@2",)), Viewing("C2", CLOSED, ("C1@3",))))
    assert of(facts, A)[1:3] == ["closing C 30 900000 S2", "closing C2 30 900000 S3"]
    assert [line.evidence for line in split(facts, A).lines[1:3]] == [("D1@1", "C1@2"), ("D1@1", "C1@3")]
    assert cited(facts, "closing") == ("A-1.2.1", "A-2.4")


def test_three_closers_have_twenty_points_each_in_the_order_named() -> None:
    assert roles(a_sale(closers=("C3", "C", "C2")), A)[1:4] == ["closing C3 20", "closing C 20", "closing C2 20"]


@clause("A-1.N2")
def test_a_newcomers_part_is_halved_with_the_senior_named_first() -> None:
    facts = with_client(a_sale(closers=("N",)), senior="M", senior_evidence=("C1@2",))
    assert of(facts, A)[1:3] == ["closing M 30 900000 S2", "closing N 30 900000 S2"]
    assert split(facts, A).lines[1].evidence == ("D1@1", "C1@2", "N@1")
    assert roles(facts, A)[-1] == "client E 10"


def test_a_closer_who_is_no_newcomer_or_for_whom_no_senior_is_named_keeps_the_whole() -> None:
    assert roles(with_client(a_sale(), senior="M"), A)[1] == "closing C 60"
    assert roles(a_sale(closers=("N",)), A)[1] == "closing N 60"
    assert roles(with_client(a_sale(closers=("N",)), senior="N"), A)[1] == "closing N 60"


@clause("A-1.N2")
def test_a_closer_who_is_anothers_senior_has_both_lines() -> None:
    facts = with_client(a_sale(closers=("M", "N")), senior="M")
    assert roles(facts, A)[1:4] == ["closing M 30", "closing M 15", "closing N 15"]


@clause("A-1.N2", "A-1.N1")
def test_with_a_key_what_is_left_of_the_part_is_halved() -> None:
    assert roles(keyed(with_client(a_sale(closers=("N",)), senior="M")), A)[2:4] == ["closing M 25", "closing N 25"]


# Who has left


@clause("A-1.N3")
def test_the_company_gets_what_a_recorder_who_has_left_would_have_got() -> None:
    facts = left(a_sale(), "R")
    assert of(facts, A) == ["listing company 30 900000 company", *PLAIN[1:]]
    line = split(facts, A).lines[0]
    assert (line.clauses, line.evidence, line.by_analogy) == (("A-1.2.1", "A-1.N3"), ("L1@1", "R@9"), False)
    assert split(facts, A).notes == ()


@clause("A-1.N3", "A-2.7")
def test_a_departed_recorders_ten_are_the_companys_and_the_rest_is_the_holders() -> None:
    facts = left(moved(a_sale(), "H", Move("H", at("2024-03-08 09:00"))), "R")
    assert roles(facts, A)[:2] == ["listing_recorder company 10", "listing_holder H 20"]
    assert split(facts, A).notes == ()


@clause("A-1.N3")
@pytest.mark.parametrize(
    ("facts", "gone", "line", "analogy"),
    [
        pytest.param(moved(a_sale(), "H", LAPSED, CLAIMED), "H", "listing_holder company 20", True, marks=clause("A-2.7")),
        pytest.param(exclusive(a_sale()), "X", "exclusive company 40", True, marks=clause("A-1.2.2")),
        pytest.param(keyed(a_sale()), "K", "key company 20", True, marks=clause("A-1.N1")),
        (a_sale(), "C", "closing company 60", True),
        (a_sale(), "E", "client company 10", False),
    ],
)
def test_whoever_has_left_gets_nothing_by_analogy_unless_a_recorder(facts: Facts, gone: str, line: str, analogy: bool) -> None:
    assert line in roles(left(facts, gone), A)
    result = split(left(facts, gone), A)
    assert [each.by_analogy for each in result.lines if each.to == "company"] == [analogy]
    assert result.notes == (("by_analogy",) if analogy else ())
    assert roles(left(facts, gone), without(A, "A-1.N3")) == roles(facts, A)


@clause("A-1.N3", "A-1.N2")
def test_a_senior_who_has_left_leaves_the_newcomer_only_their_half() -> None:
    assert roles(left(with_client(a_sale(closers=("N",)), senior="M"), "M"), A)[1:3] == ["closing company 30", "closing N 30"]


# What is forfeit


@clause("A-R1")
def test_the_lines_of_who_dealt_privately_go_to_the_company_and_the_others_stand() -> None:
    facts = with_client(a_sale(findings=(Finding("C", ("D1@3",)),)), recorder="C", first_recorder="C")
    assert roles(facts, A) == ["listing R 30", "closing company 60", "client company 10"]
    assert cited(facts, "closing") == ("A-1.2.1", "A-R1")
    assert split(facts, A).lines[1].evidence == ("D1@1", "D1@3")


def test_a_finding_against_who_has_no_line_changes_nothing() -> None:
    assert of(a_sale(findings=(Finding("H"),)), A) == PLAIN


@clause("A-R1")
def test_a_finding_proposes_dismissal() -> None:
    assert private_dealing_found(A, "C", ("D1@3",)) == Violation("private_dealing", "A-R1", "C", dismissal=True, evidence=("D1@3",))
    assert private_dealing_found(without(A, "A-R1"), "C") is None


# Base, notes, credit


@clause("A-1.N6")
def test_the_base_is_the_agency_fee_information_fees_and_bank_rebates() -> None:
    fees = {"agency": 2_800_000, "information": 50_000, "bank_rebate": 150_000, "loan_service": 70_000, "other": 9}
    result = split(a_sale(fees_fen=fees), A)
    assert (result.base_fen, result.notes) == (3_000_000, ("bank_rebate",))
    assert split(a_sale(fees_fen=fees), without(A, "A-1.N6")).base_fen == 2_800_000


@clause("A-1.N1")
def test_the_fen_left_over_goes_to_the_largest_remainder() -> None:
    facts = keyed(a_sale(closers=("C", "C2"), fees_fen={"agency": 1_234_567}))
    assert [line.amount_fen for line in split(facts, A).lines] == [246_913, 246_913, 308_642, 308_642, 123_457]


@clause("M-2")
@pytest.mark.parametrize(
    ("status", "noted"), [("none", ()), ("authorised", ()), ("ratified", ()), ("unauthorised", ("unauthorised_signature",))]
)
def test_a_contract_signed_without_a_mandate_is_noted_until_it_is_ratified(status: str, noted: Sequence[str]) -> None:
    result = split(a_sale(signature=Signature(status)), A)  # type: ignore[arg-type]
    assert result.notes == tuple(noted)
    assert result.is_blocked == bool(noted)


def test_who_has_no_store_and_a_team_nobody_knows_count_for_the_company() -> None:
    assert of(moved(a_sale(closers=("GM",)), "team:G9", LAPSED), A)[1:3] == [
        "listing_holder team:G9 20 600000 company",
        "closing GM 60 1800000 company",
    ]


# Readings


@clause("A-1.N1")
@pytest.mark.parametrize(
    ("chosen", "lines"),
    [
        ("ten_from_each_side", ["listing R 20", "key K 20", "closing C 50"]),
        ("ten_in_all", ["listing R 25", "key K 10", "closing C 55"]),
        ("tenth_of_each_side", ["listing R 27", "key K 9", "closing C 54"]),
    ],
)
def test_reading_r_key(chosen: str, lines: list[str]) -> None:
    assert roles(keyed(a_sale()), reading(A, "R-key", chosen))[:3] == lines


@clause("A-1.N2")
def test_reading_r_halves_thirty_percent_loses_points_to_the_company() -> None:
    facts = with_client(a_sale(closers=("N",)), senior="M")
    assert roles(facts, reading(A, "R-halves", "thirty_percent_each")) == [
        "listing R 30",
        "closing M 18",
        "closing N 18",
        "client E 10",
        "company company 24",
    ]


@clause("A-2.7")
def test_reading_r_remainder() -> None:
    facts = moved(a_sale(closers=("C", "C2")), "H", LAPSED, CLAIMED)
    assert roles(facts, reading(A, "R-remainder", "closers"))[:3] == [
        "listing_recorder R 10",
        "listing_holder C 10",
        "listing_holder C2 10",
    ]
    assert of(facts, reading(A, "R-remainder", "company"))[1] == "listing_holder company 20 600000 company"


@clause("A-1.N3", "A-2.7")
def test_reading_r_departed() -> None:
    facts = left(moved(a_sale(), "H", Move("H", at("2024-03-08 09:00"))), "R")
    chosen = reading(A, "R-departed", "company_all")
    assert roles(facts, chosen)[:2] == ["listing_recorder company 10", "listing_holder company 20"]
    assert roles(moved(a_sale(), "H", CLAIMED), chosen)[1] == "listing_holder H 20"


@clause("A-1.N1", "A-2.7")
def test_reading_r_key_lapsed() -> None:
    facts = keyed(moved(a_sale(), "H", LAPSED, CLAIMED))
    assert roles(facts, reading(A, "R-key-lapsed", "pro_rata"))[:2] == ["listing_recorder R 20/3", "listing_holder H 40/3"]


@clause("A-1.N5", "A-1.2.2", "A-1.N1")
def test_reading_r_undeclared_key() -> None:
    chosen = reading(A, "R-undeclared-key", "only_exclusives")
    facts = keyed(a_sale(), Key("K"))
    assert roles(facts, chosen)[1] == "key K 20"
    assert split(facts, chosen).notes == ()
    assert split(exclusive(a_sale(), replace(EXCLUSIVE, declared_by=None)), chosen).notes == ("undeclared_exclusive",)


@clause("A-2.4")
def test_reading_r_coshowing() -> None:
    chosen = reading(A, "R-coshowing", "exactly_two")
    assert roles(a_sale(closers=("C", "C2")), chosen)[1:3] == ["closing C 30", "closing C2 30"]
    assert roles(a_sale(closers=("C", "C2", "C3")), chosen) == ["listing R 30", "closing company 60", "client E 10"]


@clause("A-R1")
def test_reading_r_private_dealing() -> None:
    chosen = reading(A, "R-private-dealing", "whole_deal")
    assert roles(a_sale(findings=(Finding("C"),)), chosen) == ["listing company 30", "closing company 60", "client company 10"]
    assert of(a_sale(), chosen) == PLAIN
