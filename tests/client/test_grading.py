"""Scores, places and grades, and how long a grade holds (G-1, G-2, G-3)."""

import re
from datetime import datetime
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.client.events.grading import Place
from services.client.rules import grading as rules
from services.client.rules.grading import Drop, Graded
from shared.calendar import SMALLEST
from shared.regulation import SHIPPED, Pack, load
from tests.client.buyer import at
from tests.packs import A
from tests.refusing import refused

clause = pytest.mark.clause

PAGE: Final = Path(__file__).parents[2] / "docs" / "regulation" / "client-grading.md"
INDICATORS = rules.indicators_of(A)
GRADES = rules.grades_of(A)
FULL = {each.name: each.full for each in INDICATORS}
NOTHING = dict.fromkeys(FULL, 0)


def stating(clause: str, **parameters: Any) -> Pack:
    """Pack A with a clause that binds, in the company's own numbers."""
    return load({**A.document, "clauses": [*A.document["clauses"], {"clause": clause, **parameters}]})


def marks(*of: int) -> dict[str, dict[str, int]]:
    """Clients c1, c2, ... with so many years, worth ten points at five."""
    return {f"c{number}": {**NOTHING, "years": years} for number, years in enumerate(of, start=1)}


def ranked(*scores: int) -> list[Place]:
    """As many clients, with these scores out of a hundred."""
    alone = rules.indicators_of(stating("G-2", indicators={"mark": {"weight": 100, "full": 100}}))
    return rules.rank(alone, GRADES, {f"c{number}": {"mark": score} for number, score in enumerate(scores, start=1)})


def letters(*scores: int) -> str:
    return "".join(place.grade for place in ranked(*scores))


# Scores


@clause("G-2")
def test_a_score_goes_from_nought_to_a_hundred_and_weights_sum_to_it() -> None:
    assert sum(each.weight for each in INDICATORS) == 100
    assert rules.score(INDICATORS, NOTHING) == 0
    assert rules.score(INDICATORS, FULL) == 100


@clause("G-2")
def test_a_figure_counts_in_proportion_up_to_its_full_and_no_further() -> None:
    below, full, beyond = ({**NOTHING, "referrals": number} for number in (2, 3, 4))
    assert rules.score(INDICATORS, below) == 10
    assert rules.score(INDICATORS, full) == rules.score(INDICATORS, beyond) == 15


@clause("G-2")
def test_scores_are_exact_so_that_three_thirds_are_one() -> None:
    thirds = rules.indicators_of(stating("G-2", indicators={"a": {"weight": 50, "full": 3}, "b": {"weight": 50, "full": 7}}))
    assert rules.score(thirds, {"a": 1, "b": 0}) == Fraction(50, 3)
    assert rules.score(thirds, {"a": 1, "b": 1}) == Fraction(500, 21)
    assert rules.rank(thirds, GRADES, {"c1": {"a": 1, "b": 1}})[0].score == "500/21"


@clause("G-2")
@pytest.mark.parametrize(
    ("parameters", "place", "reason"),
    [
        ({"percent": {"A": 21}}, "percent", "sums to 101, not 100"),
        ({"percent": {"E": 20}}, "percent", "E is not one of A, B, C, D"),
        ({"indicators": {"deals": {"weight": 99, "full": 1}}}, "indicators", "the weights sum to 99, not 100"),
        ({"indicators": {"deals": {"weight": 100}}}, "indicators", "deals has a weight and full"),
        ({"indicators": {"deals": {"weight": 100, "full": 0}}}, "indicators", "deals is between 1 and 1000000000000, not 0"),
        ({"indicators": {"Deals made": {"weight": 100, "full": 1}}}, "indicators", None),
        ({"indicators": {f"i{n}": {"weight": 5, "full": 1} for n in range(21)}}, "indicators", "are at most 20, not 21"),
        ({"indicators": {}}, "indicators", "is a mapping from indicators to weight and full"),
    ],
)
def test_a_company_states_its_own_and_what_makes_no_sense_is_refused(parameters: dict[str, Any], place: str, reason: str | None) -> None:
    where = f"clauses[{len(A.document['clauses'])}].{place}"
    with refused("pack_invalid", "G-2", place=where, **({"reason": reason} if reason else {})):
        stating("G-2", **parameters)


@clause("G-2", "G-3")
def test_the_page_of_the_regulation_shows_how_a_pack_states_its_own() -> None:
    written = re.findall(r"^    (.*)$", PAGE.read_text(encoding="utf-8"), flags=re.M)
    own = load("\n".join([(SHIPPED / "A.yaml").read_text(encoding="utf-8").rstrip(), *(f"  {line}" for line in written)]))
    assert [(each.name, each.weight, each.full) for each in rules.indicators_of(own)] == [("deals", 60, 3), ("payment", 40, 100)]
    assert [(each.percent, each.fee_discount_percent) for each in rules.grades_of(own)] == [(10, 8), (30, 3), (50, 0), (10, -5)]


