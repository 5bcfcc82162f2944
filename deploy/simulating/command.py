"""`fenyong simulate`: a brokerage's long history, made by the services' own decisions."""

import asyncio
import time
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn


def simulate(
    agents: Annotated[int, typer.Option(min=3, max=100_000, help="Agents, twenty to a store.")] = 200,
    listings: Annotated[int, typer.Option(min=0, max=10_000_000, help="Listings entered.")] = 2_000,
    deals: Annotated[int, typer.Option(min=0, max=10_000_000, help="Deals that clients begin; each wants a listing that is open.")] = 500,
    years: Annotated[float, typer.Option(min=0.01, max=50, help="Over how long, from January 2022 on.")] = 2.0,
    seed: Annotated[int, typer.Option(help="The same seed gives the same histories, to the byte.")] = 1,
    folder: Annotated[Path | None, typer.Option(help="Load the logs into new databases in this folder, for `fenyong up --folder`.")] = None,
    story: Annotated[Path | None, typer.Option(help="Write a small world as a case, for `fenyong case`.")] = None,
) -> None:
    """Make long histories of a brokerage that never was, by the same decisions as the API takes.

    Without --folder or --story it only says what there would be. Refused acts do not happen, as in life.
    """
    # Here and not above: whoever plays cases by the same command loads nothing of the services.
    from deploy.simulating.lives import Size, simulated
    from deploy.simulating.loading import NotEmpty, load_into
    from deploy.simulating.story import told

    console = Console(highlight=False)
    began = time.perf_counter()
    columns = (
        TextColumn("[progress.description]{task.description}"),
        BarColumn(),
        TextColumn("{task.completed} acts"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, transient=True) as bar:
        task = bar.add_task("simulating", total=None)
        brokerage = simulated(Size(agents, listings, deals, years, seed), progress=lambda done: bar.update(task, completed=done))
    logs = ", ".join(f"{service} {len(log)}" for service, log in sorted(brokerage.world.logs.items()))
    took_s = time.perf_counter() - began
    console.print(f"seed {seed}: {brokerage.settled} deals settled, {brokerage.refused} acts refused; entries: {logs}; {took_s:.1f} s")
    if story is not None:
        story.write_text(told(brokerage), encoding="utf-8")
        console.print(f"told as a case in {story}")
    if folder is not None:
        try:
            asyncio.run(load_into(folder.resolve(), brokerage.world))
        except NotEmpty:
            console.print(f"{folder} holds logs already; name a new folder", style="red")
            raise typer.Exit(1) from None
        console.print(f"loaded into {folder}; see it with: fenyong up --no-demo --folder {folder}")
