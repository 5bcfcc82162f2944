"""Combinations as rows of a table: those that differ in nothing but what makes no difference are one row."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from deploy.packs.words import FAMILY
from services.commission.rules import Split
from services.commission.rules.combining import Setting, Value
from shared.money import points_text
from shared.problems import Words

Cells = tuple[tuple[str, tuple[tuple[str, str], ...]], ...]
"""For each column of roles, in the order of lines: who gets how many points."""


@dataclass(frozen=True, slots=True)
class Row:
    """The values of each condition under which the split is this one; what is otherwise than where all is earned, if something is."""

    under: Mapping[str, frozenset[Value]]
    case: Words | None
    cells: Cells


def cells_of(split: Split) -> Cells:
    columns: dict[str, list[tuple[str, str]]] = {}
    for line in split.lines:
        columns.setdefault(FAMILY.get(line.role, line.role), []).append((line.to, points_text(line.points)))
    return tuple((role, tuple(lines)) for role, lines in columns.items())


def rows_of(entries: Iterable[tuple[Setting, Words | None, Split]], values: Mapping[str, Sequence[Value]]) -> list[Row]:
    """A row for each setting and case, those put together that differ in one condition's values and come to the same."""
    rows = [Row({name: frozenset((chosen,)) for name, chosen in under.items()}, case, cells_of(split)) for under, case, split in entries]
    for name in reversed(list(values)):
        rows = _together(rows, name)
    return rows


def _together(rows: Iterable[Row], name: str) -> list[Row]:
    """Rows alike but for the values of one condition, put together where the first of them stands."""
    found: dict[tuple[object, ...], Row] = {}
    for row in rows:
        others = tuple((other, chosen) for other, chosen in row.under.items() if other != name)
        alike = (others, row.case, row.cells)
        first = found.get(alike)
        under = row.under if first is None or name not in row.under else {**first.under, name: first.under[name] | row.under[name]}
        found[alike] = Row(under, row.case, row.cells)
    return list(found.values())
