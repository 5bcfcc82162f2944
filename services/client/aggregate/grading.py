"""A grading: once a year all clients with figures are ranked; a named person confirms what another drafted (G-1, G-2)."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Literal, assert_never

from msgspec import Struct, structs

from services.client.events.grading import (
    ByPack,
    Confirmed,
    Drafted,
    GradingEvent,
    Indicator,
    Place,
    Ranked,
    Terms,
    Withdrawn,
)
from services.client.rules import grading as rules
from shared.eventlog import Claim, Claimant
from shared.identity import Caller, allow
from shared.regulation import Refused
from shared.tenure import COMPANY, Ground

State = Literal["drafted", "confirmed", "withdrawn"]
PLACES_IN_AN_ENTRY = 500


class Grading(Struct, frozen=True):
    year: int
    drafted_by: str
    of: int
    indicators: tuple[Indicator, ...]
    grades: tuple[Terms, ...]
    pack: ByPack
    places: tuple[Place, ...] = ()
    confirmed_by: str | None = None
    effective_at: datetime | None = None
    withdrawn: bool = False

    @property
    def state(self) -> State:
        if self.withdrawn:
            return "withdrawn"
        return "drafted" if self.confirmed_by is None else "confirmed"


def evolve(grading: Grading | None, event: GradingEvent) -> Grading:
    if grading is None:
        assert isinstance(event, Drafted), "a grading begins with its draft"
        return Grading(event.year, event.by, event.of, event.indicators, event.grades, event.pack)
    match event:
        case Ranked(places=places):
            return structs.replace(grading, places=(*grading.places, *places))
        case Confirmed(by=by, effective_at=effective_at):
            return structs.replace(grading, confirmed_by=by, effective_at=effective_at)
        case Withdrawn():
            return structs.replace(grading, withdrawn=True)
        case Drafted():
            return grading
    assert_never(event)


def claims_of(grading: Grading | None, event: GradingEvent) -> Iterable[Claim]:
    """A year has one confirmed grading (G-1)."""
    match event:
        case Confirmed() if grading is not None:
            yield Claim("grading", str(grading.year))
        case Withdrawn() if grading is not None and grading.state == "confirmed":
            yield Claim("grading", str(grading.year), release=True)


# Decisions


def draft(
    *, by: Caller, year: int, figures: Mapping[str, Mapping[str, int]], graded: Claimant | None, ground: Ground, at: datetime
) -> list[GradingEvent]:
    """G-1, G-2: ranks all clients with figures of the year before. It has no effect; it shows what a confirmation would do."""
    allow(by, "grading.draft")
    if not rules.year_is_over(year - 1, at):
        raise Refused("year_not_over", "G-1", year=year - 1)
    if rules.year_is_over(year, at):
        raise Refused("grading_outside_its_year", "G-1", year=year)
    _refuse_graded(year, graded)
    if not figures:
        raise Refused("nothing_to_grade", "G-2", year=year - 1)
    pack = ground.pack_of(COMPANY, at)
    indicators, grades = rules.indicators_of(pack), rules.grades_of(pack)
    unfit = [client for client, own in figures.items() if not rules.fits(indicators, own)]
    if unfit:
        raise Refused("figures_do_not_fit", "G-2", pack=pack, indicators=[each.name for each in indicators], clients=len(unfit))
    drafted = Drafted(by.person, year, len(figures), indicators, grades, ByPack(pack.id, pack.version, pack.digest), at)
    places = rules.rank(indicators, grades, figures)
    return [drafted, *_in_entries(places, at)]


def _in_entries(places: Sequence[Place], at: datetime) -> list[Ranked]:
    return [Ranked(tuple(places[first : first + PLACES_IN_AN_ENTRY]), at) for first in range(0, len(places), PLACES_IN_AN_ENTRY)]


def confirm(grading: Grading, *, by: Caller, day: date, graded: Claimant | None, at: datetime) -> list[GradingEvent]:
    """G-1: puts the grades in force from a day of the year that is not over; never who drafted them."""
    allow(by, "grading.confirm", party=by.person == grading.drafted_by)
    if grading.withdrawn:
        raise Refused("grading_withdrawn", "G-1", year=grading.year)
    _refuse_graded(grading.year, graded)
    if not rules.may_take_effect(day, grading.year, at):
        raise Refused("grading_outside_its_year", "G-1", year=grading.year)
    return [Confirmed(by.person, by.post.role, rules.takes_effect(day, at), at)]


def _refuse_graded(year: int, graded: Claimant | None) -> None:
    if graded is not None:
        raise Refused("already_graded", "G-1", year=year, by=graded.by, first_at=graded.recorded_at)


def withdraw(grading: Grading, *, by: Caller, reason: str, at: datetime) -> list[GradingEvent]:
    """Takes a draft back, or ends a confirmed grading from now on, so that the year can be graded anew. Twice is once."""
    allow(by, "grading.withdraw")
    return [] if grading.withdrawn else [Withdrawn(by.person, reason, at)]
