"""Requests about a listing's pictures: uploaded as they are, used in a survey, found to bear a watermark."""

import asyncio
from typing import Any, Final

from msgspec import structs
from starlette.responses import Response

from services.listing import aggregate
from services.listing.aggregate import Listing
from services.listing.api.listings import change, listings_of, may_see
from shared.files import PICTURES, Files, NotTaken, Why, pictured
from shared.regulation import Refused
from shared.service import Body, Context, Ctx, Declined, ListingId, PhotoId, Reason, Routes, entered
from shared.tenure import holder_at, looking

routes = Routes()

PHOTOS: Final = Files("photos")
SIDE_MIN: Final = 320
"""In pixels; less does not show a home."""
NO_PHOTO: Final[dict[Why, str]] = {"unreadable": "no_photo", "too_small": "photo_too_small", "too_large": "photo_too_large"}


class Watermark(Body):
    photo: PhotoId
    reason: Reason


@routes.upload("/v1/listings/{id}:upload-photo", act="listing.upload_photo", media=tuple(PICTURES))
async def upload_photo(ctx: Ctx, id: ListingId) -> Response:
    """Takes a picture for a survey or a plan (B-1-3-1, B-1-3-2): 201 with its id, by which a survey names it."""
    media_type = ctx.request.headers["content-type"].lower()
    try:
        picture = await asyncio.to_thread(pictured, ctx.body, media_type, side_min=SIDE_MIN)
    except NotTaken as fault:
        raise Declined(NO_PHOTO[fault.why], **fault.facts) from None
    if await ctx.service.log.replayed(ctx.command()) is None:
        await PHOTOS.keep(ctx.service.pool, ctx.tenant, sha256=picture.sha256, media_type=media_type, content=ctx.body)
    photo = ctx.new_id("pho")
    facts: dict[str, Any] = structs.asdict(picture)
    outcome = await listings_of(ctx).change(
        id, aggregate.upload_photo, command=ctx.command(), answer=entered(photo), by=ctx.caller, photo=photo, **facts
    )
    return ctx.reply(outcome)


@routes.command("/v1/listings/{id}:find-watermark", act="listing.find_watermark")
async def find_watermark(ctx: Ctx, id: ListingId, body: Watermark) -> Response:
    """Finds a watermark on a picture (B-1-3-1): from now on its survey has it."""
    look = looking(ctx.service.pool, ctx.tenant)
    return await change(ctx, id, aggregate.find_watermark, look=look, photo=body.photo, reason=body.reason)


@routes.query("/v1/listings/{id}/photos/{photo}", act="listing.read")
async def show_photo(ctx: Ctx, id: ListingId, photo: PhotoId) -> Response:
    """A picture as it was uploaded, for who may see the listing."""
    return await PHOTOS.shown(ctx, await _digest_of(ctx, id, photo), damaged="photo_damaged")


async def _digest_of(ctx: Context, id: str, photo: str) -> str:
    read = await listings_of(ctx).read(ctx.tenant, id)
    listing: Listing | None = read[0] if read is not None else None
    one = next((one for one in listing.photos if one.photo == photo), None) if listing is not None else None
    if listing is None or one is None:
        raise Refused("unknown_reference")
    at = await ctx.service.log.now(ctx.tenant)
    if aggregate.is_concealed(listing, at) and not await may_see(ctx, listing, holder_at(listing.stands, at)):
        raise Refused("unknown_reference")
    return one.sha256
