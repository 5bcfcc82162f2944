"""What differs between what was settled and what is recomputed. Pure."""

from collections.abc import Sequence
from typing import Protocol

from services.commission.events import Line, Settlement
from services.commission.recomputing.asking import Difference
from services.commission.rules import Line as SplitLine
from services.commission.rules import Split
from shared.regulation import Violation


class Booked(Protocol):
    """What of a settlement is compared."""

    @property
    def base_fen(self) -> int: ...
    @property
    def lines(self) -> tuple[Line, ...]: ...
    @property
    def notes(self) -> tuple[str, ...]: ...
    @property
    def violations(self) -> tuple[Violation, ...]: ...


def amounts_differing(deal: str, settled: Sequence[Line], split: Split | Settlement) -> list[Difference]:
    """Wherever somebody gets another sum in a role; in the order of lines, those settled first."""
    sums: dict[tuple[str, str], list[int]] = {}
    clauses: dict[tuple[str, str], tuple[str, ...]] = {}
    for column, lines in enumerate((settled, split.lines)):
        for line in lines:
            sums.setdefault((line.role, line.to), [0, 0])[column] += line.amount_fen
            clauses[line.role, line.to] = line.clauses
    return [Difference(deal, to, role, was, now, "amount", clauses[role, to]) for (role, to), (was, now) in sums.items() if was != now]


def differing(deal: str, settled: Booked, split: Split | Settlement) -> list[Difference]:
    """Amounts that differ; if none does, lines that say something else, and notes or proposals that are others."""
    if _is_same(settled, split):
        return []
    found = amounts_differing(deal, settled.lines, split)
    if found:
        return found
    pairs: list[tuple[Line, SplitLine | Line]] = list(zip(settled.lines, split.lines, strict=False))
    found = [Difference(deal, n.to, n.role, w.amount_fen, n.amount_fen, "line", n.clauses) for w, n in pairs if not _is_same_line(w, n)]
    return found or [Difference(deal, "", "", settled.base_fen, split.base_fen, "line", ())]


def _is_same(settled: Booked, split: Split | Settlement) -> bool:
    return (
        settled.base_fen == split.base_fen
        and len(settled.lines) == len(split.lines)
        and settled.notes == split.notes
        and settled.violations == split.violations
        and all(map(_is_same_line, settled.lines, split.lines))
    )


def _is_same_line(was: Line, now: SplitLine | Line) -> bool:
    return (
        was.to == now.to
        and was.amount_fen == now.amount_fen
        and was.role == now.role
        and was.credit == now.credit
        and was.clauses == now.clauses
        and was.evidence == now.evidence
        and was.by_analogy == now.by_analogy
        and was.points == str(now.points)
    )


def failing(deal: str, settled_fen: int, why: str) -> Difference:
    """A deal that cannot be judged any more: all that was settled is without ground."""
    return Difference(deal, "", "", settled_fen, 0, "failed", (why,))


def unproven(deal: str, settled: Booked, altered: Sequence[str]) -> Difference:
    """The lines are the same, but not the bytes that prove them; `clauses` name the entries that were altered."""
    return Difference(deal, "", "", settled.base_fen, settled.base_fen, "digest", tuple(altered))
