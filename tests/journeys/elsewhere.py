"""The same history in another place: a copy of a service's database, and another process of the commission service that reads it."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import httpx2

from deploy.children import Child, Process, Spawn, program
from deploy.migrate import create_database, role_of
from deploy.nursery import NURSERY
from deploy.servers import as_user
from deploy.stack import Stack
from tests.journeys.telling import door

ROOT = Path(__file__).parents[2]


@asynccontextmanager
async def copied(stack: Stack, service: str, name: str) -> AsyncIterator[asyncpg.Connection]:
    """A copy of a service's database as it stands now, beside it, and a superuser in it. What is done to it harms nobody."""
    assert stack.postgres, "this stack runs its own Postgres"
    connection = await asyncpg.connect(stack.postgres.dsn())
    try:
        await create_database(connection, name, service)
        await asyncio.to_thread(_copy, stack, role_of(service), name)
        intruder = await asyncpg.connect(stack.postgres.dsn(name))
        yield intruder
        await intruder.close()
    finally:
        await connection.execute(f'drop database if exists "{name}" with (force)')
        await connection.close()


def _copy(stack: Stack, source: str, target: str) -> None:
    """By dump and restore, since a database that is in use cannot be a template."""
    assert stack.postgres
    dump = subprocess.run(stack.postgres.command("pg_dump", stack.postgres.dsn(source)), capture_output=True, check=True)
    psql = stack.postgres.command("psql", "--quiet", "--no-psqlrc", "--set", "ON_ERROR_STOP=1", stack.postgres.dsn(target))
    subprocess.run(psql, input=dump.stdout, capture_output=True, check=True)


@asynccontextmanager
async def another_commission(
    stack: Stack, folder: Path, *, database: str | None = None, environment: Mapping[str, str] | None = None, forked: bool = True
) -> AsyncIterator[httpx2.AsyncClient]:
    """One more process of the commission service, on the stack's database or a copy of that name, under an environment of its own;
    `forked` like the stack's from one that has everything imported, else a new Python."""
    socket = stack.sockets["commission"][0].with_name(f"{folder.name[-20:]}.sock")
    told = {
        "FENYONG_DATABASE": as_user(stack.dsn("commission"), database=database or role_of("commission"), user=role_of("commission")),
        "FENYONG_KEYS": str(stack.keys),
        "FENYONG_PEERS": json.dumps({service: f"unix:{sockets[0]}" for service, sockets in stack.sockets.items()}),
        "FENYONG_REPLICA": "elsewhere",
    }
    log, app, options = folder / "commission.log", "services.commission.app:app", ["--uds", str(socket), "--log-level", "warning"]
    environment = os.environ | told | dict(environment or {})
    anew = program([sys.executable, "-m", "shared.service", app, *options], environment=environment, log=log, folder=ROOT)

    async def fork() -> Process:
        return await NURSERY.raise_one(app, options, environment, log, ROOT)

    spawn: Spawn = fork if forked else anew
    child = Child("commission elsewhere", spawn, log=log, ready=lambda: _is_ready(socket))
    try:
        await child.start()
        async with door(socket) as process:
            yield process
    finally:
        await child.stop()


async def _is_ready(socket: Path) -> bool:
    try:
        async with door(socket) as process:
            return (await process.get("/readyz")).status_code == 200
    except httpx2.TransportError:
        return False
