"""Requests for statements: whose, of which days, in which format; written to a file as the lines come, and sent when it is whole."""

import asyncio
import base64
import re
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime
from hashlib import sha256
from tempfile import SpooledTemporaryFile
from typing import IO, Annotated, BinaryIO, Final, Literal, cast
from urllib.parse import quote

from fastapi import Query
from starlette.background import BackgroundTask
from starlette.responses import Response, StreamingResponse

from services.commission.api import statements_words as words
from services.commission.api.statements_forms import FORMS, Form, write_out
from services.commission.views import statement_files as files
from services.commission.views import statements as views
from services.commission.views.statement_files import Asked, Format
from services.commission.views.statements import Period, Subject
from shared.calendar import SMALLEST
from shared.identity import posts_of
from shared.regulation import Refused
from shared.service import Code, Context, Ctx, Day, Declined, FieldError, Instant, PersonId, Routes, json_of, reference
from shared.tenure import COMPANY, ground

routes = Routes()
FileId = Annotated[str, *reference("fil")]

WRITTEN_AT_ONCE = 4
"""How many statements one process writes at a time; who comes then waits. Each keeps a connection of the pool while it is written."""
IN_MEMORY_BYTES = 1 << 20
LOOK_AGAIN_S: Final = 5
_CHUNK_BYTES = 1 << 16


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
    format = format or _format(ctx)
    subject = _subject(ctx, person=person, team=team, store=store, company=company)
    if last < first:
        raise Declined("invalid_request", errors=[FieldError("/query/to", "ends_before_it_begins")])
    period = Period(first, last)
    await _see(ctx, subject)
    until, position = await _known(ctx, period, known_at)
    async with _TURNS:
        return await _written(ctx, Asked(subject, period, until, position, format, ctx.language))


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


def _format(ctx: Context) -> Format:
    """The format that `Accept` wants most; JSON if it says nothing. Declined: not_acceptable."""
    wanted = [_wanted(item) for item in ctx.request.headers.get("accept", "*/*")[:1000].split(",")]
    best = max(FORMS, key=lambda format: _quality(FORMS[format], wanted))  # the first of equals, and JSON is the first
    if _quality(FORMS[best], wanted) <= 0:
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


async def _written(ctx: Context, asked: Asked) -> Response:
    """The statement as a file, whole before the first byte of it is sent: nobody gets half of one. If that takes too long, it is made
    later."""
    limit = FORMS[asked.format].lines_waited_for
    out = cast(BinaryIO, SpooledTemporaryFile(max_size=IN_MEMORY_BYTES))  # noqa: SIM115 - closed once it was sent
    try:
        drawn = await write_out(ctx.service.pool, ctx.tenant, asked, out, lines_max=limit)
        if drawn.net.lines > limit:
            out.close()
            return await _later(ctx, asked, drawn.net.lines)
        digest, size_bytes = await asyncio.to_thread(_digested, out)
        return _sent(ctx, asked, digest, size_bytes, _chunks(out), out.close)
    except BaseException:
        out.close()
        raise


def _sent(
    ctx: Context, asked: Asked, digest: bytes, size_bytes: int, content: AsyncIterator[bytes], close: Callable[[], None] = lambda: None
) -> Response:
    """A whole file, part by part; 304 if the caller has it. `close` is called when nothing more is taken of it."""
    form, etag = FORMS[asked.format], f'"{digest.hex()[:32]}"'
    headers = {
        "etag": etag,
        "cache-control": "private, no-cache",
        "vary": "Authorization, Accept, Accept-Language",
        "repr-digest": f"sha-256=:{base64.b64encode(digest).decode()}:",
    }
    known = [tag.strip().removeprefix("W/") for tag in ctx.request.headers.get("if-none-match", "").split(",")]
    if etag in known or known == ["*"]:
        close()
        return Response(status_code=304, headers=headers)
    headers |= {"content-type": form.media_type, "content-length": str(size_bytes)}
    if asked.format != "json":
        headers |= {"content-language": "zh-CN" if asked.language == "zh" else "en", "content-disposition": _named(asked)}
    return StreamingResponse(content, 200, headers, background=BackgroundTask(close))


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


def _named(asked: Asked) -> str:
    """What the file is called where it is saved."""
    days = f"{asked.period.first}_{asked.period.last}.{asked.format}"
    told = words.TITLE.said(asked.language).replace(" ", "-")
    who = {"account": COMPANY, "ledger": "ledger"}.get(asked.subject.of, asked.subject.id)
    return f"attachment; filename=\"statement_{days}\"; filename*=UTF-8''{quote(f'{told}_{who}_{days}')}"


# Those that take longer than anybody waits


async def _later(ctx: Context, asked: Asked, lines: int) -> Response:
    """202, and where the file will be; the file itself, if it was made before. Nothing is written in any log."""
    limit = FORMS[asked.format].lines_max
    if lines > limit:
        raise Declined("invalid_request", errors=[FieldError("/query/format", "too_many_lines", {"limit": limit})])
    file = await files.ask(ctx.service.pool, ctx.tenant, asked, lines=lines, by=ctx.caller.person)
    if file is None:
        raise Declined("too_many_statements", at_most=files.WAITING_MAX, headers={"retry-after": str(LOOK_AGAIN_S)})
    return _shown(ctx, file)


@routes.query("/v1/statements/{id}", act="statement.read")
async def made(ctx: Ctx, id: FileId) -> Response:
    """A statement that took longer than anybody waits: 202 until it is made, then the file, for a day, for who may see the statement."""
    file = await files.found(ctx.service.pool, ctx.tenant, id)
    if file is None:
        raise Refused("unknown_reference")
    await _see(ctx, file.asked.subject)
    return _shown(ctx, file)


def _shown(ctx: Context, file: files.File) -> Response:
    if file.given_up:
        raise Declined("statement_not_made")
    if file.sha256 is not None and file.size_bytes is not None:
        return _sent(ctx, file.asked, file.sha256, file.size_bytes, files.parts(ctx.service.pool, ctx.tenant, file.id))
    where = {"location": f"/v1/statements/{file.id}", "retry-after": str(LOOK_AGAIN_S), "cache-control": "no-store"}
    return Response(json_of({"id": file.id, "state": "being_made", "lines": file.lines}), 202, where, "application/json")