@clause("G-2")
def test_twenty_indicators_are_as_many_as_there_may_be() -> None:
    own = stating("G-2", indicators={f"i{n}": {"weight": 5, "full": 1} for n in range(20)})
    assert len(rules.indicators_of(own)) == 20


@clause("G-2")
def test_figures_are_one_for_each_indicator_and_none_besides() -> None:
    lacking = {name: 0 for name in FULL if name != "deals"}
    assert rules.fits(INDICATORS, NOTHING)
    assert not rules.fits(INDICATORS, lacking)
    assert not rules.fits(INDICATORS, {**NOTHING, "height": 0})


# Places


@clause("G-2")
def test_of_ten_two_are_a_three_b_four_c_and_one_d() -> None:
    assert letters(100, 90, 80, 70, 60, 50, 40, 30, 20, 10) == "AABBBCCCCD"


@clause("G-2")
def test_a_border_that_cuts_a_place_leaves_it_to_the_better_grade() -> None:
    assert rules.last_places(GRADES, 1) == [1, 1, 1, 1]
    assert rules.last_places(GRADES, 5) == [1, 3, 5, 5]
    assert rules.last_places(GRADES, 7) == [2, 4, 7, 7]
    assert rules.last_places(GRADES, 11) == [3, 6, 10, 11]
    assert letters(3, 2, 1) == "ABC"


@clause("G-2")
def test_who_ties_at_the_border_of_a_has_a_and_the_next_has_not() -> None:
    assert letters(100, 90, 90, 90, 60, 50, 40, 30, 20, 10) == "AAAABCCCCD"
    assert letters(100, 90, 80, 80, 60, 50, 40, 30, 20, 10) == "AABBBCCCCD"


@clause("G-2")
def test_a_tie_takes_places_from_the_grade_below_and_gives_none_back() -> None:
    assert letters(100, 100, 100, 100, 100, 100, 40, 30, 20, 10) == "AAAAAACCCD"
    assert letters(*[50] * 10) == "A" * 10


@clause("G-2")
def test_the_last_places_tie_into_c() -> None:
    assert letters(100, 90, 80, 70, 60, 50, 40, 30, 10, 10) == "AABBBCCCCC"


@clause("G-2")
def test_a_place_says_its_score_its_rank_the_border_and_the_tie() -> None:
    first, second, third, fourth, *_ = ranked(100, 90, 90, 80, 60, 50, 40, 30, 20, 10)
    assert (first.rank, first.tied, first.last, first.raised) == (1, 1, 2, False)
    assert (second.rank, second.tied, second.last, second.raised) == (2, 2, 2, True)
    assert (third.client, third.rank, third.grade, third.raised) == ("c3", 2, "A", True)
    assert (fourth.rank, fourth.grade, fourth.last, fourth.figures) == (4, "B", 5, {"mark": 80})


@clause("G-2")
def test_a_company_that_halves_its_grades_has_no_others() -> None:
    halves = rules.grades_of(stating("G-2", percent={"A": 50, "B": 50, "C": 0, "D": 0}))
    assert "".join(place.grade for place in rules.rank(INDICATORS, halves, marks(5, 4, 3, 2))) == "AABB"


SCORES = st.lists(st.integers(0, 12), min_size=1, max_size=30)


@st.composite
def percents(draw: st.DrawFn) -> dict[str, int]:
    first, second, third = sorted(draw(st.lists(st.integers(0, 100), min_size=3, max_size=3)))
    return {"A": first, "B": second - first, "C": third - second, "D": 100 - third}


@clause("G-2")
@given(SCORES)
def test_whatever_the_scores_equal_ones_share_a_grade_and_better_ones_have_no_worse(scores: list[int]) -> None:
    places = ranked(*scores)
    assert [Fraction(place.score) for place in places] == sorted((Fraction(place.score) for place in places), reverse=True)
    steps = ["ABCD".index(place.grade) for place in places]
    assert steps == sorted(steps)
    by_score: dict[str, set[tuple[str, int, int]]] = {}
    for place in places:
        by_score.setdefault(place.score, set()).add((place.grade, place.rank, place.tied))
    assert all(len(shared) == 1 for shared in by_score.values())


