"""Writing simulated logs into the databases of a folder, where `fenyong up` and the benchmarks find them."""

from pathlib import Path

import asyncpg

from deploy.migrate import OWNER, SERVICES, prepare, role_of
from deploy.servers import Postgres, as_user
from deploy.simulating.lives import claim_rows, rows
from deploy.simulating.world import World

COLUMNS = ("position", "tenant", "stream", "version", "type", "data", "meta", "at", "recorded_at")
CLAIM_COLUMNS = ("tenant", "kind", "key", "stream", "by", "recorded_at")


class NotEmpty(Exception):
    """The folder's logs hold something already: a simulation is loaded into new databases only."""


async def load_into(folder: Path, world: World) -> None:
    """Starts the folder's Postgres, makes its databases, writes the four logs and stops it again. Raises NotEmpty."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with Postgres(folder / "postgres") as server:
        for service in SERVICES:
            await prepare(server.dsn(), service, story=True)
            await load(as_user(server.dsn(), database=role_of(service), user=OWNER), world, service)


async def load(dsn: str, world: World, service: str) -> None:
    """Writes one service's log, with its claims and the story's clock, in one transaction. Raises NotEmpty."""
    connection = await asyncpg.connect(dsn)
    try:
        async with connection.transaction():
            await connection.execute("select from head for update")
            if await connection.fetchval("select exists (select from log)"):
                raise NotEmpty
            log = rows(world, service)
            await connection.copy_records_to_table("log", records=log, columns=COLUMNS)
            await connection.copy_records_to_table("claims", records=claim_rows(world, service), columns=CLAIM_COLUMNS)
            await connection.execute("select set_story_clock($1, $2)", world.tenant, world.now)
        await connection.execute("analyze")
    finally:
        await connection.close()
