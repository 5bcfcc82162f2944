"""A listing's state, how events shape it, and what may be decided about it."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Literal, assert_never

from msgspec import Struct, structs

from services.listing import rules
from services.listing.events import (
    AttemptFound,
    Channel,
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
    Reassigned,
    Refuted,
    Revealed,
    Shown,
    Stands,
    Status,
    Surveyed,
    ViolationFound,
)
from shared import conduct
from shared.eventlog import Claim, Claimant
from shared.identity import Caller, Post, allow
from shared.regulation import Pack, Refused, Violation
from shared.tenure import COMPANY, Ground, Stand, has_lapsed, holder_at, stand_at, stopped


class Anchor(Struct, frozen=True):
    """An act from which the holder's running term counts; `version` finds a follow-up that is refuted later."""

    version: int
    at: datetime


class Unreachable(Struct, frozen=True):
    version: int
    by: str
    at: datetime


class Listing(Struct, frozen=True):
    kind: Kind
    house: House
    owner: str | None
    recorder: str
    correct: bool
    entered_at: datetime
    stands: Stands
    version: int = 1
    status: Status = "valid"
    keys: tuple[str, ...] = ()
    anchors: tuple[Anchor, ...] = ()
    unreachable: tuple[Unreachable, ...] = ()
    refuted: tuple[int, ...] = ()
    concealed_by: str | None = None
    concealed_until: datetime | None = None
    place: int | None = None
    deal: str | None = None
    announced: str | None = None

    @property
    def turns_at(self) -> datetime | None:
        return self.stands[0].until

    @property
    def missing(self) -> tuple[str, ...]:
        """A-2.6: what is missing for a correct entry."""
        return (*rules.missing(self.house), *(() if self.owner else ("owner_phone",)))


def evolve(listing: Listing | None, event: Event) -> Listing:
    if listing is None:
        assert isinstance(event, Entered), "a listing begins with its entry"
        return Listing(
            event.kind, event.house, event.owner, event.recorder, event.correct, event.at, event.stands, anchors=(Anchor(1, event.at),)
        )
    return _held(_changed(listing, event), listing, event)


def _changed(listing: Listing, event: Event) -> Listing:
    match event:
        case Completed(house=house, owner=owner, correct=correct):
            return structs.replace(listing, house=house, owner=owner, correct=correct)
        case FollowedUp(by=by, outcome="unreachable", at=at):
            return structs.replace(listing, unreachable=(*listing.unreachable, Unreachable(listing.version + 1, by, at)))
        case FollowedUp(outcome="reached"):
            return structs.replace(listing, unreachable=())
        case Shown():
            return structs.replace(listing, unreachable=())
        case KeyTaken(by=by):
            return structs.replace(listing, keys=(*(k for k in listing.keys if k != by), by))
        case KeyReturned(by=by):
            return structs.replace(listing, keys=tuple(k for k in listing.keys if k != by))
        case Concealed(by=by, place=place, until=until):
            return structs.replace(listing, concealed_by=by, concealed_until=until, place=place)
        case ConcealmentRenewed(until=until):
            return structs.replace(listing, concealed_until=until)
        case Revealed() | ConcealmentEnded():
            return _revealed(listing)
        case Marked(status=status):
            return structs.replace(listing, status=status)
        case Refuted(what="owner_phone"):
            return structs.replace(listing, owner=None, correct=event.correct)
        case Refuted(follow_up=version):
            return structs.replace(
                listing,
                refuted=(*listing.refuted, *([version] if version is not None else [])),
                unreachable=tuple(u for u in listing.unreachable if u.version != version),
            )
        case HolderLeft(person=person):
            return _revealed(listing) if listing.concealed_by == person else listing
        case DealStands(deal=deal):
            return structs.replace(listing, deal=deal)
        case DealFell():
            return structs.replace(listing, deal=None)
        case Lapsed(after=after):
            return structs.replace(listing, announced=after)
        case (
            Entered() | FollowedUp() | ExclusiveSigned() | Surveyed() | FloorPlanned() | Reassigned() | DuplicateFound() | ViolationFound()
        ):
            return listing
    assert_never(event)


def _held(listing: Listing, before: Listing, event: Event) -> Listing:
    """Takes over the course that an event carries; who changes hands is revealed (small print, Holding)."""
    version = before.version + 1
    stands = getattr(event, "stands", None)
    if stands is None:
        return structs.replace(listing, version=version)
    moved = stands[0].holder != before.stands[0].holder
    kept = () if moved or has_lapsed(before.stands, event.at) else listing.anchors
    anchors = _without(listing.anchors, event.follow_up) if isinstance(event, Refuted) else (*kept, Anchor(version, event.at))
    after = _revealed(listing) if moved else listing
    return structs.replace(after, version=version, stands=stands, anchors=anchors, announced=None)


