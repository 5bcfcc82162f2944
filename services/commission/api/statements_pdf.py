"""Statements as PDF, for printing and filing: A4 across, Chinese from a font that travels in the file."""

import re
from collections.abc import Sequence
from datetime import UTC
from functools import cache, lru_cache
from importlib import resources
from typing import BinaryIO, Final

from fpdf import FPDF

from services.commission.api import statements_words as words
from services.commission.api.statements_words import COLUMNS
from services.commission.views.statements import Control, Line, Statement, Sum
from shared.problems import Language, Words

# All lengths in points, from the upper left corner of a page across.
_WIDTH, _HEIGHT, _MARGIN = 841.89, 595.28, 36.0
_RIGHT, _BOTTOM = _WIDTH - _MARGIN, _HEIGHT - _MARGIN - 14
_SMALL, _PLAIN, _TITLE = 7.0, 8.5, 17.0
_LEADING, _GAP = 9.0, 3.5
_SUMS, _SUMS_END = 480.0, 400.0
"""Where the sums of the head begin, and where those below the lines end."""
_WIDTHS: Final = {
    "number": 26.0, "recorded_at": 80.0, "kind": 44.0, "entry": 174.0, "role": 66.0, "to": 134.0, "credit": 52.0, "points": 34.0,
    "yuan": 70.0,
}  # fmt: skip
_TO_THE_RIGHT: Final = {"points", "yuan"}
_GREY, _BLACK, _RED, _RULE = 110, 0, (176, 0, 0), 205


_PAGES = "{pages}"
"""Stands where the number of pages will, and has room for five digits."""


class _Pages(FPDF):
    """Pages that each say of what statement they are, and which of how many."""

    statement = ""

    def __init__(self, language: Language) -> None:
        super().__init__(orientation="L", unit="pt", format="A4")
        self._language = language
        self.add_font("noto", "", _font())
        self.set_auto_page_break(False)
        self.alias_nb_pages(_PAGES)

    def advance(self, letter: str) -> float:
        """How wide a letter is, in parts of its size."""
        self.set_font("noto", size=1)
        return self.get_string_width(letter)

    def footer(self) -> None:
        self.set_font("noto", size=_SMALL)
        self.set_text_color(_GREY)
        self.set_xy(_MARGIN, _HEIGHT - _MARGIN - _LEADING)
        self.cell(200, _LEADING, self.statement)
        self.set_x(_RIGHT - 200)
        told = words.PAGE.said(self._language, {"page": self.page_no(), "pages": _PAGES})
        self.cell(200, _LEADING, told, align="R")


@cache
def _font() -> str:
    """The file of Noto Sans SC."""
    return str(resources.files("pylopdf_fonts_zh_cn") / "NotoSansSC-Regular.otf")


def _columns_of(statement: Statement) -> dict[str, float]:
    """A column that says on each row what the head says is left out; the clauses have the room that is left."""
    said = {"store": {"credit"}, "ledger": set[str]()}.get(statement.subject.of, {"to"})
    columns = {column: width for column, width in _WIDTHS.items() if column not in said}
    return {**columns, "clauses": _RIGHT - _MARGIN - sum(columns.values())}


def _words(text: str) -> list[str]:
    """The words of a text, each with the blank after it."""
    return re.findall(r"\S+\s*|\s+", text)


