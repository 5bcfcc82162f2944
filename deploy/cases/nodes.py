"""YAML without its guesses: text, lists and mappings, each with the place it stands at. What a text means, its field decides."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NoReturn

from yaml import MappingNode, MarkedYAMLError, Node, ScalarNode, SequenceNode, YAMLError

from shared.regulation import NestedTooDeep, compose

_TAGS = {f"tag:yaml.org,2002:{name}" for name in ("str", "int", "float", "bool", "null", "timestamp", "map", "seq", "merge", "value")}


class StoryRefused(Exception):
    """A story is unknown, incomplete or out of order somewhere; says where (file, line from 1) and why."""

    def __init__(self, file: str, line: int, reason: str) -> None:
        super().__init__(f"{file}:{line}: {reason}")
        self.file = file
        self.line = line
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Place:
    file: str
    line: int

    def refuse(self, reason: str) -> NoReturn:
        raise StoryRefused(self.file, self.line, reason)


@dataclass(frozen=True, slots=True)
class Scalar:
    """A text as written; `plain` says that it stood without quotation marks."""

    text: str
    plain: bool
    place: Place


@dataclass(frozen=True, slots=True)
class Sequence:
    items: tuple[Tree, ...]
    place: Place


@dataclass(frozen=True, slots=True)
class Entry:
    """One `key: value` of a mapping; the place is the key's."""

    value: Tree
    place: Place


@dataclass(frozen=True, slots=True)
class Mapping:
    entries: dict[str, Entry]
    place: Place


Tree = Scalar | Sequence | Mapping


def parse(text: str, file: str) -> Tree:
    """The one document of a YAML text. Refuses what is no YAML, duplicate keys, tags of other languages and things inside themselves."""
    try:
        root = compose(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise StoryRefused(file, mark.line + 1 if mark else 1, f"not YAML: {error.problem or error.context}") from error
    except NestedTooDeep as error:
        raise StoryRefused(file, 1, str(error)) from error
    except YAMLError as error:
        raise StoryRefused(file, 1, f"not YAML: {error}".splitlines()[0]) from error
    if root is None:
        raise StoryRefused(file, 1, "the file is empty")
    return _Growing(file).tree(root)


class _Growing:
    """Turns the library's nodes into ours. A node that is referred to twice grows once, so no alias multiplies."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._grown: dict[int, Tree] = {}
        self._open: set[int] = set()

    def tree(self, node: Node) -> Tree:
        if id(node) in self._grown:
            return self._grown[id(node)]
        place = Place(self._file, int(node.start_mark.line) + 1)
        if id(node) in self._open:
            place.refuse("an alias stands inside what it refers to")
        if str(node.tag) not in _TAGS:
            place.refuse(f"the tag {node.tag} means nothing here")
        self._open.add(id(node))
        grown = self._grow(node, place)
        self._open.remove(id(node))
        self._grown[id(node)] = grown
        return grown

    def _grow(self, node: Node, place: Place) -> Tree:
        if isinstance(node, ScalarNode):
            return Scalar(str(node.value), plain=not node.style, place=place)
        if isinstance(node, SequenceNode):
            return Sequence(tuple(self.tree(item) for item in node.value), place)
        assert isinstance(node, MappingNode), "YAML has three kinds of nodes"
        return self._mapping(node, place)

    def _mapping(self, node: MappingNode, place: Place) -> Mapping:
        """Each key once. A missing value is marked by the library where the next thing begins; it stands where its key does."""
        entries: dict[str, Entry] = {}
        for key, value in node.value:
            at = Place(self._file, int(key.start_mark.line) + 1)
            if not isinstance(key, ScalarNode):
                at.refuse("a key is a word, not a list or a mapping")
            name = str(key.value)
            if name in entries:
                at.refuse(f"{name} is said twice (first on line {entries[name].place.line})")
            grown = self.tree(value)
            empty = isinstance(grown, Scalar) and grown.plain and not grown.text
            entries[name] = Entry(Scalar("", plain=True, place=at) if empty else grown, at)
        return Mapping(entries, place)
