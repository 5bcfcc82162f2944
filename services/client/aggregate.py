"""A client's state, how events shape it, and what may be decided about it."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import assert_never

from msgspec import Struct, structs

from services.client import rules
from services.client.events import (
    Channel,
    Claimed,
    DealFell,
    DealStands,
    Entered,
    Event,
    FollowedUp,
    HolderLeft,
    Kind,
    Lapsed,
    Reassigned,
    Rescheduled,
    SeniorNamed,
    Stands,
    TermEnding,
    Viewed,
    ViolationFound,
    Wish,
)
from shared import conduct
from shared.eventlog import Claim, Claimant
from shared.identity import Caller, Post, allow
from shared.regulation import Activation, Refused
from shared.tenure import COMPANY, Ground, Stand, ends_soon, holder_at, stand_at, stopped


class Client(Struct, frozen=True):
    """`announced`: to whom the lapse that was announced last led. `warned_of`: which end a warning was given of last."""

    kind: Kind
    contact: str
    recorder: str
    wish: Wish
    stands: Stands
    first: str | None = None
    duplicate_number: int | None = None
    senior: str | None = None
    deals: tuple[str, ...] = ()
    announced: str | None = None
    warned_of: datetime | None = None

    @property
    def turns_at(self) -> datetime | None:
        return self.stands[0].until

    @property
    def deal(self) -> str | None:
        """The deal for which terms stand still; of several the first."""
        return self.deals[0] if self.deals else None


def evolve(client: Client | None, event: Event) -> Client:
    if client is None:
        assert isinstance(event, Entered), "a client begins with its entry"
        return Client(event.kind, event.contact, event.recorder, event.wish, event.stands, event.duplicate_of, event.duplicate_number)
    match event:
        case SeniorNamed(senior=senior):
            return structs.replace(client, senior=senior)
        case DealStands(deal=deal, stands=stands):
            return structs.replace(client, deals=(*client.deals, deal), stands=stands, announced=None)
        case DealFell(deal=deal, stands=stands):
            return structs.replace(client, deals=tuple(d for d in client.deals if d != deal), stands=stands, announced=None)
        case Claimed(stands=stands) | Reassigned(stands=stands) | HolderLeft(stands=stands) | Rescheduled(stands=stands):
            return structs.replace(client, stands=stands, announced=None)
        case FollowedUp(stands=stands) | Viewed(stands=stands):
            return client if stands is None else structs.replace(client, stands=stands, announced=None)
        case Lapsed(after=after):
            return structs.replace(client, announced=after)
        case TermEnding(until=until):
            return structs.replace(client, warned_of=until)
        case Entered() | ViolationFound():
            return client
    assert_never(event)


def claims_of(client: Client | None, event: Event) -> Iterable[Claim]:
    """What a client holds alone: being the first record of its contact, a duplicate's number (A-2.5), a viewing form (A-2.10)."""
    match event:
        case Entered(duplicate_of=None, contact=contact):
            yield Claim("contact", contact)
        case Entered(contact=contact, duplicate_number=int() as number):
            yield Claim("duplicate", f"{contact}/{number}")
        case Viewed(form=form, once=True):
            yield Claim("form", rules.form_key(form))


# Decisions


def enter(
    *,
    by: Caller,
    recorder: Post,
    kind: Kind,
    contact: str | None,
    given: Mapping[str, str | None],
    acquired_at: datetime | None,
    first: str | None,
    duplicates: int,
    ground: Ground,
    at: datetime,
) -> list[Event]:
    """A-2.2, A-2.5, A-2.1: an entry; the same person entered again is linked to the first record and numbered on."""
    allow(by, "client.enter")
    if recorder.person != by.person:
        allow(by, "client.enter_for", over=(recorder,))
    if not recorder.in_post:
        raise Refused("unknown_reference", "A-2.1", field="for")
    pack = ground.pack_of(recorder.person, at)
    rules.refuse_incomplete(pack, given)
    assert contact is not None, "a phone was given, so the vault gave a reference"
    wish = Wish(**{name: given[name] or "" for name in Wish.__struct_fields__})
    stands = rules.holders_course(ground.activations, recorder, at)
    number = duplicates + 1 if first is not None and pack.has("A-2.5") else None
    entered = Entered(by.person, recorder.person, kind, contact, wish, first, number, stands, acquired_at, at)
    late = conduct.late_entry(pack, recorder.person, acquired_at, at)
    return [entered] if late is None else [entered, ViolationFound(late, at)]


def follow_up(client: Client, *, by: Caller, channel: Channel, text: str | None, ground: Ground, at: datetime) -> list[Event]:
    """A-2.3, A-2.8: the holder's renews their seven days."""
    allow(by, "client.follow_up")
    conduct.refuse_empty_follow_up(ground.pack_of(by.person, at), text)
    return [FollowedUp(by.person, channel, text or "", _renewed(client, by.post, ground, at), at)]


