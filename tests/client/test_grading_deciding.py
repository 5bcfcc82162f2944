"""Entering figures, late payments, and a grading from its draft to its confirmation (G-1, G-2, G-3)."""

from collections.abc import Sequence
from datetime import date
from functools import reduce
from typing import Any
from uuid import UUID

import pytest

from services.client.aggregate import grading, rating
from services.client.aggregate.grading import Grading
from services.client.aggregate.rating import Rating
from services.client.events.grading import (
    Confirmed,
    Drafted,
    FiguresEntered,
    GradeDropped,
    GradeRestored,
    LatePaymentRecorded,
    LatePaymentWithdrawn,
    Ranked,
    RatingEvent,
    Withdrawn,
)
from shared.eventlog import Claim, Claimant
from shared.identity import Caller, Post
from shared.regulation import Activation, Pack
from shared.tenure import Ground
from tests.client.buyer import TENANT, at
from tests.client.test_grading import FULL, NOTHING, stating
from tests.packs import A
from tests.refusing import refused

clause = pytest.mark.clause

PEOPLE = {
    "SV": Post("SV", role="service_manager"),
    "FI": Post("FI", role="finance"),
    "GM": Post("GM", role="general_manager"),
    "DIR": Post("DIR", role="director"),
    "SM": Post("SM", "S1", None, "east", "store_manager"),
    "X": Post("X", "S1", "G1", "east"),
    "AUD": Post("AUD", role="auditor"),
}
GRADED_ALREADY = Claimant(UUID(int=7), "psn_1", at("2024-01-05 09:00"))
OTHERS = ("DIR", "SM", "X", "AUD")


def by(name: str) -> Caller:
    return Caller(name, TENANT, PEOPLE[name])


def ground(pack: Pack = A) -> Ground:
    return Ground({}, (Activation(pack, at("2000-01-01 00:00")),))


# Figures


def figures(when: str, *, who: str = "FI", state: Rating | None = None, pack: Pack = A, **given: int) -> list[RatingEvent]:
    told = {**NOTHING, **given}
    return rating.enter_figures(state, by=by(who), client="cli_1", year=2023, figures=told, ground=ground(pack), at=at(when))


@clause("G-1", "G-2")
def test_figures_are_entered_once_their_year_is_over() -> None:
    with refused("year_not_over", "G-1", year=2023):
        figures("2023-12-31 23:59:59")
    assert figures("2024-01-01 00:00", deals=2) == [FiguresEntered("FI", "cli_1", 2023, {**NOTHING, "deals": 2}, at("2024-01-01 00:00"))]


@clause("G-2")
def test_figures_fit_the_companys_indicators_all_of_them_and_no_others() -> None:
    with refused("figures_do_not_fit", "G-2", indicators=list(FULL)):
        figures("2024-01-02 09:00", height=1)
    own = stating("G-2", indicators={"mark": {"weight": 100, "full": 10}})
    with refused("figures_do_not_fit", "G-2", indicators=["mark"]):
        figures("2024-01-02 09:00", pack=own)


@clause("G-2")
def test_figures_entered_again_take_the_place_of_the_earlier_and_the_same_are_silence() -> None:
    first = reduce(rating.evolve, figures("2024-01-02 09:00", deals=1), None)
    assert figures("2024-01-02 10:00", state=first, deals=1) == []
    second = reduce(rating.evolve, figures("2024-01-02 11:00", state=first, deals=2), first)
    assert second is not None
    assert second.figures == {2023: {**NOTHING, "deals": 2}}


@clause("G-2", "G-3")
@pytest.mark.parametrize("who", OTHERS)
def test_only_finance_service_and_the_general_manager_enter_figures_and_late_payments(who: str) -> None:
    with refused("forbidden"):
        figures("2024-01-02 09:00", who=who)
    with refused("forbidden"):
        Payer().late("2024-01-20 09:00", who=who)
    for other in ("FI", "SV", "GM"):
        assert figures("2024-01-02 09:00", who=other)
        assert Payer().late("2024-01-20 09:00", who=other)


# Late payments


class Payer:
    """A client who pays late. Each late payment is due on another day, unless the day is given."""

    def __init__(self, pack: Pack = A) -> None:
        self.pack = pack
        self.state: Rating | None = None

    def take(self, events: Sequence[RatingEvent]) -> list[RatingEvent]:
        self.state = reduce(rating.evolve, events, self.state)
        return list(events)

    def late(self, when: str, *, due: str | None = None, who: str = "FI", deal: str | None = None) -> list[RatingEvent]:
        day = date.fromisoformat(due) if due else date(2023, 1, 1 + (len(self.state.payments) if self.state else 0))
        facts: dict[str, Any] = {"client": "cli_1", "due": day, "paid": None, "deal": deal, "ground": ground(self.pack)}
        facts["deal_is_there"] = deal != "dea_9"
        return self.take(rating.record_late_payment(self.state, by=by(who), at=at(when), **facts))

    def withdraw(self, when: str, number: int, who: str = "SV") -> list[RatingEvent]:
        assert self.state is not None, "something was recorded before"
        return self.take(rating.withdraw_late_payment(self.state, by=by(who), number=number, reason="The bank was late", at=at(when)))

    def dropped(self, when: str) -> bool:
        """Whether this late payment costs a grade."""
        return any(isinstance(event, GradeDropped) for event in self.late(when))


