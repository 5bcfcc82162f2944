"""What came of recomputing, for a reader."""

from __future__ import annotations

from rich import box
from rich.console import RenderableType
from rich.table import Table

from deploy.recomputing.report import Report, Tally
from deploy.tables import Fitting

_COMPANIES_SHOWN = 20
_FIGURES = (
    "成交\ndeals", "一致\nsame", "有差异\ndiffering", "无法判定\nnot judged", "已撤销\ncancelled",
    "增加（分）\nmore, fen", "减少（分）\nless, fen",
)  # fmt: skip


def tallied(report: Report) -> RenderableType:
    """The tally of each company, of so many, and of all."""
    table = Table(box=box.SIMPLE)
    table.add_column("公司\ncompany", no_wrap=True)
    for heading in _FIGURES:
        table.add_column(heading, justify="right", no_wrap=True)
    tallies = sorted(report.state.tally.items())
    for company, tally in tallies[:_COMPANIES_SHOWN]:
        table.add_row(company, *_figures(tally))
    if len(tallies) > _COMPANIES_SHOWN:
        more = len(tallies) - _COMPANIES_SHOWN
        table.add_row(f"另 {more} 家 and {more} more")
    table.add_row("合计 all", *_figures(report.whole), style="bold")
    return Fitting(table)


def _figures(tally: Tally) -> list[str]:
    figures = (tally.deals, tally.same, tally.differing, tally.failed, tally.cancelled, tally.more_fen, tally.less_fen)
    return [f"{figure:,}" for figure in figures]
