"""Figures, gradings, and the grades that follow from them over time (G-1 to G-4). May be dropped and rebuilt from the log."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final, get_args
from uuid import UUID

import msgspec

from services.client.aggregate.grading import State
from services.client.events import FollowedUp, Viewed
from services.client.events.grading import (
    Confirmed,
    Drafted,
    FiguresEntered,
    Grade,
    GradeDropped,
    GradeRestored,
    GradingEvent,
    Place,
    Ranked,
    RatingEvent,
    Terms,
    Withdrawn,
)
from services.client.rules import grading as rules
from services.client.rules.grading import Drop, Graded, Stretch
from services.client.views.clients import HOLDER
from shared.entry import Entry, id_of, uuid_of
from shared.identity import Connection

GRADES: Final[tuple[Grade, ...]] = get_args(Grade)
_PLACES: Final = msgspec.json.Decoder(Place)
_TERMS: Final = msgspec.json.Decoder(tuple[Terms, ...])


def place_of(kept: bytes) -> Place:
    return _PLACES.decode(kept)


def terms_of(kept: bytes) -> tuple[Terms, ...]:
    """A grading's grades, the best first."""
    return _TERMS.decode(kept)


# -- from the log


async def keep_rating(connection: Connection, entry: Entry) -> None:
    event: RatingEvent = entry.event
    client = uuid_of(event.client)
    match event:
        case FiguresEntered(year=year, figures=figures):
            await connection.execute(
                "insert into figures (tenant, year, client, figures) values ($1, $2, $3, $4)"
                " on conflict (tenant, year, client) do update set figures = excluded.figures",
                entry.tenant, year, client, msgspec.json.encode(figures),
            )  # fmt: skip
            return
        case GradeDropped(quarter=quarter, payments=payments):
            await connection.execute(
                "insert into grade_drops (tenant, client, quarter, at, needed) values ($1, $2, $3, $4, $5) on conflict do nothing",
                entry.tenant, client, quarter, entry.recorded_at, len(payments),
            )  # fmt: skip
        case GradeRestored(quarter=quarter):
            await connection.execute(
                "update grade_drops set restored_at = $4 where tenant = $1 and client = $2 and quarter = $3 and restored_at is null",
                entry.tenant, client, quarter, entry.recorded_at,
            )  # fmt: skip
        case _:
            return
    await _settle(connection, entry.tenant, [client])


async def keep_grading(connection: Connection, entry: Entry) -> None:
    event: GradingEvent = entry.event
    match event:
        case Drafted():
            await connection.execute("delete from places where tenant = $1 and grading = $2", entry.tenant, entry.stream)
            await connection.execute(
                "insert into gradings (tenant, stream, number, version, year, state, of, drafted_by, grades)"
                " values ($1, $2, $3, $4, $5, 'drafted', $6, $7, $8) on conflict do nothing",
                entry.tenant, entry.stream, entry.position, entry.version, event.year, event.of, event.by,
                msgspec.json.encode(event.grades),
            )  # fmt: skip
        case Ranked(places=places):
            await _keep_places(connection, entry, places)
        case Confirmed(by=by, effective_at=effective_at):
            await _stands(connection, entry, "confirmed")
            await connection.execute(
                "update gradings set confirmed_by = $3, effective_at = $4 where tenant = $1 and stream = $2",
                entry.tenant, entry.stream, by, max(effective_at, entry.recorded_at),
            )  # fmt: skip
            await _settle(connection, entry.tenant)
        case Withdrawn():
            await _stands(connection, entry, "withdrawn")
            await connection.execute(
                "update gradings set withdrawn_at = $3 where tenant = $1 and stream = $2", entry.tenant, entry.stream, entry.recorded_at
            )
            await _settle(connection, entry.tenant)


async def _stands(connection: Connection, entry: Entry, state: State) -> None:
    await connection.execute(
        "update gradings set state = $3, version = $4 where tenant = $1 and stream = $2", entry.tenant, entry.stream, state, entry.version
    )


