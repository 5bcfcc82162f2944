"""Who does it: of N replicas of a service, one holds the lease of a task at a time."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from typing import Any, Final

import asyncpg

from shared.bus.condition import Condition, Pauses, database_is_away
from shared.bus.together import together

TRY_EVERY_S = 0.2
LOOK_EVERY_S = 5.0

# Tried, not waited for in the server: a statement that waits for days would hold back vacuum for as long.
_TRY: Final = "select name from unnest($1::text[]) as name where pg_try_advisory_lock(hashtextextended(name, 0))"
_GIVE_BACK: Final = "select pg_advisory_unlock(hashtextextended(name, 0)) from unnest($1::text[]) as name"


class Leases:
    """What one process holds, or seeks to hold, in its service's database; `run()` beside all that seeks.

    Leases are advisory locks on one connection, so that they end with the process, however it dies. When that is lost, whatever was done
    under them is cancelled, and they are sought again. For a moment after it two may do the same: both the relay (expected last
    sequence) and the hearing (conditional checkpoint) bear that.
    """

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._sought: dict[str, _Sought] = {}
        self._changed = asyncio.Event()
        self._condition = Condition("leases")

    async def hold(self, name: str, run: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Runs `run` while this process holds the lease; waits while another does; ends when `run` does, and passes its errors on."""
        assert name not in self._sought, f"{name!r} is sought already"
        sought = self._sought[name] = _Sought(name)
        self._changed.set()
        try:
            while True:
                await sought.held.wait()
                if await together(run(), sought.is_lost()) == 0:
                    return
        finally:
            del self._sought[name]
            self._changed.set()

    async def run(self) -> None:
        """Never ends: keeps the connection, and after its loss another."""
        pauses = Pauses()
        while True:
            try:
                connection = await asyncpg.connect(self._dsn, timeout=LOOK_EVERY_S)
            except Exception as error:
                if not database_is_away(error):
                    raise
                self._condition.ill("without database", error=repr(error))
                await pauses.pause()
                continue
            lost: Exception | None = None
            try:
                connection.add_termination_listener(lambda _: self._changed.set())
                await self._seek(connection, pauses)
            except Exception as error:
                lost = error
            finally:
                connection.terminate()  # the server frees the locks as soon as the socket is closed
            for sought in self._sought.values():
                sought.lose()
            if lost is not None and not database_is_away(lost):
                raise lost
            self._condition.ill("lost", error=repr(lost))

    async def _seek(self, connection: asyncpg.Connection[asyncpg.Record], pauses: Pauses) -> None:
        """Until the connection is closed; raises if it is lost and nobody tells: a silent network is found by asking."""
        held: set[str] = set()
        while not connection.is_closed():
            self._changed.clear()
            if over := held - self._sought.keys():
                await connection.execute(_GIVE_BACK, list(over), timeout=LOOK_EVERY_S)
                held -= over
            wanted = [name for name in self._sought if name not in held]
            held.update([row[0] for row in await connection.fetch(_TRY, wanted, timeout=LOOK_EVERY_S)])
            for name, sought in self._sought.items():
                if name in held:
                    sought.take()
                else:
                    sought.wait()
            self._condition.well("sought")
            pauses.over()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_EVERY_S if held >= self._sought.keys() else TRY_EVERY_S):
                    await self._changed.wait()


class _Sought:
    """One lease in the eyes of whoever seeks it."""

    def __init__(self, name: str) -> None:
        self.held = asyncio.Event()
        self._lost = asyncio.Event()
        self._condition = Condition("lease", lease=name)

    async def is_lost(self) -> None:
        await self._lost.wait()

    def take(self) -> None:
        self._lost.clear()
        self.held.set()
        self._condition.well("held")

    def wait(self) -> None:
        self._condition.well("with another")

    def lose(self) -> None:
        if self.held.is_set():
            self.held.clear()
            self._lost.set()
            self._condition.ill("lost")
