"""Requests to the listing service: bodies, the one call each makes, answers."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

from msgspec import Struct, structs
from pydantic import Field
from starlette.responses import Response

from services.listing import aggregate, rules, views
from services.listing.aggregate import Listing
from services.listing.events import AttemptFound, Channel, FollowedUp, House, Kind, Pictured, Refuted, Scene, Status
from shared.entry import Entry, Meta, id_of, uuid_of
from shared.eventlog import Command, Look, Streams
from shared.identity import post_of, posts_of
from shared.regulation import Refused
from shared.service import (
    Account,
    Body,
    Context,
    Count,
    Ctx,
    Day,
    Instant,
    ListingId,
    Paged,
    PersonId,
    PhotoId,
    Reason,
    Routes,
    Several,
    Text,
    Told,
    done,
    entered,
    invalid,
)
from shared.tenure import COMPANY, ground, holder_at, looking

routes = Routes()


class HouseFacts(Body):
    community: Told = None
    building: Told = None
    unit: Told = None
    room: Told = None
    owner_phone: Told = None
    bedrooms: Annotated[int, Field(ge=0, le=100)] | None = None
    floor: Annotated[int, Field(ge=-10, le=300)] | None = None
    area_m2: Annotated[Decimal, Field(gt=0, le=1_000_000, strict=False)] | None = None
    orientation: Told = None
    title_certificate: bool | None = None
    decoration: Told = None

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


class Shot(Body):
    photo: PhotoId
    scene: Scene


class Survey(Body):
    """Either numbers of photos or the photos themselves, which were uploaded before."""

    indoor: Count | None = None
    indoor_with_agent: Count | None = None
    outdoor: Count | None = None
    watermarked: Count | None = None
    photos: Several[Shot] | None = None

    def checked(self) -> "Survey":
        """Raises Declined where it is neither the one nor the other."""
        counts = {name: getattr(self, name) for name in ("indoor", "indoor_with_agent", "outdoor", "watermarked")}
        if self.photos is not None and (told := [name for name, count in counts.items() if count is not None]):
            raise invalid(*((f"/{name}", "unknown_field") for name in told))
        if self.photos is None and (missing := [name for name, count in counts.items() if count is None and name != "watermarked"]):
            raise invalid(*((f"/{name}", "missing") for name in missing))
        return self


class FloorPlan(Body):
    door: bool
    compass: bool
    photo: PhotoId | None = None


class Refute(Body):
    what: Literal["owner_phone", "core", "follow_up"]
    follow_up: Text | None = None
    reason: Reason


class Why(Body):
    reason: Reason


class Exclusive(Body):
    until: Day


class Mark(Body):
    status: Status


class Reassign(Body):
    to: Account


class Parts(Struct, frozen=True):
    """What the endpoints work with. `attempts` are violations that lie in what was refused."""

    listings: Streams[Listing]
    attempts: Streams[AttemptFound]


def _parts(ctx: Context) -> Parts:
    parts: Parts = ctx.parts
    return parts


def listings_of(ctx: Context) -> Streams[Listing]:
    return _parts(ctx).listings


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
        pack = around["ground"].pack_of(recorder, at)
        return {**around, **await _of_room(ctx, rules.room_of(pack, body.kind, rules.normalised(pack, body.house)), owner)}

    facts: dict[str, Any] = {"by": ctx.caller, "recorder": post, "kind": body.kind, "house": body.house, "owner": owner}
    async with _attempts_on_record(ctx, recorder):
        outcome = await listings_of(ctx).begin(
            id, aggregate.enter, command=ctx.command(), look=look, answer=entered(id, "correct", "missing"),
            acquired_at=body.acquired_at, **facts,
        )  # fmt: skip
    return ctx.reply(outcome)


@asynccontextmanager
async def _attempts_on_record(ctx: Context, person: str) -> AsyncIterator[None]:
    """A-2.13: the refusal of an agent's phone puts the attempt on record as a violation, once however often it is sent."""
    try:
        yield
    except Refused as refused:
        if refused.code == "agent_phone_as_owner":
            await _record_attempt(ctx, person)
        raise