@clause("G-3")
def test_the_second_late_payment_in_a_quarter_costs_a_grade_at_once() -> None:
    payer = Payer()
    assert payer.late("2024-01-01 00:00", due="2023-12-20", deal="dea_1") == [
        LatePaymentRecorded("FI", "cli_1", 1, date(2023, 12, 20), None, "dea_1", "2024-Q1", at("2024-01-01 00:00"))
    ]
    assert payer.late("2024-03-31 23:59:59", due="2024-03-30") == [
        LatePaymentRecorded("FI", "cli_1", 2, date(2024, 3, 30), None, None, "2024-Q1", at("2024-03-31 23:59:59")),
        GradeDropped("cli_1", "2024-Q1", (1, 2), at("2024-03-31 23:59:59")),
    ]


@clause("G-3")
def test_one_in_each_of_two_quarters_costs_nothing() -> None:
    payer = Payer()
    assert not payer.dropped("2024-03-31 23:59:59")
    assert not payer.dropped("2024-04-01 00:00:00")
    assert payer.dropped("2024-06-30 23:59:59")


@clause("G-3")
def test_a_third_and_a_fourth_in_the_quarter_cost_no_more_and_the_next_quarter_counts_anew() -> None:
    payer = Payer()
    assert [payer.dropped(f"2024-02-0{day} 09:00") for day in (1, 2, 3, 4)] == [False, True, False, False]
    assert [payer.dropped(f"2024-04-0{day} 09:00") for day in (1, 2, 3)] == [False, True, False]


@clause("G-3")
def test_a_company_may_bear_three() -> None:
    payer = Payer(stating("G-3", late_payments=3))
    assert [payer.dropped(f"2024-02-0{day} 09:00") for day in (1, 2, 3)] == [False, False, True]


@clause("G-3")
def test_what_is_not_late_is_refused_and_so_is_the_same_payment_again() -> None:
    payer = Payer()
    with refused("payment_not_late", "G-3", due=date(2024, 2, 1)):
        payer.late("2024-02-01 23:59:59", due="2024-02-01")
    payer.late("2024-02-02 00:00", due="2024-02-01", deal="dea_1")
    with refused("late_payment_already_recorded", "G-3", by="FI", first_at=at("2024-02-02 00:00")):
        payer.late("2024-02-03 09:00", due="2024-02-01", deal="dea_1")
    assert payer.late("2024-02-03 09:00", due="2024-02-01", deal="dea_2")
    with refused("unknown_reference", "G-3", field="deal"):
        payer.late("2024-02-03 09:00", due="2024-02-01", deal="dea_9")


@clause("G-3")
def test_one_recorded_by_mistake_is_withdrawn_and_gives_the_grade_back() -> None:
    payer = Payer()
    payer.late("2024-02-01 09:00")
    payer.late("2024-02-02 09:00")
    assert payer.withdraw("2024-02-05 09:00", 1) == [
        LatePaymentWithdrawn("SV", "cli_1", 1, "The bank was late", at("2024-02-05 09:00")),
        GradeRestored("cli_1", "2024-Q1", at("2024-02-05 09:00")),
    ]
    assert payer.withdraw("2024-02-06 09:00", 1) == []
    assert payer.dropped("2024-02-07 09:00")


@clause("G-3")
def test_with_two_left_the_grade_stays_lost() -> None:
    payer = Payer()
    for day in (1, 2, 3):
        payer.late(f"2024-02-0{day} 09:00")
    assert [type(event) for event in payer.withdraw("2024-02-05 09:00", 2)] == [LatePaymentWithdrawn]
    assert [type(event) for event in payer.withdraw("2024-02-05 10:00", 3)] == [LatePaymentWithdrawn, GradeRestored]


@clause("G-3")
def test_withdrawing_the_one_of_another_quarter_gives_nothing_back() -> None:
    payer = Payer()
    for when in ("2024-02-01 09:00", "2024-02-02 09:00", "2024-04-01 09:00"):
        payer.late(when)
    assert [type(event) for event in payer.withdraw("2024-04-05 09:00", 3)] == [LatePaymentWithdrawn]
    with refused("unknown_reference", "G-3", field="number"):
        payer.withdraw("2024-04-05 09:00", 4)


# A grading

TEN = {f"cli_{number}": {**NOTHING, "payment": 10 * number} for number in range(1, 11)}


def drafted(when: str = "2024-01-10 09:00", *, who: str = "SV", year: int = 2024, **facts: Any) -> list[Any]:
    given = {"figures": TEN, "graded": None, "ground": ground(), **facts}
    return list(grading.draft(by=by(who), year=year, at=at(when), **given))


