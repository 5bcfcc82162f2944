"""Requests about packs: put in force, which one is, and what it says."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints
from starlette.responses import Response

from services.commission.aggregate import book
from services.commission.api.parts import parts_of
from shared.entry import id_of
from shared.eventlog import Answer
from shared.regulation import CLAUSES, READINGS, Activation, Pack, Refused, in_force, load
from shared.service import (
    Body,
    Code,
    Ctx,
    Instant,
    Paged,
    Routes,
    json_of,
)
from shared.tenure import activations_of

routes = Routes()
Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class Activate(Body):
    pack: dict[str, Any]
    from_: Annotated[Instant, Field(alias="from")]
    store: Code | None = None


@routes.command("/v1/packs:activate", act="pack.activate")
async def activate(ctx: Ctx, body: Activate) -> Response:
    """Puts a pack in force from an instant on, for the company or one store. Refused: pack_invalid, with every place and reason."""
    id, pack = id_of("pck", ctx.tenant), load(body.pack)
    packs = parts_of(ctx).packs
    facts: dict[str, Any] = {"by": ctx.caller, "pack": pack, "store": body.store, "start": body.from_}
    opened = await packs.read(ctx.tenant, id) is not None
    put = packs.change if opened else packs.begin
    outcome = await put(id, book.activate, command=ctx.command(), answer=_activated(pack.id, pack.version, pack.digest), **facts)
    return ctx.reply(outcome)


def _activated(id: str, version: str, digest: str) -> Any:
    def answer(book: book.Book, entries: int) -> Answer:
        return Answer(201, json_of({"pack": {"id": id, "version": version, "digest": digest}, "version": entries}))

    return answer


# Reads


@routes.query("/v1/packs", act="pack.read")
async def find(
    ctx: Ctx, page: Paged, which: Literal["all", "in_force"] = "all", store: Code | None = None, at: Instant | None = None
) -> Response:
    """Packs in the order of their beginnings, the company's and its stores'; or those in force, now or at an instant. Of a `store`: its own
    and the company's, or the one that holds for it."""
    instant = at or await ctx.service.log.now(ctx.tenant)
    activations = await activations_of(ctx.service.pool, ctx.tenant)
    after = 0 if page.after is None else int(page.after[0])
    rows = [
        (number, activation)
        for number, activation in enumerate(activations, start=1)
        if number > after
        and (store is None or activation.store in (store, None))
        and (which == "all" or _holds(activations, activation, store, instant))
    ]
    return ctx.show_page(page, rows, at=lambda row: (row[0],), as_shown=lambda row: _in_list(row[1], activations, instant))


def _holds(activations: tuple[Activation, ...], one: Activation, store: str | None, at: datetime) -> bool:
    """Whether it is the one in force for a store at an instant; without a store, for its own scope."""
    try:
        return in_force(activations, one.store if store is None else store, at) == one.pack and one.from_ <= at
    except Refused:
        return False


def _in_list(one: Activation, activations: tuple[Activation, ...], at: datetime) -> dict[str, Any]:
    pack = one.pack
    named = {"id": pack.id, "version": pack.version, "title": pack.title, "digest": pack.digest}
    return {**named, "store": one.store, "from": one.from_, "in_force": _holds(activations, one, None, at)}


@routes.query("/v1/packs/{digest}", act="pack.read")
async def show(ctx: Ctx, digest: Digest) -> Response:
    """A pack that was put in force: its whole document, the readings that it comes to, and the clauses that bind whatever pack is in force,
    with the numbers that hold under it."""
    activations = await activations_of(ctx.service.pool, ctx.tenant)
    pack = next((one.pack for one in activations if one.pack.digest == digest), None)
    if pack is None:
        raise Refused("unknown_reference")
    return ctx.show({"digest": digest, "document": pack.document, **_in_words(pack)})


def _in_words(pack: Pack) -> dict[str, Any]:
    binding = [id for id, known in CLAUSES.items() if known.binds]
    return {
        "readings": {id: pack.reading(id) for id in READINGS},
        "binding": [{"clause": id, "stated": pack.has(id), **pack.binding(id).parameters} for id in binding],
    }
