"""Toy services for the tests of the bus, and a NATS of their own that they may stop and wipe."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from deploy.servers import Nats
from tests.databases import Database, Databases
from tests.shared.bus_toy import Toy, as_new, toy


@pytest.fixture(scope="session")
async def toy_databases(databases: Databases) -> dict[str, Database]:
    return {name: await databases.take(name, story=True) for name in ("alpha", "beta")}


@pytest.fixture
async def alpha(toy_databases: dict[str, Database]) -> AsyncIterator[Toy]:
    await as_new("alpha", toy_databases["alpha"].owner_dsn)
    async with toy("alpha", toy_databases["alpha"].dsn) as one:
        yield one


@pytest.fixture
async def beta(toy_databases: dict[str, Database]) -> AsyncIterator[Toy]:
    await as_new("beta", toy_databases["beta"].owner_dsn)
    async with toy("beta", toy_databases["beta"].dsn) as one:
        yield one


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Nats]:
    """A NATS that a test may stop, wipe and restore; not shared."""
    with Nats(tmp_path / "nats") as server:
        yield server
