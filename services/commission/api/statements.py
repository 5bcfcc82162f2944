"""Requests for statements: whose, of which days, in which format; written to a file as the lines come, and sent when it is whole."""

import asyncio
import base64
import re
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime
from hashlib import sha256
from tempfile import SpooledTemporaryFile
from typing import IO, Annotated, BinaryIO, Final, Literal, Protocol, cast
from urllib.parse import quote

from fastapi import Query
from msgspec import Struct
from starlette.background import BackgroundTask
from starlette.responses import Response, StreamingResponse

from services.commission.api import statements_words as words
from services.commission.api.statements_text import CsvWriter, JsonWriter
from services.commission.views import statements as views
from services.commission.views.statements import Control, Line, Period, Statement, Subject
from shared.calendar import SMALLEST
from shared.identity import posts_of
from shared.problems import Language
from shared.regulation import Refused
from shared.service import Code, Context, Ctx, Day, Declined, FieldError, Instant, PersonId, Routes
from shared.tenure import COMPANY, ground

routes = Routes()
Format = Literal["json", "csv", "xlsx", "pdf"]

WRITTEN_AT_ONCE = 4
"""How many statements one process writes at a time; who comes then waits. Each keeps a connection of the pool while it is written."""
IN_MEMORY_BYTES = 1 << 20
_CHUNK_BYTES = 1 << 16


class Writer(Protocol):
    """Writes one statement in one format and language: its head, its lines some at a time, its end."""

    def begin(self, statement: Statement) -> None: ...
    def lines(self, lines: Sequence[Line]) -> None: ...
    def end(self, control: Control) -> None: ...


class Form(Struct, frozen=True):
    """A format: its media type, how it is written, and how many lines it may have."""

    media_type: str
    writer: Callable[[BinaryIO, Language], Writer]
    lines_max: int


def _xlsx(out: BinaryIO, language: Language) -> Writer:
    from services.commission.api.statements_xlsx import XlsxWriter

    return XlsxWriter(out, language)


def _pdf(out: BinaryIO, language: Language) -> Writer:
    """What draws letters takes long to import, and much room: only who asks for a PDF waits for it, once."""
    from services.commission.api.statements_pdf import PdfWriter

    return PdfWriter(out, language)


FORMS: Final[dict[Format, Form]] = {
    "json": Form("application/json", JsonWriter, 200_000),
    "csv": Form("text/csv; charset=utf-8; header=present", CsvWriter, 200_000),
    "xlsx": Form("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", _xlsx, 100_000),
    "pdf": Form("application/pdf", _pdf, 20_000),
}
"""The limits are what can be written while somebody waits: some ten seconds on a machine that does little else."""


@routes.query("/v1/statements", act="statement.read")
async def statement(
    ctx: Ctx,
    first: Annotated[Day, Query(alias="from")],
    last: Annotated[Day, Query(alias="to")],
    person: PersonId | None = None,
    team: Code | None = None,
    store: Code | None = None,
    company: Literal["account", "ledger"] | None = None,
    format: Format | None = None,
    known_at: Instant | None = None,
) -> Response:
    """What was booked for a person, a team's account, a store's credit, the company's own account, or in all, from the first to the last
    of these days: with its totals, its lines and their clauses. Without any of them: the caller's own."""
    form = _form(ctx, format)
    subject = _subject(ctx, person=person, team=team, store=store, company=company)
    if last < first:
        raise Declined("invalid_request", errors=[FieldError("/query/to", "out_of_range")])
    period = Period(first, last)
    await _see(ctx, subject)
    until, position = await _known(ctx, period, known_at)
    async with _TURNS:
        return await _written(ctx, form, subject, period, until, position)


def _subject(ctx: Context, **asked: str | None) -> Subject:
    given = [(name, id) for name, id in asked.items() if id is not None]
    if len(given) > 1:
        raise Declined(
            "invalid_request", errors=[FieldError(f"/query/{name}", "only_one", {"options": list(asked)}) for name, _ in given[1:]]
        )
    match given:
        case [("company", "account" | "ledger" as of)]:
            return Subject(of, ctx.caller.company)
        case [("person" | "team" | "store" as of, str(id))]:
            return Subject(of, id)
    if ctx.caller.post.role == "hq":
        raise Refused("unknown_reference")  # head office is nobody of the company
    return Subject("person", ctx.caller.person)


# Who may see it


async def _see(ctx: Context, subject: Subject) -> None:
    """The person themselves, the members of a team, the manager of a store; those above them; and who reads everything of the company. To
    everybody else it is as if there were nobody of that name."""
    pool, tenant, caller = ctx.service.pool, ctx.tenant, ctx.caller
    match subject.of:
        case "person" | "team":
            post = (await ground(pool, tenant, [subject.key])).post(subject.key)
            own = subject.id == (caller.person if subject.of == "person" else caller.post.team)
            is_there, may = post is not None, ctx.may(own=own, over=(post,))
        case "store":
            posts = await posts_of(pool, tenant, store=subject.id)
            is_there, may = bool(posts), ctx.may(over=posts, stores=(subject.id,))
        case "account" | "ledger":
            is_there, may = True, ctx.may()
    if not may or not (is_there or await views.is_known(pool, tenant, subject)):
        raise Refused("unknown_reference")


# Up to when it is known


