"""A listing's state: what later decisions read of its history; and what it holds alone."""

from collections.abc import Iterable
from datetime import datetime
from typing import assert_never

from msgspec import Struct, structs

from services.listing.events import (
    Check,
    Completed,
    Concealed,
    ConcealmentEnded,
    ConcealmentRenewed,
    DealFell,
    DealStands,
    DuplicateFound,
    Entered,
    Event,
    ExclusiveSigned,
    FloorPlanned,
    FollowedUp,
    HolderLeft,
    House,
    KeyReturned,
    KeyTaken,
    Kind,
    Lapsed,
    Marked,
    PhotoUploaded,
    Reassigned,
    Refuted,
    Rescheduled,
    Revealed,
    Shown,
    Stands,
    Status,
    Surveyed,
    TermEnding,
    ViolationFound,
    WatermarkFound,
)
from shared.eventlog import Claim
from shared.regulation import Refused, Violation
from shared.tenure import has_lapsed, holder_at


class Said(Struct, frozen=True):
    """A follow-up that says whether the owner could be reached (A-2.16)."""

    version: int
    by: str
    at: datetime
    reached: bool


class Photo(Struct, frozen=True):
    """A picture that was uploaded (B-1-3-1), and whether a watermark was found on it."""

    photo: str
    by: str
    sha256: str
    watermarked: bool = False


class Over(Struct, frozen=True):
    """A concealment that was said to have ended by its term at `since`: whose it was."""

    by: str
    since: datetime


class Listing(Struct, frozen=True):
    """`since`: when `stands` began to count. `draft`: it has never been correct. `refuted_owners`: phones that were found not to be the
    owner's. `said`: since it was last shown. `over`: its last concealment, if that ended by its term. `deals`: those for which terms stand
    still. `warned`: of which end, by which clause, a warning was given last."""

    kind: Kind
    house: House
    owner: str | None
    recorder: str
    correct: bool
    entered_at: datetime
    stands: Stands
    since: datetime
    draft: bool = False
    check: Check = Check()
    refuted_owners: tuple[str, ...] = ()
    version: int = 1
    status: Status = "valid"
    keys: tuple[str, ...] = ()
    said: tuple[Said, ...] = ()
    concealed_by: str | None = None
    concealed_until: datetime | None = None
    place: int | None = None
    over: Over | None = None
    deals: tuple[str, ...] = ()
    duplicate: bool = False
    photos: tuple[Photo, ...] = ()
    announced: str | None = None
    warned: dict[str, datetime] = {}

    @property
    def missing(self) -> tuple[str, ...]:
        """A-2.6: what is missing for a correct entry."""
        return self.check.missing

    @property
    def turns_at(self) -> datetime | None:
        return self.stands[0].until

    @property
    def deal(self) -> str | None:
        """The deal for which terms stand still; of several the first."""
        return self.deals[0] if self.deals else None


def evolve(listing: Listing | None, event: Event) -> Listing:
    if listing is None:
        assert isinstance(event, Entered), "a listing begins with its entry"
        return Listing(
            kind=event.kind,
            house=event.house,
            owner=event.owner,
            recorder=event.recorder,
            correct=event.correct,
            entered_at=event.at,
            stands=event.stands,
            draft=not event.correct,
            since=event.at,
            check=event.check,
        )
    return _held(_changed(listing, event), listing, event)


def _changed(listing: Listing, event: Event) -> Listing:
    match event:
        case Completed():
            return _completed(listing, event)
        case FollowedUp(by=by, outcome=outcome, at=at) if outcome is not None:
            return structs.replace(listing, said=(*listing.said, Said(listing.version + 1, by, at, outcome == "reached")))
        case Shown():
            return structs.replace(listing, said=())
        case KeyTaken(by=by):
            return structs.replace(listing, keys=(*(k for k in listing.keys if k != by), by))
        case KeyReturned(by=by):
            return structs.replace(listing, keys=tuple(k for k in listing.keys if k != by))
        case Concealed(by=by, place=place, until=until):
            return structs.replace(listing, concealed_by=by, concealed_until=until, place=place, over=None)
        case ConcealmentRenewed(until=until):
            return structs.replace(listing, concealed_until=until)
        case ConcealmentEnded(since=since):
            return structs.replace(_revealed(listing), over=Over(listing.concealed_by, since) if listing.concealed_by is not None else None)
        case Revealed():
            return _revealed(listing)
        case Marked(status="valid") if listing.status != "valid":
            return structs.replace(listing, status="valid", deals=())  # a new life: what was closed in the old one stops nothing any more
        case Marked(status=status):
            return structs.replace(listing, status=status)
        case Refuted(what="owner_phone", correct=correct):
            return _without_owner(listing, correct)
        case Refuted(follow_up=version):
            return structs.replace(listing, said=tuple(said for said in listing.said if said.version != version))
        case PhotoUploaded(photo=photo, by=by, sha256=sha256):
            return structs.replace(listing, photos=(*listing.photos, Photo(photo, by, sha256)))
        case WatermarkFound(photo=marked):
            photos = (structs.replace(p, watermarked=True) if p.photo == marked else p for p in listing.photos)
            return structs.replace(listing, photos=tuple(photos))
        case DuplicateFound():
            return structs.replace(listing, duplicate=True)
        case HolderLeft(person=person):
            return _revealed(listing) if listing.concealed_by == person else listing
        case DealStands(deal=deal):
            return structs.replace(listing, deals=(*listing.deals, deal))
        case DealFell(deal=deal):
            return structs.replace(listing, deals=tuple(d for d in listing.deals if d != deal))
        case Lapsed(after=after):
            return structs.replace(listing, announced=after)
        case TermEnding(clause=clause, until=until):
            return structs.replace(listing, warned={**listing.warned, clause: until})
        case Entered() | FollowedUp() | ExclusiveSigned() | Surveyed() | FloorPlanned() | Reassigned() | Rescheduled() | ViolationFound():
            return listing
    assert_never(event)