def _without(anchors: tuple[Anchor, ...], version: int | None) -> tuple[Anchor, ...]:
    return tuple(a for a in anchors if a.version != version)


def _revealed(listing: Listing) -> Listing:
    return structs.replace(listing, concealed_by=None, concealed_until=None, place=None)


def claims_of(listing: Listing | None, event: Event) -> Iterable[Claim]:
    """What a listing holds alone: its room while it is correct (A-2.6), a place among its concealer's five (A-2.9); the number of a
    violation, so that repeats are counted right."""
    if isinstance(event, ViolationFound) and event.ordinal is not None:
        yield violation_claim(event.violation, event.ordinal)
    after = evolve(listing, event)
    room_before = _room_claimed(listing)
    if (room_after := _room_claimed(after)) != room_before:
        if room_before is not None:
            yield Claim("room", room_before, release=True)
        if room_after is not None:
            yield Claim("room", room_after)
    place_before, place_after = _place_claimed(listing), _place_claimed(after)
    if place_after != place_before:
        if place_before is not None:
            yield Claim("concealment", place_before, release=True)
        if place_after is not None:
            yield Claim("concealment", place_after)


def violation_claim(violation: Violation, ordinal: int) -> Claim:
    return Claim("violation", f"{violation.kind}/{violation.person}/{ordinal}")


def _room_claimed(listing: Listing | None) -> str | None:
    return rules.room_key(listing.kind, listing.house) if listing is not None and listing.correct else None


def _place_claimed(listing: Listing | None) -> str | None:
    return f"{listing.concealed_by}/{listing.place}" if listing is not None and listing.concealed_by else None


def is_concealed(listing: Listing, at: datetime) -> bool:
    """A-2.9: visible to its holder and those above only; it ends by its term, and when the listing changes hands."""
    return listing.concealed_by is not None and not _concealment_is_over(listing, at)


def _concealment_is_over(listing: Listing, at: datetime) -> bool:
    until = listing.concealed_until
    return (until is not None and at >= until) or has_lapsed(listing.stands, at)


# Decisions


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
    """A-2.6, A-2.1, A-2.13: an entry, correct or a draft; a second correct entry of a room is refused, naming the original."""
    allow(by, "listing.enter")
    if recorder.person != by.person:
        allow(by, "listing.enter_for", over=(recorder,))
    pack = ground.pack_of(recorder.person, at)
    _refuse_agents_phone(owner_is_agents, pack.has("A-2.13"))
    correct = rules.is_correct(house, owner)
    if correct and original is not None:
        raise Refused("duplicate_listing", "A-2.6", original=original.stream, first_at=original.recorded_at)
    stands = rules.holders_course(ground.activations, recorder, recorder.person, at) if correct else (Stand(recorder.person),)
    entered = Entered(by.person, recorder.person, kind, house, owner, correct, stands, acquired_at, at)
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
    """A-2.6: `house` is whole, old facts and new; adds or mends facts; a draft becomes correct when the last required one is there, and its terms begin."""
    holder = holder_at(listing.stands, at)
    allow(by, "listing.complete", own=by.person in (holder, listing.recorder))
    _refuse_agents_phone(owner_is_agents, ground.pack_of(listing.recorder, at).has("A-2.13"))
    contact = owner or listing.owner
    correct = rules.is_correct(house, contact)
    moves_room = not listing.correct or rules.room_key(listing.kind, house) != rules.room_key(listing.kind, listing.house)
    if correct and moves_room and original is not None:
        raise Refused("duplicate_listing", "A-2.6", original=original.stream, first_at=original.recorded_at)
    begins = correct and not listing.correct and listing.deal is None
    return [Completed(by.person, house, contact, correct, _course(listing, holder, ground, at) if begins else None, at)]


def merged(old: House, new: House) -> House:
    """The old facts with the given ones over them."""
    given = {name: value for name in House.__struct_fields__ if (value := getattr(new, name)) is not None}
    return structs.replace(old, **given)


def _refuse_agents_phone(owner_is_agents: bool, applies: bool) -> None:
    if owner_is_agents and applies:
        raise Refused("agent_phone_as_owner", "A-2.13")


