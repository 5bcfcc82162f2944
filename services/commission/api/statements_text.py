"""Statements as JSON and as CSV, written as their lines come."""

import csv
import io
import json
from collections.abc import Sequence
from typing import BinaryIO

from services.commission.api import statements_words as words
from services.commission.views.statements import Control, Line, Statement, counted, headed, shown
from shared.problems import Language, Words

_BYTE_ORDER_MARK = "\ufeff"  # without it Excel takes UTF-8 for something else
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""A spreadsheet takes a cell that begins like this for a formula."""


class JsonWriter:
    """The head, `lines`, and at the end what was counted while they were written. Codes as they are, in no language."""

    def __init__(self, out: BinaryIO, language: Language) -> None:
        self._out = out
        self._between = b""

    def begin(self, statement: Statement) -> None:
        self._out.write(_json(headed(statement))[:-1] + b',"lines":[')

    def lines(self, lines: Sequence[Line]) -> None:
        for line in lines:
            self._out.write(self._between + _json(shown(line)))
            self._between = b","

    def end(self, control: Control) -> None:
        self._out.write(b"]," + _json({"control": counted(control.sum), "digest": control.digest})[1:])


def _json(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


class CsvWriter:
    """RFC 4180 in UTF-8: a row of headings, a row a line, and below them the totals, the control total, and what the statement is of, each
    under its label in the first column. Amounts stand twice, in yuan with two decimals and in whole fen."""

    def __init__(self, out: BinaryIO, language: Language) -> None:
        self._out, self._language = out, language
        self._number = 0

    def begin(self, statement: Statement) -> None:
        self._statement = statement
        self._out.write(_BYTE_ORDER_MARK.encode())
        self._write([[heading.said(self._language) for heading in words.COLUMNS.values()]])

    def lines(self, lines: Sequence[Line]) -> None:
        self._write([self._row(number, line) for number, line in enumerate(lines, start=self._number + 1)])
        self._number += len(lines)

    def _row(self, number: int, line: Line) -> list[str]:
        return [
            str(number),
            words.time(line.recorded_at),
            words.kind(line, self._language),
            line.entry,
            guarded(words.role(line, self._language)),
            guarded(words.account(line.to, self._language)),
            guarded(words.account(line.credit, self._language)),
            words.points(line),
            words.yuan(line.amount_fen),
            str(line.amount_fen),
            guarded(words.clauses(line)),
            words.reverses(line),
        ]

    def end(self, control: Control) -> None:
        of = self._statement
        sums = ((words.SETTLED, of.settled), (words.ADJUSTED, of.adjusted), (words.REVERSED, of.reversed), (words.NET, of.net))
        below = [self._below(label, str(sum.lines), fen=sum.amount_fen) for label, sum in (*sums, (words.CONTROL, control.sum))]
        below.append(self._below(words.NUMBER, of.id))
        below.append(self._below(words.SUBJECT, guarded(words.subject(of.subject, self._language))))
        below.append(self._below(words.PERIOD, f"{of.period.first}/{of.period.last}"))
        below.append(self._below(words.STANDING, words.standing(of, self._language)))
        below.append(self._below(words.DIGEST, control.digest))
        self._write(below)

    def _below(self, label: Words, told: str, fen: int | None = None) -> list[str]:
        """A row below the lines: its label, what it says (of a sum, how many lines), and a sum's amount."""
        amounts = ["", ""] if fen is None else [words.yuan(fen), str(fen)]
        return [label.said(self._language), told, "", "", "", "", "", "", *amounts, "", ""]

    def _write(self, rows: Sequence[Sequence[str]]) -> None:
        text = io.StringIO()
        csv.writer(text, lineterminator="\r\n").writerows(rows)
        self._out.write(text.getvalue().encode())


def guarded(text: str) -> str:
    """A text that somebody chose, as a cell that no spreadsheet takes for a formula: behind an apostrophe."""
    return f"'{text}" if text.startswith(_FORMULA) else text
