"""The store of photos: bytes beside the log, found by the SHA-256 that an entry names, so that a changed picture is noticed.

Not a view: it cannot be rebuilt from the log. A picture is kept before its entry is written; one whose entry never came is in
nobody's way.
"""

import hashlib
import warnings
from io import BytesIO
from typing import Any, Final
from uuid import UUID

import asyncpg
from msgspec import Struct
from PIL import Image, UnidentifiedImageError

MEDIA: Final = {"image/jpeg": "JPEG", "image/png": "PNG", "image/webp": "WEBP"}
"""What is taken as a photo, and what a decoder calls it."""
SIDE_MIN: Final = 320
PIXELS_MAX: Final = 64_000_000


class Picture(Struct, frozen=True):
    """What is known of a picture without looking at it. Sides in pixels."""

    sha256: str
    media_type: str
    size_bytes: int
    width: int
    height: int


class NoPicture(Exception):
    """These bytes are no picture that is taken; `code` says why, `facts` by which figure."""

    def __init__(self, code: str, **facts: Any) -> None:
        super().__init__(code)
        self.code, self.facts = code, dict(facts)


def examined(content: bytes, media_type: str) -> Picture:
    """Reads a picture to its end: NoPicture for what is not of the type that it is said to be, is cut off, too small or too large."""
    try:
        with warnings.catch_warnings(), Image.open(BytesIO(content), formats=[MEDIA[media_type]]) as image:
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            width, height = image.size
            if width * height > PIXELS_MAX:
                raise NoPicture("photo_too_large", pixels_max=PIXELS_MAX)
            if min(width, height) < SIDE_MIN:
                raise NoPicture("photo_too_small", side_min=SIDE_MIN)
            image.load()
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, SyntaxError, ValueError) as fault:
        raise NoPicture("no_photo", media_type=media_type) from fault
    return Picture(hashlib.sha256(content).hexdigest(), media_type, len(content), width, height)


async def keep(pool: "asyncpg.Pool[Any]", tenant: UUID, picture: Picture, content: bytes) -> None:
    await pool.execute(
        "insert into photos (tenant, sha256, media_type, content) values ($1, $2, $3, $4) on conflict do nothing",
        tenant, picture.sha256, picture.media_type, content,
    )  # fmt: skip


async def kept(pool: "asyncpg.Pool[Any]", tenant: UUID, sha256: str) -> tuple[str, bytes] | None:
    """Media type and bytes of a picture; None: it is not there, or no longer what its entry says."""
    row = await pool.fetchrow("select media_type, content from photos where tenant = $1 and sha256 = $2", tenant, sha256)
    if row is None or hashlib.sha256(row["content"]).hexdigest() != sha256:
        return None
    return row["media_type"], row["content"]
