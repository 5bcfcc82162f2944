"""Disputes as they stand, and rulings as precedents. May be dropped and rebuilt from the log."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec

from services.commission.aggregate.dispute import Outcome
from services.commission.aggregate.disputed import Standing
from services.commission.events import DisputeAppealed, DisputeOpened, DisputeRuled, Effect
from shared.entry import Entry, id_of, uuid_of
from shared.identity import Connection

_EFFECT = msgspec.json.Decoder(tuple[Effect, ...])


async def keep(connection: Connection, entry: Entry) -> None:
    """Takes over what an entry of a deal says of a dispute."""
    match entry.event:
        case DisputeOpened(by=by, dispute=dispute):
            await connection.execute(
                "insert into disputes (tenant, dispute, deal, number, by, opened_at) values ($1, $2, $3, $4, $5, $6)"
                " on conflict do nothing",
                entry.tenant, uuid_of(dispute), entry.stream, entry.position, by, entry.recorded_at,
            )  # fmt: skip
        case DisputeAppealed(dispute=dispute):
            await _stands(connection, entry, dispute, "appealed")
        case DisputeRuled(dispute=dispute, instance=instance):
            await _stands(connection, entry, dispute, "ruled" if instance == 1 else "final")
            await _keep_ruling(connection, entry, entry.event)


async def _stands(connection: Connection, entry: Entry, dispute: str, standing: Standing) -> None:
    await connection.execute(
        "update disputes set standing = $3 where tenant = $1 and dispute = $2", entry.tenant, uuid_of(dispute), standing
    )


async def _keep_ruling(connection: Connection, entry: Entry, ruled: DisputeRuled) -> None:
    await connection.execute(
        "insert into rulings (tenant, position, dispute, deal, instance, outcome, clauses, reason, effect, ruled_at)"
        " values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) on conflict do nothing",
        entry.tenant, entry.position, uuid_of(ruled.dispute), entry.stream, ruled.instance, ruled.outcome, list(ruled.clauses),
        ruled.reason, msgspec.json.encode(ruled.effect), entry.recorded_at,
    )  # fmt: skip


async def deal_of(connection: Connection, tenant: UUID, dispute: str) -> str | None:
    """The deal that a dispute is about; None: there is no such dispute."""
    stream = await connection.fetchval("select deal from disputes where tenant = $1 and dispute = $2", tenant, uuid_of(dispute))
    return None if stream is None else id_of("dea", stream)


async def found(
    connection: Connection,
    tenant: UUID,
    people: Sequence[str] | None,
    stores: Sequence[str] | None,
    *,
    deal: str | None,
    state: Standing | None,
    after: int,
    limit: int,
) -> list[Any]:
    """Disputes in the order of their opening, of deals that concern one of `people` or closed in one of `stores` (None: all)."""
    rows: list[Any] = await connection.fetch(
        "select dispute, disputes.deal, disputes.number, by, opened_at, disputes.standing, deals.store from disputes"
        " join deals on deals.tenant = disputes.tenant and deals.stream = disputes.deal"
        " where disputes.tenant = $1 and disputes.number > $2 and ($3::text[] is null or deals.people && $3 or deals.store = any($4))"
        " and ($5::uuid is null or disputes.deal = $5) and ($6::text is null or disputes.standing = $6)"
        " order by disputes.number limit $7",
        tenant, after, people, stores or [], uuid_of(deal) if deal is not None else None, state, limit,
    )  # fmt: skip
    return rows


async def precedents(
    connection: Connection, tenant: UUID, *, clause: str | None, outcome: Outcome | None, before: int | None, limit: int
) -> list[Any]:
    """Rulings, the latest first; `clause`: those that cite it, `before`: those recorded before this position. `last`: no
    later instance has ruled."""
    rows: list[Any] = await connection.fetch(
        "select position, dispute, deal, instance, outcome, clauses, reason, effect, ruled_at, not exists ("
        "  select from rulings as later where later.tenant = rulings.tenant and later.dispute = rulings.dispute"
        "  and later.position > rulings.position) as last"
        " from rulings where tenant = $1 and ($2::text is null or clauses @> array[$2]) and ($3::text is null or outcome = $3)"
        " and ($4::bigint is null or position < $4) order by position desc limit $5",
        tenant, clause, outcome, before, limit,
    )  # fmt: skip
    return rows


def effect_of(row: Any) -> tuple[Effect, ...]:
    """What the ruling of a row moved."""
    return _EFFECT.decode(row["effect"])
