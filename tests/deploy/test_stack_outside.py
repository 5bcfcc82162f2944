"""Servers of one's own: a Postgres that lends us a role which may create roles and databases, and any NATS with JetStream."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import asyncpg
import httpx2

from deploy.migrate import SERVICES, role_of
from deploy.servers import Nats, Postgres, as_user
from deploy.stack import Stack
from tests.deploy.standin import APPS


async def test_a_stack_on_servers_outside_starts_none_and_gives_its_roles_passwords(tmp_path: Path, nats: Nats) -> None:
    with Postgres(tmp_path / "outside") as server:
        await _administered(server, "create role lent login createrole createdb")
        lent = as_user(server.dsn(), database="postgres", user="lent")
        for _ in ("made", "found"):
            async with Stack(tmp_path / "data", postgres=lent, nats=nats.url, apps=APPS) as stack:
                assert (stack.postgres, stack.nats) == (None, None)
                assert (await asyncio.to_thread(httpx2.get, f"{stack.address}/v1/people", trust_env=False)).json()["service"] == "authz"
                assert (
                    await _administered(server, "select count(*) from pg_database where datname = any($1)", list(map(role_of, SERVICES)))
                    == 4
                )
                assert (
                    await _administered(server, "select count(*) from pg_authid where rolname like 'fenyong%' and rolpassword is null") == 0
                )
        kept = tmp_path / "data" / "keys" / "postgres.json"
        assert os.stat(kept).st_mode & 0o077 == 0


async def _administered(server: Postgres, statement: str, *arguments: object) -> object:
    connection = await asyncpg.connect(server.dsn())
    try:
        return await connection.fetchval(statement, *arguments)
    finally:
        await connection.close()
