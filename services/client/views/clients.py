"""Clients as they are, for reading, lists and deadlines; and which listings may be shown."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from services.client import rules
from services.client.aggregate import Client, evolve
from shared.entry import uuid_of
from shared.identity import Connection
from shared.tenure import WARNED_BEFORE
from shared.view import View


def _columns(client: Client) -> dict[str, Any]:
    stands, file = client.stands, client.file
    return {
        "kind": client.kind,
        "contact": client.contact,
        "recorder": client.recorder,
        "first": client.first,
        "holder": stands[0].holder,
        "until": stands[0].until,
        "next_holder": stands[1].holder if len(stands) > 1 else None,
        "turns_at": turns_at(client),
        "examined_at": examined_at(client),
        "contacts": list(file.contacts),
        "due": file.next_due,
        "is_open": file.closed is None,
        "given_up": file.closed == "given_up",
        "lacks_plan": file.closed is None and file.plan is None,
        "lacks_check": file.closed is None and file.check is None,
        "loss_reported_at": file.report.at if file.report is not None else None,
        "agents_min": None if file.closed else file.agents_min,
        "left_by": file.left_by,
        "left_at": file.left_at,
        "half": file.half,
        "examined": file.examination is not None,
        "found": list(file.examination.found) if file.examination is not None else [],
        "findings": list(file.findings),
    }


def turns_at(client: Client) -> datetime | None:
    """When there is next something to announce: a lapse, or a day before, that it will come."""
    until = client.stands[0].until
    if until is None or client.announced:
        return None
    return until if client.warned_of == until else until - WARNED_BEFORE


def examined_at(client: Client) -> datetime | None:
    """When the file is looked through next (K-9); None: it is closed."""
    return None if client.file.closed else rules.next_half_begins(client.file.half)


CLIENTS = View("clients", Client, evolve, _columns)


async def due(connection: Connection, limit: int) -> list[tuple[UUID, UUID]]:
    """Tenant and stream of clients with a lapse to announce, the longest due first; costs what is due, not what there is."""
    return await _due(connection, "turns_at", limit)


async def to_examine(connection: Connection, limit: int) -> list[tuple[UUID, UUID]]:
    """The same of clients whose file is to be looked through (K-9)."""
    return await _due(connection, "examined_at", limit)


async def _due(connection: Connection, column: str, limit: int) -> list[tuple[UUID, UUID]]:
    rows = await connection.fetch(
        f"select tenant, stream from clients where {column} <= (select greatest(clock_timestamp(), max(now)) from story_clock)"  # noqa: S608
        f" and {column} <= now_of(tenant) order by {column} limit $1",
        limit,
    )
    return [(row["tenant"], row["stream"]) for row in rows]


async def is_there(connection: Connection, tenant: UUID, client: str) -> bool:
    """Whether this company has a client of that id."""
    found: bool = await connection.fetchval(
        "select exists (select from clients where tenant = $1 and stream = $2)", tenant, uuid_of(client)
    )
    return found


async def listing_is_correct(connection: Connection, tenant: UUID, listing: str) -> bool | None:
    """Whether a listing may be shown: once it was correct it is no draft (A-2.6); None: no such listing has been heard of."""
    correct: bool | None = await connection.fetchval(
        "select correct from listings_heard where tenant = $1 and stream = $2", tenant, uuid_of(listing)
    )
    return correct


async def duplicates_of(connection: Connection, tenant: UUID, contact: str) -> int:
    """How many numbered duplicates of this contact there are (A-2.5), from the claims, which are never behind."""
    count: int = await connection.fetchval(
        "select count(*) from claims where tenant = $1 and kind = 'duplicate' and key like $2", tenant, f"{contact}/%"
    )
    return count


async def held_without_term(connection: Connection, tenant: UUID, after: int, limit: int) -> list[tuple[int, UUID]]:
    """Number and stream of clients whose holder has no term, by their numbers after `after`."""
    rows = await connection.fetch(
        "select number, stream from clients where tenant = $1 and number > $2 and until is null and holder like 'psn%'"
        " order by number limit $3",
        tenant, after, limit,
    )  # fmt: skip
    return [(row["number"], row["stream"]) for row in rows]


async def in_charge_of(connection: Connection, tenant: UUID, holder: str) -> list[UUID]:
    """The streams of clients in whose running course this person comes first, or with whom they are in contact, by their numbers."""
    rows = await connection.fetch(
        "select stream from clients where tenant = $1 and (holder = $2 or contacts @> array[$2]) order by number", tenant, holder
    )
    return [row["stream"] for row in rows]


Which = Literal["mine", "pool", "ending", "lapsed", "all"]

HOLDER = "case when until is null or until > $2 then holder else next_holder end"
"""Who holds at $2."""
_WHICH: dict[Which, str] = {
    "mine": "holder = $4 and (until is null or until > $2)",
    "pool": f"{HOLDER} = any($5)",
    "ending": "holder = $4 and until > $2 and until <= $2 + interval '1 day'",
    "lapsed": "holder = $4 and until <= $2",
    "all": f"($6::text[] is null or {HOLDER} = $4 or recorder = $4 or contacts @> array[$4] or {HOLDER} = any($6) or recorder = any($6))",
}


async def found(
    connection: Connection,
    tenant: UUID,
    now: datetime,
    which: Which,
    person: str,
    accounts: Sequence[str],
    below: Sequence[str] | None,
    *,
    kind: str | None,
    after: int,
    limit: int,
) -> list[Any]:
    """Clients of a sort that may be seen, in the order of their numbers after `after`; `held_by` is who holds at `now`. Empty if none.

    `accounts`: those the person may claim from; `below`: whose files they see besides their own (None: everyone's).
    """
    rows: list[Any] = await connection.fetch(
        f"select stream, number, kind, recorder, first, version, {HOLDER} as held_by from clients"  # noqa: S608
        f" where tenant = $1 and number > $3 and {_WHICH[which]} and ($7::text is null or kind = $7)"
        " and $4::text is not null and $5::text[] is not null and ($6::text[] is null or true) order by number limit $8",
        tenant, now, after, person, list(accounts), None if below is None else list(below), kind, limit,
    )  # fmt: skip
    return rows