async def _record_attempt(ctx: Context, person: str) -> None:
    async def look(state: None, at: datetime) -> dict[str, Any]:
        around = await looking(ctx.service.pool, ctx.tenant, person)(state, at)
        before = await views.violations_of(ctx.service.pool, ctx.tenant, "agent_phone_as_owner", person)
        return {"pack": around["ground"].pack_of(person, at), "ordinal": before + 1}

    asked = ctx.command()
    command = structs.replace(asked, key=f"attempt {asked.key}"[:255])
    await _parts(ctx).attempts.begin(ctx.new_id("att"), aggregate.attempted_phone, command=command, look=look, person=person)


@routes.command("/v1/listings/{id}:complete", act="listing.complete")
async def complete(ctx: Ctx, id: ListingId, body: HouseFacts) -> Response:
    """Adds or mends facts (A-2.6)."""
    owner = await _contact(ctx, body.owner_phone)

    async def look(state: Listing, at: datetime) -> dict[str, Any]:
        around = await looking(ctx.service.pool, ctx.tenant)(state, at)
        pack = around["ground"].pack_of(state.recorder, at)
        house = rules.completed(pack, state.house, state.check.room_given, body.house)
        return {**around, **await _of_room(ctx, rules.room_of(pack, state.kind, house), owner)}

    async with _attempts_on_record(ctx, ctx.caller.person):
        outcome = await listings_of(ctx).change(
            id, aggregate.complete, command=ctx.command(), look=look, answer=done(id, "correct", "missing"),
            by=ctx.caller, house=body.house, owner=owner,
        )  # fmt: skip
    return ctx.reply(outcome)


async def _contact(ctx: Context, phone: str | None) -> str | None:
    if phone is None:
        return None
    contact = await ctx.service.peers.contact(ctx.tenant, phone)
    if contact is None:
        raise invalid(("/owner_phone", "malformed_phone"))
    return contact


async def _of_room(ctx: Context, room: str | None, owner: str | None) -> dict[str, Any]:
    """Who entered this room first, and whether the owner's phone is that of someone in post."""
    first = await ctx.service.log.claimant(ctx.tenant, "room", room) if room is not None else None
    agents = await posts_of(ctx.service.pool, ctx.tenant, contact=owner, in_post=True) if owner is not None else []
    return {"original": first, "owner_is_agents": bool(agents)}


@routes.command("/v1/listings/{id}:follow-up", act="listing.follow_up")
async def follow_up(ctx: Ctx, id: ListingId, body: FollowUp) -> Response:
    """Writes a follow-up (A-2.7, A-2.8, A-2.15)."""

    async def look(state: Listing, at: datetime) -> dict[str, Any]:
        around = await looking(ctx.service.pool, ctx.tenant, ctx.caller.person)(state, at)
        since = rules.canned_since(around["ground"].pack_of(ctx.caller.person, at), at)
        return {**around, "alike": await views.alike(ctx.service.pool, ctx.tenant, ctx.caller.post.team, uuid_of(id), since)}

    await ctx.service.caught_up()
    facts = {"channel": body.channel, "text": body.text, "about": body.about, "outcome": body.outcome}
    return await change(ctx, id, aggregate.follow_up, look=look, **facts)


@routes.command("/v1/listings/{id}:take-key", act="listing.take_key")
async def take_key(ctx: Ctx, id: ListingId) -> Response:
    """Takes a key (A-1.N1)."""
    return await change(ctx, id, aggregate.take_key)


@routes.command("/v1/listings/{id}:return-key", act="listing.return_key")
async def return_key(ctx: Ctx, id: ListingId) -> Response:
    """Gives the key back (A-1.N1)."""
    return await change(ctx, id, aggregate.return_key)


@routes.command("/v1/listings/{id}:sign-exclusive", act="listing.sign_exclusive")
async def sign_exclusive(ctx: Ctx, id: ListingId, body: Exclusive) -> Response:
    """Records an exclusive agency (A-1.2.2)."""
    return await change(ctx, id, aggregate.sign_exclusive, until=body.until)


