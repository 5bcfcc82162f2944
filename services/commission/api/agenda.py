"""What of mine ends soon, and what I would earn: asked by agents on the way."""

from datetime import datetime
from fractions import Fraction
from typing import Annotated, Any

from fastapi import Query
from starlette.responses import Response

from services.commission.api.parts import fen, parts_of
from services.commission.events import Line, Terms
from services.commission.views import courses
from shared.identity import post_of
from shared.regulation import Refused
from shared.service import ClientId, Context, Ctx, ListingId, Paged, PersonId, Routes

routes = Routes()


@routes.query("/v1/agenda", act="agenda.read")
async def agenda(ctx: Ctx, page: Paged) -> Response:
    """What the caller holds or conceals and that ends, the soonest first: by which clause, who holds after, and what of the listing side
    they would lose in points if a deal closed after it instead of now."""
    now = await ctx.service.log.now(ctx.tenant)
    after = (datetime.fromisoformat(str(page.after[0])), str(page.after[1])) if page.after is not None else None
    rows = await courses.ending(ctx.service.pool, ctx.tenant, ctx.caller.person, now, after, page.limit + 1)
    costs = {row["id"]: await _cost(ctx, row, now) for row in rows[: page.limit] if row["what"] == "term"}

    def shown(row: Any) -> dict[str, Any]:
        cost = costs.get(row["id"]) if row["what"] == "term" else None
        return {
            "id": row["id"],
            "what": row["what"],
            "ends_at": row["until"],
            "clause": row["clause"],
            "holder_after": row["after"],
            "cost": {"points": cost} if cost is not None else None,
        }

    return ctx.show_page(page, rows, at=lambda row: (row["until"].isoformat(), row["id"] + row["what"]), as_shown=shown)


async def _cost(ctx: Context, row: Any, now: datetime) -> str | None:
    """The points of a listing that the caller would have now and no more once the term has ended. None: of a client, none are at stake."""
    if not row["id"].startswith("lst_"):
        return None
    terms = Terms(row["id"], "", (ctx.caller.person,), {"agency": 100_00}, "sale", None)
    held, lost = await parts_of(ctx).bench.preview(ctx.tenant, terms, now, row["until"])
    return str(_listing_points(held.lines, ctx.caller.person) - _listing_points(lost.lines, ctx.caller.person))


def _listing_points(lines: tuple[Line, ...], person: str) -> Fraction:
    return sum((Fraction(line.points) for line in lines if line.to == person and line.role.startswith("listing")), Fraction(0))


@routes.query("/v1/preview", act="deal.preview")
async def preview(
    ctx: Ctx,
    listing: ListingId,
    agency: Annotated[int, Query(ge=0, le=10**15)],
    client: ClientId | None = None,
    closer: Annotated[list[PersonId] | None, Query(max_length=20)] = None,
) -> Response:
    """What the caller would earn if a deal on this listing closed now with this agency fee in fen. Shows nobody else's lines."""
    closers = tuple(dict.fromkeys(closer or (ctx.caller.person,)))
    for person in closers:
        if await post_of(ctx.service.pool, ctx.tenant, person) is None:
            raise Refused("unknown_reference", field="closers")
    now = await ctx.service.log.now(ctx.tenant)
    if not await _may_be_seen(ctx, listing, now):
        raise Refused("unknown_reference", field="listing")
    terms = Terms(listing, client or "", closers, {"agency": agency}, "sale", None)
    (judged,) = await parts_of(ctx).bench.preview(ctx.tenant, terms, now)
    own = [line for line in judged.lines if line.to == ctx.caller.person]
    shown = {
        "as_of": now,
        "pack": judged.pack,
        "base": fen(judged.base_fen),
        "lines": [{"role": line.role, "points": line.points, "amount": fen(line.amount_fen), "clauses": line.clauses} for line in own],
        "sum": fen(sum(line.amount_fen for line in own)),
        "notes": judged.notes,
    }
    return ctx.show(shown)


async def _may_be_seen(ctx: Context, listing: str, now: datetime) -> bool:
    """A-2.9: a concealed listing is seen by its holder, its recorder and those above them."""
    concerned = await courses.concealed_to(ctx.service.pool, ctx.tenant, listing, now)
    if concerned is None or ctx.caller.person in concerned:
        return True
    posts = [await post_of(ctx.service.pool, ctx.tenant, person) for person in concerned if person.startswith("psn_")]
    return ctx.may("listing.read_concealed", over=posts)
