"""The clauses of grading: what a client scores, which place has which grade, what late payments cost, when a visit is due."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from fractions import Fraction
from itertools import accumulate
from typing import Literal

from msgspec import Struct, structs

from services.client.events.grading import Indicator, Place, Terms
from shared.calendar import day_of, end_of_day, start_of_day, term_end
from shared.money import points_text
from shared.regulation import Pack

Kind = Literal["sale", "rental"]

# -- what the company has set


def indicators_of(pack: Pack) -> tuple[Indicator, ...]:
    """G-2: what clients are measured by; the weights sum to 100."""
    return tuple(Indicator(name, each["weight"], each["full"]) for name, each in pack.binding("G-2").indicators.items())


def grades_of(pack: Pack) -> tuple[Terms, ...]:
    """G-2, G-3: the grades, the best first, with their shares and terms; the better comes first in everything."""
    shares, terms = pack.binding("G-2").percent, pack.binding("G-3")
    return tuple(
        Terms(grade, shares[grade], terms.fee_discount_percent[grade], terms.payment_days[grade], terms.prepaid[grade], priority)
        for priority, grade in enumerate(shares, start=1)
    )


# -- scores and places


def score(indicators: Sequence[Indicator], figures: Mapping[str, int]) -> Fraction:
    """G-2: 0 to 100, exactly. Of each indicator's weight a figure has its part of `full`; what is beyond that does not count."""
    return sum((Fraction(each.weight * min(figures[each.name], each.full), each.full) for each in indicators), Fraction(0))


def rank(indicators: Sequence[Indicator], grades: Sequence[Terms], figures: Mapping[str, Mapping[str, int]]) -> list[Place]:
    """G-2: the places of these clients, the best first; equal scores in the order in which the clients are given.

    A border that does not fall between two places leaves the place it cuts to the better grade, as it does with a tie.
    """
    scores = {client: score(indicators, own) for client, own in figures.items()}
    lasts = last_places(grades, len(scores))
    sharing = Counter(scores.values())
    ranks = _ranks(sharing)
    return [
        _place(client, figures[client], scores[client], ranks[scores[client]], sharing[scores[client]], grades, lasts)
        for client in sorted(scores, key=lambda client: -scores[client])
    ]


def _ranks(sharing: Mapping[Fraction, int]) -> dict[Fraction, int]:
    """The rank of each score, by how many share it: one more than those who scored more."""
    best_first = sorted(sharing, reverse=True)
    return dict(zip(best_first, accumulate((sharing[scored] for scored in best_first), initial=1), strict=False))


def _place(
    client: str, figures: Mapping[str, int], scored: Fraction, rank: int, tied: int, grades: Sequence[Terms], lasts: Sequence[int]
) -> Place:
    step = next(step for step, last in enumerate(lasts) if rank <= last)
    raised = rank + tied - 1 > lasts[step]
    return Place(client, dict(figures), points_text(scored), rank, tied, grades[step].grade, lasts[step], raised)


