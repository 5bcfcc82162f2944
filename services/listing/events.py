"""What the listing service has to say. The union at the foot is its contract with everyone else.

`at` is the instant from which an event counts: of a direct act when it was decided, of an act that follows from another
service's entry when that entry was recorded. `stands` says who holds from then on, until when and who after (A-2.7, A-2.15);
where it is None the event changes nothing about that.
"""

from datetime import date, datetime
from decimal import Decimal
from typing import Literal

from msgspec import Struct

from shared.entry import Codec
from shared.regulation import Violation
from shared.tenure import Stand

Stands = tuple[Stand, ...]
Kind = Literal["sale", "rental"]
Channel = Literal["phone", "visit", "message", "viewing"]
Status = Literal["valid", "invalid", "rented", "sold"]


class House(Struct, frozen=True, omit_defaults=True):
    """The facts of A-2.6, as given; `room` as normalised (four characters, or digits with a letter)."""

    community: str | None = None
    building: str | None = None
    unit: str | None = None
    room: str | None = None
    bedrooms: int | None = None
    floor: int | None = None
    area_m2: Decimal | None = None
    orientation: str | None = None
    title_certificate: bool | None = None
    decoration: str | None = None


class Check(Struct, frozen=True, omit_defaults=True):
    """What an entry was found to be (A-2.6): what is missing for a correct one, and what is asked for besides. `room` is what its room is
    known by, so that nobody else enters it; `room_given` what was given as a room and is none."""

    missing: tuple[str, ...] = ()
    asked_for: tuple[str, ...] = ()
    room: str | None = None
    room_given: str | None = None


class Entered(Struct, frozen=True):
    """A listing was entered by `by`, for `recorder`. `owner` is a reference into the vault. Not `correct`: a draft (A-2.6)."""

    by: str
    recorder: str
    kind: Kind
    house: House
    owner: str | None
    correct: bool
    stands: Stands
    acquired_at: datetime | None
    at: datetime
    check: Check = Check()


class Completed(Struct, frozen=True):
    """Facts were added or put right; `correct` and `check` say what the entry is from now on (A-2.6)."""

    by: str
    house: House
    owner: str | None
    correct: bool
    stands: Stands | None
    at: datetime
    check: Check = Check()


class FollowedUp(Struct, frozen=True):
    """A follow-up. `team` is the writer's, if the listing was that team's: what canned texts are looked for among (A-2.15)."""

    by: str
    channel: Channel
    text: str
    about: Literal["key", "exclusive"] | None
    outcome: Literal["reached", "unreachable"] | None
    team: str | None
    stands: Stands | None
    at: datetime


class KeyTaken(Struct, frozen=True):
    by: str
    at: datetime


class KeyReturned(Struct, frozen=True):
    by: str
    at: datetime


class ExclusiveSigned(Struct, frozen=True):
    """An exclusive agency was signed; it counts to 24:00 of `until` (A-1.2.2)."""

    by: str
    until: date
    at: datetime


Scene = Literal["indoor", "indoor_with_agent", "outdoor"]


class PhotoUploaded(Struct, frozen=True):
    """A picture was uploaded, which lies in the service's store of photos under its SHA-256 (B-1-3-1, B-1-3-2)."""

    by: str
    photo: str
    sha256: str
    media_type: str
    size_bytes: int
    width: int
    height: int
    at: datetime


class Pictured(Struct, frozen=True):
    """A photo of a survey, and what it shows."""

    photo: str
    scene: Scene


class Surveyed(Struct, frozen=True, omit_defaults=True):
    """Photos were taken (B-1-3-1); the four figures are numbers of photos. `photos`: those that were uploaded, which are among them."""

    by: str
    indoor: int
    indoor_with_agent: int
    outdoor: int
    watermarked: int
    at: datetime
    photos: tuple[Pictured, ...] = ()


class WatermarkFound(Struct, frozen=True):
    """A manager found a watermark on a photo (B-1-3-1)."""

    by: str
    photo: str
    reason: str
    at: datetime


