"""A service's JetStream stream, written in atomic batches and read by sequence.

Nothing about a reader is kept in NATS: no consumer, durable or not, so there is nothing to lose when its store is wiped.
"""

import asyncio
import contextlib
import json
import uuid
from collections.abc import Sequence
from typing import Any, NamedTuple

import nats.errors
from nats.aio.client import Client
from nats.aio.msg import Msg

from shared.bus.broker import ANSWER_WITHIN_S, BrokerRefused
from shared.bus.condition import BROKER_TROUBLE
from shared.bus.message import Unbelievable, entry_in, headers_of, stream_of, subject_of, subjects_of
from shared.entry import Entry

PAGE = 500
PAGE_BYTES = 8 * 2**20

_PATIENCE_S = (0.2, 0.8, ANSWER_WITHIN_S - 1.0)  # for one question asked up to three times

_WRONG_LAST_SEQUENCE = 10071
_NO_SUCH_STREAM = 10059


class LostRace(Exception):
    """Somebody else has written to the stream since we looked: another relay, or a restored copy."""


class NoStream(BrokerRefused):
    """The stream does not exist: NATS is new, was wiped, or somebody deleted it."""

    def __init__(self) -> None:
        super().__init__(_NO_SUCH_STREAM, "no such stream")


class Extent(NamedTuple):
    """Which life of the stream this is (a new one begins when it is made again), and where its messages lie. Empty: last < first."""

    made: str
    first: int
    last: int


class Message(NamedTuple):
    sequence: int
    headers: dict[str, str]
    data: bytes


class Stream:
    def __init__(self, client: Client, service: str, *, replicas: int = 1) -> None:
        self._client = client
        self._service = service
        self._name = stream_of(service)
        self._replicas = replicas

    async def extent(self) -> Extent:
        """Raises NoStream."""
        answer = await self._ask("INFO", {})
        state = answer["state"]
        return Extent(answer["created"], max(state["first_seq"], 1), state["last_seq"])

    async def make(self) -> None:
        """Makes the stream if it is not there; two may try at once. Nobody may delete single messages or purge it."""
        await self._ask(
            "CREATE",
            {
                "name": self._name,
                "subjects": [subjects_of(self._service)],
                "retention": "limits",
                "storage": "file",
                "discard": "new",
                "num_replicas": self._replicas,
                "allow_atomic": True,
                "allow_direct": True,
                "deny_delete": True,
                "deny_purge": True,
            },
        )

    async def page(self, first: int, limit: int = PAGE) -> list[Message]:
        """Up to `limit` messages from sequence `first` on, in order; empty when there are none. Raises NoStream."""
        inbox, answers = self._client.new_inbox(), asyncio.Queue[Msg]()
        subscription = await self._client.subscribe(inbox, cb=answers.put)
        try:
            wanted = {"seq": max(first, 1), "batch": limit, "max_bytes": PAGE_BYTES}
            await self._client.publish(f"$JS.API.DIRECT.GET.{self._name}", json.dumps(wanted).encode(), reply=inbox)
            found: list[Message] = []
            while True:
                async with asyncio.timeout(ANSWER_WITHIN_S):
                    message = _message_in(await answers.get())
                if message is None:
                    return found
                found.append(message)
        finally:
            with contextlib.suppress(*BROKER_TROUBLE):
                await subscription.unsubscribe()

    async def append(self, entries: Sequence[Entry], *, last: int, seal: bytes | None) -> int:
        """Puts the entries behind sequence `last`, all or none, and returns the new last sequence; raises LostRace or NoStream.

        A time-out says nothing about whether they were stored: look at the stream again.
        """
        batch = uuid.uuid4().hex
        for number, entry in enumerate(entries, 1):
            headers = headers_of(entry, seal)
            if number == 1:
                headers["Nats-Expected-Last-Sequence"] = str(last)
                headers["Nats-Expected-Stream"] = self._name
            if len(entries) > 1:
                headers["Nats-Batch-Id"] = batch
                headers["Nats-Batch-Sequence"] = str(number)
            if number < len(entries):
                await self._client.publish(subject_of(entry), entry.data, headers=headers)
                continue
            if len(entries) > 1:
                headers["Nats-Batch-Commit"] = "1"
            answer = await self._client.request(subject_of(entry), entry.data, timeout=ANSWER_WITHIN_S, headers=headers)
            return int(_accepted(answer.data)["seq"])
        return last

    async def _ask(self, what: str, request: dict[str, Any]) -> dict[str, Any]:
        """Asks again when no answer comes, which changes nothing: a server that has just started leaves some questions unanswered."""
        subject, asked = f"$JS.API.STREAM.{what}.{self._name}", json.dumps(request).encode() if request else b""
        for timeout_s in _PATIENCE_S:
            with contextlib.suppress(nats.errors.TimeoutError):
                answer = await self._client.request(subject, asked, timeout=timeout_s)
                return _accepted(answer.data)
        raise nats.errors.TimeoutError


