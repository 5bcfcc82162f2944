"""What is said of a listing: entering it, completing it, and what a manager finds untrue in it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from msgspec import Struct, structs

from services.listing import rules
from services.listing.aggregate.holding import course, from_now_on, posts
from services.listing.aggregate.listing import Listing
from services.listing.events import (
    Completed,
    DuplicateFound,
    Entered,
    Event,
    FollowedUp,
    House,
    Kind,
    Refuted,
    Rescheduled,
    Shown,
    Stands,
    ViolationFound,
)
from shared import conduct
from shared.entry import id_of
from shared.eventlog import Claimant
from shared.identity import Caller, Post, allow
from shared.regulation import Pack, Refused, Violation
from shared.tenure import Ground, Stand, has_lapsed, holder_at

Past = Sequence[tuple[int, Event]]
"""A listing's events so far, each with its version."""


def enter(
    *,
    by: Caller,
    recorder: Post,
    kind: Kind,
    house: House,
    owner: str | None,
    owner_is_agents: bool,
    acquired_at: datetime | None,
    original: Claimant | None,
    ground: Ground,
    at: datetime,
) -> list[Event]:
    """A-2.6, A-2.1, A-2.13: an entry, correct or a draft; a second correct entry of a room is refused, naming the original.

    `house` is as given; `original` is who holds its room.
    """
    allow(by, "listing.enter")
    if recorder.person != by.person:
        allow(by, "listing.enter_for", over=(recorder,))
    if not recorder.in_post:
        raise Refused("unknown_reference", "A-2.1", field="for")
    pack = ground.pack_of(recorder.person, at)
    _refuse_agents_phone(pack, owner_is_agents)
    whole = rules.normalised(pack, house)
    check = rules.checked(pack, kind, whole, house.room, owner)
    _refuse_duplicate(pack, check.room, original)
    stands = (Stand(recorder.person),) if check.missing else rules.holders_course(ground.activations, recorder, recorder.person, at)
    entered = Entered(by.person, recorder.person, kind, whole, owner, not check.missing, stands, acquired_at, at, check)
    late = conduct.late_entry(pack, recorder.person, acquired_at, at)
    return [entered] if late is None else [entered, ViolationFound(late, None, at)]


def complete(
    listing: Listing,
    *,
    by: Caller,
    house: House,
    owner: str | None,
    owner_is_agents: bool,
    original: Claimant | None,
    ground: Ground,
    at: datetime,
) -> list[Event]:
    """A-2.6: adds or mends the facts given. A draft becomes correct when the last required one is there, and its terms begin.

    A phone that was refuted does not become the owner's by being given again.
    """
    holder = holder_at(listing.stands, at)
    allow(by, "listing.complete", own=by.person in (holder, listing.recorder), over=posts(ground, holder, listing.recorder))
    pack = ground.pack_of(listing.recorder, at)
    _refuse_agents_phone(pack, owner_is_agents)
    contact = listing.owner if owner is None or owner in listing.refuted_owners else owner
    whole = rules.completed(pack, listing.house, listing.check.room_given, house)
    check = rules.checked(pack, listing.kind, whole, house.room or listing.check.room_given, contact)
    if check.room != listing.check.room:
        _refuse_duplicate(pack, check.room, original)
    stands = course(listing, holder, ground, at) if listing.draft and not check.missing else None
    return [Completed(by.person, whole, contact, not check.missing, stands, at, check)]


def _refuse_duplicate(pack: Pack, room: str | None, original: Claimant | None) -> None:
    if room is not None and original is not None:
        first = id_of("lst", original.stream)
        raise Refused("duplicate_listing", "A-2.6", pack=pack, original=first, first_at=original.recorded_at)


def _refuse_agents_phone(pack: Pack, owner_is_agents: bool) -> None:
    if owner_is_agents and pack.has("A-2.13"):
        raise Refused("agent_phone_as_owner", "A-2.13", pack=pack)


