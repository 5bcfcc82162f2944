"""The formats of a statement, and how one is drawn up and written in them, some hundred lines at a time."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any, BinaryIO, Final, Protocol
from uuid import UUID

import asyncpg
from msgspec import Struct

from services.commission.api.statements_text import CsvWriter, JsonWriter
from services.commission.views import statements as views
from services.commission.views.statement_files import Asked, Format
from services.commission.views.statements import Control, Line, Statement
from shared.problems import Language


class Writer(Protocol):
    """Writes one statement in one format and language: its head, its lines some at a time, its end."""

    def begin(self, statement: Statement) -> None: ...
    def lines(self, lines: Sequence[Line]) -> None: ...
    def end(self, control: Control) -> None: ...


class Form(Struct, frozen=True):
    """A format: its media type, how it is written, how many lines of it are written while somebody waits, and how many at all."""

    media_type: str
    writer: Callable[[BinaryIO, Language], Writer]
    lines_waited_for: int
    lines_max: int


def _xlsx(out: BinaryIO, language: Language) -> Writer:
    from services.commission.api.statements_xlsx import XlsxWriter

    return XlsxWriter(out, language)


def _pdf(out: BinaryIO, language: Language) -> Writer:
    """What draws letters takes long to import, and much room: only who asks for a PDF waits for it, once."""
    from services.commission.api.statements_pdf import PdfWriter

    return PdfWriter(out, language)


FORMS: Final[dict[Format, Form]] = {
    "json": Form("application/json", JsonWriter, 200_000, 1_000_000),
    "csv": Form("text/csv; charset=utf-8; header=present", CsvWriter, 200_000, 1_000_000),
    "xlsx": Form("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", _xlsx, 100_000, 1_000_000),
    "pdf": Form("application/pdf", _pdf, 20_000, 200_000),
}
"""What can be written while somebody waits takes some ten seconds on a machine that does little else. Beyond what is written at all
nobody reads it; a sheet takes 1,048,576 rows."""
assert set(FORMS) == set(Format.__args__), "each format is written"  # type: ignore[attr-defined]


async def write_out(pool: "asyncpg.Pool[Any]", tenant: UUID, asked: Asked, out: BinaryIO, *, lines_max: int | None = None) -> Statement:
    """Draws a statement up and writes it; of one that has more than `lines_max` lines nothing but what it is. What was written has to be
    what the ledger sums to."""
    form = FORMS[asked.format]
    drawing = views.drawn_up(pool, tenant, asked.subject, asked.period, known_at=asked.known_at, position=asked.position)
    async with drawing as (drawn, lines):
        if lines_max is None or drawn.net.lines <= lines_max:
            await _write(await asyncio.to_thread(form.writer, out, asked.language), drawn, lines)
    return drawn


async def _write(writer: Writer, statement: Statement, lines: AsyncIterator[list[Line]]) -> None:
    """In a thread, so that the others are answered meanwhile."""
    control = Control(statement)

    def take(some: list[Line]) -> None:
        control.count(some)
        writer.lines(some)

    await asyncio.to_thread(writer.begin, statement)
    async for some in lines:
        await asyncio.to_thread(take, some)
    assert control.sum == statement.net, "the lines of a statement sum to what the ledger sums to"
    await asyncio.to_thread(writer.end, control)
