"""What is said of a complaint, from its registration to its end (C-2). The texts hold no phone; who complains is known by the client."""

from datetime import datetime
from typing import Literal

from msgspec import Struct

Channel = Literal["phone", "visit", "message", "letter", "online"]
Outcome = Literal["upheld", "unfounded", "settled"]
"""What came of it: the complaint was right, it was not, or both sides came to terms."""


class About(Struct, frozen=True):
    """What a complaint is tied to: one of them at least."""

    client: str | None = None
    listing: str | None = None
    deal: str | None = None


class Registered(Struct, frozen=True):
    """Somebody complained, and `by` took it down. `against`: whom of the company it concerns. It has to be answered before `answer_until`
    and closed before `close_until`, the first instants too late."""

    by: str
    channel: Channel
    about: About
    against: tuple[str, ...]
    text: str
    answer_until: datetime
    close_until: datetime
    at: datetime


class Assigned(Struct, frozen=True):
    by: str
    to: str
    at: datetime


class Answered(Struct, frozen=True):
    """What whoever complained was told."""

    by: str
    text: str
    at: datetime


class Closed(Struct, frozen=True):
    by: str
    outcome: Outcome
    reason: str
    at: datetime


class Reopened(Struct, frozen=True):
    """It was not over after all: it has to be answered again, within terms of its own."""

    by: str
    reason: str
    answer_until: datetime
    close_until: datetime
    at: datetime


ComplaintEvent = Registered | Assigned | Answered | Closed | Reopened
