"""The relay: from a service's log to its stream in NATS, everything, once, in order.

The stream is its own checkpoint: the last message in it that agrees with our log says how far we are. So nothing has to be kept beside
it, and whatever becomes of NATS (stopped, wiped, restored from an old copy, the stream deleted), what is missing is published again from
Postgres.
Each batch is all or nothing and names the sequence it expects to follow, so two relays cannot write over each other.
"""

import asyncio
from collections.abc import Sequence
from typing import NamedTuple, Protocol

import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg

from shared.bus.broker import stay_connected
from shared.bus.condition import Condition, Pauses, database_is_away
from shared.bus.lease import Leases
from shared.bus.message import Unbelievable, entry_in
from shared.bus.stream import PAGE, Extent, LostRace, Message, NoStream, Stream
from shared.bus.together import together
from shared.entry import Entry

BATCH_BYTES = 4 * 2**20
POLL_EVERY_S = 1.0
LOOK_EVERY_S = 3.0
STRANGERS_MAX = 1_000

log = structlog.get_logger("bus")


class ReadableLog(Protocol):
    """What the relay wants of an EventLog."""

    service: str
    tip: int

    async def read(self, after: int, limit: int, *, raw: bool) -> list[Entry]: ...

    async def woken(self, after: int, timeout_s: float) -> bool: ...

    def wake(self) -> None: ...


class Tail(NamedTuple):
    """How far the stream is: its last sequence, and the position of the last entry of ours in it (0: none)."""

    life: str
    sequence: int
    position: int


class Relay:
    """`run()` in every replica: one relays; whoever appends rings the bell of all the others."""

    def __init__(
        self,
        events: ReadableLog,
        nats_url: str,
        *,
        leases: Leases,
        seal: bytes | None = None,
        replicas: int = 1,
        poll_every_s: float = POLL_EVERY_S,
    ) -> None:
        self._log = events
        self._service = events.service
        self._url = nats_url
        self._leases = leases
        self._seal = seal
        self._replicas, self._poll_every_s = replicas, poll_every_s
        self._database = Condition("relay", service=self._service)
        self.position = 0
        """How far this relay knows the stream to be; 0 in a replica that does not relay."""
        self.hears_the_bell = False
        """Whether what other replicas append wakes this one's log."""

    async def run(self) -> None:
        bell = stay_connected(self._url, f"{self._service}-bell", self._at_the_bell, echo=False)
        await together(self._leases.hold("relay", self.relay), bell)

    async def relay(self) -> None:
        """Relays for ever, lease or no lease: two at once lose time, and nothing else."""
        await stay_connected(self._url, f"{self._service}-relay", self._relay_over)

    async def _relay_over(self, client: Client) -> None:
        stream = Stream(client, self._service, replicas=self._replicas)
        tail = await self._resume(stream)
        while True:
            batch = await self._wait_for_entries(tail.position)
            try:
                tail = await self._publish(stream, tail, batch) if batch else await self._look(stream, tail)
            except (LostRace, NoStream):
                tail = await self._resume(stream)
            self.position = tail.position

    async def _publish(self, stream: Stream, tail: Tail, batch: Sequence[Entry]) -> Tail:
        sequence = await stream.append(batch, last=tail.sequence, seal=self._seal)
        return Tail(tail.life, sequence, batch[-1].position)

    async def _look(self, stream: Stream, tail: Tail) -> Tail:
        """Nothing to relay: is the stream still the one that we wrote?"""
        extent = await stream.extent()
        return tail if (extent.made, extent.last) == (tail.life, tail.sequence) else await self._resume(stream)

    async def _wait_for_entries(self, after: int) -> list[Entry]:
        """What follows `after` in the log, at most one batch; empty if nothing came for a while."""
        until = asyncio.get_running_loop().time() + LOOK_EVERY_S
        while not (entries := await self._read(after, PAGE)):
            if asyncio.get_running_loop().time() > until:
                return []
            await self._log.woken(after, self._poll_every_s)
        return _within_bytes(entries, BATCH_BYTES)

    async def _read(self, after: int, limit: int) -> list[Entry]:
        pauses = Pauses()
        while True:
            try:
                entries = await self._log.read(after, limit, raw=True)
            except Exception as error:
                if not database_is_away(error):
                    raise
                self._database.ill("without database", error=repr(error))
                await pauses.pause()
            else:
                self._database.well("relaying")
                return entries

    # -- where the stream ends

    async def _resume(self, stream: Stream) -> Tail:
        extent = await _extent_of(stream)
        position = await self._last_position_in(stream, extent)
        log.info("relay resumes", service=self._service, after=position, sequence=extent.last)
        return Tail(extent.made, extent.last, position)

    async def _last_position_in(self, stream: Stream, extent: Extent) -> int:
        """The position of the last message that is an entry of our log. Strangers behind it are passed over, with an alarm; if there are
        too many to look through, everything is published again, which is never wrong: consumers know positions."""
        strangers, before = 0, extent.last + 1
        while before > extent.first and strangers < STRANGERS_MAX:
            first = max(before - 100 if strangers else before - 1, extent.first)
            for message in reversed([m for m in await stream.page(first, before - first) if m.sequence < before]):
                position = await self._position_of(message)
                if position is not None:
                    return position
                strangers += 1
                if strangers == 1:
                    log.warning("stranger in the stream", service=self._service, sequence=message.sequence, headers=message.headers)
            before = first
        return 0

    async def _position_of(self, message: Message) -> int | None:
        try:
            said = entry_in(message.headers, message.data, source=self._service, seal=self._seal)
        except Unbelievable:
            return None
        ours = await self._read(said.position - 1, 1)
        return said.position if ours and (ours[0].id, ours[0].data) == (said.id, said.data) else None

    # -- the bell

    async def _at_the_bell(self, client: Client) -> None:
        """Rings when this replica has appended something, and wakes its log when another has: nobody has to wait for the next look."""

        async def ring(_: Msg) -> None:
            self._log.wake()

        await client.subscribe(_bell_of(self._service), cb=ring)
        await client.flush()
        self.hears_the_bell = True
        self._log.wake()  # somebody may have rung before we were here
        try:
            told = -1  # we as well may have appended something before
            while True:
                if self._log.tip > told:
                    told = self._log.tip
                    await client.publish(_bell_of(self._service))
                await self._log.woken(told, LOOK_EVERY_S)
        finally:
            self.hears_the_bell = False


def _bell_of(service: str) -> str:
    return f"fenyong.{service}.appended"


async def _extent_of(stream: Stream) -> Extent:
    try:
        return await stream.extent()
    except NoStream:
        await stream.make()
        return await stream.extent()


def _within_bytes(entries: list[Entry], bytes_max: int) -> list[Entry]:
    """The first entries, as many as stay below `bytes_max` together, but one at least."""
    size = 0
    for count, entry in enumerate(entries):
        size += len(entry.data) + 1_000  # its headers
        if size > bytes_max and count:
            return entries[:count]
    return entries
