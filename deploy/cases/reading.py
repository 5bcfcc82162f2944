"""A case file to a typed story, or StoryRefused with file, line and reason. Nothing is guessed and no verb is skipped."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import assert_never

from deploy.cases import scalars
from deploy.cases.nodes import (
    Mapping,
    Place,
    Scalar,
    Sequence,
    StoryRefused,
    Tree,
    parse,
)
from deploy.cases.packs import PackFile, PackUnreadable, open_pack
from deploy.cases.verbs import (
    ACCOUNT,
    CLIENT,
    CODE,
    COUNT,
    FEES,
    FEN,
    INSTANT,
    PERSON,
    POINTS,
    POST,
    SINCE,
    TEXT,
    TRUTH,
    VERBS,
    Account,
    Code,
    Fees,
    FollowUpText,
    Kind,
    Lines,
    Named,
    NamedPeople,
    New,
    Noun,
    OneOf,
    Pack,
    People,
    Plain,
    Verb,
)  # fmt: skip

Value = None | str | int | bool | Decimal | Fraction | date | datetime | PackFile | tuple["Value", ...] | dict[str, "Value"]
Record = dict[str, Value]


@dataclass(frozen=True, slots=True)
class Step:
    """One act: at its instant, by a person (nobody for `clock`), fields typed by the verb's table; refused is the code it must meet."""

    line: int
    at: datetime
    by: str | None
    verb: Verb
    fields: Record
    refused: str | None


@dataclass(frozen=True, slots=True)
class InForce:
    """A pack in force from an instant (None: from the founding), for a store (None: for the whole company)."""

    pack: PackFile
    since: datetime | None
    store: str | None
    line: int


@dataclass(frozen=True, slots=True)
class Expected:
    """What a case says must come of it; what it leaves out (None) is not compared."""

    deals: dict[str, Record] = field(default_factory=dict)
    listings: dict[str, Record] = field(default_factory=dict)
    clients: dict[str, Record] = field(default_factory=dict)
    violations: tuple[Record, ...] | None = None


@dataclass(frozen=True, slots=True)
class Case:
    file: str
    id: str
    title: str
    clauses: tuple[str, ...]
    packs: tuple[InForce, ...]
    people: dict[str, Record]
    story: tuple[Step, ...]
    expected: Expected


_DEAL: dict[str, Kind] = {
    "closing_time": INSTANT, "base": FEN,
    "state": OneOf(("signed", "reported", "awaiting_evidence", "settled", "blocked", "cancelled")),
}  # fmt: skip
_LINE: dict[str, Kind] = {"role": TEXT, "to": ACCOUNT, "points": POINTS, "amount": FEN, "credit": TEXT}
_ADJUDICATED: dict[str, Kind] = {"role": TEXT, "to": ACCOUNT, "amount": FEN, "credit": TEXT}
_LISTING: dict[str, Kind] = {
    "holder": ACCOUNT, "recorder": PERSON, "concealed": TRUTH, "room": TEXT,
    "status": OneOf(("valid", "invalid", "rented", "sold")), "correct": TRUTH,
}  # fmt: skip
_CLIENT: dict[str, Kind] = {"holder": ACCOUNT, "duplicate_of": CLIENT, "duplicate_number": COUNT}
_VIOLATION: dict[str, Kind] = {"clause": TEXT, "kind": TEXT, "person": PERSON, "fine": FEN, "dismissal": TRUTH}
_MAY_BE_NOTHING = ("duplicate_of", "duplicate_number", "fine")
"""What an expectation may say with `null` is not there."""
_STEP: dict[str, Kind] = {"at": INSTANT, "by": PERSON, "do": TEXT, "refused": CODE}
_CASE = ("id", "title", "clauses", "pack", "people", "story", "expect")
_WORD = re.compile(r"[a-z][a-z0-9_]*")


