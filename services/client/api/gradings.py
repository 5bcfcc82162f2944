"""Requests about the yearly grading: drafted, looked at, confirmed by another, or withdrawn (G-1, G-2)."""

from datetime import datetime
from typing import Annotated, Any

from starlette.responses import Response

from services.client.aggregate import grading as deciding
from services.client.aggregate.grading import Grading
from services.client.api.grades import Year, place_shown
from services.client.api.parts import parts_of
from services.client.views import grades as views
from shared.entry import id_of
from shared.regulation import Refused
from shared.service import Body, Context, Ctx, Day, Paged, Reason, Routes, done, entered, reference
from shared.tenure import ground

routes = Routes()

GradingId = Annotated[str, *reference("grd")]


class Draft(Body):
    id: GradingId | None = None
    year: Year


class Confirm(Body):
    effective_from: Day


class Why(Body):
    reason: Reason


@routes.command("/v1/gradings", act="grading.draft")
async def draft(ctx: Ctx, body: Draft) -> Response:
    """Ranks all clients with figures of the year before: 201. It has no effect until another confirms it (G-1, G-2)."""
    id = body.id or ctx.new_id("grd")

    async def look(state: None, at: datetime) -> dict[str, Any]:
        await ctx.service.caught_up()
        figures = await views.figures_of(ctx.service.pool, ctx.tenant, body.year - 1)
        return {"figures": figures, "graded": await _graded(ctx, body.year), "ground": await ground(ctx.service.pool, ctx.tenant, ())}

    outcome = await parts_of(ctx).gradings.begin(
        id,
        deciding.draft,
        command=ctx.command(),
        look=look,
        answer=entered(id, "year", "of", "state"),
        by=ctx.caller,
        year=body.year,
    )
    return ctx.reply(outcome)


@routes.command("/v1/gradings/{id}:confirm", act="grading.confirm")
async def confirm(ctx: Ctx, id: GradingId, body: Confirm) -> Response:
    """Puts a draft's grades in force from a day on; never who drafted them (G-1)."""

    async def look(state: Grading, at: datetime) -> dict[str, Any]:
        return {"graded": await _graded(ctx, state.year)}

    outcome = await parts_of(ctx).gradings.change(
        id,
        deciding.confirm,
        command=ctx.command(),
        look=look,
        answer=done(id, "state", "effective_at"),
        by=ctx.caller,
        day=body.effective_from,
    )
    return ctx.reply(outcome)


async def _graded(ctx: Context, year: int) -> Any:
    return await ctx.service.log.claimant(ctx.tenant, "grading", str(year))


@routes.command("/v1/gradings/{id}:withdraw", act="grading.withdraw")
async def withdraw(ctx: Ctx, id: GradingId, body: Why) -> Response:
    """Takes a draft back, or ends a confirmed grading from now on; the year may be graded anew (G-1)."""
    outcome = await parts_of(ctx).gradings.change(
        id, deciding.withdraw, command=ctx.command(), answer=done(id, "state"), by=ctx.caller, reason=body.reason
    )
    return ctx.reply(outcome)


@routes.query("/v1/gradings", act="grading.read")
async def find(ctx: Ctx, page: Paged) -> Response:
    """Gradings in the order of their drafts."""
    ctx.allow()
    after = int(page.after[0]) if page.after is not None else 0
    rows = await views.gradings(ctx.service.pool, ctx.tenant, after, page.limit + 1)
    return ctx.show_page(page, rows, at=lambda row: (row["number"],), as_shown=_head)


@routes.query("/v1/gradings/{id}", act="grading.read")
async def show(ctx: Ctx, id: GradingId) -> Response:
    """A grading: how many stand where, and what each grade carries."""
    row = await _seen(ctx, id)
    counts = await views.counts(ctx.service.pool, ctx.tenant, id)
    grades = [{**_plain(terms), "clients": counts.get(step, 0)} for step, terms in enumerate(views.terms_of(row["grades"]))]
    return ctx.show({**_head(row), "grades": grades}, version=row["version"])


@routes.query("/v1/gradings/{id}/places", act="grading.read")
async def show_places(ctx: Ctx, id: GradingId, page: Paged) -> Response:
    """Its places, the best first: each with figures, score, rank, border and tie."""
    await _seen(ctx, id)
    after = int(page.after[0]) if page.after is not None else 0
    rows = await views.places(ctx.service.pool, ctx.tenant, id, after, page.limit + 1)
    return ctx.show_page(page, rows, at=lambda row: (row["ordinal"],), as_shown=_place)


async def _seen(ctx: Context, id: str) -> Any:
    ctx.allow()
    row = await views.grading(ctx.service.pool, ctx.tenant, id)
    if row is None:
        raise Refused("unknown_reference")
    return row


def _place(row: Any) -> dict[str, Any]:
    place = views.place_of(row["place"])
    return {"client": place.client, **place_shown(place)}


def _plain(terms: Any) -> dict[str, Any]:
    return {name: getattr(terms, name) for name in terms.__struct_fields__}


def _head(row: Any) -> dict[str, Any]:
    return {
        "id": id_of("grd", row["stream"]),
        "number": row["number"],
        "year": row["year"],
        "state": row["state"],
        "of": row["of"],
        "drafted_by": row["drafted_by"],
        "confirmed_by": row["confirmed_by"],
        "effective_at": row["effective_at"],
        "withdrawn_at": row["withdrawn_at"],
    }