def draft() -> Grading:
    state: Grading | None = None
    for event in drafted():
        state = grading.evolve(state, event)
    assert state is not None
    return state


def confirm(when: str, day: str, *, state: Grading | None = None, who: str = "GM", graded: Claimant | None = None) -> list[Any]:
    return list(grading.confirm(state or draft(), by=by(who), day=date.fromisoformat(day), graded=graded, at=at(when)))


@clause("G-1", "G-2")
def test_a_draft_ranks_everybody_with_figures_of_the_year_before() -> None:
    begun, ranked = drafted()
    assert isinstance(begun, Drafted)
    assert (begun.by, begun.year, begun.of, begun.pack.digest) == ("SV", 2024, 10, A.digest)
    assert [each.grade for each in begun.grades] == ["A", "B", "C", "D"]
    assert isinstance(ranked, Ranked)
    assert [(place.client, place.grade) for place in ranked.places[:3]] == [("cli_10", "A"), ("cli_9", "A"), ("cli_8", "B")]
    assert draft().state == "drafted"


@clause("G-2")
def test_many_are_said_in_entries_of_five_hundred() -> None:
    many = {f"cli_{number}": NOTHING for number in range(1001)}
    begun, *entries = drafted(figures=many)
    assert [len(entry.places) for entry in entries] == [500, 500, 1]
    assert begun.of == 1001


@clause("G-1")
def test_a_year_is_graded_within_it_on_the_year_before() -> None:
    with refused("year_not_over", "G-1", year=2023):
        drafted("2023-12-31 23:59:59")
    assert drafted("2024-01-01 00:00:00")
    assert drafted("2024-12-31 23:59:59")
    with refused("grading_outside_its_year", "G-1", year=2024):
        drafted("2025-01-01 00:00:00")


@clause("G-2")
def test_without_figures_there_is_nothing_to_grade_and_with_old_ones_they_do_not_fit() -> None:
    with refused("nothing_to_grade", "G-2", year=2023):
        drafted(figures={})
    with refused("figures_do_not_fit", "G-2", clients=1):
        drafted(figures={**TEN, "cli_0": {"mark": 1}})


@clause("G-1")
def test_a_year_is_graded_once() -> None:
    first = {"by": "psn_1", "first_at": GRADED_ALREADY.recorded_at}
    with refused("already_graded", "G-1", **first):
        drafted(graded=GRADED_ALREADY)
    with refused("already_graded", "G-1", **first):
        confirm("2024-01-12 09:00", "2024-02-01", graded=GRADED_ALREADY)


@clause("G-1")
def test_a_named_person_confirms_it_from_a_day_on() -> None:
    assert confirm("2024-01-12 09:00", "2024-02-01") == [Confirmed("GM", "general_manager", at("2024-02-01 00:00"), at("2024-01-12 09:00"))]
    assert confirm("2024-01-12 09:00", "2024-01-12") == [Confirmed("GM", "general_manager", at("2024-01-12 09:00"), at("2024-01-12 09:00"))]


@clause("G-1")
@pytest.mark.parametrize(("day", "may"), [("2024-01-11", False), ("2024-01-12", True), ("2024-12-31", True), ("2025-01-01", False)])
def test_it_takes_effect_in_its_year_and_on_no_day_that_is_over(day: str, may: bool) -> None:
    if may:
        assert confirm("2024-01-12 23:59:59", day)
    else:
        with refused("grading_outside_its_year", "G-1", year=2024):
            confirm("2024-01-12 23:59:59", day)


@clause("G-1")
def test_who_drafted_it_does_not_confirm_it_and_only_two_may() -> None:
    with refused("conflict_of_interest"):
        confirm("2024-01-12 09:00", "2024-02-01", who="SV")
    for who in (*OTHERS, "FI"):
        with refused("forbidden"):
            confirm("2024-01-12 09:00", "2024-02-01", who=who)
        with refused("forbidden"):
            drafted(who=who)
        with refused("forbidden"):
            grading.withdraw(draft(), by=by(who), reason="No", at=at("2024-01-12 09:00"))


@clause("G-1")
def test_what_is_withdrawn_cannot_be_confirmed_and_frees_the_year_if_it_was() -> None:
    when = at("2024-01-12 09:00")
    withdrawn = Withdrawn("SV", "Figures were missing", when)
    assert grading.withdraw(draft(), by=by("SV"), reason="Figures were missing", at=when) == [withdrawn]
    ended = grading.evolve(draft(), withdrawn)
    assert grading.withdraw(ended, by=by("GM"), reason="Again", at=when) == []
    with refused("grading_withdrawn", "G-1"):
        confirm("2024-01-13 09:00", "2024-02-01", state=ended)
    (confirmed,) = confirm("2024-01-12 09:00", "2024-02-01")
    assert list(grading.claims_of(draft(), confirmed)) == [Claim("grading", "2024")]
    assert list(grading.claims_of(draft(), withdrawn)) == []
    assert list(grading.claims_of(grading.evolve(draft(), confirmed), withdrawn)) == [Claim("grading", "2024", release=True)]
