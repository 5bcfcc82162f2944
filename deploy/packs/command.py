"""`fenyong pack`: checks packs, and compares two of them over deals."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.progress import Progress

from deploy.cases.calling import NoAnswer, Positions, Wire
from deploy.cases.demo import Demo, noted, running_address
from deploy.cases.founding import FoundingFailed, minted
from deploy.cases.packs import PackUnreadable, open_pack
from deploy.children import DidNotStart
from deploy.packs import checking, differing, planning
from deploy.packs.chinese import both
from deploy.packs.deals import Deal, DealsUnseen, Told, of_cases, recorded
from deploy.packs.planning import Plan
from shared.regulation import Pack, load

WIDTH_PIPED = 200
_PATIENCE_S = 5.0

pack = typer.Typer(
    name="pack",
    help="Policy packs: check one before it is in force, compare two over deals. Nothing is written.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
)

Files = Annotated[list[Path], typer.Argument(metavar="FILES...", help="Packs, or plans of packs, as YAML files.", show_default=False)]
AsJson = Annotated[bool, typer.Option("--json", help="Print all of it as JSON.")]
Everything = Annotated[bool, typer.Option("--all", help="Print every combination, however many there are.")]


@pack.command("check")
def check_files(files: Files, everything: Everything = False, json: AsJson = False) -> None:
    """Say whether packs are sound, and what each gives under every combination of what its clauses depend on.

    A file that is a list of {pack, from, store} is a plan: what is said then is whether no two are in force at once for one store.

    Exit status: 0 all sound, 1 one is refused.
    """
    found = [planning.plan_in(file) or checking.check(file) for file in files]
    if json:
        told = [planning.as_json(one) if isinstance(one, Plan) else checking.as_json(one) for one in found]
        typer.echo(msgspec.json.format(msgspec.json.encode(told)).decode())
    else:
        console = wide_console()
        for one in found:
            console.print(planning.shown(one) if isinstance(one, Plan) else checking.shown(one, everything=everything))
    raise typer.Exit(0 if all(one.is_sound for one in found) else 1)


_PACK = "A pack that comes with the product, by its id, or a file."
One = Annotated[str, typer.Argument(metavar="A", help=_PACK, show_default=False)]
Other = Annotated[str, typer.Argument(metavar="B", help="Another.", show_default=False)]
Cases = Annotated[list[Path] | None, typer.Argument(metavar="CASES...", help="Case files; each is played once.", show_default=False)]
Deals = Annotated[list[str] | None, typer.Option("--deal", metavar="DEAL", help="A recorded deal, dea_…; may be given again.")]
Address = Annotated[str | None, typer.Option("--address", metavar="URL", help="Where Fenyong runs, if not here.")]
Company = Annotated[str | None, typer.Option("--company", metavar="ID", help="The deals' company, cmp_…, if not the demonstration's.")]
Person = Annotated[str | None, typer.Option("--person", metavar="ID", help="Who asks, psn_…; else the demonstration's auditor.")]
Folder = Annotated[Path, typer.Option("--folder", metavar="FOLDER", help="Where the `fenyong up` that runs here keeps its data.")]

_REFUSED = 2
_NOT_PLAYED = 3
_NOTHING_RUNS = (
    "没有以 {folder} 为数据的 Fenyong 在运行；请用 `fenyong up` 启动，或写明 --address，或列出案例文件。\n"
    "Nothing runs here with its data in {folder}; `fenyong up` does. Or say --address, or name case files."
)
_NO_DEMONSTRATION = (
    "这里没有演示（`fenyong up` 会演示一次）。请写明 --company 和 --person，或设 FENYONG_TOKEN。\n"
    "No demonstration runs here (`fenyong up` plays one). Say --company and --person, or FENYONG_TOKEN."
)


@pack.command("diff")
def diff(
    one: One,
    other: Other,
    cases: Cases = None,
    deal: Deals = None,
    address: Address = None,
    company: Company = None,
    person: Person = None,
    folder: Folder = Path(".data"),
    json: AsJson = False,
) -> None:
    """Compare two packs over deals: what everyone would get under each, in fen.

    Over the deals of case files, played in a throwaway stack; without any, over the deals that a running Fenyong has recorded: all that
    one may see, or those of --deal. Cancelled deals are listed, and stand in no sum: nothing of them is due.
    Asks with the token in FENYONG_TOKEN, or in development with one minted for the person.

    Exit status: 0 no difference, 1 some, 2 a pack or every deal is refused (3: the throwaway stack did not start).
    """
    packs = _opened(one), _opened(other)
    try:
        told = asyncio.run(of_cases(cases)) if cases else asyncio.run(_recorded(deal or [], address, company, person, folder))
    except DidNotStart as why:
        typer.echo(str(why), err=True)
        raise typer.Exit(_NOT_PLAYED) from why
    except (NoAnswer, FoundingFailed, DealsUnseen) as failed:
        typer.echo(str(failed), err=True)
        raise typer.Exit(_REFUSED) from failed
    if json:
        typer.echo(msgspec.json.format(msgspec.json.encode(differing.as_json(*packs, told))).decode())
    else:
        wide_console().print(differing.shown(*packs, told))
    compared = [differing.compare(each, *packs) for each in told if isinstance(each, Deal)]
    raise typer.Exit(_REFUSED if not compared and told else int(bool(differing.differ(compared))))


def _opened(name: str) -> Pack:
    """A pack by its id or file; else exit status 2."""
    try:
        found = open_pack(name, beside=Path())
    except PackUnreadable as error:
        typer.echo(both(str(error)), err=True)
        raise typer.Exit(_REFUSED) from error
    if found.wrong:
        typer.echo(both(f"{name}: {found.wrong}"), err=True)
        raise typer.Exit(_REFUSED)
    return load(found.document)


async def _recorded(deals: list[str], address: str | None, company: str | None, person: str | None, folder: Path) -> list[Told]:
    demo, where = noted(folder), address or os.environ.get("FENYONG_ADDRESS") or running_address(folder)
    if where is None:
        typer.echo(_NOTHING_RUNS.format(folder=folder), err=True)
        raise typer.Exit(_REFUSED)
    after = Positions()
    async with Wire(where, patience_s=_PATIENCE_S) as wire:
        token = os.environ.get("FENYONG_TOKEN") or await minted(wire, after, **_asking(demo, company, person))
        with Progress(*Progress.get_default_columns(), console=Console(stderr=True), transient=True) as progress:
            task = progress.add_task("deals", total=None)
            return await recorded(wire, token, after, deals, lambda known, done: progress.update(task, total=known, completed=done))


def _asking(demo: Demo | None, company: str | None, person: str | None) -> dict[str, str]:
    """Who asks: as said, else the demonstration's auditor."""
    if demo is None and (company is None or person is None):
        typer.echo(_NO_DEMONSTRATION, err=True)
        raise typer.Exit(_REFUSED)
    return {"person": person or (demo.auditor if demo else ""), "company": company or (demo.company if demo else "")}


def wide_console() -> Console:
    """As wide as the terminal; wide enough for the tables where there is none."""
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=WIDTH_PIPED)
