"""Concealment 加密: five places an agent, a term without a viewing, an end when the listing changes hands."""

from datetime import datetime

from services.listing import rules
from services.listing.aggregate.holding import posts
from services.listing.aggregate.listing import Listing, concealment_is_over, is_concealed, refuse_draft
from services.listing.events import Concealed, ConcealmentEnded, Event, Revealed
from shared.identity import Caller, allow
from shared.regulation import Refused
from shared.tenure import Ground, holder_at


def conceal(listing: Listing, *, by: Caller, taken: frozenset[int], ground: Ground, at: datetime) -> list[Event]:
    """A-2.9: at most so many listings concealed by one agent at a time. `taken` are the places in use. Concealing twice is once."""
    holder = holder_at(listing.stands, at)
    allow(by, "listing.conceal", own=by.person in (holder, listing.recorder), over=posts(ground, holder, listing.recorder))
    refuse_draft(listing)
    if is_concealed(listing, at):
        return []
    pack = ground.pack_of(by.person, at)
    free = rules.free_place(pack, taken)
    if free is None:
        raise Refused("concealment_limit", "A-2.9", pack=pack, at_most=pack["A-2.9"].at_most)
    return [Concealed(by.person, free, rules.concealed_until(pack, at) if not listing.deals else None, at)]


def reveal(listing: Listing, *, by: Caller, ground: Ground, at: datetime) -> list[Event]:
    """A-2.9: ends a concealment. Revealing what is not concealed is silence."""
    holder = holder_at(listing.stands, at)
    allow(by, "listing.reveal", own=by.person in (holder, listing.recorder), over=posts(ground, holder, listing.recorder))
    return [Revealed(by.person, at)] if is_concealed(listing, at) else []


def end_concealment(listing: Listing, *, at: datetime) -> list[Event]:
    """Says that a concealment has ended by its term, and gives its place back. It changes nothing that was not so already."""
    if listing.concealed_by is None or not concealment_is_over(listing, at):
        return []
    ends = [instant for instant in (listing.concealed_until, listing.stands[0].until) if instant is not None and instant <= at]
    return [ConcealmentEnded(min(ends), at)]
