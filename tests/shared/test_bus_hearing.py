"""What one service says takes effect in another: all of it, once, in order, whatever becomes of NATS, of Postgres and of replicas."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
import uvicorn
from fastapi import FastAPI, Response
from structlog.testing import capture_logs

from deploy.migrate import prepare
from deploy.servers import Nats, Postgres, as_user
from shared.bus import FEED_MEDIA_TYPE, FEED_PATH, FeedAway, Hearing, HttpFeed, NotYet, encode_feed, headers_of, keep_up
from shared.bus.checkpoint import Connection
from shared.entry import Codec, Entry, new_id, uuid_of
from tests.shared.bus_toy import SEAL, TENANT, Said, Shouted, Toy, as_new, running, speaking_to, toy, until, until_stored, word_of

WITHIN_S = 10


async def test_everything_said_is_heard_once_and_in_order(alpha: Toy, beta: Toy, broker: Nats) -> None:
    hearing = beta.hearing("alpha", nats_url=broker.url, feed=alpha.log.read)
    before = await alpha.say_many(700)
    async with running(alpha.relay(broker.url).run(), hearing.run()):
        assert await hearing.reached(before, WITHIN_S)
        for word in ("one", "two", "three"):
            assert await hearing.reached(await alpha.say(word), WITHIN_S)
        assert await hearing.reached(await alpha.say_many(300), WITHIN_S)
    assert await beta.heard("alpha") == await alpha.written()
    assert hearing.alarms == 0


# -- without one of the two ways -----------------------------------------------------------------------------------


async def test_with_the_broker_off_the_feed_is_enough(alpha: Toy, beta: Toy, tmp_path: Path) -> None:
    """Over HTTP on a Unix socket, as the services do it; the bytes of the events come out as they went in."""
    async with served(alpha, tmp_path / "a.sock") as address, HttpFeed("alpha", address) as feed:
        hearing = beta.hearing("alpha", feed=feed.read)
        async with running(hearing.run()):
            assert await hearing.reached(await alpha.say_many(700), WITHIN_S)
            assert await hearing.reached(await alpha.say("最后"), WITHIN_S)
    assert await beta.heard("alpha") == await alpha.written()


async def test_with_the_feed_off_the_broker_is_enough(alpha: Toy, beta: Toy, broker: Nats) -> None:
    """What was said before anybody listened is read from the stream, the rest as it comes."""
    async with running(alpha.relay(broker.url).run()):
        before = await alpha.say_many(1_200)
        await until_stored(broker.url, "alpha", before)
        hearing = beta.hearing("alpha", nats_url=broker.url)
        async with running(hearing.run()):
            assert await hearing.reached(before, WITHIN_S)
            assert await hearing.reached(await alpha.say_many(100), WITHIN_S)
    assert await beta.heard("alpha") == await alpha.written()


async def test_while_the_source_is_away_the_broker_still_has_what_it_said(alpha: Toy, beta: Toy, broker: Nats) -> None:
    async def away(after: int, limit: int) -> list[Entry]:
        raise FeedAway("no answer")

    async with running(alpha.relay(broker.url).run()):
        last = await alpha.say_many(50)
        await until_stored(broker.url, "alpha", last)
        hearing = beta.hearing("alpha", nats_url=broker.url, feed=away)
        async with running(hearing.run()):
            assert await hearing.reached(last, WITHIN_S)
    assert await beta.heard("alpha") == await alpha.written()


@contextlib.asynccontextmanager
async def served(source: Toy, socket: Path) -> AsyncIterator[str]:
    """The source's feed behind a real server; gives its address."""
    app = FastAPI()

    @app.get(FEED_PATH)
    async def feed(after: int, limit: int) -> Response:
        entries = await source.log.read(after, limit, raw=True)
        return Response(encode_feed(source.name, entries), media_type=FEED_MEDIA_TYPE)

    server = uvicorn.Server(uvicorn.Config(app, uds=str(socket), log_level="warning", lifespan="off"))
    serving = asyncio.create_task(server.serve())
    try:
        yield f"unix:{socket}"
    finally:
        server.should_exit = True
        await serving


