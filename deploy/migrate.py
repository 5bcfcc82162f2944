"""Plain SQL, applied once and in order: databases, roles and the migrations of each service.

deploy/migrations/<folder>/NNN_name.sql; a service's database gets the folders log, bus, identity, packs and its own, a throwaway
one also `story`. A migration runs as the owner, in one transaction, and may name the service's role as {role} and the vault's as {vault}.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path

import asyncpg

from deploy.servers import as_user

SERVICES = ("listing", "client", "commission", "authz")
MIGRATIONS = Path(__file__).parent / "migrations"
OWNER = "fenyong_owner"
VAULT = "fenyong_vault"
_LOCK = 0x66656E796F6E67  # "fenyong": one migrating process a database


class MigrationChanged(Exception):
    """An applied file was edited or is gone: what a database has seen is never rewritten, add a new file instead."""


def role_of(service: str) -> str:
    """The login role of a service, and the name of its database."""
    return f"fenyong_{service}"


async def prepare(
    admin_dsn: str, service: str, *, database: str | None = None, story: bool = False, passwords: Mapping[str, str] | None = None
) -> str:
    """Makes what is missing of a service's roles and database, and migrates it; returns the owner's address of it."""
    database, passwords = database or role_of(service), passwords or {}
    connection = await asyncpg.connect(admin_dsn)
    try:
        await connection.execute("select pg_advisory_lock($1)", _LOCK)
        for role in (OWNER, role_of(service), VAULT):
            await _ensure_role(connection, role, passwords.get(role))
        if not await connection.fetchval("select 1 from pg_database where datname = $1", database):
            await create_database(connection, database, service)
    finally:
        await connection.close()
    dsn = as_user(admin_dsn, database=database, user=OWNER, password=passwords.get(OWNER))
    folders = ["log", "bus", "identity", "packs", service, *(["story"] if story else [])]
    await migrate(dsn, folders=folders, names={"role": role_of(service), "vault": VAULT})
    return dsn


async def _ensure_role(connection: asyncpg.Connection, role: str, password: str | None) -> None:
    if not await connection.fetchval("select 1 from pg_roles where rolname = $1", role):
        await connection.execute(f'create role "{role}" login nosuperuser nocreatedb nocreaterole')
        if role == OWNER:  # who is no superuser may give a database only to a role that is also theirs
            await connection.execute(f'grant "{role}" to current_user')
    if password is not None:
        await connection.execute(f"alter role \"{role}\" password '{password.replace(chr(39), chr(39) * 2)}'")


async def create_database(connection: asyncpg.Connection, database: str, service: str, *, template: str = "template0") -> None:
    """A database, empty or a copy, that only its owner and its service may enter, and in authz' case the vault."""
    await connection.execute(f'create database "{database}" owner "{OWNER}" encoding \'UTF8\' template "{template}"')
    await connection.execute(f'revoke all on database "{database}" from public')
    for role in (role_of(service), *((VAULT,) if service == "authz" else ())):
        await connection.execute(f'grant connect on database "{database}" to "{role}"')


async def migrate(dsn: str, *, folders: Iterable[str], names: Mapping[str, str], root: Path = MIGRATIONS) -> list[str]:
    """Applies what is new, file by file, and says which; MigrationChanged if what was applied is not what stands there."""
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute("select pg_advisory_lock($1)", _LOCK)
        await connection.execute(
            "create table if not exists migrations"
            " (name text primary key, checksum text not null, applied_at timestamptz not null default now())"
        )
        applied = {row["name"]: row["checksum"] for row in await connection.fetch("select name, checksum from migrations")}
        files = {f"{folder}/{file.name}": file.read_text("utf-8") for folder in folders for file in sorted((root / folder).glob("*.sql"))}
        return [name for name, sql in files.items() if await _apply(connection, name, sql, applied=applied.get(name), names=names)]
    finally:
        await connection.close()


async def _apply(connection: asyncpg.Connection, name: str, sql: str, *, applied: str | None, names: Mapping[str, str]) -> bool:
    checksum = hashlib.sha256(sql.encode()).hexdigest()
    if applied == checksum:
        return False
    if applied is not None:
        raise MigrationChanged(f"{name} was edited after it was applied")
    for key, value in names.items():
        sql = sql.replace(f"{{{key}}}", value)
    async with connection.transaction():
        try:
            await connection.execute(sql)
        except asyncpg.PostgresError as error:
            error.add_note(f"in {name}")
            raise
        await connection.execute("insert into migrations (name, checksum) values ($1, $2)", name, checksum)
    return True