@clause("G-2")
@given(SCORES, percents())
def test_whatever_the_shares_each_has_the_grade_of_the_best_place_it_ties_for(scores: list[int], percent: dict[str, int]) -> None:
    """Told again from the clause: a place is A while fewer than 20 of a hundred stand before it, and so on."""
    grades = rules.grades_of(stating("G-2", percent=percent))
    figures = {f"c{number}": {**NOTHING, "years": min(score, 5)} for number, score in enumerate(scores)}
    for place in rules.rank(INDICATORS, grades, figures):
        before = sum(min(score, 5) > figures[place.client]["years"] for score in scores)
        shares, expected = 0, ""
        for name, share in percent.items():
            shares += share
            if Fraction(before, len(scores)) < Fraction(shares, 100):
                expected = name
                break
        assert place.grade == expected
        assert place.rank == before + 1


@clause("G-2")
@given(SCORES.filter(lambda scores: len(set(scores)) == len(scores)))
def test_without_ties_no_grade_has_more_than_its_share_rounded_up(scores: list[int]) -> None:
    counted = [0, 0, 0, 0]
    for place in ranked(*scores):
        counted["ABCD".index(place.grade)] += 1
        assert not place.raised
        assert place.tied == 1
    for step, share in enumerate((20, 50, 90, 100)):
        held = sum(counted[: step + 1])
        assert 0 <= held - Fraction(share * len(scores), 100) < 1


# What a grade carries


@clause("G-3")
def test_grades_carry_their_terms_the_better_first() -> None:
    terms = [(each.grade, each.fee_discount_percent, each.payment_days, each.prepaid, each.priority) for each in GRADES]
    assert terms == [("A", 5, 90, False, 1), ("B", 3, 30, False, 2), ("C", 0, 0, False, 3), ("D", -5, 0, True, 4)]
    own = rules.grades_of(stating("G-3", fee_discount_percent={"A": 10}, payment_days={"B": 45}))
    assert [(each.fee_discount_percent, each.payment_days) for each in own] == [(10, 90), (3, 45), (0, 0), (-5, 0)]


@clause("G-3")
def test_a_fee_is_compared_with_what_the_company_says_is_customary_and_with_nothing_if_it_does_not() -> None:
    own = stating("G-3", customary_fee_percent={"sale": "3/2"})
    assert rules.customary_fee(own, "sale", 200_000_000) == 3_000_000
    assert rules.customary_fee(own, "sale", 199) == 2, "of a fen that is not whole nothing is asked"
    assert rules.customary_fee(own, "rental", 500_000) is None
    assert rules.customary_fee(own, "sale", None) is None
    assert rules.customary_fee(A, "sale", 200_000_000) is None
    assert rules.customary_fee(stating("G-3", customary_fee_percent={"rental": 100}), "rental", 500_000) == 500_000
    with refused("pack_invalid", "G-3", reason="sale is between 0 and 100, not 101"):
        stating("G-3", customary_fee_percent={"sale": 101})


@clause("G-3")
@pytest.mark.parametrize(("grade", "least"), [(0, 2_850_001), (1, 2_910_001), (2, 3_000_001), (3, 3_150_002)])
def test_the_least_fee_is_the_customary_one_less_the_discount_of_the_grade_and_more_for_the_last(grade: int, least: int) -> None:
    assert rules.least_fee(3_000_001, GRADES[grade].fee_discount_percent) == least
    assert (least - 1) * 100 < 3_000_001 * (100 - GRADES[grade].fee_discount_percent) <= least * 100


@clause("G-3")
def test_a_fee_is_due_within_the_days_of_the_grade_or_beforehand() -> None:
    closed = at("2024-03-08 16:00")
    due = [rules.pay_until(terms, closed, "civil_code") for terms in GRADES]
    assert due == [at("2024-06-07 00:00"), at("2024-04-08 00:00"), at("2024-03-09 00:00"), closed]
    assert rules.pay_until(GRADES[1], closed, "elapsed") == at("2024-04-07 16:00") + SMALLEST


# How long a grade holds

NEW_YEAR, MARCH, MAY, NEXT = (at(day) for day in ("2024-01-02 10:00", "2024-03-01 00:00", "2024-05-20 15:00", "2025-02-01 00:00"))


def graded(grading: str = "grd_1", step: int | None = 0, since: datetime = NEW_YEAR, until: datetime | None = None) -> Graded:
    return Graded(grading, since, step, until)


def told(gradings: list[Graded], *drops: Drop) -> list[tuple[str, int, datetime, datetime | None]]:
    return [(each.grading, each.step, each.since, each.until) for each in rules.course(gradings, drops, 4)]


@clause("G-1")
def test_before_the_first_grading_there_is_none_and_it_holds_until_the_next() -> None:
    assert told([]) == []
    assert told([graded()]) == [("grd_1", 0, NEW_YEAR, None)]
    assert told([graded(), graded("grd_2", 2, NEXT)]) == [("grd_1", 0, NEW_YEAR, NEXT), ("grd_2", 2, NEXT, None)]


