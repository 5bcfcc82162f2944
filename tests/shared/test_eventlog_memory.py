"""Deciding on what is remembered of a stream: it saves a reading, and nobody can tell otherwise."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from shared.entry import new_id
from shared.eventlog import Claim, Conflict, EventLog, KeyReused, Streams, Unreachable
from shared.eventlog.appending import ENDS_MAX
from tests.databases import Database, NewDatabase
from tests.shared.log_toy import (
    NOON,
    OTHER_TENANT,
    TENANT,
    Noted,
    Opened,
    Room,
    claims_of,
    close,
    command,
    evolve,
    note,
    open_room,
    rooms_of,
    running,
    versioned,
)


class Refused(Exception):
    """Stands for a rule's refusal."""


@pytest.fixture
async def own(database: NewDatabase) -> Database:
    return await database("toys", story=True)


@pytest.fixture
async def log(own: Database) -> AsyncIterator[EventLog]:
    async with running(own.dsn) as log:
        yield log


@pytest.fixture
async def replica(own: Database) -> AsyncIterator[Streams[Room]]:
    """The same rooms, in the hands of another replica."""
    async with running(own.dsn) as log:
        yield rooms_of(log)


class Readings:
    """Counts how often a log is asked for a past."""

    def __init__(self, log: EventLog) -> None:
        self.count = 0
        past = log.past

        async def counted(*arguments: Any) -> Any:
            self.count += 1
            return await past(*arguments)

        log.past = counted  # type: ignore[assignment, method-assign]


async def opened(rooms: Streams[Room], number: str = "101") -> str:
    id = new_id("roo")
    await rooms.begin(id, open_room, command=command(), number=number)
    return id


async def test_what_one_has_just_written_is_not_read_to_be_changed(log: EventLog) -> None:
    rooms = rooms_of(log)
    id = await opened(rooms)
    readings = Readings(log)
    for text in "abc":
        outcome = await rooms.change(id, note, command=command(), text=text)
    assert outcome.state == Room("101", ("a", "b", "c"))
    assert readings.count == 0
    entries, now = await log.history(TENANT, id)
    assert all(entry.at <= entry.recorded_at <= now for entry in entries)
    assert [entry.at for entry in entries] == sorted(entry.at for entry in entries)


async def test_of_what_another_replica_has_written_since_the_change_is_decided_anew(log: EventLog, replica: Streams[Room]) -> None:
    rooms = rooms_of(log)
    id = await opened(rooms)
    await replica.change(id, note, command=command(), text="theirs")
    outcome = await rooms.change(id, note, command=command(), text="ours")
    assert outcome.state == Room("101", ("theirs", "ours"))
    assert outcome.version == 3


def unless_closed(room: Room, *, at: datetime) -> list[Noted]:
    if not room.is_open:
        raise Refused
    return [Noted("late", at)]


def if_closed(room: Room, *, at: datetime) -> list[Noted]:
    return [] if room.is_open else [Noted("late", at)]


async def test_nothing_is_refused_for_what_is_no_longer_so(log: EventLog, replica: Streams[Room]) -> None:
    rooms = rooms_of(log)
    id = await opened(rooms)
    await rooms.change(id, close, command=command())
    await replica.change(id, lambda room, *, at: [Opened("101", at)], command=command())
    assert (await rooms.change(id, unless_closed, command=command())).version == 4


async def test_nothing_is_left_undone_for_what_is_no_longer_so(log: EventLog, replica: Streams[Room]) -> None:
    rooms = rooms_of(log)
    id = await opened(rooms)
    await replica.change(id, close, command=command())
    assert (await rooms.change(id, if_closed, command=command("k"))).version == 3


async def test_an_error_in_looking_at_what_is_no_longer_so_is_nobodys(log: EventLog, replica: Streams[Room]) -> None:
    rooms = rooms_of(log)
    id = await opened(rooms)
    await replica.change(id, note, command=command(), text="theirs")

    async def look(room: Room, at: datetime) -> dict[str, Any]:
        return {"text": room.notes[0]}

    assert (await rooms.change(id, note, command=command(), look=look)).state == Room("101", ("theirs", "theirs"))


async def test_what_has_begun_elsewhere_is_not_begun_again(log: EventLog, replica: Streams[Room]) -> None:
    id = await opened(replica)
    await opened(rooms_of(log), "102")
    with pytest.raises(Conflict, match=id):
        await rooms_of(log).begin(id, open_room, command=command(), number="103")


async def test_a_repeated_request_gets_its_first_answer_though_nothing_is_read_first(log: EventLog, replica: Streams[Room]) -> None:
    rooms = rooms_of(log)
    id = await opened(rooms)
    await replica.change(id, note, command=command("k"), answer=versioned, text="once")
    for streams in (rooms, replica):
        again = await streams.change(id, note, command=command("k"), answer=versioned, text="once")
        assert again.replayed
        assert again.answer == versioned(Room("101"), 2)
    with pytest.raises(KeyReused):
        await rooms.change(id, note, command=command("k", fingerprint=b"other"), text="once")
    assert len((await log.history(TENANT, id))[0]) == 2


