"""What is done with a client: followed up, shown a listing, given a senior."""

from datetime import date, datetime

from services.client import rules
from services.client.aggregate.caring import next_due, plan, set_level
from services.client.aggregate.client import Client, evolve
from services.client.events import Channel, Event, FollowedUp, Level, SeniorNamed, Stands, Viewed
from shared import conduct
from shared.eventlog import Claimant
from shared.identity import Caller, Post, allow
from shared.regulation import Refused
from shared.tenure import Ground, holder_at


def follow_up(
    client: Client,
    *,
    by: Caller,
    channel: Channel,
    text: str | None,
    ground: Ground,
    at: datetime,
    level: Level | None = None,
    next_on: date | None = None,
    next_what: str | None = None,
) -> list[Event]:
    """A-2.3, A-2.8: the holder's renews their seven days. K-3: whoever's it is, the next contact is due anew; what comes next may be said
    with it (K-2)."""
    allow(by, "client.follow_up")
    conduct.refuse_empty_follow_up(ground.pack_of(by.person, at), text)
    due = next_due(client, ground=ground, at=at)
    events: list[Event] = [FollowedUp(by.person, channel, text or "", _renewed(client, by.post, ground, at), at, due)]
    after = evolve(client, events[0])
    if level is not None:
        events += set_level(after, by=by, level=level, ground=ground, at=at)
    if next_on is not None or next_what is not None:
        events += plan(after, by=by, on=next_on, what=next_what, ground=ground, at=at)
    return events


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
    """A-2.10: a viewing, on the client, with a form that serves once; it counts as a follow-up of the one who showed (K-3 too).

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
    due = next_due(client, ground=ground, at=at)
    return [Viewed(by.person, listing, form, client.first or client_id, _renewed(client, by.post, ground, at), at, once, due)]


def _renewed(client: Client, by: Post, ground: Ground, at: datetime) -> Stands | None:
    if client.deals or client.file.closed or holder_at(client.stands, at) != by.person:
        return None
    return rules.holders_course(ground.activations, by, at, renewed=True)


def name_senior(client: Client, *, by: Caller, senior: str, ground: Ground, at: datetime) -> list[Event]:
    """A-1.N2: the manager names who works this client for a newcomer. Naming them again is silence."""
    holder = holder_at(client.stands, at)
    allow(by, "client.name_senior", over=ground.named(holder, client.recorder))
    post = ground.post(senior)
    if post is None or not post.in_post:
        raise Refused("unknown_reference", "A-1.N2", field="senior")
    return [SeniorNamed(by.person, senior, at)] if senior != client.senior else []
