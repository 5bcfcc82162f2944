"""What came of recomputing: a report of every difference, a tally, and how far it is, so that a run that was broken off goes on."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self

import msgspec

COLUMNS = ("company", "deal", "to", "role", "settled_fen", "recomputed_fen", "difference_fen", "what", "clauses")
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"  # without it Excel takes the Chinese for something else


class Tally(msgspec.Struct):
    """Of a company, or of all: deals recomputed, those that are the same, those that could not be judged, those cancelled; how much more in
    all, and how much less, somebody gets by it."""

    deals: int = 0
    same: int = 0
    failed: int = 0
    cancelled: int = 0
    more_fen: int = 0
    less_fen: int = 0

    @property
    def differing(self) -> int:
        return self.deals - self.same

    def add(self, answer: dict[str, Any]) -> None:
        self.deals += answer["deals"]
        self.same += answer["same"]
        self.cancelled += answer["cancelled"]
        for each in answer["differences"]:
            change_fen = each["recomputed_fen"] - each["settled_fen"]
            self.failed += each["what"] == "failed"
            self.more_fen += max(change_fen, 0)
            self.less_fen += max(-change_fen, 0)


class State(msgspec.Struct):
    """How far a run is: what was asked, as of which end of the log, in chunks of which size; how many of them the report holds, which is so
    many bytes long then; the tally up to there."""

    asked: dict[str, Any]
    size: int
    known: int | None = None
    chunks: int = 0
    bytes: int = 0
    tally: dict[str, Tally] = {}


class Report:
    """The report's file, as a context. Chunks are written in their order, whatever order their answers come in, so that it is the same
    whoever worked on it. Beside it lies a small file that says how far it is, until it is whole."""

    def __init__(self, path: Path, state: State) -> None:
        self.state = state
        self.path = path
        self._early: dict[int, dict[str, Any]] = {}
        self._file: BinaryIO | None = None
        self._of_what = _csv if path.suffix == ".csv" else _lines

    def __enter__(self) -> Self:
        self._file = self.path.open("r+b" if self.state.chunks else "wb")
        self._file.truncate(self.state.bytes)
        self._file.seek(self.state.bytes)
        if not self.state.chunks and self._of_what is _csv:
            self._file.write(_BYTE_ORDER_MARK + _csv_rows([COLUMNS]))
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        assert self._file is not None, "it was opened"
        self._file.close()

    def take(self, answer: dict[str, Any]) -> None:
        """Takes in an answer, and writes what its turn has come of."""
        self._early[answer["number"]] = answer
        while (whose_turn := self._early.pop(self.state.chunks, None)) is not None:
            self._write(whose_turn)

    def _write(self, answer: dict[str, Any]) -> None:
        assert self._file is not None, "it was opened"
        self._file.write(self._of_what(answer))
        self._file.flush()
        self.state.chunks += 1
        self.state.bytes = self._file.tell()
        self.state.tally.setdefault(answer["company"], Tally()).add(answer)
        _keep(self.path, self.state)

    @property
    def whole(self) -> Tally:
        """The tally of all companies together."""
        tallies = self.state.tally.values()
        return Tally(*(sum(getattr(tally, name) for tally in tallies) for name in Tally.__struct_fields__))

    def finish(self) -> None:
        """It is whole: there is nothing to go on with."""
        assert not self._early, "no answer is left without its turn"
        _beside(self.path).unlink(missing_ok=True)


def kept(path: Path) -> State | None:
    """How far a report is that was broken off; None if it was not, or is shorter than it should be."""
    try:
        state = msgspec.json.decode(_beside(path).read_bytes(), type=State)
        return state if path.stat().st_size >= state.bytes else None
    except (OSError, ValueError):
        return None


def _keep(path: Path, state: State) -> None:
    unfinished = _beside(path).with_name(f"{path.name}.state.new")
    unfinished.write_bytes(msgspec.json.encode(state))
    unfinished.replace(_beside(path))


def _beside(path: Path) -> Path:
    return path.with_name(f"{path.name}.state")


def _rows(answer: dict[str, Any]) -> Sequence[dict[str, Any]]:
    return [
        {"company": answer["company"], **each, "difference_fen": each["recomputed_fen"] - each["settled_fen"]}
        for each in answer["differences"]
    ]  # fmt: skip


def _lines(answer: dict[str, Any]) -> bytes:
    return b"".join(msgspec.json.encode({column: row[column] for column in COLUMNS}) + b"\n" for row in _rows(answer))


def _csv(answer: dict[str, Any]) -> bytes:
    return _csv_rows([[*(row[column] for column in COLUMNS[:-1]), " ".join(row["clauses"])] for row in _rows(answer)])


def _csv_rows(rows: Sequence[Sequence[object]]) -> bytes:
    written = io.StringIO()
    csv.writer(written).writerows(rows)
    return written.getvalue().encode()