@routes.command("/v1/listings/{id}:survey", act="listing.survey")
async def survey(ctx: Ctx, id: ListingId, body: Survey) -> Response:
    """Records photos taken: those uploaded, with what each shows, or by number alone (B-1-3-1)."""
    told = body.checked()
    if told.photos is not None:
        return await change(ctx, id, aggregate.survey_with, photos=tuple(Pictured(shot.photo, shot.scene) for shot in told.photos))
    indoor, with_agent, outdoor = told.indoor, told.indoor_with_agent, told.outdoor
    return await change(
        ctx, id, aggregate.survey, indoor=indoor, indoor_with_agent=with_agent, outdoor=outdoor, watermarked=told.watermarked or 0
    )


@routes.command("/v1/listings/{id}:floor-plan", act="listing.floor_plan")
async def floor_plan(ctx: Ctx, id: ListingId, body: FloorPlan) -> Response:
    """Records a floor plan and what is marked in it (B-1-3-2)."""
    return await change(ctx, id, aggregate.draw_floor_plan, door=body.door, compass=body.compass, photo=body.photo)


@routes.command("/v1/listings/{id}:conceal", act="listing.conceal")
async def conceal(ctx: Ctx, id: ListingId) -> Response:
    """Conceals it (A-2.9). Places of concealments that have ended by their term are given back first."""
    person = ctx.caller.person
    for stream in (await views.places_of(ctx.service.pool, ctx.tenant, person)).values():
        ended = id_of("lst", stream)
        await listings_of(ctx).change(ended, aggregate.end_concealment, command=Command(ctx.tenant, "", Meta()))

    async def look(state: Listing, at: datetime) -> dict[str, Any]:
        taken = frozenset(await views.places_of(ctx.service.pool, ctx.tenant, person))
        return {**await looking(ctx.service.pool, ctx.tenant, person)(state, at), "taken": taken}

    return await change(ctx, id, aggregate.conceal, look=look)


@routes.command("/v1/listings/{id}:reveal", act="listing.reveal")
async def reveal(ctx: Ctx, id: ListingId) -> Response:
    """Ends its concealment (A-2.9)."""
    return await change(ctx, id, aggregate.reveal, look=looking(ctx.service.pool, ctx.tenant))


@routes.command("/v1/listings/{id}:refute", act="listing.refute")
async def refute(ctx: Ctx, id: ListingId, body: Refute) -> Response:
    """Finds a fact or a follow-up untrue (A-2.6, A-2.7). `follow_up` is the entry's id, or its text."""

    async def look(state: Listing, at: datetime) -> dict[str, Any]:
        entries, _ = await ctx.service.log.history(ctx.tenant, id)
        accounts = {stand.holder for entry in entries for stand in getattr(entry.event, "stands", None) or ()}
        found = await looking(ctx.service.pool, ctx.tenant, *accounts)(state, at)
        past = [(entry.version, entry.event) for entry in entries]
        return {**found, "past": past, "follow_up": _follow_up_meant(entries, body.follow_up)}

    return await change(ctx, id, aggregate.refute, look=look, what=body.what, reason=body.reason)


def _follow_up_meant(entries: Sequence[Entry], meant: str | None) -> int | None:
    """The version of the follow-up with this id or (the latest that has not been refuted, with) this text; None: there is none."""
    refuted = {e.event.follow_up for e in entries if isinstance(e.event, Refuted)}
    written = [e for e in entries if isinstance(e.event, FollowedUp) and e.version not in refuted]
    return next((e.version for e in reversed(written) if meant in (e.id, e.event.text)), None)


@routes.command("/v1/listings/{id}:find-duplicate", act="listing.find_duplicate")
async def find_duplicate(ctx: Ctx, id: ListingId, body: Why) -> Response:
    """Finds that it was deliberately entered twice, or is junk (A-2.14)."""

    async def look(state: Listing, at: datetime) -> dict[str, Any]:
        before = await views.violations_of(ctx.service.pool, ctx.tenant, "duplicate_entry", state.recorder)
        return {**await looking(ctx.service.pool, ctx.tenant)(state, at), "ordinal": before + 1}

    return await change(ctx, id, aggregate.find_duplicate, look=look, reason=body.reason)


@routes.command("/v1/listings/{id}:mark", act="listing.mark")
async def mark(ctx: Ctx, id: ListingId, body: Mark) -> Response:
    """Marks it valid, invalid, rented or sold (A-2.12)."""
    return await change(ctx, id, aggregate.mark, look=looking(ctx.service.pool, ctx.tenant, ctx.caller.person), status=body.status)


