"""Tables that can be read on a terminal of any width."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from rich.console import Console, ConsoleOptions, RenderableType
from rich.measure import Measurement
from rich.padding import Padding
from rich.style import StyleType
from rich.table import Column, Table
from rich.text import Text

_FOLDED_LEAST = 8
"""Cells to which a column may be narrowed whose longest word is longer, if it may be folded."""
_ANY_WIDTH = 10_000


class Fitting:
    """A table, where there is room for it. Where the terminal is too narrow, its rows stand one below another, each cell beside its
    heading and the first before them; empty cells are left out. Columns that are `no_wrap` are never cut: amounts, and ids to copy."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._folding = {column.header for column in table.columns if column.overflow == "fold"}
        for column in table.columns:
            column.overflow = "fold"

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[RenderableType]:
        columns = self._table.columns
        ranges = [self._range_of(column, console, options.update(max_width=_ANY_WIDTH)) for column in columns]
        between = 3 * len(columns) + 1 - (0 if self._table.pad_edge else 2)  # two cells of padding a column, one between them
        room = options.max_width - between
        if sum(least for least, _ in ranges) > room:
            yield from self._row_by_row()
            return
        for column, width in zip(columns, _widths(ranges, room), strict=True):
            column.width = width
        yield self._table

    def _range_of(self, column: Column, console: Console, options: ConsoleOptions) -> tuple[int, int]:
        """How narrow a column may be made, and how wide it is if nothing of it is wrapped."""
        found = [Measurement.get(console, options, cell) for cell in (column.header, *column.cells, column.footer)]
        most, word = max(each.maximum for each in found), max(each.minimum for each in found)
        if column.no_wrap:
            return most, most
        return min(word, _FOLDED_LEAST) if column.header in self._folding else word, most

    def _row_by_row(self) -> Iterator[RenderableType]:
        table = self._table
        if table.title:
            yield Text(str(table.title), style="table.title")
        headings = [_on_one_line(column.header) for column in table.columns]
        for cells, row in zip(zip(*(column.cells for column in table.columns), strict=True), table.rows, strict=True):
            yield from _record(headings, cells, row.style)
        if table.show_footer:
            yield from _record(headings, [column.footer for column in table.columns], None)
        yield Text()


def _widths(ranges: Sequence[tuple[int, int]], room: int) -> list[int]:
    """The widest columns are narrowed first, all to one width, and none to less than it may be."""
    level = max(level for level in range(room + 1) if not level or sum(_clamped(level, each) for each in ranges) <= room)
    widths = [_clamped(level, each) for each in ranges]
    spare = room - sum(widths)
    for place, (_, most) in enumerate(ranges):
        if spare and widths[place] == level < most:
            widths[place], spare = level + 1, spare - 1
    return widths


def _clamped(level: int, range: tuple[int, int]) -> int:
    least, most = range
    return max(least, min(level, most))


def _record(headings: Iterable[RenderableType], cells: Iterable[RenderableType], style: StyleType | None) -> Iterator[RenderableType]:
    (heading, first), *others = zip(headings, cells, strict=True)
    if _says(first):
        yield Text()
        yield Padding(_beside([(heading, _on_one_line(first))], style), (0, 0, 0, 1))
    yield Padding(_beside(others, style), (0, 0, 0, 3))


def _beside(told: Iterable[tuple[RenderableType, RenderableType]], style: StyleType | None) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column()
    table.add_column(overflow="fold")
    for heading, cell in told:
        if _says(cell):
            table.add_row(heading, cell, style=style)
    return table


def _says(cell: RenderableType) -> bool:
    return bool(str(cell).strip())


def _on_one_line(cell: RenderableType) -> RenderableType:
    return " ".join(cell.split()) if isinstance(cell, str) else cell