def follow_up(
    listing: Listing,
    *,
    by: Caller,
    channel: Channel,
    text: str | None,
    about: Literal["key", "exclusive"] | None,
    outcome: Literal["reached", "unreachable"] | None,
    alike: Sequence[tuple[str, str]],
    ground: Ground,
    at: datetime,
) -> list[Event]:
    """A-2.8, A-2.7, A-2.15: the holder's renews their term, a team member's the term of the team's account; others' renew nothing.

    `alike` are the team's follow-ups on its other listings within the period, id and substance: a canned one does not count for the team's
    account and is a violation.
    """
    allow(by, "listing.follow_up")
    pack = ground.pack_of(by.person, at)
    conduct.refuse_empty_follow_up(pack, text)
    stands, team = _renewed(listing, by.post, ground, at), _team_concerned(listing, by.post, ground, at)
    model = rules.canned_after(pack, text or "", alike, at) if team is not None else None
    if model is not None and holder_at(listing.stands, at) == f"team:{team}":
        stands = None
    written = FollowedUp(by.person, channel, text or "", about, outcome, team, stands, at)
    if model is None:
        return [written]
    canned = Violation("canned_follow_up", "A-2.15", by.person, pack["A-2.15"].fine_fen, evidence=model)
    return [written, ViolationFound(canned, None, at)]


def _team_concerned(listing: Listing, by: Post, ground: Ground, at: datetime) -> str | None:
    """The writer's team, if the listing is on its account or held by one of its members."""
    holder = ground.post(holder_at(listing.stands, at))
    return by.team if by.team is not None and holder is not None and holder.team == by.team else None


def _renewed(listing: Listing, by: Post, ground: Ground, at: datetime) -> Stands | None:
    holder = holder_at(listing.stands, at)
    if listing.deal is not None or not listing.correct:
        return None
    if holder == by.person or (by.team is not None and holder == f"team:{by.team}"):
        return _course(listing, holder, ground, at)
    return None


def _course(listing: Listing, holder: str, ground: Ground, at: datetime) -> Stands:
    """Who holds from `at` on if a term begins for `holder` then. Nobody's term runs while a deal stands, or on a draft."""
    if listing.deal is not None or holder == COMPANY:
        return (Stand(holder),)
    post = ground.post(holder)
    assert post is not None, f"the post of {holder} was not looked up"
    if holder.startswith("team:"):
        return rules.accounts_course(ground.activations, post.team, post.store, at)
    return rules.holders_course(ground.activations, post, listing.recorder, at)


def take_key(listing: Listing, *, by: Caller, at: datetime) -> list[Event]:
    """A-1.N1: taking one ends nobody else's; taking it again puts one last."""
    allow(by, "listing.take_key")
    return [KeyTaken(by.person, at)]


def return_key(listing: Listing, *, by: Caller, at: datetime) -> list[Event]:
    allow(by, "listing.return_key")
    if by.person not in listing.keys:
        raise Refused("key_not_held", "A-1.N1")
    return [KeyReturned(by.person, at)]


def sign_exclusive(listing: Listing, *, by: Caller, until: date, at: datetime) -> list[Event]:
    """A-1.2.2: an exclusive agency that counts to 24:00 of `until`."""
    allow(by, "listing.sign_exclusive")
    _refuse_draft(listing)
    return [ExclusiveSigned(by.person, until, at)]


def show(listing: Listing, *, by: Post, client: str, viewing: str, ground: Ground, at: datetime) -> list[Event]:
    """A-2.10, A-2.12, A-2.16: a viewing renews its holder's term, takes a public listing, or one whose owner could not be reached."""
    stands, clause = _moved_by_viewing(listing, by, ground, at)
    shown: list[Event] = [Shown(by.person, client, viewing, stands, clause, at)]
    if is_concealed(listing, at) and clause is None:
        shown.append(ConcealmentRenewed(rules.concealed_until(ground.pack_of(listing.concealed_by or by.person, at), at), at))
    return shown


def _moved_by_viewing(listing: Listing, by: Post, ground: Ground, at: datetime) -> tuple[Stands | None, str | None]:
    if listing.deal is not None or not listing.correct or not by.in_post:
        return None, None
    holder = holder_at(listing.stands, at)
    if holder == by.person:
        return _course(listing, holder, ground, at), None
    pack = ground.pack_of(holder, at)
    theirs = rules.holders_course(ground.activations, by, listing.recorder, at)
    if any(u.by != by.person and rules.still_unreachable(pack, u.at, at) for u in listing.unreachable):
        return theirs, "A-2.16"
    if rules.may_claim(pack, holder, by):
        return theirs, "A-2.12"
    return _renewed(listing, by, ground, at), None


