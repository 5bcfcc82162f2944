"""What is said of a client.

`at` and `stands` mean what they mean for listings: from when an event counts, and who holds from then on.
No name and no phone is here: `contact` refers to a card in the vault, equal for equal numbers within one company.
"""

from datetime import datetime

from msgspec import Struct

from services.client.events.file import Channel, FileEvent, Kind, Level, Source, Wish
from shared.regulation import Violation
from shared.tenure import Stands


class Entered(Struct, frozen=True):
    """A client was entered by `by`, for `recorder`. `duplicate_of` is the first record of the same person, `duplicate_number` the number
    that a duplicate carries (A-2.5). `due` as in what is said of a client's file (K-3)."""

    by: str
    recorder: str
    kind: Kind
    contact: str
    wish: Wish
    duplicate_of: str | None
    duplicate_number: int | None
    stands: Stands
    acquired_at: datetime | None
    at: datetime
    source: Source | None = None
    level: Level | None = None
    due: datetime | None = None


class FollowedUp(Struct, frozen=True):
    """The client was contacted; `due` is when next (K-3)."""

    by: str
    channel: Channel
    text: str
    stands: Stands | None
    at: datetime
    due: datetime | None = None


class Viewed(Struct, frozen=True):
    """`by` showed this client a listing. `client` is the first record of the person. `once`: the form's number serves once (A-2.10)."""

    by: str
    listing: str
    form: str
    client: str
    stands: Stands | None
    at: datetime
    once: bool = True
    due: datetime | None = None


class SeniorNamed(Struct, frozen=True):
    """A senior agent works this client for newcomers who cannot close (A-1.N2)."""

    by: str
    senior: str
    at: datetime


class Claimed(Struct, frozen=True):
    by: str
    stands: Stands
    at: datetime


class Reassigned(Struct, frozen=True):
    by: str
    to: str
    stands: Stands
    at: datetime


class HolderLeft(Struct, frozen=True):
    person: str
    stands: Stands
    at: datetime


class DealStands(Struct, frozen=True):
    deal: str
    stands: Stands
    at: datetime


class DealFell(Struct, frozen=True):
    deal: str
    stands: Stands
    at: datetime


class Rescheduled(Struct, frozen=True):
    """A pack was activated: a term that has not begun by then begins under it. Who holds now goes on holding."""

    stands: Stands
    at: datetime


class Lapsed(Struct, frozen=True):
    """Announces a lapse that the clock brought at `since`. It says what already is, and changes nothing."""

    before: str
    after: str
    clause: str
    since: datetime
    at: datetime


class TermEnding(Struct, frozen=True):
    """Warns, a day before, that the term of `holder` ends at `until` (A-2.3). It changes nothing."""

    holder: str
    until: datetime
    clause: str
    at: datetime


class ViolationFound(Struct, frozen=True):
    """A violation, proposed: nothing is deducted."""

    violation: Violation
    at: datetime


Event = (
    Entered
    | FollowedUp
    | Viewed
    | SeniorNamed
    | Claimed
    | Reassigned
    | HolderLeft
    | DealStands
    | DealFell
    | Rescheduled
    | Lapsed
    | TermEnding
    | ViolationFound
    | FileEvent
)
