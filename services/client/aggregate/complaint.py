"""A complaint: registered, assigned, answered, closed; never by whom it concerns (C-2)."""

from collections.abc import Iterable
from datetime import datetime
from typing import Literal, assert_never

from msgspec import Struct, structs

from services.client.events.complaint import (
    About,
    Answered,
    Assigned,
    Channel,
    Closed,
    ComplaintEvent,
    Outcome,
    Registered,
    Reopened,
)
from services.client.rules import complaint as rules
from shared.conduct import holds_a_phone
from shared.identity import Caller, Post, allow
from shared.regulation import Refused
from shared.tenure import Ground

State = Literal["registered", "assigned", "answered", "closed"]


class Said(Struct, frozen=True):
    """What somebody did with it, and their words if there were any."""

    what: Literal["registered", "assigned", "answered", "closed", "reopened"]
    by: str
    at: datetime
    text: str | None = None
    to: str | None = None
    outcome: Outcome | None = None


class Complaint(Struct, frozen=True):
    """`due` is the first instant too late for what comes next: an answer, then the end; None once it is closed."""

    channel: Channel
    about: About
    against: tuple[str, ...]
    answer_until: datetime
    close_until: datetime
    story: tuple[Said, ...]
    state: State = "registered"
    assignee: str | None = None

    @property
    def by(self) -> str:
        return self.story[0].by

    @property
    def due(self) -> datetime | None:
        if self.state == "closed":
            return None
        return self.close_until if self.state == "answered" else self.answer_until


def evolve(complaint: Complaint | None, event: ComplaintEvent) -> Complaint:
    if complaint is None:
        assert isinstance(event, Registered), "a complaint begins with being registered"
        said = Said("registered", event.by, event.at, event.text)
        return Complaint(event.channel, event.about, event.against, event.answer_until, event.close_until, (said,))
    match event:
        case Assigned(by=by, to=to, at=at):
            state: State = "assigned" if complaint.state == "registered" else complaint.state
            return _went_on(complaint, Said("assigned", by, at, to=to), state=state, assignee=to)
        case Answered(by=by, text=text, at=at):
            return _went_on(complaint, Said("answered", by, at, text), state="answered")
        case Closed(by=by, outcome=outcome, reason=reason, at=at):
            return _went_on(complaint, Said("closed", by, at, reason, outcome=outcome), state="closed")
        case Reopened(by=by, reason=reason, at=at):
            state = "registered" if complaint.assignee is None else "assigned"
            anew = structs.replace(complaint, answer_until=event.answer_until, close_until=event.close_until)
            return _went_on(anew, Said("reopened", by, at, reason), state=state)
        case Registered():
            return complaint
    assert_never(event)


def _went_on(complaint: Complaint, said: Said, *, state: State, assignee: str | None = None) -> Complaint:
    return structs.replace(complaint, story=(*complaint.story, said), state=state, assignee=assignee or complaint.assignee)


# Decisions


def register(
    *,
    by: Caller,
    channel: Channel,
    about: About,
    against: tuple[str, ...],
    text: str,
    known: frozenset[str],
    ground: Ground,
    at: datetime,
) -> list[ComplaintEvent]:
    """C-2: takes a complaint down, tied to a client, a listing or a deal. `known`: which of what it names the company has."""
    allow(by, "complaint.register")
    named = {field: id for field in ("client", "listing", "deal") if (id := getattr(about, field)) is not None}
    if not named:
        raise Refused("complaint_untied", "C-2")
    if lacking := next((field for field, id in named.items() if id not in known), None):
        raise Refused("unknown_reference", "C-2", field=lacking)
    if any(ground.post(person) is None for person in against):
        raise Refused("unknown_reference", "C-2", field="against")
    _refuse_contact(text)
    terms = rules.complaint_terms(ground.pack_of(by.person, at), at)
    return [Registered(by.person, channel, about, tuple(dict.fromkeys(against)), text, *terms, at)]


def assign(complaint: Complaint, *, by: Caller, to: str, ground: Ground, at: datetime) -> list[ComplaintEvent]:
    """C-2: gives it to somebody in post whom it does not concern. To whom has it already, it is silence."""
    _allow(complaint, "complaint.assign", by, ground)
    _refuse_closed(complaint)
    post = ground.post(to)
    if post is None or not post.in_post:
        raise Refused("unknown_reference", "C-2", field="to")
    if to in complaint.against:
        raise Refused("assignee_complained_of", "C-2")
    return [Assigned(by.person, to, at)] if to != complaint.assignee else []


def answer(complaint: Complaint, *, by: Caller, text: str, ground: Ground, at: datetime) -> list[ComplaintEvent]:
    """C-2: the assignee, or a manager above, says what whoever complained was told; another answer may follow."""
    post = ground.post(complaint.assignee) if complaint.assignee is not None else None
    own = by.person == complaint.assignee
    allow(by, "complaint.answer", own=own, over=(post,), party=by.person in complaint.against)
    _refuse_closed(complaint)
    if complaint.assignee is None:
        raise Refused("complaint_not_assigned", "C-2")
    _refuse_contact(text)
    return [Answered(by.person, text, at)]


def close(complaint: Complaint, *, by: Caller, outcome: Outcome, reason: str, ground: Ground, at: datetime) -> list[ComplaintEvent]:
    """C-2: ends a complaint that has been answered; never whom it concerns."""
    _allow(complaint, "complaint.close", by, ground)
    _refuse_closed(complaint)
    if complaint.state != "answered":
        raise Refused("complaint_unanswered", "C-2", state=complaint.state)
    return [Closed(by.person, outcome, reason, at)]


def reopen(complaint: Complaint, *, by: Caller, reason: str, ground: Ground, at: datetime) -> list[ComplaintEvent]:
    """C-2: takes up again what was closed, with terms of its own."""
    _allow(complaint, "complaint.reopen", by, ground)
    if complaint.state != "closed":
        raise Refused("complaint_not_closed", "C-2", state=complaint.state)
    return [Reopened(by.person, reason, *rules.complaint_terms(ground.pack_of(complaint.by, at), at), at)]


def _allow(complaint: Complaint, act: str, by: Caller, ground: Ground) -> None:
    allow(by, act, over=concerned(complaint, ground), party=by.person in complaint.against)


def concerned(complaint: Complaint, ground: Ground) -> Iterable[Post]:
    """Whose managers see to it: those of whom it is complained, else of who registered it."""
    posts = (ground.post(person) for person in complaint.against or (complaint.by,))
    return [post for post in posts if post is not None]


def _refuse_closed(complaint: Complaint) -> None:
    if complaint.state == "closed":
        last = complaint.story[-1]
        raise Refused("complaint_closed", "C-2", by=last.by, first_at=last.at)


def _refuse_contact(text: str) -> None:
    if holds_a_phone(text):
        raise Refused("contact_in_text", "C-2", field="text")
