"""In whose name a listing stands, until when, and who after: follow-ups, viewings, marks, reassignment, departures, deals, packs."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from msgspec import structs

from services.listing import rules
from services.listing.aggregate.listing import Listing, Said, concealer_at, refuse_draft
from services.listing.events import (
    Channel,
    Concealed,
    ConcealmentRenewed,
    DealFell,
    DealStands,
    Event,
    FollowedUp,
    HolderLeft,
    Lapsed,
    Marked,
    Reassigned,
    Rescheduled,
    Revealed,
    Shown,
    Stands,
    Status,
    ViolationFound,
)
from shared import conduct
from shared.identity import Caller, Post, allow
from shared.regulation import Activation, Refused, Violation
from shared.tenure import COMPANY, Ground, Stand, holder_at, stand_at, stopped


def course(listing: Listing, holder: str, ground: Ground, at: datetime) -> Stands:
    """Who holds from `at` on if a term begins for `holder` then. No term runs while a deal stands, nor on the company's account."""
    if listing.deals or holder == COMPANY:
        return (Stand(holder),)
    post = ground.post(holder)
    if holder.startswith("team:"):  # of which everyone may have gone
        store = post.store if post is not None else None
        return rules.accounts_course(ground.activations, holder.removeprefix("team:"), store, at)
    assert post is not None, f"the post of {holder} was not looked up"
    return rules.holders_course(ground.activations, post, listing.recorder, at)


def from_now_on(listing: Listing, stands: Stands, ground: Ground) -> Stands:
    """A course whose first term runs, with what follows worked out anew: a pack may have been activated since."""
    first = stands[0]
    return stands if first.until is None else (first, *course(listing, stands[1].holder, ground, first.until))


def posts(ground: Ground, *names: str) -> tuple[Post, ...]:
    """The posts of those of them who have one: whose affair an act is."""
    return tuple(post for name in names if (post := ground.post(name)) is not None)


# Follow-ups


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

    `alike` are the team's follow-ups on its other listings within the period, id and substance: a canned one does not count for the
    team's account and is a violation.
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
    """The course if this is a follow-up by who holds it; None if it renews nothing. A viewing that is heard of only after a later act
    renews nothing either: the running term began after it."""
    holder = holder_at(listing.stands, at)
    theirs = holder == by.person or (by.team is not None and holder == f"team:{by.team}")
    if not theirs or listing.deals or listing.draft or at < listing.since:
        return None
    return course(listing, holder, ground, at)


# Claims


def show(listing: Listing, *, by: Post, client: str, viewing: str, ground: Ground, place: int | None = None, at: datetime) -> list[Event]:
    """A-2.10, A-2.12, A-2.16: a viewing renews its holder's term, takes a public listing, or one whose owner could not be reached.
    `place` is a free one of whose concealment was said to have ended (A-2.9)."""
    stands, clause = _moved_by_viewing(listing, by, ground, at)
    shown: list[Event] = [Shown(by.person, client, viewing, stands, clause, at)]
    return [*shown, *(_concealed_anew(listing, _concealment_term(listing, ground, at), place, at) if clause is None else ())]


def _moved_by_viewing(listing: Listing, by: Post, ground: Ground, at: datetime) -> tuple[Stands | None, str | None]:
    holder = holder_at(listing.stands, at)
    if listing.draft or not by.in_post or holder == by.person:
        return _renewed(listing, by, ground, at), None
    if any(said.by != by.person for said in _unreachable(listing, ground, at)):
        return course(listing, by.person, ground, at), "A-2.16"
    if rules.may_claim(ground.pack_of(holder, at), holder, by):
        return course(listing, by.person, ground, at), "A-2.12"
    return _renewed(listing, by, ground, at), None


def _unreachable(listing: Listing, ground: Ground, at: datetime) -> Sequence[Said]:
    """A-2.16: the follow-ups since the owner was last reached or it was last shown that say the owner cannot be, still in their days."""
    reached = [place for place, said in enumerate(listing.said, start=1) if said.reached and said.at <= at]
    post = ground.post(holder_at(listing.stands, at))
    store = post.store if post is not None else None
    since = listing.said[reached[-1] if reached else 0 :]
    return [said for said in since if said.at <= at and rules.still_unreachable(ground.activations, store, said.at, at)]


