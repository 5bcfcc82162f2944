"""A visit or a call: registered, answered where something was asked, linked to the client who was entered from it (K-1, G-4)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal, assert_never

from msgspec import Struct, structs

from services.client import rules
from services.client.events import Channel, Source
from services.client.events.visit import Linked, Registered, Replied, ReplyOverdue, VisitEvent
from shared.identity import Caller, allow
from shared.regulation import Refused
from shared.tenure import Ground


class Reply(Struct, frozen=True):
    by: str
    channel: Channel
    text: str
    at: datetime


class Visit(Struct, frozen=True):
    registered: Registered
    reply: Reply | None = None
    client: str | None = None
    announced: bool = False

    @property
    def reply_until(self) -> datetime | None:
        return self.registered.reply_until

    @property
    def open_until(self) -> datetime | None:
        """G-4: the last instant at which an answer is in time, of an enquiry that has none; None: nothing is open."""
        return None if self.reply is not None else self.registered.reply_until


def evolve_visit(visit: Visit | None, event: VisitEvent) -> Visit:
    if visit is None:
        assert isinstance(event, Registered), "a visit begins with its registration"
        return Visit(event)
    match event:
        case Replied(by=by, channel=channel, text=text, at=at):
            return structs.replace(visit, reply=Reply(by, channel, text, at))
        case ReplyOverdue():
            return structs.replace(visit, announced=True)
        case Linked(client=client):
            return structs.replace(visit, client=client)
        case Registered():
            return visit
    assert_never(event)


# Decisions


def register(
    *,
    by: Caller,
    agent: str | None,
    channel: Literal["visit", "call"],
    came_at: datetime | None,
    left_at: datetime | None,
    given: Mapping[str, str | None],
    source: Source | None,
    contact: str | None,
    reply_wanted: bool,
    ground: Ground,
    at: datetime,
) -> list[VisitEvent]:
    """K-1: whoever comes or rings is registered, with or without a name and a number. G-4: if they asked something, it is to be answered
    within the hours of the pack, counted from now: what the clock says of their coming is declared."""
    allow(by, "visit.register")
    pack = ground.pack_of(agent or by.person, at)
    rules.refuse_incomplete_visit(pack, channel, {**given, "came_at": came_at, "source": source, "agent": agent})
    assert agent is not None, "an agent was asked for"
    assert came_at is not None, "when they came was asked for"
    post = ground.post(agent)
    if post is None or not post.in_post:
        raise Refused("unknown_reference", "K-1", field="agent")
    for field, when in (("came_at", came_at), ("left_at", left_at)):
        if when is not None and when > at:
            raise Refused("date_is_to_come", "K-1", field=field, day=when)
    rules.refuse_phones(pack, **given)
    companions, wish, summary = (given.get(name) or "" for name in ("companions", "wish", "summary"))
    until = rules.reply_until(pack, at) if reply_wanted else None
    return [Registered(by.person, agent, channel, came_at, left_at, companions, wish, source, summary, contact, until, at)]


def reply(visit: Visit, *, by: Caller, channel: Channel, text: str, ground: Ground, at: datetime) -> list[VisitEvent]:
    """G-4: the enquiry is answered, once; late, if its hours are over."""
    _allow(visit, "visit.reply", by=by, ground=ground)
    if visit.registered.reply_until is None:
        raise Refused("no_reply_wanted", "G-4")
    if visit.reply is not None:
        raise Refused("already_replied", "G-4", by=visit.reply.by, first_at=visit.reply.at)
    return [Replied(by.person, channel, text, at)]


def link(visit: Visit, *, by: Caller, client: str, is_there: bool, ground: Ground, at: datetime) -> list[VisitEvent]:
    """K-1: the visitor is this client; once. The same client again is silence."""
    _allow(visit, "visit.link", by=by, ground=ground)
    if not is_there:
        raise Refused("unknown_reference", "K-1", field="client")
    if visit.client is not None and visit.client != client:
        raise Refused("already_linked", "K-1", client=visit.client)
    return [Linked(by.person, client, at)] if visit.client is None else []


def announce_overdue(visit: Visit, *, at: datetime) -> list[VisitEvent]:
    """G-4: says, once, that the hours are over and nobody has answered; it changes nothing."""
    until = visit.open_until
    if until is None or visit.announced or at <= until:
        return []
    return [ReplyOverdue(visit.registered.agent, until, at)]


def _allow(visit: Visit, act: str, *, by: Caller, ground: Ground) -> None:
    """For the agent who received them, who registered it, and those above the agent."""
    parties = (visit.registered.agent, visit.registered.by)
    allow(by, act, own=by.person in parties, over=ground.named(visit.registered.agent))
