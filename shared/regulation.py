"""A regulation as data: packs, their clauses and readings, which one is in force; and how a rule says no.

A pack is loaded from its document (YAML or JSON), checked whole, and never changed afterwards. Rules ask it
`pack.has("A-2.7")` and read its numbers as `pack["A-2.7"].days`. Nothing in code names a pack.
"""

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from fractions import Fraction
from io import StringIO
from itertools import product
from pathlib import Path
from typing import Any, Final

import rfc8785
from msgspec import Struct, field, to_builtins
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from shared.calendar import start_of_day
from shared.money import WHOLE, Fen, points_of


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


class Clause:
    """A clause as a pack has it: its id, its text in Chinese and English, its parameters as attributes.

    A parameter whose name Python keeps for itself is read with an underscore: `from_`.
    """

    __slots__ = ("_parameters", "id", "text")

    def __init__(self, id: str, parameters: Mapping[str, Any], text: Mapping[str, str]) -> None:
        self.id = id
        self.text = dict(text)
        self._parameters = dict(parameters)

    def __getattr__(self, name: str) -> Any:
        try:
            return self._parameters[name.removesuffix("_")]
        except KeyError:
            raise AttributeError(f"clause {self.id} has no parameter {name}") from None

    def __repr__(self) -> str:
        return f"Clause({self.id}, {self._parameters})"

    @property
    def parameters(self) -> Mapping[str, Any]:
        return dict(self._parameters)


class Pack:
    """A regulation as data: made by `load`, never changed. Two packs are equal when their digests are."""

    __slots__ = ("_readings", "clauses", "digest", "document", "id", "title", "version")

    def __init__(self, *, id: str, version: str, title: Mapping[str, str], readings: Mapping[str, str], clauses: Sequence[Clause]) -> None:
        self.id = id
        self.version = version
        self.title = dict(title)
        self._readings = dict(readings)
        self.clauses: Mapping[str, Clause] = {clause.id: clause for clause in clauses}
        self.document: dict[str, Any] = _document(self, readings)
        self.digest = hashlib.sha256(rfc8785.dumps(self.document)).hexdigest()

    def has(self, clause: str) -> bool:
        return clause in self.clauses

    def __getitem__(self, clause: str) -> Clause:
        """The clause; KeyError, a fault of ours, where nobody asked `has` before."""
        return self.clauses[clause]

    def reading(self, id: str) -> str:
        """What the pack chose where the source leaves room; the regulation's own choice where the pack is silent."""
        return self._readings.get(id, READINGS[id][0])

    def table(self, *, kind: str, exclusive: bool) -> Clause:
        """The one clause whose shares a deal of this kind is split by. An exclusive without a table of its own changes nothing."""
        return self.clauses[_tables(self.clauses, kind, exclusive)[0]]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Pack) and other.digest == self.digest

    def __hash__(self) -> int:
        return hash(self.digest)

    def __repr__(self) -> str:
        return f"Pack({self.id}, version {self.version}, {self.digest[:12]})"


# Which pack is in force.


class Activation(Struct, frozen=True):
    """A pack put in force from an instant on, for one store or (None) for the whole company."""

    pack: Pack
    from_: datetime
    store: str | None = None


def in_force(activations: Iterable[Activation], store: str | None, at: datetime) -> Pack:
    """The pack in force for a store (None: the company's account) at an instant.

    For one scope the latest whose `from_` has come, an instant that is reached counting as come; a store's own goes
    before the company's. Refused: no_pack.
    """
    begun = [activation for activation in activations if activation.from_ <= at]
    for scope in (store, None):
        mine = [activation for activation in begun if activation.store == scope]
        if mine:
            return max(mine, key=lambda activation: activation.from_).pack
    raise Refused("no_pack", store=store, at=at)


