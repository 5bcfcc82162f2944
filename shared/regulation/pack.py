"""A pack: its clauses with their numbers, and its readings. Nothing in code names one."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from fractions import Fraction
from typing import Any

import rfc8785

from shared.regulation.clauses import CLAUSES, READINGS, TABLES
from shared.regulation.own import ALWAYS, ASKS, CLOSING, CONDITIONS, HOLDING, Combination, Role, combinations, role_of
from shared.regulation.parameters import in_order


class Clause:
    """A clause as a pack has it: its id, its text in Chinese and English, its parameters as attributes.

    A parameter whose name Python keeps for itself is read with an underscore: `from_`.
    """

    __slots__ = ("__dict__", "id", "text")

    def __init__(self, id: str, parameters: Mapping[str, Any], text: Mapping[str, str]) -> None:
        self.id = id
        self.text = dict(text)
        self.__dict__.update(parameters)

    def __getattr__(self, name: str) -> Any:
        try:
            return self.__dict__[name.removesuffix("_")]
        except KeyError:
            raise AttributeError(f"clause {self.id} has no parameter {name}") from None

    def __repr__(self) -> str:
        return f"Clause({self.id}, {self.parameters})"

    @property
    def parameters(self) -> Mapping[str, Any]:
        return dict(self.__dict__)


class Pack:
    """A regulation as data: made by `load`, never changed. Two packs are equal when their digests are."""

    __slots__ = (
        "_readings",
        "_tables",
        "asks",
        "clauses",
        "closing_roles",
        "conditions",
        "digest",
        "document",
        "id",
        "listing_roles",
        "order",
        "own_tables",
        "roles",
        "title",
        "version",
    )

    def __init__(self, *, id: str, version: str, title: Mapping[str, str], readings: Mapping[str, str], clauses: Sequence[Clause]) -> None:
        self.id = id
        self.version = version
        self.title = dict(title)
        self._readings = dict(readings)
        self.clauses: Mapping[str, Clause] = {clause.id: clause for clause in clauses}
        self.roles: Mapping[str, Role] = {role.name: role for role in roles_of(clauses)}
        self.order: Mapping[str, int] = {role: place for place, role in enumerate(in_order(tuple(self.roles)))}
        self.closing_roles = frozenset(name for name, role in self.roles.items() if CLOSING.intersection(role.earned_by))
        self.listing_roles = frozenset(name for name, role in self.roles.items() if HOLDING.intersection(role.earned_by))
        self.own_tables = frozenset(clause.id for clause in clauses if "when" in clause.parameters)
        sources = {source for role in self.roles.values() for source in (*role.earned_by, *role.but_not)}
        self.asks = frozenset(ASKS[source] for source in sources if source in ASKS)
        self.conditions = conditions_of(clauses)
        self._tables = {tuple(each.values()): self.clauses[tables_of(self.clauses, each)[0]] for each in combinations(self.conditions)}
        self.document: dict[str, Any] = document_of(self, readings)
        self.digest = hashlib.sha256(rfc8785.dumps(self.document)).hexdigest()

    def has(self, clause: str) -> bool:
        return clause in self.clauses

    def __getitem__(self, clause: str) -> Clause:
        """The clause; KeyError, a fault of ours, where nobody asked `has` before."""
        return self.clauses[clause]

    def binding(self, clause: str) -> Clause:
        """A clause that binds whatever pack is in force: with this pack's numbers if it states it, else with the regulation's own."""
        known = CLAUSES[clause]
        assert known.binds, f"{clause} holds only where a pack states it"
        return self.clauses.get(clause) or Clause(clause, {name: one.unless_given for name, one in known.parameters.items()}, {})

    def reading(self, id: str) -> str:
        """What the pack chose where the source leaves room; the regulation's own choice where the pack is silent."""
        return self._readings.get(id, READINGS[id][0])

    def reading_otherwise(self, readings: Mapping[str, str]) -> "Pack":
        """A pack like this one that reads otherwise, for asking what would be; this very pack where it reads so already."""
        other = {id: chosen for id, chosen in readings.items() if self.reading(id) != chosen}
        if not other:
            return self
        return Pack(
            id=self.id, version=self.version, title=self.title, readings={**self._readings, **other}, clauses=list(self.clauses.values())
        )

    def table(self, **combination: str | bool) -> Clause:
        """The one clause whose shares such a deal is split by; `combination` has a value for each of this pack's `conditions`. An
        exclusive without a table of its own changes nothing."""
        return self.table_for(tuple(combination[name] for name in self.conditions))

    def table_for(self, values: tuple[str | bool, ...]) -> Clause:
        """The same, by the values of this pack's `conditions` in their order."""
        return self._tables[values]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Pack) and other.digest == self.digest

    def __hash__(self) -> int:
        return hash(self.digest)

    def __repr__(self) -> str:
        return f"Pack({self.id}, version {self.version}, {self.digest[:12]})"


def roles_of(clauses: Iterable[Clause]) -> list[Role]:
    """The roles of a company's own that clauses name, in their order."""
    return [role_of(clause.id, clause.parameters) for clause in clauses if "earned_by" in clause.parameters]


def conditions_of(clauses: Iterable[Clause]) -> tuple[str, ...]:
    """What the tables among these clauses are for: whether sale or rental, under an exclusive or not, and what tables of its own ask."""
    asked = {name for clause in clauses for name in clause.parameters.get("when") or ()}
    return tuple(name for name in CONDITIONS if name in ALWAYS or name in asked)


def tables_of(clauses: Mapping[str, Clause], combination: Combination) -> list[str]:
    """The clauses with a table for a combination; A-1.2.2, where it applies, takes the place of A-1.2.1."""
    kind, exclusive = str(combination["kind"]), bool(combination["exclusive"])
    named = [id for id, applies in TABLES if id in clauses and applies(kind, exclusive)]
    own = [(id, clause.parameters["when"]) for id, clause in clauses.items() if "when" in clause.parameters]
    named += [id for id, when in own if all(combination[name] == value for name, value in when.items())]
    return [id for id in named if not (id == "A-1.2.1" and "A-1.2.2" in named)]


def document_of(pack: Pack, readings: Mapping[str, str]) -> dict[str, Any]:
    """The pack as JSON values, the same however it was written: clauses in their order, every parameter stated."""
    document: dict[str, Any] = {"id": pack.id, "version": pack.version, "readings": dict(readings)}
    if pack.title:
        document["title"] = dict(pack.title)
    document["clauses"] = [_clause_document(clause) for clause in pack.clauses.values()]
    return document


def _clause_document(clause: Clause) -> dict[str, Any]:
    document: dict[str, Any] = {"clause": clause.id}
    document.update((name, _plain(value)) for name, value in clause.parameters.items())
    if clause.text:
        document["text"] = dict(clause.text)
    return document


def _plain(value: object) -> Any:
    match value:
        case bool() | int() | str():
            return value
        case Fraction():
            return value.numerator if value.denominator == 1 else str(value)
        case datetime():
            return value.date().isoformat()
        case tuple():
            return [_plain(each) for each in value]
        case Mapping():
            return {str(name): _plain(each) for name, each in value.items()}
    raise AssertionError(f"no parameter is a {type(value).__name__}")
