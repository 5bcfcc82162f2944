"""What the client service does when others speak or a deadline passes. Each reaction counts from its cause and happens once."""

from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg

from services.authz import events as authz
from services.client import aggregate
from services.client.aggregate import Client, Visit
from services.client.events import Claimed, Entered, Reassigned
from services.client.views import clients as views
from services.client.views import visits
from services.commission import events as commission
from shared.entry import Entry, Meta, id_of
from shared.eventlog import Command, Streams
from shared.identity import Post, keep_post, left_since
from shared.regulation import Activation, load
from shared.tenure import looking

SWEPT_AT_ONCE = 200
RESCHEDULED_AT_ONCE = 1000


class Reactions:
    """`caught_up` waits until the service's own views show all that it has recorded."""

    def __init__(
        self, clients: Streams[Client], visits: Streams[Visit], pool: "asyncpg.Pool[Any]", caught_up: Callable[[], Awaitable[None]]
    ) -> None:
        self._clients = clients
        self._visits = visits
        self._pool = pool
        self._caught_up = caught_up

    async def react(self, entry: Entry) -> int | None:
        """Answers how far the log tells what was done about it; None if nothing was."""
        match entry.event:
            case commission.Reported(terms=terms):
                return await self._change(entry, terms.client, aggregate.stop_terms, deal=entry.stream_id)
            case commission.Cancelled(client=client):
                look = looking(self._pool, entry.tenant, cause=entry)
                return await self._change(entry, client, aggregate.begin_terms_anew, look=look, deal=entry.stream_id)
            case commission.Activated() as activated:
                return await self._reschedule(entry, activated)
            case authz.Left(post=post):
                return await self._leave(entry, post)
            case Entered(stands=stands) | Claimed(stands=stands) | Reassigned(stands=stands):
                await self._find_gone(entry, stands[0].holder)
        return None

    async def _leave(self, entry: Entry, post: Post) -> int:
        """That they have left is known here before what they hold is looked for: what they are given meanwhile, `_find_gone` sees."""
        await keep_post(self._pool, entry.tenant, post, entry)
        await self._caught_up()
        left = [id_of("cli", stream) for stream in await views.in_charge_of(self._pool, entry.tenant, post.person)]
        return max([await self._change(entry, id, aggregate.leave_behind, person=post.person) for id in left], default=0)

    async def _find_gone(self, entry: Entry, holder: str) -> None:
        """Whoever was given a client may have left while that was decided, without the decision's knowing it."""
        since = await left_since(self._pool, entry.tenant, holder)
        if since is not None:
            command, at = Command.caused_by(entry, entry.stream_id), max(since, entry.effective_at)
            await self._clients.change(entry.stream_id, aggregate.leave_behind, command=command, at=at, person=holder)

    async def _reschedule(self, entry: Entry, activated: commission.Activated) -> int:
        """Terms that begin after an activation begin under it. The view of packs shows it only when this has been done."""
        pack = Activation(load(activated.document), activated.start, activated.store, activated.at)
        await self._caught_up()
        after = last = 0
        while page := await views.held_without_term(self._pool, entry.tenant, after, RESCHEDULED_AT_ONCE):
            for _, stream in page:
                look = looking(self._pool, entry.tenant)
                last = max(last, await self._change(entry, id_of("cli", stream), aggregate.reschedule, look=look, activated=pack))
            after, _ = page[-1]
        return last

    async def _change(self, entry: Entry, client: str, decide: Callable[..., Any], **facts: Any) -> int:
        command = Command.caused_by(entry, client)
        changed = await self._clients.change(client, decide, command=command, at=entry.effective_at, **facts)
        return changed.position

    async def sweep(self) -> int:
        """What the clock brought: lapses that have come and what ends within a day, half years that began, enquiries that nobody answered;
        how many. Each decision looks again, so a stale view does no harm."""
        return await self._announce_lapses() + await self._examine() + await self._announce_overdue()

    async def _announce_lapses(self) -> int:
        due = await views.due(self._pool, SWEPT_AT_ONCE)
        for tenant, stream in due:
            for announce in (aggregate.announce_lapse, aggregate.warn):
                await self._clients.change(id_of("cli", stream), announce, command=Command(tenant, "", Meta()))
        return len(due)

    async def _examine(self) -> int:
        """K-9: looks files through when a half year has begun."""
        due = await views.to_examine(self._pool, SWEPT_AT_ONCE)
        for tenant, stream in due:
            command, look = Command(tenant, "", Meta()), looking(self._pool, tenant)
            await self._clients.change(id_of("cli", stream), aggregate.examine, command=command, look=look)
        return len(due)

    async def _announce_overdue(self) -> int:
        """G-4: enquiries that nobody has answered in time."""
        due = await visits.due(self._pool, SWEPT_AT_ONCE)
        for tenant, stream in due:
            await self._visits.change(id_of("vst", stream), aggregate.announce_overdue, command=Command(tenant, "", Meta()))
        return len(due)