def read(file: Path) -> Case:
    """The case in a file, complete and in order."""
    try:
        written = file.read_text(encoding="utf-8")
    except OSError as error:
        raise StoryRefused(str(file), 1, f"cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise StoryRefused(str(file), 1, "is not text in UTF-8") from error
    return _Reader(file).case(parse(written, str(file)))


class _Reader:
    """Reads top down and remembers every name that has been given, so that a reference is known or refused where it stands."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._known: dict[Noun, dict[str, int]] = {"person": {}, "listing": {}, "client": {}, "deal": {}, "dispute": {}}
        self._follow_ups: dict[str, list[str]] = {}

    def case(self, root: Tree) -> Case:
        top = _mapping(root, "a case")
        _only(top, _CASE, "a case")
        _all(top, ("id", "people", "story"), "the case")
        people = self._people(top)
        return Case(
            file=str(self._file),
            id=scalars.text(_scalar(top.entries["id"].value, "id"), "id"),
            title=scalars.text(_scalar(top.entries["title"].value, "title"), "title") if "title" in top.entries else "",
            clauses=self._words(top, "clauses"),
            packs=self._packs(top),
            people=people,
            story=self._story(top),
            expected=self._expected(top),
        )

    def _words(self, parent: Mapping, name: str) -> tuple[str, ...]:
        if name not in parent.entries:
            return ()
        return tuple(scalars.text(_scalar(item, name), name) for item in _sequence(parent.entries[name].value, name).items)

    def _packs(self, top: Mapping) -> tuple[InForce, ...]:
        if "pack" not in top.entries:
            return ()
        said = top.entries["pack"]
        if isinstance(said.value, Scalar):
            return (InForce(self._valid(self._pack(said.value, "pack"), said.place), None, None, said.place.line),)
        packs = tuple(self._in_force(item) for item in _sequence(said.value, "pack").items)
        scopes = [(one.store, one.since) for one in packs]
        for earlier, one in enumerate(packs):
            if scopes.index((one.store, one.since)) != earlier:
                Place(str(self._file), one.line).refuse("two packs come into force for one scope at one time")
        return packs

    def _in_force(self, item: Tree) -> InForce:
        fields = self._record(item, {"pack": Pack(), "from": SINCE, "store": TEXT}, "a pack", needed=("pack",))
        pack, since, store = fields["pack"], fields.get("from"), fields.get("store")
        assert isinstance(pack, PackFile)
        assert since is None or isinstance(since, datetime)
        assert store is None or isinstance(store, str)
        return InForce(self._valid(pack, item.place), since, store, item.place.line)

    def _valid(self, pack: PackFile, place: Place) -> PackFile:
        if pack.wrong:
            place.refuse(f"the pack {pack.name} is no valid pack: {pack.wrong}")
        return pack

    def _people(self, top: Mapping) -> dict[str, Record]:
        """Those in post at the start. All are named before any post is read."""
        people = _mapping(top.entries["people"].value, "people")
        for name, entry in people.entries.items():
            self._name(entry.place, "person", name)
        kinds = {"store": TEXT, **POST}
        return {name: self._record(entry.value, kinds, f"the post of {name}", needed=("store",)) for name, entry in people.entries.items()}

    def _story(self, top: Mapping) -> tuple[Step, ...]:
        items = _sequence(top.entries["story"].value, "story").items
        if not items:
            top.entries["story"].place.refuse("the story has no steps")
        steps: list[Step] = []
        for item in items:
            step = self._step(item)
            if steps and step.at < steps[-1].at:
                item.place.refuse(f"out of order: {_shown(step.at)} comes before the step above, {_shown(steps[-1].at)}")
            steps.append(step)
        return tuple(steps)

    def _step(self, item: Tree) -> Step:
        step = _mapping(item, "a step")
        _all(step, ("at", "do"), "the step")
        word = scalars.text(_scalar(step.entries["do"].value, "do"), "do")
        if word not in VERBS:
            step.entries["do"].place.refuse(f"unknown verb {word}")
        verb = VERBS[word]
        if not verb.carried_out:
            step.entries["do"].place.refuse(f"no service carries out {word} yet")
        self._check_fields(step, verb)
        head = {name: self._value(step.entries[name].value, kind, name) for name, kind in _STEP.items() if name in step.entries}
        fields = {name: self._value(step.entries[name].value, kind, name) for name, kind in verb.fields.items() if name in step.entries}
        at, by, refused = head["at"], head.get("by"), head.get("refused")
        assert isinstance(at, datetime)
        assert by is None or isinstance(by, str)
        assert refused is None or isinstance(refused, str)
        self._remember(step, verb, fields, refused is not None)
        return Step(step.place.line, at, by, verb, fields, refused)

    def _check_fields(self, step: Mapping, verb: Verb) -> None:
        """Every field is known, and none that must be there is missing."""
        said = step.entries
        _only(step, (*_STEP, *verb.fields), verb.name)
        if verb.name == "clock":
            if "refused" in said:
                said["refused"].place.refuse("time is never refused")
            return
        _all(step, ("by", *verb.needed), verb.name)
        if verb.target and not verb.new:
            _all(step, (verb.target,), verb.name)
        if verb.target and verb.new:
            if ("as" in said) == (verb.target in said):
                step.place.refuse(f"{verb.name} takes either `as` or `{verb.target}`")
            if "as" in said:
                _all(step, tuple(verb.new), verb.name)
                if "listing" not in said and "kind" not in said:
                    step.place.refuse(f"{verb.name} without a listing says its kind, sale or rental")

    def _remember(self, step: Mapping, verb: Verb, fields: Record, refused: bool) -> None:
        """What a refused step would have made does not exist."""
        if verb.makes and verb.makes[0] in fields and not refused:
            name_field, noun = verb.makes
            self._name(step.entries[name_field].place, noun, str(fields[name_field]))
        if verb.name == "listing.follow_up" and not refused:
            self._follow_ups.setdefault(str(fields["listing"]), []).append(str(fields["text"]))
        if "follow_up" in fields and fields["follow_up"] not in self._follow_ups.get(str(fields["listing"]), []):
            step.entries["follow_up"].place.refuse(f'follow_up: no earlier one on {fields["listing"]} says "{fields["follow_up"]}"')

    def _name(self, place: Place, noun: Noun, name: str) -> None:
        if name in self._known[noun]:
            place.refuse(f"{noun} {name} is there already (line {self._known[noun][name]})")
        if noun == "person" and (name == "company" or ":" in name or not name.strip()):
            place.refuse(f'"{name}" is no name for a person')
        self._known[noun][name] = place.line

    def _expected(self, top: Mapping) -> Expected:
        if "expect" not in top.entries:
            return Expected()
        expect = _mapping(top.entries["expect"].value, "expect")
        _only(expect, ("deals", "listings", "clients", "violations"), "expect")
        return Expected(
            deals=self._of_each(expect, "deals", "deal", self._deal),
            listings=self._of_each(expect, "listings", "listing", lambda tree: self._record(tree, _LISTING, "a listing")),
            clients=self._of_each(expect, "clients", "client", lambda tree: self._record(tree, _CLIENT, "a client")),
            violations=self._violations(expect),
        )

    def _of_each(self, expect: Mapping, name: str, noun: Noun, record: Callable[[Tree], Record]) -> dict[str, Record]:
        if name not in expect.entries:
            return {}
        entries = _mapping(expect.entries[name].value, name).entries
        for one, entry in entries.items():
            if one not in self._known[noun]:
                entry.place.refuse(f"unknown {noun} {one}")
        return {one: record(entry.value) for one, entry in entries.items()}

    def _deal(self, tree: Tree) -> Record:
        deal = _mapping(tree, "a deal")
        _only(deal, (*_DEAL, "lines", "net", "notes"), "a deal")
        read = {name: self._value(deal.entries[name].value, kind, name) for name, kind in _DEAL.items() if name in deal.entries}
        if "lines" in deal.entries:
            lines = _sequence(deal.entries["lines"].value, "lines")
            read["lines"] = tuple(self._record(line, _LINE, "a line") for line in lines.items)
        if "net" in deal.entries:
            read["net"] = self._net(_mapping(deal.entries["net"].value, "net"))
        if "notes" in deal.entries:
            read["notes"] = self._words(deal, "notes")
        return read

    def _net(self, net: Mapping) -> Record:
        entries = net.entries.items()
        return {self._account(name, entry.place, "net"): scalars.whole(_scalar(entry.value, name), name) for name, entry in entries}

    def _violations(self, expect: Mapping) -> tuple[Record, ...] | None:
        if "violations" not in expect.entries:
            return None
        items = _sequence(expect.entries["violations"].value, "violations").items
        return tuple(self._record(item, _VIOLATION, "a violation") for item in items)

    def _record(self, tree: Tree, kinds: dict[str, Kind], what: str, needed: tuple[str, ...] = ()) -> Record:
        record = _mapping(tree, what)
        _only(record, kinds, what)
        _all(record, needed, what)
        return {name: self._value(entry.value, kinds[name], name) for name, entry in record.entries.items()}

    def _value(self, tree: Tree, kind: Kind, name: str) -> Value:
        """A field's value, as its kind in the table says."""
        if name in _MAY_BE_NOTHING and isinstance(tree, Scalar) and scalars.is_nothing(tree):
            return None
        match kind:
            case Fees():
                fees = _mapping(tree, name)
                _only(fees, FEES, name)
                return {fee: scalars.whole(_scalar(entry.value, fee), fee) for fee, entry in fees.entries.items()}
            case NamedPeople():
                named = _mapping(tree, name).entries
                return {role: self._reference(_scalar(entry.value, role), "person", role) for role, entry in named.items()}
            case Lines():
                return tuple(self._record(line, _ADJUDICATED, "a line", tuple(_ADJUDICATED)) for line in _sequence(tree, name).items)
            case People():
                return self._several(tree, name)
            case Pack():
                return self._pack(_scalar(tree, name), name)
            case Plain() | OneOf() | New() | Named() | Account() | Code() | FollowUpText():
                return self._single(_scalar(tree, name), kind, name)
        assert_never(kind)

    def _single(self, scalar: Scalar, kind: Plain | OneOf | New | Named | Account | Code | FollowUpText, name: str) -> Value:
        match kind:
            case Plain():
                return _plain(scalar, kind, name)
            case OneOf(words):
                word = scalars.text(scalar, name)
                if word not in words:
                    scalar.place.refuse(f"{name}: {word} is none of {', '.join(words)}")
                return word
            case Named(noun):
                return self._reference(scalar, noun, name)
            case Account():
                return self._account(scalars.text(scalar, name), scalar.place, name)
            case Code():
                code = scalars.text(scalar, name)
                if not _WORD.fullmatch(code):
                    scalar.place.refuse(f"{name}: {code} is no code")
                return code
            case New() | FollowUpText():
                return scalars.text(scalar, name)
        assert_never(kind)

    def _several(self, tree: Tree, name: str) -> tuple[str, ...]:
        people = _sequence(tree, name)
        if not people.items:
            people.place.refuse(f"{name} names nobody")
        return tuple(self._reference(_scalar(item, name), "person", name) for item in people.items)

    def _reference(self, scalar: Scalar, noun: Noun, name: str) -> str:
        meant = scalars.text(scalar, name)
        if meant not in self._known[noun]:
            scalar.place.refuse(f"{name}: unknown {noun} {meant}")
        return meant

    def _account(self, written: str, place: Place, name: str) -> str:
        """A person who is known, a team or the company; teams exist by being named."""
        if written != "company" and not re.fullmatch(r"team:\S+", written) and written not in self._known["person"]:
            place.refuse(f"{name}: unknown person {written}")
        return written

    def _pack(self, scalar: Scalar, name: str) -> PackFile:
        meant = scalars.text(scalar, name)
        try:
            return open_pack(meant, beside=self._file.parent)
        except PackUnreadable as error:
            scalar.place.refuse(f"{name}: {error}")


def _plain(scalar: Scalar, kind: Plain, name: str) -> Value:
    match kind.what:
        case "text":
            return scalars.text(scalar, name)
        case "fen" | "count":
            return scalars.whole(scalar, name)
        case "number":
            return scalars.number(scalar, name)
        case "truth":
            return scalars.truth(scalar, name)
        case "instant":
            return scalars.instant(scalar, name)
        case "day":
            return scalars.day(scalar, name)
        case "since":
            return scalars.since(scalar, name)
        case "points":
            return scalars.points(scalar, name)
    assert_never(kind.what)


def _mapping(tree: Tree, what: str) -> Mapping:
    if not isinstance(tree, Mapping):
        tree.place.refuse(f"{what} is a mapping of fields to values")
    return tree


def _sequence(tree: Tree, what: str) -> Sequence:
    if not isinstance(tree, Sequence):
        tree.place.refuse(f"{what} is a list")
    return tree


def _scalar(tree: Tree, what: str) -> Scalar:
    if not isinstance(tree, Scalar):
        tree.place.refuse(f"{what} is a single value")
    return tree


def _only(mapping: Mapping, names: Iterable[str], what: str) -> None:
    allowed = set(names)
    for name, entry in mapping.entries.items():
        if name not in allowed:
            entry.place.refuse(f"unknown field {name} in {what}")


def _all(mapping: Mapping, names: Iterable[str], what: str) -> None:
    for name in names:
        if name not in mapping.entries:
            mapping.place.refuse(f"{what} lacks {name}")


def _shown(at: datetime) -> str:
    return at.strftime("%Y-%m-%d %H:%M" if not at.second else "%Y-%m-%d %H:%M:%S")
