"""How a rule says no, and what it proposes."""

from collections.abc import Sequence
from typing import Any

from msgspec import Struct, to_builtins

from shared.money import Fen


class Refused(Exception):
    """The world said no: a code, the clause that says so, and the facts that its sentence is filled with."""

    def __init__(self, code: str, clause: str | None = None, **facts: Any) -> None:
        super().__init__(code, clause, facts)
        self.code = code
        self.clause = clause
        self.facts = facts

    def __str__(self) -> str:
        told = ", ".join(f"{name}={value!r}" for name, value in self.facts.items())
        return f"{self.code}{f' by {self.clause}' if self.clause else ''}{f' ({told})' if told else ''}"


class Violation(Struct, frozen=True, omit_defaults=True):
    """A breach that a rule or a manager found, and what the clause proposes for it. A named person confirms or drops it."""

    kind: str
    clause: str
    person: str
    fine_fen: Fen | None = None
    dismissal: bool = False
    forfeits_pay: bool = False
    evidence: tuple[str, ...] = ()


class Problem(Struct, frozen=True, omit_defaults=True):
    """What is wrong in a pack's document, and where: a path into it, and the line if it came from a file."""

    place: str
    reason: str
    clause: str | None = None
    line: int | None = None


def invalid(pack: str | None, problems: Sequence[Problem]) -> Refused:
    first = problems[0]
    told = to_builtins(list(problems))
    return Refused("pack_invalid", first.clause, pack=pack, place=first.place, reason=first.reason, line=first.line, problems=told)