async def _keep_places(connection: Connection, entry: Entry, places: Sequence[Place]) -> None:
    first = 1 + await connection.fetchval(
        "select coalesce(max(ordinal), 0) from places where tenant = $1 and grading = $2", entry.tenant, entry.stream
    )
    await connection.execute(
        "insert into places (tenant, grading, ordinal, client, step, place)"
        " select $1, $2, * from unnest($3::integer[], $4::uuid[], $5::integer[], $6::bytea[]) on conflict do nothing",
        entry.tenant, entry.stream,
        list(range(first, first + len(places))),
        [uuid_of(place.client) for place in places],
        [GRADES.index(place.grade) for place in places],
        [msgspec.json.encode(place) for place in places],
    )  # fmt: skip


async def keep_call(connection: Connection, entry: Entry) -> None:
    """G-4: that a client was called on; on a duplicate's record it counts for the person."""
    match entry.event:
        case FollowedUp(by=by, channel=channel):
            pass
        case Viewed(by=by):
            channel = "viewing"
        case _:
            return
    first = await connection.fetchval("select first from clients where tenant = $1 and stream = $2", entry.tenant, entry.stream)
    await connection.execute(
        "insert into calls_on (tenant, client, quarter, channel, by, at) values ($1, $2, $3, $4, $5, $6)"
        " on conflict (tenant, client, quarter, channel) do update set by = excluded.by, at = excluded.at",
        entry.tenant, entry.stream if first is None else uuid_of(first), rules.quarter_of(entry.recorded_at), channel, by,
        entry.recorded_at,
    )  # fmt: skip


# -- the grades that follow


async def _settle(connection: Connection, tenant: UUID, clients: Sequence[UUID] | None = None) -> None:
    """Works out anew the grades over time of these clients; None: of everyone who was ever graded."""
    confirmed = await connection.fetch(
        "select stream, effective_at, withdrawn_at from gradings where tenant = $1 and effective_at is not null order by effective_at",
        tenant,
    )
    places = await connection.fetch(
        "select client, grading, ordinal, step from places where tenant = $1 and grading = any($2)"
        " and ($3::uuid[] is null or client = any($3))",
        tenant, [row["stream"] for row in confirmed], clients,
    )  # fmt: skip
    drops = await connection.fetch(
        "select client, quarter, at, needed, restored_at from grade_drops where tenant = $1 and ($2::uuid[] is null or client = any($2))"
        " order by at",
        tenant, clients,
    )  # fmt: skip
    held = {(row["client"], row["grading"]): (row["ordinal"], row["step"]) for row in places}
    lost: dict[UUID, list[Drop]] = {}
    for row in drops:
        lost.setdefault(row["client"], []).append(Drop(row["quarter"], row["at"], row["needed"], row["restored_at"]))
    rows = []
    for client in dict.fromkeys(client for client, _ in held):
        gradings = [_graded(row, held.get((client, row["stream"]))) for row in confirmed]
        rows += [_row(client, stretch, held) for stretch in rules.course(gradings, lost.get(client, ()), len(GRADES))]
    await _write(connection, tenant, clients, rows)


def _graded(row: Any, held: tuple[int, int] | None) -> Graded:
    return Graded(id_of("grd", row["stream"]), row["effective_at"], None if held is None else held[1], row["withdrawn_at"])


Row = tuple[UUID, datetime, datetime | None, UUID, int, int, list[str]]


def _row(client: UUID, stretch: Stretch, held: dict[tuple[UUID, UUID], tuple[int, int]]) -> Row:
    grading = uuid_of(stretch.grading)
    return client, stretch.since, stretch.until, grading, held[client, grading][0], stretch.step, list(stretch.lost)


async def _write(connection: Connection, tenant: UUID, clients: Sequence[UUID] | None, rows: Iterable[Row]) -> None:
    await connection.execute("delete from grades where tenant = $1 and ($2::uuid[] is null or client = any($2))", tenant, clients)
    await connection.executemany(
        "insert into grades (tenant, client, since, until, grading, ordinal, step, lost) values ($1, $2, $3, $4, $5, $6, $7, $8)",
        [(tenant, *row) for row in rows],
    )


# -- queries


async def figures_of(connection: Connection, tenant: UUID, year: int) -> dict[str, dict[str, int]]:
    """The figures of a year by client, who was entered first before the others; empty if none have been entered."""
    rows = await connection.fetch(
        "select f.client, f.figures from figures f left join clients c on c.tenant = f.tenant and c.stream = f.client"
        " where f.tenant = $1 and f.year = $2 order by c.number",
        tenant, year,
    )  # fmt: skip
    return {id_of("cli", row["client"]): msgspec.json.decode(row["figures"], type=dict[str, int]) for row in rows}


