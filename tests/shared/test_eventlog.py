"""The log: decisions, races, claims, keys, time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest

from shared.entry import id_of, new_id, uuid_of
from shared.eventlog import Answer, Claim, Conflict, EventLog, KeyReused, Streams, Unknown, Unreachable
from tests.databases import Database, NewDatabase
from tests.shared.log_toy import (
    CODEC,
    NOON,
    OTHER_TENANT,
    TENANT,
    Noted,
    Opened,
    Room,
    close,
    command,
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
    return await database("toys")


@pytest.fixture
async def log(own: Database) -> AsyncIterator[EventLog]:
    async with running(own.dsn) as log:
        yield log


@pytest.fixture
def rooms(log: EventLog) -> Streams[Room]:
    return rooms_of(log)


async def opened(rooms: Streams[Room], number: str = "101") -> str:
    id = new_id("roo")
    await rooms.begin(id, open_room, command=command(), number=number)
    return id


async def in_database(dsn: str, sql: str, *arguments: Any) -> Any:
    connection = await asyncpg.connect(dsn)
    try:
        return await connection.fetchval(sql, *arguments)
    finally:
        await connection.close()


# -- deciding


async def test_a_stream_is_begun_changed_and_read(rooms: Streams[Room], log: EventLog) -> None:
    id = new_id("roo")
    begun = await rooms.begin(id, open_room, command=command(), number="101")
    changed = await rooms.change(id, note, command=command(), text="damp")
    assert begun.state == Room("101")
    assert (changed.state, changed.version, changed.position) == (Room("101", ("damp",)), 2, 2)
    assert await rooms.read(TENANT, id) == (Room("101", ("damp",)), 2)
    entries, now = await log.history(TENANT, id)
    assert entries == await log.read(0, 10)
    assert (begun.written, changed.written) == (1, 1)
    assert [(entry.id, entry.type, entry.meta.by) for entry in entries] == [
        (f"{id}@1", "room.Opened", "agent"),
        (f"{id}@2", "room.Noted", "agent"),
    ]
    assert entries[0].at <= entries[0].recorded_at <= entries[1].recorded_at <= now


async def test_what_never_began_cannot_be_changed(rooms: Streams[Room]) -> None:
    for id in (new_id("roo"), new_id("lst"), "nonsense"):
        with pytest.raises(Unknown):
            await rooms.change(id, note, command=command(), text="damp")
        assert await rooms.read(TENANT, id) is None


async def test_what_has_begun_is_not_begun_again(rooms: Streams[Room]) -> None:
    id = await opened(rooms)
    with pytest.raises(Conflict, match=id):
        await rooms.begin(id, open_room, command=command(), number="102")


async def test_nothing_to_do_writes_nothing(rooms: Streams[Room], log: EventLog) -> None:
    id = await opened(rooms)
    outcome = await rooms.change(id, lambda room, *, at: [], command=command())
    assert (outcome.state, outcome.version, outcome.written, outcome.position) == (Room("101"), 1, 0, 1)
    assert len(await log.read(0, 10)) == 1


async def test_a_refusal_writes_nothing(rooms: Streams[Room], log: EventLog) -> None:
    def refuse(room: Room, *, at: datetime) -> list[Noted]:
        raise Refused

    id = await opened(rooms)
    with pytest.raises(Refused):
        await rooms.change(id, refuse, command=command("k"))
    assert len(await log.read(0, 10)) == 1
    assert await log.replayed(command("k")) is None


async def test_many_events_of_one_decision_stand_together(rooms: Streams[Room], log: EventLog) -> None:
    id = await opened(rooms)
    others = [rooms.begin(new_id("roo"), open_room, command=command(), number=f"{n}") for n in range(20)]
    three = rooms.change(id, lambda room, *, at: [Noted("a", at), Noted("b", at), Noted("c", at)], command=command())
    outcome, *_ = await asyncio.gather(three, *others)
    last = outcome.position
    entries = await log.read(0, 100)
    assert [entry.position for entry in entries] == list(range(1, 25))
    assert [(e.version, e.event.text) for e in entries[last - 3 : last] if e.stream == uuid_of(id)] == [(2, "a"), (3, "b"), (4, "c")]
    assert outcome.written == 3


async def test_the_past_is_read_as_it_was_known_and_as_it_had_happened(rooms: Streams[Room], log: EventLog) -> None:
    id = await opened(rooms)
    await rooms.change(id, note, command=command(), text="damp")
    await rooms.change(id, note, command=command(), text="dry")
    _, first, _ = await log.read(0, 10)
    then = first.recorded_at
    assert await rooms.read(TENANT, id, known_at=then) == (Room("101", ("damp",)), 2)
    assert await rooms.read(TENANT, id, as_of=then) == (Room("101", ("damp",)), 2)
    assert await rooms.read(TENANT, id, known_at=NOON) is None
    assert (await log.history(TENANT, id, known_at=then))[0][-1] == first


# -- races


async def test_a_lost_race_decides_again_on_what_is_there_then(rooms: Streams[Room]) -> None:
    id = await opened(rooms)
    seen: list[tuple[str, ...]] = []

    async def meanwhile(room: Room, at: datetime) -> dict[str, Any]:
        if not seen:
            await rooms.change(id, note, command=command(), text="first")
        return {}

    def second(room: Room, *, at: datetime) -> list[Noted]:
        seen.append(room.notes)
        return [Noted("second", at)]

    outcome = await rooms.change(id, second, command=command(), look=meanwhile)
    assert seen == [(), ("first",)]
    assert outcome.state == Room("101", ("first", "second"))


async def test_three_lost_races_are_a_conflict(rooms: Streams[Room], log: EventLog) -> None:
    id = await opened(rooms)

    async def always_first(room: Room, at: datetime) -> dict[str, Any]:
        await rooms.change(id, note, command=command(), text="faster")
        return {}

    with pytest.raises(Conflict, match=id):
        await rooms.change(id, note, command=command(), look=always_first, text="slower")
    state, version = await rooms.read(TENANT, id) or (None, 0)
    assert (state, version) == (Room("101", ("faster",) * 4), 5)  # the first time it was decided on what was remembered


async def test_of_many_at_once_on_one_version_one_wins(rooms: Streams[Room], log: EventLog) -> None:
    id = await opened(rooms)
    all_at_once = [log.append(TENANT, id, 1, [Noted(f"{n}", NOON)], command=command()) for n in range(50)]
    verdicts = sorted((await asyncio.gather(*all_at_once)), key=lambda appended: appended.verdict)
    assert [appended.verdict for appended in verdicts] == ["done"] + ["version"] * 49
    assert len((await log.history(TENANT, id))[0]) == 2


@pytest.mark.parametrize("company", [0, 1])
async def test_a_version_ahead_of_the_stream_is_lost_too(log: EventLog, company: int) -> None:
    lone = log.append(TENANT, new_id("roo"), 4, [Noted("gap", NOON)], command=command())
    others = [log.append(TENANT, new_id("roo"), 0, [Opened("1", NOON)], command=command()) for _ in range(company * 5)]
    appended, *rest = await asyncio.gather(lone, *others)
    assert appended.verdict == "version"
    assert [one.verdict for one in rest] == ["done"] * company * 5
    assert [entry.position for entry in await log.read(0, 10)] == list(range(1, company * 5 + 1))


async def test_a_foreign_tenants_stream_of_the_same_id_collides_with_nothing(rooms: Streams[Room], log: EventLog) -> None:
    id = await opened(rooms)
    theirs = await rooms.begin(id, open_room, command=command(tenant=OTHER_TENANT), number="101")
    assert theirs.version == 1
    assert (await log.claimant(OTHER_TENANT, "number", "101")) != await log.claimant(TENANT, "number", "101")
    assert [entry.tenant for entry in await log.read(0, 10, OTHER_TENANT)] == [OTHER_TENANT]
    assert len((await log.history(TENANT, id))[0]) == 1


async def test_one_broken_command_does_not_break_those_beside_it(log: EventLog) -> None:
    broken = log.append(TENANT, new_id("roo"), 0, [Opened("1", NOON)], command=command(), claims=[Claim("number", "\0")])
    others = [log.append(TENANT, new_id("roo"), 0, [Opened("1", NOON)], command=command()) for _ in range(5)]
    first, *rest = await asyncio.gather(broken, *others, return_exceptions=True)
    assert isinstance(first, asyncpg.CharacterNotInRepertoireError)
    assert [appended.verdict for appended in rest if not isinstance(appended, BaseException)] == ["done"] * 5
    assert [entry.position for entry in await log.read(0, 10)] == [1, 2, 3, 4, 5]


async def test_any_text_is_kept_as_it_is(rooms: Streams[Room], log: EventLog) -> None:
    texts = ['"', "\\", "{", "}", ",", "NULL", "null", "", " ", "'", "\n", "\t", "\\x00", "房源", "🏠", "a\\,b"]
    ids = {text: new_id("roo") for text in texts}

    async def write(text: str) -> None:
        key = command(f"key{text}", caller=f"caller{text}", fingerprint=text.encode())
        await rooms.begin(ids[text], open_room, command=key, number=text, answer=lambda room, version: Answer(201, text.encode()))

    await asyncio.gather(*(write(text) for text in texts))
    for text in texts:
        key = command(f"key{text}", caller=f"caller{text}", fingerprint=text.encode())
        assert await rooms.read(TENANT, ids[text]) == (Room(text), 1)
        assert await log.claimant(TENANT, "number", text) is not None
        assert await log.replayed(key) == Answer(201, text.encode())


# -- claims


async def test_what_is_claimed_is_not_claimed_twice_and_the_loser_decides_again(rooms: Streams[Room], log: EventLog) -> None:
    async def look(room: Room | None, at: datetime) -> dict[str, Any]:
        return {"first": await log.claimant(TENANT, "number", "101")}

    decided: list[bool] = []

    def open_unless_taken(*, at: datetime, first: Any) -> list[Opened]:
        decided.append(first is None)
        if first is not None:
            raise Refused(first)
        return [Opened("101", at)]

    ids = [new_id("roo") for _ in range(5)]
    outcomes = await asyncio.gather(
        *(rooms.begin(id, open_unless_taken, command=command(caller=id), look=look) for id in ids), return_exceptions=True
    )
    winners = [outcome for outcome in outcomes if not isinstance(outcome, BaseException)]
    refusals = [outcome for outcome in outcomes if isinstance(outcome, Refused)]
    assert len(winners) == 1
    assert len(refusals) == 4
    [won] = await log.read(0, 10)
    assert {refusal.args[0].stream for refusal in refusals} == {won.stream}
    claimant = await log.claimant(TENANT, "number", "101")
    assert claimant is not None
    assert claimant.recorded_at == won.recorded_at
    assert id_of("roo", claimant.stream) == claimant.by


async def test_what_is_released_can_be_claimed_by_another(rooms: Streams[Room], log: EventLog) -> None:
    first = await opened(rooms)
    await rooms.change(first, close, command=command())
    assert await log.claimant(TENANT, "number", "101") is None
    second = await opened(rooms)
    claimant = await log.claimant(TENANT, "number", "101")
    assert claimant is not None
    assert claimant.stream == uuid_of(second)


async def test_only_the_holder_releases(rooms: Streams[Room], log: EventLog) -> None:
    holder, stranger = await opened(rooms), await opened(rooms, "102")
    release = [Claim("number", "101", release=True)]
    assert (await log.append(TENANT, stranger, 1, [Noted("mine!", NOON)], command=command(), claims=release)).verdict == "done"
    claimant = await log.claimant(TENANT, "number", "101")
    assert claimant is not None
    assert claimant.stream == uuid_of(holder)


async def test_the_holder_may_claim_again_and_the_last_word_counts(rooms: Streams[Room], log: EventLog) -> None:
    id = await opened(rooms)
    taken, given = Claim("number", "101"), Claim("number", "101", release=True)
    assert (await log.append(TENANT, id, 1, [Noted("a", NOON)], command=command(), claims=[taken])).verdict == "done"
    assert (await log.append(TENANT, id, 2, [Noted("b", NOON)], command=command(), claims=[given, taken])).verdict == "done"
    assert await log.claimant(TENANT, "number", "101") is not None
    assert (await log.append(TENANT, id, 3, [Noted("c", NOON)], command=command(), claims=[taken, given])).verdict == "done"
    assert await log.claimant(TENANT, "number", "101") is None


async def test_whoever_loses_one_claim_gets_none(rooms: Streams[Room], log: EventLog) -> None:
    await opened(rooms)
    both = [Claim("place", "1"), Claim("number", "101")]
    assert (await log.append(TENANT, new_id("roo"), 0, [Opened("x", NOON)], command=command(), claims=both)).verdict == "claim"
    assert await log.claimant(TENANT, "place", "1") is None
    assert len(await log.read(0, 10)) == 1


# -- keys


async def test_the_same_request_again_gets_the_same_answer_and_has_no_effect(rooms: Streams[Room], log: EventLog) -> None:
    first = await rooms.begin(new_id("roo"), open_room, command=command("k"), number="101", answer=versioned)
    again = await rooms.begin(new_id("roo"), open_room, command=command("k"), number="101", answer=versioned)
    assert first.answer == again.answer == Answer(201, b"101 1") == await log.replayed(command("k"))
    assert (first.replayed, again.replayed) == (False, True)
    assert (first.version, first.position) == (again.version, again.position)
    assert len(await log.read(0, 10)) == 1


async def test_a_hundred_copies_at_once_have_one_effect_and_one_answer(rooms: Streams[Room], log: EventLog) -> None:
    copies = [
        rooms.begin(new_id("roo"), open_room, command=command("k", fingerprint=b"f"), number=f"{n}", answer=versioned) for n in range(100)
    ]
    outcomes = await asyncio.gather(*copies)
    assert len({(outcome.answer, outcome.version, outcome.position) for outcome in outcomes}) == 1
    assert [outcome.replayed for outcome in outcomes].count(False) == 1
    assert len(await log.read(0, 10)) == 1


async def test_a_copy_refused_because_of_the_first_gets_the_firsts_answer(rooms: Streams[Room], log: EventLog) -> None:
    async def first_comes_between(room: Room | None, at: datetime) -> dict[str, Any]:
        if await log.claimant(TENANT, "number", "101") is None:
            await rooms.begin(new_id("roo"), open_room, command=command("k"), number="101", answer=versioned)
        return {}

    def refuse(*, at: datetime) -> list[Opened]:
        raise Refused

    copy = await rooms.begin(new_id("roo"), refuse, command=command("k"), look=first_comes_between)
    assert copy.answer == Answer(201, b"101 1")
    assert copy.replayed


async def test_a_replay_knows_the_position_as_it_was(rooms: Streams[Room], log: EventLog) -> None:
    await rooms.begin(new_id("roo"), open_room, command=command("taken"), number="3")
    keys = [f"{n}" for n in range(10)]

    async def begin(key: str) -> Any:
        return await rooms.begin(new_id("roo"), open_room, command=command(key), number=key, answer=versioned)

    # All but the fourth, whose number is taken, in one batch.
    firsts = await asyncio.gather(*(begin(key) for key in keys), return_exceptions=True)
    agains = await asyncio.gather(*(begin(key) for key in keys), return_exceptions=True)
    assert [isinstance(first, Conflict) for first in firsts] == [isinstance(again, Conflict) for again in agains]
    won = [(first, again) for first, again in zip(firsts, agains, strict=True) if not isinstance(first, BaseException)]
    assert len(won) == 9
    for first, again in won:
        assert not isinstance(again, BaseException)
        assert (first.position, first.version, first.answer) == (again.position, again.version, again.answer)
    assert {first.position for first, _ in won} == {entry.position for entry in await log.read(1, 100)}


async def test_a_key_is_for_one_request_of_one_caller(rooms: Streams[Room], log: EventLog) -> None:
    await rooms.begin(new_id("roo"), open_room, command=command("k", fingerprint=b"one"), number="101")
    other = command("k", fingerprint=b"other")
    with pytest.raises(KeyReused):
        await rooms.begin(new_id("roo"), open_room, command=other, number="102")
    with pytest.raises(KeyReused):
        await log.replayed(other)
    with pytest.raises(KeyReused):
        await log.append(TENANT, new_id("roo"), 0, [Opened("102", NOON)], command=other)
    anothers = await rooms.begin(new_id("roo"), open_room, command=command("k", caller="another"), number="102")
    assert not anothers.replayed


async def test_other_requests_under_one_key_at_once_are_refused(rooms: Streams[Room]) -> None:
    requests = [
        rooms.begin(new_id("roo"), open_room, command=command("k", fingerprint=bytes([n])), number=f"{n}", answer=versioned)
        for n in range(10)
    ]
    outcomes = await asyncio.gather(*requests, return_exceptions=True)
    assert sum(isinstance(outcome, KeyReused) for outcome in outcomes) == 9


async def test_doing_nothing_is_remembered_under_its_key(rooms: Streams[Room], log: EventLog) -> None:
    id = await opened(rooms)
    nothing = await rooms.change(id, lambda room, *, at: [], command=command("k"), answer=versioned)
    again = await rooms.change(id, note, command=command("k"), text="something", answer=versioned)
    assert (nothing.replayed, again.replayed) == (False, True)
    assert nothing.answer == again.answer
    assert nothing.position == again.position == 1


async def test_a_reaction_has_one_effect_without_an_answer(rooms: Streams[Room], log: EventLog) -> None:
    id = await opened(rooms)
    for _ in range(2):
        outcome = await rooms.change(id, note, command=command("lst_x@3", caller="listing"), text="heard", at=NOON)
    assert outcome.replayed
    entries, _ = await log.history(TENANT, id)
    assert [entry.at for entry in entries[1:]] == [NOON]


async def test_old_answers_are_dropped(rooms: Streams[Room], log: EventLog, own: Database) -> None:
    await rooms.begin(new_id("roo"), open_room, command=command("old"), number="101", answer=versioned)
    await in_database(own.owner_dsn, "update idempotency set recorded_at = recorded_at - interval '46 days'")
    await rooms.begin(new_id("roo"), open_room, command=command("new"), number="102", answer=versioned)
    assert await log.drop_old_answers(most=0) == 0
    assert await log.drop_old_answers() == 1
    assert await log.replayed(command("old")) is None
    assert await log.replayed(command("new")) is not None


# -- time


async def test_a_decision_does_not_outlive_its_time(log: EventLog) -> None:
    now = await log.now(TENANT)
    late, early = now - timedelta(seconds=1), now + timedelta(hours=1)
    for company in (0, 3):
        tasks = [log.append(TENANT, new_id("roo"), 0, [Opened("1", NOON)], command=command(), not_after=late) for _ in range(company + 1)]
        assert {appended.verdict for appended in await asyncio.gather(*tasks)} == {"stale"}
    assert (await log.append(TENANT, new_id("roo"), 0, [Opened("1", NOON)], command=command(), not_after=early)).verdict == "done"
    assert [entry.position for entry in await log.read(0, 10)] == [1]


async def test_nothing_is_recorded_with_a_time_before_the_lock(rooms: Streams[Room], log: EventLog, own: Database) -> None:
    holder = await asyncpg.connect(own.owner_dsn)
    for append in (lambda: opened(rooms), lambda: asyncio.gather(opened(rooms, "102"), opened(rooms, "103"))):
        transaction = holder.transaction()
        await transaction.start()
        await holder.execute("select from head for update")
        appending = asyncio.ensure_future(append())
        await until_someone_waits(own)
        released_at = await holder.fetchval("select clock_timestamp()")
        await transaction.commit()
        await appending
        assert (await log.read(0, 10))[-1].recorded_at > released_at
    await holder.close()


async def test_appending_leaves_no_versions_of_the_head_behind(rooms: Streams[Room], own: Database) -> None:
    """While a long snapshot stands they could not be cleared away, and would make every append dearer."""
    before = await in_database(own.owner_dsn, "select ctid::text from head")
    await asyncio.gather(opened(rooms, "102"), opened(rooms, "103"))
    await opened(rooms)
    assert await in_database(own.owner_dsn, "select ctid::text from head") == before


async def until_someone_waits(own: Database) -> None:
    waiting = "select count(*) from pg_stat_activity where datname = $1 and wait_event_type = 'Lock'"
    async with asyncio.timeout(10):
        while not await in_database(own.admin_dsn, waiting, own.name):
            pass


async def test_a_last_position_waits_for_what_is_in_flight(log: EventLog, own: Database) -> None:
    writer = await asyncpg.connect(own.dsn)
    transaction = writer.transaction()
    await transaction.start()
    one = "select recorded from append_one($1, $2, 1, 'room.Opened', $3, '{}', $4, false, null)"
    data = CODEC.encode(Opened("1", NOON))[1]
    recorded_at = await writer.fetchval(one, TENANT, uuid_of(new_id("roo")), data, NOON)
    asking = asyncio.ensure_future(log.last_position(TENANT, recorded_at))
    await until_someone_waits(own)
    await transaction.commit()
    position, now = await asking
    assert position == 1
    assert now > recorded_at
    assert (await log.last_position(TENANT, recorded_at - timedelta(microseconds=1)))[0] == 0
    assert (await log.last_position(OTHER_TENANT, now))[0] == 0
    await writer.close()


async def test_there_is_no_story_where_none_is_played(log: EventLog, own: Database) -> None:
    assert abs(await log.now(TENANT) - datetime.now(UTC)) < timedelta(minutes=1)
    with pytest.raises(asyncpg.UndefinedFunctionError):
        await in_database(own.dsn, "select set_story_clock($1, $2)", TENANT, NOON)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await in_database(own.dsn, "insert into story_clock values ($1, $2)", TENANT, NOON)


# -- the role


async def test_the_services_role_cannot_write_but_by_appending(own: Database) -> None:
    columns = {"log": "version", "head": "recorded_at", "claims": "key", "idempotency": "key", "story_clock": "now"}
    for table, column in columns.items():
        statements = [f"update {table} set {column} = {column}", f"delete from {table}", f"truncate {table}"]
        for sql in [*statements, f"insert into {table} select * from {table}", f"drop table {table}"]:
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await in_database(own.dsn, sql)


# -- faults


async def test_a_broken_connection_is_made_anew(rooms: Streams[Room], log: EventLog, own: Database) -> None:
    id = await opened(rooms)
    kill = "select count(pg_terminate_backend(pid)) from pg_stat_activity where datname = $1 and application_name like 'log %'"
    assert await in_database(own.admin_dsn, kill, own.name) == 2
    for _ in range(10):
        try:
            await rooms.change(id, note, command=command("once"), text="damp")
            break
        except Unreachable:
            continue
    assert await rooms.read(TENANT, id) == (Room("101", ("damp",)), 2)


async def test_stopping_does_what_was_asked_before(log: EventLog) -> None:
    appends = [asyncio.ensure_future(log.append(TENANT, new_id("roo"), 0, [Opened("1", NOON)], command=command())) for _ in range(20)]
    await asyncio.sleep(0)  # each has asked
    await log.stop()
    assert {(await append).verdict for append in appends} == {"done"}


async def test_whoever_gives_up_waiting_holds_nobody_back(log: EventLog) -> None:
    appends = [log.append(TENANT, new_id("roo"), 0, [Opened("1", NOON)], command=command()) for _ in range(3)]
    tasks = [asyncio.ensure_future(one) for one in appends]
    await asyncio.sleep(0)
    tasks[1].cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert tasks[1].cancelled()
    assert len(await log.read(0, 10)) >= 2


async def test_appending_wakes_whoever_waits(log: EventLog) -> None:
    assert not await log.woken(0, 0.01)
    waiting = asyncio.ensure_future(log.woken(0, 10))
    await log.append(TENANT, new_id("roo"), 0, [Opened("1", NOON)], command=command())
    assert await waiting
    assert await log.woken(0, 0)
    assert not await log.woken(1, 0.01)
