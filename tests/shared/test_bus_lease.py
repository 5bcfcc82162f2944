"""Of many replicas, one does it."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest

from shared.bus import lease
from shared.bus.together import together
from tests.databases import Database
from tests.shared.bus_toy import Toy, running, until


async def test_the_second_waits_for_the_lease_and_gets_it_when_the_first_ends(alpha: Toy) -> None:
    doing: list[str] = []

    async def do(name: str) -> None:
        doing.append(name)
        try:
            await asyncio.Event().wait()
        finally:
            doing.remove(name)

    async with running(lease(alpha.dsn, "it", lambda: do("first"))):
        await until(lambda: doing == ["first"])
        async with running(lease(alpha.dsn, "it", lambda: do("second")), lease(alpha.dsn, "something else", lambda: do("third"))) as tasks:
            await until(lambda: "third" in doing)
            assert doing == ["first", "third"]
            assert not tasks[0].done()
    async with running(lease(alpha.dsn, "it", lambda: do("second"))):
        await until(lambda: doing == ["second"])


async def test_a_lost_connection_cancels_and_the_lease_is_sought_again(alpha: Toy, toy_databases: dict[str, Database]) -> None:
    begun, ended = 0, 0

    async def do() -> None:
        nonlocal begun, ended
        begun += 1
        try:
            await asyncio.Event().wait()
        finally:
            ended += 1

    admin = await asyncpg.connect(toy_databases["alpha"].admin_dsn)
    try:
        async with running(lease(alpha.dsn, "it", do)):
            await until(lambda: begun == 1)
            await admin.execute("select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory'")
            await until(lambda: (begun, ended) == (2, 1))
    finally:
        await admin.close()


async def test_it_ends_when_the_task_does_and_passes_its_errors_on(alpha: Toy) -> None:
    async def ends() -> None:
        pass

    async def breaks() -> None:
        raise ValueError("our own fault")

    await lease(alpha.dsn, "it", ends)
    with pytest.raises(ValueError, match="our own fault"):
        await lease(alpha.dsn, "it", breaks)


async def test_loops_together_end_even_if_one_loses_a_cancellation() -> None:
    """As what stands on `asyncio.wait_for` may do in Python 3.11."""
    refusals = iter((1, 2))

    async def stubborn() -> None:
        while True:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                if next(refusals, None) is None:
                    raise

    async def short() -> None:
        pass

    assert await asyncio.wait_for(together(stubborn(), short()), 5) == 1