async def test_a_history_that_a_failover_cut_short_is_read_again(log: EventLog, own: Database) -> None:
    rooms = rooms_of(log)
    id = await opened(rooms)
    await rooms.change(id, note, command=command(), text="lost with the old server")
    owner = await asyncpg.connect(own.owner_dsn)
    await owner.execute("delete from log where version = 2")
    await owner.close()
    await break_writers(own)
    outcome = None
    while outcome is None:
        with suppress(Unreachable):
            outcome = await rooms.change(id, note, command=command(), text="kept")
    assert (outcome.state, outcome.version, outcome.position) == (Room("101", ("kept",)), 2, 2)


async def break_writers(own: Database) -> None:
    admin = await asyncpg.connect(own.admin_dsn)
    broken = "select count(pg_terminate_backend(pid, 10000)) from pg_stat_activity where datname = $1 and application_name = 'log writer'"
    assert await admin.fetchval(broken, own.name) == 1
    await admin.close()


@pytest.mark.parametrize("ends_max", [0, ENDS_MAX])
async def test_a_version_ahead_of_what_was_written_last_is_lost(log: EventLog, monkeypatch: pytest.MonkeyPatch, ends_max: int) -> None:
    """Whether the writer knows where the stream ends, or has forgotten it."""
    monkeypatch.setattr("shared.eventlog.appending.ENDS_MAX", ends_max)
    id, other = new_id("roo"), new_id("roo")
    noted = [Noted("damp", NOON)]

    async def append(id: str, version: int, tenant: UUID = TENANT) -> str:
        return (await log.append(tenant, id, version, noted, command=command(tenant=tenant))).verdict

    assert [await append(id, 0), await append(id, 2), await append(id, 1), await append(id, 1), await append(id, 2)] == [
        "done", "version", "done", "version", "done",
    ]  # fmt: skip
    for versions, verdicts in (((4, 1, 0), ["version", "version", "done"]), ((3, 0, 1), ["done", "done", "version"])):
        appends = [append(stream, version) for stream, version in zip((id, other, new_id("roo")), versions, strict=True)]
        assert list(await asyncio.gather(*appends)) == verdicts
    assert await append(id, 4, OTHER_TENANT) == "version"


async def test_only_so_many_are_remembered(log: EventLog) -> None:
    rooms = Streams(log, "roo", evolve, claims_of, remembered_max=2)
    first, second, third = [await opened(rooms, number) for number in "123"]
    readings = Readings(log)
    for id in (third, second, first):
        await rooms.change(id, note, command=command(), text="x")
    assert readings.count == 1


async def test_whoever_is_asked_to_remember_nothing_reads(log: EventLog) -> None:
    rooms = Streams(log, "roo", evolve, claims_of, remembered_max=0)
    readings = Readings(log)
    id = await opened(rooms)
    await rooms.change(id, note, command=command(), text="x")
    assert readings.count == 2


async def test_a_story_that_begins_meanwhile_is_noticed(log: EventLog) -> None:
    rooms = rooms_of(log)
    id = await opened(rooms)
    future = NOON + timedelta(days=36500)
    await log.pool.execute("select set_story_clock($1, $2)", TENANT, future)
    decided: list[datetime] = []

    def decide(room: Room, *, at: datetime) -> list[Noted]:
        decided.append(at)
        return [Noted("then", at)]

    outcome = await rooms.change(id, decide, command=command())
    assert decided[-1] == future
    assert len(decided) == 2
    [entry] = await log.read(outcome.position - 1, 10)
    assert (entry.at, entry.recorded_at) == (future, future)


async def test_of_a_batch_where_one_loses_the_others_win(log: EventLog, replica: Streams[Room]) -> None:
    ids = [await opened(replica, f"{n}") for n in range(6)]
    verdicts = await asyncio.gather(
        *(log.append(TENANT, id, 1, [Noted("a", NOON), Noted("b", NOON)], command=command(f"k{n}")) for n, id in enumerate(ids[:3])),
        log.append(TENANT, ids[3], 2, [Noted("ahead", NOON)], command=command("k3")),
        log.append(TENANT, ids[4], 1, [Noted("taken", NOON)], command=command("k4"), claims=[Claim("number", "0")]),
        log.append(TENANT, ids[5], 1, [], command=command("k5")),
    )
    assert [appended.verdict for appended in verdicts] == ["done", "done", "done", "version", "claim", "done"]
    entries = await log.read(6, 100)
    assert [entry.position for entry in entries] == list(range(7, 13))
    assert [entry.stream_id for entry in entries] == [id for id in ids[:3] for _ in range(2)]
    assert [appended.position for appended in verdicts[:3]] == [8, 10, 12]
    for n in (0, 1, 2, 5):
        known = await log.known(command(f"k{n}"))
        assert known is not None
        assert (known.version, known.position) == (verdicts[n].version, verdicts[n].position)
    assert [await log.known(command(f"k{n}")) for n in (3, 4)] == [None, None]