@routes.command("/v1/listings/{id}:reassign", act="listing.reassign")
async def reassign(ctx: Ctx, id: ListingId, body: Reassign) -> Response:
    """Gives it to another agent or an account (A-2.11)."""
    return await change(ctx, id, aggregate.reassign, look=looking(ctx.service.pool, ctx.tenant, body.to), to=body.to)


async def change(ctx: Context, id: str, decide: Any, *, look: Look | None = None, **facts: Any) -> Response:
    outcome = await listings_of(ctx).change(id, decide, command=ctx.command(), look=look, answer=done(id), by=ctx.caller, **facts)
    return ctx.reply(outcome)


@routes.query("/v1/listings", act="listing.read")
async def find(ctx: Ctx, page: Paged, which: views.Which = "mine", kind: Kind | None = None, status: Status | None = None) -> Response:
    """Listings by number: mine, the pool I may claim from, ending within a day, lapsed from me, left behind by those below, or all that I
    may see."""
    now = await ctx.service.log.now(ctx.tenant)
    after = int(page.after[0]) if page.after is not None else 0
    rows = await views.found(
        ctx.service.pool, ctx.tenant, now, which, await _sight(ctx, now), kind=kind, status=status, after=after, limit=page.limit + 1
    )
    return ctx.show_page(page, rows, at=lambda row: (row["number"],), as_shown=_in_list)


async def _sight(ctx: Context, now: datetime) -> views.Sight:
    post, accounts = ctx.caller.post, await _claimable_from(ctx, now)
    others = await posts_of(ctx.service.pool, ctx.tenant) if post.role != "agent" else []
    below = [other for other in others if ctx.may("listing.read_concealed", over=(other,))]
    everyones = ctx.may("listing.read_concealed")
    left = tuple(other.person for other in below if not other.in_post)
    return views.Sight(ctx.caller.person, accounts, None if everyones else tuple(other.person for other in below), left)


async def _claimable_from(ctx: Context, now: datetime) -> tuple[str, ...]:
    """A-2.12: the accounts from which the caller may claim under the packs in force; none where none is."""
    own = f"team:{ctx.caller.post.team}"
    around = await ground(ctx.service.pool, ctx.tenant, (own,))
    claimable: list[str] = []
    for account in (own, COMPANY):
        with suppress(Refused):
            if rules.may_claim(around.pack_of(account, now), account, ctx.caller.post):
                claimable.append(account)
    return tuple(claimable)


def _in_list(row: Any) -> dict[str, Any]:
    return {
        "id": id_of("lst", row["stream"]),
        "number": row["number"],
        "kind": row["kind"],
        "house": views.house_of(row),
        "recorder": row["recorder"],
        "holder": row["held_by"],
        "status": row["status"],
        "correct": row["correct"],
        "concealed": row["concealed"],
    }


@routes.query("/v1/listings/{id}", act="listing.read")
async def show(ctx: Ctx, id: ListingId, as_of: Instant | None = None, known_at: Instant | None = None) -> Response:
    """A listing, now or as of an instant as known at another. What the caller may not see is unknown."""
    read = await listings_of(ctx).read(ctx.tenant, id, as_of=as_of, known_at=known_at)
    now = await ctx.service.log.now(ctx.tenant)
    if read is None:
        raise Refused("unknown_reference")
    listing, version = read
    at = as_of or known_at or now
    holder, concealed = holder_at(listing.stands, at), aggregate.is_concealed(listing, at)
    if concealed and not await may_see(ctx, listing, holder):
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
        "asked_for": listing.check.asked_for,
        "keys": listing.keys,
        "photos": [{"id": photo.photo, "by": photo.by, "watermarked": photo.watermarked} for photo in listing.photos],
        "deal": listing.deal,
    }
    return ctx.show(shown, version=version)


async def may_see(ctx: Context, listing: Listing, holder: str) -> bool:
    """A-2.9: a concealed listing is seen by its holder, its recorder and those above them."""
    own = ctx.caller.person in (holder, listing.recorder)
    over = [await post_of(ctx.service.pool, ctx.tenant, person) for person in {holder, listing.recorder} if person.startswith("psn_")]
    return ctx.may("listing.read_concealed", own=own, over=over)
