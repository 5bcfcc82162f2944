"""Requests about visits and calls: registered, answered, linked to a client (K-1, G-4)."""

from typing import Annotated, Any, Literal

from pydantic import Field
from starlette.responses import Response

from services.client import aggregate
from services.client.aggregate import Visit
from services.client.api.files import place_of
from services.client.api.parts import holders_below, parts_of
from services.client.events import Channel, Source
from services.client.views import clients
from services.client.views import visits as views
from shared.entry import id_of
from shared.identity import post_of
from shared.regulation import Refused
from shared.service import (
    Body,
    ClientId,
    Context,
    Ctx,
    Instant,
    Paged,
    PersonId,
    Reason,
    Routes,
    Short,
    Text,
    VisitId,
    done,
    entered,
    invalid,
)
from shared.tenure import ground

routes = Routes()

Said = Annotated[str, Field(max_length=200)]


class Register(Body):
    id: VisitId | None = None
    channel: Literal["visit", "call"]
    agent: PersonId | None = None
    came_at: Instant | None = None
    left_at: Instant | None = None
    companions: Said | None = None
    wish: Said | None = None
    source: Source | None = None
    summary: Text | None = None
    name: Short | None = None
    phone: Short | None = None
    reply_wanted: bool = False


class Reply(Body):
    channel: Channel
    text: Reason


class Link(Body):
    client: ClientId


@routes.command("/v1/visits", act="visit.register")
async def register(ctx: Ctx, body: Register) -> Response:
    """Registers a visit or a call, also of somebody who left neither name nor number (K-1): 201, with `reply_until`, if they asked
    something (G-4)."""
    id = body.id or ctx.new_id("vst")
    agent = body.agent or (ctx.caller.person if ctx.caller.post.role != "service_manager" else None)
    contact = await _contact(ctx, body)

    async def look(state: None, at: Any) -> dict[str, Any]:
        return {"ground": await ground(ctx.service.pool, ctx.tenant, (ctx.caller.person, agent))}

    outcome = await parts_of(ctx).visits.begin(
        id,
        aggregate.register,
        command=ctx.command(),
        look=look,
        answer=entered(id, "reply_until"),
        by=ctx.caller,
        agent=agent,
        channel=body.channel,
        came_at=body.came_at,
        left_at=body.left_at,
        given={"companions": body.companions, "wish": body.wish, "summary": body.summary},
        source=body.source,
        contact=contact,
        reply_wanted=body.reply_wanted,
    )
    return ctx.reply(outcome)


async def _contact(ctx: Context, body: Register) -> str | None:
    """The vault's reference; None: no number was left. A name alone has no card to stand on."""
    if body.phone is None:
        if body.name is not None:
            raise invalid(("/name", "name_without_phone"))
        return None
    contact = await ctx.service.peers.contact(ctx.tenant, body.phone, body.name)
    if contact is None:
        raise invalid(("/phone", "malformed_phone"))
    return contact


@routes.command("/v1/visits/{id}:reply", act="visit.reply")
async def reply(ctx: Ctx, id: VisitId, body: Reply) -> Response:
    """The enquiry was answered (G-4)."""
    return await _change(ctx, id, aggregate.reply, channel=body.channel, text=body.text)


@routes.command("/v1/visits/{id}:link", act="visit.link")
async def link(ctx: Ctx, id: VisitId, body: Link) -> Response:
    """The visitor is this client (K-1)."""
    is_there = await clients.is_there(ctx.service.pool, ctx.tenant, body.client)
    return await _change(ctx, id, aggregate.link, client=body.client, is_there=is_there)


async def _change(ctx: Context, id: str, decide: Any, **facts: Any) -> Response:
    async def look(state: Visit, at: Any) -> dict[str, Any]:
        return {"ground": await ground(ctx.service.pool, ctx.tenant, (state.registered.agent, ctx.caller.person))}

    outcome = await parts_of(ctx).visits.change(id, decide, command=ctx.command(), look=look, answer=done(id), by=ctx.caller, **facts)
    return ctx.reply(outcome)


@routes.query("/v1/visits", act="visit.read")
async def find(ctx: Ctx, page: Paged, which: views.Which = "all", client: ClientId | None = None) -> Response:
    """Visits and calls that one received or registered, and those of agents below: all by number, `unanswered` and `overdue` enquiries by
    when an answer is due, those not yet `unlinked`; of one `client`."""
    now, below = await ctx.service.log.now(ctx.tenant), await holders_below(ctx)
    rows = await views.found(
        ctx.service.pool, ctx.tenant, now, which, ctx.caller.person, below, client=client, after=place_of(page), limit=page.limit + 1
    )
    return ctx.show_page(page, rows, at=lambda row: (row["since"].isoformat(), row["number"]), as_shown=_in_list)


def _in_list(row: Any) -> dict[str, Any]:
    return {"number": row["number"], **_shown(id_of("vst", row["stream"]), views.VISITS.state_of(row["state"]))}


@routes.query("/v1/visits/{id}", act="visit.read")
async def show(ctx: Ctx, id: VisitId) -> Response:
    """A visit or call, without name and phone. For who received or registered it, and those above the agent."""
    read = await parts_of(ctx).visits.read(ctx.tenant, id)
    if read is None:
        raise Refused("unknown_reference")
    visit, version = read
    registered = visit.registered
    over = (await post_of(ctx.service.pool, ctx.tenant, registered.agent),)
    if not ctx.may(own=ctx.caller.person in (registered.agent, registered.by), over=over):
        raise Refused("unknown_reference")
    return ctx.show(_shown(id, visit), version=version)


def _shown(id: str, visit: Visit) -> dict[str, Any]:
    registered = visit.registered
    return {
        "id": id,
        "channel": registered.channel,
        "agent": registered.agent,
        "registered_by": registered.by,
        "registered_at": registered.at,
        "came_at": registered.came_at,
        "left_at": registered.left_at,
        "companions": registered.companions,
        "wish": registered.wish,
        "source": registered.source,
        "summary": registered.summary,
        "contact": registered.contact,
        "client": visit.client,
        "reply_until": registered.reply_until,
        "reply": visit.reply,
    }
