"""What is said of visits and calls: everyone who comes or rings is registered, also who leaves no name and no number (K-1)."""

from datetime import datetime
from typing import Literal

from msgspec import Struct

from services.client.events.file import Channel, Source


class Registered(Struct, frozen=True):
    """Somebody came or rang, and `agent` received them. `came_at` and `left_at` as declared; `companions`, `wish` and `summary` in the
    agent's words; `contact` refers to the vault, None: no number was left. `reply_until`: they asked something, and the last instant at
    which an answer is in time (G-4); None: nothing is to be answered."""

    by: str
    agent: str
    channel: Literal["visit", "call"]
    came_at: datetime
    left_at: datetime | None
    companions: str
    wish: str
    source: Source | None
    summary: str
    contact: str | None
    reply_until: datetime | None
    at: datetime


class Replied(Struct, frozen=True):
    by: str
    channel: Channel
    text: str
    at: datetime


class ReplyOverdue(Struct, frozen=True):
    """Announces that no answer was given by `until` (G-4). It says what already is, and changes nothing."""

    agent: str
    until: datetime
    at: datetime


class Linked(Struct, frozen=True):
    """The visitor was entered as a client, or was one already."""

    by: str
    client: str
    at: datetime


VisitEvent = Registered | Replied | ReplyOverdue | Linked
