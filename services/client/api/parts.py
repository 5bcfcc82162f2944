"""What the endpoints of the client service work with."""

from typing import Any

from starlette.responses import Response

from services.client.aggregate import Client, Visit
from services.client.aggregate.complaint import Complaint
from services.client.aggregate.grading import Grading
from services.client.aggregate.rating import Rating
from shared.eventlog import Streams
from shared.identity import posts_of
from shared.service import Context, done
from shared.tenure import looking


class Parts:
    """What the endpoints work with."""

    def __init__(
        self,
        clients: Streams[Client],
        visits: Streams[Visit],
        *,
        ratings: Streams[Rating],
        gradings: Streams[Grading],
        complaints: Streams[Complaint],
    ) -> None:
        self.clients = clients
        self.visits = visits
        self.ratings = ratings
        self.gradings = gradings
        self.complaints = complaints


def parts_of(ctx: Context) -> Parts:
    parts: Parts = ctx.parts
    return parts


async def change_client(ctx: Context, id: str, decide: Any, *, names: tuple[str, ...] = (), **facts: Any) -> Response:
    """Decides about a client, with the posts of its holders, its recorder, and who else is named."""
    look = looking(ctx.service.pool, ctx.tenant, ctx.caller.person, *names)
    outcome = await parts_of(ctx).clients.change(id, decide, command=ctx.command(), look=look, answer=done(id), by=ctx.caller, **facts)
    return ctx.reply(outcome)


async def holders_below(ctx: Context) -> list[str] | None:
    """Whose affairs the caller sees besides their own, people and teams' accounts; None: everyone's."""
    if ctx.may():
        return None
    others = await posts_of(ctx.service.pool, ctx.tenant) if ctx.caller.post.role != "agent" else []
    below = [other for other in others if ctx.may(over=(other,))]
    return [*(other.person for other in below), *sorted({f"team:{other.team}" for other in below if other.team is not None})]
