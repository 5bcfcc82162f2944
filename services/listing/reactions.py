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
from services.listing.events import Completed, Concealed, Entered, Marked, Reassigned, Shown
from services.listing.rules import free_place
from shared.entry import Entry, Meta, id_of
from shared.eventlog import Command, Look, Streams
from shared.identity import Post, keep_post, left_since, post_at
from shared.regulation import Activation, load
from shared.tenure import ground, looking

SWEPT_AT_ONCE = 200
RESCHEDULED_AT_ONCE = 1000


class Reactions:
    """`caught_up` waits until the service's own views show all that it has recorded."""

    def __init__(self, listings: Streams[Listing], pool: "asyncpg.Pool[Any]", caught_up: Callable[[], Awaitable[None]]) -> None:
        self._listings = listings
        self._pool = pool
        self._caught_up = caught_up

    async def react(self, entry: Entry) -> int | None:
        """Answers how far the log tells what was done about it; None if nothing was."""
        match entry.event:
            case client.Viewed(listing=listing, client=first, by=by):
                return await self._show(entry, listing, by, first)
            case commission.Reported(terms=terms) if terms.listing is not None:
                return await self._change(entry, terms.listing, aggregate.stop_terms, look=self._placing(entry), deal=entry.stream_id)
            case commission.ListingAttached(listing=listing, reported=True):
                return await self._change(entry, listing, aggregate.stop_terms, look=self._placing(entry), deal=entry.stream_id)
            case commission.Cancelled(listing=listing) if listing is not None:
                return await self._change(entry, listing, aggregate.begin_terms_anew, look=self._looking(entry), deal=entry.stream_id)
            case commission.Activated() as activated:
                return await self._reschedule(entry, activated)
            case authz.Left(post=post):
                return await self._leave(entry, post)
            case (Entered() | Completed() | Reassigned() | Shown() | Marked()) as given:
                await self._find_gone(entry, given.stands[0].holder if given.stands else None)
            case Concealed(by=by):
                await self._find_gone(entry, by)
        return None

    def _looking(self, entry: Entry, *names: str) -> Look:
        """The ground under a listing's holders, its concealer and who else is named, as it was at the entry that caused this."""

        async def look(state: Listing, at: datetime) -> dict[str, Any]:
            concealer = state.over.by if state.over is not None else state.concealed_by
            return await looking(self._pool, entry.tenant, concealer, *names, cause=entry)(state, at)

        return look

    def _placing(self, entry: Entry) -> Look:
        """A free place of whose concealment was said to have ended: what renewed it may be heard of only after that (A-2.9)."""

        async def look(state: Listing, at: datetime) -> dict[str, Any]:
            if state.over is None:
                return {"place": None}
            by = state.over.by
            around = await ground(self._pool, entry.tenant, (by,), entry)
            taken = await views.places_of(self._pool, entry.tenant, by)
            return {"place": free_place(around.pack_of(by, at), taken) if around.posts[by].in_post else None}

        return look

    async def _show(self, entry: Entry, listing: str, by: str, first: str) -> int:
        """The one who showed it is judged by the post they had then, whatever was heard of first; if they have left since, no term runs."""

        async def look(state: Listing, at: datetime) -> dict[str, Any]:
            then = await post_at(self._pool, entry.tenant, by, entry)
            assert then is not None, "who showed it had a post"
            return {**await self._looking(entry, by)(state, at), **await self._placing(entry)(state, at), "by": then}

        return await self._change(entry, listing, aggregate.show, look=look, client=first, viewing=entry.id)

    async def _reschedule(self, entry: Entry, activated: commission.Activated) -> int:
        """Terms that begin after an activation begin under it. The view of packs shows it only when this has been done."""
        pack = Activation(load(activated.document), activated.start, activated.store, activated.at)
        await self._caught_up()
        after = last = 0
        while page := await views.held_by_anyone(self._pool, entry.tenant, after, RESCHEDULED_AT_ONCE):
            for _, stream in page:
                look = looking(self._pool, entry.tenant)
                last = max(last, await self._change(entry, id_of("lst", stream), aggregate.reschedule, look=look, activated=pack))
            after, _ = page[-1]
        return last

    async def _leave(self, entry: Entry, post: Post) -> int:
        """That they have left is known here before what they hold is looked for: what they are given meanwhile, `_find_gone` sees."""
        await keep_post(self._pool, entry.tenant, post, entry)
        await self._caught_up()
        left = [id_of("lst", stream) for stream in await views.held_or_concealed_by(self._pool, entry.tenant, post.person)]
        return max([await self._change(entry, id, aggregate.leave_behind, person=post.person) for id in left], default=0)

    async def _find_gone(self, entry: Entry, holder: str | None) -> None:
        """Whoever was given a listing, or conceals it, may have left while that was decided, without the decision's knowing it."""
        since = None if holder is None else await left_since(self._pool, entry.tenant, holder)
        if since is not None:
            command, at = Command.caused_by(entry, entry.stream_id), max(since, entry.effective_at)
            await self._listings.change(entry.stream_id, aggregate.leave_behind, command=command, at=at, person=holder)

    async def _change(self, entry: Entry, listing: str, decide: Callable[..., Any], **facts: Any) -> int:
        command = Command.caused_by(entry, listing)
        changed = await self._listings.change(listing, decide, command=command, at=entry.effective_at, **facts)
        return changed.position

    async def sweep(self) -> int:
        """Announces the lapses that have come, and what ends within a day; how many. The decision looks again, so a stale view does no
        harm."""
        due = await views.due(self._pool, SWEPT_AT_ONCE)
        for tenant, stream in due:
            listing = id_of("lst", stream)
            for announce in (aggregate.end_concealment, aggregate.announce_lapse, aggregate.warn):
                await self._listings.change(listing, announce, command=Command(tenant, "", Meta()))
        return len(due)