def mark(listing: Listing, *, by: Caller, status: Status, ground: Ground, at: datetime) -> list[Event]:
    """A-2.12: who turns an invalid, rented or sold listing valid again makes it their own, but the holder."""
    allow(by, "listing.mark")
    _refuse_draft(listing)
    holder = holder_at(listing.stands, at)
    turned = status == "valid" and listing.status != "valid" and by.person != holder
    if turned and listing.deal is None and ground.pack_of(holder, at).has("A-2.12"):
        return [Marked(by.person, status, rules.holders_course(ground.activations, by.post, listing.recorder, at), "A-2.12", at)]
    return [Marked(by.person, status, None, None, at)]


def survey(
    listing: Listing, *, by: Caller, indoor: int, indoor_with_agent: int, outdoor: int, watermarked: int, at: datetime
) -> list[Event]:
    """B-1-3-1: photos taken, as counted; whether they count is judged at closing."""
    allow(by, "listing.survey")
    return [Surveyed(by.person, indoor, indoor_with_agent, outdoor, watermarked, at)]


def draw_floor_plan(listing: Listing, *, by: Caller, door: bool, compass: bool, at: datetime) -> list[Event]:
    """B-1-3-2: a floor plan, with what is marked in it; whether it counts is judged at closing."""
    allow(by, "listing.floor_plan")
    return [FloorPlanned(by.person, door, compass, at)]


def conceal(listing: Listing, *, by: Caller, taken: frozenset[int], ground: Ground, at: datetime) -> list[Event]:
    """A-2.9: at most so many listings concealed by one agent at a time. `taken` are the places in use. Concealing twice is once."""
    allow(by, "listing.conceal", own=by.person in (holder_at(listing.stands, at), listing.recorder))
    _refuse_draft(listing)
    if is_concealed(listing, at):
        return []
    pack = ground.pack_of(by.person, at)
    at_most = pack["A-2.9"].at_most if pack.has("A-2.9") else len(taken) + 1
    free = next((place for place in range(1, at_most + 1) if place not in taken), None)
    if free is None:
        raise Refused("concealment_limit", "A-2.9", pack=pack, at_most=at_most)
    return [Concealed(by.person, free, rules.concealed_until(pack, at), at)]


def reveal(listing: Listing, *, by: Caller, at: datetime) -> list[Event]:
    """A-2.9: ends a concealment. Revealing what is not concealed is silence."""
    allow(by, "listing.reveal", own=by.person in (holder_at(listing.stands, at), listing.recorder))
    return [Revealed(by.person, at)] if listing.concealed_by is not None else []


def end_concealment(listing: Listing, *, at: datetime) -> list[Event]:
    """Says that a concealment has ended by its term, and gives its place back. It changes nothing that was not so already."""
    if listing.concealed_by is None or not _concealment_is_over(listing, at):
        return []
    ends = [instant for instant in (listing.concealed_until, listing.stands[0].until) if instant is not None and instant <= at]
    return [ConcealmentEnded(min(ends), at)]


def refute(
    listing: Listing,
    *,
    by: Caller,
    what: Literal["owner_phone", "core", "follow_up"],
    follow_up: int | None,
    is_follow_up: bool,
    reason: str,
    ground: Ground,
    at: datetime,
) -> list[Event]:
    """A-2.6, A-2.7, B-1-3-6: a manager finds a fact or a follow-up untrue. A refuted follow-up counts as not made, and the lapse that
    follows is never earlier than the refutation. A refuted phone makes the entry incorrect."""
    holder = holder_at(listing.stands, at)
    allow(by, "listing.refute", over=_posts(ground, holder, listing.recorder))
    if what == "owner_phone":
        return [Refuted(by.person, what, None, reason, False, (Stand(holder),), at)]
    if what == "core":
        return [Refuted(by.person, what, None, reason, listing.correct, None, at)]
    if follow_up is None or not is_follow_up or follow_up in listing.refuted:
        raise Refused("unknown_reference", "A-2.7", field="follow_up")
    return [Refuted(by.person, what, follow_up, reason, listing.correct, _without_follow_up(listing, follow_up, ground, at), at)]


