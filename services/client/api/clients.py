"""Requests about clients: bodies, the one call each makes, answers."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import Field
from starlette.responses import Response

from services.client import aggregate, rules
from services.client.aggregate import Client
from services.client.api.files import file_shown
from services.client.api.parts import change_client, holders_below, parts_of
from services.client.events import Channel, Kind, Level, Source
from services.client.views import clients as views
from shared.entry import id_of, uuid_of
from shared.identity import post_of
from shared.problems import DUPLICATE_CLIENT
from shared.regulation import Refused
from shared.service import (
    Account,
    Body,
    ClientId,
    Context,
    Ctx,
    Day,
    Instant,
    ListingId,
    Paged,
    PersonId,
    Routes,
    Short,
    Text,
    Told,
    done,
    entered,
    invalid,
)
from shared.tenure import ground, holder_at, looking

routes = Routes()

Wished = Annotated[str, Field(max_length=200)]


class Enter(Body):
    id: ClientId | None = None
    kind: Kind
    acquired_at: Instant | None = None
    name: Told = None
    phone: Told = None
    floor: Wished | None = None
    area: Wished | None = None
    orientation: Wished | None = None
    price: Wished | None = None
    needs: Wished | None = None
    for_: Annotated[PersonId | None, Field(alias="for")] = None
    source: Source | None = None
    level: Level | None = None


class Next(Body):
    on: Day | None = None
    what: Text | None = None


class FollowUp(Body):
    channel: Channel
    text: Text | None = None
    level: Level | None = None
    next: Next | None = None


class View(Body):
    listing: ListingId
    form: Short


class Senior(Body):
    senior: PersonId


class Reassign(Body):
    to: Account


@routes.command("/v1/clients", act="client.enter")
async def enter(ctx: Ctx, body: Enter) -> Response:
    """Enters a client (A-2.2); the same person again is a numbered duplicate (A-2.5): 201, with `duplicate_number`."""
    id, recorder = body.id or ctx.new_id("cli"), body.for_ or ctx.caller.person
    post = await post_of(ctx.service.pool, ctx.tenant, recorder)
    if post is None:
        raise Refused("unknown_reference", "A-2.1", field="for")
    contact = await _contact(ctx, body)

    async def look(state: None, at: datetime) -> dict[str, Any]:
        around = await looking(ctx.service.pool, ctx.tenant, recorder)(state, at)
        first = await ctx.service.log.claimant(ctx.tenant, "contact", contact) if contact is not None else None
        duplicates = await views.duplicates_of(ctx.service.pool, ctx.tenant, contact) if contact is not None and first is not None else 0
        return {**around, "first": id_of("cli", first.stream) if first else None, "duplicates": duplicates}

    given = {name: getattr(body, name) for name in ("floor", "area", "orientation", "price", "phone", "needs")}
    outcome = await parts_of(ctx).clients.begin(
        id,
        aggregate.enter,
        command=ctx.command(),
        look=look,
        answer=entered(id, "duplicate_number"),
        by=ctx.caller,
        recorder=post,
        kind=body.kind,
        contact=contact,
        given=given,
        acquired_at=body.acquired_at,
        source=body.source,
        level=body.level,
    )
    return ctx.reply(outcome)


async def _contact(ctx: Context, body: Enter) -> str | None:
    if body.phone is None:
        return None
    contact = await ctx.service.peers.contact(ctx.tenant, body.phone, body.name)
    if contact is None:
        raise invalid(("/phone", "malformed_phone"))
    return contact


@routes.command("/v1/clients/{id}:follow-up", act="client.follow_up")
async def follow_up(ctx: Ctx, id: ClientId, body: FollowUp) -> Response:
    """Writes a follow-up (A-2.3, A-2.8); with it may be said how keen the client is now, and what comes next (K-2, K-3)."""
    then = body.next or Next()
    return await change_client(
        ctx, id, aggregate.follow_up, channel=body.channel, text=body.text, level=body.level, next_on=then.on, next_what=then.what
    )


@routes.command("/v1/clients/{id}:view", act="client.view")
async def view(ctx: Ctx, id: ClientId, body: View) -> Response:
    """Records a viewing with its form (A-2.10)."""

    async def look(state: Client, at: datetime) -> dict[str, Any]:
        around = await looking(ctx.service.pool, ctx.tenant, ctx.caller.person)(state, at)
        is_correct = await views.listing_is_correct(ctx.service.pool, ctx.tenant, body.listing)
        first = await ctx.service.log.claimant(ctx.tenant, "form", rules.form_key(body.form))
        return {**around, "is_correct": is_correct, "form_used": first}

    outcome = await parts_of(ctx).clients.change(
        id,
        aggregate.view,
        command=ctx.command(),
        look=look,
        answer=done(id),
        by=ctx.caller,
        client_id=id,
        listing=body.listing,
        form=body.form,
    )
    return ctx.reply(outcome)


@routes.command("/v1/clients/{id}:name-senior", act="client.name_senior")
async def name_senior(ctx: Ctx, id: ClientId, body: Senior) -> Response:
    """Names who works this client for a newcomer (A-1.N2)."""
    return await change_client(ctx, id, aggregate.name_senior, names=(body.senior,), senior=body.senior)


@routes.command("/v1/clients/{id}:claim", act="client.claim")
async def claim(ctx: Ctx, id: ClientId) -> Response:
    """Takes a public client (A-2.3)."""
    return await change_client(ctx, id, aggregate.claim)


@routes.command("/v1/clients/{id}:reassign", act="client.reassign")
async def reassign(ctx: Ctx, id: ClientId, body: Reassign) -> Response:
    """Gives it to another agent or an account (A-2.11)."""
    return await change_client(ctx, id, aggregate.reassign, names=(body.to,), to=body.to)


@routes.query("/v1/clients", act="client.read")
async def find(ctx: Ctx, page: Paged, which: views.Which = "mine", kind: Kind | None = None) -> Response:
    """Clients by number: mine, the pool I may claim from, ending within a day, lapsed from me, or all whose files I may see."""
    pool, post, now = ctx.service.pool, ctx.caller.post, await ctx.service.log.now(ctx.tenant)
    accounts = ("company", *([f"team:{post.team}"] if post.team is not None else []))
    below = await holders_below(ctx)
    after = int(page.after[0]) if page.after is not None else 0
    rows = await views.found(pool, ctx.tenant, now, which, ctx.caller.person, accounts, below, kind=kind, after=after, limit=page.limit + 1)
    return ctx.show_page(page, rows, at=lambda row: (row["number"],), as_shown=_in_list)


def _in_list(row: Any) -> dict[str, Any]:
    return {
        "id": id_of("cli", row["stream"]),
        "number": row["number"],
        "kind": row["kind"],
        "recorder": row["recorder"],
        "holder": row["held_by"],
        "duplicate_of": row["first"],
    }


@routes.query("/v1/clients/{id}", act="client.read")
async def show(ctx: Ctx, id: ClientId, as_of: Instant | None = None, known_at: Instant | None = None) -> Response:
    """A client's file, without name and phone. Who is neither its holder, its recorder, in contact nor above them does not know of
    it."""
    at = as_of or known_at or await ctx.service.log.now(ctx.tenant)
    client, version = await seen(ctx, id, at, as_of=as_of, known_at=known_at)
    holder = holder_at(client.stands, at)
    number = await ctx.service.pool.fetchval("select number from clients where tenant = $1 and stream = $2", ctx.tenant, uuid_of(id))
    shown = {
        "id": id,
        "number": number,
        "kind": client.kind,
        "wish": client.wish,
        "contact": client.contact,
        "recorder": client.recorder,
        "holder": holder,
        "holds_until": next(s for s in client.stands if s.holder == holder).until,
        "duplicate_of": client.first,
        "duplicate_number": client.duplicate_number,
        "remark": _remark(ctx, client),
        "senior": client.senior,
        "deal": client.deal,
        **file_shown(client, holder, at),
    }
    return ctx.show(shown, version=version)


async def seen(ctx: Context, id: str, at: datetime | None = None, **then: datetime | None) -> tuple[Client, int]:
    """The client, as of an instant as known at another, if the caller may read the file: its holder then, its recorder, who is in contact,
    those above them. Else it is unknown."""
    read = await parts_of(ctx).clients.read(ctx.tenant, id, **then)
    if read is not None:
        client, holder = read[0], holder_at(read[0].stands, at or await ctx.service.log.now(ctx.tenant))
        over = (await ground(ctx.service.pool, ctx.tenant, (holder, client.recorder))).named(holder, client.recorder)
        if ctx.may(own=ctx.caller.person in (holder, client.recorder, *client.file.contacts), over=over):
            return read
    raise Refused("unknown_reference")


def _remark(ctx: Context, client: Client) -> str | None:
    """A-2.5: the readable remark of a duplicate."""
    return DUPLICATE_CLIENT.said(ctx.language, {"number": client.duplicate_number}) if client.duplicate_number is not None else None
