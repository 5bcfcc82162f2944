"""Statements as Excel workbooks, written as their lines come: a sheet that sums up and one with the lines, amounts as numbers."""

from collections.abc import Sequence
from datetime import UTC
from typing import Any, BinaryIO

import xlsxwriter
from xlsxwriter.utility import xl_col_to_name
from xlsxwriter.worksheet import Worksheet

from services.commission.api import statements_words as words
from services.commission.api.statements_words import COLUMNS
from services.commission.views.statements import Control, Line, Statement, Sum
from shared.problems import Language, Words

_EXACT = 10**15
"""Excel keeps fifteen digits of a number. Amounts beyond that, which nobody ever saw, are written as text."""
_WIDTHS = (7, 21, 12, 40, 18, 34, 14, 9, 16, 18, 34, 44)
_YUAN, _FEN, _COUNT = "#,##0.00;[Red]-#,##0.00", "#,##0;[Red]-#,##0", "#,##0"
_AT, _FENS = list(COLUMNS).index("yuan"), list(COLUMNS).index("fen")


class XlsxWriter:
    """Rows go to disk as they come; the sheet that sums up is written last and stands first. Formulas have their values with them, and in
    Excel check the control total anew. Nothing that somebody wrote can become a formula or a link: texts are written as texts."""

    def __init__(self, out: BinaryIO, language: Language) -> None:
        self._book = xlsxwriter.Workbook(out, {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
        self._language = language
        self._number = 0

    def begin(self, statement: Statement) -> None:
        self._statement = statement
        title = words.TITLE.said(self._language)
        self._book.set_properties(
            {"title": title, "subject": statement.id, "created": statement.until.astimezone(UTC).replace(tzinfo=None)}
        )
        self._summary, self._sheet = (self._book.add_worksheet(name.said(self._language)) for name in words.SHEETS)
        self._formats = {code: self._book.add_format({"num_format": code}) for code in (_YUAN, _FEN, _COUNT)}
        self._time = self._book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss", "align": "left"})
        self._right = self._book.add_format({"align": "right"})
        self._strong = self._book.add_format({"bold": True})
        self._heading = self._book.add_format({"bold": True, "bg_color": "#E8EDF3", "bottom": 1})
        self._title = self._book.add_format({"bold": True, "font_size": 16})
        self._grey = self._book.add_format({"font_color": "#666666"})
        self._sums = {code: self._book.add_format({"num_format": code, "bold": True, "top": 1}) for code in (_YUAN, _FEN, _COUNT)}
        self._begin_lines()

    def _begin_lines(self) -> None:
        for column, (heading, width) in enumerate(zip(COLUMNS.values(), _WIDTHS, strict=True)):
            self._sheet.set_column(column, column, width)
            self._sheet.write_string(0, column, heading.said(self._language), self._heading)
        self._sheet.freeze_panes(1, 0)
        self._sheet.set_landscape()
        self._sheet.set_paper(9)  # A4
        self._sheet.fit_to_pages(1, 0)
        self._sheet.repeat_rows(0)
        self._sheet.set_footer(f"&L{self._statement.id}&R&P / &N")

    def lines(self, lines: Sequence[Line]) -> None:
        for line in lines:
            self._number += 1
            self._write_line(self._number, line)

    def _write_line(self, row: int, line: Line) -> None:
        sheet, language = self._sheet, self._language
        sheet.write_number(row, 0, row)
        sheet.write_datetime(row, 1, line.recorded_at.replace(tzinfo=None, microsecond=0), self._time)
        parties = (words.account(line.to, language), words.account(line.credit, language))
        for column, text in enumerate((words.kind(line, language), line.entry, words.role(line, language), *parties), start=2):
            sheet.write_string(row, column, text)
        self._write_points(row, line)
        self._write_yuan(sheet, row, _AT, line.amount_fen)
        self._write_fen(sheet, row, _FENS, line.amount_fen)
        sheet.write_string(row, _FENS + 1, words.clauses(line))
        sheet.write_string(row, _FENS + 2, words.reverses(line))

    def _write_points(self, row: int, line: Line) -> None:
        """Whole points as a number; a fraction exactly, as a text, since no number in Excel is 20/3."""
        if line.points is not None and "/" not in line.points:
            self._sheet.write_number(row, _AT - 1, int(line.points))
        else:
            self._sheet.write_string(row, _AT - 1, words.points(line), self._right)

    def _write_yuan(self, sheet: Worksheet, row: int, column: int, fen: int, formats: dict[str, Any] | None = None) -> None:
        if abs(fen) < _EXACT:
            sheet.write_number(row, column, fen / 100, (formats or self._formats)[_YUAN])
        else:
            sheet.write_string(row, column, words.yuan(fen), self._right)

    def _write_fen(self, sheet: Worksheet, row: int, column: int, fen: int, formats: dict[str, Any] | None = None) -> None:
        if abs(fen) < _EXACT:
            sheet.write_number(row, column, fen, (formats or self._formats)[_FEN])
        else:
            sheet.write_string(row, column, str(fen), self._right)

    def end(self, control: Control) -> None:
        if self._number:
            self._sheet.autofilter(0, 0, self._number, len(COLUMNS) - 1)
        self._end_lines(control.sum)
        self._sum_up(control)
        self._book.close()

    def _end_lines(self, sum: Sum) -> None:
        """The sums below the lines, as formulas over them."""
        row = self._number + 1
        self._sheet.write_string(row, 0, words.SUM.said(self._language), self._strong)
        self._sheet.write_formula(row, _AT, self._over("yuan"), self._sums[_YUAN], sum.amount_fen / 100)
        self._sheet.write_formula(row, _FENS, self._over("fen"), self._sums[_FEN], sum.amount_fen)

    def _over(self, column: str, sheet: str = "") -> str:
        letter = xl_col_to_name(list(COLUMNS).index(column))
        return f"=SUM({sheet}{letter}2:{letter}{max(self._number, 1) + 1})"

    # The sheet that sums up

    def _sum_up(self, control: Control) -> None:
        of, sheet = self._statement, self._summary
        sheet.set_column(0, 0, 34)
        sheet.set_column(1, 3, 20)
        sheet.write_string(0, 0, words.TITLE.said(self._language), self._title)
        told = (
            (words.SUBJECT, words.subject(of.subject, self._language)),
            (words.PERIOD, words.between(of, self._language)),
            (words.STANDING, words.standing(of, self._language)),
            (words.COMPANY, of.company),
            (words.NUMBER, of.id),
            (words.DIGEST, control.digest),
        )
        for row, (label, text) in enumerate(told, start=1):
            self._label(row, label)
            sheet.write_string(row, 1, text)
        row = self._totals(len(told) + 2)
        row = self._control(row, control.sum)
        row = self._subtotals(row + 1)
        sheet.write_string(row + 1, 0, words.GOES_BY.said(self._language), self._grey)
        sheet.activate()

    def _label(self, row: int, label: Words) -> None:
        self._summary.write_string(row, 0, label.said(self._language), self._strong)

    def _totals(self, row: int) -> int:
        of = self._statement
        for column, label in enumerate((words.LINES, COLUMNS["yuan"], COLUMNS["fen"]), start=1):
            self._summary.write_string(row, column, label.said(self._language), self._heading)
        sums = ((words.SETTLED, of.settled), (words.ADJUSTED, of.adjusted), (words.REVERSED, of.reversed), (words.NET, of.net))
        for below, (label, sum) in enumerate(sums, start=row + 1):
            self._label(below, label)
            self._write_sum(below, sum, self._sums if label is words.NET else self._formats)
        return row + 1 + len(sums)

    def _control(self, row: int, sum: Sum) -> int:
        """What the ledger holds, and a formula that says whether the lines of this book still sum to it."""
        self._label(row, words.CONTROL)
        self._write_sum(row, sum, self._sums)
        self._label(row + 1, words.CHECK)
        agrees, differs = words.AGREES.said(self._language), words.DIFFERS.said(self._language)
        lines = f"'{words.SHEETS[1].said(self._language)}'!"
        formula = f'=IF({self._over("fen", lines)[1:]}=D{row + 1},"{agrees}","{differs}")'
        self._summary.write_formula(row + 1, 3, formula, self._right, agrees)
        return row + 2

    def _subtotals(self, row: int) -> int:
        by = words.BY_BENEFICIARY if self._statement.subject.of == "store" else words.BY_CREDIT
        self._summary.write_string(row, 0, by.said(self._language), self._heading)
        for below, (party, sum) in enumerate(self._statement.subtotals, start=row + 1):
            self._summary.write_string(below, 0, words.account(party, self._language))
            self._write_sum(below, sum, self._formats)
        return row + 1 + len(self._statement.subtotals)

    def _write_sum(self, row: int, sum: Sum, formats: dict[str, Any]) -> None:
        self._summary.write_number(row, 1, sum.lines, formats[_COUNT])
        self._write_yuan(self._summary, row, 2, sum.amount_fen, formats)
        self._write_fen(self._summary, row, 3, sum.amount_fen, formats)