def _without_follow_up(listing: Listing, version: int, ground: Ground, at: datetime) -> Stands | None:
    """The course if a follow-up had not been made: None if the running term does not count from it."""
    running = listing.anchors[-1:] and listing.anchors[-1].version == version and not has_lapsed(listing.stands, at)
    if not running or len(listing.anchors) < 2 or listing.deal is not None:
        return None
    holder = listing.stands[0].holder
    course = _course(listing, holder, ground, listing.anchors[-2].at)
    first = course[0]
    if first.until is None or first.until > at:
        return course
    ends_now = Stand(holder, at, first.clause)
    if holder.startswith("team:"):
        return (ends_now, Stand(COMPANY))
    post = ground.post(holder)
    assert post is not None, f"the post of {holder} was not looked up"
    return (ends_now, *rules.accounts_course(ground.activations, post.team, post.store, at))


def find_duplicate(listing: Listing, *, by: Caller, reason: str, ordinal: int, ground: Ground, at: datetime) -> list[Event]:
    """A-2.14: a manager finds that a room was deliberately entered twice, or junk; a repeat proposes dismissal."""
    allow(by, "listing.find_duplicate", over=_posts(ground, holder_at(listing.stands, at), listing.recorder))
    found = DuplicateFound(by.person, reason, at)
    pack = ground.pack_of(listing.recorder, at)
    if not pack.has("A-2.14"):
        return [found]
    return [found, ViolationFound(_repeated("duplicate_entry", "A-2.14", listing.recorder, ordinal, pack), ordinal, at)]


def _repeated(kind: str, clause: str, person: str, ordinal: int, pack: Pack) -> Violation:
    """A violation whose repeats propose dismissal."""
    return Violation(kind, clause, person, pack[clause].fine_fen, dismissal=ordinal >= pack[clause].dismissal_from)


def attempted_phone(*, person: str, ordinal: int, pack: Pack, at: datetime) -> list[AttemptFound]:
    """A-2.13: the attempt to enter an agent's phone as the owner's; the entry itself was refused."""
    return [AttemptFound(_repeated("agent_phone_as_owner", "A-2.13", person, ordinal, pack), ordinal, at)]


def evolve_attempt(attempt: AttemptFound | None, event: AttemptFound) -> AttemptFound:
    return event


def claims_of_attempt(attempt: AttemptFound | None, event: AttemptFound) -> Iterable[Claim]:
    yield violation_claim(event.violation, event.ordinal)


def reassign(listing: Listing, *, by: Caller, to: str, ground: Ground, at: datetime) -> list[Event]:
    """A-2.11: the manager gives it to another agent, a team's account or the company's; a term begins anew."""
    holder = holder_at(listing.stands, at)
    allow(by, "listing.reassign", over=_posts(ground, holder, listing.recorder))
    target = ground.post(to)
    if to != COMPANY and (target is None or not target.in_post):
        raise Refused("unknown_reference", "A-2.11", field="to")
    if to == holder:
        raise Refused("already_assigned", "A-2.11", holder=holder)
    return [Reassigned(by.person, to, _course(listing, to, ground, at) if listing.correct else (Stand(to),), at)]


def leave_behind(listing: Listing, *, person: str, at: datetime) -> list[Event]:
    """Small print, Holding: no term runs in the name of who has left; what they hold stands in their name until it is given on."""
    if holder_at(listing.stands, at) != person:
        return []
    return [HolderLeft(person, (Stand(person),), at)]


def stop_terms(listing: Listing, *, deal: str, at: datetime) -> list[Event]:
    """Terms stop while a deal on the listing stands reported."""
    return [DealStands(deal, stopped(listing.stands, at), at)] if listing.deal is None else []


def begin_terms_anew(listing: Listing, *, deal: str, ground: Ground, at: datetime) -> list[Event]:
    """A deal was cancelled: the terms begin anew."""
    if listing.deal != deal:
        return []
    free = structs.replace(listing, deal=None)
    return [DealFell(deal, _course(free, holder_at(listing.stands, at), ground, at), at)]


def announce_lapse(listing: Listing, *, at: datetime) -> list[Event]:
    """Says that a term has ended, once for each; it changes nothing, for the course said so from the beginning."""
    ended = [s for s in listing.stands if s.until is not None and s.until <= at]
    known = [listing.stands[0].holder, *([listing.announced] if listing.announced else [])]
    before, after = known[-1], stand_at(listing.stands, at).holder
    if not ended or before == after:
        return []
    last = ended[-1]
    assert last.until is not None and last.clause is not None, "a term that ends names its clause"
    return [Lapsed(before, after, last.clause, last.until, at)]


def _refuse_draft(listing: Listing) -> None:
    if not listing.correct:
        raise Refused("listing_draft", "A-2.6", missing=listing.missing)


def _posts(ground: Ground, *names: str) -> tuple[Post, ...]:
    return tuple(post for name in names if (post := ground.post(name)) is not None)
