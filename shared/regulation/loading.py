"""Reading a pack's document, and checking it whole."""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from yaml import MappingNode, MarkedYAMLError, Node, ScalarNode, SequenceNode, YAMLError

from shared.money import WHOLE
from shared.regulation.clauses import READINGS
from shared.regulation.composing import NestedTooDeep, compose
from shared.regulation.fitting import misfits
from shared.regulation.own import combinations, known_of, names_in, stage_of, told
from shared.regulation.pack import Clause, Pack, conditions_of, tables_of
from shared.regulation.parameters import Parameter, Scalar, ScalarMapping
from shared.regulation.refusing import Problem, Refused, invalid


def load(source: Mapping[str, Any] | Path | str) -> Pack:
    """A pack from its document: a mapping as JSON gives it, a YAML file (Path), or YAML as text. Refused: pack_invalid.

    Everything is checked, and the refusal lists all that is wrong: `place` and `reason` are the first, `problems` has all.
    """
    reader = _Reader()
    tree = source if isinstance(source, Mapping) else reader.parse(source)
    pack = reader.pack(tree) if tree is not None else None
    if reader.problems or pack is None:
        raise invalid(reader.id, reader.problems)
    return pack


class _Reader:
    """Reads a document and collects what is wrong with it."""

    def __init__(self) -> None:
        self.id: str | None = None
        self.own: tuple[str, ...] = ()
        self.problems: list[Problem] = []
        self.written: dict[str, Mapping[str, Any]] = {}

    def wrong(self, place: str, reason: str, clause: str | None = None, value: object = None) -> None:
        self.problems.append(Problem(place, reason, clause, getattr(value, "line", None)))

    def parse(self, source: Path | str) -> Mapping[str, Any] | None:
        """The tree of a YAML text with untyped scalars, or None with the problem noted."""
        try:
            text = source.read_text(encoding="utf-8") if isinstance(source, Path) else source
            tree = self._plain(compose(text), "", set())
        except (OSError, ValueError, YAMLError) as fault:
            mark = fault.problem_mark if isinstance(fault, MarkedYAMLError) else None
            why = str(fault) if isinstance(fault, NestedTooDeep) else f"cannot be read: {fault}"
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
                return Scalar(node.value, line)
            case SequenceNode():
                return [self._plain(child, f"{place}[{index}]", seen) for index, child in enumerate(node.value)]
            case MappingNode():
                tree = ScalarMapping()
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
        self.own = names_in(tree.get("clauses"))
        clauses = self._clauses(tree.get("clauses"))
        if clauses:
            self._order(clauses)
            self._sums({clause.id: clause for clause in clauses})
            self.problems += misfits({clause.id: clause for clause in clauses}, self.written)
        if self.problems or self.id is None or version is None:
            return None
        return Pack(id=self.id, version=version, title=title, readings=readings, clauses=clauses)

    def _text(self, tree: Mapping[str, Any], name: str) -> str | None:
        value = tree.get(name)
        if isinstance(value, str) and NAME.fullmatch(value):
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
        if not isinstance(tree, Sequence) or isinstance(tree, str):
            self.wrong("clauses", "is a list of clauses, in the order in which they apply", value=tree)
            return []
        if not tree:
            self.wrong("clauses", "is a list of clauses, and not an empty one", value=tree)
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
        known = known_of(str(id), tree)
        if known is None:
            self.wrong(f"{place}.clause", f"{id} is no clause known here", value=id)
            return None
        for name in tree:
            if name not in known.parameters and name not in ("clause", "text"):
                self.wrong(f"{place}.{name}", f"is no parameter of {id}", str(id), tree[name])
        parameters = {name: self._parameter(tree, name, how, f"{place}.{name}") for name, how in known.parameters.items()}
        least, most = parameters.get("days_min"), parameters.get("days_max")
        if isinstance(least, int) and isinstance(most, int) and least > most:  # B-1-3-7: no leave would ever be of such a length
            self.wrong(f"{place}.days_min", f"is between 1 and {most}, not {least}", str(id), tree["days_min"])
        return Clause(str(id), parameters, self._titles(tree.get("text"), f"{place}.text", str(id)))

    def _parameter(self, clause: Mapping[str, Any], name: str, how: "Parameter", place: str) -> Any:
        """A parameter as it is read. What is wrong with it has its line, or its clause's where it has none."""
        value, id = clause.get(name), str(clause["clause"])
        if value is None:
            if how.unless_given is None:
                self.wrong(place, "is missing", id, clause)
            return how.unless_given
        try:
            return how.read(value, self.own) if how.of_roles else how.read(value)
        except ValueError as fault:
            self.wrong(place, str(fault), id, value if hasattr(value, "line") else clause)
            return None

    def _order(self, clauses: Sequence[Clause]) -> None:
        latest = clauses[0]
        for index, clause in enumerate(clauses):
            stage = stage_of(clause.id, clause.parameters)
            if stage is None:
                continue
            if (stage_of(latest.id, latest.parameters) or 0) > stage:
                reason = f"{clause.id} has to come before {latest.id}, which works on what it leaves"
                self.wrong(f"clauses[{index}]", reason, clause.id, self.written[clause.id])
            else:
                latest = clause

    def _sums(self, clauses: Mapping[str, Clause]) -> None:
        """Whether exactly one table applies under each combination, and sums to 100. What is wrong with a table is told once."""
        told_of: set[str] = set()
        if any(clause.parameters.get("when", {}) is None for clause in clauses.values()):
            return
        for combination in combinations(conditions_of(clauses.values())):
            tables = tables_of(clauses, combination)
            if not tables:
                missing = "; B-1-3, the ratio table, has to be stated: the source has none" if _lacks_ratios(clauses) else ""
                reason = f"the shares sum to 0, not 100, under: {told(combination)}; no clause has a table for it{missing}"
                self.wrong("clauses", reason, "B-1-3" if missing else None)
                continue
            shares = clauses[tables[-1]].shares or {}
            if len(tables) > 1:
                reason = f"two tables apply under: {told(combination)}: {' and '.join(tables)}"
            elif shares and sum(shares.values()) != WHOLE:
                reason = f"the shares sum to {sum(shares.values())}, not 100, under: {told(combination)}"
            else:
                continue
            if tables[-1] not in told_of:
                told_of.add(tables[-1])
                written = self.written[tables[-1]].get("shares")
                self.wrong(f"clauses[{list(clauses).index(tables[-1])}].shares", reason, tables[-1], written)


def _lacks_ratios(clauses: Mapping[str, Clause]) -> bool:
    return "B-1-3" not in clauses and any(id.startswith("B-1-3-") for id in clauses)


NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,62}[A-Za-z0-9])?")


def _join(place: str, name: str) -> str:
    return f"{place}.{name}" if place else name


SHIPPED: Final = Path(__file__).parent.parent.parent / "packs"
"""The packs that come with the product."""


def shipped() -> Iterator[Path]:
    """The files of the packs that come with the product, by name."""
    return iter(sorted(SHIPPED.glob("*.yaml")))


def load_shipped(named: str) -> Pack:
    """A pack that comes with the product. Refused: unknown_reference."""
    for path in shipped():
        if path.stem == named:
            return load(path)
    raise Refused("unknown_reference", field="pack")