# -- NATS loses its store ------------------------------------------------------------------------------------------


async def test_nats_stopped_wiped_and_restored_leaves_every_consumer_as_a_fresh_one(
    alpha: Toy, beta: Toy, broker: Nats, tmp_path: Path
) -> None:
    """Two consumers, one with a feed and one with the broker alone, through three misfortunes, against one that begins afterwards."""
    both = beta.hearing("alpha", task="both", nats_url=broker.url, feed=alpha.log.read)
    alone = beta.hearing("alpha", task="alone", nats_url=broker.url)
    async with running(alpha.relay(broker.url).run(), both.run(), alone.run()):
        await all_reach(await alpha.say_many(300), both, alone)
        broker.stop()
        shutil.copytree(broker.folder / "store", tmp_path / "copy")
        await alpha.say_many(40)
        broker.start()  # as it was
        await all_reach(await alpha.say_many(60), both, alone)
        broker.stop()
        await alpha.say_many(40)
        broker.wipe()
        broker.start()  # empty
        await all_reach(await alpha.say_many(60), both, alone)
        broker.stop()
        broker.wipe()
        shutil.copytree(tmp_path / "copy", broker.folder / "store")
        await alpha.say_many(40)
        broker.start()  # as it was long ago
        last = await alpha.say_many(60)
        await all_reach(last, both, alone)
        await until_stored(broker.url, "alpha", last)
        fresh = beta.hearing("alpha", task="fresh", nats_url=broker.url)
        async with running(fresh.run()):
            await all_reach(last, fresh)
    said = await alpha.written()
    assert [await beta.heard("alpha", task) == said for task in ("both", "alone", "fresh")] == [True, True, True]


async def all_reach(position: int, *hearings: Hearing) -> None:
    assert all([await hearing.reached(position, 20) for hearing in hearings]), [hearing.position() for hearing in hearings]


async def test_whoever_does_not_hear_keeps_up_with_who_does(alpha: Toy, beta: Toy) -> None:
    hears, idle = (beta.hearing("alpha", feed=alpha.log.read, doorbell=alpha.log.woken) for _ in range(2))
    async with running(hears.run(), keep_up(beta.pool, [idle.checkpoint])):
        for words in (("one", "two"), ("three",)):
            last = await alpha.say(*words)
            await until(lambda last=last: idle.position() == last)  # type: ignore[misc]


async def test_hearing_comes_up_while_nats_is_down_and_says_so_once(alpha: Toy, beta: Toy, broker: Nats) -> None:
    broker.stop()
    with capture_logs() as said:
        pulling = beta.hearing("alpha", task="pulling", nats_url=broker.url, feed=alpha.log.read)
        waiting = beta.hearing("alpha", task="waiting", nats_url=broker.url)
        async with running(alpha.relay(broker.url).run(), pulling.run(), waiting.run()):
            for _ in range(5):
                last = await alpha.say_many(20)
                assert await pulling.reached(last, WITHIN_S)
            assert waiting.position() == 0
            broker.start()
            assert await waiting.reached(last, WITHIN_S)
    of_broker = [(line["connection"], line["event"]) for line in said if "connection" in line]
    assert {event for _, event in of_broker} == {"broker away", "broker connected"}
    assert len(of_broker) == len({*of_broker}) + 2, "two hearings share a name here, and nobody said anything twice"


async def test_a_source_that_answers_with_anything_but_a_page_of_its_own_is_away(alpha: Toy, tmp_path: Path) -> None:
    await alpha.say("one")
    async with served(alpha, tmp_path / "a.sock") as address:
        async with HttpFeed("alpha", address) as feed:
            assert [entry.position for entry in await feed.read(0, 10)] == [1]
            with pytest.raises(FeedAway, match="422"):
                await feed.read(0, None)  # type: ignore[arg-type]
        async with HttpFeed("beta", address) as feed:
            with pytest.raises(FeedAway, match="as another service"):
                await feed.read(0, 10)
    for nowhere in (f"unix:{tmp_path}/nobody.sock", "http://127.0.0.1:1"):
        async with HttpFeed("alpha", nowhere) as feed:
            with pytest.raises(FeedAway):
                await feed.read(0, 10)


