"""What a decision about a deal looks at, and who may look at a deal."""

from datetime import datetime
from typing import Any

from msgspec import structs

from services.commission import history
from services.commission.aggregate import deal as aggregate
from services.commission.aggregate.deal import Deal, Surroundings
from services.commission.api.parts import parts_of
from services.commission.events import Terms
from services.commission.views import journal
from shared.entry import id_of
from shared.eventlog import Look
from shared.identity import Post
from shared.regulation import Refused
from shared.service import Context
from shared.tenure import ground, looking


def closers_of(ctx: Context, *names: str | None) -> Look:
    """The ground under a deal: its closers by the posts they had when it closed, and who else is named by theirs now.

    A closer who has changed post since does not take the deal along: it stays with the closing store and its area.
    """

    async def look(state: Deal, at: datetime) -> dict[str, Any]:
        here = await ground(ctx.service.pool, ctx.tenant, names)
        return {"ground": structs.replace(here, posts={**here.posts, **await closers_then(ctx, state)})}

    return look


async def closers_then(ctx: Context, deal: Deal) -> dict[str, Post]:
    """The posts that a deal's closers had when it closed."""
    told = {person: await journal.stream(ctx.service.pool, ctx.tenant, person) for person in deal.terms.closers}
    then = {person: history.post_at(entries, deal.closing_time) for person, entries in told.items()}
    return {person: post for person, post in then.items() if post is not None}


def around_of(ctx: Context, terms: Terms, *names: str | None, own: str | None = None) -> Look:
    """What a report is checked against, looked at anew on every attempt."""

    async def look(state: Deal | None, at: datetime) -> dict[str, Any]:
        async with ctx.service.pool.acquire() as connection:
            named = [each.person for each in terms.named]
            around = await looking(connection, ctx.tenant, *terms.closers, *named, *names)(None, at)
            listing = await journal.stream(connection, ctx.tenant, terms.listing) if terms.listing is not None else []
            records = await journal.stream(connection, ctx.tenant, terms.client)
            first = history.first_record(records) or terms.client
            shown = await journal.shown_by(connection, ctx.tenant, terms.listing, first) if terms.listing is not None else frozenset()
        open_deal = await ctx.service.log.claimant(ctx.tenant, "open_deal", terms.listing) if terms.listing is not None else None
        if open_deal is not None and id_of("dea", open_deal.stream) == own:
            open_deal = None
        kind, correct = history.kind_of(listing), history.has_been_correct(listing)
        missing, entered_at = history.missing_of(listing), next((entry.effective_at for entry in listing), None)
        return {**around, "around": Surroundings(kind, correct, bool(records), shown, open_deal, missing, entered_at)}

    return look


async def seen(ctx: Context, id: str) -> tuple[Deal, int]:
    """The deal, if the caller may see it: a party, who reported it or disputes it, those above them, an auditor. Else it is unknown."""
    read = await parts_of(ctx).deals.read(ctx.tenant, id)
    if read is None:
        raise Refused("unknown_reference")
    deal = read[0]
    involved = aggregate.parties(deal) | aggregate.voices(deal) | {deal.reporter}
    if ctx.may(own=ctx.caller.person in involved, over=(await closers_then(ctx, deal)).values(), stores=(deal.terms.store,)):
        return read
    here = await ground(ctx.service.pool, ctx.tenant, involved)
    if not ctx.may(over=here.posts.values()):
        raise Refused("unknown_reference")
    return read