class FloorPlanned(Struct, frozen=True, omit_defaults=True):
    """A floor plan was drawn; whether the entrance door and the compass are marked (B-1-3-2). `photo`: its picture, if it was uploaded."""

    by: str
    door: bool
    compass: bool
    at: datetime
    photo: str | None = None


class Shown(Struct, frozen=True):
    """`by` showed it to a client (the viewing is recorded there). `clause` names what made it theirs, if it did (A-2.12, A-2.16)."""

    by: str
    client: str
    viewing: str
    stands: Stands | None
    clause: str | None
    at: datetime


class Concealed(Struct, frozen=True):
    """Concealed 加密 until `until`, in one of the concealer's places (A-2.9)."""

    by: str
    place: int
    until: datetime | None
    at: datetime


class ConcealmentRenewed(Struct, frozen=True):
    """A viewing gave the concealment a new term (A-2.9), or a deal stopped it (None) or let it begin anew."""

    until: datetime | None
    at: datetime


class Revealed(Struct, frozen=True):
    by: str
    at: datetime


class ConcealmentEnded(Struct, frozen=True):
    """Announces that a concealment ended by its term at `since` (A-2.9), and gives its place back."""

    since: datetime
    at: datetime


class Marked(Struct, frozen=True):
    """`clause` names what made it the marker's own, if it did (A-2.12)."""

    by: str
    status: Status
    stands: Stands | None
    clause: str | None
    at: datetime


class Reassigned(Struct, frozen=True):
    by: str
    to: str
    stands: Stands
    at: datetime


class Refuted(Struct, frozen=True):
    """A manager found a fact untrue. `follow_up` is the version of the one meant; `stands` what holds without it (A-2.6, A-2.7)."""

    by: str
    what: Literal["owner_phone", "core", "follow_up"]
    follow_up: int | None
    reason: str
    correct: bool
    stands: Stands | None
    at: datetime


class DuplicateFound(Struct, frozen=True):
    by: str
    reason: str
    at: datetime


class HolderLeft(Struct, frozen=True):
    """The holder has left: no term runs in their name any more (small print, Holding)."""

    person: str
    stands: Stands
    at: datetime


class DealStands(Struct, frozen=True):
    """A deal on it was reported: terms stop while it stands."""

    deal: str
    stands: Stands
    at: datetime


class DealFell(Struct, frozen=True):
    """The deal was cancelled: terms begin anew."""

    deal: str
    stands: Stands
    at: datetime


class Rescheduled(Struct, frozen=True):
    """A pack was activated: terms that have not begun by then will begin under it. Who holds now goes on holding."""

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
    """Warns, a day before, that the term (A-2.7, A-2.15) or the concealment (A-2.9) of `holder` ends at `until`. It changes nothing."""

    holder: str
    until: datetime
    clause: str
    at: datetime


class ViolationFound(Struct, frozen=True):
    """A violation, proposed: nothing is deducted. `ordinal`: the how-manieth of its kind of this person's, where repeats count."""

    violation: Violation
    ordinal: int | None
    at: datetime


class AttemptFound(Struct, frozen=True):
    """A violation that lies in what was refused, so that there is no listing to record it on (A-2.13)."""

    violation: Violation
    ordinal: int
    at: datetime


Attempt = AttemptFound
Event = (
    Entered
    | Completed
    | FollowedUp
    | KeyTaken
    | KeyReturned
    | ExclusiveSigned
    | PhotoUploaded
    | Surveyed
    | WatermarkFound
    | FloorPlanned
    | Shown
    | Concealed
    | ConcealmentRenewed
    | Revealed
    | ConcealmentEnded
    | Marked
    | Reassigned
    | Refuted
    | DuplicateFound
    | HolderLeft
    | DealStands
    | DealFell
    | Rescheduled
    | Lapsed
    | TermEnding
    | ViolationFound
)
CODEC = Codec("listing", listing=("lst", Event), attempt=("att", Attempt))
