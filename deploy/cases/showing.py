"""Results of cases for a reader (one line a case, what differs below it) and for a machine (`--json`)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Any

from rich.console import Console
from rich.text import Text

from deploy.cases.comparing import shown
from deploy.cases.nodes import StoryRefused
from deploy.cases.outcome import Outcome
from deploy.cases.playing import Played
from deploy.cases.reading import Case, Record, Value


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one file: played, or refused before or while its company was founded."""

    file: str
    case: Case | None
    played: Played | None
    refused: StoryRefused | None = None

    @property
    def passed(self) -> bool:
        return self.played is not None and self.played.passed


def status_of(results: list[Result]) -> int:
    """0 all as expected, 1 something differs, 2 a story was refused."""
    if any(result.refused for result in results):
        return 2
    return 0 if all(result.passed for result in results) else 1


def show(result: Result, console: Console) -> None:
    """One line, and below it what differs or why the story was refused."""
    if result.refused is not None:
        console.print(Text.assemble(("refused  ", "bold yellow"), str(result.refused)), soft_wrap=True)
        return
    assert result.case is not None, "what was not refused was read"
    assert result.played is not None, "what was not refused was played"
    word, style = ("passed   ", "green") if result.passed else ("differs  ", "bold red")
    console.print(Text.assemble((word, style), (result.case.id, "bold"), f"  {result.case.title}"), soft_wrap=True)
    for difference in result.played.differences:
        console.print(Text(f"         {difference}"), soft_wrap=True)


def as_json(result: Result) -> dict[str, Any]:
    """`passed`, `differences` and `outcome`, the whole of what came of it in the shape of `expect`, with the story's names."""
    head: dict[str, Any] = {"file": result.file, "id": result.case.id if result.case else None}
    if result.refused is not None:
        refused = {"file": result.refused.file, "line": result.refused.line, "reason": result.refused.reason}
        return head | {"passed": False, "refused": refused, "differences": [str(result.refused)], "outcome": None}
    assert result.case is not None, "what was not refused was read"
    assert result.played is not None, "what was not refused was played"
    return head | {
        "title": result.case.title,
        "passed": result.passed,
        "differences": list(result.played.differences),
        "outcome": outcome_as_json(result.played.outcome),
    }


def outcome_as_json(outcome: Outcome) -> dict[str, Any]:
    return {
        "deals": _records(outcome.deals),
        "listings": _records(outcome.listings),
        "clients": _records(outcome.clients),
        "violations": [_plain(violation) for violation in outcome.violations],
    }


def _records(records: dict[str, Record]) -> dict[str, Any]:
    return {name: _plain(record) for name, record in records.items()}


def _plain(value: Value) -> Any:
    """As a case would write it: whole points are numbers, others exact fractions as text; times are Shanghai's."""
    match value:
        case Fraction():
            return value.numerator if value.denominator == 1 else str(value)
        case datetime():
            return shown(value)
        case dict():
            return {key: _plain(one) for key, one in value.items()}
        case tuple():
            return [_plain(one) for one in value]
    return value
