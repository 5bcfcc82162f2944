"""A connection to NATS for as long as it lasts, and then another."""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

import nats
import nats.errors
import structlog
from nats.aio.client import Client

from shared.bus.condition import BROKER_TROUBLE, Condition, Pauses
from shared.bus.together import together

PING_EVERY_S = 2
ANSWER_WITHIN_S = 5.0

log = structlog.get_logger("bus")


class BrokerRefused(nats.errors.Error):
    """JetStream answered with an error: its code and what it says (a full disk, a missing right, a limit)."""

    def __init__(self, code: int, description: str) -> None:
        super().__init__(f"{description} ({code})")
        self.code = code


async def stay_connected(url: str, name: str, work: Callable[[Client], Coroutine[Any, Any, None]], *, echo: bool = True) -> None:
    """Runs `work` with a connection; when that is lost or NATS refuses, again with a new one, until `work` ends by itself.

    Without `echo` the connection does not hear what it says itself.

    The client's own reconnecting is off: it would keep what was sent while NATS was away and send half a batch later on.
    A new connection means that everything known about the stream has to be asked again, and `work` begins by doing so.
    """
    condition, pauses = Condition("broker", connection=name), Pauses()
    while True:
        try:
            async with _connected(url, name, echo=echo) as (client, lost):
                condition.well("connected")
                if await together(_and_it_worked(work(client), pauses), _until(lost)) == 0:
                    return
                condition.ill("lost")
        except BROKER_TROUBLE as error:
            condition.ill("away" if not isinstance(error, BrokerRefused) else "refuses", error=repr(error))
        await pauses.pause()


async def _and_it_worked(work: Coroutine[Any, Any, None], pauses: Pauses) -> None:
    """Only a connection that held for a moment counts as one: a server that accepts and refuses at once is met with growing pauses."""
    held = asyncio.get_running_loop().call_later(1.0, pauses.over)
    try:
        await work
    finally:
        held.cancel()


async def _until(event: asyncio.Event) -> None:
    await event.wait()


@contextlib.asynccontextmanager
async def _connected(url: str, name: str, *, echo: bool) -> AsyncIterator[tuple[Client, asyncio.Event]]:
    lost = asyncio.Event()

    async def on_closed() -> None:
        lost.set()

    async def on_error(error: Exception) -> None:
        # Without this a missing right looks like a time-out. While connecting, the same error is raised as well.
        if not isinstance(error, (OSError, nats.errors.UnexpectedEOF)):
            log.warning("broker error", connection=name, error=repr(error))

    client = await nats.connect(
        url,
        name=f"{name}-{os.getpid()}",
        no_echo=not echo,
        allow_reconnect=False,
        max_reconnect_attempts=1,
        reconnect_time_wait=0,
        connect_timeout=2,
        ping_interval=PING_EVERY_S,
        max_outstanding_pings=2,
        error_cb=on_error,
        closed_cb=on_closed,
    )
    try:
        yield client, lost
    finally:
        with contextlib.suppress(*BROKER_TROUBLE):
            async with asyncio.timeout(ANSWER_WITHIN_S):
                await client.close()
