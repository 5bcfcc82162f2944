"""Loops that run beside each other and end together."""

import asyncio
from collections.abc import Collection, Coroutine
from typing import Any

INSIST_AFTER_S = 0.1


async def together(*loops: Coroutine[Any, Any, None]) -> int:
    """Runs until the first of them ends, ends the others, and says which it was, or raises its error."""
    tasks = [asyncio.ensure_future(loop) for loop in loops]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        first = next(number for number, task in enumerate(tasks) if task.done())
    finally:
        await end(tasks)
    tasks[first].result()
    return first


async def end(tasks: Collection[asyncio.Future[Any]]) -> None:
    """Cancels tasks until they have ended.

    Once is not enough: Python 3.11's `asyncio.wait_for`, and with it the NATS client, loses a cancellation that comes in the same moment as
    what was waited for.
    """
    cancelled: asyncio.CancelledError | None = None
    while pending := [task for task in tasks if not task.done()]:
        for task in pending:
            task.cancel()
        try:
            await asyncio.wait(pending, timeout=INSIST_AFTER_S)
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None:
        raise cancelled
