"""Requests about complaints: registered, assigned, answered, closed, reopened (C-2)."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import StringConstraints
from starlette.responses import Response

from services.client.aggregate import complaint as deciding
from services.client.aggregate.complaint import Complaint, State
from services.client.api.parts import holders_below, parts_of
from services.client.events.complaint import About, Channel, Outcome
from services.client.views import clients
from services.client.views import complaints as views
from shared.entry import id_of
from shared.regulation import Refused
from shared.service import (
    Body,
    ClientId,
    Context,
    Ctx,
    DealId,
    ListingId,
    Paged,
    PersonId,
    Query64,
    Reason,
    Routes,
    Several,
    done,
    entered,
    reference,
)
from shared.tenure import Ground, ground

routes = Routes()

ComplaintId = Annotated[str, *reference("cpl")]
Told = Annotated[str, StringConstraints(max_length=2000, pattern=r"\S")]


class Register(Body):
    id: ComplaintId | None = None
    channel: Channel
    text: Told
    client: ClientId | None = None
    listing: ListingId | None = None
    deal: DealId | None = None
    against: Several[PersonId] = ()


class Assign(Body):
    to: PersonId


class Answer(Body):
    text: Told


class Close(Body):
    outcome: Outcome
    reason: Reason


class Why(Body):
    reason: Reason


@routes.command("/v1/complaints", act="complaint.register")
async def register(ctx: Ctx, body: Register) -> Response:
    """Takes a complaint down, tied to a client, a listing or a deal: 201, with `due`, by when it has to be answered (C-2)."""
    id, about = body.id or ctx.new_id("cpl"), About(body.client, body.listing, body.deal)

    async def look(state: None, at: datetime) -> dict[str, Any]:
        around = await ground(ctx.service.pool, ctx.tenant, (ctx.caller.person, *body.against))
        return {"known": await _known(ctx, about), "ground": around}

    outcome = await parts_of(ctx).complaints.begin(
        id,
        deciding.register,
        command=ctx.command(),
        look=look,
        answer=entered(id, "state", "due"),
        by=ctx.caller,
        channel=body.channel,
        about=about,
        against=body.against,
        text=body.text,
    )
    return ctx.reply(outcome)


async def _known(ctx: Context, about: About) -> frozenset[str]:
    """Which of these the company has."""
    pool, tenant = ctx.service.pool, ctx.tenant
    there = {
        about.client: about.client is not None and await parts_of(ctx).clients.read(tenant, about.client) is not None,
        about.listing: about.listing is not None and await clients.listing_is_correct(pool, tenant, about.listing) is not None,
        about.deal: about.deal is not None and await views.deal_is_there(pool, tenant, about.deal),
    }
    return frozenset(id for id, found in there.items() if id is not None and found)


@routes.command("/v1/complaints/{id}:assign", act="complaint.assign")
async def assign(ctx: Ctx, id: ComplaintId, body: Assign) -> Response:
    """Gives it to somebody in post whom it does not concern (C-2)."""
    return await _change(ctx, id, deciding.assign, names=(body.to,), to=body.to)


@routes.command("/v1/complaints/{id}:answer", act="complaint.answer")
async def answer(ctx: Ctx, id: ComplaintId, body: Answer) -> Response:
    """Says what whoever complained was told (C-2)."""
    return await _change(ctx, id, deciding.answer, text=body.text)


@routes.command("/v1/complaints/{id}:close", act="complaint.close")
async def close(ctx: Ctx, id: ComplaintId, body: Close) -> Response:
    """Ends it, when it has been answered (C-2)."""
    return await _change(ctx, id, deciding.close, outcome=body.outcome, reason=body.reason)


@routes.command("/v1/complaints/{id}:reopen", act="complaint.reopen")
async def reopen(ctx: Ctx, id: ComplaintId, body: Why) -> Response:
    """Takes up again what was closed (C-2)."""
    return await _change(ctx, id, deciding.reopen, reason=body.reason)


async def _change(ctx: Context, id: str, decide: Any, *, names: tuple[str, ...] = (), **facts: Any) -> Response:
    async def look(state: Complaint, at: datetime) -> dict[str, Any]:
        if not await _may_see(ctx, state):
            raise Refused("unknown_reference")
        return {"ground": await _around(ctx, state, *names)}

    outcome = await parts_of(ctx).complaints.change(
        id, decide, command=ctx.command(), look=look, answer=done(id, "state", "due"), by=ctx.caller, **facts
    )
    return ctx.reply(outcome)


async def _around(ctx: Context, complaint: Complaint, *names: str) -> Ground:
    return await ground(ctx.service.pool, ctx.tenant, (complaint.by, complaint.assignee, *complaint.against, *names))


async def _may_see(ctx: Context, complaint: Complaint) -> bool:
    """Who registered it, has it or is complained of; those above them; the service manager and the auditors."""
    if ctx.caller.person in (complaint.by, complaint.assignee, *complaint.against):
        return True
    around = await _around(ctx, complaint)
    return ctx.may("complaint.read", over=list(around.posts.values()))


@routes.query("/v1/complaints", act="complaint.read")
async def find(ctx: Ctx, page: Paged, state: State | None = None, overdue: bool = False, about: Query64 | None = None) -> Response:
    """Complaints in the order of their registration: one's own, those of people below, for the service manager everyone's; by `state`, by
    what they are `about`, and only those `overdue` (C-2)."""
    now, after = await ctx.service.log.now(ctx.tenant), int(page.after[0]) if page.after is not None else 0
    below = await holders_below(ctx)
    rows = await views.found(
        ctx.service.pool, ctx.tenant, now, ctx.caller.person, below,
        state=state, overdue=overdue, about=about, after=after, limit=page.limit + 1,
    )  # fmt: skip
    return ctx.show_page(page, rows, at=lambda row: (row["number"],), as_shown=lambda row: _in_list(row, now))


def _in_list(row: Any, now: datetime) -> dict[str, Any]:
    complaint = views.COMPLAINTS.state_of(row["state"])
    return {"id": id_of("cpl", row["stream"]), "number": row["number"], **_head(complaint, now)}


def _head(complaint: Complaint, now: datetime) -> dict[str, Any]:
    return {
        "state": complaint.state,
        "channel": complaint.channel,
        "about": complaint.about,
        "against": complaint.against,
        "registered_by": complaint.by,
        "registered_at": complaint.story[0].at,
        "assignee": complaint.assignee,
        "due": complaint.due,
        "overdue": complaint.due is not None and complaint.due <= now,
    }


@routes.query("/v1/complaints/{id}", act="complaint.read")
async def show(ctx: Ctx, id: ComplaintId) -> Response:
    """A complaint with everything that was said and done."""
    read = await parts_of(ctx).complaints.read(ctx.tenant, id)
    if read is None or not await _may_see(ctx, read[0]):
        raise Refused("unknown_reference")
    return ctx.show({"id": id, **_head(read[0], await ctx.service.log.now(ctx.tenant)), "story": read[0].story}, version=read[1])
