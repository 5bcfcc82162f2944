"""What follows a position in a source's log, from wherever it can be had.

Messages from NATS are taken as they come if they follow at once; where something is missing, the source's feed is asked, and where there is
no feed, or it does not answer, the stream in NATS. Whatever is sent to us can only make us ask too often.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg

from shared.bus.broker import stay_connected
from shared.bus.condition import ALARMS, BROKER_TROUBLE, Condition, database_is_away
from shared.bus.feed import FeedAway
from shared.bus.message import Unbelievable, entry_in, subjects_of
from shared.bus.stream import Stream, StreamFeed
from shared.bus.together import together
from shared.entry import Entry

Feed = Callable[[int, int], Awaitable[list[Entry]]]
Doorbell = Callable[[int, float], Awaitable[bool]]

PAGE = 500
AHEAD_MAX = 1_000
QUIET_FIRST_S = 1.0  # with NATS as a doorbell: how long to trust its silence
QUIET_LAST_S = 5.0  # ... once it has proved to mean that there is nothing
POLL_FIRST_S = 0.02
POLL_LAST_S = 0.2
RUMOURS_CHECKED = 6
ALARM_EVERY_S = 1.0

log = structlog.get_logger("bus")


class Arrivals:
    """`all_ring`: whether just now everybody who appends to that log rings the doorbell."""

    def __init__(
        self,
        source: str,
        *,
        service: str,
        nats_url: str | None,
        feed: Feed | None,
        doorbell: Doorbell | None,
        all_ring: Callable[[], bool] | None,
        seal: bytes | None,
    ) -> None:
        assert feed is not None or nats_url is not None, "an ear needs a feed or a broker"
        self._source, self._service, self._url, self._feed, self._seal = source, service, nats_url, feed, seal
        self._doorbell, self._all_ring = doorbell, all_ring
        # Without a seal and with a feed, a message is nothing but a bell: what it says is asked of the source.
        self._believes = seal is not None or feed is None
        self._position = 0
        self._ahead: dict[int, Entry] = {}
        self._rumour = 0  # the highest position that somebody spoke of
        self._stirred = asyncio.Event()
        self._stream: StreamFeed | None = None
        self._ask_at_s = 0.0
        self._in_vain = 0
        self._of_feed = Condition("feed", service=service, source=source)
        self._alarmed_at_s = float("-inf")
        self.alarms = 0

    async def listen(self) -> None:
        """Hears messages for ever; none where there is no broker."""
        if self._url is None:
            await asyncio.Event().wait()
        else:
            await stay_connected(self._url, f"{self._service}-hears-{self._source}", self._listen_over)

    async def following(self, position: int) -> list[Entry]:
        """Waits for what follows `position`: one entry or more, without a gap. Events may be undecoded."""
        self._position = position
        while True:
            if arrived := self._arrived(position):
                if self._rumour <= arrived[-1].position:
                    self._in_vain = 0
                return arrived
            if self._now_s() >= self._ask_at_s:
                if found := await self._ask(position):
                    self._in_vain = 0
                    self._ask_at_s = self._now_s() + (0 if len(found) >= PAGE or self._rumour > found[-1].position else self._pause_s())
                    return found
                self._in_vain += 1
                self._ask_at_s = self._now_s() + self._pause_s()
            await self._wait(position, self._ask_at_s - self._now_s())

    def _arrived(self, position: int) -> list[Entry]:
        """Those messages that follow at once; forgets those that are behind."""
        found: list[Entry] = []
        while len(found) < PAGE and (entry := self._ahead.pop(position + len(found) + 1, None)) is not None:
            found.append(entry)
        if self._ahead:
            self._ahead = {at: entry for at, entry in self._ahead.items() if at > position}
        return found

    # -- asking

    async def _ask(self, position: int) -> list[Entry]:
        if self._feed is not None:
            try:
                found = await self._feed(position, PAGE)
            except Exception as error:
                if not (isinstance(error, FeedAway) or database_is_away(error)):
                    raise
                self._of_feed.ill("away", error=repr(error))
                return await self._ask_stream(position)
            self._of_feed.well("answers")
            found = self._in_order(found, position)
            if not found:
                self._check_rumour(position)
            return found
        found = await self._ask_stream(position)
        if not found:
            self._check_rumour(position)
        return found

    async def _ask_stream(self, position: int) -> list[Entry]:
        if self._stream is None:
            return []
        try:
            return self._in_order(await self._stream.read(position, PAGE), position)
        except BROKER_TROUBLE as error:
            log.debug("stream not read", source=self._source, error=repr(error))  # the connection says it, if it is that
            return []

    def _in_order(self, entries: list[Entry], position: int) -> list[Entry]:
        for count, entry in enumerate(entries):
            if entry.position != position + count + 1:
                self._alarm("out of order", entry.position)
                return entries[:count]
        return entries

    def _check_rumour(self, position: int) -> None:
        """A message spoke of a position that the source does not know. After a few looks it is not late, it is not true."""
        if self._rumour > position and self._in_vain >= RUMOURS_CHECKED:
            self._alarm("no such position", self._rumour)
            self._rumour = 0
            self._ahead.clear()

    def _pause_s(self) -> float:
        is_told = self._stream is not None or (self._all_ring is not None and self._all_ring())
        if self._rumour > self._position or not is_told:
            return float(min(POLL_FIRST_S * 2 ** min(self._in_vain, 10), POLL_LAST_S))
        return float(min(QUIET_FIRST_S * 2 ** min(self._in_vain, 10), QUIET_LAST_S))

    async def _wait(self, position: int, timeout_s: float) -> None:
        """Until something stirs, here or at the doorbell, or the time is over."""
        if timeout_s <= 0:
            return
        if self._doorbell is None:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(timeout_s):
                    await self._stirred.wait()
        elif self._stream is None:
            if await self._doorbell(position, timeout_s):
                self._stir()
        else:
            await self._wait_for_either(self._doorbell(position, timeout_s))
        self._stirred.clear()

    async def _wait_for_either(self, doorbell: Awaitable[bool]) -> None:
        rung = False

        async def ring() -> None:
            nonlocal rung
            rung = await doorbell

        async def stir() -> None:
            await self._stirred.wait()

        await together(ring(), stir())
        if rung:
            self._stir()

    # -- listening

    async def _listen_over(self, client: Client) -> None:
        self._stream = StreamFeed(Stream(client, self._source), self._source, seal=self._seal)
        try:
            await client.subscribe(subjects_of(self._source), cb=self._hear)
            await client.flush()
            self._stir()  # what was said while nobody listened
            await asyncio.Event().wait()
        finally:
            self._stream = None
            self._stir()

    async def _hear(self, message: Msg) -> None:
        try:
            entry = entry_in(message.headers, message.data, source=self._source, seal=self._seal)
        except Unbelievable as why:
            self._alarm(str(why), why.position)
            return
        if entry.position <= self._position:
            return
        if entry.position > self._rumour:  # repeating a rumour does not keep it alive
            self._rumour, self._in_vain = entry.position, 0
        if self._believes and entry.position <= self._position + AHEAD_MAX:
            self._ahead.setdefault(entry.position, entry)
        if self._position + 1 in self._ahead:
            self._stirred.set()
        else:
            self._stir()

    def _stir(self) -> None:
        self._ask_at_s = 0.0
        self._stirred.set()

    def _alarm(self, why: str, position: int | None) -> None:
        self.alarms += 1
        ALARMS.labels(self._source, why.partition(":")[0]).inc()
        if self._now_s() - self._alarmed_at_s > ALARM_EVERY_S:  # whoever floods the bus shall not flood the logs too
            self._alarmed_at_s = self._now_s()
            log.warning("message dropped", service=self._service, source=self._source, why=why, position=position, alarms=self.alarms)

    def _now_s(self) -> float:
        return asyncio.get_running_loop().time()
