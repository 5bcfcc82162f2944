"""How a code is answered."""

from __future__ import annotations

from dataclasses import dataclass

from shared.problems.words import Words


@dataclass(frozen=True, slots=True)
class Problem:
    """How a code is answered. `why`, of refusals by a clause, says what the clause asks."""

    status: int
    title: Words
    detail: Words
    why: Words | None = None


def refusal(title: tuple[str, str], detail: tuple[str, str], why: tuple[str, str] | None = None, *, status: int = 409) -> Problem:
    return Problem(status, Words(*title), Words(*detail), Words(*why) if why else None)


def answered(status: int, title: tuple[str, str], detail: tuple[str, str]) -> Problem:
    return Problem(status, Words(*title), Words(*detail))