# -- replicas ------------------------------------------------------------------------------------------------------


async def test_of_two_replicas_one_hears_and_the_other_knows_and_takes_over(alpha: Toy, beta: Toy) -> None:
    async with toy("beta", beta.dsn) as second:
        here, there = beta.hearing("alpha", feed=alpha.log.read), second.hearing("alpha", feed=alpha.log.read)
        async with running(here.run()):
            assert await here.reached(await alpha.say("one"), WITHIN_S)
            async with running(there.run()):
                last = await alpha.say("two", "three")
                assert await there.reached(last, WITHIN_S)
                assert not await there.reached(last + 1, 0.05)
        async with running(there.run()):
            assert await there.reached(await alpha.say("four"), WITHIN_S)
    assert await beta.heard("alpha") == await alpha.written()


async def test_two_that_hear_at_once_give_no_entry_two_effects(alpha: Toy, beta: Toy) -> None:
    """As after a lost connection, for a moment: no lease, both hear."""
    async with toy("beta", beta.dsn) as second:
        here, there = beta.hearing("alpha", feed=alpha.log.read), second.hearing("alpha", feed=alpha.log.read)
        async with running(here.hear(), there.hear()):
            for _ in range(20):
                last = await alpha.say_many(30)
            await all_reach(last, here, there)
    assert await beta.heard("alpha") == await alpha.written()


async def test_hearing_survives_a_postgres_that_crashes_and_comes_back(tmp_path: Path, broker: Nats) -> None:
    """Source and consumer in one server, killed in between; everything goes on with what it had."""
    with Postgres(tmp_path / "postgres") as server:
        owners = {name: await prepare(server.dsn(), name) for name in ("alpha", "beta")}
        dsns = {name: as_user(owner, database=f"fenyong_{name}", user=f"fenyong_{name}") for name, owner in owners.items()}
        for name, owner in owners.items():
            await as_new(name, owner)
        async with toy("alpha", dsns["alpha"]) as source, toy("beta", dsns["beta"]) as consumer:
            hearing = consumer.hearing("alpha", nats_url=broker.url, feed=source.log.read)
            async with running(source.relay(broker.url).run(), hearing.run()):
                assert await hearing.reached(await source.say_many(100), WITHIN_S)
                server.kill()
                server.start()
                last = await source.say_many(100)
                assert await hearing.reached(last, WITHIN_S)
                await until_stored(broker.url, "alpha", last)
            assert await consumer.heard("alpha") == await source.written()


# -- reactions -----------------------------------------------------------------------------------------------------


def echoing(beta: Toy, seen: list[int] | None = None) -> Callable[[Entry], Awaitable[None]]:
    """Beta answers what alpha says with an entry of its own, once for each."""

    async def echo(entry: Entry) -> None:
        if seen is not None:
            seen.append(entry.position)
        await beta.append([Said(f"echo of {word_of(entry)}")], key=entry.id)

    return echo


async def test_a_reaction_has_one_effect_however_often_the_entry_is_delivered(alpha: Toy, beta: Toy) -> None:
    """The first time the projection fails after the reaction, so that the entry comes again."""
    failures = iter([RuntimeError("not now")])

    async def project(connection: Connection, entry: Entry) -> None:
        if entry.position == 2:
            for failure in failures:
                raise failure

    seen: list[int] = []
    hearing = beta.hearing("alpha", feed=alpha.log.read, react=echoing(beta, seen), reacts_to={"toy.Said"}, project=project)
    async with running(hearing.run()):
        last = await alpha.append([Shouted("hey"), Said("one")])
        assert await hearing.reached(last, WITHIN_S)
    assert seen == [2, 2]
    assert [word_of(entry) for entry in await beta.log.read(0, 10, raw=True)] == ["echo of one"]


