"""What counts as Postgres being away: also the moment between its good-bye and its hanging up."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import asyncpg
import pytest

from shared.bus.condition import database_is_away
from shared.entry import new_id, uuid_of
from shared.eventlog import Unreachable
from shared.eventlog.reading import Asked
from shared.eventlog.together import Together
from tests.shared.bus_toy import TENANT


def message(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack("!i", len(body) + 4) + body


GREETING = message(b"R", struct.pack("!i", 0)) + message(b"S", b"server_version\x0018.0\x00") + message(b"Z", b"I")
FAREWELL = message(b"E", b"SFATAL\x00VFATAL\x00C57P01\x00Mterminating connection due to administrator command\x00\x00")


@pytest.fixture
async def parting(tmp_path: Path) -> AsyncIterator[str]:
    """The address of a server that lets in whoever comes, says good-bye, and hangs up only when they do."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        (length,) = struct.unpack("!i", await reader.readexactly(4))
        await reader.readexactly(length - 4)
        writer.write(GREETING + FAREWELL)
        await reader.read()
        writer.close()

    server = await asyncio.start_unix_server(serve, tmp_path / ".s.PGSQL.5432")
    yield f"postgresql://somebody@/postgres?host={tmp_path}&sslmode=disable"
    server.close()


async def test_a_connection_used_after_the_servers_good_bye_says_that_it_is_away(parting: str) -> None:
    connection = await asyncpg.connect(parting)
    with pytest.raises(asyncpg.InternalClientError) as used:
        await connection.execute("select 1")
    assert database_is_away(used.value)
    assert not database_is_away(asyncpg.InternalClientError("cannot switch to state 15; another operation (12) is in progress"))
    connection.terminate()


async def test_what_is_asked_of_a_server_that_only_says_good_bye_is_unreachable(parting: str) -> None:
    async def asking(connection: asyncpg.Connection[asyncpg.Record]) -> Callable[[list[Asked]], Awaitable[None]]:
        async def ask(batch: list[Asked]) -> None:
            await connection.execute("select 1")

        return ask

    reads = Together("log reader", parting, asking, largest_batch=8)
    await reads.start()
    with pytest.raises(Unreachable):
        await reads.do(Asked(TENANT, uuid_of(new_id("toy")), None, None))
    await reads.stop()
