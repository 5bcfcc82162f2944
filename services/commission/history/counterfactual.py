"""The evidence of a deal as if some of it had never been recorded, and other entries no later than the closing.

Who holds a listing then is followed from act to act. An act that meets the holder it met says what it said. One that meets another does
what its clause gives it: the holder's own follow-up or viewing renews (A-2.7, A-2.15), a viewing claims (A-2.12, A-2.16), a
manager's reassignment gives it to whom it named; anything else does nothing. Nobody does what they did not do, or what was refused them.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct, structs

from services.client import events as client
from services.commission.events import Alternative, Cut
from services.commission.history.dossier import belongs
from services.commission.history.naming import Posting
from services.listing import events as listing
from shared.calendar import term_end
from shared.entry import Entry
from shared.identity import Post
from shared.regulation import Pack
from shared.tenure import COMPANY, Stand, Stands, holder_at, stand_at, stopped

PostAt = Callable[[str, datetime], Post | None]


def counterfactual(entries: Sequence[Entry], cut: Cut, alternative: Alternative, pack: Pack) -> list[Entry]:
    """The entries of a deal as an alternative has them; `pack` has the days of terms that would have begun."""
    out, admitted = set(alternative.leave_out), set(alternative.admit)
    remaining = [_admitted(e, cut) if e.id in admitted else e for e in entries if e.id not in out]
    gone = {e.stream for e in entries if e.id in out and isinstance(e.event, listing.Entered)}
    remaining = [e for e in remaining if e.stream not in gone]
    past = sorted((e for e in entries if e.service == "listing" and e.event is not None), key=lambda e: e.version)
    other = _held(past, {e.id: e for e in remaining if is_within(e, cut)}, _posts(entries), pack)
    return _linked([other.get(e.id, e) for e in remaining])


def is_within(entry: Entry, cut: Cut) -> bool:
    """Whether an entry counts by a cut. The deal's own acts do although they came after."""
    if entry.service == "commission":
        return entry.position <= cut.positions.get("commission", 0)
    return belongs(entry, cut)


def _admitted(entry: Entry, cut: Cut) -> Entry:
    """The entry as if it had been recorded at the closing, after all that was."""
    at, event = cut.instant, structs.replace(entry.event, at=cut.instant)
    return structs.replace(entry, event=event, position=cut.positions.get(entry.service, 0), at=at, recorded_at=at)


def _posts(entries: Iterable[Entry]) -> PostAt:
    posted = [e for e in entries if isinstance(e.event, Posting)]

    def post_at(person: str, at: datetime) -> Post | None:
        posts = [e.event.post for e in posted if e.event.post.person == person and e.effective_at <= at]
        return posts[-1] if posts else None

    return post_at


# Who holds


class _Standing(Struct, frozen=True):
    """Who holds by which course, and who has said since the owner was last reached or the listing last shown that he cannot be (A-2.16)."""

    course: Stands = ()
    unreachable: tuple[tuple[str, datetime], ...] = ()

    def holder(self, at: datetime) -> str | None:
        return holder_at(self.course, at) if self.course else None

    def after(self, event: Any, course: Stands | None) -> "_Standing":
        outcome = getattr(event, "outcome", None)
        said = (*self.unreachable, (event.by, event.at)) if outcome == "unreachable" else self.unreachable
        return _Standing(course or self.course, () if outcome == "reached" or isinstance(event, listing.Shown) else said)


def _held(past: Sequence[Entry], kept: dict[str, Entry], post_at: PostAt, pack: Pack) -> dict[str, Entry]:
    """The listing's entries that would have said something else of who holds, or nothing; by their ids."""
    other: dict[str, Entry] = {}
    was, now = _Standing(), _Standing()
    for entry in past:
        before, stands = was, getattr(entry.event, "stands", None)
        was = was.after(entry.event, stands)
        if entry.id not in kept:
            continue
        event = kept[entry.id].event
        meets_the_same = now.holder(event.at) == before.holder(entry.event.at) and now.unreachable == before.unreachable
        if not meets_the_same:
            course, clause = _said(event, now, post_at, pack)
            told = {"clause": clause} if isinstance(event, listing.Shown) else {}
            if course != stands:
                other[entry.id] = structs.replace(kept[entry.id], event=structs.replace(event, stands=course, **told))
            stands = course
        now = now.after(event, stands)
    return other


