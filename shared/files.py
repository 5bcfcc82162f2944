"""Files that people upload: what they are in truth, and where their bytes lie: beside the log, under the SHA-256 that an entry names.

Not a view: it cannot be rebuilt from the log. A file is kept before its entry is written; one whose entry never came is in nobody's way.
"""

import hashlib
import re
import unicodedata
import warnings
from io import BytesIO
from typing import Any, Final, Literal
from urllib.parse import quote
from uuid import UUID

import asyncpg
from msgspec import Struct
from PIL import Image, UnidentifiedImageError
from starlette.responses import Response

from shared.conduct import holds_a_phone
from shared.service import Context, Declined

PICTURES: Final = {"image/jpeg": "JPEG", "image/png": "PNG", "image/webp": "WEBP"}
"""Media types of pictures, and what a decoder calls them."""
ENDINGS: Final = {"image/jpeg": "jpg", "image/png": "png", "image/webp": "webp", "application/pdf": "pdf"}
PIXELS_MAX: Final = 64_000_000
NAME_CHARACTERS_MAX: Final = 80

Why = Literal["unreadable", "too_small", "too_large"]


class NotTaken(Exception):
    """These bytes are not what they are said to be, or beyond measure; `facts` say by which figure."""

    def __init__(self, why: Why, **facts: Any) -> None:
        super().__init__(why)
        self.why: Why = why
        self.facts = facts


# What a file is


class Picture(Struct, frozen=True):
    """What is known of a picture without looking at it. Sides in pixels."""

    sha256: str
    media_type: str
    size_bytes: int
    width: int
    height: int


def pictured(content: bytes, media_type: str, *, side_min: int = 1) -> Picture:
    """Reads a picture to its end: NotTaken for what is not of the type that it is said to be, is cut off, too small or too large."""
    try:
        with warnings.catch_warnings(), Image.open(BytesIO(content), formats=[PICTURES[media_type]]) as image:
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            width, height = image.size
            if width * height > PIXELS_MAX:
                raise NotTaken("too_large", pixels_max=PIXELS_MAX)
            if min(width, height) < side_min:
                raise NotTaken("too_small", side_min=side_min)
            image.load()
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, SyntaxError, ValueError) as fault:
        raise NotTaken("unreadable", media_type=media_type) from fault
    return Picture(digest_of(content), media_type, len(content), width, height)


_PDF: Final = re.compile(rb"%PDF-[12]\.\d[\r\n ]")
_PDF_ENDS: Final = re.compile(rb"startxref\s+(\d{1,12})\s+%%EOF[\s\x00]*$")
_PDF_TABLE: Final = re.compile(rb"\s*(xref|\d{1,10} \d{1,5} obj)\b")


def refuse_no_pdf(content: bytes) -> None:
    """A PDF begins with its version and ends by saying where its table of contents is, which is there: NotTaken for what does not. It is
    not drawn: what reads PDFs is no guest of a process that has more to lose."""
    ends = _PDF_ENDS.search(content[-1100:])
    if not _PDF.match(content) or ends is None or not _PDF_TABLE.match(content, int(ends[1])):
        raise NotTaken("unreadable", media_type="application/pdf")


def digest_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def harmless(name: str, media_type: str) -> str:
    """A file's name as it may be shown, and saved under: no folder, nothing that is not seen or turns what follows around, no leading dot,
    and the ending of what it is. Nothing is left of a name that was none, or holds a phone number."""
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", name))[-1]
    seen = "".join(" " if character in '<>:"|?*' else character for character in last if unicodedata.category(character)[0] != "C")
    stem, dot, ending = seen.rpartition(".")
    if not dot or not re.fullmatch(r"\w{1,5}", ending):
        stem = seen
    bare = " ".join(stem.split()).strip(". ")[:NAME_CHARACTERS_MAX].rstrip(". ")
    return f"{bare}.{ENDINGS[media_type]}" if bare and not holds_a_phone(name) else ""


# Where it lies


class Files:
    """One service's files, in a table (tenant, sha256, media_type, content) that may be added to and read, never changed."""

    def __init__(self, table: str) -> None:
        self._table = table

    async def keep(self, pool: "asyncpg.Pool[Any]", tenant: UUID, *, sha256: str, media_type: str, content: bytes) -> None:
        await pool.execute(
            f"insert into {self._table} (tenant, sha256, media_type, content) values ($1, $2, $3, $4) on conflict do nothing",  # noqa: S608
            tenant, sha256, media_type, content,
        )  # fmt: skip

    async def kept(self, pool: "asyncpg.Pool[Any]", tenant: UUID, sha256: str) -> tuple[str, bytes] | None:
        """Media type and bytes of a file; None: it is not there, or no longer what its entry says."""
        row = await pool.fetchrow(f"select media_type, content from {self._table} where tenant = $1 and sha256 = $2", tenant, sha256)  # noqa: S608
        if row is None or digest_of(row["content"]) != sha256:
            return None
        return row["media_type"], row["content"]

    async def shown(self, ctx: Context, sha256: str, *, damaged: str, name: str = "") -> Response:
        """A file as it was uploaded, hashed again; 304 where the caller has it; Declined with the code `damaged` if it is not what it was.
        One with a name is saved rather than opened. No browser runs what may be in it."""
        known = [tag.strip().removeprefix("W/") for tag in ctx.request.headers.get("if-none-match", "").split(",")]
        headers = {"etag": f'"{sha256}"', "cache-control": "private, max-age=86400, immutable", "vary": "Authorization", **_SAFE}
        if headers["etag"] in known:
            return Response(status_code=304, headers=headers)
        found = await self.kept(ctx.service.pool, ctx.tenant, sha256)
        if found is None:
            raise Declined(damaged)
        media_type, content = found
        return Response(content, 200, headers | {"content-disposition": disposition(name, media_type)}, media_type)


_SAFE: Final = {"content-security-policy": "sandbox; default-src 'none'"}


def disposition(name: str, media_type: str) -> str:
    """Content-Disposition (RFC 6266): a picture is looked at, anything else is saved."""
    how = "inline" if media_type in PICTURES else "attachment"
    return f"{how}; filename*=UTF-8''{quote(name)}" if name else how
