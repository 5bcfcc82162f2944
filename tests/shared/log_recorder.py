"""Our log as the eventsourcing library wants a recorder: blocking. For its test cases, and for its applications to read our log."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar
from uuid import UUID

import asyncpg
import msgspec
from eventsourcing.persistence import ApplicationRecorder, IntegrityError, Notification, StoredEvent, Subscription

from shared.entry import Codec, Entry, id_of
from shared.eventlog import EventLog
from tests.shared.log_toy import TENANT, command

Result = TypeVar("Result")


class Given(msgspec.Struct, frozen=True):
    """An event that the library has encoded already."""

    topic: str
    state: bytes
    at: datetime


class AsGiven(Codec):
    """Keeps the library's own topics and bytes."""

    def encode(self, event: object) -> tuple[str, bytes]:
        assert isinstance(event, Given)
        return event.topic, event.state

    def decode(self, type: str, data: bytes) -> Any:
        return None


class BlockingRecorder(ApplicationRecorder):
    """One tenant's view of a log, run on a loop in a thread of its own.

    Our versions count from 1. `first` says from where the library's do: from 1 in its applications, from 0 in some of its test cases.
    """

    def __init__(self, dsn: str, *, first: int = 1) -> None:
        self._shift = 1 - first
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.log = self._do(self._open(dsn))

    async def _open(self, dsn: str) -> EventLog:
        log = EventLog("library", AsGiven("library"), pool=await asyncpg.create_pool(dsn, min_size=1, max_size=4), dsn=dsn)
        await log.start()
        return log

    def close(self) -> None:
        self._do(self.log.stop())
        self._do(self.log.pool.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _do(self, work: Coroutine[Any, Any, Result]) -> Result:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(60)

    def insert_events(self, stored_events: Sequence[StoredEvent], **kwargs: Any) -> Sequence[int] | None:
        if not stored_events:
            return None
        streams = {event.originator_id for event in stored_events}
        assert len(streams) == 1, "a command of ours writes one stream"
        versions = [event.originator_version + self._shift for event in stored_events]
        if versions != list(range(versions[0], versions[0] + len(versions))):
            raise IntegrityError("versions follow one another")
        events = [Given(event.topic, event.state, datetime.now(UTC)) for event in stored_events]
        appended = self._do(self.log.append(TENANT, _stream_id(*streams), versions[0] - 1, events, command=command()))
        if appended.verdict != "done":
            raise IntegrityError(appended.verdict)
        return list(range(appended.position - len(events) + 1, appended.position + 1))

    def select_events(
        self, originator_id: UUID | str, *, gt: int | None = None, lte: int | None = None, desc: bool = False, limit: int | None = None
    ) -> Sequence[StoredEvent]:
        entries, _ = self._do(self.log.history(TENANT, _stream_id(originator_id)))
        stored = [StoredEvent(entry.stream, entry.version - self._shift, entry.type, entry.data) for entry in entries]
        chosen = [e for e in stored if (gt is None or e.originator_version > gt) and (lte is None or e.originator_version <= lte)]
        return (chosen[::-1] if desc else chosen)[:limit]

    def select_notifications(
        self, start: int | None, limit: int, stop: int | None = None, topics: Sequence[str] = (), *, inclusive_of_start: bool = True
    ) -> Sequence[Notification]:
        after = (start or 0) - (1 if inclusive_of_start and start else 0)
        found: list[Entry] = []
        while len(found) < limit and (page := self._do(self.log.read(after, limit, raw=True))):
            found += [entry for entry in page if (not topics or entry.type in topics) and (stop is None or entry.position <= stop)]
            after = page[-1].position
        return [Notification(e.stream, e.version - self._shift, e.type, e.data, e.position) for e in found[:limit]]

    def max_notification_id(self) -> int | None:
        return self._do(self._last())

    async def _last(self) -> int | None:
        position: int = await self.log.pool.fetchval("select coalesce(max(position), 0) from log")
        return position or None

    def subscribe(self, gt: int | None = None, topics: Sequence[str] = ()) -> Subscription[ApplicationRecorder]:
        raise NotImplementedError("whoever follows our log hears it from the bus")


def _stream_id(originator_id: UUID | str) -> str:
    assert isinstance(originator_id, UUID), "streams have UUIDs"
    return id_of("any", originator_id)
