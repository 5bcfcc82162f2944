"""Requests about violations."""

from typing import Any

from starlette.responses import Response

from services.commission.api.parts import fen
from services.commission.views import violations
from shared.identity import posts_of
from shared.service import (
    Context,
    Ctx,
    Paged,
    Routes,
)

routes = Routes()


@routes.query("/v1/violations", act="violation.read")
async def show(ctx: Ctx, page: Paged) -> Response:
    """Violations as proposed, in the order of recording: one's own, those of people below, for an auditor the company's."""
    rows = await violations.found(ctx.service.pool, ctx.tenant, page.after, page.limit + 1, people=await _below(ctx))
    return ctx.show_page(page, rows, at=violations.standing_at, as_shown=_violation)


async def _below(ctx: Context) -> list[str] | None:
    """Whose violations the caller may see; None: everyone's."""
    if ctx.may(stores=()):
        return None
    posts = await posts_of(ctx.service.pool, ctx.tenant)
    return [post.person for post in posts if ctx.may(own=post.person == ctx.caller.person, over=(post,))]


def _violation(row: Any) -> dict[str, Any]:
    return {
        "id": row["id"],
        "clause": row["clause"],
        "kind": row["kind"],
        "person": row["person"],
        "fine": fen(row["fine_fen"]) if row["fine_fen"] is not None else None,
        "dismissal": row["dismissal"],
        "state": row["state"],
        "evidence": row["evidence"],
        "recorded_at": row["recorded_at"],
    }
