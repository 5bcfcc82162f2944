"""`fenyong replay DEAL`: asks the running stack to fold a deal again from the journal, and shows it as a ruling."""

from __future__ import annotations

import asyncio
import os
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
from rich.console import Console

from deploy.cases.calling import NoAnswer, Positions, Wire
from deploy.cases.demo import Demo, noted, running_address
from deploy.cases.founding import FoundingFailed, minted
from deploy.cases.ruling import ruling
from deploy.cases.scalars import SHANGHAI

_PATIENCE_S = 5.0
_WIDTH_PIPED = 160

Deal = Annotated[str, typer.Argument(metavar="DEAL", help="A deal's id, dea_…; `demo` is the demonstration's.", show_default=False)]
AsOf = Annotated[str | None, typer.Option("--as-of", metavar="TIME", help="What had happened by then.")]
KnownAt = Annotated[str | None, typer.Option("--known-at", metavar="TIME", help="What had been recorded by then.")]
OtherPack = Annotated[str | None, typer.Option("--pack", metavar="PACK", help="What if this pack had been in force. Nothing is written.")]
Readings = Annotated[list[str] | None, typer.Option("--reading", metavar="READING", help="What if the pack read R-key:ten_in_all, ...")]
Without = Annotated[list[str] | None, typer.Option("--without", metavar="ENTRY", help="What if this entry, lst_…@5, had never been made.")]
Admitted = Annotated[list[str] | None, typer.Option("--admit", metavar="ENTRY", help="What if this late entry had come in time.")]
Address = Annotated[str | None, typer.Option("--address", metavar="URL", help="Where Fenyong runs, if not here.")]
Company = Annotated[str | None, typer.Option("--company", metavar="ID", help="The deal's company, cmp_…, if not the demonstration's.")]
Person = Annotated[str | None, typer.Option("--person", metavar="ID", help="Who asks, psn_…; else the demonstration's auditor.")]
Folder = Annotated[Path, typer.Option("--folder", metavar="FOLDER", help="Where the `fenyong up` that runs here keeps its data.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the answer as it is.")]


def replay(
    deal: Deal,
    as_of: AsOf = None,
    known_at: KnownAt = None,
    pack: OtherPack = None,
    reading: Readings = None,
    without: Without = None,
    admit: Admitted = None,
    address: Address = None,
    company: Company = None,
    person: Person = None,
    folder: Folder = Path(".data"),
    json: AsJson = False,
) -> None:
    """Replay a deal: the evidence, the facts, the lines, and the difference to what was settled.

    Asks with the token in FENYONG_TOKEN, or in development with one minted for the person.
    """
    demo = noted(folder)
    query = {
        "as_of": _instant(as_of), "known_at": _instant(known_at), "pack": pack, "reading": reading, "without": without, "admit": admit,
    }  # fmt: skip
    asked = {name: value for name, value in query.items() if value}
    if deal == "demo":
        deal = _known(demo).deal
    where = address or os.environ.get("FENYONG_ADDRESS") or running_address(folder)
    if where is None:
        typer.echo(f"Nothing runs here with its data in {folder}; `fenyong up` does. Or say --address.", err=True)
        raise typer.Exit(1)
    try:
        answer = asyncio.run(_asked(where, deal, asked, demo, company, person))
    except (NoAnswer, FoundingFailed) as failed:
        typer.echo(f"{failed} (from {where})", err=True)
        raise typer.Exit(1) from failed
    if json:
        typer.echo(msgspec.json.format(msgspec.json.encode(answer)).decode())
    else:
        _console().print(ruling(answer, what_if=bool(asked)))


async def _asked(
    where: str, deal: str, query: dict[str, str | list[str]], demo: Demo | None, company: str | None, person: str | None
) -> dict[str, Any]:
    after = Positions()
    async with Wire(where, patience_s=_PATIENCE_S) as wire:
        token = os.environ.get("FENYONG_TOKEN")
        if not token:
            asks = {"person": person or _known(demo).auditor, "company": company or _known(demo).company}
            token = await minted(wire, after, **asks)
        answer = await wire.get(f"/v1/deals/{deal}/replay", token=token, after=after, query=query)
    if not answer.done:
        raise NoAnswer(f"{deal}: {answer}")
    body: dict[str, Any] = answer.body
    return body


def _known(demo: Demo | None) -> Demo:
    if demo is None:
        typer.echo("No demonstration runs here (`fenyong up` plays one). Say --address, --company and --person.", err=True)
        raise typer.Exit(1)
    return demo


def _instant(written: str | None) -> str | None:
    """A time as the API takes it; without a zone it is Shanghai's."""
    if written is None:
        return None
    try:
        at = datetime.fromisoformat(written)
    except ValueError as error:
        raise typer.BadParameter(f"{written} is no time such as 2024-03-08T16:00") from error
    return (at if at.tzinfo else at.replace(tzinfo=SHANGHAI)).isoformat()


def _console() -> Console:
    """As wide as the terminal; wide enough for the tables where there is none."""
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=_WIDTH_PIPED)
