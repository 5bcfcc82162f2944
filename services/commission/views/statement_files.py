"""Statements that take longer than anybody waits: what was asked for, what is to be made next, and the files that were made.

May be dropped: whoever waits asks again. Files lie in the database, some hundred kilobytes a row, so that any replica gives them out.
"""

from collections.abc import AsyncIterator
from datetime import datetime
from hashlib import sha256
from typing import IO, Any, Final, Literal
from uuid import UUID

import asyncpg
import msgspec
from msgspec import Struct

from services.commission.views.statements import Period, Subject
from shared.entry import id_of, uuid_of
from shared.problems import Language

Format = Literal["json", "csv", "xlsx", "pdf"]
WAITING_MAX: Final = 3
"""So many files one person may wait for at a time."""
KEPT_MAX: Final = 10
"""So many files are there for one person; the oldest makes way."""
KEPT_HOURS: Final = 24
BEGUN_MAX: Final = 5
"""So often a file is begun: what ends the process each time is not begun for ever."""
PART_BYTES: Final = 1 << 18


class Asked(Struct, frozen=True):
    """A statement in a format and a language: of whom, of which days, as known when (None: the days are over), up to which position."""

    subject: Subject
    period: Period
    known_at: datetime | None
    position: int
    format: Format
    language: Language


class File(Struct, frozen=True):
    """A file that was asked for; `sha256` and size are there once it is made. `given_up`: it was begun too often."""

    id: str
    asked: Asked
    lines: int
    made: bool
    given_up: bool
    sha256: bytes | None
    size_bytes: int | None


_ASKED: Final = msgspec.json.Decoder(Asked)
_WANTED: Final = (
    "select id, asked, lines, made_at is not null as made, made_at is null and begun >= $2 as given_up, sha256, size_bytes"
    " from statement_files"
)


def file_id(tenant: UUID, asked: Asked) -> str:
    """It follows from what was asked, but for the position, so that asking for the same again finds it."""
    told = msgspec.json.encode((tenant, asked.subject, asked.period, asked.known_at, asked.format, asked.language))
    return id_of("fil", UUID(bytes=sha256(told).digest()[:16]))


async def found(connection: Any, tenant: UUID, id: str) -> File | None:
    """A file that is there or being made; None: nobody asked for it, or it is gone."""
    row = await connection.fetchrow(
        f"{_WANTED} where tenant = $1 and id = $3 and (made_at is null or made_at > clock_timestamp() - make_interval(hours => $4))",
        tenant, BEGUN_MAX, uuid_of(id), KEPT_HOURS,
    )  # fmt: skip
    return None if row is None else _file(row)


def _file(row: Any) -> File:
    return File(
        id_of("fil", row["id"]), _ASKED.decode(row["asked"]), row["lines"], row["made"], row["given_up"], row["sha256"], row["size_bytes"]
    )


async def ask(pool: "asyncpg.Pool[Any]", tenant: UUID, asked: Asked, *, lines: int, by: str) -> File | None:
    """Asks for a file, unless it is there or asked for already; one that was given up is asked for anew. None: this person waits for too
    many. What is too old, or too much of this person's, makes way."""
    id = file_id(tenant, asked)
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("select pg_advisory_xact_lock(hashtextextended('statement files of ' || $1 || $2, 0))", str(tenant), by)
        await connection.execute(
            "delete from statement_files where made_at < clock_timestamp() - make_interval(hours => $1) or tenant = $2 and id = $3"
            " and made_at is null and begun >= $4",
            KEPT_HOURS, tenant, uuid_of(id), BEGUN_MAX,
        )  # fmt: skip
        there = await found(connection, tenant, id)
        if there is not None:
            return there
        waiting = "select count(*) from statement_files where tenant = $1 and by = $2 and made_at is null and begun < $3"
        if await connection.fetchval(waiting, tenant, by, BEGUN_MAX) >= WAITING_MAX:
            return None
        await connection.execute(
            "delete from statement_files where tenant = $1 and id in (select id from statement_files where tenant = $1 and by = $2"
            " and (made_at is not null or begun >= $3) order by asked_at desc offset $4)",
            tenant, by, BEGUN_MAX, KEPT_MAX - 1,
        )  # fmt: skip
        await connection.execute(
            "insert into statement_files (tenant, id, asked, lines, by) values ($1, $2, $3, $4, $5) on conflict do nothing",
            tenant, uuid_of(id), msgspec.json.encode(asked), lines, by,
        )  # fmt: skip
        return await found(connection, tenant, id)


async def begin(connection: Any) -> tuple[UUID, File] | None:
    """The next file to be made, of any company, the longest waiting first; and that it was begun once more. None: nobody waits."""
    row = await connection.fetchrow(
        "update statement_files set begun = begun + 1 where (tenant, id) = (select tenant, id from statement_files"
        " where made_at is null and begun < $1 order by asked_at limit 1)"
        " returning tenant, id, asked, lines, false as made, false as given_up, sha256, size_bytes",
        BEGUN_MAX,
    )
    return None if row is None else (row["tenant"], _file(row))


async def keep(pool: "asyncpg.Pool[Any]", tenant: UUID, id: str, content: IO[bytes]) -> None:
    """Keeps a file that was made, whole or not at all; what somebody else has made meanwhile stays."""
    digest, number = sha256(), 0
    async with pool.acquire() as connection, connection.transaction():
        row = await connection.fetchrow(
            "select from statement_files where tenant = $1 and id = $2 and made_at is null for update", tenant, uuid_of(id)
        )
        if row is None:
            return
        content.seek(0)
        while part := content.read(PART_BYTES):
            digest.update(part)
            number += 1
            await connection.execute("insert into statement_parts values ($1, $2, $3, $4)", tenant, uuid_of(id), number, part)
        await connection.execute(
            "update statement_files set made_at = clock_timestamp(), sha256 = $3, size_bytes = $4 where tenant = $1 and id = $2",
            tenant, uuid_of(id), digest.digest(), content.tell(),
        )  # fmt: skip


async def parts(pool: "asyncpg.Pool[Any]", tenant: UUID, id: str) -> AsyncIterator[bytes]:
    """A file's bytes, part by part; no connection is kept between them, however slowly they are taken."""
    number = 1
    while part := await pool.fetchval(
        "select content from statement_parts where tenant = $1 and id = $2 and number = $3", tenant, uuid_of(id), number
    ):
        yield part
        number += 1
