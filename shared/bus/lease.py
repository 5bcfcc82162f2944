"""Who does it: of N replicas of a service, one holds the lease of a task at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import asyncpg

from shared.bus.condition import Condition, Pauses, database_is_away
from shared.bus.together import together

TRY_EVERY_S = 0.2
LOOK_EVERY_S = 5.0


async def lease(dsn: str, name: str, run: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Runs `run` while this process holds the lease `name` in that database; waits while another does; ends when `run` does.

    The lease is an advisory lock on a connection of its own, so that it ends with the process, however it dies. A lost connection
    cancels `run` and the lease is sought again. For a moment after a lost connection two may run: both the relay (expected last
    sequence) and the hearing (conditional checkpoint) bear that. An error of `run` itself is passed on.
    """
    condition, pauses = Condition("lease", lease=name), Pauses()
    while True:
        try:
            connection = await asyncpg.connect(dsn, timeout=5)
        except Exception as error:
            if not database_is_away(error):
                raise
            condition.ill("without database", error=repr(error))
            await pauses.pause()
            continue
        try:
            await _take(connection, name, condition)
            condition.well("held")
            pauses.over()
            if await _run_while_held(connection, run):
                return
            condition.ill("lost")
        except Exception as error:
            if connection.is_closed() and database_is_away(error):
                condition.ill("lost", error=repr(error))
            else:
                raise
        finally:
            connection.terminate()  # the server frees the lock as soon as the socket is closed


async def _take(connection: asyncpg.Connection[asyncpg.Record], name: str, condition: Condition) -> None:
    # Tried, not waited for in the server: a statement that waits for days would hold back vacuum for as long.
    while not await connection.fetchval("select pg_try_advisory_lock(hashtextextended($1, 0))", name):
        condition.well("with another")
        await asyncio.sleep(TRY_EVERY_S)


async def _run_while_held(connection: asyncpg.Connection[asyncpg.Record], run: Callable[[], Coroutine[Any, Any, None]]) -> bool:
    """True when `run` has ended by itself, False when the connection went first (and `run` has been cancelled)."""
    lost = asyncio.Event()
    connection.add_termination_listener(lambda _: lost.set())
    return await together(run(), _look(connection, lost)) == 0


async def _look(connection: asyncpg.Connection[asyncpg.Record], lost: asyncio.Event) -> None:
    """Returns once the connection is lost, also if nobody tells: a silent network is found by asking."""
    while not lost.is_set():
        try:
            async with asyncio.timeout(LOOK_EVERY_S):
                await lost.wait()
        except TimeoutError:
            try:
                await connection.execute("select 1", timeout=LOOK_EVERY_S)
            except Exception as error:
                if not database_is_away(error):
                    raise
                return
