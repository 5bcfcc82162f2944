"""A log gets into NATS whole, once and in order, whatever becomes of the relay and of NATS."""

from __future__ import annotations

import asyncio
import random
import shutil
import signal
import subprocess
import sys
from pathlib import Path

from nats.aio.msg import Msg

from deploy.servers import Nats
from shared.bus.stream import Stream, StreamFeed
from tests.shared.bus_toy import SEAL, Toy, running, speaking_to, stored, toy, until_stored

WITHIN_S = 20
SEED = 20_250_301


async def test_a_relay_killed_in_mid_batch_loses_doubles_and_disorders_nothing(alpha: Toy, broker: Nats) -> None:
    print(f"seed {SEED}")
    chance = random.Random(SEED)
    last = await alpha.say_many(6_000)
    relayed = 0
    for _ in range(5):
        relayed += await _relay_and_kill(alpha, broker, after_messages=chance.randrange(1, 900))
    assert relayed > 0
    async with running(alpha.relay(broker.url).run()):
        await until_stored(broker.url, "alpha", last)
    assert await stored(broker.url, "alpha") == list(range(1, last + 1))


async def _relay_and_kill(alpha: Toy, broker: Nats, *, after_messages: int) -> int:
    """Lets a relay of its own process speak so many messages, committed or not, and kills it at that very one."""
    spoken, enough = 0, asyncio.Event()

    async def count(_: Msg) -> None:
        nonlocal spoken
        spoken += 1
        if spoken == after_messages:
            process.send_signal(signal.SIGKILL)
            enough.set()

    async with speaking_to(broker.url) as client:
        await client.subscribe("fenyong.alpha.*.*", cb=count)
        await client.flush()
        process = subprocess.Popen([sys.executable, "-m", "tests.shared.bus_toy", "alpha", alpha.dsn, broker.url])
        try:
            await asyncio.wait_for(enough.wait(), WITHIN_S)
        finally:
            process.kill()
            process.wait()
    return spoken


async def test_two_relays_at_once_write_everything_once(alpha: Toy, broker: Nats) -> None:
    one, other = alpha.relay(broker.url), alpha.relay(broker.url)
    async with running(one.relay(), other.relay()):
        for _ in range(20):
            last = await alpha.say_many(60)
        await until_stored(broker.url, "alpha", last)
    assert await stored(broker.url, "alpha") == list(range(1, last + 1))


async def test_after_a_wiped_store_everything_is_published_again(alpha: Toy, broker: Nats) -> None:
    async with running(alpha.relay(broker.url).run()):
        await until_stored(broker.url, "alpha", await alpha.say_many(600))
        broker.stop()
        await alpha.say_many(100)
        broker.wipe()
        broker.start()
        await until_stored(broker.url, "alpha", await alpha.say_many(100))
    assert await stored(broker.url, "alpha") == list(range(1, 801))


async def test_after_an_older_copy_was_restored_the_rest_is_published_again(alpha: Toy, broker: Nats, tmp_path: Path) -> None:
    async with running(alpha.relay(broker.url).run()):
        await until_stored(broker.url, "alpha", await alpha.say_many(300))
        broker.stop()
        shutil.copytree(broker.folder / "store", tmp_path / "copy")
        broker.start()
        await until_stored(broker.url, "alpha", await alpha.say_many(300))
        broker.stop()
        broker.wipe()
        shutil.copytree(tmp_path / "copy", broker.folder / "store")
        broker.start()
        await until_stored(broker.url, "alpha", 600)
    assert await stored(broker.url, "alpha") == list(range(1, 601))


async def test_a_deleted_stream_is_made_and_filled_again(alpha: Toy, broker: Nats) -> None:
    async with running(alpha.relay(broker.url).run()):
        await until_stored(broker.url, "alpha", await alpha.say_many(300))
        async with speaking_to(broker.url) as client:
            await client.jetstream().delete_stream("FENYONG_ALPHA")
        await until_stored(broker.url, "alpha", await alpha.say("still here"))
    assert await stored(broker.url, "alpha") == list(range(1, 302))


async def test_a_relay_comes_up_while_nats_is_down(alpha: Toy, broker: Nats) -> None:
    broker.stop()
    async with running(alpha.relay(broker.url).run()):
        last = await alpha.say_many(50)
        broker.start()
        await until_stored(broker.url, "alpha", last)
    assert await stored(broker.url, "alpha") == list(range(1, 51))


async def test_a_stranger_in_the_stream_does_not_mislead_the_relay(alpha: Toy, broker: Nats) -> None:
    """Forged: one that claims to be far ahead, one that claims to be the next and is not."""
    last = await alpha.say("one")
    async with running(alpha.relay(broker.url).run()):
        await until_stored(broker.url, "alpha", last)
        async with speaking_to(broker.url) as client:
            genuine = (await Stream(client, "alpha").page(1))[0]
            for position in ("2", "999999"):
                headers = {**genuine.headers, "ce-sequence": position}
                headers = {name: value for name, value in headers.items() if not name.startswith("Nats-")}
                await client.jetstream().publish("fenyong.alpha.toy.Said", b'{"word":"forged"}', headers=headers)
        last = await alpha.say("two", "three")
        assert await heard_from_the_stream(broker, last) == [data for *_, data in await alpha.written()]
    assert await stored(broker.url, "alpha") == [1, 2, 999_999, 2, 3]


async def heard_from_the_stream(broker: Nats, count: int) -> list[bytes]:
    """What a consumer that has nothing but the stream takes for entries 1 to `count`."""
    heard: list[bytes] = []
    async with speaking_to(broker.url) as client, asyncio.timeout(WITHIN_S):
        feed = StreamFeed(Stream(client, "alpha"), "alpha", seal=SEAL)
        while len(heard) < count:
            heard += [entry.data for entry in await feed.read(len(heard), 500)]
    return heard


async def test_a_replica_that_does_not_relay_rings_for_the_one_that_does(alpha: Toy, broker: Nats) -> None:
    """The one that relays would look by itself in a minute only."""
    async with toy("alpha", alpha.dsn) as second, running(alpha.relay(broker.url, poll_every_s=60).run()):
        await until_stored(broker.url, "alpha", await alpha.say("first"))
        async with running(second.relay(broker.url, poll_every_s=60).run()):
            for word in ("second", "third", "fourth"):
                await until_stored(broker.url, "alpha", await second.say(word))
