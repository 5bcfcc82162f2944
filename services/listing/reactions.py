"""What the listing service does when others speak or a deadline passes. Each reaction counts from its cause and happens once."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

import asyncpg

from services.authz import events as authz
from services.client import events as client
from services.commission import events as commission
from services.listing import aggregate, views
from services.listing.aggregate import Listing
from shared.entry import Entry, Meta, id_of
from shared.eventlog import Command, Streams
from shared.tenure import looking

SWEPT_AT_ONCE = 200


class Reactions:
    """`caught_up` waits until the service's own views show all that it has recorded."""

    def __init__(self, listings: Streams[Listing], pool: "asyncpg.Pool[Any]", caught_up: Callable[[], Awaitable[None]]) -> None:
        self._listings = listings
        self._pool = pool
        self._caught_up = caught_up

    async def react(self, entry: Entry) -> None:
        match entry.event:
            case client.Viewed(listing=listing, client=first, by=by):
                await self._show(entry, listing, by, first)
            case commission.Reported(terms=terms) if terms.listing is not None:
                await self._change(entry, terms.listing, aggregate.stop_terms, deal=entry.stream_id)
            case commission.ListingAttached(listing=listing):
                await self._change(entry, listing, aggregate.stop_terms, deal=entry.stream_id)
            case commission.Cancelled(listing=listing) if listing is not None:
                await self._change(entry, listing, aggregate.begin_terms_anew, look=looking(self._pool, entry.tenant), deal=entry.stream_id)
            case authz.Left(post=post):
                await self._leave(entry, post.person)

    async def _show(self, entry: Entry, listing: str, by: str, first: str) -> None:
        async def look(state: Listing, at: datetime) -> dict[str, Any]:
            found = await looking(self._pool, entry.tenant, by)(state, at)
            return {**found, "by": found["ground"].posts[by]}

        await self._change(entry, listing, aggregate.show, look=look, client=first, viewing=entry.id)

    async def _leave(self, entry: Entry, person: str) -> None:
        await self._caught_up()
        for stream in await views.held_by(self._pool, entry.tenant, person):
            await self._change(entry, id_of("lst", stream), aggregate.leave_behind, person=person)

    async def _change(self, entry: Entry, listing: str, decide: Callable[..., Any], **facts: Any) -> None:
        command = Command.caused_by(entry, listing)
        await self._listings.change(listing, decide, command=command, at=entry.effective_at, **facts)

    async def sweep(self) -> int:
        """Announces the lapses that have come; how many. The decision looks again, so a stale view does no harm."""
        due = await views.due(self._pool, SWEPT_AT_ONCE)
        for tenant, stream in due:
            listing = id_of("lst", stream)
            for announce in (aggregate.end_concealment, aggregate.announce_lapse):
                await self._listings.change(listing, announce, command=Command(tenant, "", Meta()))
        return len(due)
