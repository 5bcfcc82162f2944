"""What keeps a client's file up: levels and plans, what is known, the manager's check, who looks after them (K-2, K-3, K-8, K-10)."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Literal

from msgspec import structs

from services.client import rules
from services.client.aggregate.client import Client
from services.client.aggregate.holding import course
from services.client.events import (
    Amended,
    Channel,
    Checked,
    ClientTold,
    ContactAdded,
    ContactPlanned,
    ContactRemoved,
    Event,
    HandedOver,
    Level,
    LevelSet,
    MarkedImportant,
    Plan,
    Reopened,
    Source,
    UnmarkedImportant,
)
from shared.calendar import day_of
from shared.identity import Caller, allow
from shared.regulation import Refused
from shared.tenure import Ground, holder_at


def allow_caring(client: Client, act: str, *, by: Caller, ground: Ground, at: datetime) -> None:
    """What is done with a file is for its holder, the agents in contact with the client, and those above its holder and recorder."""
    holder = holder_at(client.stands, at)
    allow(by, act, own=by.person in (holder, *client.file.contacts), over=ground.named(holder, client.recorder))


def refuse_closed(client: Client, clause: str) -> None:
    if client.file.closed is not None:
        raise Refused("file_closed", clause, state=client.file.closed)


def set_level(client: Client, *, by: Caller, level: Level, ground: Ground, at: datetime) -> list[Event]:
    """K-3: how keen the client is, which sets when the next contact is due, counted from now. What is overdue stays so until somebody is
    in contact. The same level again is silence."""
    allow_caring(client, "client.set_level", by=by, ground=ground, at=at)
    refuse_closed(client, "K-3")
    if level == client.file.level:
        return []
    due = client.file.due
    if due is None or at < due:
        due = rules.contact_due(ground.pack_of(holder_at(client.stands, at), at), level, at)
    return [LevelSet(by.person, level, due, at)]


def next_due(client: Client, *, ground: Ground, at: datetime) -> datetime | None:
    """K-3: when the contact after one at `at` is due."""
    level = client.file.level
    if level is None or client.file.closed:
        return None
    return rules.contact_due(ground.pack_of(holder_at(client.stands, at), at), level, at)


def plan(client: Client, *, by: Caller, on: date | None, what: str | None, ground: Ground, at: datetime) -> list[Event]:
    """K-2: the next contact, from today on. A plan does not put off what the level makes due; the next contact takes it off."""
    allow_caring(client, "client.plan", by=by, ground=ground, at=at)
    refuse_closed(client, "K-2")
    lacking = tuple(name for name, given in (("on", on), ("what", (what or "").strip())) if not given)
    if on is None or what is None or lacking:
        raise Refused("plan_incomplete", "K-2", missing=lacking)
    if on < day_of(at):
        raise Refused("date_is_past", "K-2", field="on", day=on)
    rules.refuse_phones(ground.pack_of(holder_at(client.stands, at), at), what=what)
    planned = Plan(on, what)
    return [ContactPlanned(by.person, planned, at)] if planned != client.file.plan else []


def amend(
    client: Client, *, by: Caller, given: Mapping[str, str | None], source: Source | None, ground: Ground, at: datetime
) -> list[Event]:
    """K-2: adds to what is known of the client, or puts it right. Nothing that A-2.2 asks for is emptied by it."""
    allow_caring(client, "client.amend", by=by, ground=ground, at=at)
    pack = ground.pack_of(holder_at(client.stands, at), at)
    wish = structs.replace(client.wish, **{name: text for name, text in given.items() if text is not None})
    rules.refuse_incomplete(pack, {**structs.asdict(wish), "phone": client.contact})
    rules.refuse_phones(pack, needs=wish.needs)
    known = source or client.file.source
    return [Amended(by.person, wish, known, at)] if (wish, known) != (client.wish, client.file.source) else []


def check(client: Client, *, by: Caller, finding: Literal["sound", "wanting"], note: str, ground: Ground, at: datetime) -> list[Event]:
    """K-2: a manager looks the file through and says what to do; never who looks after the client."""
    holder = holder_at(client.stands, at)
    allow(by, "client.check", over=ground.named(holder, client.recorder), party=by.person in (holder, *client.file.contacts))
    return [Checked(by.person, finding, note, at)]


def hand_over(client: Client, *, by: Caller, ground: Ground, at: datetime) -> list[Event]:
    """K-2: the home was handed over; until then the follow-up goes on after signing."""
    allow_caring(client, "client.hand_over", by=by, ground=ground, at=at)
    refuse_closed(client, "K-2")
    if not client.deals:
        raise Refused("nothing_to_hand_over", "K-2")
    return [HandedOver(by.person, at)]


def reopen(client: Client, *, by: Caller, ground: Ground, at: datetime) -> list[Event]:
    """K-4: a client who was given up, or whose home was handed over, is worked again: terms begin anew, and the next contact is due."""
    allow_caring(client, "client.reopen", by=by, ground=ground, at=at)
    if client.file.closed is None:
        return []
    anew = structs.replace(client, file=structs.replace(client.file, closed=None))
    stands = course(anew, holder_at(client.stands, at), ground, at)
    return [Reopened(by.person, stands, next_due(anew, ground=ground, at=at), at)]


# Who looks after them


def mark_important(client: Client, *, by: Caller, important: bool, ground: Ground, at: datetime) -> list[Event]:
    """K-8: from now on at least so many agents are to be in contact with the client; or no longer."""
    holder = holder_at(client.stands, at)
    allow(by, "client.mark_important", over=ground.named(holder, client.recorder))
    if important == (client.file.agents_min is not None):
        return []
    if not important:
        return [UnmarkedImportant(by.person, at)]
    return [MarkedImportant(by.person, ground.pack_of(holder, at).binding("K-8").agents_min, at)]


def add_contact(client: Client, *, by: Caller, agent: str, ground: Ground, at: datetime) -> list[Event]:
    """K-8: another agent is in contact with the client, and reads the file. Adding them again is silence, as is adding its holder."""
    allow_caring(client, "client.add_contact", by=by, ground=ground, at=at)
    refuse_closed(client, "K-8")
    post = ground.post(agent)
    if post is None or not post.in_post:
        raise Refused("unknown_reference", "K-8", field="agent")
    there = agent in (holder_at(client.stands, at), *client.file.contacts)
    return [] if there else [ContactAdded(by.person, agent, at)]


def remove_contact(client: Client, *, by: Caller, agent: str, ground: Ground, at: datetime) -> list[Event]:
    """K-8: no longer. The client is listed if that leaves too few."""
    allow_caring(client, "client.remove_contact", by=by, ground=ground, at=at)
    return [ContactRemoved(by.person, agent, at)] if agent in client.file.contacts else []


def tell_successor(client: Client, *, by: Caller, channel: Channel, note: str, ground: Ground, at: datetime) -> list[Event]:
    """K-10: the client was told that their agent has left, and by whom they are looked after now; before that a successor is named, by
    reassigning (A-2.11)."""
    allow_caring(client, "client.tell_successor", by=by, ground=ground, at=at)
    if client.file.left_by is None:
        raise Refused("nobody_left", "K-10")
    holder = holder_at(client.stands, at)
    post = ground.post(holder)
    if post is None or rules.is_account(holder) or not post.in_post:
        raise Refused("no_successor", "K-10", person=client.file.left_by)
    return [ClientTold(by.person, holder, channel, note, at)]