def refute(
    listing: Listing,
    *,
    by: Caller,
    what: Literal["owner_phone", "core", "follow_up"],
    follow_up: int | None,
    past: Past,
    reason: str,
    ground: Ground,
    at: datetime,
) -> list[Event]:
    """A-2.6, A-2.7, B-1-3-6: a manager finds a fact or a follow-up untrue. A refuted follow-up (`follow_up` is its version) counts as not
    made. A refuted phone makes the entry incorrect; with no phone to refute there is nothing to do."""
    holder = holder_at(listing.stands, at)
    allow(by, "listing.refute", over=posts(ground, holder, listing.recorder))
    if what == "owner_phone":
        return [Refuted(by.person, what, None, reason, False, None, at)] if listing.owner is not None else []
    if what == "core":
        return [Refuted(by.person, what, None, reason, listing.correct, None, at)]
    if follow_up is None or follow_up not in _follow_ups(past):
        raise Refused("unknown_reference", "A-2.7", field="follow_up")
    stands = _without(listing, terms_of(past, at), follow_up, ground, at)
    return [Refuted(by.person, what, follow_up, reason, listing.correct, stands, at)]


def _follow_ups(past: Past) -> set[int]:
    """The versions of follow-ups that have not been refuted."""
    refuted = {event.follow_up for _, event in past if isinstance(event, Refuted)}
    return {version for version, event in past if isinstance(event, FollowedUp) and version not in refuted}


class Term(Struct, frozen=True):
    """A term of the present holding: the act or lapse that it began with (`version`: None), and the course from then on."""

    version: int | None
    at: datetime
    stands: Stands


def terms_of(past: Past, at: datetime) -> list[Term]:
    """The terms in the name of who holds at `at`, one after another: the one that the holding began with, then each that renewed it."""
    terms: list[Term] = []
    for version, event in past:
        stands: Stands | None = getattr(event, "stands", None)
        match event:
            case Refuted(follow_up=int() as refuted):
                terms = [term for term in _since_lapse(terms, event.at) if term.version != refuted]
                if stands is not None and stands[0].until == event.at:
                    terms = [Term(version, event.at, stands)]
            case Rescheduled():
                terms = _since_lapse(terms, event.at)
                terms = [*terms[:-1], structs.replace(terms[-1], stands=event.stands)]
            case FollowedUp() | Shown(clause=None) if stands is not None:
                terms = [*_since_lapse(terms, event.at), Term(version, event.at, stands)]
            case _ if stands is not None:
                terms = [Term(version, event.at, stands)]
    return _since_lapse(terms, at)


def _since_lapse(terms: list[Term], at: datetime) -> list[Term]:
    """The terms that a lapse by `at` leaves: the account's, which began with it."""
    ended = [stand.until for stand in terms[-1].stands if stand.until is not None and stand.until <= at]
    return [Term(None, ended[-1], terms[-1].stands[len(ended) :])] if ended else terms


def _without(listing: Listing, terms: list[Term], refuted: int, ground: Ground, at: datetime) -> Stands | None:
    """A-2.7: the course if a follow-up had not been made; None if nothing hangs on it.

    Had a term ended without it, before the next act or by now, the lapse comes now: never earlier than the refutation.
    """
    left = [term for term in terms if term.version != refuted]
    if len(left) == len(terms):
        return None
    until = [*(following.at for following in left[1:]), at]
    ended = [term for term, by in zip(left, until, strict=True) if has_lapsed(term.stands, by)]
    if ended:
        first, *after = ended[0].stands
        return from_now_on(listing, (Stand(first.holder, at, first.clause), *after), ground)
    return from_now_on(listing, left[-1].stands, ground) if terms[-1].version == refuted else None


def find_duplicate(listing: Listing, *, by: Caller, reason: str, ordinal: int, ground: Ground, at: datetime) -> list[Event]:
    """A-2.14: a manager finds that a room was deliberately entered twice, or junk; a repeat proposes dismissal. Once for each listing."""
    allow(by, "listing.find_duplicate", over=posts(ground, holder_at(listing.stands, at), listing.recorder))
    if listing.duplicate:
        return []
    found = DuplicateFound(by.person, reason, at)
    pack = ground.pack_of(listing.recorder, at)
    if not pack.has("A-2.14"):
        return [found]
    return [found, ViolationFound(repeated("duplicate_entry", "A-2.14", listing.recorder, ordinal, pack), ordinal, at)]


def repeated(kind: str, clause: str, person: str, ordinal: int, pack: Pack) -> Violation:
    """A violation whose repeats propose dismissal."""
    return Violation(kind, clause, person, pack[clause].fine_fen, dismissal=ordinal >= pack[clause].dismissal_from)