def begins_to_apply(activations: Sequence[Activation], store: str | None, clause: str, since: datetime) -> tuple[datetime, Pack] | None:
    """From when on, no earlier than `since`, a clause applies in a store, and the pack by which it does; None: by no pack that is known.

    At once if the pack in force then has it, else with the first later one that does. Refused: no_pack, if none is in force at `since`.
    """
    later = sorted({activation.from_ for activation in activations if activation.from_ > since})
    for begun in (since, *later):
        pack = in_force(activations, store, begun)
        if pack.has(clause):
            return begun, pack
    return None


def check_activation(activations: Iterable[Activation], new: Activation, at: datetime) -> None:
    """Refused: pack_invalid, if its scope has one from the same instant, or if it begins in the past and is not its scope's first."""
    same_scope = [activation for activation in activations if activation.store == new.store]
    if any(activation.from_ == new.from_ for activation in same_scope):
        raise _invalid(new.pack.id, [Problem("from", "another pack is activated from the same instant for the same scope")])
    if same_scope and new.from_ < at:
        raise _invalid(new.pack.id, [Problem("from", "lies in the past; only the first pack of a scope may begin there")])


# Loading.


class Problem(Struct, frozen=True, omit_defaults=True):
    """What is wrong in a pack's document, and where: a path into it, and the line if it came from a file."""

    place: str
    reason: str
    clause: str | None = None
    line: int | None = None


def load(source: Mapping[str, Any] | Path | str) -> Pack:
    """A pack from its document: a mapping as JSON gives it, a YAML file (Path), or YAML as text. Refused: pack_invalid.

    Everything is checked, and the refusal lists all that is wrong: `place` and `reason` are the first, `problems` has all.
    """
    reader = _Reader()
    tree = source if isinstance(source, Mapping) else reader.parse(source)
    pack = reader.pack(tree) if tree is not None else None
    if reader.problems or pack is None:
        raise _invalid(reader.id, reader.problems)
    return pack


def _invalid(pack: str | None, problems: Sequence[Problem]) -> Refused:
    first = problems[0]
    told = to_builtins(list(problems))
    return Refused("pack_invalid", first.clause, pack=pack, place=first.place, reason=first.reason, line=first.line, problems=told)


class _Written(str):
    """A scalar of a YAML file: its very characters (`0302`, `NO`), typed by the field it stands in, and its line."""

    line: int

    def __new__(cls, text: str, line: int) -> "_Written":
        written = super().__new__(cls, text)
        written.line = line
        return written


class _WrittenMapping(dict[str, Any]):
    """A mapping of a YAML file, and its line."""

    line: int


