"""What is kept of a client for grading: a year's figures, late payments, and the grades that these cost (G-2, G-3)."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import assert_never

from msgspec import Struct, structs

from services.client.events.grading import (
    FiguresEntered,
    GradeDropped,
    GradeRestored,
    LatePaymentRecorded,
    LatePaymentWithdrawn,
    RatingEvent,
)
from services.client.rules import grading as rules
from services.client.rules.grading import Drop
from shared.identity import Caller, allow
from shared.regulation import Refused
from shared.tenure import COMPANY, Ground


class LatePayment(Struct, frozen=True):
    number: int
    due: date
    paid: date | None
    deal: str | None
    quarter: str
    by: str
    at: datetime
    withdrawn: bool = False


class Rating(Struct, frozen=True):
    """`figures` by year and indicator. A drop that was given back stays here, with when it was."""

    client: str
    figures: dict[int, dict[str, int]] = {}
    payments: tuple[LatePayment, ...] = ()
    drops: tuple[Drop, ...] = ()

    @property
    def late_payments(self) -> int:
        """How many stand."""
        return sum(not payment.withdrawn for payment in self.payments)

    def standing(self, quarter: str) -> tuple[int, ...]:
        """The numbers of a quarter's late payments that stand."""
        return tuple(payment.number for payment in self.payments if payment.quarter == quarter and not payment.withdrawn)

    def drop_in(self, quarter: str) -> Drop | None:
        """What a quarter cost, if it has not been given back."""
        return next((drop for drop in self.drops if drop.quarter == quarter and drop.restored_at is None), None)


def evolve(rating: Rating | None, event: RatingEvent) -> Rating:
    rating = rating or Rating(event.client)
    match event:
        case FiguresEntered(year=year, figures=figures):
            return structs.replace(rating, figures={**rating.figures, year: figures})
        case LatePaymentRecorded():
            payment = LatePayment(event.number, event.due, event.paid, event.deal, event.quarter, event.by, event.at)
            return structs.replace(rating, payments=(*rating.payments, payment))
        case LatePaymentWithdrawn(number=number):
            payments = (structs.replace(p, withdrawn=True) if p.number == number else p for p in rating.payments)
            return structs.replace(rating, payments=tuple(payments))
        case GradeDropped(quarter=quarter, payments=payments, at=at):
            return structs.replace(rating, drops=(*rating.drops, Drop(quarter, at, len(payments))))
        case GradeRestored(quarter=quarter, at=at):
            ended = rating.drop_in(quarter)
            return structs.replace(rating, drops=tuple(structs.replace(d, restored_at=at) if d is ended else d for d in rating.drops))
    assert_never(event)


# Decisions


def enter_figures(
    rating: Rating | None = None, *, by: Caller, client: str, year: int, figures: Mapping[str, int], ground: Ground, at: datetime
) -> list[RatingEvent]:
    """G-2: a year's figures, once it is over: one for each indicator of the company. Entered again they take the place of the earlier."""
    allow(by, "grade.enter_figures")
    if not rules.year_is_over(year, at):
        raise Refused("year_not_over", "G-1", year=year)
    pack = ground.pack_of(COMPANY, at)
    indicators = rules.indicators_of(pack)
    if not rules.fits(indicators, figures):
        raise Refused("figures_do_not_fit", "G-2", pack=pack, indicators=[each.name for each in indicators])
    if rating is not None and rating.figures.get(year) == dict(figures):
        return []
    return [FiguresEntered(by.person, client, year, dict(figures), at)]


def record_late_payment(
    rating: Rating | None = None,
    *,
    by: Caller,
    client: str,
    due: date,
    paid: date | None,
    deal: str | None,
    deal_is_there: bool,
    ground: Ground,
    at: datetime,
) -> list[RatingEvent]:
    """G-3: a payment that was not made in time; with the second of a quarter a grade is lost at once, and no more in that quarter."""
    allow(by, "grade.record_late_payment")
    if deal is not None and not deal_is_there:
        raise Refused("unknown_reference", "G-3", field="deal")
    rating, pack = rating or Rating(client), ground.pack_of(COMPANY, at)
    if not rules.is_late(due, paid, at):
        raise Refused("payment_not_late", "G-3", pack=pack, due=due)
    same = next((each for each in rating.payments if (each.due, each.deal) == (due, deal) and not each.withdrawn), None)
    if same is not None:
        raise Refused("late_payment_already_recorded", "G-3", pack=pack, by=same.by, first_at=same.at)
    number, quarter = len(rating.payments) + 1, rules.quarter_of(at)
    recorded = LatePaymentRecorded(by.person, client, number, due, paid, deal, quarter, at)
    standing = (*rating.standing(quarter), number)
    if len(standing) < pack.binding("G-3").late_payments or rating.drop_in(quarter) is not None:
        return [recorded]
    return [recorded, GradeDropped(client, quarter, standing, at)]


def withdraw_late_payment(rating: Rating, *, by: Caller, number: int, reason: str, at: datetime) -> list[RatingEvent]:
    """One that was recorded by mistake counts no more; the grade that it cost is given back from now on. Twice is once."""
    allow(by, "grade.withdraw_late_payment")
    payment = next((each for each in rating.payments if each.number == number), None)
    if payment is None:
        raise Refused("unknown_reference", "G-3", field="number")
    if payment.withdrawn:
        return []
    withdrawn = LatePaymentWithdrawn(by.person, rating.client, number, reason, at)
    drop = rating.drop_in(payment.quarter)
    if drop is None or len(rating.standing(payment.quarter)) - 1 >= drop.needed:
        return [withdrawn]
    return [withdrawn, GradeRestored(rating.client, payment.quarter, at)]