async def _known(ctx: Context, period: Period, known_at: datetime | None) -> tuple[datetime | None, int]:
    """Up to when the ledger is asked (None: the period is over and known whole), and the company's last position recorded by then, which
    the ledger has reached. Declined: not_yet_heard."""
    now = await ctx.service.log.now(ctx.tenant)
    asked = min(now, known_at or now)
    until = None if period.ends <= asked else asked
    position, _ = await ctx.service.log.last_position(ctx.tenant, period.ends - SMALLEST if until is None else until)
    own = ctx.service.name
    heard = await ctx.service.reached({own: position}) is None and await views.is_whole(ctx.service.pool, ctx.tenant, position)
    if not heard:
        raise Declined("not_yet_heard", source=own, position=position)
    return until, position


# In which format


def _form(ctx: Context, asked: Format | None) -> Form:
    """The format asked for in the query, else the one that `Accept` wants most; JSON if nothing is said. Declined: not_acceptable."""
    if asked is not None:
        return FORMS[asked]
    wanted = [_wanted(item) for item in ctx.request.headers.get("accept", "*/*")[:1000].split(",")]
    best = max(FORMS.values(), key=lambda form: _quality(form, wanted))  # the first of equals, and JSON is the first
    if _quality(best, wanted) <= 0:
        raise Declined("not_acceptable")
    return best


def _wanted(item: str) -> tuple[str, float]:
    """A media range of an `Accept` header, and how much it is wanted."""
    media, *parameters = (part.strip() for part in item.lower().split(";"))
    quality = next((part[2:] for part in parameters if part.startswith("q=")), "1")
    return media, float(quality) if re.fullmatch(r"[01](\.\d{0,3})?", quality) else 0.0


def _quality(form: Form, wanted: Sequence[tuple[str, float]]) -> float:
    """How much a format is wanted: by the range that names it most closely (RFC 9110)."""
    media = form.media_type.partition(";")[0]
    for range in (media, f"{media.partition('/')[0]}/*", "*/*"):
        for named, quality in wanted:
            if named == range:
                return quality
    return 0.0


# Writing and sending


_TURNS: Final = asyncio.Semaphore(WRITTEN_AT_ONCE)


async def _written(ctx: Context, form: Form, subject: Subject, period: Period, known_at: datetime | None, position: int) -> Response:
    """The statement as a file, whole before the first byte of it is sent: nobody gets half of one."""
    out = cast(BinaryIO, SpooledTemporaryFile(max_size=IN_MEMORY_BYTES))  # noqa: SIM115 - closed once it was sent
    try:
        async with views.drawn_up(ctx.service.pool, ctx.tenant, subject, period, known_at=known_at, position=position) as (drawn, lines):
            if drawn.net.lines > form.lines_max:
                raise Declined("invalid_request", errors=[FieldError("/query/format", "too_many_lines", {"limit": form.lines_max})])
            await _write(await asyncio.to_thread(form.writer, out, ctx.language), drawn, lines)
        return await _sent(ctx, form, drawn, out)
    except BaseException:
        out.close()
        raise


async def _write(writer: Writer, statement: Statement, lines: AsyncIterator[list[Line]]) -> None:
    """Writes it in a thread, some hundred lines at a time. What was written has to be what the ledger sums to."""
    control = Control(statement)

    def take(some: list[Line]) -> None:
        control.count(some)
        writer.lines(some)

    await asyncio.to_thread(writer.begin, statement)
    async for some in lines:
        await asyncio.to_thread(take, some)
    assert control.sum == statement.net, "the lines of a statement sum to what the ledger sums to"
    await asyncio.to_thread(writer.end, control)


async def _sent(ctx: Context, form: Form, statement: Statement, out: BinaryIO) -> Response:
    digest, length = await asyncio.to_thread(_digested, out)
    etag = f'"{digest.hex()[:32]}"'
    headers = {
        "etag": etag,
        "cache-control": "private, no-cache",
        "vary": "Authorization, Accept, Accept-Language",
        "repr-digest": f"sha-256=:{base64.b64encode(digest).decode()}:",
    }
    known = [tag.strip().removeprefix("W/") for tag in ctx.request.headers.get("if-none-match", "").split(",")]
    if etag in known or known == ["*"]:
        out.close()
        return Response(status_code=304, headers=headers)
    headers |= {"content-type": form.media_type, "content-length": str(length)}
    if form.writer is not JsonWriter:
        headers |= {"content-language": "zh-CN" if ctx.language == "zh" else "en", "content-disposition": _named(ctx, form, statement)}
    return StreamingResponse(_chunks(out), 200, headers, background=BackgroundTask(out.close))


def _digested(out: IO[bytes]) -> tuple[bytes, int]:
    out.seek(0)
    digest = sha256()
    while chunk := out.read(_CHUNK_BYTES):
        digest.update(chunk)
    return digest.digest(), out.tell()


async def _chunks(out: IO[bytes]) -> AsyncIterator[bytes]:
    out.seek(0)
    try:
        while chunk := out.read(_CHUNK_BYTES):
            yield chunk
    finally:
        out.close()


def _named(ctx: Context, form: Form, statement: Statement) -> str:
    """What the file is called where it is saved."""
    ending = next(name for name, other in FORMS.items() if other is form)
    days = f"{statement.period.first}_{statement.period.last}.{ending}"
    told = words.TITLE.said(ctx.language).replace(" ", "-")
    who = {"account": COMPANY, "ledger": "ledger"}.get(statement.subject.of, statement.subject.id)
    return f"attachment; filename=\"statement_{days}\"; filename*=UTF-8''{quote(f'{told}_{who}_{days}')}"


assert set(FORMS) == set(Format.__args__), "each format is written"  # type: ignore[attr-defined]
