"""Requests about packs: which are in force."""

from typing import Annotated, Any

from pydantic import Field
from starlette.responses import Response

from services.commission.aggregate import book
from services.commission.api.parts import parts_of
from shared.entry import id_of
from shared.eventlog import Answer
from shared.regulation import load
from shared.service import (
    Body,
    Code,
    Ctx,
    Instant,
    Routes,
    json_of,
)

routes = Routes()


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
