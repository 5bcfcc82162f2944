"""What is left out is not compared; what is named is compared whole: lines in order, violations as a set."""

from __future__ import annotations

from fractions import Fraction

from deploy.cases.comparing import compare
from deploy.cases.outcome import Outcome
from deploy.cases.reading import Expected, Record

LISTING: Record = {"role": "listing", "to": "R", "points": Fraction(30), "amount": 900000, "credit": "S1"}
CLOSING: Record = {"role": "closing", "to": "C", "points": Fraction(20, 3), "amount": 200000, "credit": "S2"}
LATE: Record = {"clause": "A-2.1", "kind": "late_entry", "person": "R"}
FINED: Record = {"clause": "A-2.13", "kind": "agent_phone_as_owner", "person": "R", "fine": 5000}


def of_deal(wanted: Record, came: Record) -> tuple[str, ...]:
    return compare(Expected(deals={"D1": wanted}), Outcome(deals={"D1": came}))


def of_violations(wanted: tuple[Record, ...], came: tuple[Record, ...]) -> tuple[str, ...]:
    return compare(Expected(violations=wanted), Outcome(violations=came))


def test_what_the_expectation_leaves_out_is_not_compared() -> None:
    assert compare(Expected(), Outcome(deals={"D1": {"base": 1}}, violations=(LATE,))) == ()
    assert of_deal({"base": 3}, {"base": 3, "state": "settled", "lines": (LISTING,)}) == ()


def test_null_says_that_something_is_not_there() -> None:
    assert compare(Expected(clients={"C1": {"duplicate_of": None}}), Outcome(clients={"C1": {"holder": "R"}})) == ()
    assert compare(Expected(clients={"C1": {"duplicate_of": None}}), Outcome(clients={"C1": {"duplicate_of": "C0"}})) == (
        "clients.C1.duplicate_of: expected null, came C0",
    )
    assert of_violations(({**LATE, "fine": None},), (LATE,)) == ()
    assert of_violations(({**LATE, "fine": None},), ({**LATE, "fine": 500},)) != ()


def test_a_deal_that_was_never_made_differs() -> None:
    assert compare(Expected(deals={"D1": {}}), Outcome()) == ("deals.D1: expected, but it was never made",)


def test_lines_are_compared_in_order() -> None:
    assert of_deal({"lines": (LISTING, CLOSING)}, {"lines": (LISTING, CLOSING)}) == ()
    assert of_deal({"lines": ({"role": "closing"}, {"role": "listing"})}, {"lines": (LISTING, CLOSING)}) == (
        "deals.D1.lines[0].role: expected closing, came listing",
        "deals.D1.lines[1].role: expected listing, came closing",
    )


def test_a_line_is_compared_in_the_keys_that_it_names() -> None:
    assert of_deal({"lines": ({"to": "R"}, {"points": Fraction(20, 3)})}, {"lines": (LISTING, CLOSING)}) == ()


def test_one_line_more_or_less_differs() -> None:
    assert of_deal({"lines": (LISTING,)}, {"lines": (LISTING, CLOSING)}) == (
        "deals.D1.lines[1]: expected nothing, came {role: closing, to: C, points: 20/3, amount: 200000, credit: S2}",
    )
    assert of_deal({"lines": (LISTING, CLOSING)}, {"lines": (LISTING,)})[0].endswith("came nothing")
    assert of_deal({"lines": ()}, {"lines": (LISTING,)}) != ()


def test_points_are_compared_exactly() -> None:
    assert of_deal({"lines": ({"points": Fraction(667, 100)},)}, {"lines": (CLOSING,)}) == (
        "deals.D1.lines[0].points: expected 667/100, came 20/3",
    )


def test_who_has_nothing_need_not_stand_in_the_net() -> None:
    assert of_deal({"net": {"R": 1, "C": 0}}, {"net": {"R": 1}}) == ()
    assert of_deal({"net": {}}, {"net": {}}) == ()
    assert of_deal({"net": {"R": 1}}, {"net": {"R": 1, "C": 2}}) == ("deals.D1.net.C: expected 0, came 2",)
    assert of_deal({"net": {"R": 1}}, {}) == ("deals.D1.net.R: expected 1, came 0",)


def test_notes_are_compared_whole() -> None:
    assert of_deal({"notes": ("b", "a")}, {"notes": ("a", "b")}) == ()
    assert of_deal({"notes": ()}, {"notes": ("bank_rebate",)}) == ("deals.D1.notes: expected [], came [bank_rebate]",)


def test_violations_are_a_set_compared_in_the_keys_they_name() -> None:
    assert of_violations((), ()) == ()
    assert of_violations(({"person": "R"}, FINED), (FINED, LATE)) == ()
    assert of_violations((FINED, {"person": "R"}), (FINED, LATE)) == ()
    assert of_violations((LATE, LATE), (LATE,)) == ("violations: expected {clause: A-2.1, kind: late_entry, person: R}, came nothing",)
    assert of_violations((), (LATE,)) == ("violations: expected nothing, came {clause: A-2.1, kind: late_entry, person: R}",)


def test_a_violation_without_dismissal_proposes_none() -> None:
    assert of_violations(({**LATE, "dismissal": False},), (LATE,)) == ()
    assert of_violations(({**LATE, "dismissal": True},), (LATE,)) != ()


def test_what_is_missing_differs_from_what_is_false() -> None:
    wanted = Expected(listings={"L1": {"concealed": False, "holder": "R"}})
    assert compare(wanted, Outcome(listings={"L1": {"holder": "R"}})) == ("listings.L1.concealed: expected false, came nothing",)
