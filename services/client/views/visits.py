"""Visits and calls as they are, for lists and deadlines (K-1, G-4)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from services.client.aggregate import Visit, evolve_visit
from shared.calendar import SMALLEST
from shared.entry import uuid_of
from shared.identity import Connection
from shared.view import View


def _columns(visit: Visit) -> dict[str, Any]:
    until = visit.open_until
    return {
        "agent": visit.registered.agent,
        "registered_by": visit.registered.by,
        "client": None if visit.client is None else uuid_of(visit.client),
        "open_until": until,
        "announces_at": None if until is None or visit.announced else until + SMALLEST,
    }


VISITS = View("visits", Visit, evolve_visit, _columns)


async def due(connection: Connection, limit: int) -> list[tuple[UUID, UUID]]:
    """Tenant and stream of enquiries whose hours are over, unannounced, the longest overdue first."""
    rows = await connection.fetch(
        "select tenant, stream from visits where announces_at <= (select greatest(clock_timestamp(), max(now)) from story_clock)"
        " and announces_at <= now_of(tenant) order by announces_at limit $1",
        limit,
    )
    return [(row["tenant"], row["stream"]) for row in rows]


Which = Literal["all", "unanswered", "overdue", "unlinked"]

_WHICH: dict[Which, tuple[str, str]] = {
    "all": ("true", "to_timestamp(0)"),
    "unanswered": ("open_until is not null", "open_until"),
    "overdue": ("open_until < $2", "open_until"),
    "unlinked": ("client is null", "to_timestamp(0)"),
}
"""Each list's condition, and what it is ordered by before the number."""


async def found(
    connection: Connection,
    tenant: UUID,
    now: datetime,
    which: Which,
    person: str,
    below: Sequence[str] | None,
    *,
    client: str | None,
    after: tuple[datetime, int] | None,
    limit: int,
) -> list[Any]:
    """Visits that `person` received or registered, and those that agents `below` received (None: everyone's)."""
    condition, order = _WHICH[which]
    rows: list[Any] = await connection.fetch(
        f"select * from (select stream, number, version, state, {order} as since from visits"  # noqa: S608
        f" where tenant = $1 and {condition} and ($4::text[] is null or agent = $3 or registered_by = $3 or agent = any($4))"
        " and ($5::uuid is null or client = $5) and $2::timestamptz is not null) as list"
        " where $6::timestamptz is null or (since, number) > ($6, $7) order by since, number limit $8",
        tenant, now, person, None if below is None else list(below), None if client is None else uuid_of(client),
        None if after is None else after[0], 0 if after is None else after[1], limit,
    )  # fmt: skip
    return rows
