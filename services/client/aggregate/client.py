"""A client's state: what later decisions read of its history; and what it holds alone."""

from collections.abc import Iterable
from datetime import datetime

from msgspec import Struct, structs

from services.client import rules
from services.client.aggregate.file import File, begun, evolve_file
from services.client.events import (
    Amended,
    Claimed,
    DealFell,
    DealStands,
    Entered,
    Event,
    FollowedUp,
    HolderLeft,
    Kind,
    Lapsed,
    LossAccepted,
    Reassigned,
    Reopened,
    Rescheduled,
    SeniorNamed,
    Stands,
    TermEnding,
    Viewed,
    Wish,
)
from shared.eventlog import Claim


class Client(Struct, frozen=True):
    """`file`: what care of the client rests on. `announced`: to whom the lapse that was announced last led. `warned_of`: which end a
    warning was given of last."""

    kind: Kind
    contact: str
    recorder: str
    wish: Wish
    stands: Stands
    file: File
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
        first, number = event.duplicate_of, event.duplicate_number
        return Client(event.kind, event.contact, event.recorder, event.wish, event.stands, begun(event), first, number)
    file = evolve_file(client.file, event)
    kept = client if file is client.file else structs.replace(client, file=file)
    match event:
        case SeniorNamed(senior=senior):
            return structs.replace(kept, senior=senior)
        case Amended(wish=wish):
            return structs.replace(kept, wish=wish)
        case Lapsed(after=after):
            return structs.replace(kept, announced=after)
        case TermEnding(until=until):
            return structs.replace(kept, warned_of=until)
        case _:
            return _evolve_course(kept, event)


def _evolve_course(client: Client, event: Event) -> Client:
    """In whose name the client stands, and for which deals no term runs."""
    match event:
        case DealStands(deal=deal, stands=stands):
            return structs.replace(client, deals=(*client.deals, deal), stands=stands, announced=None)
        case DealFell(deal=deal, stands=stands):
            return structs.replace(client, deals=tuple(d for d in client.deals if d != deal), stands=stands, announced=None)
        case Claimed(stands=stands) | Reassigned(stands=stands) | HolderLeft(stands=stands) | Rescheduled(stands=stands):
            return structs.replace(client, stands=stands, announced=None)
        case LossAccepted(stands=stands) | Reopened(stands=stands):
            return structs.replace(client, stands=stands, announced=None)
        case FollowedUp(stands=stands) | Viewed(stands=stands):
            return client if stands is None else structs.replace(client, stands=stands, announced=None)
    return client


def claims_of(client: Client | None, event: Event) -> Iterable[Claim]:
    """What a client holds alone: being the first record of its contact, a duplicate's number (A-2.5), a viewing form (A-2.10)."""
    match event:
        case Entered(duplicate_of=None, contact=contact):
            yield Claim("contact", contact)
        case Entered(contact=contact, duplicate_number=int() as number):
            yield Claim("duplicate", f"{contact}/{number}")
        case Viewed(form=form, once=True):
            yield Claim("form", rules.form_key(form))
