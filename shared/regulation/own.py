"""Clauses of a company's own: roles that it names and who earns them, and tables that share points out among roles.

Their ids begin with N, as no clause of the regulation does. What they can say is closed: a company picks from the sources, outcomes
and conditions below (docs/packs.md tells of each). Who earns by a source is for the rules of commission to find.
"""

import re
from collections.abc import Iterable, Mapping
from itertools import product
from typing import Any, Final

from msgspec import Struct

from shared.regulation.clauses import _OF, _SHARES, CLAUSES, Known
from shared.regulation.parameters import ROLES, Parameter, _flag, _words

OWN: Final = re.compile(r"N-[0-9]{1,4}(?:[.-][0-9A-Za-z]{1,8}){0,4}")
"""Ids of a company's own clauses."""

SOURCES: Final = (
    "listing_recorder",
    "listing_holder",
    "key_holder",
    "exclusive_signer",
    "surveyor",
    "plan_drawer",
    "first_viewer",
    "first_viewer_of_any",
    "client_recorder",
    "first_client_recorder",
    "senior",
    "first_closer",
    "other_closers",
    "closers",
    "named",
)
"""By what a role is earned."""

CLOSING: Final = frozenset({"first_closer", "other_closers", "closers"})
HOLDING: Final = frozenset({"listing_recorder", "listing_holder"})
"""Sources of those who close, and of those who have the listing: what the regulation says of its own such roles holds for these too."""

COMPANY: Final = "company"
PRO_RATA: Final = "pro_rata"
KEEPS: Final = "keeps"
"""Outcomes: it is the company's; it goes to the roles that were earned, in proportion; its person keeps it though they have left.
Any other is the name of the role whose people get it."""

ASKS: Final[Mapping[str, str]] = {"first_viewer_of_any": "first_shown"}
"""Sources that rest on a fact which is told of a deal only where its pack asks for it, so that what was settled stays as it was."""

CONDITIONS: Final[Mapping[str, tuple[str | bool, ...]]] = {
    "kind": ("sale", "rental"),
    "exclusive": (False, True),
    "key": (False, True),
    "survey": (False, True),
    "plan": (False, True),
    "closers": ("one", "several"),
}
"""What a table may be for, and the values that each can have. An exclusive, key, survey or plan is one that counts."""

ALWAYS: Final = ("kind", "exclusive")
"""The conditions that the regulation's own tables are for."""

Combination = Mapping[str, str | bool]


class Role(Struct, frozen=True):
    """A role that a company named, by which clause; the first of its sources that names someone earns it, but who is one of `but_not`."""

    name: str
    clause: str
    title: Mapping[str, str]
    earned_by: tuple[str, ...]
    but_not: tuple[str, ...]
    if_nobody: str
    if_left: str


def _name(value: object) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"[a-z][a-z0-9_]{0,31}", value):
        raise ValueError("is a name of small letters, digits and underscores, such as finance_adviser")
    if value in (*ROLES, PRO_RATA, KEEPS):
        raise ValueError(f"{value} is taken: the regulation has given it a meaning")
    return str(value)


def _title(value: object) -> Mapping[str, str]:
    if not isinstance(value, Mapping) or set(value) != {"zh", "en"} or not all(isinstance(t, str) and t.strip() for t in value.values()):
        raise ValueError("is a name in zh and in en")
    return {str(language): str(text) for language, text in value.items()}


def _earning(value: object) -> tuple[str, ...]:
    sources: tuple[str, ...] = _words(*SOURCES).read(value)
    if not sources:
        raise ValueError("names nobody")
    return sources


def _outcome(value: object) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"[a-z][a-z0-9_]{0,31}", value):
        raise ValueError(f"is {COMPANY}, {PRO_RATA} or the name of a role")
    return str(value)


def _combination(value: object) -> Combination:
    if not isinstance(value, Mapping):
        raise ValueError(f"is a mapping from conditions: {', '.join(CONDITIONS)}")
    return {str(name): _condition(str(name), each) for name, each in value.items()}


def _condition(name: str, value: object) -> str | bool:
    if name not in CONDITIONS:
        raise ValueError(f"{name} is no condition; the conditions are {', '.join(CONDITIONS)}")
    among = CONDITIONS[name]
    if among == (False, True):
        try:
            return _flag(value)
        except ValueError as fault:
            raise ValueError(f"{name} {fault}") from None
    if not isinstance(value, str) or value not in among:
        raise ValueError(f"{name} is one of {', '.join(map(str, among))}")
    return str(value)


ROLE: Final = Known(
    {
        "role": Parameter(_name),
        "title": Parameter(_title),
        "earned_by": Parameter(_earning),
        "but_not": _words(*SOURCES, unless_given=()),
        "if_nobody": Parameter(_outcome, COMPANY),
        "if_left": Parameter(_outcome, COMPANY),
    }
)
TABLE: Final = Known({"when": Parameter(_combination, {}), "shares": _SHARES, "of": _OF}, stage=1)


def known_of(id: str, written: Iterable[str]) -> Known | None:
    """What is known of a clause: of one of a company's own, by what is written of it; None if there is no such clause."""
    if id in CLAUSES:
        return CLAUSES[id]
    if not OWN.fullmatch(id):
        return None
    return ROLE if "role" in written or "earned_by" in written else TABLE


def stage_of(id: str, parameters: Mapping[str, Any]) -> int | None:
    known = known_of(id, parameters)
    return known.stage if known is not None else None


def names_in(clauses: object) -> tuple[str, ...]:
    """The names that a pack as written gives to roles of its own, in order; what is no name is left out."""
    written = [one for one in clauses if isinstance(one, Mapping)] if isinstance(clauses, list | tuple) else []
    own = [one["role"] for one in written if OWN.fullmatch(str(one.get("clause"))) and isinstance(one.get("role"), str)]
    return tuple(str(name) for name in own)


def role_of(clause: str, parameters: Mapping[str, Any]) -> Role:
    p = parameters
    return Role(p["role"], clause, p["title"], p["earned_by"], p["but_not"], p["if_nobody"], p["if_left"])


def combinations(asked: Iterable[str]) -> list[Combination]:
    """Every combination of these conditions, in their own order."""
    there = set(asked)
    names = [name for name in CONDITIONS if name in there]
    return [dict(zip(names, values, strict=True)) for values in product(*(CONDITIONS[name] for name in names))]


def told(combination: Combination) -> str:
    """A combination in words: `sale, no exclusive, several closers`."""
    return ", ".join(_told(name, value) for name, value in combination.items())


def _told(name: str, value: str | bool) -> str:
    match name:
        case "kind":
            return str(value)
        case "closers":
            return "one closer" if value == "one" else "several closers"
    return name if value else f"no {name}"
