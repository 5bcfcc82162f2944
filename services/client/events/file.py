"""What is said of a client's file: what is known of them, how keen they are, what comes next, and who looks after them (K-2 to K-10).

`due` is the first instant too late for the next contact (K-3); None: no level has been set, so none is due. Notes hold no phone.
"""

from datetime import date, datetime
from typing import Literal

from msgspec import Struct

from shared.tenure import Stands

Kind = Literal["buy", "rent"]
Channel = Literal["phone", "visit", "message", "viewing"]
Level = Literal["H", "A", "B", "C"]
"""K-3: how keen a client is, the keenest first. No grade (G-2): that says what they are worth."""
Source = Literal["walk_in", "phone", "web", "referral", "returning", "advertisement", "canvassing", "other"]
"""How a client came to the company."""
Finding = Literal["no_source", "no_level", "no_plan", "no_check", "stale", "duplicate"]
"""K-9: what a half-yearly check finds wanting: of what is missing which, stale, or double."""


class Wish(Struct, frozen=True):
    """What A-2.2 asks for besides the phone, in the agent's words."""

    floor: str
    area: str
    orientation: str
    price: str
    needs: str


class Plan(Struct, frozen=True):
    """The next contact: on which day, what for."""

    on: date
    what: str


class Loss(Struct, frozen=True):
    """K-4: a loss as it is reported: on which day, why, and what the client chose instead."""

    on: date
    reason: str
    chosen: str


class Amended(Struct, frozen=True):
    """What is known of the client was added to or put right; `wish` and `source` as they are since."""

    by: str
    wish: Wish
    source: Source | None
    at: datetime


class LevelSet(Struct, frozen=True):
    by: str
    level: Level
    due: datetime | None
    at: datetime


class ContactPlanned(Struct, frozen=True):
    by: str
    plan: Plan
    at: datetime


class Checked(Struct, frozen=True):
    """A manager looked the file through, found it sound or wanting, and says what to do (K-2)."""

    by: str
    finding: Literal["sound", "wanting"]
    note: str
    at: datetime


class HandedOver(Struct, frozen=True):
    """The home was handed over: the follow-up that goes on after signing ends here (K-2)."""

    by: str
    at: datetime


class LossReported(Struct, frozen=True):
    by: str
    loss: Loss
    at: datetime


class LossReturned(Struct, frozen=True):
    """The manager does not take the client for lost; the agent goes on."""

    by: str
    reason: str
    at: datetime


class LossAccepted(Struct, frozen=True):
    """The client is given up: no term runs, and no contact is due (K-4)."""

    by: str
    stands: Stands
    at: datetime


class Reopened(Struct, frozen=True):
    """A client who was given up, or whose home was handed over, is worked again."""

    by: str
    stands: Stands
    due: datetime | None
    at: datetime


class MarkedImportant(Struct, frozen=True):
    """From now on at least `agents_min` agents are to be in contact (K-8), by the pack then in force."""

    by: str
    agents_min: int
    at: datetime


class UnmarkedImportant(Struct, frozen=True):
    by: str
    at: datetime


class ContactAdded(Struct, frozen=True):
    """`agent` is in contact with the client besides its holder."""

    by: str
    agent: str
    at: datetime


class ContactRemoved(Struct, frozen=True):
    """`by` is None of an agent who left the company."""

    by: str | None
    agent: str
    at: datetime


class ClientTold(Struct, frozen=True):
    """The client was told that their agent has left, and who the `successor` is (K-10)."""

    by: str
    successor: str
    channel: Channel
    note: str
    at: datetime


class Examined(Struct, frozen=True):
    """The check of a half year (`2024-H1`) looked at the file, and found this wanting; nothing, if it is in order (K-9)."""

    half: str
    findings: tuple[Finding, ...]
    at: datetime


class FindingExcused(Struct, frozen=True):
    """A manager lets a finding be, for a reason."""

    by: str
    finding: Finding
    reason: str
    at: datetime


FileEvent = (
    Amended
    | LevelSet
    | ContactPlanned
    | Checked
    | HandedOver
    | LossReported
    | LossReturned
    | LossAccepted
    | Reopened
    | MarkedImportant
    | UnmarkedImportant
    | ContactAdded
    | ContactRemoved
    | ClientTold
    | Examined
    | FindingExcused
)
