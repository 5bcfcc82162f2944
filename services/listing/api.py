"""Requests to the listing service: bodies, the one call each makes, answers."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import Field
from starlette.responses import Response

from services.listing import aggregate, rules, views
from services.listing.aggregate import Listing
from services.listing.events import Channel, House, Kind, Status
from shared.entry import uuid_of
from shared.eventlog import Streams
from shared.identity import post_of, posts_of
from shared.regulation import Refused
from shared.service import (
    Account,
    Body,
    Context,
    Ctx,
    Day,
    Instant,
    ListingId,
    PersonId,
    Routes,
    Short,
    Text,
    done,
    entered,
    invalid,
)
from shared.tenure import holder_at, looking

routes = Routes()


class HouseFacts(Body):
    community: Short | None = None
    building: Short | None = None
    unit: Short | None = None
    room: Short | None = None
    owner_phone: Short | None = None
    bedrooms: Annotated[int, Field(ge=0, le=100)] | None = None
    floor: Annotated[int, Field(ge=-10, le=300)] | None = None
    area_m2: Annotated[Decimal, Field(gt=0, le=1_000_000, strict=False)] | None = None
    orientation: Short | None = None
    title_certificate: bool | None = None
    decoration: Short | None = None

    @property
    def house(self) -> House:
        return House(**{name: getattr(self, name) for name in House.__struct_fields__})


class Enter(HouseFacts):
    id: ListingId | None = None
    kind: Kind
    acquired_at: Instant | None = None
    for_: Annotated[PersonId | None, Field(alias="for")] = None


class FollowUp(Body):
    channel: Channel
    text: Text | None = None
    about: Literal["key", "exclusive"] | None = None
    outcome: Literal["reached", "unreachable"] | None = None


class Exclusive(Body):
    until: Day


class Mark(Body):
    status: Status


class Reassign(Body):
    to: Account


def _listings(ctx: Context) -> Streams[Listing]:
    listings: Streams[Listing] = ctx.parts
    return listings


@routes.command("/v1/listings", act="listing.enter")
async def enter(ctx: Ctx, body: Enter) -> Response:
    """Enters a listing: 201, `correct` or a draft with what is `missing` (A-2.6)."""
    id, recorder = body.id or ctx.new_id("lst"), body.for_ or ctx.caller.person
    post = await post_of(ctx.service.pool, ctx.tenant, recorder)
    if post is None:
        raise Refused("unknown_reference", "A-2.1", field="for")
    owner = await _contact(ctx, body.owner_phone)

    async def look(state: None, at: datetime) -> dict[str, Any]:
        around = await looking(ctx.service.pool, ctx.tenant, recorder)(state, at)
        house = rules.normalised(around["ground"].pack_of(recorder, at), body.house)
        return {**around, "house": house, **await _of_room(ctx, body.kind, house, owner)}

    outcome = await _listings(ctx).begin(
        id,
        aggregate.enter,
        command=ctx.command(),
        look=look,
        answer=entered(id, "correct", "missing"),
        by=ctx.caller,
        recorder=post,
        kind=body.kind,
        owner=owner,
        acquired_at=body.acquired_at,
    )
    return ctx.reply(outcome)


@routes.command("/v1/listings/{id}:complete", act="listing.complete")
async def complete(ctx: Ctx, id: ListingId, body: HouseFacts) -> Response:
    """Adds or mends facts (A-2.6)."""
    owner = await _contact(ctx, body.owner_phone)

    async def look(state: Listing, at: datetime) -> dict[str, Any]:
        around = await looking(ctx.service.pool, ctx.tenant)(state, at)
        given = aggregate.merged(state.house, body.house)
        house = rules.normalised(around["ground"].pack_of(state.recorder, at), given)
        return {**around, "house": house, **await _of_room(ctx, state.kind, house, owner)}

    outcome = await _listings(ctx).change(
        id, aggregate.complete, command=ctx.command(), look=look, answer=done(id, "correct", "missing"), by=ctx.caller, owner=owner
    )
    return ctx.reply(outcome)


async def _contact(ctx: Context, phone: str | None) -> str | None:
    if phone is None:
        return None
    contact = await ctx.service.peers.contact(ctx.tenant, phone)
    if contact is None:
        raise invalid(("/owner_phone", "malformed_phone"))
    return contact


async def _of_room(ctx: Context, kind: str, house: House, owner: str | None) -> dict[str, Any]:
    """Who entered this room first, and whether the owner's phone is that of someone in post."""
    first = await ctx.service.log.claimant(ctx.tenant, "room", rules.room_key(kind, house)) if not rules.missing(house) else None
    agents = await posts_of(ctx.service.pool, ctx.tenant, contact=owner, in_post=True) if owner is not None else []
    return {"original": first, "owner_is_agents": bool(agents)}


