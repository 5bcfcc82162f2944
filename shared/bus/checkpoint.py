"""How far a consumer is in its source's log: a row, what this process knows of it, and whoever waits for it to move."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import asyncpg
from asyncpg.pool import PoolConnectionProxy

from shared.bus.condition import database_is_away

if TYPE_CHECKING:  # asyncpg's classes are generic in their stubs only
    Connection = asyncpg.Connection[Any] | PoolConnectionProxy[Any]
else:
    Connection = asyncpg.Connection | PoolConnectionProxy

LOOK_FIRST_S = 0.004
LOOK_LAST_S = 0.05
KEEP_UP_EVERY_S = 0.2


class Overtaken(Exception):
    """The checkpoint is not where we left it: for a moment another replica hears as well, or somebody starts over."""


class Checkpoint:
    def __init__(self, pool: asyncpg.Pool[Any], source: str, task: str) -> None:
        self._pool = pool
        self.key = (source, task)
        self._waiting: list[tuple[int, asyncio.Future[None]]] = []
        self._looking: asyncio.Task[None] | None = None
        self.position = 0
        """The highest position known here to have been taken in: exact where the lease is, elsewhere perhaps too low."""
        self.here = False
        """Whether this process is the one that moves it."""
        self.parked = True
        """Whether anything of this consumer may be parked: only who moves the checkpoint parks."""

    async def begin(self) -> tuple[int, int]:
        """The position, and the highest one ever reacted to; the row is made if this consumer is new."""
        self.parked = True
        row = await self._pool.fetchrow("select position, reacted from checkpoints where source = $1 and task = $2", *self.key)
        if row is None:
            await self._pool.execute("insert into checkpoints (source, task) values ($1, $2) on conflict do nothing", *self.key)
            return 0, 0
        self.position = min(self.position, row["position"])  # lower after starting over
        self.know(row["position"])
        return row["position"], row["reacted"]

    async def move(self, connection: Connection, before: int, after: int) -> None:
        """Within the transaction of the effect, and before it: the row's lock keeps a rival out until the commit. Raises Overtaken."""
        parked = await connection.fetchval(
            "update checkpoints set position = $4, reacted = greatest(reacted, $4)"
            " where source = $1 and task = $2 and position = $3"
            " returning exists (select from parked where parked.source = $1 and parked.task = $2)",
            *self.key, before, after,
        )  # fmt: skip
        if parked is None:
            raise Overtaken
        self.parked = parked

    async def lock(self, connection: Connection) -> None:
        """Keeps the consumer from moving until the end of the transaction."""
        await connection.execute("select from checkpoints where source = $1 and task = $2 for update", *self.key)

    async def back_to_the_beginning(self, connection: Connection) -> None:
        await connection.execute("update checkpoints set position = 0 where source = $1 and task = $2", *self.key)

    def know(self, position: int) -> None:
        """Says that `position` has been taken in, after the commit; wakes who waited for it."""
        if position <= self.position:
            return
        self.position = position
        still = [(wanted, waiter) for wanted, waiter in self._waiting if wanted > position]
        for wanted, waiter in self._waiting:
            if wanted <= position and not waiter.done():
                waiter.set_result(None)
        self._waiting = still

    async def reached(self, position: int, timeout_s: float) -> bool:
        """Waits until `position` has been taken in by whichever replica does it; False if that took longer."""
        if self.position < position and not self.here and timeout_s <= 0:
            await self.look()
        if self.position >= position or timeout_s <= 0:
            return self.position >= position
        waiter = asyncio.get_running_loop().create_future()
        self._waiting.append((position, waiter))
        self._look()
        try:
            async with asyncio.timeout(timeout_s):
                await waiter
        except TimeoutError:
            return False
        finally:
            self._waiting = [pair for pair in self._waiting if pair[1] is not waiter]
        return True

    async def look(self) -> None:
        """Reads how far it is, which another replica may have moved; leaves it at what is known if Postgres cannot be asked."""
        try:
            self.know(await self._pool.fetchval("select position from checkpoints where source = $1 and task = $2", *self.key) or 0)
        except Exception as error:
            if not database_is_away(error):
                raise

    def _look(self) -> None:
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look_while_awaited(), name="checkpoint")

    async def _look_while_awaited(self) -> None:
        """One for all who wait: looks, often at first; not at all where the consumer itself runs."""
        pause_s = LOOK_FIRST_S
        while self._waiting:
            if not self.here:
                await self.look()
            await asyncio.sleep(pause_s)
            pause_s = min(pause_s * 1.5, LOOK_LAST_S)


async def keep_up(pool: asyncpg.Pool[Any], checkpoints: Sequence[Checkpoint]) -> None:
    """Never ends. Where another replica hears, this one at least knows, roughly, how far that is: what is written here says so
    (`meta.after`)."""
    while True:
        elsewhere = {checkpoint.key: checkpoint for checkpoint in checkpoints if not checkpoint.here}
        try:
            for source, task, position in await pool.fetch("select source, task, position from checkpoints") if elsewhere else ():
                if checkpoint := elsewhere.get((source, task)):
                    checkpoint.know(position)
        except Exception as error:
            if not database_is_away(error):
                raise
        await asyncio.sleep(KEEP_UP_EVERY_S)