@clause("G-1")
def test_who_is_not_in_the_next_grading_has_no_grade_from_then() -> None:
    assert told([graded(), graded("grd_2", None, NEXT)]) == [("grd_1", 0, NEW_YEAR, NEXT)]


@clause("G-1")
def test_a_grading_that_is_withdrawn_gives_way_to_the_one_before() -> None:
    assert told([graded(), graded("grd_2", 2, MARCH, MAY)]) == [
        ("grd_1", 0, NEW_YEAR, MARCH), ("grd_2", 2, MARCH, MAY), ("grd_1", 0, MAY, None),
    ]  # fmt: skip
    assert told([graded(until=MARCH)]) == [("grd_1", 0, NEW_YEAR, MARCH)]


@clause("G-3")
def test_a_drop_costs_one_grade_at_once_and_the_lowest_stays_what_it_is() -> None:
    assert told([graded()], Drop("2024-Q1", MARCH, 2)) == [("grd_1", 0, NEW_YEAR, MARCH), ("grd_1", 1, MARCH, None)]
    assert told([graded(step=3)], Drop("2024-Q1", MARCH, 2)) == [("grd_1", 3, NEW_YEAR, MARCH), ("grd_1", 3, MARCH, None)]


@clause("G-3")
def test_each_quarter_that_drops_costs_another_and_the_next_grading_forgets_them() -> None:
    drops = (Drop("2024-Q1", MARCH, 2), Drop("2024-Q2", MAY, 2))
    assert told([graded(), graded("grd_2", 0, NEXT)], *drops) == [
        ("grd_1", 0, NEW_YEAR, MARCH), ("grd_1", 1, MARCH, MAY), ("grd_1", 2, MAY, NEXT), ("grd_2", 0, NEXT, None),
    ]  # fmt: skip


@clause("G-3")
def test_a_drop_at_the_very_instant_of_a_grading_comes_after_it_and_one_before_does_not_count() -> None:
    just_before = at("2024-01-02 09:59:59.999999")
    assert told([graded()], Drop("2024-Q1", NEW_YEAR, 2)) == [("grd_1", 1, NEW_YEAR, None)]
    assert told([graded()], Drop("2024-Q1", just_before, 2)) == [("grd_1", 0, NEW_YEAR, None)]


@clause("G-3")
def test_what_is_given_back_is_given_back_from_then_on() -> None:
    assert told([graded()], Drop("2024-Q1", MARCH, 2, MAY)) == [
        ("grd_1", 0, NEW_YEAR, MARCH), ("grd_1", 1, MARCH, MAY), ("grd_1", 0, MAY, None),
    ]  # fmt: skip


@clause("G-3")
def test_a_stretch_names_the_quarters_that_it_was_lowered_for() -> None:
    stretches = rules.course([graded()], [Drop("2024-Q1", MARCH, 2), Drop("2024-Q2", MAY, 2)], 4)
    assert [each.lost for each in stretches] == [(), ("2024-Q1",), ("2024-Q1", "2024-Q2")]


# Quarters and years


@clause("G-3", "G-4")
def test_a_quarter_is_three_months_of_shanghai_days() -> None:
    assert rules.quarter_of(at("2024-03-31 23:59:59.999999")) == "2024-Q1"
    assert rules.quarter_of(at("2024-04-01 00:00:00")) == "2024-Q2"
    assert rules.quarter_of(datetime.fromisoformat("2024-03-31T16:00:00+00:00")) == "2024-Q2"
    assert rules.quarter_of(at("2024-12-31 23:59:59")) == "2024-Q4"
    assert [rules.quarter_ends(f"2024-Q{number}").isoformat()[:10] for number in (1, 2, 3, 4)] == [
        "2024-04-01", "2024-07-01", "2024-10-01", "2025-01-01",
    ]  # fmt: skip


@clause("G-1")
def test_a_years_figures_are_there_from_the_first_second_of_the_next() -> None:
    assert not rules.year_is_over(2023, at("2023-12-31 23:59:59.999999"))
    assert rules.year_is_over(2023, at("2024-01-01 00:00:00"))


@clause("G-3")
def test_a_payment_is_late_from_the_first_second_after_its_day() -> None:
    due = at("2024-03-10 00:00").date()
    assert not rules.is_late(due, None, at("2024-03-10 23:59:59.999999"))
    assert rules.is_late(due, None, at("2024-03-11 00:00:00"))
    assert not rules.is_late(due, due, at("2024-04-01 10:00"))
    assert rules.is_late(due, at("2024-03-11 00:00").date(), at("2024-04-01 10:00"))
    assert not rules.is_late(due, at("2024-03-12 00:00").date(), at("2024-03-10 12:00"))
