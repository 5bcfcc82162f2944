"""Whether the roles and tables of a company's own fit together, and with the clauses of the regulation that stand beside them."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final

from shared.regulation.own import CLOSING, COMPANY, HOLDING, KEEPS, PRO_RATA, Role
from shared.regulation.pack import Clause, roles_of
from shared.regulation.parameters import ROLES
from shared.regulation.refusing import Problem

_LISTING: Final = ("listing", "listing_recorder", "listing_holder")
_WORK: Final = ("survey", "plan", "key")
WORKS_ON: Final[Mapping[str, tuple[str, ...]]] = {
    "A-1.N1": (*_LISTING, "closing"),
    "A-1.N2": ("closing",),
    "B-1-3-3": _WORK,
    "B-1-3-4": _WORK,
    "B-1-3-8": _LISTING,
    "B-1-3-7": _LISTING,
    "B-1-3-5": _LISTING,
}
"""Clauses that do nothing but move the points of these roles."""

ALIKE: Final[Mapping[str, frozenset[str]]] = {"A-1.N2": CLOSING, "A-2.6": HOLDING}
"""Clauses that hold for a company's own roles too, if they are earned by one of these sources."""


def misfits(clauses: Mapping[str, Clause], written: Mapping[str, Mapping[str, Any]]) -> Iterator[Problem]:
    """What does not fit, place by place; nothing for a pack without clauses of its own."""
    roles = [role for role in roles_of(clauses.values()) if role.name and role.earned_by and role.if_nobody and role.if_left]
    tables = {id: clause.shares for id, clause in clauses.items() if clause.parameters.get("shares")}
    places = {id: f"clauses[{place}]" for place, id in enumerate(clauses)}
    if not roles and not any("when" in clauses[id].parameters for id in tables):
        return

    def problem(clause: str, parameter: str, reason: str) -> Problem:
        line = getattr(written[clause].get(parameter, written[clause]), "line", None)
        return Problem(f"{places[clause]}.{parameter}", reason, clause, line)

    for place, role in enumerate(roles):
        if role.name in (earlier.name for earlier in roles[:place]):
            yield problem(role.clause, "role", f"{role.name} is there twice")
        if not any(role.name in shares for shares in tables.values()):
            yield problem(role.clause, "role", f"no table gives {role.name} a share")
        for parameter in ("if_nobody", "if_left"):
            if reason := _astray(role, parameter, getattr(role, parameter), {one.name for one in roles}, tables):
                yield problem(role.clause, parameter, reason)
    shared = {name for shares in tables.values() for name in shares}
    for id, clause in clauses.items():
        meant = WORKS_ON.get(id) or (clause.roles if id == "A-1.N3" else None)
        if meant and (reason := _idle(id, meant, shared, roles)):
            yield problem(id, "clause", reason)


def _astray(role: Role, parameter: str, outcome: str, own: Collection[str], tables: Mapping[str, Mapping[str, Any]]) -> str | None:
    """Why a role's outcome leads nowhere; None if it is sound."""
    if outcome in (COMPANY, PRO_RATA) or (outcome == KEEPS and parameter == "if_left"):
        return None
    if outcome == KEEPS:
        return "nobody has nothing to keep"
    if outcome == role.name:
        return f"{outcome} is the role itself"
    if outcome not in own and outcome not in ROLES:
        return f"{outcome} is no role; it is {COMPANY}, {PRO_RATA}{f', {KEEPS}' if parameter == 'if_left' else ''} or the name of a role"
    without = [id for id, shares in tables.items() if role.name in shares and outcome not in shares]
    return f"goes to {outcome}, to which {without[0]} gives no share (0 will do)" if without else None


def _idle(clause: str, meant: Collection[str], shared: Collection[str], roles: Collection[Role]) -> str | None:
    """Why a clause would do nothing in this pack; None if it has something to work on."""
    if any(name in shared for name in meant):
        return None
    if any(ALIKE.get(clause, frozenset()).intersection(role.earned_by) for role in roles):
        return None
    return f"{clause} works on {' and '.join(meant)}, to which no table here gives a share"