def _said(event: Any, standing: _Standing, post_at: PostAt, pack: Pack) -> tuple[Stands | None, str | None]:
    """The course that an act would have begun, and the clause by which it changed hands; None: it would have begun none."""
    holder = standing.holder(event.at)
    if isinstance(event, listing.DealStands):
        return stopped(standing.course, event.at), None
    if isinstance(event, listing.Reassigned):
        return event.stands if event.to != holder else None, None
    post = post_at(event.by, event.at) if isinstance(event, listing.FollowedUp | listing.Shown) else None
    if post is None:
        return None, None
    clause = _claimed_by(post, holder, standing, event.at, pack) if isinstance(event, listing.Shown) else None
    if clause is not None:
        return _begun(post, event.at, pack), clause
    theirs = holder in (post.person, f"team:{post.team}")
    return _renewed(standing.course, event.at, pack) if theirs else None, None


def _claimed_by(post: Post, holder: str | None, standing: _Standing, at: datetime, pack: Pack) -> str | None:
    """A-2.16, A-2.12: the clause by which a viewing makes a listing one's own: where somebody else said within its days that the owner
    cannot be reached; or where it stands on the account of one's team, or of the company. None: it does not."""
    if holder == post.person:
        return None
    if pack.has("A-2.16"):
        days, reading = pack["A-2.16"].days, pack.reading("R-days")
        if any(by != post.person and at < term_end(said_at, days, reading) for by, said_at in standing.unreachable):
            return "A-2.16"
    public = holder == COMPANY or (post.role == "agent" and post.team is not None and holder == f"team:{post.team}")
    return "A-2.12" if public and pack.has("A-2.12") else None


def _renewed(running: Stands, at: datetime, pack: Pack) -> Stands | None:
    """The running course with its term begun anew at an instant, and those after it in their turn; None: no term runs."""
    first = stand_at(running, at)
    return _course(running[running.index(first) :], at, pack) if first.until is not None else None


def _begun(post: Post, at: datetime, pack: Pack) -> Stands:
    """A-2.7, A-2.15: the course of who becomes holder."""
    account = Stand(f"team:{post.team}", at, "A-2.15") if post.team is not None and pack.has("A-2.15") else None
    after = (*([account] if account is not None else []), Stand(COMPANY))
    return _course((Stand(post.person, at, "A-2.7"), *after), at, pack) if pack.has("A-2.7") else (Stand(post.person),)


def _course(stands: Stands, at: datetime, pack: Pack) -> Stands:
    """These holders one after another, each for the days of the clause that ends it."""
    course: list[Stand] = []
    for stand in stands:
        if stand.until is not None and stand.clause is not None and pack.has(stand.clause):
            at = term_end(at, pack[stand.clause].days, pack.reading("R-days"))
            course.append(Stand(stand.holder, at, stand.clause))
        else:
            course.append(Stand(stand.holder))
            break
    return tuple(course)


# The client


def _linked(entries: Sequence[Entry]) -> list[Entry]:
    """The records of the client's person linked to the earliest that remains (A-2.5)."""
    records = sorted((e for e in entries if isinstance(e.event, client.Entered)), key=lambda e: e.position)
    if not records or any(e.event.duplicate_of is None for e in records):
        return list(entries)
    first = records[0].stream_id

    def linked(entry: Entry) -> Entry:
        if not isinstance(entry.event, client.Entered):
            return entry
        duplicate_of = None if entry.stream_id == first else first
        return structs.replace(entry, event=structs.replace(entry.event, duplicate_of=duplicate_of))

    return [linked(entry) for entry in entries]
