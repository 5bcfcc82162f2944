"""Of many replicas, one does it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

import asyncpg
import pytest

from shared.bus import Leases
from shared.bus.together import together
from tests.databases import Database
from tests.shared.bus_toy import Toy, running, until

_LOCKS = "pg_locks join pg_database on pg_database.oid = pg_locks.database where locktype = 'advisory' and datname = $1"


class Doing:
    """Things that are done until somebody cancels them."""

    def __init__(self) -> None:
        self.now: list[str] = []
        self.begun = 0

    def do(self, name: str) -> Callable[[], Coroutine[Any, Any, None]]:
        async def run() -> None:
            self.begun += 1
            self.now.append(name)
            try:
                await asyncio.Event().wait()
            finally:
                self.now.remove(name)

        return run


@pytest.fixture
async def others(alpha: Toy) -> AsyncIterator[Leases]:
    """Another replica's."""
    leases = Leases(alpha.dsn)
    async with running(leases.run()):
        yield leases


async def test_the_second_waits_for_the_lease_and_gets_it_when_the_first_ends(alpha: Toy, others: Leases) -> None:
    doing = Doing()
    async with running(alpha.leases.hold("it", doing.do("first")), alpha.leases.hold("more", doing.do("beside"))) as (first, _):
        await until(lambda: doing.now == ["first", "beside"])
        async with running(others.hold("it", doing.do("second")), others.hold("something else", doing.do("third"))) as (second, _):
            await until(lambda: "third" in doing.now)
            assert doing.now == ["first", "beside", "third"]
            assert not second.done()
            first.cancel()
            await until(lambda: doing.now == ["beside", "third", "second"])


async def test_all_of_a_process_are_held_on_one_connection(alpha: Toy, toy_databases: dict[str, Database]) -> None:
    doing = Doing()
    names = [f"{n}" for n in range(10)]
    admin = await asyncpg.connect(toy_databases["alpha"].admin_dsn)
    locks = f"select count(*), count(distinct pid) from {_LOCKS}"
    async with running(*(alpha.leases.hold(name, doing.do(name)) for name in names)):
        await until(lambda: sorted(doing.now) == names)
        assert tuple(await admin.fetchrow(locks, toy_databases["alpha"].name) or ()) == (10, 1)
    async with asyncio.timeout(10):
        while await admin.fetchval(locks, toy_databases["alpha"].name):
            pass
    await admin.close()


async def test_who_ends_and_begins_again_at_once_holds_it_again(alpha: Toy) -> None:
    doing = Doing()
    for n in range(1, 4):
        async with running(alpha.leases.hold("it", doing.do("it"))):
            await until(lambda n=n: doing.begun == n)  # type: ignore[misc]
    assert doing.now == []


async def test_a_lost_connection_cancels_and_the_lease_is_sought_again(alpha: Toy, toy_databases: dict[str, Database]) -> None:
    doing = Doing()
    admin = await asyncpg.connect(toy_databases["alpha"].admin_dsn)
    kill = f"select pg_terminate_backend(pid) from {_LOCKS}"
    async with running(alpha.leases.hold("one", doing.do("one")), alpha.leases.hold("two", doing.do("two"))):
        await until(lambda: doing.begun == 2)
        await admin.execute(kill, toy_databases["alpha"].name)
        await until(lambda: doing.begun == 4)
        assert sorted(doing.now) == ["one", "two"]
    await admin.close()


async def test_it_ends_when_the_task_does_and_passes_its_errors_on(alpha: Toy) -> None:
    async def ends() -> None:
        pass

    async def breaks() -> None:
        raise ValueError("our own fault")

    await alpha.leases.hold("it", ends)
    with pytest.raises(ValueError, match="our own fault"):
        await alpha.leases.hold("it", breaks)


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
