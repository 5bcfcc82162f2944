"""The clause of complaints: by when one is answered, and closed."""

from datetime import datetime

from shared.calendar import term_end
from shared.regulation import Pack


def complaint_terms(pack: Pack, at: datetime) -> tuple[datetime, datetime]:
    """C-2: until when a complaint that is registered or reopened at `at` is to be answered and closed; both the first instants too late."""
    terms, reading = pack.binding("C-2"), pack.reading("R-days")
    return term_end(at, terms.answer_days, reading), term_end(at, terms.close_days, reading)
