"""Migrated databases for tests, each as if fresh: made once for each service, copied when one more is needed, and emptied to be used again.

To copy one takes 70 ms, to delete its three hundred files at the end longer still; to empty it takes a fifth of that.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from io import BytesIO
from typing import Final

import asyncpg

from deploy.migrate import OWNER, VAULT, create_database, prepare, role_of
from deploy.servers import Postgres, as_user

_OURS: Final = "not in ('pg_catalog', 'information_schema', 'pg_toast')"
_TABLES: Final = f"select schemaname, tablename from pg_tables where schemaname {_OURS}"
_SHAPE: Final = f"""
    select string_agg(what, ' ' order by what) from (
        select concat(c.oid::regclass, c.relacl) from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname {_OURS}
        union all
        select concat(p.oid::regprocedure, p.prosrc) from pg_proc p join pg_namespace n on n.oid = p.pronamespace where n.nspname {_OURS}
    ) as shape(what)
"""

Table = tuple[str, str]
Rows = dict[Table, bytes]


@dataclass(frozen=True)
class Database:
    """A migrated database like its template, under the addresses of the service's own role, of the vault's, of the owner and of the
    superuser."""

    name: str
    template: str
    dsn: str
    vault_dsn: str
    owner_dsn: str
    admin_dsn: str


NewDatabase = Callable[..., Awaitable[Database]]


@asynccontextmanager
async def connected(dsn: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(dsn)
    try:
        yield connection
    finally:
        await connection.close()


def administrator(postgres: Postgres, database: str = "postgres") -> AbstractAsyncContextManager[asyncpg.Connection]:
    """A superuser's connection, as a context."""
    return connected(postgres.dsn(database))


class Databases:
    """The databases of one server."""

    def __init__(self, server: Postgres) -> None:
        self._server = server
        self._templates: dict[str, tuple[str, Rows]] = {}
        self._clean: dict[str, list[str]] = defaultdict(list)
        self._numbers = itertools.count(1)

    async def take(self, service: str = "listing", *, story: bool = False) -> Database:
        """One that nobody uses."""
        template = f"template_{service}{'_story' if story else ''}"
        if template not in self._templates:
            await prepare(self._server.dsn(), service, database=template, story=story)
            async with administrator(self._server, template) as connection:
                self._templates[template] = await connection.fetchval(_SHAPE), await _rows(connection)
        clean = self._clean[template]
        name = clean.pop() if clean else await self._copied(template, service)
        users = (role_of(service), VAULT, OWNER, "postgres")
        return Database(name, template, *(as_user(self._server.dsn(), database=name, user=user) for user in users))

    async def _copied(self, template: str, service: str) -> str:
        name = f"test_{next(self._numbers)}_{service}"
        async with administrator(self._server) as connection:
            await create_database(connection, name, service, template=template)
        return name

    async def give_back(self, database: Database) -> None:
        """Throws out whoever is still in it, and empties it. One whose tables or functions were changed is left alone."""
        async with administrator(self._server) as connection:
            await connection.execute("select pg_terminate_backend(pid) from pg_stat_activity where datname = $1", database.name)
        shape, rows = self._templates[database.template]
        async with administrator(self._server, database.name) as connection:
            if await connection.fetchval(_SHAPE) == shape:
                await _empty(connection, rows)
                self._clean[database.template].append(database.name)


async def _rows(connection: asyncpg.Connection) -> Rows:
    """What each table holds that is not empty."""
    rows: Rows = {}
    for schema, table in await _filled(connection):
        written = BytesIO()
        await connection.copy_from_table(table, schema_name=schema, output=written, format="binary")
        rows[schema, table] = written.getvalue()
    return rows


async def _filled(connection: asyncpg.Connection) -> list[Table]:
    tables = [(row["schemaname"], row["tablename"]) for row in await connection.fetch(_TABLES)]
    asked = " union all ".join(f'(select {place} from "{s}"."{t}" limit 1)' for place, (s, t) in enumerate(tables))
    return [tables[row[0]] for row in await connection.fetch(asked)]


async def _empty(connection: asyncpg.Connection, rows: Rows) -> None:
    """As it was when it was made."""
    async with connection.transaction():
        filled = ", ".join(f'"{schema}"."{table}"' for schema, table in await _filled(connection))
        await connection.execute(f"truncate {filled} restart identity cascade")
        for (schema, table), written in rows.items():
            await connection.copy_to_table(table, schema_name=schema, source=BytesIO(written), format="binary")
