"""Requests for what happened to a listing: what was written, done and found, for whoever may read it."""

from starlette.responses import Response

from services.listing import aggregate
from services.listing.api.listings import listings_of, may_see
from services.listing.events import DuplicateFound, ViolationFound
from shared.regulation import Refused
from shared.service import Ctx, Instant, ListingId, Paged, Routes
from shared.tenure import holder_at

routes = Routes()

HIDDEN = frozenset({"by", "at", "owner", "client", "viewing", "stands", "violation"})
"""The owner is in the vault, a client's file is for who may read it, a violation for whom it concerns and those above."""


@routes.query("/v1/listings/{id}/timeline", act="listing.read")
async def timeline(ctx: Ctx, id: ListingId, page: Paged, known_at: Instant | None = None) -> Response:
    """A listing's entries in their order: by their ids and words a manager refutes them, and disputes name them (A-2.7, O-4)."""
    read = await listings_of(ctx).read(ctx.tenant, id)
    if read is None:
        raise Refused("unknown_reference")
    entries, now = await ctx.service.log.history(ctx.tenant, id, known_at=known_at)
    if aggregate.is_concealed(read[0], now) and not await may_see(ctx, read[0], holder_at(read[0].stands, now)):
        raise Refused("unknown_reference")
    shown = [entry for entry in entries if not isinstance(entry.event, DuplicateFound | ViolationFound)]
    return ctx.show_entries(page, shown, hidden=HIDDEN)