@routes.command("/v1/listings/{id}:follow-up", act="listing.follow_up")
async def follow_up(ctx: Ctx, id: ListingId, body: FollowUp) -> Response:
    """Writes a follow-up (A-2.7, A-2.8)."""
    return await _change(
        ctx, id, aggregate.follow_up, channel=body.channel, text=body.text, about=body.about, outcome=body.outcome, looks=True
    )


@routes.command("/v1/listings/{id}:take-key", act="listing.take_key")
async def take_key(ctx: Ctx, id: ListingId) -> Response:
    """Takes a key (A-1.N1)."""
    return await _change(ctx, id, aggregate.take_key)


@routes.command("/v1/listings/{id}:return-key", act="listing.return_key")
async def return_key(ctx: Ctx, id: ListingId) -> Response:
    """Gives the key back (A-1.N1)."""
    return await _change(ctx, id, aggregate.return_key)


@routes.command("/v1/listings/{id}:sign-exclusive", act="listing.sign_exclusive")
async def sign_exclusive(ctx: Ctx, id: ListingId, body: Exclusive) -> Response:
    """Records an exclusive agency (A-1.2.2)."""
    return await _change(ctx, id, aggregate.sign_exclusive, until=body.until)


@routes.command("/v1/listings/{id}:mark", act="listing.mark")
async def mark(ctx: Ctx, id: ListingId, body: Mark) -> Response:
    """Marks it valid, invalid, rented or sold (A-2.12)."""
    return await _change(ctx, id, aggregate.mark, status=body.status, looks=True)


@routes.command("/v1/listings/{id}:reassign", act="listing.reassign")
async def reassign(ctx: Ctx, id: ListingId, body: Reassign) -> Response:
    """Gives it to another agent or an account (A-2.11)."""
    return await _change(ctx, id, aggregate.reassign, to=body.to, looks=True, names=(body.to,))


async def _change(ctx: Context, id: str, decide: Any, *, looks: bool = False, names: tuple[str, ...] = (), **facts: Any) -> Response:
    look = looking(ctx.service.pool, ctx.tenant, ctx.caller.person, *names) if looks else None
    outcome = await _listings(ctx).change(id, decide, command=ctx.command(), look=look, answer=done(id), by=ctx.caller, **facts)
    return ctx.reply(outcome)


@routes.query("/v1/listings/{id}", act="listing.read")
async def show(ctx: Ctx, id: ListingId, as_of: Instant | None = None, known_at: Instant | None = None) -> Response:
    """A listing, now or as of an instant as known at another. What the caller may not see is unknown."""
    read = await _listings(ctx).read(ctx.tenant, id, as_of=as_of, known_at=known_at)
    now = await ctx.service.log.now(ctx.tenant)
    if read is None:
        raise Refused("unknown_reference")
    listing, version = read
    at = as_of or known_at or now
    holder, concealed = holder_at(listing.stands, at), aggregate.is_concealed(listing, at)
    if concealed and not await _may_see(ctx, listing, holder):
        raise Refused("unknown_reference")
    number = await views.number_of(ctx.service.pool, ctx.tenant, uuid_of(id))
    stand = next(s for s in listing.stands if s.holder == holder)
    shown = {
        "id": id,
        "number": number,
        "kind": listing.kind,
        "house": listing.house,
        "room": listing.house.room,
        "recorder": listing.recorder,
        "holder": holder,
        "holds_until": stand.until,
        "entered_at": listing.entered_at,
        "concealed": concealed,
        "status": listing.status,
        "correct": listing.correct,
        "missing": listing.missing,
        "asked_for": rules.asked_for(listing.house),
        "keys": listing.keys,
        "deal": listing.deal,
    }
    return ctx.show(shown, version=version)


async def _may_see(ctx: Context, listing: Listing, holder: str) -> bool:
    """A-2.9: a concealed listing is seen by its holder, its recorder and those above them."""
    own = ctx.caller.person in (holder, listing.recorder)
    over = [await post_of(ctx.service.pool, ctx.tenant, person) for person in {holder, listing.recorder} if person.startswith("psn_")]
    return ctx.may("listing.read_concealed", own=own, over=over)
