"""Real servers for the tests: one Postgres and one NATS for each worker, and databases for each test that asks for one."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from xdist.scheduler import LoadFileScheduling

from deploy.servers import Nats, Postgres
from tests.databases import Database, Databases, NewDatabase
from tests.stacks import cluster, new_stack

__all__ = ["cluster", "new_stack"]

# How busy a machine is says nothing about what is tried on it.
settings.register_profile("fenyong", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("fenyong")

LONGEST = ("deploy/test_cases_playing", "journeys/", "deploy/test_up", "deploy/test_cases_demo", "deploy/", "shared/", "test_", "model/")
"""What takes long begins first, so that no worker is left alone with it at the end."""
JOURNEYS = "tests/journeys/"
IN_MEMORY = Path("/dev/shm")
ROOM_BYTES = 4 << 30
"""All workers together take less than a quarter of it."""


def pytest_configure(config: pytest.Config) -> None:
    """What the tests make is thrown away with them, so it is kept in memory where there is room: a disk takes a fifth longer."""
    if config.getoption("basetemp") is None and IN_MEMORY.is_dir() and shutil.disk_usage(IN_MEMORY).free >= ROOM_BYTES:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(IN_MEMORY))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent

    def rank(item: pytest.Item) -> int:
        place = item.path.relative_to(here).as_posix()
        return next((number for number, begins in enumerate(LONGEST) if place.startswith(begins)), len(LONGEST))

    items.sort(key=rank)


@pytest.hookimpl(optionalhook=True)  # nobody asks without xdist
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> object:
    """Each file has one worker, since its tests share what is made for a module, and all journeys have one, since they share a stack."""
    return _Scheduling(config, log)


class _Scheduling(LoadFileScheduling):  # type: ignore[misc]  # xdist says nothing of its types
    def _split_scope(self, nodeid: str) -> str:
        return JOURNEYS if nodeid.startswith(JOURNEYS) else str(super()._split_scope(nodeid))


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    server = Postgres(tmp_path_factory.mktemp("postgres"))
    server.start()
    yield server
    server.abandon()
    shutil.rmtree(server.folder, ignore_errors=True)


@pytest.fixture(scope="session")
def nats(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nats]:
    with Nats(tmp_path_factory.mktemp("nats")) as server:
        yield server


@pytest.fixture(scope="session")
def databases(postgres: Postgres) -> Databases:
    """For what a whole session or module uses; a test takes `database`."""
    return Databases(postgres)


@pytest.fixture
async def database(databases: Databases) -> AsyncIterator[NewDatabase]:
    """`await database("listing", story=True)` gives a Database as if fresh; whoever is still in it after the test is thrown out.

    Any service name will do: one without a folder of migrations has the log, the bus and the callers' tables only.
    """
    taken: list[Database] = []

    async def new(service: str = "listing", *, story: bool = False) -> Database:
        taken.append(await databases.take(service, story=story))
        return taken[-1]

    yield new
    for one in taken:
        await databases.give_back(one)
