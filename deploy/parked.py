"""`fenyong parked`: what the services could not handle and put aside, and driving it again once its cause is mended."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Annotated

import httpx2
import msgspec
import typer

from shared.bus import peer_client
from shared.identity import Keys

_AGAIN_WITHIN_S = 600.0


class Entry(msgspec.Struct, frozen=True):
    """An entry that waits: of which log, for which of the service's tasks, and why."""

    source: str
    task: str
    position: int
    tenant: str
    stream: str
    type: str
    reason: str
    attempts: int
    parked_at: datetime


class Driven(msgspec.Struct, frozen=True):
    done: int
    left: int


Folder = Annotated[Path, typer.Option("--folder", metavar="FOLDER", help="Where the `fenyong up` that runs here keeps its data.")]
At = Annotated[list[str] | None, typer.Option("--at", metavar="SERVICE=ADDRESS", help="A service elsewhere: listing=http://host:port.")]
KeysAt = Annotated[Path | None, typer.Option("--keys", metavar="FOLDER", help="The services' keys, if not below the folder.")]
Again = Annotated[bool, typer.Option("--again", help="Drive all of it once more.")]


def parked(folder: Folder = Path(".data"), at: At = None, keys: KeysAt = None, again: Again = False) -> None:
    """List what services could not handle, and drive it again.

    An entry that fails three times is parked with its reason, and whatever its stream says after that waits behind it. Mend the cause,
    then --again. Exit status 1 if something is (still) parked.
    """
    addresses = dict(one.partition("=")[::2] for one in at) if at else _running_in(folder)
    try:
        lines, left = asyncio.run(_told(addresses, Keys(keys or folder / "keys").internal, again=again))
    except (httpx2.HTTPError, OSError) as why:
        typer.echo(f"no answer: {why!r}", err=True)
        raise typer.Exit(2) from why
    for line in lines:
        typer.echo(line)
    raise typer.Exit(1 if left else 0)


def _running_in(folder: Path) -> dict[str, str]:
    """One replica of each service of the `fenyong up` that holds a folder; else exit status 2."""
    try:
        sockets = json.loads((folder / "lock").read_text())["sockets"]
    except (OSError, ValueError, KeyError) as why:
        typer.echo(f"nothing runs with its data in {folder}; say where the services are: --at listing=http://…", err=True)
        raise typer.Exit(2) from why
    return {service: f"unix:{replicas[0]}" for service, replicas in sockets.items()}


async def _told(addresses: Mapping[str, str], secret: str, *, again: bool) -> tuple[list[str], int]:
    """What there is to say of each service, and how much is parked in the end."""
    lines, left = [], 0
    for service, address in addresses.items():
        async with peer_client(address, headers={"Authorization": f"Bearer {secret}"}, timeout_s=_AGAIN_WITHIN_S) as client:
            if again:
                answer = (await client.post("/internal/parked:again")).raise_for_status()
                driven = msgspec.json.decode(answer.content, type=Driven)
                if driven.done or driven.left:
                    lines.append(f"{service}: {driven.done} driven again")
            answer = (await client.get("/internal/parked")).raise_for_status()
            entries = msgspec.json.decode(answer.content, type=list[Entry])
            lines += [f"{service}: {_line(entry)}" for entry in entries]
            left += len(entries)
    return lines or ["nothing is parked"], left


def _line(entry: Entry) -> str:
    tried = f"{entry.attempts} times since" if entry.attempts else "since"
    where = f"{entry.source}@{entry.position} {entry.type} of stream {entry.stream} for its {entry.task}"
    return f"{where}: {entry.reason}, {tried} {entry.parked_at.isoformat(timespec='seconds')}"
