"""Violations as everyone proposed them, and where they stand. May be dropped and rebuilt from the journal and the log."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

from services.commission.aggregate.violation import Proposal, State
from services.commission.events import AppealDecided, Appealed, Confirmed, Dropped
from shared import regulation
from shared.entry import Entry, id_of
from shared.identity import Connection

FOUND_BY_PEOPLE = frozenset({"duplicate_entry", "private_dealing"})
"""The kinds that a manager finds; the others a rule does, whoever's act it was found in."""


async def keep(connection: Connection, entry: Entry, violations: Iterable[regulation.Violation]) -> None:
    """Keeps what an entry proposes, each under an id that follows from the entry."""
    for ordinal, violation in enumerate(violations):
        digest = sha256(f"{entry.service}/{entry.tenant}/{entry.id}/{ordinal}".encode()).digest()
        proposed_by = entry.meta.by if violation.kind in FOUND_BY_PEOPLE else None
        await connection.execute(
            "insert into violations (tenant, source, position, ordinal, id, clause, kind, person, fine_fen, dismissal, forfeits_pay,"
            " state, evidence, recorded_at, proposed_by)"
            " values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 'proposed', $12, $13, $14) on conflict do nothing",
            entry.tenant, entry.service, entry.position, ordinal, id_of("vio", UUID(bytes=digest[:16])), violation.clause, violation.kind,
            violation.person, violation.fine_fen, violation.dismissal, violation.forfeits_pay, entry.id, entry.recorded_at, proposed_by,
        )  # fmt: skip


async def keep_answer(connection: Connection, entry: Entry) -> None:
    """Keeps what a violation is since it was answered."""
    match entry.event:
        case Confirmed():
            state: State = "confirmed"
        case Dropped():
            state = "dropped"
        case Appealed():
            state = "appealed"
        case AppealDecided(outcome=outcome):
            state = outcome
        case _:
            return
    await connection.execute(
        "update violations set state = $3, answered_at = $4 where tenant = $1 and id = $2",
        entry.tenant, entry.stream_id, state, entry.recorded_at,
    )  # fmt: skip


async def found(
    connection: Connection,
    tenant: UUID,
    after: Sequence[str | int] | None,
    limit: int,
    *,
    people: Sequence[str] | None,
    state: State | None = None,
    clause: str | None = None,
) -> list[Any]:
    """Violations in the order of recording; `people`: of these only (None: everyone's). Empty if there are none."""
    recorded_at, id = (datetime.fromisoformat(str(after[0])), str(after[1])) if after is not None else (None, "")
    rows: list[Any] = await connection.fetch(
        "select * from violations where tenant = $1 and ($2::timestamptz is null or (recorded_at, id) > ($2, $3))"
        " and ($4::text[] is null or person = any($4)) and ($5::text is null or state = $5) and ($6::text is null or clause = $6)"
        " order by recorded_at, id limit $7",
        tenant, recorded_at, id, people, state, clause, limit,
    )  # fmt: skip
    return rows


async def one(connection: Connection, tenant: UUID, id: str) -> Any | None:
    """The violation's row; None: none of this id was proposed in this company."""
    return await connection.fetchrow("select * from violations where tenant = $1 and id = $2", tenant, id)


def proposal_of(row: Any) -> Proposal:
    """What a row says was proposed."""
    violation = regulation.Violation(
        row["kind"], row["clause"], row["person"], row["fine_fen"], dismissal=row["dismissal"], forfeits_pay=row["forfeits_pay"]
    )
    return Proposal(violation, row["evidence"], row["proposed_by"])


def standing_at(row: Any) -> tuple[str, str]:
    """Where a violation stands in the list."""
    return row["recorded_at"].isoformat(), row["id"]