async def test_a_reaction_that_cannot_be_had_yet_is_waited_for_and_not_parked(alpha: Toy, beta: Toy) -> None:
    refusals = iter([NotYet("closed")] * 3)

    async def react(entry: Entry) -> None:
        for refusal in refusals:
            raise refusal

    hearing = beta.hearing("alpha", feed=alpha.log.read, react=react, reacts_to={"toy.Said"})
    async with running(hearing.run()):
        assert await hearing.reached(await alpha.say("one"), WITHIN_S)
    assert await hearing.parked() == []
    assert next(refusals, None) is None


async def test_rebuilding_views_projects_again_and_does_not_react_again(alpha: Toy, beta: Toy) -> None:
    seen: list[int] = []
    hearing = beta.hearing("alpha", feed=alpha.log.read, react=echoing(beta, seen), reacts_to={"toy.Said"})

    async def clear(connection: Connection) -> None:
        await connection.execute("delete from heard")

    async with running(hearing.run()):
        last = await alpha.say("one", "two")
        assert await hearing.reached(last, WITHIN_S)
        await hearing.start_over(clear)
        assert await beta.heard("alpha") == []
        last = await alpha.say("three")
        assert await hearing.reached(last, WITHIN_S)
    assert seen[:2] == [1, 2]
    assert set(seen[2:]) == {3}
    assert [word_of(entry) for entry in await beta.log.read(0, 10, raw=True)] == ["echo of one", "echo of two", "echo of three"]
    assert await beta.heard("alpha") == await alpha.written()


async def test_who_has_heard_an_entry_sees_what_came_of_it(alpha: Toy, beta: Toy) -> None:
    """Beta's own view is held up: until it shows the echo, what it answers has not been heard."""
    may_show, echoed, shown = asyncio.Event(), asyncio.Event(), list[str]()

    async def react(entry: Entry) -> int:
        position = await beta.append([Said(f"echo of {word_of(entry)}")], key=entry.id)
        echoed.set()
        return position

    async def show(connection: Connection, entry: Entry) -> None:
        await may_show.wait()
        shown.append(word_of(entry))

    needs: dict[str, Hearing] = {}
    needs["alpha"] = beta.hearing("alpha", feed=alpha.log.read, needs=needs, react=react, reacts_to={"toy.Said"})
    needs["beta"] = beta.hearing("beta", feed=beta.log.read, needs=needs, project=show)
    async with running(needs["alpha"].run(), needs["beta"].run()):
        last = await alpha.say("one")
        await asyncio.wait_for(echoed.wait(), WITHIN_S)
        assert not await needs["alpha"].reached(last, 0.2)
        may_show.set()
        assert await needs["alpha"].reached(last, WITHIN_S)
    assert shown == ["echo of one"]


async def test_a_service_follows_its_own_log_without_nats(alpha: Toy) -> None:
    hearing = alpha.hearing("alpha", feed=alpha.log.read, doorbell=alpha.log.woken)
    async with running(hearing.run()):
        for word in ("one", "two", "three"):
            assert await hearing.reached(await alpha.say(word), WITHIN_S)
    assert await alpha.heard("alpha") == await alpha.written()


async def test_an_entry_waits_for_what_its_writer_had_heard(alpha: Toy, beta: Toy) -> None:
    """Beta's answer had heard alpha's words; here it takes effect after them, though alpha's feed is slow, and nobody waits in a circle."""
    order: list[str] = []
    may_answer = asyncio.Event()

    async def slow(after: int, limit: int) -> list[Entry]:
        await may_answer.wait()
        return await alpha.log.read(after, limit)

    async def project(connection: Connection, entry: Entry) -> None:
        order.append(word_of(entry))

    needs: dict[str, Hearing] = {}
    needs["alpha"] = beta.hearing("alpha", feed=slow, needs=needs, project=project)
    needs["beta"] = beta.hearing("beta", feed=beta.log.read, needs=needs, project=project)
    await alpha.say("question", after={"beta": 0})
    await beta.say("unasked", after={"alpha": 0})
    last_of_alpha = await alpha.say("really?", after={"beta": 1})
    last_of_beta = await beta.say("answer", after={"alpha": 2})
    async with running(needs["alpha"].run(), needs["beta"].run()):
        assert await needs["beta"].reached(1, WITHIN_S)
        may_answer.set()
        assert await needs["beta"].reached(last_of_beta, WITHIN_S)
        assert await needs["alpha"].reached(last_of_alpha, WITHIN_S)
    assert order == ["unasked", "question", "really?", "answer"]