async def gradings(connection: Connection, tenant: UUID, after: int, limit: int) -> list[Any]:
    """Gradings in the order of their numbers after `after`."""
    rows: list[Any] = await connection.fetch(
        "select * from gradings where tenant = $1 and number > $2 order by number limit $3", tenant, after, limit
    )
    return rows


async def grading(connection: Connection, tenant: UUID, id: str) -> Any:
    """A grading's row, or None."""
    return await connection.fetchrow("select * from gradings where tenant = $1 and stream = $2", tenant, uuid_of(id))


async def places(connection: Connection, tenant: UUID, grading: str, after: int, limit: int) -> list[Any]:
    """Places of a grading, the best first, after the `after`th."""
    rows: list[Any] = await connection.fetch(
        "select ordinal, place from places where tenant = $1 and grading = $2 and ordinal > $3 order by ordinal limit $4",
        tenant, uuid_of(grading), after, limit,
    )  # fmt: skip
    return rows


async def counts(connection: Connection, tenant: UUID, grading: str) -> dict[int, int]:
    """How many stand on each step of a grading; a step without anybody is not there."""
    rows = await connection.fetch(
        "select step, count(*) as many from places where tenant = $1 and grading = $2 group by step", tenant, uuid_of(grading)
    )
    return {row["step"]: row["many"] for row in rows}


_GRADED = (
    "from grades g join gradings d on d.tenant = g.tenant and d.stream = g.grading"
    " join places p on p.tenant = g.tenant and p.grading = g.grading and p.ordinal = g.ordinal"
)


async def history(connection: Connection, tenant: UUID, client: str, until: datetime) -> list[Any]:
    """The grades of a client that had begun by an instant, the earliest first; empty if there never was one."""
    rows: list[Any] = await connection.fetch(
        f"select g.*, d.year, d.grades, d.of, p.place {_GRADED} where g.tenant = $1 and g.client = $2 and g.since <= $3 order by g.since",
        tenant, uuid_of(client), until,
    )  # fmt: skip
    return rows


async def found(
    connection: Connection,
    tenant: UUID,
    now: datetime,
    person: str,
    below: Sequence[str] | None,
    *,
    at: datetime,
    steps: Sequence[int],
    quarter: str,
    channels: Sequence[str],
    uncalled: bool,
    after: tuple[int, int] | None,
    limit: int,
) -> list[Any]:
    """Who stood on one of these steps at an instant, in the order of priority: the better grade, then the better place. `called_at`: when
    somebody last called on them in that quarter by one of the channels; `uncalled`: only where nobody did.

    Only clients that `person` holds, recorded or is in contact with, or that stand with someone `below` (None: everyone's). At an instant
    one grading is in force, so that the place tells them apart.
    """
    rows: list[Any] = await connection.fetch(
        "select * from (select g.client, g.since, g.until, g.grading, g.ordinal, g.step, g.lost, d.year, d.grades, p.place, c.number,"  # noqa: S608
        " c.recorder, c.contacts, c.held_by, (select max(v.at) from calls_on v"
        "  where v.tenant = g.tenant and v.client = g.client and v.quarter = $7 and v.channel = any($8)) as called_at"
        f" {_GRADED} join (select tenant, stream, number, recorder, contacts, {HOLDER} as held_by from clients) c"
        " on c.tenant = g.tenant and c.stream = g.client"
        " where g.tenant = $1 and g.since <= $5 and (g.until is null or g.until > $5) and g.step = any($6)) as list"
        " where ($4::text[] is null or held_by = $3 or recorder = $3 or contacts @> array[$3] or held_by = any($4)"
        "  or recorder = any($4)) and not ($9 and called_at is not null)"
        " and ($10::integer is null or (step, ordinal) > ($10, $11)) order by step, ordinal limit $12",
        tenant, now, person, None if below is None else list(below), at, list(steps), quarter, list(channels), uncalled,
        *(after or (None, None)), limit,
    )  # fmt: skip
    return rows
