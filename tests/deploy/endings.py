"""Waiting for the end of a process that is not ours."""

from __future__ import annotations

import asyncio
import os


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
