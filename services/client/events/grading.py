"""What is said of grading: figures and late payments of a client, and the yearly grading of them all (G-1 to G-3).

A grade is a person's: of duplicates (A-2.5) only the first record is named. Scores are strings of exact fractions, 0 to 100.
"""

from datetime import date, datetime
from typing import Literal

from msgspec import Struct

Grade = Literal["A", "B", "C", "D"]
"""The best first."""


class Indicator(Struct, frozen=True):
    """What a client is measured by: of its weight in points a figure has its part of `full`, and more than that is not counted."""

    name: str
    weight: int
    full: int


class Terms(Struct, frozen=True):
    """A grade, its percent of the places (G-2), and what it carries (G-3): the fee may be discounted by so many percent at most (below
    nought: that much is added), and is due within so many days, or beforehand. `priority` 1 comes first."""

    grade: Grade
    percent: int
    fee_discount_percent: int
    payment_days: int
    prepaid: bool
    priority: int


class Place(Struct, frozen=True, omit_defaults=True):
    """A client among those graded. `rank` counts who scored more, plus one; `tied` are those with this very score, the client among them.
    `last` is the last place of the grade; `raised`: only because of the tie, for whom they tie with stands at this side of it."""

    client: str
    figures: dict[str, int]
    score: str
    rank: int
    tied: int
    grade: Grade
    last: int
    raised: bool = False


class ByPack(Struct, frozen=True):
    """The pack by which something was worked out."""

    id: str
    version: str
    digest: str


# Of one client


class FiguresEntered(Struct, frozen=True):
    """A year's figures of a client, by indicator, over those entered before (G-2)."""

    by: str
    client: str
    year: int
    figures: dict[str, int]
    at: datetime


class LatePaymentRecorded(Struct, frozen=True):
    """A payment was not made by 24:00 of `due`; `paid` is when it was, if it has been. Both days are evidence: it counts for the calendar
    quarter in which it was recorded. `number` counts the client's late payments."""

    by: str
    client: str
    number: int
    due: date
    paid: date | None
    deal: str | None
    quarter: str
    at: datetime


class LatePaymentWithdrawn(Struct, frozen=True):
    """A late payment was recorded by mistake, and counts no more."""

    by: str
    client: str
    number: int
    reason: str
    at: datetime


class GradeDropped(Struct, frozen=True):
    """The late payments of a quarter, by their numbers, cost a grade at once (G-3), until the next grading takes effect."""

    client: str
    quarter: str
    payments: tuple[int, ...]
    at: datetime


class GradeRestored(Struct, frozen=True):
    """What a quarter's late payments had cost is given back from now on, since too few of them stand."""

    client: str
    quarter: str
    at: datetime


RatingEvent = FiguresEntered | LatePaymentRecorded | LatePaymentWithdrawn | GradeDropped | GradeRestored


# Of all


class Drafted(Struct, frozen=True):
    """A grading for a year, worked out on the figures of the year before; without effect until it is confirmed (G-1)."""

    by: str
    year: int
    of: int
    indicators: tuple[Indicator, ...]
    grades: tuple[Terms, ...]
    pack: ByPack
    at: datetime


class Ranked(Struct, frozen=True):
    """Places of a grading, the best first; as many entries as it takes."""

    places: tuple[Place, ...]
    at: datetime


class Confirmed(Struct, frozen=True):
    """A named person confirmed it: its grades hold from `effective_at`, until those of the next grading do."""

    by: str
    role: str
    effective_at: datetime
    at: datetime


class Withdrawn(Struct, frozen=True):
    """It comes to nothing; if it was confirmed, from now on the grading before it holds again, until another does."""

    by: str
    reason: str
    at: datetime


GradingEvent = Drafted | Ranked | Confirmed | Withdrawn
