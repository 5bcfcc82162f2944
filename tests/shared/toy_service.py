"""A service that keeps notes: the least that stands in the frame as the four do, so that the frame can be tested through its doors."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import Query
from msgspec import Struct
from pydantic import Field
from starlette.responses import Response

from shared.entry import Codec, Entry
from shared.eventlog import Claim, Streams, Unknown
from shared.identity import Connection, Post, keep_post
from shared.regulation import Refused
from shared.service import (
    Body,
    Code,
    Ctx,
    Day,
    Instant,
    ListingId,
    Money,
    Paged,
    PersonId,
    Routes,
    Service,
    Several,
    Short,
    Text,
    done,
    entered,
    frame,
)


class Written(Struct, frozen=True):
    by: str
    text: str
    at: datetime


class Added(Struct, frozen=True):
    by: str
    text: str
    at: datetime


class Hired(Struct, frozen=True):
    post: Post
    at: datetime


NoteEvent = Written | Added
CODEC = Codec("toy", note=("lst", NoteEvent), hire=("psn", Hired))


class Note(Struct, frozen=True):
    texts: tuple[str, ...] = ()


def evolve(note: Note | None, event: NoteEvent) -> Note:
    return Note((*(note.texts if note else ()), event.text))


def claims_of(_note: Note | None, event: NoteEvent) -> list[Claim]:
    return [Claim("title", event.text)] if isinstance(event, Written) else []


def write(*, by: str, text: str, at: datetime) -> list[NoteEvent]:
    return [Written(by, text, at)]


def add(_note: Note, *, by: str, text: str, at: datetime) -> list[NoteEvent]:
    if text == "crash":
        raise ValueError("a phone: 13912345678")
    if len(text) < 3:
        raise Refused("follow_up_too_short", "A-2.8", characters_min=3, characters=len(text))
    return [Added(by, text, at)]


def hire(*, post: Post, at: datetime) -> list[Hired]:
    return [Hired(post, at)]


class Entering(Body):
    text: Short
    acquired_at: Instant | None = None
    until: Day | None = None
    price: Money | None = None
    team: Code | None = None
    rooms: Annotated[int, Field(ge=0, le=20)] | None = None
    area: float | None = None
    kind: Literal["sale", "rental"] | None = None
    closers: Several[PersonId] = ()


class Adding(Body):
    text: Text


class Moving(Body):
    important: bool = True


class Joining(Body):
    id: PersonId
    store: Short
    role: Literal["agent", "store_manager", "auditor"] = "agent"
    in_post: bool = True


routes = Routes()


@routes.command("/v1/listings", act="listing.enter")
async def enter(ctx: Ctx, body: Entering) -> Response:
    ctx.allow()
    id = ctx.new_id("lst")
    return ctx.reply(await ctx.parts.begin(id, write, command=ctx.command(), by=ctx.caller.person, text=body.text, answer=entered(id)))


@routes.command("/v1/listings/{id}:follow-up", act="listing.follow_up")
async def follow_up(ctx: Ctx, id: ListingId, body: Adding) -> Response:
    ctx.allow()
    return ctx.reply(await ctx.parts.change(id, add, command=ctx.command(), by=ctx.caller.person, text=body.text, answer=done(id, "texts")))


@routes.command("/v1/listings/{id}:take-key", act="listing.take_key")
async def take_key(ctx: Ctx, id: ListingId) -> Response:
    return ctx.reply(await ctx.parts.change(id, add, command=ctx.command(), by=ctx.caller.person, text="key", answer=done(id)))


@routes.command("/v1/listings/{id}:reassign", act="listing.reassign")
async def reassign(ctx: Ctx, id: ListingId, body: Moving) -> Response:
    ctx.allow(stores=["S1"])
    text = "moved, and important" if body.important else "moved"
    return ctx.reply(await ctx.parts.change(id, add, command=ctx.command(), by=ctx.caller.person, text=text, answer=done(id, "texts")))


@routes.query("/v1/listings/{id}", act="listing.read")
async def show(ctx: Ctx, id: ListingId, as_of: Instant | None = None) -> Response:
    found = await ctx.parts.read(ctx.tenant, id, as_of=as_of)
    if found is None:
        raise Unknown(id)
    note, version = found
    return ctx.show({"id": id, "texts": note.texts}, version=version)


@routes.query("/v1/listings", act="listing.read")
async def listed(ctx: Ctx, page: Paged, about: Annotated[list[Short] | None, Query()] = None) -> Response:
    after = int(page.after[0]) if page.after else 0
    entries = await ctx.service.log.read(after, page.limit + 1, ctx.tenant)
    return ctx.show_page(page, entries, at=lambda entry: [entry.position], as_shown=lambda entry: {"id": entry.id})


@routes.command("/v1/people", act="person.join")
async def join(ctx: Ctx, body: Joining) -> Response:
    post = Post(body.id, store=body.store, role=body.role, in_post=body.in_post)
    people: Streams[Post] = Streams(ctx.service.log, "psn", lambda _, event: event.post)
    return ctx.reply(await people.begin(body.id, hire, command=ctx.command(), post=post, answer=entered(body.id)))


async def project(connection: Connection, entry: Entry) -> None:
    if isinstance(entry.event, Hired):
        await keep_post(connection, entry.tenant, entry.event.post)


async def compose(service: Service) -> None:
    service.parts = Streams(service.log, "lst", evolve, claims_of)
    service.hear(service.name, codec=CODEC, project=project)


app = frame("toy", CODEC, compose, [routes])
