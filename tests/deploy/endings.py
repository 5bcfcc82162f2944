"""Processes that are not ours: which there are, and when they have ended."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path


def children_of(pid: int) -> set[int]:
    """The processes that this one started, and those of them that fork services, and that have not ended."""
    direct = _children_of(pid)
    return direct.union(*(_children_of(child) for child in direct if b"deploy.nursery" in _command_of(child)))


def _command_of(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return b""


def _children_of(pid: int) -> set[int]:
    found: set[int] = set()
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, parent = status.read_text().rpartition(")")[2].split()[:2]
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(parent) == pid and state != "Z":
            found.add(int(status.parent.name))
    return found


def ended(pid: int) -> asyncio.Future[None]:
    """Done once this process, which must live now, has ended."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[None] = loop.create_future()
    descriptor = os.pidfd_open(pid)

    def done() -> None:
        loop.remove_reader(descriptor)
        os.close(descriptor)
        if not future.done():
            future.set_result(None)

    loop.add_reader(descriptor, done)
    return future
