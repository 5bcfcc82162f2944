"""What the commission service has to say. The union at the foot is its contract with everyone else.

`at` is the instant from which an event counts. Amounts are integer fen; points are strings of exact fractions.
"""

from datetime import datetime
from typing import Any, Literal

from msgspec import Struct

from shared.entry import Codec
from shared.regulation import Violation

Kind = Literal["sale", "rental"]


class NamedFor(Struct, frozen=True):
    """Whom a report names for a role of a company's own, one that is earned by being named."""

    role: str
    person: str


class Terms(Struct, frozen=True):
    """What a report or a contract says of a deal: closers in order, fees in fen by kind, the closing store (the first closer's), who is
    named for roles of the company's own, and the price in fen (of a rental the month's rent; None: it is not said)."""

    listing: str | None
    client: str
    closers: tuple[str, ...]
    fees: dict[str, int]
    kind: Kind
    store: str | None
    named: tuple[NamedFor, ...] = ()
    price_fen: int | None = None


class Line(Struct, frozen=True, omit_defaults=True):
    """One line of a split: what `to` gets of the base, why (clauses) and on which entries it rests (evidence)."""

    role: str
    to: str
    points: str
    amount_fen: int
    credit: str
    clauses: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()
    by_analogy: bool = False


class Adjustment(Struct, frozen=True):
    """A line that the company adjudicates (A-1.N7): no points, an amount that may be negative."""

    role: str
    to: str
    amount_fen: int
    credit: str


class Cut(Struct, frozen=True):
    """What a split was judged on: of each service, entries that count from `instant` or before, up to its position."""

    instant: datetime
    positions: dict[str, int]


class PackRef(Struct, frozen=True):
    id: str
    version: str
    digest: str


class Settlement(Struct, frozen=True):
    """A split as it stood at closing, with all that proves it. `evidence` names each entry and the SHA-256 of its bytes."""

    closing_time: datetime
    pack: PackRef
    cut: Cut
    facts: dict[str, Any]
    evidence: dict[str, str]
    base_fen: int
    lines: tuple[Line, ...]
    notes: tuple[str, ...]
    violations: tuple[Violation, ...]
    digest: str


class Signed(Struct, frozen=True):
    """The contract of a deal was signed by `signer` for the company."""

    by: str
    terms: Terms
    contract: str | None
    signer: str | None
    at: datetime


class Reported(Struct, frozen=True):
    """The deal report 成交战报 was sent: the closing time (B-1-2)."""

    by: str
    terms: Terms
    at: datetime


class ListingAttached(Struct, frozen=True, omit_defaults=True):
    """A listing entered after the report was attached to the deal (B-1-4-2). `reported`: not signed only."""

    by: str
    listing: str
    at: datetime
    reported: bool = True


class LateListingSignedOff(Struct, frozen=True):
    by: str
    reason: str
    at: datetime


class PrivateDealingFound(Struct, frozen=True):
    """A manager found hoarding of deals or private supply by `person` (A-R1, B-1-4-3), before settlement or after it."""

    by: str
    person: str
    reason: str
    violation: Violation | None
    at: datetime


class EvidenceAwaited(Struct, frozen=True):
    """A settlement was asked for while entries of `services` had not been heard up to the closing."""

    by: str
    services: tuple[str, ...]
    at: datetime


class Settled(Struct, frozen=True):
    by: str
    settlement: Settlement
    at: datetime


class Rebooked(Struct, frozen=True):
    """What was settled is reversed and booked anew, because of an act after it (`because`: `private_dealing`, or `ruling`)."""

    by: str
    because: str
    settlement: Settlement
    at: datetime


class Adjudicated(Struct, frozen=True):
    """The company adjudicated a special case (A-1.N7): lines that sum to zero, by whose authority and why."""

    by: str
    authority: str
    lines: tuple[Adjustment, ...]
    reason: str
    at: datetime


class DisputeOpened(Struct, frozen=True):
    """A party disputes the deal (O-4)."""

    by: str
    dispute: str
    reason: str
    at: datetime


