"""Shanghai days, terms and their ends; and the only reader of the clock.

An end that a function here returns is one of two kinds, and its docstring says which: the *first instant too late*
(what `stands_until` in events means: at that very instant the term is over, and an act recorded then comes after
the lapse), or the *last instant in time*.
"""

from datetime import UTC, date, datetime, time, timedelta
from typing import Final, Literal, TypeAlias
from zoneinfo import ZoneInfo

SHANGHAI: Final = ZoneInfo("Asia/Shanghai")
SMALLEST: Final = timedelta(microseconds=1)
"""The least by which two recorded instants can differ."""

DayReading: TypeAlias = Literal["civil_code", "elapsed"]
"""R-days: how a term in days is counted."""


def now() -> datetime:
    """The wall clock, the one place where it is read. Rules never call this: the time comes to them as an argument."""
    return datetime.now(UTC)


def day_of(at: datetime) -> date:
    """The Shanghai day that an instant falls on. Midnight belongs to the day that begins."""
    assert at.tzinfo is not None, "an instant has a time zone"
    return at.astimezone(SHANGHAI).date()


def start_of_day(day: date) -> datetime:
    """0:00 of a Shanghai day."""
    return datetime.combine(day, time(), SHANGHAI)


def end_of_day(day: date) -> datetime:
    """24:00 of a Shanghai day, which is 0:00 of the next: the first instant too late for anything that runs `until` this day."""
    return start_of_day(day + timedelta(days=1))


def term_end(start: datetime, days: int, reading: str = "civil_code") -> datetime:
    """The end of a term in days: the first instant too late (R-days).

    `civil_code`: the day of the act is not counted and the term ends at 24:00 of its last day, so 7 days from 1 March
    10:00 end at 9 March 0:00. `elapsed`: N times 24 hours from the act; as with every term in hours the end instant
    itself is still in time, so this returns the smallest instant after it.
    """
    assert days >= 0, "a term has no negative length"
    if reading == "elapsed":
        return start + timedelta(days=days) + SMALLEST
    return end_of_day(day_of(start) + timedelta(days=days))


def hours_end(start: datetime, hours: int) -> datetime:
    """The end of a term in hours: the last instant in time. One hour from 9:30:00 ends at 10:30:00, and an act then is in time."""
    assert hours >= 0, "a term has no negative length"
    return start + timedelta(hours=hours)


def days_before(closing: datetime, days: int, reading: str = "civil_code") -> datetime:
    """The first instant of the days before a closing (B-1-3-5); it is inside them.

    The day of closing is not counted as a day, so 15 days before 21 March 16:00 begin at 6 March 0:00; acts on the
    day of closing up to the closing itself lie inside as well. `elapsed`: N times 24 hours back.
    """
    assert days >= 0, "a term has no negative length"
    if reading == "elapsed":
        return closing - timedelta(days=days)
    return start_of_day(day_of(closing) - timedelta(days=days))


def days_inclusive(first: date, last: date) -> int:
    """How many days a leave has, first and last both counted. 11 to 16 March are six."""
    assert first <= last, "a leave ends no earlier than it begins"
    return (last - first).days + 1


def is_within_days(at: datetime, first: date, last: date) -> bool:
    """Whether an instant lies in a span of whole days: from 0:00 of the first, included, to 24:00 of the last, not included."""
    return start_of_day(first) <= at < end_of_day(last)
