"""What the clients of deals pay, beside what is customary, for watching what their grades allow (G-3). May be dropped and rebuilt."""

from collections.abc import Sequence
from typing import Any, Final, Literal
from uuid import UUID

from services.client.rules import grading as rules
from services.commission.events import Terms
from shared.entry import Entry, uuid_of
from shared.identity import Connection
from shared.regulation import READINGS, Pack, Refused, in_force
from shared.tenure import activations_of

Which = Literal["below", "incomparable", "all"]


async def keep(connection: Connection, entry: Entry, terms: Terms) -> None:
    """Takes over what a contract or a report says of the fee; the later of the two counts. By the company's pack at the closing."""
    record = uuid_of(terms.client)
    first = await connection.fetchval("select first from clients where tenant = $1 and stream = $2", entry.tenant, record)
    pack = await _companys(connection, entry)
    await connection.execute(
        "insert into fees (tenant, deal, number, record, client, closers, store, kind, price_fen, agency_fen, customary_fen, counts_days,"
        " closed_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)"
        " on conflict (tenant, deal) do update set record = excluded.record, client = excluded.client, closers = excluded.closers,"
        " store = excluded.store, kind = excluded.kind, price_fen = excluded.price_fen, agency_fen = excluded.agency_fen,"
        " customary_fen = excluded.customary_fen, counts_days = excluded.counts_days, closed_at = excluded.closed_at",
        entry.tenant, entry.stream, entry.position, record, record if first is None else uuid_of(first), list(terms.closers),
        terms.store, terms.kind, terms.price_fen, terms.fees.get("agency", 0),
        None if pack is None else rules.customary_fee(pack, terms.kind, terms.price_fen),
        READINGS["R-days"][0] if pack is None else pack.reading("R-days"), entry.effective_at,
    )  # fmt: skip


async def _companys(connection: Connection, entry: Entry) -> Pack | None:
    """Grades are the company's, so that its pack counts; a company may have packs for its stores alone."""
    try:
        return in_force(await activations_of(connection, entry.tenant), None, entry.effective_at)
    except Refused:
        return None


async def drop(connection: Connection, entry: Entry) -> None:
    """A deal that is off brings no fee."""
    await connection.execute("delete from fees where tenant = $1 and deal = $2", entry.tenant, entry.stream)


# As in `rules.least_fee`, in whole fen on both sides: who pays exactly the least does not pay less.
_DISCOUNT: Final = "(convert_from(d.grades, 'UTF8')::jsonb -> g.step ->> 'fee_discount_percent')::bigint"
_WHICH: Final[dict[Which, str]] = {
    "below": f"customary_fen is not null and agency_fen * 100 < customary_fen * (100 - {_DISCOUNT})",
    "incomparable": "customary_fen is null",
    "all": "true",
}


async def found(
    connection: Connection, tenant: UUID, person: str, below: Sequence[str] | None, *, which: Which, after: int, limit: int
) -> list[Any]:
    """Deals of clients who had a grade when they closed, in the order of their reports: those that `person` or someone `below` closed
    (None: everyone's)."""
    rows: list[Any] = await connection.fetch(
        "select f.*, g.step, d.grades from fees f"  # noqa: S608 - our own words
        " join grades g on g.tenant = f.tenant and g.client = f.client and g.since <= f.closed_at"
        "  and (g.until is null or g.until > f.closed_at)"
        " join gradings d on d.tenant = g.tenant and d.stream = g.grading"
        f" where f.tenant = $1 and f.number > $4 and ($3::text[] is null or f.closers && array_append($3, $2)) and {_WHICH[which]}"
        " order by f.number limit $5",
        tenant, person, None if below is None else list(below), after, limit,
    )  # fmt: skip
    return rows
