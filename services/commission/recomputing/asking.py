"""What is asked of whoever recomputes, and what they answer. All of it travels as JSON."""

from datetime import datetime
from typing import Any, Literal

from msgspec import Struct

Place = tuple[datetime, int]
"""Where an entry stands in its company's part of the log: when it was recorded, and its position."""

What = Literal["amount", "line", "digest", "failed"]


class Asked(Struct, frozen=True, omit_defaults=True):
    """Which deals, by what. Of closings from `since` on, before `until` (None: no end), of all companies or one; under a pack (its id, or
    its document), or the one that each was settled under. `digests`: besides the lines, that every byte is what was settled."""

    since: datetime | None = None
    until: datetime | None = None
    company: str | None = None
    pack: str | dict[str, Any] | None = None
    digests: bool = False


class Chunk(Struct, frozen=True):
    """Deals of one company that were settled after one place in its log and up to another; how many these are, filtered or not. Nothing
    counts that was recorded in the log after position `known`."""

    number: int
    company: str
    after: Place
    upto: Place
    deals: int
    known: int


class Plan(Struct, frozen=True, tag="plan"):
    """Asks what to ask for, in chunks of at most `size` deals. `known`: as it was when the log ended there; None: as it is."""

    asked: Asked
    size: int
    known: int | None = None


class Job(Struct, frozen=True, tag="job"):
    """Asks for an answer to a chunk."""

    asked: Asked
    chunk: Chunk


class Chunks(Struct, frozen=True, tag="chunks"):
    """What to ask for: this of each of these, a pack that was named being given whole."""

    asked: Asked
    chunks: tuple[Chunk, ...]
    known: int


class Refusal(Struct, frozen=True, tag="refusal"):
    """What was asked makes no sense: a pack that nobody knows, for one. `code` is that of a refusal."""

    code: str
    facts: dict[str, Any]


class Difference(Struct, frozen=True):
    """What somebody gets of a deal in a role, in fen: as settled, and as recomputed; the clauses that say so now, or said so if none does.

    `what` differs: the amount; or with the same amounts something else of a line, or of the split (without a role); or only the bytes that
    prove it, and `clauses` name the entries that were altered; or it could not be judged, and `clauses` say why.
    """

    deal: str
    to: str
    role: str
    settled_fen: int
    recomputed_fen: int
    what: What
    clauses: tuple[str, ...]


class Answer(Struct, frozen=True, tag="answer"):
    """What came of a chunk: how many deals were recomputed, how many of them are the same; how many are cancelled, so that nothing is due;
    and every difference, in the order of the deals' ids. `peak_kib`: the most memory that whoever answers has held so far."""

    number: int
    company: str
    deals: int
    same: int
    cancelled: int
    differences: tuple[Difference, ...]
    peak_kib: int = 0