class _Reader:
    """Reads a document and collects what is wrong with it."""

    def __init__(self) -> None:
        self.id: str | None = None
        self.problems: list[Problem] = []
        self.written: dict[str, Mapping[str, Any]] = {}

    def wrong(self, place: str, reason: str, clause: str | None = None, value: object = None) -> None:
        self.problems.append(Problem(place, reason, clause, getattr(value, "line", None)))

    def parse(self, source: Path | str) -> Mapping[str, Any] | None:
        """The tree of a YAML text with untyped scalars, or None with the problem noted."""
        try:
            text = source.read_text(encoding="utf-8") if isinstance(source, Path) else source
            node = YAML(typ="rt", pure=True).compose(StringIO(text))
            tree = self._plain(node, "", set())
        except (OSError, ValueError, YAMLError, RecursionError) as fault:
            mark = fault.problem_mark if isinstance(fault, MarkedYAMLError) else None
            why = "is nested too deep" if isinstance(fault, RecursionError) else f"cannot be read: {fault}"
            self.problems.append(Problem("", why, line=mark.line + 1 if mark is not None else None))
            return None
        if isinstance(tree, Mapping):
            return tree
        self.wrong("", "a pack is a mapping")
        return None

    def _plain(self, node: Node | None, place: str, seen: set[int]) -> Any:
        if node is None:
            return None
        if id(node) in seen:
            raise ValueError(f"{place or 'the document'}: aliases are not used in packs")
        seen.add(id(node))
        line = node.start_mark.line + 1
        match node:
            case ScalarNode():
                return _Written(node.value, line)
            case SequenceNode():
                return [self._plain(child, f"{place}[{index}]", seen) for index, child in enumerate(node.value)]
            case MappingNode():
                tree = _WrittenMapping()
                tree.line = line
                for key, child in node.value:
                    name = str(key.value)
                    if name in tree:
                        self.problems.append(Problem(_join(place, name), "is there twice", line=key.start_mark.line + 1))
                    tree[name] = self._plain(child, _join(place, name), seen)
                return tree
        raise ValueError(f"{place or 'the document'}: cannot be read")

    def pack(self, tree: Mapping[str, Any]) -> Pack | None:
        for name in tree:
            if name not in ("id", "version", "title", "readings", "clauses"):
                self.wrong(name, "is not a part of a pack", value=tree[name])
        self.id = self._text(tree, "id")
        version = self._text(tree, "version")
        title = self._titles(tree.get("title"), "title", None)
        readings = self._readings(tree.get("readings", {}))
        clauses = self._clauses(tree.get("clauses"))
        if clauses:
            self._order(clauses)
            self._sums({clause.id: clause for clause in clauses})
        if self.problems or self.id is None or version is None:
            return None
        return Pack(id=self.id, version=version, title=title, readings=readings, clauses=clauses)

    def _text(self, tree: Mapping[str, Any], name: str) -> str | None:
        value = tree.get(name)
        if isinstance(value, str) and _NAME.fullmatch(value):
            return str(value)
        self.wrong(name, "is missing" if value is None else "is a text of at most 64 letters, digits, dots and hyphens", value=value)
        return None

    def _titles(self, tree: object, place: str, clause: str | None) -> dict[str, str]:
        if tree is None:
            return {}
        if isinstance(tree, Mapping) and all(language in ("zh", "en") and isinstance(text, str) for language, text in tree.items()):
            return {str(language): str(text) for language, text in tree.items()}
        self.wrong(place, "is a text in zh, in en, or in both", clause, tree)
        return {}

    def _readings(self, tree: object) -> dict[str, str]:
        if not isinstance(tree, Mapping):
            self.wrong("readings", "is a mapping from readings to what was chosen", value=tree)
            return {}
        for id, chosen in tree.items():
            place = f"readings.{id}"
            if id not in READINGS:
                self.wrong(place, "is no reading known here", value=chosen)
            elif not isinstance(chosen, str) or chosen not in READINGS[id]:
                self.wrong(place, f"is one of {', '.join(READINGS[id])}", value=chosen)
        return {str(id): str(chosen) for id, chosen in tree.items()}

    def _clauses(self, tree: object) -> list[Clause]:
        if not isinstance(tree, Sequence) or isinstance(tree, str) or not tree:
            self.wrong("clauses", "is a list of clauses, in the order in which they apply", value=tree)
            return []
        clauses: list[Clause] = []
        for index, written in enumerate(tree):
            place = f"clauses[{index}]"
            clause = self._clause(written, place)
            if clause is None:
                continue
            if any(clause.id == earlier.id for earlier in clauses):
                self.wrong(place, f"{clause.id} is there twice", clause.id)
            clauses.append(clause)
            self.written[clause.id] = written
        return clauses

    def _clause(self, tree: object, place: str) -> Clause | None:
        id = tree.get("clause") if isinstance(tree, Mapping) else None
        if not isinstance(tree, Mapping) or not isinstance(id, str):
            self.wrong(f"{place}.clause", "names the clause", value=tree)
            return None
        known = CLAUSES.get(str(id))
        if known is None:
            self.wrong(f"{place}.clause", f"{id} is no clause known here", value=id)
            return None
        for name in tree:
            if name not in known.parameters and name not in ("clause", "text"):
                self.wrong(f"{place}.{name}", f"is no parameter of {id}", str(id), tree[name])
        parameters = {name: self._parameter(tree.get(name), how, f"{place}.{name}", str(id)) for name, how in known.parameters.items()}
        return Clause(str(id), parameters, self._titles(tree.get("text"), f"{place}.text", str(id)))

    def _parameter(self, value: object, how: "Parameter", place: str, clause: str) -> Any:
        if value is None:
            if how.unless_given is None:
                self.wrong(place, "is missing", clause)
            return how.unless_given
        try:
            return how.read(value)
        except ValueError as fault:
            self.wrong(place, str(fault), clause, value)
            return None

    def _order(self, clauses: Sequence[Clause]) -> None:
        latest = clauses[0]
        for index, clause in enumerate(clauses):
            if CLAUSES[clause.id].stage is None:
                continue
            if (CLAUSES[latest.id].stage or 0) > (CLAUSES[clause.id].stage or 0):
                reason = f"{clause.id} has to come before {latest.id}, which works on what it leaves"
                self.wrong(f"clauses[{index}]", reason, clause.id, self.written[clause.id])
            else:
                latest = clause

    def _sums(self, clauses: Mapping[str, Clause]) -> None:
        """Whether exactly one table applies under each combination, and sums to 100. What is wrong with a table is told once."""
        told: set[str] = set()
        for kind, exclusive in product(("sale", "rental"), (False, True)):
            tables = _tables(clauses, kind, exclusive)
            combination = f"{kind}, {'exclusive' if exclusive else 'no exclusive'}"
            if not tables:
                self.wrong("clauses", f"the shares sum to 0, not 100, under: {combination}; no clause has a table for it")
                continue
            shares = clauses[tables[-1]].shares or {}
            if len(tables) > 1:
                reason = f"two tables apply under: {combination}: {' and '.join(tables)}"
            elif shares and sum(shares.values()) != WHOLE:
                reason = f"the shares sum to {sum(shares.values())}, not 100, under: {combination}"
            else:
                continue
            if tables[-1] not in told:
                told.add(tables[-1])
                written = self.written[tables[-1]].get("shares")
                self.wrong(f"clauses[{list(clauses).index(tables[-1])}].shares", reason, tables[-1], written)


