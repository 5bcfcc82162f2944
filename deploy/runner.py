"""`fenyong up`: everything on this machine until Ctrl-C, with all that it keeps in one folder."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import json
import os
import signal
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

import asyncpg

from deploy.children import DidNotStart
from deploy.migrate import MigrationChanged
from deploy.stack import Stack

Say = Callable[[str], None]


@dataclass(frozen=True)
class Try:
    """Something to do with what runs: what it shows, and the line to paste."""

    shows: str
    line: str


Demonstrate = Callable[[Stack, Say], Awaitable[Sequence[Try]]]
"""Puts something to look at into a running stack, once, and says how to look at it."""


class AlreadyRunning(Exception):
    """Another `fenyong up` holds this folder."""


def up(folder: Path, *, port: int, replicas: int, demonstrate: Demonstrate | None, say: Say, apps: dict[str, str] | None = None) -> int:
    """Runs until told to stop (Ctrl-C, SIGTERM, a closed terminal); the exit status: 0 then, 1 if it could not run."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        with _held(folder / "lock") as lock:
            stack = Stack(
                folder,
                port=port,
                replicas=replicas,
                postgres=os.environ.get("FENYONG_POSTGRES") or None,
                nats=os.environ.get("FENYONG_NATS") or None,
                apps=apps,
                say=say,
            )
            asyncio.run(_until_told(stack, lock, demonstrate, say))
        return 0
    except AlreadyRunning as other:
        say(str(other))
    except DidNotStart as why:
        say(str(why))
    except (OSError, asyncpg.PostgresError) as why:
        say(f"could not start: {type(why).__name__}: {why}")
    except MigrationChanged as why:
        say(f"{why}; {folder} was made by another version: move it away, or go back to that one")
    return 1


@contextlib.contextmanager
def _held(path: Path) -> Iterator[TextIO]:
    """The folder's lock, empty, to write into who holds it; the system lets it go when we end, however we end."""
    with path.open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise AlreadyRunning(_who_holds(lock.read(), path.parent)) from None
        lock.truncate(0)
        yield lock


def _who_holds(written: str, folder: Path) -> str:
    try:
        holder = json.loads(written)
    except ValueError:
        return f"Fenyong is starting already, with its data in {folder}"
    return (
        f"Fenyong is running already at {holder['address']}, with its data in {folder}."
        f" Ctrl-C in its terminal stops it, or: kill {holder['pid']}"
    )


async def _until_told(stack: Stack, lock: TextIO, demonstrate: Demonstrate | None, say: Say) -> None:
    """Starts, shows, waits for a signal, and stops in order; a signal while it starts stops it too, a second one does not wait."""
    told = _told_to_stop(say)
    running = asyncio.create_task(_run(stack, lock, demonstrate, say))
    waiting = asyncio.create_task(told.wait())
    await asyncio.wait((running, waiting), return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    if not running.done():
        running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running
    say("stopped")


def _told_to_stop(say: Say) -> asyncio.Event:
    told = asyncio.Event()

    def tell() -> None:
        if told.is_set():
            os._exit(1)  # in a hurry; what we started dies with us
        told.set()
        say("stopping (once more does not wait)")

    for one in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(one, tell)
    return told


async def _run(stack: Stack, lock: TextIO, demonstrate: Demonstrate | None, say: Say) -> None:
    async with stack:
        sockets = {service: [str(socket) for socket in replicas] for service, replicas in stack.sockets.items()}
        lock.write(json.dumps({"pid": os.getpid(), "address": stack.address, "sockets": sockets}))
        lock.flush()
        tries = await demonstrate(stack, say) if demonstrate else ()
        say(_picture(stack, tries))
        await asyncio.Event().wait()


def _picture(stack: Stack, tries: Sequence[Try]) -> str:
    servers = [
        f"PostgreSQL in {stack.postgres.folder}" if stack.postgres else "PostgreSQL where FENYONG_POSTGRES says",
        f"NATS in {stack.nats.folder}" if stack.nats else "NATS where FENYONG_NATS says",
    ]
    services = ", ".join(f"{service} ({', '.join(str(stack.pid(service, n)) for n in stack.numbers)})" for service in stack.sockets)
    lines = [
        "",
        f"Fenyong runs at {stack.address}",
        f"  services (processes): {services}",
        *(f"  {server}" for server in servers),
        f"  logs: {stack.folder / 'logs'}",
        "",
        *(line for number, one in enumerate(tries, 1) for line in (f"{number}. {one.shows}", f"   {one.line}", "")),
        "Ctrl-C stops everything.",
    ]
    return "\n".join(lines)
