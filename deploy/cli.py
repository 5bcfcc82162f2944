"""The command `fenyong`."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Annotated

import typer

from deploy import runner
from deploy.cases.command import case
from deploy.cases.demo import demonstrate
from deploy.cases.replaying import replay
from deploy.packs.command import pack
from deploy.parked import parked
from deploy.recomputing.command import recompute
from deploy.simulating.command import simulate

app = typer.Typer(
    name="fenyong",
    help="""Who earns what of a deal, by which clause and which facts, as it stood at closing, and provably so for ever.

    Start with `fenyong up`: it runs everything on this machine and says what to try.
    """,
    epilog="Every command explains itself: fenyong up --help",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,
    rich_markup_mode="markdown",
)

Folder = Annotated[Path, typer.Option("--folder", metavar="FOLDER", help="Where it keeps its data, keys and logs.")]
Port = Annotated[
    int, typer.Option("--port", min=1, max=65_000, envvar="FENYONG_PORT", help="Of the API; the next free one if it is taken.")
]
Replicas = Annotated[int, typer.Option("--replicas", min=1, max=8, help="Processes of each service.")]
Demo = Annotated[bool, typer.Option("--demo/--no-demo", help="Tell a small brokerage's story at the first start.")]


@app.command()
def up(folder: Folder = Path(".data"), port: Port = 8080, replicas: Replicas = 1, demo: Demo = True) -> None:
    """Run everything on this machine until Ctrl-C.

    PostgreSQL, NATS, the four services and one address in front, on loopback only, with all data in one folder. A service that
    crashes is started again. FENYONG_POSTGRES (a role that may create roles and databases) and FENYONG_NATS name servers of your own
    to use instead.
    """
    raise typer.Exit(runner.up(folder, port=port, replicas=replicas, demonstrate=demonstrate if demo else None, say=_say))


def _say(line: str) -> None:
    """Prints at once; a terminal that was closed meanwhile is no reason to stop out of order."""
    with contextlib.suppress(OSError):
        print(line, flush=True)


app.command()(case)
app.command()(replay)
app.command()(simulate)
app.command()(parked)
app.command()(recompute)
app.add_typer(pack)


def main() -> None:
    app()
