"""Watermarks: up to which position a service's log holds everything recorded before an instant, said about once a second.

They travel on core NATS, unacknowledged: a lost one is followed by the next. Who cannot wait asks the service over HTTP.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import msgspec
from nats.aio.client import Client
from nats.aio.msg import Msg

from shared.bus.broker import stay_connected
from shared.bus.condition import ALARMS, Condition, database_is_away
from shared.bus.lease import Leases
from shared.bus.message import SEAL, is_sealed, seal_of

EVERY_S = 1.0
STORY_EVERY_S = 0.1


class Watermark(msgspec.Struct, frozen=True):
    """`service`'s log up to `position` holds everything recorded before `instant`, and whatever it did on account of what it had `heard`.

    At the very instant more may come. `tenant` is given where a story's clock runs: it alone counts for that tenant.
    """

    service: str
    tenant: UUID | None
    position: int
    instant: datetime
    heard: dict[str, int]


async def standing(pool: asyncpg.Pool[Any], service: str, tenant: UUID | None = None) -> Watermark:
    """Where this service stands now, for a tenant with a clock of its own by that clock. What was heard is never too new."""
    row = await pool.fetchrow("select heard, position, instant from standing($1)", tenant)
    assert row is not None, "a function answers"
    return Watermark(service, tenant, row["position"], row["instant"], msgspec.json.decode(row["heard"], type=dict[str, int]))


class _Said(msgspec.Struct, frozen=True):
    """A message: one watermark by the real clock and, of the same position, one for each story that it names."""

    service: str
    position: int
    instant: datetime
    heard: dict[str, int]
    stories: dict[UUID, datetime] = {}

    def marks(self) -> Iterator[Watermark]:
        yield Watermark(self.service, None, self.position, self.instant, self.heard)
        for tenant, instant in self.stories.items():
            yield Watermark(self.service, tenant, self.position, instant, self.heard)


class WatermarkPublisher:
    """`run()` in every replica; the one with the lease speaks."""

    def __init__(self, service: str, nats_url: str, *, pool: asyncpg.Pool[Any], leases: Leases, seal: bytes | None = None) -> None:
        self._service, self._url, self._pool, self._leases, self._seal = service, nats_url, pool, leases, seal
        self._stories = False
        self._told: dict[UUID, datetime] = {}
        self._condition = Condition("watermarks", service=service)

    async def run(self) -> None:
        await self._leases.hold("watermarks", self.publish)

    async def publish(self) -> None:
        await stay_connected(self._url, f"{self._service}-watermarks", self._publish_over)

    async def _publish_over(self, client: Client) -> None:
        due_s = 0.0
        while True:
            now_s = asyncio.get_running_loop().time()
            try:
                if now_s >= due_s:
                    due_s = now_s + EVERY_S
                    await self._say(client, await self._clocks())
                elif moved := {tenant: now for tenant, now in (await self._clocks()).items() if self._told.get(tenant) != now}:
                    await self._say(client, moved)
                self._condition.well("published")
            except Exception as error:
                if not database_is_away(error):
                    raise
                self._condition.ill("without database", error=repr(error))
            await asyncio.sleep(STORY_EVERY_S if self._stories else EVERY_S)

    async def _clocks(self) -> dict[UUID, datetime]:
        """Where the stories' clocks stand, if there are any: each is said as soon as it has moved, and again for whom it did not reach."""
        if not self._stories:
            return {}
        return {row["tenant"]: row["now"] for row in await self._pool.fetch("select tenant, now from story_clock")}

    async def _say(self, client: Client, tenants: Collection[UUID]) -> None:
        row = await self._pool.fetchrow("select * from standings($1)", list(tenants))
        assert row is not None, "a function answers"
        self._stories = row["stories"]
        stories = dict(zip(row["tenants"] or (), row["instants"] or (), strict=True))
        self._told.update(stories)
        heard = msgspec.json.decode(row["heard"], type=dict[str, int])
        said = msgspec.json.encode(_Said(self._service, row["position"], row["instant"], heard, stories))
        await client.publish(_subject_of(self._service), said, headers=None if self._seal is None else {SEAL: seal_of(said, self._seal)})


class Watermarks:
    """The latest watermark of each service and story that was heard here. `run()` in every replica that wants to know."""

    def __init__(self, service: str, nats_url: str, *, seal: bytes | None = None) -> None:
        self._service, self._url, self._seal = service, nats_url, seal
        self._latest: dict[tuple[str, UUID | None], Watermark] = {}
        self._changed = asyncio.Event()

    async def run(self) -> None:
        await stay_connected(self._url, f"{self._service}-hears-watermarks", self._listen_over)

    def latest(self, service: str, tenant: UUID | None = None) -> Watermark | None:
        """Where a service stood when it last spoke; for a tenant with a story's clock, its own only. None: nothing heard (yet)."""
        return self._latest.get((service, tenant))

    async def changed(self, timeout_s: float) -> bool:
        """Waits for the next watermark of anybody; False if none comes in time."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._changed.wait()
        except TimeoutError:
            return False
        return True

    async def _listen_over(self, client: Client) -> None:
        await client.subscribe(_subject_of("*"), cb=self._hear)
        await asyncio.Event().wait()

    async def _hear(self, message: Msg) -> None:
        try:
            said = msgspec.json.decode(message.data, type=_Said)
        except ValueError:
            ALARMS.labels("watermarks", "unreadable").inc()
            return
        if message.subject != _subject_of(said.service) or not is_sealed(message.headers, message.data, self._seal):
            ALARMS.labels("watermarks", "wrong seal").inc()
            return
        for mark in said.marks():
            before = self._latest.get((mark.service, mark.tenant))
            if before is None or (mark.instant, mark.position) >= (before.instant, before.position):  # else an older one that took longer
                self._latest[mark.service, mark.tenant] = mark
        self._changed.set()
        self._changed = asyncio.Event()


def _subject_of(service: str) -> str:
    return f"fenyong.{service}.watermark"