class PdfWriter:
    """A head with the totals, a row a line under headings that each page repeats, and at the end subtotals, control total and digest."""

    def __init__(self, out: BinaryIO, language: Language) -> None:
        self._out, self._language = out, language
        self._pdf = _Pages(language)
        self._advance = lru_cache(maxsize=10_000)(self._pdf.advance)
        self._y = 0.0
        self._number = 0

    def begin(self, statement: Statement) -> None:
        self._statement = statement
        self._columns = _columns_of(statement)
        pdf, title = self._pdf, words.TITLE.said(self._language)
        pdf.set_creation_date(statement.until.astimezone(UTC))
        pdf.set_title(f"{title} {words.subject(statement.subject, self._language)} {words.between(statement, self._language)}")
        pdf.set_subject(statement.id)
        pdf.set_creator("Fenyong")
        pdf.set_lang("zh-CN" if self._language == "zh" else "en")
        pdf.statement = statement.id
        self._begin_page()
        self._head()
        self._headings()

    def _begin_page(self) -> None:
        self._pdf.add_page()
        self._y = _MARGIN

    # The head

    def _head(self) -> None:
        of, language = self._statement, self._language
        self._y += _TITLE
        self._write(_MARGIN, words.TITLE.said(language), size=_TITLE)
        self._y += 20
        told = (
            (words.SUBJECT, words.subject(of.subject, language)),
            (words.PERIOD, words.between(of, language)),
            (words.STANDING, words.standing(of, language)),
            (words.COMPANY, of.company),
            (words.NUMBER, of.id),
        )
        sums = ((words.SETTLED, of.settled), (words.ADJUSTED, of.adjusted), (words.REVERSED, of.reversed), (words.NET, of.net))
        top = self._y
        for label, text in told:
            self._labelled(_MARGIN, 140, label, text)
        left, self._y = self._y, top
        self._over_sums(_SUMS, _RIGHT)
        for label, sum in sums:
            self._summed(_SUMS, _RIGHT, label, sum)
        self._y = max(left, self._y)
        self._write(_MARGIN, words.GOES_BY.said(language), grey=True)
        self._y += 16

    def _labelled(self, x: float, width: float, label: Words, text: str) -> None:
        self._write(x, label.said(self._language), size=_PLAIN, grey=True)
        self._write(x + width, text, size=_PLAIN)
        self._y += 14

    def _over_sums(self, x: float, right: float) -> None:
        """The headings over sums between `x` and `right`."""
        self._write(x + 190, words.LINES.said(self._language), right=True, grey=True)
        self._write(right, COLUMNS["yuan"].said(self._language), right=True, grey=True)
        self._y += 14

    def _summed(self, x: float, right: float, label: Words | str, sum: Sum) -> None:
        """A sum: what of, how many lines, and how much in yuan."""
        self._write(x, label if isinstance(label, str) else label.said(self._language), size=_PLAIN, grey=True)
        self._write(x + 190, f"{sum.lines:,}", size=_PLAIN, right=True)
        self._write(right, words.yuan(sum.amount_fen, ","), size=_PLAIN, right=True, red=sum.amount_fen < 0)
        self._y += 14

    # The lines

    def _headings(self) -> None:
        x = _MARGIN
        self._y += _SMALL
        for column, width in self._columns.items():
            right = column in _TO_THE_RIGHT
            self._write(x + width - 2 * _GAP if right else x, COLUMNS[column].said(self._language), right=right, grey=True)
            x += width
        self._rule(self._y + _GAP, _BLACK)
        self._y += _GAP

    def lines(self, lines: Sequence[Line]) -> None:
        for line in lines:
            self._number += 1
            self._line(line)

    def _line(self, line: Line) -> None:
        cells = {column: self._wrapped(column, text) for column, text in self._cells(line).items()}
        height = max(len(cell) for cell in cells.values()) * _LEADING + _GAP
        if self._y + height > _BOTTOM:
            self._begin_page()
            self._headings()
        x, top = _MARGIN, self._y
        for column, cell in cells.items():
            width, right = self._columns[column], column in _TO_THE_RIGHT
            for row, text in enumerate(cell, start=1):
                self._y = top + row * _LEADING
                self._write(x + width - 2 * _GAP if right else x, text, right=right, red=column == "yuan" and line.amount_fen < 0)
            x += width
        self._y = top + height
        self._rule(self._y, _RULE)

    def _cells(self, line: Line) -> dict[str, str]:
        taken_back = f" ←@{line.reverses[0].partition('@')[2]} #{line.reverses[1]}" if line.reverses is not None else ""
        cells = {
            "number": str(self._number),
            "recorded_at": words.time(line.recorded_at),
            "kind": words.kind(line, self._language),
            "entry": line.entry + taken_back,
            "role": words.role(line, self._language),
            "to": words.account(line.to, self._language),
            "credit": words.account(line.credit, self._language),
            "points": line.points or "",
            "yuan": words.yuan(line.amount_fen, ","),
            "clauses": words.clauses(line),
        }
        return {column: cells[column] for column in self._columns}

    def _wrapped(self, column: str, text: str) -> list[str]:
        """A cell's text in rows that fit its column, broken between words where there are any."""
        width = self._columns[column] - _GAP
        if self._width(text) <= width:
            return [text]
        rows = [""]
        for word in _words(text):
            while self._width(rows[-1] + word) > width:
                fitting = 0 if rows[-1] else self._fitting(word, width)
                rows[-1] += word[:fitting]
                word = word[fitting:].lstrip()
                rows.append("")
            rows[-1] += word
        return [row.rstrip() for row in rows]

    def _fitting(self, word: str, width: float) -> int:
        """How much of a word fits a row of its own; at least a letter does."""
        return max(1, next((n - 1 for n in range(2, len(word) + 1) if self._width(word[:n]) > width), len(word)))

    # The end

    def end(self, control: Control) -> None:
        if not self._number:
            self._y += 16
            self._write(_MARGIN, words.NOTHING.said(self._language), size=_PLAIN)
        self._y += 22
        self._subtotals()
        self._keep_together(3 * 14)
        self._summed(_MARGIN, _SUMS_END, words.CONTROL, control.sum)
        self._labelled(_MARGIN, 140, words.DIGEST, control.digest)
        self._pdf.output(self._out)

    def _subtotals(self) -> None:
        by = words.BY_BENEFICIARY if self._statement.subject.of == "store" else words.BY_CREDIT
        self._keep_together(2 * 14)
        self._write(_MARGIN, by.said(self._language), size=_PLAIN)
        self._over_sums(_MARGIN, _SUMS_END)
        for party, sum in self._statement.subtotals:
            self._keep_together(14)
            self._summed(_MARGIN, _SUMS_END, words.account(party, self._language), sum)
        self._y += 8

    def _keep_together(self, height: float) -> None:
        if self._y + height > _BOTTOM:
            self._begin_page()
            self._y += _PLAIN

    # Ink

    def _write(self, x: float, text: str, *, size: float = _SMALL, right: bool = False, grey: bool = False, red: bool = False) -> None:
        if not text:
            return
        left = x - self._width(text, size) if right else x
        self._pdf.set_font("noto", size=size)
        self._pdf.set_text_color(*(_RED if red else (_GREY if grey else _BLACK,)))
        self._pdf.text(left, self._y, text)

    def _width(self, text: str, size: float = _SMALL) -> float:
        return sum(map(self._advance, text)) * size

    def _rule(self, y: float, grey: int) -> None:
        self._pdf.set_draw_color(grey)
        self._pdf.set_line_width(0.4)
        self._pdf.line(_MARGIN, y, _RIGHT, y)