_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,62}[A-Za-z0-9])?")


def _join(place: str, name: str) -> str:
    return f"{place}.{name}" if place else name


def _document(pack: Pack, readings: Mapping[str, str]) -> dict[str, Any]:
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


# What is known of every clause: its parameters, and where it stands among those that make a split.


class Parameter(Struct, frozen=True):
    """How a parameter is read (ValueError says why not), and what holds where a pack does not give it (None: it has to)."""

    read: Callable[[object], Any]
    unless_given: Any = None


class Known(Struct, frozen=True):
    """A clause that the product carries out. `stage`: clauses of a later one see the lines of the earlier; None: it makes no line."""

    parameters: dict[str, Parameter] = field(default_factory=dict)
    stage: int | None = None


def _whole(least: int, most: int, unless_given: int | None = None) -> Parameter:
    def read(value: object) -> int:
        if isinstance(value, _Written) and re.fullmatch(r"-?[0-9]{1,12}", value):
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int):
            raise ValueError("is a whole number")
        if not least <= value <= most:
            raise ValueError(f"is between {least} and {most}, not {value}")
        return value

    return Parameter(read, unless_given)


def _one_share(value: object) -> Fraction:
    if not isinstance(value, int | str):
        raise ValueError("points are a whole number or a fraction such as 20/3")
    points = points_of(value)
    if points > WHOLE:
        raise ValueError(f"is between 0 and 100, not {points}")
    return points


def _shares(value: object) -> Mapping[str, Fraction]:
    if not isinstance(value, Mapping) or not value:
        raise ValueError("is a mapping from roles to points")
    shares: dict[str, Fraction] = {}
    for role, points in value.items():
        if role not in ROLES:
            raise ValueError(f"{role} is no role; the roles are {', '.join(ROLES)}")
        try:
            shares[str(role)] = _one_share(points)
        except ValueError as fault:
            raise ValueError(f"{role}: {fault}") from None
    return {role: shares[role] for role in ROLES if role in shares}


