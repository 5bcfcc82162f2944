"""A toy service for the tests of the bus: it can say a word and shout one. As a program it relays one, so that it can be killed."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import asyncpg
import msgspec
import nats
import nats.errors
from nats.aio.client import Client

from shared.bus import Hearing, Leases, Relay
from shared.bus.checkpoint import Connection
from shared.bus.stream import NoStream, Stream
from shared.entry import Codec, Entry, Meta, new_id
from shared.eventlog import Command, EventLog

SEAL = b"known to the services only"
TENANT = UUID("0190a0a0-0000-7000-8000-000000000001")
NOON = datetime(2025, 3, 1, 12, tzinfo=UTC)


class Said(msgspec.Struct, frozen=True):
    word: str
    at: datetime = NOON


class Shouted(msgspec.Struct, frozen=True):
    word: str
    at: datetime = NOON


def codec_of(service: str) -> Codec:
    """All toys have the same events; each service has a codec of its own name."""
    return Codec(service, toy=("toy", Said | Shouted))


@dataclass
class Toy:
    """One replica of a toy service on a database."""

    name: str
    dsn: str
    pool: asyncpg.Pool[Any]
    log: EventLog
    leases: Leases
    versions: dict[str, int] = field(default_factory=dict)

    async def say(self, *words: str, stream: str | None = None, after: dict[str, int] | None = None, tenant: UUID = TENANT) -> int:
        """Says words in one stream (a new one unless given), and returns the position of the last."""
        return await self.append([Said(word) for word in words], stream=stream, after=after, tenant=tenant)

    async def append(
        self,
        events: Sequence[Any],
        *,
        stream: str | None = None,
        after: dict[str, int] | None = None,
        tenant: UUID = TENANT,
        key: str | None = None,
    ) -> int:
        stream = stream or new_id("toy")
        before = self.versions.get(stream, 0)
        self.log.heard = lambda: after or {}
        command = Command(tenant=tenant, by="somebody", meta=Meta(correlation="req-1"), key=key)
        appended = await self.log.append(tenant, stream, before, events, command=command)
        if appended.verdict == "done":
            self.versions[stream] = before + len(events)
        return appended.position

    async def say_many(self, count: int, *, streams: int = 10) -> int:
        """Many entries over a few streams, in few transactions."""
        ids = [new_id("toy") for _ in range(streams)]
        shares = [count // streams + (1 if n < count % streams else 0) for n in range(streams)]
        positions = await asyncio.gather(
            *(self.say(*(f"{n}" for n in range(share)), stream=id) for id, share in zip(ids, shares, strict=True) if share)
        )
        return max(positions)

    async def written(self) -> list[tuple[int, UUID, int, bytes]]:
        """Its whole log, as a consumer should have heard it."""
        return [(e.position, e.stream, e.version, e.data) for e in await self.log.read(0, 1_000_000, raw=True)]

    async def heard(self, source: str, task: str = "views") -> list[tuple[int, UUID, int, bytes]]:
        """What it has heard of a source, in the order in which it took effect here."""
        rows = await self.pool.fetch(
            "select position, stream, version, data from heard where source = $1 and task = $2 order by nth", source, task
        )
        return [tuple(row) for row in rows]

    def hearing(self, source: str, *, task: str = "views", project: Callable[..., Awaitable[None]] | None = None, **others: Any) -> Hearing:
        async def write_down(connection: Connection, entry: Entry) -> None:
            await connection.execute(
                "insert into heard (source, task, position, stream, version, data) values ($1, $2, $3, $4, $5, $6)",
                source, task, entry.position, entry.stream, entry.version, entry.data,
            )  # fmt: skip

        others = {"codec": codec_of(source), "seal": SEAL, "retry_after_s": (0.01, 0.01), **others}
        return Hearing(
            service=self.name, source=source, pool=self.pool, leases=self.leases, task=task, project=project or write_down, **others
        )

    def relay(self, url: str, **others: Any) -> Relay:
        return Relay(self.log, url, leases=self.leases, **{"seal": SEAL, **others})


@contextlib.asynccontextmanager
async def toy(name: str, dsn: str) -> AsyncIterator[Toy]:
    """A replica of the service."""
    pool = await asyncpg.create_pool(dsn, min_size=1, max_size=5)
    log = EventLog(name, codec_of(name), pool=pool, dsn=dsn)
    leases = Leases(dsn)
    await log.start()
    try:
        async with running(leases.run()):
            yield Toy(name, dsn, pool, log, leases)
    finally:
        await log.stop()
        pool.terminate()


async def as_new(name: str, owner_dsn: str) -> None:
    """Empties a service's database: nothing said, nothing heard."""
    owner = await asyncpg.connect(owner_dsn)
    await owner.execute(
        "create table if not exists heard (nth bigserial, source text, task text, position bigint, stream uuid, version int, data bytea,"
        f" primary key (source, task, position)); grant all on heard, heard_nth_seq to fenyong_{name};"
        "truncate log, claims, idempotency, story_clock, checkpoints, parked, heard;"
        "update head set recorded_at = '-infinity'"
    )
    await owner.close()


@contextlib.asynccontextmanager
async def running(*loops: Coroutine[Any, Any, None]) -> AsyncIterator[list[asyncio.Task[None]]]:
    """Runs loops beside the test; one that fails, fails the test."""
    tasks = [asyncio.create_task(loop) for loop in loops]
    try:
        yield tasks
    finally:
        for task in tasks:
            task.cancel()
        for ended in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(ended, Exception):
                raise ended


@contextlib.asynccontextmanager
async def speaking_to(url: str) -> AsyncIterator[Client]:
    """A client of NATS like any other."""
    client = await nats.connect(url)
    try:
        yield client
    finally:
        await client.close()


async def stored(url: str, service: str) -> list[int]:
    """The positions of what stands in a service's stream, in its order."""
    async with speaking_to(url) as client:
        stream, positions, first = Stream(client, service), [], 1
        while messages := await stream.page(first):
            positions += [int(message.headers["ce-sequence"]) for message in messages]
            first = messages[-1].sequence + 1
        return positions


async def until_stored(url: str, service: str, position: int) -> None:
    """Waits until the stream's last message is the entry at `position`."""
    async with asyncio.timeout(20):
        while True:
            with contextlib.suppress(nats.errors.Error, OSError):
                async with speaking_to(url) as client:
                    stream = Stream(client, service)
                    while True:
                        with contextlib.suppress(NoStream):
                            last = await stream.page((await stream.extent()).last, 1)
                            if last and int(last[0].headers["ce-sequence"]) >= position:
                                return
                        await asyncio.sleep(0.01)  # NATS tells nobody that something was stored


async def until(happened: Callable[[], bool]) -> None:
    """Waits for what nobody announces: a counter, say."""
    async with asyncio.timeout(20):
        while not happened():
            await asyncio.sleep(0.005)


def word_of(entry: Entry) -> str:
    word: str = msgspec.json.decode(entry.data)["word"]
    return word


async def _relay_until_killed(name: str, dsn: str, url: str) -> None:
    async with toy(name, dsn) as one:
        await one.relay(url).run()


if __name__ == "__main__":
    asyncio.run(_relay_until_killed(*sys.argv[1:4]))
