"""The policy packs that a story names: the shipped ones by id, others as files."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
from yaml import MappingNode, Node, ScalarNode, YAMLError

from shared.regulation import Refused, compose, load

SHIPPED = Path(__file__).resolve().parents[2] / "packs"


class PackUnreadable(Exception):
    """There is no such pack, or its file is no pack at all."""


@dataclass(frozen=True, slots=True)
class PackFile:
    """A pack as a story names it, and the whole document as it goes into the request.

    `wrong` says what stands against it. A story may still activate such a pack, to be refused; nobody can be founded under one.
    """

    name: str
    document: dict[str, Any]
    wrong: str | None = None


def open_pack(name: str, *, beside: Path) -> PackFile:
    """The pack packs/NAME.yaml, else the file of that name beside the story."""
    shipped = SHIPPED / f"{name}.yaml"
    path = shipped if re.fullmatch(r"[\w.-]+", name) and shipped.is_file() else beside / name
    if not path.is_file():
        raise PackUnreadable(f"unknown pack {name}: neither packs/{name}.yaml nor a file")
    return _read(name, path, path.stat().st_mtime_ns)


@functools.lru_cache(maxsize=64)
def _read(name: str, path: Path, written_at_ns: int) -> PackFile:
    """Once for as long as the file stays as it is: stories are many, packs few."""
    try:
        return PackFile(name, load(path).document)
    except Refused as refused:
        return PackFile(name, _as_written(name, path), wrong=_told(refused))


def _told(refused: Refused) -> str:
    facts = refused.facts
    line = f"line {facts['line']}, " if facts.get("line") else ""
    return f"{line}{facts['place'] or 'the pack'} {facts['reason']}"


def _as_written(name: str, path: Path) -> dict[str, Any]:
    try:
        root = compose(path.read_text(encoding="utf-8"))
    except (YAMLError, UnicodeDecodeError, OSError) as error:
        raise PackUnreadable(f"the pack {name} cannot be read: {error}") from error
    document = None if root is None else _plain(root)
    if not isinstance(document, dict):
        raise PackUnreadable(f"the pack {name} is no mapping")
    return document


def _plain(node: Node) -> Any:
    """A node as JSON would have it: what is a number, true, false or null there, and stands without quotation marks, is one here."""
    if isinstance(node, MappingNode):
        return {str(key.value): _plain(value) for key, value in node.value}
    if not isinstance(node, ScalarNode):
        return [_plain(item) for item in node.value]
    try:
        return node.value if node.style else msgspec.json.decode(node.value)
    except msgspec.DecodeError:
        return node.value
