"""Doing together, on one connection, what is asked together."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any, Final, Generic, Protocol, TypeVar

import asyncpg

from shared.eventlog.command import Unreachable

_SETTINGS: Final = {
    # The same few plans every time, by index whatever the tables hold: planning for the arrays at hand costs more than the work.
    "plan_cache_mode": "force_generic_plan",
    "enable_seqscan": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
    "jit": "off",
}


class Waiting(Protocol):
    """Something that waits to be done with others. Two that touch the same thing are never done in one batch."""

    @property
    def touches(self) -> Sequence[str]: ...

    done: asyncio.Future[Any]


Item = TypeVar("Item", bound=Waiting)
Perform = Callable[[list[Item]], Awaitable[None]]


class Together(Generic[Item]):
    """What waits while one batch is under way goes with the next."""

    def __init__(self, name: str, dsn: str, on: Callable[[asyncpg.Connection], Awaitable[Perform[Item]]], *, largest_batch: int) -> None:
        self.name, self.dsn, self.largest_batch = name, dsn, largest_batch
        self._on = on
        self._queue: deque[Item] = deque()
        self._idle: asyncio.Future[None] | None = None
        self._stopping = False
        self._connection: asyncpg.Connection | None = None
        self._perform_on_it: Perform[Item] | None = None
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        await self._connected()
        self._new_future = asyncio.get_running_loop().create_future
        self._task = asyncio.create_task(self._run(), name=self.name)

    async def stop(self) -> None:
        """Does what is waiting, then closes the connection."""
        self._stopping = True
        self._go_on()
        if self._task is not None:
            await self._task
        if self._connection is not None:
            await self._connection.close()

    def do(self, item: Item) -> asyncio.Future[Any]:
        """Asks for something; Unreachable if the connection breaks meanwhile."""
        assert self._task is not None and not self._task.done(), "the log is used between its start and its stop"  # noqa: PT018
        item.done = done = self._new_future()
        self._queue.append(item)
        if self._idle is not None:
            self._go_on()
        return done

    def _go_on(self) -> None:
        idle, self._idle = self._idle, None
        if idle is not None:
            idle.set_result(None)

    async def _run(self) -> None:
        while self._queue or not self._stopping:
            if self._queue:
                await self._perform(self._take())
                if not self._queue:
                    await asyncio.sleep(0)  # whoever has just been told may ask again
            else:
                self._idle = self._new_future()
                await self._idle

    def _take(self) -> list[Item]:
        """The next batch: those who wait, in their order, but no two that touch the same thing."""
        batch: list[Item] = []
        later: list[Item] = []
        busy: set[str] = set()
        queue = self._queue
        while queue and len(batch) < self.largest_batch:
            item = queue.popleft()
            if item.done.cancelled():
                continue
            if busy.isdisjoint(item.touches):
                batch.append(item)
            else:
                later.append(item)
            busy.update(item.touches)
        queue.extendleft(reversed(later))
        return batch

    async def _perform(self, batch: list[Item]) -> None:
        if not batch:
            return
        try:
            try:
                await (await self._connected())(batch)
            except asyncpg.InternalClientError:  # the server has said good-bye, and so nothing was asked of it: not hung up yet
                await (await self._connected(anew=True))(batch)
        except Exception as error:
            if _broke_off(error):
                _fail(batch, Unreachable(str(error)))
            elif len(batch) == 1:
                _fail(batch, error)
            else:
                # One of them is wrong in a way that only the database sees. The others shall not suffer for it.
                for item in batch:
                    await self._perform([item])

    async def _connected(self, *, anew: bool = False) -> Perform[Item]:
        if anew and self._connection is not None:
            self._connection.terminate()
        if self._connection is None or self._perform_on_it is None or self._connection.is_closed():
            self._connection = await asyncpg.connect(self.dsn, server_settings=_SETTINGS | {"application_name": self.name})
            self._perform_on_it = await self._on(self._connection)
        return self._perform_on_it


def _broke_off(error: Exception) -> bool:
    """Whether it was the connection. An argument that asyncpg cannot write is an InterfaceError too, but a ValueError besides."""
    if isinstance(error, ValueError):
        return False
    gone = (
        OSError,
        asyncpg.InterfaceError,
        asyncpg.InternalClientError,
        asyncpg.PostgresConnectionError,
        asyncpg.OperatorInterventionError,
    )
    return isinstance(error, gone)


def _fail(batch: Sequence[Waiting], error: Exception) -> None:
    for item in batch:
        if not item.done.done():
            item.done.set_exception(error)


def columns(rows: list[tuple[Any, ...]], width: int) -> Iterable[Any]:
    """Rows as columns; nulls if there are no rows."""
    return zip(*rows, strict=True) if rows else [None] * width
