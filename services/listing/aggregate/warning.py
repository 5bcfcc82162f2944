"""Warnings: that a term or a concealment will end, said a day before, for those who would be sorry."""

from collections.abc import Iterable
from datetime import datetime

from services.listing.aggregate.listing import Listing, is_concealed
from services.listing.events import Event, TermEnding
from shared.tenure import ends_soon, stand_at


def warn(listing: Listing, *, at: datetime) -> list[Event]:
    """A-2.7, A-2.15, A-2.9: says what ends within a day, once for each end; what was renewed ends later. It changes nothing."""
    return [ending for ending in endings(listing, at) if ends_soon(ending.until, at)]


def endings(listing: Listing, at: datetime) -> Iterable[TermEnding]:
    """What will end by its term and has not been warned of: the course that runs at `at`, and a concealment that ends before it."""
    running = stand_at(listing.stands, at)
    if running.until is not None:
        assert running.clause is not None, "a term that ends names its clause"
        yield from _unless_warned(listing, TermEnding(running.holder, running.until, running.clause, at))
    by, until = listing.concealed_by, listing.concealed_until
    if by is not None and until is not None and is_concealed(listing, at) and (running.until is None or until <= running.until):
        yield from _unless_warned(listing, TermEnding(by, until, "A-2.9", at))


def _unless_warned(listing: Listing, ending: TermEnding) -> Iterable[TermEnding]:
    if listing.warned.get(ending.clause) != ending.until:
        yield ending
