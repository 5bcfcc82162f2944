"""Companies, posts and leaves, for reading and lists; and the packs in force. May be dropped and rebuilt from the logs."""

from collections.abc import Sequence
from typing import Any, Literal
from uuid import UUID

from services.authz.events import Confirmed, Founded, Joined, LeaveApproved, LeaveGranted, Left, Transferred
from services.commission import events as commission
from shared import identity
from shared.calendar import days_inclusive
from shared.entry import Entry, uuid_of
from shared.identity import Connection
from shared.tenure import keep_activation


async def project(connection: Connection, entry: Entry) -> None:
    match entry.event:
        case Joined(post=post) | Transferred(post=post) | Confirmed(post=post) | Left(post=post):
            await identity.keep_post(connection, entry.tenant, post)
        case LeaveGranted() | LeaveApproved():
            await _keep_leave(connection, entry, entry.event)
        case commission.Activated(document=document, store=store, start=start, at=at):
            await keep_activation(connection, entry.tenant, document, store, start, at)
        case Founded(name=name):
            await connection.execute(
                "insert into companies (tenant, number, name) values ($1, $2, $3) on conflict (tenant) do nothing",
                entry.tenant,
                entry.position,
                name,
            )


async def _keep_leave(connection: Connection, entry: Entry, event: LeaveGranted | LeaveApproved) -> None:
    """Granted again for the same days, a leave has another maintainer and stays approved."""
    if isinstance(event, LeaveApproved):
        await connection.execute(
            "update leaves set approved_by = $5, approved_at = $6 where tenant = $1 and person = $2 and first = $3 and last = $4",
            entry.tenant, entry.stream, event.first, event.last, event.by, entry.recorded_at,
        )  # fmt: skip
        return
    await connection.execute(
        "insert into leaves (tenant, person, first, last, days, maintainer, granted_by, granted_at, number)"
        " values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict (tenant, person, first, last)"
        " do update set maintainer = excluded.maintainer, granted_by = excluded.granted_by, granted_at = excluded.granted_at",
        entry.tenant, entry.stream, event.first, event.last, days_inclusive(event.first, event.last), event.maintainer, event.by,
        entry.recorded_at, entry.position,
    )  # fmt: skip


async def people(
    connection: Connection,
    tenant: UUID,
    *,
    store: str | None,
    team: str | None,
    role: str | None,
    newcomer: bool | None,
    in_post: bool,
    after: str | None,
    limit: int,
) -> list[Any]:
    """Posts in the order in which people's ids were made, after that of `after`: of a store, a team, a role, in probation or not (C-1)."""
    rows: list[Any] = await connection.fetch(
        "select person, store, team, area, role, newcomer, in_post from posts where tenant = $1 and in_post = $2"
        " and ($3::text is null or store = $3) and ($4::text is null or team = $4) and ($5::text is null or role = $5)"
        " and ($6::boolean is null or newcomer = $6) and ($7::uuid is null or person > $7) order by person limit $8",
        tenant, in_post, store, team, role, newcomer, None if after is None else uuid_of(after), limit,
    )  # fmt: skip
    return rows


Lacking = Literal["approval", "handover"]


async def leaves(
    connection: Connection,
    tenant: UUID,
    people: Sequence[str] | None,
    *,
    days: int,
    lacking: Lacking | None,
    after: int,
    limit: int,
) -> list[Any]:
    """Leaves of these people (None: everyone's) in the order in which they were first granted, after the `after`th. `lacking`: only those
    of more than `days` days that personnel has not approved, or those that name nobody who keeps things up meanwhile (C-1)."""
    rows: list[Any] = await connection.fetch(
        "select *, days > $4 as needs_approval from leaves where tenant = $1 and number > $2 and ($3::uuid[] is null or person = any($3))"
        " and ($5::text is null or ($5 = 'approval' and days > $4 and approved_by is null) or ($5 = 'handover' and maintainer is null))"
        " order by number limit $6",
        tenant, after, None if people is None else [uuid_of(person) for person in people], days, lacking, limit,
    )  # fmt: skip
    return rows
