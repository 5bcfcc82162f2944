"""The clauses of a client's file: when the next contact is due, what a file lacks, the half years in which it is looked through."""

from collections.abc import Collection, Mapping
from datetime import date, datetime

from services.client.events import Finding, Level, Source
from services.client.rules.holding import is_account
from shared import conduct
from shared.calendar import day_of, end_of_day, hours_end, start_of_day, term_end
from shared.regulation import Pack, Refused

_SECOND_HALF = 7
"""The month in which the second half of a year begins."""


def contact_due(pack: Pack, level: Level, at: datetime) -> datetime:
    """K-3: the first instant too late for the next contact with a client of this level, counted from `at`."""
    return term_end(at, pack.binding("K-3").days[level], pack.reading("R-days"))


def planned_until(on: date) -> datetime:
    """K-2: a contact planned for a day is overdue when that day is over."""
    return end_of_day(on)


def refuse_incomplete_visit(pack: Pack, channel: str, given: Mapping[str, object]) -> None:
    """K-1: a visit or call is registered with when it was, who received it, and all else that is asked for; "none" is an answer, an empty
    one is not. Neither name nor number is asked for, nor, of a call, who came along."""
    asks = (name for name in pack.binding("K-1").asks if channel == "visit" or name != "companions")
    lacking = tuple(name for name in ("came_at", *asks, "agent") if not str(given.get(name) or "").strip())
    if lacking:
        raise Refused("visit_incomplete", "K-1", pack=pack, missing=lacking)


def refuse_phones(pack: Pack, **texts: str | None) -> None:
    """No phone number stands in a text, whatever it is for; the refusal names the field, not the text."""
    for field, text in texts.items():
        if text is not None and conduct.holds_a_phone(text):
            raise Refused("contact_in_text", "A-2.8" if pack.has("A-2.8") else None, pack=pack, field=field)


def reply_until(pack: Pack, at: datetime) -> datetime:
    """G-4: the last instant at which an enquiry that was registered at `at` is answered in time."""
    return hours_end(at, pack.binding("G-4").hours)


def findings(
    pack: Pack,
    *,
    source: Source | None,
    level: Level | None,
    is_planned: bool,
    is_checked: bool,
    is_duplicate: bool,
    last_contact: datetime,
    at: datetime,
) -> tuple[Finding, ...]:
    """K-9: what a file that is looked through at `at` lacks (K-2), whether nobody was in contact for so long that it is stale, and
    whether the person has another record."""
    wanting: dict[Finding, bool] = {
        "no_source": source is None,
        "no_level": level is None,
        "no_plan": not is_planned,
        "no_check": not is_checked,
        "stale": is_stale(pack, last_contact, at),
        "duplicate": is_duplicate,
    }
    return tuple(finding for finding, is_so in wanting.items() if is_so)


def is_stale(pack: Pack, last_contact: datetime, at: datetime) -> bool:
    """K-9: nobody was in contact with the client for longer than the days of the pack."""
    return at >= term_end(last_contact, pack.binding("K-9").stale_days, pack.reading("R-days"))


def half_of(at: datetime) -> str:
    """K-9: the half year of an instant, `2024-H1`. Halves begin on 1 January and 1 July at 0:00, and sort in their order."""
    day = day_of(at)
    return f"{day.year}-H{1 if day.month < _SECOND_HALF else 2}"


def next_half_begins(half: str) -> datetime:
    """K-9: when the half year after this one begins."""
    year, number = int(half[:4]), half[-1]
    return start_of_day(date(year, _SECOND_HALF, 1) if number == "1" else date(year + 1, 1, 1))


def in_contact(holder: str, contacts: Collection[str], left_by: str | None) -> frozenset[str]:
    """K-8: the agents in contact with a client: who holds it, unless they have left or it is an account, and those who were added."""
    holding = () if holder == left_by or is_account(holder) else (holder,)
    return frozenset((*contacts, *holding))
