"""What authz has to say: who works where. Every event of employment carries the whole post as it is from then on."""

from datetime import date, datetime
from typing import Literal

from msgspec import Struct

from shared.entry import Codec
from shared.identity import Post

Departure = Literal["resigned", "dismissed", "walked_out", "expelled"]


class Founded(Struct, frozen=True):
    """A franchised company was founded: a tenant of its own."""

    by: str
    name: str
    at: datetime


class Joined(Struct, frozen=True):
    by: str
    post: Post
    at: datetime


class Transferred(Struct, frozen=True):
    by: str
    post: Post
    at: datetime


class Confirmed(Struct, frozen=True):
    """Probation has ended: no newcomer any more (C-1)."""

    by: str
    post: Post
    at: datetime


class Left(Struct, frozen=True):
    """Left the company; access ends at once (S-4)."""

    by: str
    kind: Departure
    post: Post
    at: datetime


class LeaveGranted(Struct, frozen=True):
    """On leave from 0:00 of `first` to 24:00 of `last`; `maintainer` keeps the listings up meanwhile (C-1, B-1-3-7)."""

    by: str
    first: date
    last: date
    maintainer: str | None
    at: datetime


class LeaveApproved(Struct, frozen=True):
    """Personnel approved a leave, which stands without it too (C-1)."""

    by: str
    first: date
    last: date
    at: datetime


CompanyEvent = Founded
PersonEvent = Joined | Transferred | Confirmed | Left | LeaveGranted | LeaveApproved
Event = CompanyEvent | PersonEvent
CODEC = Codec("authz", company=("cmp", CompanyEvent), person=("psn", PersonEvent))
