"""Violations as everyone proposed them. May be dropped and rebuilt from the journal."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

from shared.entry import Entry, id_of
from shared.identity import Connection
from shared.regulation import Violation


async def keep(connection: Connection, entry: Entry, violations: Iterable[Violation]) -> None:
    for ordinal, violation in enumerate(violations):
        digest = sha256(f"{entry.service}/{entry.tenant}/{entry.id}/{ordinal}".encode()).digest()
        await connection.execute(
            "insert into violations"
            " (tenant, source, position, ordinal, id, clause, kind, person, fine_fen, dismissal, state, evidence, recorded_at)"
            " values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'proposed', $11, $12) on conflict do nothing",
            entry.tenant, entry.service, entry.position, ordinal, id_of("vio", UUID(bytes=digest[:16])), violation.clause, violation.kind,
            violation.person, violation.fine_fen, violation.dismissal, entry.id, entry.recorded_at,
        )  # fmt: skip


async def found(
    connection: Connection, tenant: UUID, after: Sequence[str | int] | None, limit: int, *, people: Sequence[str] | None
) -> list[Any]:
    """Violations as proposed, in the order of recording; `people`: of these only. Empty if there are none."""
    recorded_at, id = (datetime.fromisoformat(str(after[0])), str(after[1])) if after is not None else (None, "")
    rows: list[Any] = await connection.fetch(
        "select * from violations where tenant = $1 and ($2::timestamptz is null or (recorded_at, id) > ($2, $3))"
        " and ($4::text[] is null or person = any($4)) order by recorded_at, id limit $5",
        tenant, recorded_at, id, people, limit,
    )  # fmt: skip
    return rows


def standing_at(row: Any) -> tuple[str, str]:
    """Where a violation stands in the list."""
    return row["recorded_at"].isoformat(), row["id"]
