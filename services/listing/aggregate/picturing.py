"""Pictures of a listing: uploaded once, found to bear a watermark."""

from datetime import datetime
from typing import Final

from services.listing.aggregate.listing import Listing
from services.listing.events import Event, PhotoUploaded, WatermarkFound
from shared.identity import Caller, allow
from shared.regulation import Refused
from shared.tenure import Ground, holder_at

PHOTOS_MAX: Final = 200
"""So many pictures one listing takes: far more than any survey has."""


def upload_photo(
    listing: Listing, *, by: Caller, photo: str, sha256: str, media_type: str, size_bytes: int, width: int, height: int, at: datetime
) -> list[Event]:
    """B-1-3-1: takes a picture, the same one once."""
    allow(by, "listing.upload_photo")
    first = next((one for one in listing.photos if one.sha256 == sha256), None)
    if first is not None:
        raise Refused("photo_uploaded_already", "B-1-3-1", first=first.photo, by=first.by)
    if len(listing.photos) >= PHOTOS_MAX:
        raise Refused("too_many_photos", "B-1-3-1", at_most=PHOTOS_MAX)
    return [PhotoUploaded(by.person, photo, sha256, media_type, size_bytes, width, height, at)]


def find_watermark(listing: Listing, *, by: Caller, photo: str, reason: str, ground: Ground, at: datetime) -> list[Event]:
    """B-1-3-1: a manager finds a watermark on a picture: surveys with it count as if it had been told with them, from now on."""
    holder = holder_at(listing.stands, at)
    allow(by, "listing.find_watermark", over=ground.named(holder, listing.recorder))
    one = next((one for one in listing.photos if one.photo == photo), None)
    if one is None:
        raise Refused("unknown_reference", "B-1-3-1", field="photo")
    return [] if one.watermarked else [WatermarkFound(by.person, photo, reason, at)]
