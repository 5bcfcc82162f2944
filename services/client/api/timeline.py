"""Requests for what happened to a client: contacts, viewings, plans, checks, for whoever may read the file."""

from starlette.responses import Response

from services.client.api.clients import seen
from services.client.events import ViolationFound
from shared.service import ClientId, Ctx, Instant, Paged, Routes

routes = Routes()

HIDDEN = frozenset({"by", "at", "contact", "stands", "violation"})
"""The number is in the vault, a violation is for whom it concerns and those above."""


@routes.query("/v1/clients/{id}/timeline", act="client.read")
async def timeline(ctx: Ctx, id: ClientId, page: Paged, known_at: Instant | None = None) -> Response:
    """A client's entries in their order: who was in contact, and what was said, planned and checked (K-2)."""
    await seen(ctx, id)
    entries, _ = await ctx.service.log.history(ctx.tenant, id, known_at=known_at)
    return ctx.show_entries(page, [entry for entry in entries if not isinstance(entry.event, ViolationFound)], hidden=HIDDEN)