# -- poison --------------------------------------------------------------------------------------------------------


async def test_poison_is_parked_its_stream_held_back_others_go_on_and_it_can_be_driven_again(alpha: Toy, beta: Toy) -> None:
    cured = False

    async def project(connection: Connection, entry: Entry) -> None:
        if word_of(entry) == "poison" and not cured:
            raise ValueError("cannot swallow this")
        await connection.execute("insert into heard (source, task, position) values ('alpha', 'views', $1)", entry.position)

    async def effects() -> list[int]:
        return [position for position, *_ in await beta.heard("alpha")]

    hearing = beta.hearing("alpha", feed=alpha.log.read, project=project)
    sick, well = new_id("toy"), new_id("toy")
    async with running(hearing.run()):
        await alpha.say("one", stream=sick)
        await alpha.say("uno", stream=well)
        await alpha.say("poison", stream=sick)
        await alpha.say("dos", stream=well)
        last = await alpha.say("three", "four", stream=sick)
        assert await hearing.reached(last, WITHIN_S)
        assert await effects() == [1, 2, 4]
        assert [(p.position, p.stream, p.reason) for p in await hearing.parked()] == [
            (3, uuid_of(sick), "ValueError: cannot swallow this"),
            (5, uuid_of(sick), "held back"),
            (6, uuid_of(sick), "held back"),
        ]
        assert await hearing.drive_again() == (0, 3)
        cured = True
        assert await hearing.drive_again(tenant=TENANT) == (3, 0)
        assert await hearing.reached(await alpha.say("five", stream=sick), WITHIN_S)
    assert await effects() == [1, 2, 4, 3, 5, 6, 7]


async def test_one_poisoned_entry_in_a_thousand_stops_nobody(alpha: Toy, beta: Toy) -> None:
    async def project(connection: Connection, entry: Entry) -> None:
        await connection.execute("select 1 / $1::int", 0 if word_of(entry) == "poison" else 1)
        await connection.execute("insert into heard (source, task, position) values ('alpha', 'views', $1)", entry.position)

    hearing = beta.hearing("alpha", feed=alpha.log.read, project=project)
    await alpha.say_many(500)
    await alpha.say("poison")
    last = await alpha.say_many(499)
    async with running(hearing.run()):
        assert await hearing.reached(last, WITHIN_S)
    assert await beta.pool.fetchval("select count(*) from heard") == 999
    assert [(p.position, p.reason) for p in await hearing.parked()] == [(501, "DivisionByZeroError: division by zero")]


async def test_what_this_code_cannot_read_yet_is_parked_until_newer_code_drives_it(alpha: Toy, beta: Toy) -> None:
    old = beta.hearing("alpha", feed=raw(alpha), codec=Codec("alpha", toy=("toy", Said)))
    async with running(old.run()):
        await alpha.say("one")
        assert await old.reached(await alpha.append([Shouted("ONE")]), WITHIN_S)
        assert [(p.type, p.reason) for p in await old.parked()] == [("toy.Shouted", "Unreadable: toy.Shouted")]
    newer = beta.hearing("alpha", feed=raw(alpha))
    assert await newer.drive_again() == (1, 0)
    assert await beta.heard("alpha") == await alpha.written()


@pytest.mark.parametrize("bytes_there", [b"{", b'{"word":"\xff"}', b"[]"], ids=["cut off", "no text", "another form"])
async def test_what_nobody_can_read_any_more_is_parked_and_others_go_on(alpha: Toy, beta: Toy, bytes_there: bytes) -> None:
    async def altered(after: int, limit: int) -> list[Entry]:
        entries = await alpha.log.read(after, limit, raw=True)
        return [msgspec.structs.replace(entry, data=bytes_there) if entry.position == 2 else entry for entry in entries]

    hearing = beta.hearing("alpha", feed=altered)
    async with running(hearing.run()):
        last = await alpha.say("one", "two", "three", stream=new_id("toy"))
        assert await hearing.reached(await alpha.say("elsewhere", stream=new_id("toy")), WITHIN_S)
    assert [(p.position, p.reason) for p in await hearing.parked()] == [(2, "Unreadable: toy.Said"), (last, "held back")]
    assert [position for position, *_ in await beta.heard("alpha")] == [1, last + 1]


