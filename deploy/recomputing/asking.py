"""What `fenyong recompute` is asked, as its options say it; what makes no sense is a usage error that names the option."""

from __future__ import annotations

import contextlib
from datetime import date
from pathlib import Path

import typer

from deploy.recomputing.report import State
from deploy.recomputing.workers import Document
from shared import regulation
from shared.calendar import end_of_day, start_of_day
from shared.entry import uuid_of


def asked(since: str | None, until: str | None, pack: str | None, company: str | None, *, digests: bool) -> Document:
    """Which deals, by what; the days whole, the last included. Refused: pack_invalid."""
    first, last = _day("--since", since), _day("--until", until)
    if first is not None and last is not None and first > last:
        raise typer.BadParameter(f"{first} 晚于 --until {last}。 {first} is after --until {last}", param_hint="--since")
    found = {
        "since": None if first is None else start_of_day(first).isoformat(),
        "until": None if last is None else end_of_day(last).isoformat(),
        "company": None if company is None else _company(company),
        "pack": None if pack is None else _pack(pack),
        "digests": digests,
    }
    return {name: value for name, value in found.items() if value}


def check_place(out: Path) -> None:
    """That a report can be written there."""
    if not out.parent.is_dir():
        raise typer.BadParameter(f"没有文件夹 {out.parent}。 There is no folder {out.parent}", param_hint="--out")
    if out.is_dir():
        raise typer.BadParameter(f"{out} 是文件夹。 {out} is a folder", param_hint="--out")


def differing(begun: State, what: Document, size: int) -> list[str]:
    """The options that are other than when a report was begun; of chunks also their size then."""
    names = [name for name in _OPTIONS if begun.asked.get(name) != what.get(name)]
    return [f"--{name}" for name in names] + ([f"--chunk (={begun.size})"] if begun.size != size else [])


_OPTIONS = ("since", "until", "company", "pack", "digests")


def _day(option: str, written: str | None) -> date | None:
    try:
        return None if written is None else date.fromisoformat(written)
    except ValueError as fault:
        told = f"{written} 不是日期，日期如 2024-03-08。 {written} is no date such as 2024-03-08"
        raise typer.BadParameter(told, param_hint=option) from fault


def _company(id: str) -> str:
    with contextlib.suppress(ValueError):
        uuid_of(id)
        if id.startswith("cmp_"):
            return id
    told = f"{id} 不是公司编号；公司编号是 cmp_ 加 26 个字符。 {id} is no company's id: cmp_ and 26 characters"
    raise typer.BadParameter(told, param_hint="--company")


def _pack(named: str) -> str | Document:
    """A pack's document if it is a file, else its id, which the service knows. Refused: pack_invalid."""
    path = Path(named)
    return regulation.load(path).document if path.suffix in (".yaml", ".yml") or path.is_file() else named
