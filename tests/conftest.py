"""Real servers for the tests: one Postgres and one NATS for each worker, a fresh database for each test that asks for one."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import pytest

from deploy.migrate import OWNER, VAULT, create_database, prepare, role_of
from deploy.servers import Nats, Postgres, as_user
from tests.stacks import cluster, new_stack

__all__ = ["cluster", "new_stack"]

LONGEST = ("deploy/test_cases_playing", "journeys/", "deploy/test_up", "deploy/test_cases_demo", "deploy/", "shared/", "test_", "model/")
"""What takes long begins first, so that no worker is left alone with it at the end."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent

    def rank(item: pytest.Item) -> int:
        place = item.path.relative_to(here).as_posix()
        return next((number for number, begins in enumerate(LONGEST) if place.startswith(begins)), len(LONGEST))

    items.sort(key=rank)


@dataclass(frozen=True)
class Database:
    """A migrated database, under the addresses of the service's own role, of the vault's, of the owner and of the superuser."""

    name: str
    dsn: str
    vault_dsn: str
    owner_dsn: str
    admin_dsn: str


NewDatabase = Callable[..., Awaitable[Database]]


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    with Postgres(tmp_path_factory.mktemp("postgres")) as server:
        yield server
    shutil.rmtree(server.folder, ignore_errors=True)


@pytest.fixture(scope="session")
def nats(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nats]:
    with Nats(tmp_path_factory.mktemp("nats")) as server:
        yield server


@pytest.fixture(scope="session")
async def _databases(postgres: Postgres) -> NewDatabase:
    """Migrated once for each service, then copied: a copy takes 30 ms."""
    templates: set[str] = set()
    numbers = itertools.count(1)

    async def new(service: str = "listing", *, story: bool = False) -> Database:
        template = f"template_{service}{'_story' if story else ''}"
        if template not in templates:
            await prepare(postgres.dsn(), service, database=template, story=story)
            templates.add(template)
        name = f"test_{next(numbers)}_{service}"
        async with administrator(postgres) as connection:
            await create_database(connection, name, service, template=template)
        users = (role_of(service), VAULT, OWNER, "postgres")
        return Database(name, *(as_user(postgres.dsn(), database=name, user=user) for user in users))

    return new


@pytest.fixture
async def database(postgres: Postgres, _databases: NewDatabase) -> AsyncIterator[NewDatabase]:
    """`await database("listing", story=True)` gives a fresh Database; whoever is still in it after the test is thrown out.

    Any service name will do: one without a folder of migrations has the log, the bus and the callers' tables only.
    """
    made: list[Database] = []

    async def new(service: str = "listing", *, story: bool = False) -> Database:
        made.append(await _databases(service, story=story))
        return made[-1]

    yield new
    async with administrator(postgres) as connection:  # dropping it as well would take a checkpoint each time
        await connection.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where datname = any($1)", [one.name for one in made]
        )


@asynccontextmanager
async def administrator(postgres: Postgres) -> AsyncIterator[asyncpg.Connection]:
    """A superuser's connection."""
    connection = await asyncpg.connect(postgres.dsn())
    try:
        yield connection
    finally:
        await connection.close()