def _completed(listing: Listing, event: Completed) -> Listing:
    return structs.replace(
        listing,
        house=event.house,
        owner=event.owner,
        correct=event.correct,
        draft=listing.draft and not event.correct,
        check=event.check,
    )


def _without_owner(listing: Listing, correct: bool) -> Listing:
    """A-2.6: a refuted phone is not the owner's: it is missing, and the room is free."""
    refuted = (*listing.refuted_owners, listing.owner) if listing.owner is not None else listing.refuted_owners
    missing = (*(m for m in listing.check.missing if m != "owner_phone"), "owner_phone")
    check = structs.replace(listing.check, missing=missing, room=None)
    return structs.replace(listing, owner=None, correct=correct, check=check, refuted_owners=refuted)


def _held(listing: Listing, before: Listing, event: Event) -> Listing:
    """Takes over the course that an event carries; who changes hands is revealed (small print, Holding)."""
    version = before.version + 1
    stands: Stands | None = getattr(event, "stands", None)
    if stands is None:
        return structs.replace(listing, version=version)
    has_moved = has_lapsed(before.stands, event.at) or stands[0].holder != holder_at(before.stands, event.at)
    after = _revealed(listing) if has_moved else listing
    return structs.replace(after, version=version, stands=stands, since=event.at, announced=None)


def _revealed(listing: Listing) -> Listing:
    return structs.replace(listing, concealed_by=None, concealed_until=None, place=None, over=None)


def claims_of(listing: Listing | None, event: Event) -> Iterable[Claim]:
    """What a listing holds alone: its room while it is correct (A-2.6), a place among its concealer's five (A-2.9); the number of a
    violation, so that repeats are counted right."""
    if isinstance(event, ViolationFound) and event.ordinal is not None:
        yield violation_claim(event.violation, event.ordinal)
    after = evolve(listing, event)
    yield from _exchanged("room", listing.check.room if listing is not None else None, after.check.room)
    yield from _exchanged("concealment", _place(listing) if listing is not None else None, _place(after))


def _exchanged(kind: str, before: str | None, after: str | None) -> Iterable[Claim]:
    if before == after:
        return
    if before is not None:
        yield Claim(kind, before, release=True)
    if after is not None:
        yield Claim(kind, after)


def violation_claim(violation: Violation, ordinal: int) -> Claim:
    return Claim("violation", f"{violation.kind}/{violation.person}/{ordinal}")


def _place(listing: Listing) -> str | None:
    return f"{listing.concealed_by}/{listing.place}" if listing.concealed_by is not None else None


def is_concealed(listing: Listing, at: datetime) -> bool:
    """A-2.9: visible to its holder and those above only; it ends by its term, and when the listing changes hands."""
    return listing.concealed_by is not None and not concealment_is_over(listing, at)


def concealer_at(listing: Listing, at: datetime) -> str | None:
    """Who conceals it at an instant that may be past: an end by its term that was said since had not come then."""
    if listing.over is not None:
        return listing.over.by if at < listing.over.since else None
    return listing.concealed_by if is_concealed(listing, at) else None


def concealment_is_over(listing: Listing, at: datetime) -> bool:
    until = listing.concealed_until
    return (until is not None and at >= until) or has_lapsed(listing.stands, at)


def refuse_draft(listing: Listing) -> None:
    """A-2.6: what needs a listing that has been correct. A refuted one is incorrect, but no draft."""
    if listing.draft:
        raise Refused("listing_draft", "A-2.6", missing=listing.missing)