def last_places(grades: Sequence[Terms], of: int) -> list[int]:
    """G-2: the last place of each grade among so many, the best grade first."""
    shares = [sum(grade.percent for grade in grades[: step + 1]) for step in range(len(grades))]
    return [-(-share * of // 100) for share in shares]


# -- what a client is to pay, and until when


def customary_fee(pack: Pack, kind: Kind, price_fen: int | None) -> int | None:
    """G-3: the agency fee in whole fen that the company takes of such a price (of a rental: of the month's rent) before any discount;
    None: the report says no price, or the company has not said what is customary."""
    percent: Fraction = pack.binding("G-3").customary_fee_percent[kind]
    return None if price_fen is None or not percent else int(price_fen * percent / 100)


def least_fee(customary_fen: int, discount_percent: int) -> int:
    """G-3: the smallest fee in fen that a discount of so many percent allows; of a discount below nought, what the fee is raised to."""
    return -(-customary_fen * (100 - discount_percent) // 100)


def pay_until(terms: Terms, closed_at: datetime, counts_days: str) -> datetime:
    """G-3: the first instant too late to pay for a deal that closed then; of who pays beforehand, the closing."""
    return closed_at if terms.prepaid else term_end(closed_at, terms.payment_days, counts_days)


# -- from when on, and what late payments cost


class Drop(Struct, frozen=True):
    """A grade that `needed` late payments of a quarter cost, from `at` on, until it is given back."""

    quarter: str
    at: datetime
    needed: int
    restored_at: datetime | None = None


class Graded(Struct, frozen=True):
    """A confirmed grading as one client's: the step that it gave (0 is the best grade; None: it did not grade this client)."""

    grading: str
    since: datetime
    step: int | None
    withdrawn_at: datetime | None = None


class Stretch(Struct, frozen=True):
    """A client stands on this step from `since` until before `until`; `lost` names the quarters whose late payments cost a grade."""

    grading: str
    since: datetime
    until: datetime | None
    step: int
    lost: tuple[str, ...] = ()


def course(gradings: Sequence[Graded], drops: Sequence[Drop], steps: int) -> list[Stretch]:
    """G-1, G-3: the grades of a client over time, the earliest first; empty or with gaps where there was none.

    A grading holds for all from when it takes effect until the next does: who is not in it has no grade. Each drop since it took effect
    costs one; the lowest of the `steps` stays what it is, and what was lost before is forgotten with the grade before.
    """
    turns = {each.since for each in gradings} | {drop.at for drop in drops}
    turns |= {each.withdrawn_at for each in gradings if each.withdrawn_at} | {drop.restored_at for drop in drops if drop.restored_at}
    stretches: list[Stretch] = []
    for at in sorted(turns):
        stood, stands = (stretches[-1] if stretches else None), _stretch(gradings, drops, steps, at)
        if stood is not None and stood.until is None:
            if stands is not None and structs.replace(stands, since=stood.since) == stood:
                continue
            stretches[-1] = structs.replace(stood, until=at)
        if stands is not None:
            stretches.append(stands)
    return stretches


def _stretch(gradings: Sequence[Graded], drops: Sequence[Drop], steps: int, at: datetime) -> Stretch | None:
    in_force = [each for each in gradings if each.since <= at and (each.withdrawn_at is None or at < each.withdrawn_at)]
    latest = max(in_force, key=lambda each: each.since, default=None)
    if latest is None or latest.step is None:
        return None
    lost = [drop for drop in drops if latest.since <= drop.at <= at and (drop.restored_at is None or at < drop.restored_at)]
    return Stretch(latest.grading, at, None, min(latest.step + len(lost), steps - 1), tuple(drop.quarter for drop in lost))


def is_late(due: date, paid: date | None, at: datetime) -> bool:
    """G-3: whether a payment was not made by 24:00 of its day; one that is still to be made is late from the day after."""
    today = day_of(at)
    return due < (today if paid is None else min(paid, today))


def quarter_of(at: datetime) -> str:
    """The calendar quarter of an instant's Shanghai day, such as `2024-Q1`."""
    day = day_of(at)
    return f"{day.year}-Q{(day.month + 2) // 3}"


def quarter_ends(quarter: str) -> datetime:
    """24:00 of a quarter's last day: the first instant of the next."""
    year, number = (int(part) for part in quarter.split("-Q"))
    return start_of_day(date(year + number // 4, number % 4 * 3 + 1, 1))


# -- years


def year_is_over(year: int, at: datetime) -> bool:
    """G-1: whether a year's figures can be final: from 0:00 of the next New Year's day."""
    return year_of(at) > year


def year_of(at: datetime) -> int:
    """The Shanghai year of an instant."""
    return day_of(at).year


def takes_effect(day: date, at: datetime) -> datetime:
    """G-1: when a grading that is confirmed at `at` holds from: 0:00 of its day, but never before it was confirmed."""
    return max(start_of_day(day), at)


def may_take_effect(day: date, year: int, at: datetime) -> bool:
    """G-1: a grading takes effect in its year, and on no day that is over."""
    return day.year == year and at < end_of_day(day)


def fits(indicators: Sequence[Indicator], figures: Mapping[str, int]) -> bool:
    """G-2: whether there is one figure for each indicator (nought is one), and none besides."""
    return {each.name for each in indicators} == figures.keys()
