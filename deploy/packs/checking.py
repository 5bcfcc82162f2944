"""`fenyong pack check`: whether a pack is sound, and what it gives under every combination of what its clauses depend on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from deploy.packs import words
from deploy.packs.chinese import both
from deploy.packs.rows import Row, rows_of
from deploy.tables import Fitting
from services.commission.rules import Split, combining
from services.commission.rules.combining import Combined, Setting, Value
from shared.money import points_text
from shared.problems import Words
from shared.regulation import Pack, Refused, load

ROWS_MAX = 64
"""More rows than this are printed only when asked for."""


@dataclass(frozen=True, slots=True)
class Checked:
    """A file, the pack in it if it is sound, and all that is wrong with it if not."""

    file: str
    pack: Pack | None
    problems: tuple[Mapping[str, Any], ...] = ()
    combinations: tuple[Combined, ...] = ()

    @property
    def is_sound(self) -> bool:
        return self.pack is not None and not self.problems


def check(file: Path) -> Checked:
    """Loads a pack and splits a deal under every combination. What does not sum to 100 is a problem that names its combination."""
    try:
        pack = load(file)
    except Refused as refused:
        return Checked(str(file), None, tuple(refused.facts["problems"]))
    combined = tuple(combining.every_combination(pack))
    return Checked(str(file), pack, wrong_among(combined), combined)


def wrong_among(combined: Iterable[Combined]) -> tuple[Mapping[str, Any], ...]:
    """The combinations that give no split, each by its name: which would be our fault, since loading looked at all shares."""
    return tuple({"place": "clauses", "reason": f"{one.wrong}, under: {_in_words(one)}"} for one in combined if one.split is None)


def _in_words(one: Combined) -> str:
    return ", ".join([*(f"{name}: {chosen}" for name, chosen in one.setting.items()), *one.changes])


def as_json(checked: Checked) -> dict[str, Any]:
    """What was found, and every combination with its lines."""
    pack = checked.pack
    head = {"file": checked.file, "valid": checked.is_sound, "problems": [dict(problem) for problem in checked.problems]}
    if pack is None:
        return head
    own = [
        {
            "role": role.name, "clause": role.clause, "title": dict(role.title), "earned_by": role.earned_by, "but_not": role.but_not,
            "if_nobody": role.if_nobody, "if_left": role.if_left,
        }
        for role in pack.roles.values()
    ]  # fmt: skip
    named = {"id": pack.id, "version": pack.version, "digest": pack.digest, "title": pack.title}
    return head | named | {"roles": own, "combinations": [_combined_as_json(one) for one in checked.combinations]}


def _combined_as_json(one: Combined) -> dict[str, Any]:
    lines = one.split.lines if one.split is not None else ()
    told = [{"role": line.role, "to": line.to, "points": points_text(line.points), "clauses": line.clauses} for line in lines]
    whole = points_text(sum((line.points for line in lines), Fraction(0)))
    return {"conditions": one.setting, "changes": one.changes, "lines": told, "sum": whole}


# For a reader


def shown(checked: Checked, *, everything: bool = False) -> RenderableType:
    """What was found, as tables. `everything`: every combination, however many there are."""
    if checked.pack is None or checked.problems:
        return Group(_title(checked, "不合格 refused", "bold red"), *map(problem, checked.problems))
    pack = checked.pack
    parts: list[RenderableType] = [_title(checked, "合格 valid", "bold green"), _head(pack), Text()]
    if pack.roles:
        parts += [Fitting(_roles(pack)), Text()]
    parts += list(_splits(checked, pack, everything))
    return Group(*parts, _legend(checked, pack))


def _title(checked: Checked, verdict: str, style: str) -> Text:
    return Text.assemble((checked.file, "bold"), "  ", (verdict, style))


def problem(told: Mapping[str, Any]) -> Text:
    """One thing that is wrong: the line, the place, the clause and the reason."""
    line = f"第 {told['line']} 行 line {told['line']}  " if told.get("line") else ""
    clause = f"  ({told['clause']})" if told.get("clause") else ""
    return Text.assemble("  ", line, (str(told["place"] or "—"), "bold"), clause, f"  {both(str(told['reason']))}")


def _head(pack: Pack) -> Text:
    title = "  ".join(dict.fromkeys(pack.title.values()))
    return Text(f"  {pack.id}  版本 version {pack.version}  {title}\n  SHA-256 {pack.digest}")


def _both(said: Words) -> str:
    return f"{said.zh}\n{said.en}"


def _roles(pack: Pack) -> Table:
    """The pack's own roles: by what each is earned, and where it goes otherwise."""
    table = Table(title="自定角色 Roles of its own", title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in (
        "条款\nclause",
        "角色\nrole",
        "由谁取得，前者优先\nearned by, the first that names somebody",
        "无人取得\nif nobody",
        "已离职\nif left",
    ):
        table.add_column(heading, overflow="fold")
    for role in pack.roles.values():
        earned = [words.SOURCES[source] for source in role.earned_by]
        by = "；".join(one.zh for one in earned) + "\n" + "; ".join(one.en for one in earned)
        if role.but_not:
            out = [words.SOURCES[source] for source in role.but_not]
            by += f"\n（{'、'.join(one.zh for one in out)}除外 but not {', '.join(one.en for one in out)}）"
        title = f"{role.title['zh']}\n{role.title['en']}"
        table.add_row(role.clause, title, by, _outcome(role.if_nobody, pack), _outcome(role.if_left, pack))
    return table


def _outcome(outcome: str, pack: Pack) -> str:
    return _both(words.OUTCOMES[outcome] if outcome in words.OUTCOMES else words.role(outcome, pack))


def _splits(checked: Checked, pack: Pack, everything: bool) -> Iterator[RenderableType]:
    """The splits under every combination of the conditions, where they are few or asked for; else one thing at a time."""
    values = combining.conditions(pack)
    plain = [(one.setting, None, one.split) for one in checked.combinations if not one.changes and one.split is not None]
    rows = rows_of(plain, values)
    if everything or len(rows) <= ROWS_MAX:
        yield Fitting(_table("份额 Splits, under every combination of the conditions", rows, pack, values))
        cases = [*_wholes(checked, pack), *_changed(checked, pack)]
        yield Fitting(_table("变故 What else may happen, where all is earned", rows_of(cases, values), pack, values))
    else:
        cases = [*_wholes(checked, pack), *_one_by_one(checked, pack), *_changed(checked, pack)]
        yield Fitting(_table("份额 Splits, one thing at a time", rows_of(cases, values), pack, values))
        yield Text(f"  条件的全部组合共 {len(plain)} 种，列出须加 --all。 All {len(plain)} combinations of the conditions: --all")
    many = len(checked.combinations)
    yield Text(f"  已核对 {many} 种组合，份额合计均为 100。 {many} combinations were split; each sums to 100.", style="bold green")


Case = tuple[Setting, Words | None, Split]


def _wholes(checked: Checked, pack: Pack) -> Iterator[Case]:
    for full in combining.fullest(pack):
        yield _told(full, pack), words.ALL_EARNED, _split_of(checked, full)


def _one_by_one(checked: Checked, pack: Pack) -> Iterator[Case]:
    """Each thing that is not as where all is earned; what comes to the same is left out."""
    for full in combining.fullest(pack):
        whole = _split_of(checked, full)
        for name, among in combining.conditions(pack).items():
            for chosen in among if name not in pack.conditions else ():
                split = _split_of(checked, {**full, name: chosen})
                if split.lines != whole.lines:
                    yield _told(full, pack), words.otherwise(name, chosen, pack), split


def _changed(checked: Checked, pack: Pack) -> Iterator[Case]:
    """Where all is earned, each change by itself that changes something."""
    settings = combining.fullest(pack)
    for one in checked.combinations:
        if len(one.changes) != 1 or one.setting not in settings or one.split is None:
            continue
        if one.split.lines != _split_of(checked, one.setting).lines:
            yield _told(one.setting, pack), words.change(one.changes[0], pack), one.split


def _split_of(checked: Checked, setting: Setting) -> Split:
    found = next(one.split for one in checked.combinations if not one.changes and one.setting == setting)
    assert found is not None, "what is printed sums to 100"
    return found


def _told(setting: Setting, pack: Pack) -> Setting:
    """Of a setting where all else is earned, what tables are for."""
    return {name: chosen for name, chosen in setting.items() if name in pack.conditions}


def _table(title: str, rows: Sequence[Row], pack: Pack, values: Mapping[str, Sequence[Value]]) -> Table:
    """What is otherwise, the conditions in which the rows differ, and a column for each role."""
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    told = [name for name in values if len({row.under.get(name) for row in rows}) > 1]
    if cases := any(row.case for row in rows):
        table.add_column("情形\ncase", overflow="fold")
    for name in told:
        table.add_column(_both(words.condition(name, pack)))
    columns = _columns(rows, pack)
    for role in columns:
        table.add_column(_both(words.role(role, pack)), overflow="fold")
    table.add_column("合计\nsum", justify="right")
    for row in rows:
        case = [_both(row.case)] if cases and row.case else []
        conditions = [_values(name, row.under[name], values[name]) for name in told]
        table.add_row(*case, *conditions, *_cells(row, columns, _whole_of(row, rows), pack), _sum(row))
    return table


def _whole_of(row: Row, rows: Iterable[Row]) -> Row | None:
    """The row of the same settings where all is earned, if that is another."""
    found = (one for one in rows if one.case == words.ALL_EARNED and all(row.under[name] <= one.under[name] for name in row.under))
    return next((one for one in found if row.case not in (None, words.ALL_EARNED)), None)


def _sum(row: Row) -> str:
    return points_text(sum((Fraction(points) for _, lines in row.cells for _, points in lines), Fraction(0)))


def _cells(row: Row, columns: Iterable[str], whole: Row | None, pack: Pack) -> list[str]:
    mine, before = dict(row.cells), dict(whole.cells) if whole is not None else {}
    as_there = {role for role in mine if mine[role] == before.get(role)}
    return [words.AS_THERE if role in as_there else _cell(mine.get(role, ()), pack) for role in columns]


def _columns(rows: Iterable[Row], pack: Pack) -> list[str]:
    """The roles that have lines in any row, in the order of lines."""
    there = {role for row in rows for role, _ in row.cells}
    return [role for role in pack.order if role in there]


def _values(name: str, chosen: frozenset[Value], among: Sequence[Value]) -> str:
    if len(chosen) == len(among):
        return words.ANY
    told = [words.value(name, one) for one in among if one in chosen]
    return "、".join(one.zh for one in told) + " " + "/".join(one.en for one in told)


def _cell(lines: Iterable[tuple[str, str]], pack: Pack) -> str:
    return "\n".join(f"{words.person(to, pack).zh} {points}" for to, points in lines)


def _legend(checked: Checked, pack: Pack) -> Text:
    """Who is who, in English too."""
    there = {line.to: None for one in checked.combinations if one.split is not None for line in one.split.lines}
    told = [words.person(to, pack) for to in there]
    as_there = f"{words.AS_THERE} 与“{words.ALL_EARNED.zh}”相同 as where {words.ALL_EARNED.en}"
    return Text("  " + "  ".join([*(f"{one.zh} {one.en};" for one in told), as_there]), style="dim")
