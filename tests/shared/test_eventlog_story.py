"""A story's clock: only forward, and each tenant's own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from shared.entry import new_id
from shared.eventlog import EventLog, Streams
from tests.databases import Database, NewDatabase
from tests.shared.log_toy import NOON, OTHER_TENANT, TENANT, Noted, Room, command, note, open_room, rooms_of, running

HOUR = timedelta(hours=1)


@pytest.fixture
async def own(database: NewDatabase) -> Database:
    return await database("toys", story=True)


@pytest.fixture
async def log(own: Database) -> AsyncIterator[EventLog]:
    async with running(own.dsn) as log:
        yield log


@pytest.fixture
def rooms(log: EventLog) -> Streams[Room]:
    return rooms_of(log)


async def it_is(log: EventLog, now: datetime, tenant: UUID = TENANT) -> None:
    await log.pool.execute("select set_story_clock($1, $2)", tenant, now)


async def test_a_storys_entries_are_recorded_in_its_time(rooms: Streams[Room], log: EventLog) -> None:
    await it_is(log, NOON)
    id = new_id("roo")
    await rooms.begin(id, open_room, command=command(), number="101")
    await it_is(log, NOON + HOUR)
    await rooms.change(id, note, command=command("k"), text="damp")
    assert [(entry.at, entry.recorded_at) for entry in await log.read(0, 10)] == [(NOON, NOON), (NOON + HOUR, NOON + HOUR)]
    assert await log.now(TENANT) == NOON + HOUR
    claimant = await log.claimant(TENANT, "number", "101")
    assert claimant is not None
    assert claimant.recorded_at == NOON


async def test_other_tenants_go_by_the_real_clock_or_their_own(rooms: Streams[Room], log: EventLog) -> None:
    await it_is(log, NOON)
    await rooms.begin(new_id("roo"), open_room, command=command(tenant=OTHER_TENANT), number="101")
    await rooms.begin(new_id("roo"), open_room, command=command(), number="101")
    real, told = await log.read(0, 10)
    assert real.recorded_at > NOON + 300 * 24 * HOUR
    assert told.recorded_at == NOON
    assert await log.last_position(TENANT, NOON) == (2, NOON)
    assert (await log.last_position(OTHER_TENANT, NOON))[0] == 0


async def test_a_storys_clock_goes_only_forward(rooms: Streams[Room], log: EventLog) -> None:
    await it_is(log, NOON)
    await it_is(log, NOON)
    with pytest.raises(asyncpg.RaiseError, match="only forward"):
        await it_is(log, NOON - HOUR)
    await rooms.begin(new_id("roo"), open_room, command=command(tenant=OTHER_TENANT), number="101")
    with pytest.raises(asyncpg.RaiseError, match="only forward"):
        await it_is(log, NOON, OTHER_TENANT)


async def test_when_a_story_is_over_its_tenant_does_not_go_back(rooms: Streams[Room], log: EventLog, own: Database) -> None:
    future = NOON + 36500 * 24 * HOUR
    await it_is(log, future)
    id = new_id("roo")
    await rooms.begin(id, open_room, command=command(), number="101")
    owner = await asyncpg.connect(own.owner_dsn)
    await owner.execute("delete from story_clock")
    await owner.close()
    await log.append(TENANT, id, 1, [Noted("damp", NOON)], command=command())
    await log.append(TENANT, id, 2, [Noted("dry", NOON)], command=command("k"))
    assert [entry.recorded_at for entry in await log.read(1, 10)] == [future, future]


async def test_its_clock_is_set_by_its_function_only(own: Database) -> None:
    connection = await asyncpg.connect(own.dsn)
    for sql in ("insert into story_clock values ($1, $2)", "update story_clock set now = $2 where tenant = $1"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(sql, TENANT, NOON)
    await connection.close()


async def decided_at(rooms: Streams[Room], id: str, *, later: datetime, **given: Any) -> list[datetime]:
    """The instants at which a command decides while, at its first attempt, the clock moves on."""
    instants: list[datetime] = []

    async def time_passes(room: Room, at: datetime) -> dict[str, Any]:
        await it_is(rooms.log, later)
        return {}

    def decide(room: Room, *, at: datetime) -> list[Noted]:
        instants.append(at)
        return [Noted("damp", at, lapses_at=NOON + 4 * HOUR)]

    await rooms.change(id, decide, command=command(), look=time_passes, **given)
    return instants


MIDNIGHT = NOON + 12 * HOUR


@pytest.mark.parametrize(
    ("later", "again"), [(MIDNIGHT - timedelta(microseconds=1), False), (MIDNIGHT, True), (MIDNIGHT + HOUR, True), (NOON, False)]
)
async def test_a_decision_is_made_again_after_midnight(rooms: Streams[Room], log: EventLog, later: datetime, again: bool) -> None:
    await it_is(log, NOON)
    id = new_id("roo")
    await rooms.begin(id, open_room, command=command(), number="101")
    assert await decided_at(rooms, id, later=later) == ([NOON, later] if again else [NOON])


@pytest.mark.parametrize(("later", "again"), [(4 * HOUR - timedelta(microseconds=1), False), (4 * HOUR, True)])
async def test_a_decision_is_made_again_once_its_state_has_turned(
    rooms: Streams[Room], log: EventLog, later: timedelta, again: bool
) -> None:
    await it_is(log, NOON)
    id = new_id("roo")
    await rooms.begin(id, open_room, command=command(), number="101")
    await decided_at(rooms, id, later=NOON)
    assert await decided_at(rooms, id, later=NOON + later) == ([NOON, NOON + later] if again else [NOON])


async def test_a_decision_may_name_its_own_time(rooms: Streams[Room], log: EventLog) -> None:
    await it_is(log, NOON)
    id = new_id("roo")
    await rooms.begin(id, open_room, command=command(), number="101")
    later = NOON + 24 * HOUR
    assert await decided_at(rooms, id, later=later, not_after=later) == [NOON]


async def test_a_reaction_is_never_stale(rooms: Streams[Room], log: EventLog) -> None:
    await it_is(log, NOON)
    id = new_id("roo")
    await rooms.begin(id, open_room, command=command(), number="101")
    assert await decided_at(rooms, id, later=NOON + 48 * HOUR, at=NOON) == [NOON]
