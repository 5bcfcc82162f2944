"""What of one's own ends when: the running course of every listing and client. May be dropped and rebuilt from the journal."""

from datetime import datetime
from typing import Any
from uuid import UUID

from services.client import events as client
from services.listing import events as listing
from shared.entry import Entry, uuid_of
from shared.identity import Connection
from shared.tenure import Stands


async def keep(connection: Connection, entry: Entry) -> None:
    """Takes over the course that an entry carries, and what it says of concealment."""
    match entry.event:
        case listing.Entered(recorder=recorder, stands=stands) | client.Entered(recorder=recorder, stands=stands):
            await _set(connection, entry, _course(stands), recorder=recorder, id=entry.stream_id)
        case listing.Concealed(by=by, until=until):
            await _set(connection, entry, {"concealed_by": by, "concealed_until": until})
        case listing.ConcealmentRenewed(until=until):
            await _set(connection, entry, {"concealed_until": until})
        case listing.Revealed() | listing.ConcealmentEnded():
            await _set(connection, entry, {"concealed_by": None, "concealed_until": None})
        case listing.HolderLeft(person=person, stands=stands):
            await _run_on(connection, entry, stands, reveals=person)
        case event if getattr(event, "stands", None) is not None:
            await _run_on(connection, entry, event.stands)


def _course(stands: Stands) -> dict[str, Any]:
    first = stands[0]
    return {
        "holder": first.holder,
        "until": first.until,
        "clause": first.clause,
        "after": stands[1].holder if len(stands) > 1 else None,
    }


async def _run_on(connection: Connection, entry: Entry, stands: Stands, *, reveals: str | None = None) -> None:
    """Takes over a course. What changes hands by it, or did by a lapse before it, is concealed no more, nor what `reveals` concealed."""
    course = _course(stands)
    await connection.execute(
        "update courses set holder = $3, until = $4, clause = $5, after = $6,"
        " concealed_by = case when holder = $3 and (until is null or until > $7) and concealed_by is distinct from $8 then concealed_by end"
        " where tenant = $1 and stream = $2",
        entry.tenant, entry.stream, *course.values(), entry.event.at, reveals,
    )  # fmt: skip


async def _set(connection: Connection, entry: Entry, columns: dict[str, Any], **entered: Any) -> None:
    columns = {**columns, **entered}
    if entered:
        names, places = ", ".join(columns), ", ".join(f"${place}" for place in range(3, 3 + len(columns)))
        sql = f"insert into courses (tenant, stream, {names}) values ($1, $2, {places}) on conflict do nothing"  # noqa: S608
    else:
        settings = ", ".join(f"{name} = ${place}" for place, name in enumerate(columns, start=3))
        sql = f"update courses set {settings} where tenant = $1 and stream = $2"  # noqa: S608
    await connection.execute(sql, entry.tenant, entry.stream, *columns.values())


async def ending(
    connection: Connection, tenant: UUID, holder: str, now: datetime, after: tuple[datetime, str] | None, limit: int
) -> list[Any]:
    """What ends of what a person holds (`what` term) or conceals (`what` concealment) and has not ended yet, the soonest first. A
    concealment that would outlast its listing's term ends with that."""
    rows: list[Any] = await connection.fetch(
        "select * from ("
        " select id, 'term' as what, until, clause, after, recorder from courses where tenant = $1 and holder = $2 and until > $3"
        " union all"
        " select id, 'concealment', concealed_until, 'A-2.9', null, recorder from courses"
        " where tenant = $1 and concealed_by = $2 and concealed_until > $3 and (until is null or until >= concealed_until)) as own"
        " where $4::timestamptz is null or (until, id || what) > ($4, $5) order by until, id || what limit $6",
        tenant, holder, now, after[0] if after else None, after[1] if after else "", limit,
    )  # fmt: skip
    return rows


async def concealed_to(connection: Connection, tenant: UUID, listing_id: str, now: datetime) -> tuple[str, str] | None:
    """Holder and recorder of a listing that is concealed; None: it is not, or is none."""
    row = await connection.fetchrow(
        "select holder, recorder from courses where tenant = $1 and stream = $2 and concealed_by is not null"
        " and (concealed_until is null or concealed_until > $3) and (until is null or until > $3)",
        tenant, uuid_of(listing_id), now,
    )  # fmt: skip
    return None if row is None else (row["holder"], row["recorder"])
