"""What a split rests on: the facts of a deal as they stood at closing."""

from collections.abc import Mapping
from datetime import date, datetime
from fractions import Fraction
from typing import Any, Final, Literal

import msgspec
from msgspec import Struct

from shared.money import Fen, points_text

COMPANY: Final = "company"
Kind = Literal["sale", "rental"]
Evidence = tuple[str, ...]
"""Ids of the entries that a fact rests on, `lst_...@3`."""


class Standing(Struct, frozen=True, omit_defaults=True):
    """A person at closing. Who has left keeps their last store and team; `evidence` tells what changed them last."""

    store: str | None
    team: str | None = None
    role: str = "agent"
    in_post: bool = True
    newcomer: bool = False
    evidence: Evidence = ()


class Client(Struct, frozen=True, omit_defaults=True):
    """The client record that closes, and the first record of the same person across duplicates (the same one, if it is the first)."""

    client: str
    recorder: str
    first: str
    first_recorder: str
    senior: str | None = None
    evidence: Evidence = ()
    first_evidence: Evidence = ()
    senior_evidence: Evidence = ()


class Move(Struct, frozen=True, omit_defaults=True):
    """One change of hands of a listing, up to closing. `clause`: which lapse or claim it was, None for a reassignment."""

    to: str
    at: datetime
    clause: str | None = None
    evidence: Evidence = ()


class Key(Struct, frozen=True, omit_defaults=True):
    """A key that is held at closing; `declared_by` is the follow-up about it, recorded at or after the taking and up to closing."""

    by: str
    declared_by: str | None = None
    evidence: Evidence = ()


class Exclusive(Struct, frozen=True, omit_defaults=True):
    """An exclusive agency signed up to closing, counting to 24:00 of `until`; `declared_by` as for a key."""

    by: str
    until: date
    declared_by: str | None = None
    evidence: Evidence = ()


class Survey(Struct, frozen=True, omit_defaults=True):
    """Photos taken: how many of each sort, and how many of all bear a watermark."""

    by: str
    indoor: int
    indoor_with_agent: int
    outdoor: int
    watermarked: int = 0
    evidence: Evidence = ()


class FloorPlan(Struct, frozen=True, omit_defaults=True):
    """A plan drawn, and whether the entrance door and the compass are marked in it."""

    by: str
    door: bool
    compass: bool
    evidence: Evidence = ()


class FollowUp(Struct, frozen=True, omit_defaults=True):
    """An act that counts as a follow-up and was not refuted by closing; `team` is the writer's team then."""

    by: str
    at: datetime
    team: str | None = None
    evidence: Evidence = ()


class Leave(Struct, frozen=True, omit_defaults=True):
    """A leave granted up to closing, from 0:00 of `first` to 24:00 of `last`."""

    person: str
    first: date
    last: date
    maintainer: str | None = None
    evidence: Evidence = ()


class Listing(Struct, frozen=True, omit_defaults=True):
    """The listing of a deal. `holder` is a person, `team:G1` or `company`; tuples are in the order of recording.

    `entered` is `late` when it was entered after closing, `late_signed_off` when an area manager accepted that; of such a
    listing nothing else that was recorded after closing is told here. `core_refuted`, `phone_refuted`: a finding that stands
    at closing.
    """

    listing: str
    recorder: str
    holder: str
    entered: Literal["in_time", "late", "late_signed_off"] = "in_time"
    correct: bool = True
    core_refuted: bool = False
    phone_refuted: bool = False
    moves: tuple[Move, ...] = ()
    keys: tuple[Key, ...] = ()
    exclusives: tuple[Exclusive, ...] = ()
    surveys: tuple[Survey, ...] = ()
    plans: tuple[FloorPlan, ...] = ()
    follow_ups: tuple[FollowUp, ...] = ()
    evidence: Evidence = ()
    entered_evidence: Evidence = ()
    correct_evidence: Evidence = ()
    refuted_evidence: Evidence = ()


class Viewing(Struct, frozen=True, omit_defaults=True):
    """A showing of the deal's listing to the deal's client, a duplicate of them included, recorded up to closing."""

    by: str
    at: datetime
    evidence: Evidence = ()


class Finding(Struct, frozen=True, omit_defaults=True):
    """A manager found private dealing, hoarding of deals or private supply; when it was found does not matter (A-R1)."""

    person: str
    evidence: Evidence = ()


class Signature(Struct, frozen=True, omit_defaults=True):
    """Whether who signed the contract was entitled to (M-15). `none`: no contract was signed, or nothing asks for it."""

    status: Literal["none", "authorised", "unauthorised", "ratified"] = "none"
    evidence: Evidence = ()


class Facts(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """All that a split rests on. Everyone named has their standing in `people`, every team's store is in `teams`.

    `closers` in the order named; the managers are those of the first-named closer's store, and of its area, at closing. `named`: whom the
    deal report names for roles of a company's own. `first_shown`: the first showing of any listing to the deal's client, told where the
    pack asks for it.
    """

    kind: Kind
    closed_at: datetime
    fees_fen: dict[str, Fen]
    closers: tuple[str, ...]
    client: Client
    listing: Listing | None
    people: Mapping[str, Standing]
    teams: Mapping[str, str] = {}
    viewings: tuple[Viewing, ...] = ()
    leaves: tuple[Leave, ...] = ()
    store_managers: tuple[str, ...] = ()
    area_managers: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    signature: Signature = Signature()
    evidence: Evidence = ()
    named: dict[str, str] = {}
    first_shown: Viewing | None = None

    @property
    def closing_store(self) -> str:
        """The store of the first-named closer at closing."""
        return self.credit_of(self.closers[0])

    @property
    def listing_at_closing(self) -> Listing | None:
        """The listing, if it was in the system at closing or is taken as if it was."""
        return self.listing if self.listing is not None and self.listing.entered != "late" else None

    def has_left(self, holder: str) -> bool:
        """Whether a beneficiary is a person who had left by closing. Accounts never leave."""
        return is_person(holder) and not self.standing(holder).in_post

    def standing(self, person: str) -> Standing:
        """KeyError, a fault of ours, where the facts do not tell of someone whom they name."""
        return self.people[person]

    def credit_of(self, holder: str) -> str:
        """The store that a beneficiary's line counts for: theirs at closing, a team's, or `company`."""
        if holder.startswith("team:"):
            return self.teams.get(holder.removeprefix("team:"), COMPANY)
        return self.standing(holder).store or COMPANY if is_person(holder) else COMPANY


def is_person(holder: str) -> bool:
    return holder != COMPANY and not holder.startswith("team:")


def document_of(value: Struct) -> Any:
    """Facts or a split as JSON values: points as text, instants with their offset. Defaults are left out."""
    return msgspec.to_builtins(value, enc_hook=_written)


def facts_of(document: Any) -> Facts:
    """Facts from their document."""
    return msgspec.convert(document, Facts)


def _written(value: object) -> str:
    assert isinstance(value, Fraction), "nothing else needs its own writing"
    return points_text(value)
