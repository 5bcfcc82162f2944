"""Complaints as they are, for lists by state and by what is overdue (C-2). May be dropped and rebuilt from the log."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from services.client.aggregate import complaint
from services.client.aggregate.complaint import Complaint, State
from shared.entry import uuid_of
from shared.identity import Connection
from shared.view import View


def _columns(complaint: Complaint) -> dict[str, Any]:
    about = complaint.about
    return {
        "stands": complaint.state,
        "registered_by": complaint.by,
        "assignee": complaint.assignee,
        "against": list(complaint.against),
        "due": complaint.due,
        "client": about.client,
        "listing": about.listing,
        "deal": about.deal,
    }


COMPLAINTS = View("complaints", Complaint, complaint.evolve, _columns)


async def keep_deal(connection: Connection, tenant: UUID, deal: str) -> None:
    """That there is such a deal, which a complaint may be about."""
    await connection.execute("insert into deals_heard (tenant, stream) values ($1, $2) on conflict do nothing", tenant, uuid_of(deal))


async def deal_is_there(connection: Connection, tenant: UUID, deal: str) -> bool:
    found: bool = await connection.fetchval(
        "select exists (select from deals_heard where tenant = $1 and stream = $2)", tenant, uuid_of(deal)
    )
    return found


async def found(
    connection: Connection,
    tenant: UUID,
    now: datetime,
    person: str,
    below: Sequence[str] | None,
    *,
    state: State | None,
    overdue: bool,
    about: str | None,
    after: int,
    limit: int,
) -> list[Any]:
    """Complaints in the order of their numbers after `after`: those that `person` registered, has or is complained of in, and those of
    people `below` (None: everyone's). `overdue`: what has to be done next should have been by `now`; `about`: a client, listing or deal."""
    rows: list[Any] = await connection.fetch(
        "select stream, number, version, state from complaints where tenant = $1 and number > $2"
        " and ($4::text[] is null or array[registered_by, assignee] || against && (array[$3] || $4))"
        " and ($5::text is null or stands = $5) and (not $6 or due <= $7)"
        " and ($8::text is null or $8 in (client, listing, deal)) order by number limit $9",
        tenant, after, person, None if below is None else list(below), state, overdue, now, about, limit,
    )  # fmt: skip
    return rows
