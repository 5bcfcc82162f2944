"""Deals as they are, for lists and for what waits to be booked. May be dropped and rebuilt from the log."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from services.commission.aggregate.deal import Deal, State, evolve, parties, voices
from shared.identity import Connection
from shared.view import View


def _columns(deal: Deal) -> dict[str, Any]:
    return {
        "standing": "outdated" if deal.outdated else deal.state,
        "store": deal.terms.store,
        "listing": deal.terms.listing,
        "client": deal.terms.client,
        "wants_sign_off": deal.is_open and deal.attached and not deal.signed_off,
        "people": sorted({person for person in (*parties(deal), *voices(deal), deal.reporter) if person.startswith("psn_")}),
    }


DEALS = View("deals", Deal, evolve, _columns)


async def awaiting(connection: Connection) -> list[tuple[UUID, UUID]]:
    """Tenant and stream of deals whose settlement waits for evidence or is outdated, the oldest first."""
    rows = await connection.fetch("select tenant, stream from deals where standing in ('awaiting_evidence', 'outdated') order by number")
    return [(row["tenant"], row["stream"]) for row in rows]


async def found(
    connection: Connection,
    tenant: UUID,
    people: Sequence[str] | None,
    stores: Sequence[str] | None,
    *,
    state: State | None,
    wants_sign_off: bool,
    after: int,
    limit: int,
) -> list[Any]:
    """Deals in a state to which one of `people` is party or that closed in one of `stores` (None: all), by number after `after`. Empty if
    none. `wants_sign_off`: only those not settled whose listing was entered after the closing, and that nobody has signed off (B-1-4-2)."""
    rows: list[Any] = await connection.fetch(
        "select stream, number, standing, store, listing, client, wants_sign_off from deals where tenant = $1 and number > $2"
        " and ($3::text[] is null or people && $3 or store = any($4)) and "
        " ($5::text is null or case standing when 'outdated' then 'settled' else standing end = $5)"
        " and (not $6 or wants_sign_off) order by number limit $7",
        tenant, after, people, stores or [], state, wants_sign_off, limit,
    )  # fmt: skip
    return rows
