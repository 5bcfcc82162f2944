"""Requests about what clients pay: whether a fee went below what the client's grade allows, and until when it is due (G-3)."""

from typing import Any

from starlette.responses import Response

from services.client.api.parts import holders_below
from services.client.rules import grading as rules
from services.client.views import fees as views
from services.client.views.grades import terms_of
from shared.entry import id_of
from shared.service import Ctx, Paged, Routes

routes = Routes()


@routes.query("/v1/fees", act="grade.read")
async def find(ctx: Ctx, page: Paged, which: views.Which = "below") -> Response:
    """Deals of clients who had a grade at the closing, in the order of their reports: one's own and those below, for the service manager
    and finance everyone's. `below`: the fee is less than the grade allows; `incomparable`: there is nothing to compare it with (G-3)."""
    after = 0 if page.after is None else int(page.after[0])
    rows = await views.found(
        ctx.service.pool, ctx.tenant, ctx.caller.person, await holders_below(ctx), which=which, after=after, limit=page.limit + 1
    )
    return ctx.show_page(page, rows, at=lambda row: (row["number"],), as_shown=_in_list)


def _in_list(row: Any) -> dict[str, Any]:
    terms, customary_fen = terms_of(row["grades"])[row["step"]], row["customary_fen"]
    least_fen = None if customary_fen is None else rules.least_fee(customary_fen, terms.fee_discount_percent)
    return {
        "deal": id_of("dea", row["deal"]),
        "client": id_of("cli", row["record"]),
        "closers": row["closers"],
        "store": row["store"],
        "kind": row["kind"],
        "closed_at": row["closed_at"],
        "grade": terms.grade,
        "fee_discount_percent": terms.fee_discount_percent,
        "price": _fen(row["price_fen"]),
        "agency": _fen(row["agency_fen"]),
        "customary": _fen(customary_fen),
        "least": _fen(least_fen),
        "short_by": None if least_fen is None else _fen(max(0, least_fen - row["agency_fen"])),
        "prepaid": terms.prepaid,
        "pay_until": rules.pay_until(terms, row["closed_at"], row["counts_days"]),
    }


def _fen(amount: int | None) -> dict[str, Any] | None:
    return None if amount is None else {"amount": amount, "currency": "CNY"}