class DisputeStated(Struct, frozen=True):
    """Somebody concerned says their side, and which entries they rest it on (O-4)."""

    by: str
    dispute: str
    text: str
    evidence: tuple[str, ...]
    at: datetime


class ExhibitFiled(Struct, frozen=True):
    """Somebody concerned filed a file as evidence in a dispute, which lies beside the log under its SHA-256 (O-4). `name` is what they call
    it, made harmless; empty: nothing."""

    by: str
    dispute: str
    exhibit: str
    name: str
    sha256: str
    media_type: str
    size_bytes: int
    at: datetime


class Alternative(Struct, frozen=True, omit_defaults=True):
    """A deal judged otherwise: entries taken as never made, entries taken as recorded at the closing, other readings of the pack."""

    leave_out: tuple[str, ...] = ()
    admit: tuple[str, ...] = ()
    readings: dict[str, str] = {}


class Effect(Struct, frozen=True):
    """What a correction moved: by how many points and fen more (or less) someone has in a role than before."""

    role: str
    to: str
    points: str
    amount_fen: int


class DisputeRuled(Struct, frozen=True):
    """A ruling: in the first instance the area manager's, in the second the company's.

    `corrected` adds lines that sum to zero, or `adopts` an alternative: then the deal is rebooked with it, and `lines` take back what the
    first instance had added. `rests_on` are statements, as their entries, and other entries; `effect` is what it moved.
    """

    by: str
    dispute: str
    instance: Literal[1, 2]
    outcome: Literal["upheld", "corrected", "rejected"]
    lines: tuple[Adjustment, ...]
    reason: str
    at: datetime
    clauses: tuple[str, ...] = ()
    rests_on: tuple[str, ...] = ()
    adopts: Alternative | None = None
    effect: tuple[Effect, ...] = ()


class DisputeAppealed(Struct, frozen=True):
    """Somebody concerned takes the first ruling to the second instance (O-4)."""

    by: str
    dispute: str
    reason: str
    at: datetime


class Cancelled(Struct, frozen=True):
    """The deal is off: what was settled is reversed, and the terms of its listing and client begin anew."""

    by: str
    listing: str | None
    client: str
    reason: str
    at: datetime


class Proposed(Struct, frozen=True):
    """A manager found a violation that no rule had found; `evidence` names the entries it is seen in."""

    by: str
    violation: Violation
    reason: str
    at: datetime


class Confirmed(Struct, frozen=True):
    """A violation that the entry `found_in` proposed was confirmed, by someone of this role. Nothing is deducted by it."""

    by: str
    role: str
    violation: Violation
    found_in: str
    at: datetime


class Dropped(Struct, frozen=True):
    """A violation that the entry `found_in` proposed was dropped."""

    by: str
    role: str
    violation: Violation
    found_in: str
    reason: str
    at: datetime


class Appealed(Struct, frozen=True):
    """The person concerned appeals against a confirmed violation."""

    by: str
    reason: str
    at: datetime


class AppealDecided(Struct, frozen=True):
    """The next higher rank decided the appeal: the violation stands, or is dropped. That ends the matter."""

    by: str
    role: str
    outcome: Literal["upheld", "dropped"]
    reason: str
    at: datetime


class Activated(Struct, frozen=True):
    """A pack is in force from `start` on, for one store or (None) the company. The whole document travels along."""

    by: str
    pack: PackRef
    document: dict[str, Any]
    store: str | None
    start: datetime
    at: datetime


DealEvent = (
    Signed
    | Reported
    | ListingAttached
    | LateListingSignedOff
    | PrivateDealingFound
    | EvidenceAwaited
    | Settled
    | Rebooked
    | Adjudicated
    | DisputeOpened
    | DisputeStated
    | ExhibitFiled
    | DisputeRuled
    | DisputeAppealed
    | Cancelled
)
PackEvent = Activated
ViolationEvent = Proposed | Confirmed | Dropped | Appealed | AppealDecided
Event = DealEvent | PackEvent | ViolationEvent
CODEC = Codec("commission", deal=("dea", DealEvent), pack=("pck", PackEvent), violation=("vio", ViolationEvent))
