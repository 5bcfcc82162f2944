"""`fenyong pack diff`: what deals give under one pack and under another, by beneficiary, in fen."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from deploy.packs.deals import Deal, Told, Untold
from deploy.tables import Fitting
from services.commission import rules
from shared.problems import STATES
from shared.regulation import Pack


@dataclass(frozen=True, slots=True)
class Share:
    """What a beneficiary gets in all under the one pack and under the other, in fen."""

    to: str
    one_fen: int
    other_fen: int

    @property
    def difference_fen(self) -> int:
        return self.other_fen - self.one_fen


@dataclass(frozen=True, slots=True)
class Compared:
    """A deal under both packs: its base, and everyone's share, in the order of lines under the one, then under the other."""

    deal: Deal
    base: Share
    shares: tuple[Share, ...]

    @property
    def is_same(self) -> bool:
        return not any(share.difference_fen for share in self.shares)

    @property
    def is_due(self) -> bool:
        """Of a cancelled deal nothing is, under whichever pack."""
        return self.deal.state != "cancelled"


def differ(compared: Iterable[Compared]) -> list[Compared]:
    """The deals that give something else under the other pack; cancelled ones give nothing."""
    return [each for each in compared if each.is_due and not each.is_same]


def compare(deal: Deal, one: Pack, other: Pack) -> Compared:
    """Splits the facts of a deal under both packs. They stay as they were recorded: who held what under the pack then in force, too."""
    facts = rules.facts_of(deal.facts)
    splits = (rules.split(facts, one), rules.split(facts, other))
    fen: dict[str, list[int]] = {}
    for column, split in enumerate(splits):
        for line in split.lines:
            fen.setdefault(line.to, [0, 0])[column] += line.amount_fen
    shares = tuple(Share(deal.names.get(to, to), *both) for to, both in fen.items())
    return Compared(deal, Share("", splits[0].base_fen, splits[1].base_fen), shares)


def totals(compared: Iterable[Compared]) -> list[Share]:
    """Everyone's shares over all deals but cancelled ones; who is of a case, by case."""
    fen: dict[str, list[int]] = {}
    for each in (each for each in compared if each.is_due):
        for share in each.shares:
            sums = fen.setdefault(f"{each.deal.scope} {share.to}".strip(), [0, 0])
            sums[0] += share.one_fen
            sums[1] += share.other_fen
    return [Share(to, *both) for to, both in fen.items()]


def whole(shares: Iterable[Share]) -> Share:
    listed = list(shares)
    return Share("", sum(share.one_fen for share in listed), sum(share.other_fen for share in listed))


def as_json(one: Pack, other: Pack, told: Sequence[Told]) -> dict[str, Any]:
    compared = [compare(deal, one, other) for deal in told if isinstance(deal, Deal)]
    return {
        "one": {"id": one.id, "version": one.version, "digest": one.digest},
        "other": {"id": other.id, "version": other.version, "digest": other.digest},
        "deals": [
            {
                "deal": each.deal.name,
                "state": each.deal.state,
                "same": each.is_same,
                "base": _share_as_json(each.base),
                "shares": [{"to": share.to, **_share_as_json(share)} for share in each.shares],
            }
            for each in compared
        ],
        "totals": [{"to": share.to, **_share_as_json(share)} for share in totals(compared)],
        "sum": _share_as_json(whole(totals(compared))),
        "untold": [{"name": each.name, "why": each.why} for each in told if isinstance(each, Untold)],
    }


def _share_as_json(share: Share) -> dict[str, int]:
    return {"one_fen": share.one_fen, "other_fen": share.other_fen, "difference_fen": share.difference_fen}


# For a reader


def shown(one: Pack, other: Pack, told: Sequence[Told]) -> RenderableType:
    """Deal by deal, then the totals of those to whom it makes a difference."""
    compared = [compare(deal, one, other) for deal in told if isinstance(deal, Deal)]
    parts: list[RenderableType] = [Fitting(_deals(one, other, compared))] if compared else []
    if len(compared) > 1:
        parts.append(Fitting(_totals(one, other, totals(compared))))
    parts += [Text(f"  未比较 not compared: {each.name}: {each.why}", style="yellow") for each in told if isinstance(each, Untold)]
    return Group(*parts, Text(_counted(compared), style="bold"))


def _counted(compared: Sequence[Compared]) -> str:
    many, differing, cancelled = len(compared), len(differ(compared)), sum(not each.is_due for each in compared)
    zh, en = (f"，{cancelled} 笔已撤销、不计入总计", f", {cancelled} cancelled and not in the totals") if cancelled else ("", "")
    return f"  {many} 笔成交，{differing} 笔有差异{zh}，不写入任何记录。 {many} compared, {differing} different{en}."


def _deals(one: Pack, other: Pack, compared: Iterable[Compared]) -> Table:
    table = _table("逐笔比较，单位：分 Deal by deal, in fen", "成交\ndeal", one, other)
    for each in compared:
        state = STATES.get(each.deal.state)
        said = f" {state.zh} {state.en}" if state is not None and each.deal.state != "settled" else ""
        for place, share in enumerate(each.shares):
            table.add_row(each.deal.name + said if not place else "", share.to, *_fen(share), style=None if share.difference_fen else "dim")
        table.add_row("", Text("合计 sum", style="bold"), *_fen(each.base), end_section=True)
    return table


def _totals(one: Pack, other: Pack, shares: Sequence[Share]) -> Table:
    table = _table("总计，单位：分 Totals, in fen", "", one, other)
    for share in shares:
        if share.difference_fen:
            table.add_row("", share.to, *_fen(share))
    table.add_section()
    table.add_row("", Text("合计 sum", style="bold"), *_fen(whole(shares)))
    return table


def _table(title: str, first: str, one: Pack, other: Pack) -> Table:
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column(first, no_wrap=True)
    table.add_column("归属\nto", no_wrap=True)
    for pack in (one, other):
        table.add_column(f"{pack.id}\n版本 version {pack.version}", justify="right", no_wrap=True)
    table.add_column("差额\ndifference", justify="right", no_wrap=True)
    return table


def _fen(share: Share) -> tuple[str, str, str]:
    return f"{share.one_fen:,}", f"{share.other_fen:,}", f"{share.difference_fen:+,}" if share.difference_fen else "0"
