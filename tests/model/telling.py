"""Tells the clerk a deal: the product's facts, and the product's answer, in the clerk's plain words."""

from collections.abc import Iterable
from typing import Any, Final

from services.commission.rules import Facts, Split
from tests.model.clerk import Deal


def told(facts: Facts) -> Deal:
    """The facts as a plain dict; what a name means is decided by the clerk."""
    return {
        "kind": facts.kind,
        "closed_at": facts.closed_at,
        "fees": dict(facts.fees_fen),
        "closers": list(facts.closers),
        "client": {
            "is_duplicate": facts.client.first != facts.client.client,
            "first_recorder": facts.client.first_recorder,
            "senior": facts.client.senior,
        },
        "listing": _listing(facts),
        "people": {
            name: {"store": standing.store, "in_post": standing.in_post, "newcomer": standing.newcomer}
            for name, standing in facts.people.items()
        },
        "teams": dict(facts.teams),
        "leaves": [
            {"person": leave.person, "first": leave.first, "last": leave.last, "maintainer": leave.maintainer} for leave in facts.leaves
        ],
        "store_managers": list(facts.store_managers),
        "area_managers": list(facts.area_managers),
        "private_dealers": [finding.person for finding in facts.findings],
        "signature": facts.signature.status,
    }


def _listing(facts: Facts) -> dict[str, Any] | None:
    listing = facts.listing
    if listing is None:
        return None
    return {
        "recorder": listing.recorder,
        "holder": listing.holder,
        "entered": listing.entered,
        "correct": listing.correct,
        "core_refuted": listing.core_refuted,
        "phone_refuted": listing.phone_refuted,
        "moves": [{"to": move.to, "clause": move.clause} for move in listing.moves],
        "keys": [{"by": key.by, "declared": key.declared_by is not None} for key in listing.keys],
        "exclusives": [{"by": one.by, "until": one.until, "declared": one.declared_by is not None} for one in listing.exclusives],
        "surveys": [
            {
                "by": survey.by,
                "indoor": survey.indoor,
                "indoor_with_agent": survey.indoor_with_agent,
                "outdoor": survey.outdoor,
                "watermarked": survey.watermarked,
            }
            for survey in listing.surveys
        ],
        "plans": [{"by": plan.by, "door": plan.door, "compass": plan.compass} for plan in listing.plans],
        "follow_ups": [{"by": one.by, "at": one.at, "team": one.team} for one in listing.follow_ups],
    }


Answer = dict[str, list[str]]
"""An answer as lines of text, comparable: base, lines in their order; notes and violations as sets with repeats."""

MOVING: Final = (
    *("A-1.N1", "A-1.N2", "A-1.N3", "A-2.5", "A-2.6", "A-R1"),
    *("B-1-3-3", "B-1-3-4", "B-1-3-5", "B-1-3-6", "B-1-3-7", "B-1-3-8", "B-1-4-1", "B-1-4-2", "B-1-4-3"),
)
"""The clauses that move points from one to another. A line names those that moved it; tables and what counts it may name besides."""


def answer_of_clerk(worked_out: dict[str, Any]) -> Answer:
    return {
        "base": [str(worked_out["base"])],
        "lines": [
            _line(one["role"], one["to"], one["points"], one["amount"], one["credit"], one["by_analogy"], one["moved_by"])
            for one in worked_out["lines"]
        ],
        "notes": sorted(worked_out["notes"]),
        "violations": sorted(
            _violation(one["clause"], one["kind"], one["person"], one["fine"], False, False) for one in worked_out["violations"]
        ),
    }


def answer_of_product(split: Split) -> Answer:
    return {
        "base": [str(split.base_fen)],
        "lines": [
            _line(one.role, one.to, one.points, one.amount_fen, one.credit, one.by_analogy, [c for c in one.clauses if c in MOVING])
            for one in split.lines
        ],
        "notes": sorted(split.notes),
        "violations": sorted(
            _violation(one.clause, one.kind, one.person, one.fine_fen, one.dismissal, one.forfeits_pay) for one in split.violations
        ),
    }


def _line(role: str, to: str, points: object, amount_fen: int, credit: str, by_analogy: bool, moved_by: Iterable[str]) -> str:
    analogy = "  by analogy" if by_analogy else ""
    moved = f"  moved by {' '.join(sorted(moved_by))}" if moved_by else ""
    return f"{role:16} {to:8} {points!s:>6} points {amount_fen:>12} fen  credit {credit}{analogy}{moved}"


def _violation(clause: str, kind: str, person: str, fine_fen: int | None, dismissal: bool, forfeits_pay: bool) -> str:
    return f"{clause} {kind} {person} fine {fine_fen} dismissal {dismissal} forfeits pay {forfeits_pay}"
