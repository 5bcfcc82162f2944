"""What a split is made of: parts on their way, and the lines that they become."""

from collections.abc import Callable, Container, Iterable
from fractions import Fraction
from itertools import chain
from typing import Any, Final, Literal

from msgspec import Struct
from msgspec.structs import replace

from services.commission.rules.facts import Evidence, Facts
from shared.money import NONE, Fen
from shared.regulation import Pack, Violation


class Line(Struct, frozen=True, omit_defaults=True):
    """What one beneficiary gets for one role. `points` of a hundred, exact; `clauses` in the order in which they spoke."""

    role: str
    to: str
    points: Fraction
    amount_fen: Fen
    credit: str
    clauses: tuple[str, ...]
    evidence: Evidence
    by_analogy: bool = False


class Split(Struct, frozen=True, omit_defaults=True):
    """A deal's base and its lines, which sum to it to the fen; what there is to note; what the rules propose against whom."""

    base_fen: Fen
    lines: tuple[Line, ...]
    notes: tuple[str, ...] = ()
    violations: tuple[Violation, ...] = ()

    @property
    def is_blocked(self) -> bool:
        """M-2: nothing is due until the signature is ratified."""
        return "unauthorised_signature" in self.notes


class Part(Struct, frozen=True):
    """Points on their way to becoming a line.

    `held` says how they are held: by the role's own work, as listing agent, in a listing agent's stead, moved to the
    closers, or by nobody yet.
    """

    role: str
    to: str
    points: Fraction
    credit: str
    clauses: tuple[str, ...]
    evidence: Evidence = ()
    by_analogy: bool = False
    held: Literal["work", "agency", "maintainer", "moved", "vacant"] = "work"


Parts = tuple[Part, ...]
Step = Callable[[Parts, Facts, Pack], Parts]
LISTING_ROLES: Final = ("listing", "listing_recorder", "listing_holder")
WORK_ROLES: Final = ("survey", "plan", "key")
LISTING_SIDE: Final = (*LISTING_ROLES, *WORK_ROLES)


def given(part: Part, to: str, credit: str, clause: str, evidence: Evidence = (), **changed: Any) -> Part:
    """A part that a clause gives to someone else."""
    return replace(part, to=to, credit=credit, clauses=citing(part.clauses, clause), evidence=part.evidence + evidence, **changed)


def citing(clauses: tuple[str, ...], *more: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(clauses + more))


def each_part(parts: Parts, change: Callable[[Part], Iterable[Part]]) -> Parts:
    return tuple(chain.from_iterable(map(change, parts)))


def points_in(parts: Parts, roles: Container[str]) -> Fraction:
    return sum([part.points for part in parts if part.role in roles], NONE)


def to_closers(part: Part, facts: Facts) -> Parts:
    """A part in equal parts for the closers, in the order named, each counting for their own store."""
    points = part.points if len(facts.closers) == 1 else part.points / len(facts.closers)
    return tuple([replace(part, to=closer, points=points, credit=facts.credit_of(closer)) for closer in facts.closers])
