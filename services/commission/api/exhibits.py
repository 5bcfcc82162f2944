"""Requests about files in evidence: photos, scans and PDFs that both sides of a dispute put in, and whoever sees it looks at."""

import asyncio
from email.message import Message
from typing import Annotated, Any, Final

from starlette.responses import Response

from services.commission.aggregate import dispute as aggregate
from services.commission.aggregate.deal import Deal
from services.commission.api.disputes import deal_of, seen
from services.commission.api.looking import closers_of
from services.commission.api.parts import parts_of
from shared.eventlog import Answer
from shared.files import PICTURES, Files, NotTaken, Why, digest_of, harmless, pictured, refuse_no_pdf
from shared.regulation import Refused
from shared.service import Context, Ctx, Declined, DisputeId, Routes, json_of, reference

routes = Routes()
ExhibitId = Annotated[str, *reference("exh")]

EXHIBITS: Final = Files("exhibits")
MEDIA: Final = ("image/jpeg", "image/png", "application/pdf")
NO_EXHIBIT: Final[dict[Why, str]] = {"unreadable": "no_exhibit", "too_small": "no_exhibit", "too_large": "exhibit_too_large"}


@routes.upload("/v1/disputes/{id}:file-exhibit", act="dispute.file_exhibit", media=MEDIA)
async def file_exhibit(ctx: Ctx, id: DisputeId) -> Response:
    """Puts a photo, a scan or a PDF in evidence (O-4): 201 with its id and its entry, which statements and rulings name."""
    media_type = ctx.request.headers["content-type"].lower()
    deal, content = await deal_of(ctx, id), ctx.body
    if await ctx.service.log.replayed(ctx.command()) is None:
        await _refuse_strangers(ctx, deal, id)
        await asyncio.to_thread(_refuse_other_than_said, content, media_type)
        await EXHIBITS.keep(ctx.service.pool, ctx.tenant, sha256=digest_of(content), media_type=media_type, content=content)
    exhibit = ctx.new_id("exh")

    def answer(state: Deal, version: int) -> Answer:
        return Answer(201, json_of({"id": exhibit, "dispute": id, "deal": deal, "version": version, "entry": f"{deal}@{version}"}))

    facts: dict[str, Any] = {"by": ctx.caller, "named": id, "exhibit": exhibit, "at_most": ctx.service.settings.uploads_max}
    facts |= {"name": _named(ctx, media_type), "sha256": digest_of(content), "media_type": media_type, "size_bytes": len(content)}
    outcome = await parts_of(ctx).deals.change(
        deal, aggregate.file_exhibit, command=ctx.command(), look=closers_of(ctx), answer=answer, **facts
    )
    return ctx.reply(outcome)


async def _refuse_strangers(ctx: Context, deal: str, dispute: str) -> None:
    """Before anything is kept of what they send."""
    read = await parts_of(ctx).deals.read(ctx.tenant, deal)
    assert read is not None, "a dispute is about a deal"
    around = await closers_of(ctx)(read[0], await ctx.service.log.now(ctx.tenant))
    aggregate.may_file(read[0], by=ctx.caller, named=dispute, **around)


def _refuse_other_than_said(content: bytes, media_type: str) -> None:
    try:
        if media_type in PICTURES:
            pictured(content, media_type)
        else:
            refuse_no_pdf(content)
    except NotTaken as fault:
        raise Declined(NO_EXHIBIT[fault.why], **fault.facts) from None


def _named(ctx: Context, media_type: str) -> str:
    """What the file is called, as `Content-Disposition` says (RFC 6266). Not in the address, which is logged."""
    header = Message()
    header["content-disposition"] = ctx.request.headers.get("content-disposition", "attachment")
    return harmless(header.get_filename(""), media_type)


@routes.query("/v1/disputes/{id}/exhibits/{exhibit}", act="dispute.read")
async def show_exhibit(ctx: Ctx, id: DisputeId, exhibit: ExhibitId) -> Response:
    """A file in evidence as it was filed, for who may see the dispute."""
    _, deal, _ = await seen(ctx, id)
    one = next((one for one in deal.disputes[id].exhibits if one.id == exhibit), None)
    if one is None:
        raise Refused("unknown_reference")
    return await EXHIBITS.shown(ctx, one.sha256, damaged="exhibit_damaged", name=one.name)
