"""Companies and people: state, how events shape it, and what may be decided about it."""

from datetime import date, datetime
from typing import assert_never

from msgspec import Struct, structs

from services.authz.events import (
    CompanyEvent,
    Confirmed,
    Departure,
    Founded,
    Joined,
    LeaveApproved,
    LeaveGranted,
    Left,
    PersonEvent,
    Transferred,
)
from shared.calendar import days_inclusive
from shared.identity import Caller, Post, allow
from shared.regulation import Refused


class Company(Struct, frozen=True):
    name: str


class Leave(Struct, frozen=True):
    """A leave, both days included. `approved_by` is whoever of personnel approved it."""

    first: date
    last: date
    approved_by: str | None = None


class Departed(Struct, frozen=True):
    """How somebody left, and when (C-1)."""

    kind: Departure
    at: datetime


class Person(Struct, frozen=True):
    post: Post
    leaves: tuple[Leave, ...] = ()
    departed: Departed | None = None

    def leave_of(self, first: date, last: date) -> Leave | None:
        """The leave of just these days."""
        return next((leave for leave in self.leaves if (leave.first, leave.last) == (first, last)), None)


def evolve_company(company: Company | None, event: CompanyEvent) -> Company:
    return Company(event.name)


def evolve(person: Person | None, event: PersonEvent) -> Person:
    match event:
        case Joined(post=post):
            return Person(post)
        case Transferred(post=post) | Confirmed(post=post):
            return structs.replace(_joined(person), post=post)
        case Left(post=post, kind=kind, at=at):
            return structs.replace(_joined(person), post=post, departed=Departed(kind, at))
        case LeaveGranted(first=first, last=last):
            person = _joined(person)
            known = person.leave_of(first, last) is not None
            return person if known else structs.replace(person, leaves=(*person.leaves, Leave(first, last)))
        case LeaveApproved(by=by, first=first, last=last):
            person = _joined(person)
            approved = person.leave_of(first, last)
            leaves = (structs.replace(leave, approved_by=by) if leave is approved else leave for leave in person.leaves)
            return structs.replace(person, leaves=tuple(leaves))
    assert_never(event)


def _joined(person: Person | None) -> Person:
    assert person is not None, "a person begins with joining"
    return person


# Decisions


def found(*, by: Caller, name: str, at: datetime) -> list[CompanyEvent]:
    """Head office founds a company, a tenant of its own."""
    allow(by, "company.found")
    return [Founded(by.person, name, at)]


def join(*, by: Caller, post: Post, at: datetime) -> list[PersonEvent]:
    """S-2: personnel, or an administrator for the first people, puts a person into a post."""
    allow(by, "person.join")
    return [Joined(by.person, post, at)]


def transfer(
    person: Person, *, by: Caller, store: str | None, team: str | None, role: str | None, area: str | None, at: datetime
) -> list[PersonEvent]:
    """S-4: a new post from now on. Who gets a new store without a team, or becomes a manager, leaves the old team behind."""
    allow(by, "person.transfer")
    _refuse_who_left(person)
    old = person.post
    moved = (store is not None and store != old.store) or (role is not None and role != "agent" and role != old.role)
    post = structs.replace(
        old,
        store=store or old.store,
        team=team or (None if moved else old.team),
        role=role or old.role,
        area=area or old.area,
    )
    return [Transferred(by.person, post, at)] if post != old else []


def confirm(person: Person, *, by: Caller, at: datetime) -> list[PersonEvent]:
    """C-1: probation ends. Who is no newcomer stays as they are."""
    allow(by, "person.confirm")
    _refuse_who_left(person)
    return [Confirmed(by.person, structs.replace(person.post, newcomer=False), at)] if person.post.newcomer else []


def leave(person: Person, *, by: Caller, kind: Departure, at: datetime) -> list[PersonEvent]:
    """C-1, K-7: a departure, with its kind; access ends at once. Leaving twice is leaving once."""
    allow(by, "person.leave")
    return [Left(by.person, kind, structs.replace(person.post, in_post=False), at)] if person.post.in_post else []


def grant_leave(
    person: Person, *, by: Caller, first: date, last: date, maintainer: str | None, maintainer_post: Post | None, at: datetime
) -> list[PersonEvent]:
    """C-1: the manager grants leave; it may name who keeps the listings up meanwhile, who is somebody else (B-1-3-7)."""
    allow(by, "leave.grant", over=(person.post,))
    _refuse_who_left(person)
    if last < first:
        raise Refused("leave_ends_before_it_begins", "C-1", first=first, last=last)
    if maintainer is not None and (maintainer_post is None or not maintainer_post.in_post):
        raise Refused("unknown_reference", "C-1", field="maintainer")
    if maintainer == person.post.person:
        raise Refused("own_maintainer", "B-1-3-7", person=maintainer)
    return [LeaveGranted(by.person, first, last, maintainer, at)]


def approve_leave(person: Person, *, by: Caller, first: date, last: date, days: int, at: datetime) -> list[PersonEvent]:
    """C-1: personnel approves a leave of more than so many days, and nobody their own. The leave stands without it; twice is once."""
    allow(by, "leave.approve", party=by.person == person.post.person)
    leave = person.leave_of(first, last)
    if leave is None:
        raise Refused("unknown_reference", "C-1", field="from")
    if days_inclusive(first, last) <= days:
        raise Refused("leave_needs_no_approval", "C-1", days=days)
    return [] if leave.approved_by is not None else [LeaveApproved(by.person, first, last, at)]


def _refuse_who_left(person: Person) -> None:
    if not person.post.in_post:
        raise Refused("has_left", "C-1", person=person.post.person)