def raw(source: Toy) -> Callable[[int, int], Awaitable[list[Entry]]]:
    async def read(after: int, limit: int) -> list[Entry]:
        return await source.log.read(after, limit, raw=True)

    return read


async def test_a_journal_keeps_what_it_cannot_read_and_never_parks(alpha: Toy, beta: Toy) -> None:
    failures = iter([RuntimeError("disk"), RuntimeError("disk"), RuntimeError("disk"), RuntimeError("disk")])
    journal: list[bytes] = []

    async def keep(connection: Connection, entry: Entry) -> None:
        for failure in failures:
            raise failure
        journal.append(entry.data)

    hearing = beta.hearing("alpha", task="journal", feed=raw(alpha), codec=None, parks=False, project=keep)
    async with running(hearing.run()):
        assert await hearing.reached(await alpha.append([Said("one"), Shouted("TWO")]), WITHIN_S)
    assert journal == [data for *_, data in await alpha.written()]


# -- forged --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["sealed, no feed", "no seal, feed"])
async def test_forged_and_broken_messages_are_dropped_with_an_alarm_and_stop_nobody(alpha: Toy, beta: Toy, broker: Nats, way: str) -> None:
    others: dict[str, Any] = {"feed": alpha.log.read, "seal": None} if way == "no seal, feed" else {"seal": SEAL}
    hearing = beta.hearing("alpha", nats_url=broker.url, **others)
    async with running(alpha.relay(broker.url, seal=others["seal"]).run(), hearing.run()):
        assert await hearing.reached(await alpha.say("one"), WITHIN_S)
        async with speaking_to(broker.url) as client:
            for headers, data in forgeries(await alpha.log.read(0, 1, raw=True)):
                await client.publish("fenyong.alpha.toy.Said", data, headers=headers)
            await client.flush()
        await until(lambda: hearing.alarms >= 3)
        last = await alpha.say("two", "three")
        assert await hearing.reached(last, WITHIN_S)
    assert await beta.heard("alpha") == await alpha.written()
    assert await hearing.parked() == []


def forgeries(genuine: list[Entry]) -> list[tuple[dict[str, str] | None, bytes]]:
    true = headers_of(genuine[0], None)
    following = {**true, "ce-sequence": "2", "ce-id": genuine[0].stream_id + "@2"}
    return [
        (None, b"\xff\x00 no JSON"),
        ({}, b""),
        ({**following, "ce-source": "/fenyong/gamma"}, b"{}"),
        ({**following, "ce-type": "toy.Whispered"}, b"{}"),
        ({**following, "ce-sequence": "999999999"}, genuine[0].data),
        ({**following, "ce-sequence": "1" * 40}, genuine[0].data),
        ({**following, "ce-time": "yesterday"}, genuine[0].data),
        (following, b'{"word":"forged"}'),
    ]


async def test_a_position_that_the_source_does_not_know_is_an_alarm(alpha: Toy, beta: Toy, broker: Nats) -> None:
    """Well-formed, unsealed where no seal is asked for, and from the future."""
    hearing = beta.hearing("alpha", nats_url=broker.url, feed=alpha.log.read, seal=None)
    async with running(alpha.relay(broker.url, seal=None).run(), hearing.run()):
        assert await hearing.reached(await alpha.say("one"), WITHIN_S)
        forged = {**headers_of((await alpha.log.read(0, 1))[0], None), "ce-sequence": "77"}
        async with speaking_to(broker.url) as client:
            await client.publish("fenyong.alpha.toy.Said", b"{}", headers=forged)
        await until(lambda: hearing.alarms == 1)
        assert await hearing.reached(await alpha.say("two"), WITHIN_S)
    assert await beta.heard("alpha") == await alpha.written()