def _words(*among: str, unless_given: tuple[str, ...] | None = None) -> Parameter:
    def read(value: object) -> tuple[str, ...]:
        if not isinstance(value, list | tuple) or not all(isinstance(word, str) and word.strip() for word in value):
            raise ValueError("is a list of words")
        if among and (strange := [word for word in value if word not in among]):
            raise ValueError(f"{strange[0]} is not one of {', '.join(among)}")
        if len(set(value)) < len(value):
            raise ValueError("names something twice")
        return tuple(str(word) for word in value)

    return Parameter(read, unless_given)


def _day(value: object) -> datetime:
    try:
        return start_of_day(date.fromisoformat(value if isinstance(value, str) else ""))
    except ValueError:
        raise ValueError("is a date such as 2012-07-15") from None


def _flag(value: object) -> bool:
    if isinstance(value, _Written) and value in ("true", "false"):
        return value == "true"
    if not isinstance(value, bool):
        raise ValueError("is true or false")
    return value


ROLES: Final = ("listing", "listing_recorder", "listing_holder", "exclusive", "survey", "plan", "key", "closing", "client", "company")
"""The roles of lines, in the order of lines."""

FEES: Final = ("agency", "information", "bank_rebate", "loan_service", "other")
"""The kinds of fee that a deal brings."""

READINGS: Final[Mapping[str, tuple[str, ...]]] = {
    "R-key": ("ten_from_each_side", "ten_in_all", "tenth_of_each_side"),
    "R-halves": ("half_each", "thirty_percent_each"),
    "R-remainder": ("holder", "closers", "company"),
    "R-departed": ("company_and_holder", "company_all"),
    "R-key-lapsed": ("recorder_stands", "pro_rata"),
    "R-undeclared-key": ("no_share", "only_exclusives"),
    "R-coshowing": ("equal_parts", "exactly_two"),
    "R-private-dealing": ("offender", "whole_deal"),
    "R-inaccurate-sale": ("whole_side", "agent_part"),
    "R-inaccurate-rental": ("of_each_part", "of_the_deal"),
    "R-holder": ("as_recorder", "none"),
    "R-days": ("civil_code", "elapsed"),
    "R-b-table": ("as_stated",),
    "R-client-7": ("rolling", "first_only"),
}
"""What a pack may choose where the source leaves room; the regulation's own choice is first."""

_DAYS = _whole(1, 3660)
_HOURS = _whole(1, 8784)
_COUNT = _whole(0, 1000)
_PERCENT = _whole(0, 100)
_FINE = _whole(0, 100_000_000)
_POINTS = Parameter(_one_share)
_SHARES = Parameter(_shares)
_FLAG = Parameter(_flag)
_OF = _words(*FEES, unless_given=("agency",))
_TABLE = Known({"shares": _SHARES, "of": _OF}, stage=1)
_REPEATED = {"fine_fen": _FINE, "dismissal_from": _whole(1, 1000)}
_SUSPECTED = {
    "days": _whole(1, 3660, 30),
    "alike_percent": _whole(0, 100, 80),
    "one_owner_rooms": _whole(2, 1000, 2),
    "draft_days": _whole(1, 3660, 3),
}