def view(
    client: Client,
    *,
    by: Caller,
    client_id: str,
    listing: str,
    is_correct: bool | None,
    form: str,
    form_used: Claimant | None,
    ground: Ground,
    at: datetime,
) -> list[Event]:
    """A-2.10: a viewing, on the client, with a form that serves once; it counts as a follow-up of the one who showed.

    `is_correct`: False of a draft, None of a listing that is not there. `form_used`: who was first with that form.
    """
    allow(by, "client.view")
    if is_correct is None:
        raise Refused("unknown_reference", "A-2.10", field="listing")
    if not is_correct:
        raise Refused("listing_draft", "A-2.6")
    pack = ground.pack_of(by.person, at)
    once = pack.has("A-2.10")
    if once and form_used is not None:
        raise Refused("form_already_used", "A-2.10", pack=pack, form=form, by=form_used.by, first_at=form_used.recorded_at)
    return [Viewed(by.person, listing, form, client.first or client_id, _renewed(client, by.post, ground, at), at, once)]


def _renewed(client: Client, by: Post, ground: Ground, at: datetime) -> Stands | None:
    if client.deals or holder_at(client.stands, at) != by.person:
        return None
    return rules.holders_course(ground.activations, by, at, renewed=True)


def name_senior(client: Client, *, by: Caller, senior: str, ground: Ground, at: datetime) -> list[Event]:
    """A-1.N2: the manager names who works this client for a newcomer. Naming them again is silence."""
    holder = holder_at(client.stands, at)
    allow(by, "client.name_senior", over=_posts(ground, holder, client.recorder))
    post = ground.post(senior)
    if post is None or not post.in_post:
        raise Refused("unknown_reference", "A-1.N2", field="senior")
    return [SeniorNamed(by.person, senior, at)] if senior != client.senior else []


def claim(client: Client, *, by: Caller, ground: Ground, at: datetime) -> list[Event]:
    """A-2.3: takes a public client, if it stands on one's own team's account or the company's."""
    allow(by, "client.claim")
    holder = holder_at(client.stands, at)
    pack = ground.pack_of(holder, at)
    if not rules.may_claim(pack, holder, by.post):
        raise Refused("not_claimable", "A-2.3" if pack.has("A-2.3") else None, pack=pack, holder=holder)
    return [Claimed(by.person, _course(client, by.person, ground, at), at)]


def reassign(client: Client, *, by: Caller, to: str, ground: Ground, at: datetime) -> list[Event]:
    """A-2.11: the manager gives the client to another agent or an account."""
    holder = holder_at(client.stands, at)
    allow(by, "client.reassign", over=_posts(ground, holder, client.recorder))
    target = ground.post(to)
    clause = "A-2.11" if ground.pack_of(holder, at).has("A-2.11") else None
    if to != COMPANY and (target is None or not target.in_post):
        raise Refused("unknown_reference", clause, field="to")
    if to == holder:
        raise Refused("already_assigned", clause, holder=holder)
    return [Reassigned(by.person, to, _course(client, to, ground, at), at)]


def _course(client: Client, holder: str, ground: Ground, at: datetime) -> Stands:
    """Who holds from `at` on: an agent for seven days, an account for good (small print, Holding). No term runs while a deal stands."""
    post = ground.post(holder)
    if client.deals or post is None or holder.startswith("team:"):
        return (Stand(holder),)
    return rules.holders_course(ground.activations, post, at)


def leave_behind(client: Client, *, person: str, at: datetime) -> list[Event]:
    """No term runs in the name of who has left; the client stands in their name until it is given on."""
    return [HolderLeft(person, (Stand(person),), at)] if holder_at(client.stands, at) == person else []


def stop_terms(client: Client, *, deal: str, at: datetime) -> list[Event]:
    """Terms stop while a deal with the client stands reported."""
    return [DealStands(deal, stopped(client.stands, at), at)] if deal not in client.deals else []


def begin_terms_anew(client: Client, *, deal: str, ground: Ground, at: datetime) -> list[Event]:
    """A deal was cancelled: the terms begin anew, unless another stands."""
    if deal not in client.deals:
        return []
    free = structs.replace(client, deals=tuple(d for d in client.deals if d != deal))
    return [DealFell(deal, _course(free, holder_at(client.stands, at), ground, at), at)]


def reschedule(client: Client, *, activated: Activation, ground: Ground, at: datetime) -> list[Event]:
    """Packs: one was activated that `ground` does not have yet. It changes no running term; who holds without one, because no pack had
    the clause, has it from then."""
    running = stand_at(client.stands, at)
    if running.until is not None or _course(client, running.holder, ground, at)[0].until is not None:
        return []
    anew = structs.replace(ground, activations=(*ground.activations, activated))
    after = _course(client, running.holder, anew, max(activated.from_, at))
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


def _posts(ground: Ground, *names: str) -> tuple[Post, ...]:
    return tuple(post for name in names if (post := ground.post(name)) is not None)
