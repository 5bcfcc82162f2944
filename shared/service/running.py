"""What runs in a service's process besides answering: its log, what it hears, and its loops."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from collections.abc import Awaitable, Callable, Collection, Coroutine, Mapping
from typing import Any, Required, TypedDict, Unpack

import asyncpg
import structlog

from shared.bus import Hearing, Leases, NotYet, Relay, WatermarkPublisher, Watermarks, keep_up
from shared.bus.hearing import Project, ProjectAll, React
from shared.entry import Codec, Entry
from shared.eventlog import EventLog
from shared.identity import Keys
from shared.service.peers import Peers
from shared.service.settings import Settings

Loop = Callable[[], Coroutine[Any, Any, None]]
Tick = Callable[[], Awaitable[int]]
"""Does what is due, and says how much that was."""

PAUSE_S_MAX = 30.0
TICK_S = 0.2


class How(TypedDict, total=False):
    """The rest of what `Service.hear` passes on to `Hearing`."""

    project: Required[Project]
    project_all: ProjectAll | None
    react: React | None
    reacts_to: Collection[str]
    parks: bool


class Service:
    """One replica of one service while it runs. `app.py` names its parts in a function of this: what to hear, what to sweep, and in
    `parts` whatever its own api.py wants at hand."""

    log: EventLog
    pool: asyncpg.Pool[Any]

    def __init__(self, name: str, codec: Codec, settings: Settings) -> None:
        self.name, self.codec, self.settings = name, codec, settings
        self.keys = Keys(settings.keys)
        self.peers = Peers(settings.peers, self.keys)
        self.leases = Leases(settings.database)
        self.hearings: list[Hearing] = []
        self.relay: Relay | None = None
        self.watermarks: Watermarks | None = None
        """What the other services last said of where they stand; None without broker."""
        self.parts: Any = None
        self.failing: dict[str, str] = {}
        """Loops that broke off and are about to be started again: name -> kind of error."""
        self._by_task: dict[str, dict[str, Hearing]] = {}
        self._loops: dict[str, Loop] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._closing: list[Callable[[], Awaitable[None]]] = []

    # -- for app.py

    def hear(self, source: str, *, codec: Codec | None, task: str = "views", **how: Unpack[How]) -> Hearing:
        """Hears a service's log, or with its own name follows this one's, once for each task; `Hearing` explains the rest. An entry is
        taken in after what its writer had heard, as far as the same task hears it too."""
        own = source == self.name
        hearing = Hearing(
            service=self.name,
            source=source,
            codec=codec,
            task=task,
            pool=self.pool,
            leases=self.leases,
            nats_url=None if own else self.settings.nats or None,
            feed=self._own_feed if own else self.peers.feed(source).read if self.settings.pull or not self.settings.nats else None,
            doorbell=self.log.woken if own else None,
            all_ring=self._all_ring if own else None,
            needs=self._by_task.setdefault(task, {}),
            seal=self.seal,
            **how,
        )
        self._by_task[task][source] = hearing
        self.hearings.append(hearing)
        self.loop(f"hears {source} {task}", hearing.run)
        return hearing

    def sweep(self, name: str, tick: Tick) -> None:
        """What one replica does again and again, unless sweepers are switched off: at once while there is something to do, else soon."""
        if self.settings.sweeper:
            self.tick(name, tick)

    def tick(self, name: str, tick: Tick) -> None:
        """What one replica does again and again: at once while there is something to do, else soon."""

        async def run() -> None:
            while True:
                if not await tick():
                    await asyncio.sleep(TICK_S)

        self.loop(name, lambda: self.leases.hold(name, run))

    def closing(self, close: Callable[[], Awaitable[None]]) -> None:
        """What else is to be closed when the service stops."""
        self._closing.append(close)

    def loop(self, name: str, run: Loop) -> None:
        """A loop of every replica (which may seek a lease of its own). One that breaks off is said, and started again."""
        self._loops[name] = run

    # -- for api.py

    async def reached(self, after: Mapping[str, int]) -> str | None:
        """Waits until this service has heard all that; None when it has, else the source it still waits for. What it does not hear
        cannot matter to its answers, and is passed over."""
        deadline = asyncio.get_running_loop().time() + self.settings.after_wait_s
        for hearing in self.hearings:
            position = after.get(hearing.source, 0)
            if position > hearing.position() and not await hearing.reached(position, deadline - asyncio.get_running_loop().time()):
                return hearing.source
        return None

    async def caught_up(self) -> None:
        """Waits until this service's own views show all that its log holds now; NotYet if that takes long."""
        position = await self.pool.fetchval("select coalesce(max(position), 0) from log")
        if await self.reached({self.name: position}) is not None:
            raise NotYet("its own views are behind its log")

    def heard(self) -> dict[str, int]:
        """How far each other service has been heard by all who hear it here, as this process knows; perhaps too low, never too high."""
        heard: dict[str, int] = {}
        for hearing in self.hearings:
            if hearing.source != self.name:
                heard[hearing.source] = min(heard.get(hearing.source, hearing.position()), hearing.position())
        return {source: position for source, position in heard.items() if position}

    def position(self) -> int:
        """The last position of this service's own log that this process knows of."""
        own = [hearing.position() for hearing in self.hearings if hearing.source == self.name]
        return max(self.log.tip, *own) if own else self.log.tip

    @property
    def seal(self) -> bytes:
        """What the services seal their messages with."""
        return hashlib.sha256(b"seal " + self.keys.internal.encode()).digest()

    def _all_ring(self) -> bool:
        """Whether this service's log wakes for what other replicas append as well."""
        return self.relay is not None and self.relay.hears_the_bell

    async def _own_feed(self, after: int, limit: int) -> list[Entry]:
        return await self.log.read(after, limit, raw=True)

    # -- for the frame

    async def open(self) -> None:
        settings = self.settings
        self.pool = await asyncpg.create_pool(
            settings.database, min_size=1, max_size=settings.pool_connections_max, command_timeout=30, reset=as_it_is
        )
        self.log = EventLog(self.name, self.codec, pool=self.pool, dsn=settings.database, heard=self.heard)
        await self.log.start()
        self.loop("leases", self.leases.run)
        self.loop("keeps up", lambda: keep_up(self.pool, [hearing.checkpoint for hearing in self.hearings]))
        self.loop("drops old answers", self.log.drop_old_answers_daily)
        if settings.nats:
            self.relay = Relay(self.log, settings.nats, leases=self.leases, seal=self.seal)
            self.watermarks = Watermarks(self.name, settings.nats, seal=self.seal)
            publisher = WatermarkPublisher(self.name, settings.nats, pool=self.pool, leases=self.leases, seal=self.seal)
            self.loop("relay", self.relay.run)
            self.loop("watermarks", publisher.run)
            self.loop("hears watermarks", self.watermarks.run)

    def begin(self) -> None:
        self._tasks = [asyncio.create_task(self._kept_running(name, run), name=name) for name, run in self._loops.items()]

    async def close(self) -> None:
        await _ended(self._tasks)
        await self.log.stop()
        await self.peers.close()
        for close in self._closing:
            await close()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.pool.close(), 5.0)

    async def _kept_running(self, name: str, run: Loop) -> None:
        pause_s = 0.1
        while True:
            began = asyncio.get_running_loop().time()
            try:
                await run()
                return
            except Exception as error:
                self.failing[name] = type(error).__name__
                structlog.get_logger("loop").error("loop broke off", loop=name, exc_info=error)
            if asyncio.get_running_loop().time() - began > PAUSE_S_MAX:
                pause_s = 0.1
            await asyncio.sleep(pause_s)
            pause_s = min(pause_s * 2, PAUSE_S_MAX)
            self.failing.pop(name, None)


async def as_it_is(connection: object) -> None:
    """A connection goes back into the pool as it is, which saves a round trip for each use: a transaction left open is rolled back
    all the same, and nothing else of a session is ever changed here."""


async def _ended(tasks: Collection[asyncio.Task[None]]) -> None:
    """Cancels until they have ended. Once is not always enough: a client that is just connecting may take the cancellation for a failure
    to connect, and whoever keeps connections alive then simply tries again."""
    still = set(tasks)
    for _ in range(50):
        for task in still:
            task.cancel()
        if not still:
            return
        _, still = await asyncio.wait(still, timeout=0.1)
    structlog.get_logger("loop").error("loops do not end", loops=[task.get_name() for task in still])


Compose = Callable[[Service], Awaitable[None]]
"""What app.py gives: names the service's parts and loops, once log and pool are there."""
