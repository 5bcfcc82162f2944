"""Terms and their ends, on both sides of each."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.calendar import (
    SHANGHAI,
    day_of,
    days_before,
    days_inclusive,
    end_of_day,
    hours_end,
    is_within_days,
    now,
    start_of_day,
    term_end,
)

clause = pytest.mark.clause


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


@clause("R-days")
@pytest.mark.parametrize(
    ("start", "days", "end"),
    [
        ("2024-03-01 10:00", 7, "2024-03-09 00:00"),  # an act on 8 March 23:59:59 is in time
        ("2024-03-01 00:00", 7, "2024-03-09 00:00"),  # the day that starts at a midnight is its day of the act
        ("2024-03-01 23:59:59", 10, "2024-03-12 00:00"),
        ("2024-02-25 12:00", 7, "2024-03-04 00:00"),  # a leap year
        ("2023-12-28 12:00", 10, "2024-01-08 00:00"),
        ("2024-03-01 10:00", 0, "2024-03-02 00:00"),
    ],
)
def test_a_term_in_days_ends_at_midnight_after_its_last_day(start: str, days: int, end: str) -> None:
    assert term_end(at(start), days) == at(end)


@clause("R-days")
def test_elapsed_counts_hours_and_its_end_instant_is_in_time() -> None:
    end = term_end(at("2024-03-01 10:00"), 7, "elapsed")
    assert end == at("2024-03-08 10:00") + timedelta(microseconds=1)


def test_the_day_is_shanghais_wherever_the_instant_was_written() -> None:
    assert day_of(datetime(2024, 3, 1, 16, tzinfo=UTC)) == date(2024, 3, 2)
    assert day_of(datetime(2024, 3, 1, 15, 59, 59, tzinfo=UTC)) == date(2024, 3, 1)
    assert term_end(datetime(2024, 3, 1, 16, tzinfo=UTC), 1) == at("2024-03-04 00:00")


def test_a_day_ends_where_the_next_begins() -> None:
    assert end_of_day(date(2024, 2, 29)) == start_of_day(date(2024, 3, 1)) == at("2024-03-01 00:00")


@clause("A-2.1")
def test_a_term_in_hours_runs_from_the_moment() -> None:
    assert hours_end(at("2024-03-01 09:30"), 1) == at("2024-03-01 10:30")


@clause("B-1-3-5")
@pytest.mark.parametrize(
    ("closing", "days", "first"),
    [
        ("2024-03-21 16:00", 15, "2024-03-06 00:00"),
        ("2024-03-21 00:00", 15, "2024-03-06 00:00"),
        ("2024-03-21 23:59:59", 7, "2024-03-14 00:00"),
        ("2024-03-07 09:00", 7, "2024-02-29 00:00"),
    ],
)
def test_the_day_of_closing_is_not_one_of_the_days_before_it(closing: str, days: int, first: str) -> None:
    assert days_before(at(closing), days) == at(first)


@clause("B-1-3-5")
def test_elapsed_days_before_are_hours_before() -> None:
    assert days_before(at("2024-03-21 16:00"), 15, "elapsed") == at("2024-03-06 16:00")


@clause("B-1-3-7")
def test_a_leave_counts_both_its_days_from_midnight_to_midnight() -> None:
    first, last = date(2024, 3, 11), date(2024, 3, 16)
    assert days_inclusive(first, last) == 6
    assert days_inclusive(first, first) == 1
    assert is_within_days(at("2024-03-11 00:00"), first, last)
    assert is_within_days(at("2024-03-16 23:59:59"), first, last)
    assert not is_within_days(at("2024-03-10 23:59:59"), first, last)
    assert not is_within_days(at("2024-03-17 00:00"), first, last)


@given(start=st.integers(0, 10**9).map(lambda seconds: at("2000-01-01 00:00") + timedelta(seconds=seconds)), days=st.integers(0, 400))
def test_a_term_is_longer_than_its_days_in_hours_by_at_most_a_day(start: datetime, days: int) -> None:
    end = term_end(start, days)
    assert timedelta(0) < end - start - timedelta(days=days) <= timedelta(days=1)
    assert end == start_of_day(day_of(end))


def test_a_naive_instant_and_a_negative_term_are_our_fault() -> None:
    with pytest.raises(AssertionError):
        day_of(at("2024-03-01").replace(tzinfo=None))
    with pytest.raises(AssertionError):
        term_end(at("2024-03-01 10:00"), -1)
    with pytest.raises(AssertionError):
        hours_end(at("2024-03-01 10:00"), -1)
    with pytest.raises(AssertionError):
        days_before(at("2024-03-01 10:00"), -1)
    with pytest.raises(AssertionError):
        days_inclusive(date(2024, 3, 2), date(2024, 3, 1))


def test_a_term_of_nothing_ends_at_once_and_of_no_days_with_the_day() -> None:
    assert hours_end(at("2024-03-01 10:00"), 0) == at("2024-03-01 10:00")
    assert term_end(at("2024-03-01 10:00"), 0) == at("2024-03-02 00:00")
    assert days_before(at("2024-03-01 10:00"), 0) == at("2024-03-01 00:00")


def test_the_clock_tells_an_instant_with_a_zone() -> None:
    assert now().tzinfo is not None
