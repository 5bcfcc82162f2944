"""A client's state: what later decisions read of its history; and what it holds alone."""

from collections.abc import Iterable
from datetime import datetime
from typing import assert_never

from msgspec import Struct, structs

from services.client import rules
from services.client.events import (
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
from shared.eventlog import Claim


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
