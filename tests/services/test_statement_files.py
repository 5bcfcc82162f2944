"""Files of long statements: who waits for how many, in which order they are made, what a crash leaves, and how long they are there."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path
from typing import Any, BinaryIO, Final
from uuid import UUID

import asyncpg
import pytest

from services.commission.events import CODEC
from services.commission.reactions import Copyist
from services.commission.views import statement_files as files
from services.commission.views.statement_files import Asked, File
from services.commission.views.statements import Period, Subject
from shared.service import Service, Settings
from tests.databases import NewDatabase

TENANT: Final = UUID(int=0x5E)
OTHER: Final = UUID(int=0x5F)


@pytest.fixture
async def pool(database: NewDatabase) -> AsyncIterator[asyncpg.Pool[Any]]:
    async with asyncpg.create_pool((await database("commission")).dsn, min_size=1, max_size=4) as pool:
        yield pool


def asked(number: int, position: int = 7) -> Asked:
    period = Period(date(2025, 1, 1), date(2025, 12, 31))
    return Asked(Subject("store", f"S{number}"), period, None, position, "csv", "zh")


async def ask(pool: asyncpg.Pool[Any], number: int, by: str = "psn_a", tenant: UUID = TENANT) -> File | None:
    return await files.ask(pool, tenant, asked(number), lines=9, by=by)


async def made(pool: asyncpg.Pool[Any], content: bytes = b"lines") -> str:
    """Makes the next one; its id."""
    begun = await files.begin(pool)
    assert begun is not None
    tenant, file = begun
    await files.keep(pool, tenant, file.id, io.BytesIO(content))
    return file.id


async def bytes_of(pool: asyncpg.Pool[Any], id: str) -> bytes:
    return b"".join([part async for part in files.parts(pool, TENANT, id)])


async def test_the_same_is_asked_for_once_whoever_asks_and_however_many_at_once(pool: asyncpg.Pool[Any]) -> None:
    there = await asyncio.gather(*(ask(pool, 1, by) for by in ("psn_a", "psn_b") * 4))
    assert len({file.id for file in there if file is not None}) == 1
    assert len(there) == 8
    later = await files.ask(pool, TENANT, asked(1, position=9), lines=9, by="psn_c")
    assert later is not None
    assert later.asked.position == 7
    assert await pool.fetchval("select count(*) from statement_files") == 1
    other = await ask(pool, 1, tenant=OTHER)
    assert other is not None
    assert await files.found(pool, TENANT, other.id) is None


async def test_each_person_waits_for_three_at_a_time(pool: asyncpg.Pool[Any]) -> None:
    there = await asyncio.gather(*(ask(pool, number) for number in range(1, 9)))
    assert sum(file is not None for file in there) == files.WAITING_MAX == 3
    assert await ask(pool, 9) is None
    assert await ask(pool, 9, "psn_b")
    await made(pool)
    assert await ask(pool, 10)


async def test_the_longest_waiting_is_made_next_and_is_there_part_by_part(pool: asyncpg.Pool[Any]) -> None:
    first, second = await ask(pool, 1), await ask(pool, 2, "psn_b")
    assert first is not None
    assert second is not None
    content = bytes(range(256)) * (3 * files.PART_BYTES // 256) + b"the rest"
    assert await made(pool, content) == first.id
    shown = await files.found(pool, TENANT, first.id)
    assert shown is not None
    assert (shown.made, shown.size_bytes) == (True, len(content))
    assert await bytes_of(pool, first.id) == content
    assert (await made(pool), await files.begin(pool)) == (second.id, None)


async def test_what_is_made_twice_stays_as_it_was_first(pool: asyncpg.Pool[Any]) -> None:
    await ask(pool, 1)
    id = await made(pool, b"first")
    await files.keep(pool, TENANT, id, io.BytesIO(b"second, by who had lost the lease"))
    assert await bytes_of(pool, id) == b"first"


async def test_a_person_keeps_ten_and_each_for_a_day(pool: asyncpg.Pool[Any]) -> None:
    ids = []
    for number in range(1, files.KEPT_MAX + 2):
        assert await ask(pool, number)
        ids.append(await made(pool))
    assert await files.found(pool, TENANT, ids[0]) is None
    assert await bytes_of(pool, ids[0]) == b""
    assert await files.found(pool, TENANT, ids[1])
    await pool.execute("update statement_files set made_at = made_at - interval '24 hours'")
    assert await files.found(pool, TENANT, ids[1]) is None
    assert await ask(pool, 2), "it can be asked for anew"
    assert await pool.fetchval("select count(*) from statement_files") == 1


def copyist(pool: asyncpg.Pool[Any], dsn: str, write: Any) -> Copyist:
    service = Service("commission", CODEC, Settings(database=dsn, keys=Path("keys")))
    service.pool = pool
    return Copyist(service, write)


async def test_what_a_crash_left_is_begun_again_but_not_for_ever(pool: asyncpg.Pool[Any]) -> None:
    file = await ask(pool, 1)
    assert file is not None

    async def breaks(_pool: object, _tenant: UUID, _asked: Asked, out: BinaryIO) -> None:
        out.write(b"half of it")
        raise RuntimeError("the process dies here")

    async def writes(_pool: object, _tenant: UUID, asked: Asked, out: BinaryIO) -> None:
        out.write(asked.subject.id.encode())

    failing, whole = copyist(pool, "", breaks), copyist(pool, "", writes)
    with pytest.raises(RuntimeError):
        await failing.make_next()
    assert await bytes_of(pool, file.id) == b""
    assert (await whole.make_next(), await whole.make_next()) == (1, 0)
    assert await bytes_of(pool, file.id) == b"S1"
    assert await ask(pool, 2)
    for _ in range(files.BEGUN_MAX):
        with pytest.raises(RuntimeError):
            await failing.make_next()
    assert await failing.make_next() == 0
    given_up = await files.found(pool, TENANT, files.file_id(TENANT, asked(2)))
    assert given_up is not None
    assert given_up.given_up
    assert await ask(pool, 2)
    assert await whole.make_next() == 1


async def test_none_is_made_of_a_ledger_that_lacks_something(pool: asyncpg.Pool[Any]) -> None:
    file = await ask(pool, 1)
    assert file is not None
    await pool.execute(
        "insert into parked (source, task, position, tenant, stream, type, reason, attempts, entry)"
        " values ('commission', 'views', 7, $1, $1, 'deal.Settled', 'so', 1, '')",
        TENANT,
    )

    async def writes(_pool: object, _tenant: UUID, _asked: Asked, out: BinaryIO) -> None:
        out.write(b"all of it")

    assert await copyist(pool, "", writes).make_next() == 1
    assert await bytes_of(pool, file.id) == b""
    await pool.execute("delete from parked")
    assert await copyist(pool, "", writes).make_next() == 1
    assert await bytes_of(pool, file.id) == b"all of it"