def _accepted(answer: bytes) -> dict[str, Any]:
    said: dict[str, Any] = json.loads(answer)
    error = said.get("error")
    if error is None:
        return said
    if error.get("err_code") == _WRONG_LAST_SEQUENCE:
        raise LostRace
    if error.get("err_code") == _NO_SUCH_STREAM:
        raise NoStream
    raise BrokerRefused(error.get("err_code", error.get("code", 0)), error.get("description", ""))


def _message_in(answer: Msg) -> Message | None:
    """The next message of a page; None at its end. A stored message cannot pass for the end: only the server adds a time stamp."""
    headers = answer.headers or {}
    if "Nats-Time-Stamp" in headers:
        return Message(int(headers["Nats-Sequence"]), headers, answer.data)
    status = headers.get("Status")
    if status in ("204", "404"):
        return None
    if status == "503":
        raise NoStream
    raise BrokerRefused(int(status or 0), headers.get("Description", "no status"))


class StreamFeed:
    """The stream as a feed: `read(after, limit)` gives the source's entries in order, as its own HTTP feed would.

    Whatever else somebody put into the stream is passed over. For one position, what is sealed, or stands first, counts.
    """

    def __init__(self, stream: Stream, source: str, *, seal: bytes | None) -> None:
        self._stream = stream
        self._source = source
        self._seal = seal
        self._made = ""
        self._next = 1  # every message before this sequence has been looked at
        self._after = -1  # ... for entries after this position

    async def read(self, after: int, limit: int = PAGE) -> list[Entry]:
        """Up to `limit` entries from position `after` + 1 on, without a gap; empty if the stream does not hold that one (yet)."""
        try:
            extent = await self._stream.extent()
        except NoStream:
            return []
        if extent.made != self._made or extent.last < self._next - 1 or after != self._after:
            self._made, self._next, self._after = extent.made, await self._locate(after, extent), after
        return await self._scan(after, limit)

    async def _scan(self, after: int, limit: int) -> list[Entry]:
        found: list[Entry] = []
        while not found:
            messages = await self._stream.page(self._next)
            if not messages:
                break
            for message in messages:
                if len(found) == limit:
                    break
                self._next = message.sequence + 1
                entry = self._believed(message)
                if entry is not None and entry.position == self._after + 1:
                    found.append(entry)
                    self._after = entry.position
        return found

    async def _locate(self, after: int, extent: Extent) -> int:
        """A sequence from which to look for what follows `after`. Usually positions and sequences run in parallel: if the message where
        `after` should stand is `after` indeed, begin behind it. Otherwise look at everything once."""
        last = await self._stream.page(extent.last, 1)
        newest = self._believed(last[0]) if last else None
        if newest is not None and newest.position > after:
            guess = last[0].sequence - (newest.position - after)
            if guess >= extent.first:
                there = await self._stream.page(guess, 1)
                entry = self._believed(there[0]) if there else None
                if entry is not None and entry.position == after:
                    return guess + 1
        return extent.first

    def _believed(self, message: Message) -> Entry | None:
        try:
            return entry_in(message.headers, message.data, source=self._source, seal=self._seal)
        except Unbelievable:
            return None
