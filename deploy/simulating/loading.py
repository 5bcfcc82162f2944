"""Writing simulated logs into the databases of a folder, where `fenyong up` and the benchmarks find them."""

from pathlib import Path

import asyncpg

from deploy.migrate import OWNER, SERVICES, prepare, role_of
from deploy.servers import Postgres, as_user
from deploy.simulating.lives import claim_rows, journal_rows, rows
from deploy.simulating.world import World
from shared.identity import Connection
from shared.tenure import keep_activation

COLUMNS = ("position", "tenant", "stream", "version", "type", "data", "meta", "at", "recorded_at")
JOURNAL_COLUMNS = ("source", "position", "tenant", "stream", "version", "type", "data", "meta", "at", "recorded_at")
HEARD_BY_COMMISSION = ("authz", "listing", "client")
HEARD = "insert into checkpoints (source, task, position, reacted) values ($1, $2, $3, $4)"
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
    """Writes one service's log, with its claims and the story's clock, in one transaction; and what commission has heard of the others.
    Raises NotEmpty."""
    connection = await asyncpg.connect(dsn)
    try:
        async with connection.transaction():
            await connection.execute("select from head for update")
            if await connection.fetchval("select exists (select from log)"):
                raise NotEmpty
            await load_log(connection, world, service)
            await connection.copy_records_to_table("claims", records=claim_rows(world, service), columns=CLAIM_COLUMNS)
            await connection.execute("select set_story_clock($1, $2)", world.tenant, world.now)
            # Views are made of all that was simulated; what came of it was simulated as well, so that nobody reacts to it.
            heard = ("authz", "commission") if service == "authz" else tuple(world.logs)
            await connection.executemany(HEARD, [(source, "views", 0, len(world.logs[source])) for source in heard])
            if service == "commission":
                await load_journal(connection, world)
                journalled = {source: len(world.logs[source]) for source in HEARD_BY_COMMISSION}
                await connection.executemany(HEARD, [(source, "journal", upto, upto) for source, upto in journalled.items()])
        await connection.execute("analyze")
    finally:
        await connection.close()


async def load_log(connection: Connection, world: World, service: str) -> None:
    """Writes one service's log."""
    await connection.copy_records_to_table("log", records=rows(world, service), columns=COLUMNS)


async def load_journal(connection: Connection, world: World) -> None:
    """Writes what commission has heard of the others, as it would have journalled it, and the packs in force."""
    for source in HEARD_BY_COMMISSION:
        await connection.copy_records_to_table("journal", records=journal_rows(world, source), columns=JOURNAL_COLUMNS)
    for each in world.activations:
        await keep_activation(connection, world.tenant, each.pack.document, each.store, each.from_)
