"""Violations as everyone proposed them, and where they stand. May be dropped and rebuilt from the journal and the log."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

from services.commission.aggregate.violation import Earlier, Proposal, State
from services.commission.events import AppealDecided, Appealed, Confirmed, Dropped, Proposed
from shared import regulation
from shared.entry import Entry, id_of
from shared.identity import Connection

FOUND_BY_PEOPLE = frozenset({"duplicate_entry", "private_dealing"})
"""The kinds that a manager finds on a listing or a deal; the others a rule does, whoever's act it was found in."""


async def keep(connection: Connection, entry: Entry, violations: Iterable[regulation.Violation]) -> None:
    """Keeps what an entry proposes, each under an id that follows from the entry."""
    for ordinal, violation in enumerate(violations):
        digest = sha256(f"{entry.service}/{entry.tenant}/{entry.id}/{ordinal}".encode()).digest()
        proposed_by = entry.meta.by if violation.kind in FOUND_BY_PEOPLE else None
        await _keep(connection, entry, ordinal, id_of("vio", UUID(bytes=digest[:16])), violation, proposed_by)


async def keep_proposal(connection: Connection, entry: Entry, proposed: Proposed) -> None:
    """Keeps what a manager found that no rule had; its stream has its id."""
    await _keep(connection, entry, 0, entry.stream_id, proposed.violation, proposed.by)


async def _keep(
    connection: Connection, entry: Entry, ordinal: int, id: str, violation: regulation.Violation, proposed_by: str | None
) -> None:
    await connection.execute(
        "insert into violations (tenant, source, position, ordinal, id, clause, kind, person, fine_fen, dismissal, forfeits_pay,"
        " state, evidence, recorded_at, proposed_by)"
        " values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 'proposed', $12, $13, $14) on conflict do nothing",
        entry.tenant, entry.service, entry.position, ordinal, id, violation.clause, violation.kind, violation.person,
        violation.fine_fen, violation.dismissal, violation.forfeits_pay, entry.id, entry.recorded_at, proposed_by,
    )  # fmt: skip


async def keep_answer(connection: Connection, entry: Entry) -> None:
    """Keeps what a violation is since it was answered, and what was meant by it then."""
    dismissal: bool | None = None
    match entry.event:
        case Confirmed(violation=meant) | Dropped(violation=meant):
            state: State = "confirmed" if isinstance(entry.event, Confirmed) else "dropped"
            dismissal = meant.dismissal
        case Appealed():
            state = "appealed"
        case AppealDecided(outcome=outcome):
            state = outcome
        case _:
            return
    await connection.execute(
        "update violations set state = $3, answered_at = $4, dismissal = coalesce($5, dismissal) where tenant = $1 and id = $2",
        entry.tenant, entry.stream_id, state, entry.recorded_at, dismissal,
    )  # fmt: skip


_ROWS = (
    "select later.*, array("
    "  select id || ' ' || state from violations as earlier where earlier.tenant = later.tenant and earlier.person = later.person"
    "  and earlier.kind = later.kind and (earlier.recorded_at, earlier.source, earlier.position, earlier.ordinal)"
    "  < (later.recorded_at, later.source, later.position, later.ordinal)"
    "  order by earlier.recorded_at, earlier.source, earlier.position, earlier.ordinal"
    " ) as earlier from violations as later"
)


async def found(
    connection: Connection,
    tenant: UUID,
    after: Sequence[str | int] | None,
    limit: int,
    *,
    people: Sequence[str] | None,
    since: datetime | None = None,
    until: datetime | None = None,
    **wanted: str | None,
) -> list[Any]:
    """Violations in the order of recording; `people`: of these only (None: everyone's); `since` is in time, `until` no more; `wanted`: of
    this state, clause or kind. Empty if there are none."""
    recorded_at, id = (datetime.fromisoformat(str(after[0])), str(after[1])) if after is not None else (None, "")
    rows: list[Any] = await connection.fetch(
        _ROWS + " where tenant = $1 and ($2::timestamptz is null or (recorded_at, id) > ($2, $3))"
        " and ($4::text[] is null or person = any($4)) and ($5::text is null or state = $5) and ($6::text is null or clause = $6)"
        " and ($7::text is null or kind = $7) and ($8::timestamptz is null or recorded_at >= $8)"
        " and ($9::timestamptz is null or recorded_at < $9) order by recorded_at, id limit $10",
        tenant, recorded_at, id, people, wanted.get("state"), wanted.get("clause"), wanted.get("kind"), since, until, limit,
    )  # fmt: skip
    return rows


async def by_person(
    connection: Connection,
    tenant: UUID,
    after: str | None,
    limit: int,
    *,
    people: Sequence[str] | None,
    since: datetime | None,
    until: datetime | None,
) -> list[Any]:
    """Of each person with any found from `since` to before `until` (None: ever): how many are in which state, and the fines in fen that are
    open and that stand. By the people's ids."""
    rows: list[Any] = await connection.fetch(
        "select person, count(*) filter (where state = 'proposed') as proposed, count(*) filter (where state = 'confirmed') as confirmed,"
        " count(*) filter (where state = 'dropped') as dropped, count(*) filter (where state = 'appealed') as appealed,"
        " count(*) filter (where state = 'upheld') as upheld,"
        " coalesce(sum(fine_fen) filter (where state in ('proposed', 'appealed')), 0)::bigint as open_fen,"
        " coalesce(sum(fine_fen) filter (where state in ('confirmed', 'upheld')), 0)::bigint as standing_fen,"
        " bool_or(dismissal and state in ('confirmed', 'upheld')) as dismissal,"
        " bool_or(forfeits_pay and state in ('confirmed', 'upheld')) as forfeits_pay"
        " from violations where tenant = $1 and ($2::text is null or person > $2) and ($3::text[] is null or person = any($3))"
        " and ($4::timestamptz is null or recorded_at >= $4) and ($5::timestamptz is null or recorded_at < $5)"
        " group by person order by person limit $6",
        tenant, after, people, since, until, limit,
    )  # fmt: skip
    return rows


async def one(connection: Connection, tenant: UUID, id: str) -> Any | None:
    """The violation's row; None: none of this id was proposed in this company."""
    return await connection.fetchrow(_ROWS + " where tenant = $1 and id = $2", tenant, id)


async def earlier(connection: Connection, tenant: UUID, person: str, kind: str) -> tuple[Earlier, ...]:
    """All of a kind by a person so far, and where they stand; in the order of recording."""
    rows = await connection.fetch(
        "select id, state from violations where tenant = $1 and person = $2 and kind = $3 order by recorded_at, source, position, ordinal",
        tenant, person, kind,
    )  # fmt: skip
    return tuple(Earlier(row["id"], row["state"]) for row in rows)


def proposal_of(row: Any) -> Proposal:
    """What a row says was proposed."""
    violation = regulation.Violation(
        row["kind"], row["clause"], row["person"], row["fine_fen"], dismissal=row["dismissal"], forfeits_pay=row["forfeits_pay"]
    )
    return Proposal(violation, row["evidence"], row["proposed_by"], earlier_of(row))


def earlier_of(row: Any) -> tuple[Earlier, ...]:
    """The earlier ones of the same kind by the same person, and where they stand; in the order of recording."""
    return tuple(Earlier(id, state) for id, _, state in (one.partition(" ") for one in row["earlier"]))


def standing_at(row: Any) -> tuple[str, str]:
    """Where a violation stands in the list."""
    return row["recorded_at"].isoformat(), row["id"]
