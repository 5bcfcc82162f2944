"""In whose name a client stands: claimed, given on, left behind; terms that stop, begin anew, end."""

from datetime import datetime

from msgspec import structs

from services.client import rules
from services.client.aggregate.client import Client
from services.client.events import (
    Claimed,
    ContactRemoved,
    DealFell,
    DealStands,
    Event,
    HolderLeft,
    Lapsed,
    Reassigned,
    Rescheduled,
    Stands,
    TermEnding,
)
from shared.identity import Caller, allow
from shared.regulation import Activation, Refused
from shared.tenure import COMPANY, Ground, Stand, ends_soon, holder_at, stand_at, stopped


def claim(client: Client, *, by: Caller, ground: Ground, at: datetime) -> list[Event]:
    """A-2.3: takes a public client, if it stands on one's own team's account or the company's."""
    allow(by, "client.claim")
    holder = holder_at(client.stands, at)
    pack = ground.pack_of(holder, at)
    if not rules.may_claim(pack, holder, by.post):
        raise Refused("not_claimable", "A-2.3" if pack.has("A-2.3") else None, pack=pack, holder=holder)
    return [Claimed(by.person, course(client, by.person, ground, at), at)]


def reassign(client: Client, *, by: Caller, to: str, ground: Ground, at: datetime) -> list[Event]:
    """A-2.11: the manager gives the client to another agent or an account."""
    holder = holder_at(client.stands, at)
    allow(by, "client.reassign", over=ground.named(holder, client.recorder))
    target = ground.post(to)
    clause = "A-2.11" if ground.pack_of(holder, at).has("A-2.11") else None
    if to != COMPANY and (target is None or not target.in_post):
        raise Refused("unknown_reference", clause, field="to")
    if to == holder:
        raise Refused("already_assigned", clause, holder=holder)
    return [Reassigned(by.person, to, course(client, to, ground, at), at)]


def course(client: Client, holder: str, ground: Ground, at: datetime) -> Stands:
    """Who holds from `at` on: an agent for seven days, an account for good (small print, Holding). No term runs while a deal stands,
    nor once the client was given up or handed over (K-4, K-2)."""
    post = ground.post(holder)
    if client.deals or client.file.closed or post is None or rules.is_account(holder):
        return (Stand(holder),)
    return rules.holders_course(ground.activations, post, at)


def leave_behind(client: Client, *, person: str, at: datetime) -> list[Event]:
    """No term runs in the name of who has left; the client stands in their name until it is given on, and is to be told (K-10). Nor are
    they in contact any more (K-8)."""
    holding: list[Event] = [HolderLeft(person, (Stand(person),), at)] if holder_at(client.stands, at) == person else []
    return [*holding, ContactRemoved(None, person, at)] if person in client.file.contacts else holding


def stop_terms(client: Client, *, deal: str, at: datetime) -> list[Event]:
    """Terms stop while a deal with the client stands reported."""
    return [DealStands(deal, stopped(client.stands, at), at)] if deal not in client.deals else []


def begin_terms_anew(client: Client, *, deal: str, ground: Ground, at: datetime) -> list[Event]:
    """A deal was cancelled: the terms begin anew, unless another stands."""
    if deal not in client.deals:
        return []
    free = structs.replace(client, deals=tuple(d for d in client.deals if d != deal))
    return [DealFell(deal, course(free, holder_at(client.stands, at), ground, at), at)]


def reschedule(client: Client, *, activated: Activation, ground: Ground, at: datetime) -> list[Event]:
    """Packs: one was activated that `ground` does not have yet. It changes no running term; who holds without one, because no pack had
    the clause, has it from then."""
    running = stand_at(client.stands, at)
    if running.until is not None or course(client, running.holder, ground, at)[0].until is not None:
        return []
    anew = structs.replace(ground, activations=(*ground.activations, activated))
    after = course(client, running.holder, anew, max(activated.from_, at))
    return [Rescheduled(after, at)] if after != (running,) else []


def announce_lapse(client: Client, *, at: datetime) -> list[Event]:
    """Says that a term has ended, once; it changes nothing, for the course said so from the beginning."""
    first, now = client.stands[0], stand_at(client.stands, at)
    if first.until is None or now is first or client.announced == now.holder:
        return []
    assert first.clause is not None, "a term that ends names its clause"
    return [Lapsed(first.holder, now.holder, first.clause, first.until, at)]


def warn(client: Client, *, at: datetime) -> list[Event]:
    """A-2.3: says a day before that a term will end, once for each end; it changes nothing."""
    first = client.stands[0]
    if first.until is None or client.warned_of == first.until or not ends_soon(first.until, at):
        return []
    assert first.clause is not None, "a term that ends names its clause"
    return [TermEnding(first.holder, first.until, first.clause, at)]