def mark(listing: Listing, *, by: Caller, status: Status, ground: Ground, at: datetime) -> list[Event]:
    """A-2.12: who turns an invalid, rented or sold listing valid again makes it their own, but the holder."""
    allow(by, "listing.mark")
    refuse_draft(listing)
    if status == listing.status:
        return []
    holder = holder_at(listing.stands, at)
    if status != "valid":
        return [Marked(by.person, status, None, None, at)]
    revived = structs.replace(listing, deals=())
    if by.person != holder and ground.pack_of(holder, at).has("A-2.12"):
        return [Marked(by.person, status, course(revived, by.person, ground, at), "A-2.12", at)]
    return [Marked(by.person, status, course(revived, holder, ground, at) if listing.deals else None, None, at)]


# Changes of hands by others


def reassign(listing: Listing, *, by: Caller, to: str, ground: Ground, at: datetime) -> list[Event]:
    """A-2.11: the manager gives it to another agent, a team's account or the company's; a term begins anew."""
    holder = holder_at(listing.stands, at)
    allow(by, "listing.reassign", over=posts(ground, holder, listing.recorder))
    target = ground.post(to)
    clause = "A-2.11" if ground.pack_of(holder, at).has("A-2.11") else None
    if to != COMPANY and (target is None or not target.in_post):
        raise Refused("unknown_reference", clause, field="to")
    if to == holder:
        raise Refused("already_assigned", clause, holder=holder)
    return [Reassigned(by.person, to, course(listing, to, ground, at) if not listing.draft else (Stand(to),), at)]


def leave_behind(listing: Listing, *, person: str, at: datetime) -> list[Event]:
    """Small print, Holding: no term runs in the name of who has left; what they hold stands in their name until it is given on. What
    they concealed is revealed."""
    if holder_at(listing.stands, at) == person:
        return [HolderLeft(person, (Stand(person),), at)]
    return [Revealed(person, at)] if listing.concealed_by == person else []


def stop_terms(listing: Listing, *, deal: str, place: int | None = None, at: datetime) -> list[Event]:
    """Terms stop while a deal on the listing stands reported. `place` as in `show`."""
    if deal in listing.deals:
        return []
    return [DealStands(deal, stopped(listing.stands, at), at), *_concealed_anew(listing, None, place, at)]


def begin_terms_anew(listing: Listing, *, deal: str, ground: Ground, at: datetime) -> list[Event]:
    """A deal was cancelled: the terms begin anew, unless another stands."""
    if deal not in listing.deals:
        return []
    free = structs.replace(listing, deals=tuple(d for d in listing.deals if d != deal))
    fell = DealFell(deal, course(free, holder_at(listing.stands, at), ground, at), at)
    return [fell, *_concealed_anew(free, _concealment_term(free, ground, at), None, at)]


def _concealment_term(listing: Listing, ground: Ground, at: datetime) -> datetime | None:
    """A-2.9: until when it stays concealed if a term begins then; None: without end, as while a deal stands."""
    by = concealer_at(listing, at)
    return None if by is None or listing.deals else rules.concealed_until(ground.pack_of(by, at), at)


def _concealed_anew(listing: Listing, until: datetime | None, place: int | None, at: datetime) -> list[Event]:
    """A-2.9: another end for what is concealed at that instant. Whose end had been said before this was heard of is concealed again, in a
    free place; if there is none it stays revealed."""
    by = concealer_at(listing, at)
    if by is None:
        return []
    if listing.concealed_by is not None:
        return [ConcealmentRenewed(until, at)]
    return [Concealed(by, place, until, at)] if place is not None else []


def reschedule(listing: Listing, *, activated: Activation, ground: Ground, at: datetime) -> list[Event]:
    """Packs: one was activated that `ground` does not have yet. It changes no running term; one that has not begun by then begins under
    it: that of the account to which the running one lapses, or of who holds without one."""
    if listing.deals or listing.draft:
        return []
    running = listing.stands[listing.stands.index(stand_at(listing.stands, at)) :]
    first, anew = running[0], structs.replace(ground, activations=(*ground.activations, activated))
    begins = max(activated.from_, at)
    after = course(listing, first.holder, anew, begins) if first.until is None else from_now_on(listing, running, anew)
    return [Rescheduled(after, at)] if after != running else []


def announce_lapse(listing: Listing, *, at: datetime) -> list[Event]:
    """Says that a term has ended, once for each; it changes nothing, for the course said so from the beginning."""
    ended = [s for s in listing.stands if s.until is not None and s.until <= at]
    known = [listing.stands[0].holder, *([listing.announced] if listing.announced else [])]
    before, after = known[-1], stand_at(listing.stands, at).holder
    if not ended or before == after:
        return []
    last = ended[-1]
    assert last.until is not None, "a term that ended has an end"
    assert last.clause is not None, "a term that ends names its clause"
    return [Lapsed(before, after, last.clause, last.until, at)]