CLAUSES: Final[Mapping[str, Known]] = {
    "A-1.N6": Known({"of": _words(*FEES)}, stage=0),
    "B-1-1": Known({"of": _words(*FEES)}, stage=0),
    "B-1-2": Known(),
    "A-1.1": _TABLE,
    "A-1.2.1": _TABLE,
    "A-1.2.2": _TABLE,
    "B-1-3": _TABLE,
    "A-1.N1": Known({"points": _POINTS, "percent": _PERCENT}, stage=2),
    "A-1.N2": Known({"percent": _PERCENT}, stage=2),
    "A-1.N3": Known({"roles": _words(*ROLES), "by_analogy": _words(*ROLES)}, stage=3),
    "A-1.N5": Known(),
    "A-1.N7": Known(),
    "A-2.1": Known({"hours": _HOURS}),
    "A-2.2": Known({"asks": _words("floor", "area", "orientation", "price", "phone", "needs")}),
    "A-2.3": Known({"days": _DAYS}),
    "A-2.4": Known(stage=2),
    "A-2.5": Known(stage=2),
    "A-2.6": Known(
        {
            "needs": _words("community", "building", "unit", "room", "owner_phone"),
            "asks": _words("bedrooms", "floor", "area_m2", "orientation", "title_certificate", "decoration"),
            "room_characters": _whole(1, 10),
            "suffix_communities": _words(),
            "incorrect_to_company": _FLAG,
        },
        stage=2,
    ),
    "A-2.7": Known({"days": _DAYS, "recorder_points": _POINTS}, stage=2),
    "A-2.8": Known({"characters_min": _COUNT, "phrases": _words()}),
    "A-2.9": Known({"at_most": _COUNT, "days": _DAYS}),
    "A-2.10": Known(),
    "A-2.11": Known(),
    "A-2.12": Known(),
    "A-2.13": Known(_REPEATED),
    "A-2.14": Known({**_REPEATED, **_SUSPECTED}),
    "A-2.15": Known({"from": Parameter(_day), "days": _DAYS, "alike_percent": _PERCENT, "alike_days": _DAYS, "fine_fen": _FINE}),
    "A-2.16": Known({"days": _DAYS, "recorder_points": _POINTS}, stage=2),
    "A-2.17": Known({"recorder_points": _POINTS}, stage=2),
    "A-R1": Known({"dismissal": _FLAG}, stage=4),
    "A-R2": Known(),
    "B-0": Known(),
    "B-1-3-1": Known({"indoor_min": _COUNT, "indoor_with_agent_min": _COUNT, "outdoor_min": _COUNT, "watermarked_max": _COUNT}),
    "B-1-3-2": Known({"door": _FLAG, "compass": _FLAG}),
    "B-1-3-3": Known(stage=2),
    "B-1-3-4": Known(stage=2),
    "B-1-3-8": Known(stage=2),
    "B-1-3-7": Known({"days_min": _DAYS, "days_max": _DAYS}, stage=2),
    "B-1-3-5": Known({"days_sale": _DAYS, "days_rental": _DAYS}, stage=2),
    "B-1-3-6": Known({"percent_rental": _PERCENT, "points_rental": _POINTS}, stage=2),
    "B-1-4-1": Known(stage=4),
    "B-1-4-2": Known({"closer_fine_fen": _FINE, "store_manager_fine_fen": _FINE, "area_manager_fine_fen": _FINE}, stage=4),
    "B-1-4-3": Known({"dismissal": _FLAG, "forfeits_pay": _FLAG}, stage=4),
    "B-2-1": Known({"hours": _HOURS}),
}
"""Every clause that a pack may have. A clause that a pack leaves out is not applied."""

_TABLES: Final[Sequence[tuple[str, Callable[[str, bool], bool]]]] = (
    ("A-1.1", lambda kind, exclusive: kind == "rental"),
    ("A-1.2.1", lambda kind, exclusive: kind == "sale"),
    ("A-1.2.2", lambda kind, exclusive: kind == "sale" and exclusive),
    ("B-1-3", lambda kind, exclusive: True),
)


def _tables(clauses: Mapping[str, Clause], kind: str, exclusive: bool) -> list[str]:
    """The clauses with a table for this combination; A-1.2.2, where it applies, takes the place of A-1.2.1."""
    named = [id for id, applies in _TABLES if id in clauses and applies(kind, exclusive)]
    return [id for id in named if not (id == "A-1.2.1" and "A-1.2.2" in named)]


SHIPPED: Final = Path(__file__).parent.parent / "packs"
"""The packs that come with the product."""


def shipped() -> Iterator[Path]:
    """The files of the packs that come with the product, by name."""
    return iter(sorted(SHIPPED.glob("*.yaml")))
