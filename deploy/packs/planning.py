"""A plan of packs: a list of {pack, from, store}, as a case has it. Checked before anybody activates them: no two at once for one store."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from deploy.cases import scalars
from deploy.cases.nodes import Mapping, Scalar, Sequence, StoryRefused, Tree, parse
from deploy.cases.packs import PackUnreadable, open_pack
from deploy.packs.checking import problem
from deploy.tables import Fitting
from shared.regulation import Activation, Refused, check_activation, load

Problem = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Plan:
    """Activations in the order of the file, and all that is wrong with them."""

    file: str
    activations: tuple[Activation, ...]
    problems: tuple[Problem, ...]

    @property
    def is_sound(self) -> bool:
        return not self.problems


def plan_in(file: Path) -> Plan | None:
    """The plan in a file; None if it is none: a pack is a mapping, a plan a list."""
    try:
        root = parse(file.read_text(encoding="utf-8"), str(file))
    except (OSError, UnicodeDecodeError, StoryRefused):
        return None
    return _Reader(file).plan(root) if isinstance(root, Sequence) else None


class _Reader:
    def __init__(self, file: Path) -> None:
        self._file = file
        self._problems: list[Problem] = []

    def plan(self, root: Sequence) -> Plan:
        planned: list[Activation] = []
        for place, item in enumerate(root.items):
            try:
                one = self._activation(item, place)
            except StoryRefused as refused:
                self._problems.append({"place": f"[{place}]", "reason": refused.reason, "line": refused.line})
                continue
            if one is not None:
                planned.append(self._beside(planned, one, place, item))
        return Plan(str(self._file), tuple(planned), tuple(self._problems))

    def _beside(self, earlier: list[Activation], new: Activation, place: int, item: Tree) -> Activation:
        """What activating it would meet: another pack for the same store from the same instant."""
        try:
            check_activation(earlier, new, min(one.from_ for one in (*earlier, new)))
        except Refused as refused:
            told = f"{refused.facts['reason']} ({new.store or 'the company'}, {_moment(new.from_)})"
            self._problems.append({"place": f"[{place}].{refused.facts['place']}", "reason": told, "line": item.place.line})
        return new

    def _activation(self, item: Tree, place: int) -> Activation | None:
        if not isinstance(item, Mapping):
            item.place.refuse("is a mapping of pack, from and store")
        for name, entry in item.entries.items():
            if name not in ("pack", "from", "store"):
                entry.place.refuse(f"{name} is no part of a plan; its parts are pack, from and store")
        for name in ("pack", "from"):
            if name not in item.entries:
                item.place.refuse(f"lacks {name}")
        named = scalars.text(_scalar(item, "pack"), "pack")
        since = scalars.since(_scalar(item, "from"), "from")
        store = scalars.text(_scalar(item, "store"), "store") if "store" in item.entries else None
        try:
            found = open_pack(named, beside=self._file.parent)
        except PackUnreadable as error:
            item.entries["pack"].place.refuse(str(error))
        if found.wrong:
            self._problems.append({"place": f"[{place}].pack", "reason": f"{named}: {found.wrong}", "line": item.place.line})
            return None
        return Activation(load(found.document), since, store)


def _scalar(item: Mapping, name: str) -> Scalar:
    value = item.entries[name].value
    if not isinstance(value, Scalar):
        value.place.refuse(f"{name} is a single value")
    return value


def _moment(at: datetime) -> str:
    return at.strftime("%Y-%m-%d %H:%M")


def until(plan: Plan, one: Activation) -> datetime | None:
    """When the next pack of the same store, or of the company, takes over; None: none does."""
    later = [other.from_ for other in plan.activations if other.store == one.store and other.from_ > one.from_]
    return min(later, default=None)


def as_json(plan: Plan) -> dict[str, Any]:
    return {
        "file": plan.file,
        "valid": plan.is_sound,
        "problems": list(plan.problems),
        "activations": [
            {
                "pack": one.pack.id,
                "version": one.pack.version,
                "digest": one.pack.digest,
                "from": one.from_,
                "until": until(plan, one),
                "store": one.store,
            }
            for one in _in_order(plan)
        ],
    }


def shown(plan: Plan) -> RenderableType:
    """Which pack is in force where, from when and until when."""
    verdict = ("合格 valid", "bold green") if plan.is_sound else ("不合格 refused", "bold red")
    title = Text.assemble((plan.file, "bold"), "  ", verdict)
    if not plan.is_sound:
        return Group(title, *map(problem, plan.problems))
    table = Table(title="生效计划 Which pack is in force", title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in ("范围\nfor", "制度\npack", "版本\nversion", "自\nfrom", "至\nuntil"):
        table.add_column(heading)
    for one in _in_order(plan):
        ends = until(plan, one)
        where = f"门店 store {one.store}" if one.store else "公司 company"
        table.add_row(where, one.pack.id, one.pack.version, _moment(one.from_), _moment(ends) if ends else "—")
    return Group(title, Fitting(table), Text("  门店自己的制度优先于公司的。 A store's own pack goes before the company's."))


def _in_order(plan: Plan) -> Iterator[Activation]:
    return iter(sorted(plan.activations, key=lambda one: (one.store or "", one.from_)))
