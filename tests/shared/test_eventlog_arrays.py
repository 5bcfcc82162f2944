"""Arrays that the log writes for Postgres itself are those that asyncpg would have written."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from deploy.servers import Postgres
from shared.eventlog.arrays import write_arrays_so

ARRAYS: dict[str, Sequence[Any]] = {
    "uuid": [UUID(int=0), uuid4(), UUID(int=(1 << 128) - 1)],
    "integer": [0, 1, 204, (1 << 31) - 1],
    "text": ["", "null", 'a "quoted" {comma}, \\ and more', "房源", "long" * 1000],
    "bytea": [b"", b"\0\xff", bytes(range(256)) * 8],
    "timestamptz": [
        datetime(2000, 1, 1, tzinfo=UTC),
        datetime(1999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
        datetime(2026, 2, 28, 8, 30, 0, 1, tzinfo=timezone(timedelta(hours=8))),
        datetime(9999, 12, 31, tzinfo=UTC),
    ],
}


@pytest.fixture
async def connection(postgres: Postgres) -> asyncpg.Connection:
    return await asyncpg.connect(postgres.dsn())


async def test_arrays_say_the_same(connection: asyncpg.Connection) -> None:
    query = "select " + ", ".join(f"array_to_json(${n}::{type}[])::text, cardinality(${n})" for n, type in enumerate(ARRAYS, start=1))
    theirs = await connection.fetchrow(query, *ARRAYS.values())
    write_arrays_so(connection)
    assert await connection.fetchrow(f"{query} as of_ours", *ARRAYS.values()) == theirs
    await connection.close()


NAIVE = datetime(2026, 1, 1)  # noqa: DTZ001
WRONG = [("integer", -1), ("integer", 1 << 40), ("text", "\ud800"), ("timestamptz", NAIVE), ("uuid", "x")]


@pytest.mark.parametrize(("type", "wrong"), WRONG)
async def test_what_cannot_be_written_is_the_callers_fault(connection: asyncpg.Connection, type: str, wrong: object) -> None:
    write_arrays_so(connection)
    statement = await connection.prepare(f"select cardinality($1::{type}[])")
    with pytest.raises(asyncpg.DataError):
        await statement.fetchval([wrong])
    assert await statement.fetchval(ARRAYS[type][:1]) == 1, "the connection goes on"
    await connection.close()
