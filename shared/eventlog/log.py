"""One service's log: what others read of it, and the one way to append."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from time import monotonic
from typing import Any, Final
from uuid import UUID

import asyncpg
import msgspec

from shared.entry import Codec, Entry, Meta, uuid_of
from shared.eventlog.appending import VERDICTS, Appender, Decided, Pending
from shared.eventlog.command import Answer, Appended, Claim, Claimant, Command, Happened, KeyReused
from shared.eventlog.reading import Asked, Found, Reader
from shared.eventlog.together import Together

# The first row, of version 0, is no entry: it says what time it was, so that this is one round trip.
_HISTORY: Final = """
    select 0 as version, null as position, null as type, null as data, null as meta, null as at, now_of($1) as recorded_at
    union all
    select version, position, type, data, meta, at, recorded_at from log where tenant = $1 and stream = $2
    order by version
"""
_ENTRIES: Final = "select position, tenant, stream, version, type, data, meta, at, recorded_at from log"
_READ_META: Final = msgspec.json.Decoder(Meta).decode
DAY_S: Final = 86_400.0
DROPPED_AT_ONCE: Final = 10_000
ABOUT_NOW_S: Final = 1.0
"""For how long after the database last said what time it is, this process goes on from there by itself."""


class Past(msgspec.Struct, frozen=True):
    """A stream's version and its events from the first on (once: they are decoded as they are taken), the log's position of the last,
    the tenant's now; and whether the command's key was known."""

    version: int
    events: Iterator[Any]
    position: int
    now: datetime
    key_known: bool


class EventLog:
    """Entries are read through the pool. What decisions rest on, and what they append, has a connection each, so that it goes together."""

    def __init__(self, service: str, codec: Codec, *, pool: asyncpg.Pool, dsn: str, heard: Callable[[], dict[str, int]] = dict) -> None:
        self.service = service
        self.codec = codec
        self.pool = pool
        self.heard = heard
        self.tip = 0
        """The last position that this process appended."""
        self._recorded_at: datetime | None = None
        self._recorded_s = 0.0
        # Small batches of reads, so that while some commands are being decided others are read, and others appended; a commit
        # is dear, and takes all who wait.
        self._reads = Together("log reader", dsn, Reader.on, largest_batch=8)
        self._appends = Together("log writer", dsn, Appender.on, largest_batch=1000)
        self._waiting: set[asyncio.Future[None]] = set()

    async def start(self) -> None:
        await self._reads.start()
        await self._appends.start()

    async def stop(self) -> None:
        """Does what is waiting, then closes the connections."""
        await self._appends.stop()
        await self._reads.stop()

    # -- reading

    async def now(self, tenant: UUID) -> datetime:
        """What time it is for a tenant: the database's time, or its story's."""
        at: datetime = await self.pool.fetchval("select now_of($1)", tenant)
        return at

    def about_now(self) -> datetime | None:
        """What time it is by what the database said last, not later than it is; None if that is long ago, or stories are told."""
        if self._recorded_at is None:
            return None
        passed_s = monotonic() - self._recorded_s
        # A computer's clock may be slowed down to be set right, by less than this in a second.
        return self._recorded_at + timedelta(seconds=passed_s * 0.999) if passed_s < ABOUT_NOW_S else None

    async def history(self, tenant: UUID, stream_id: str, *, known_at: datetime | None = None) -> tuple[list[Entry], datetime]:
        """A stream's entries from version 1 on, those recorded by `known_at` (included), and what time it is. None of no such stream."""
        stream = uuid_of(stream_id)
        first, *rows = await self.pool.fetch(_HISTORY, tenant, stream)
        service, decode = self.service, self.codec.decode
        entries = [
            Entry(service, position, tenant, stream, version, type, decode(type, data), data, _READ_META(meta), at, recorded_at)
            for version, position, type, data, meta, at, recorded_at in rows
            if known_at is None or recorded_at <= known_at
        ]
        return entries, first["recorded_at"]

    async def past(self, tenant: UUID, stream_id: str, command: Command | None = None) -> Past:
        """A stream's bare events, which is all that a decision needs; reads that arrive together are done together."""
        caller, key = (None, None) if command is None or command.key is None else (command.caller, command.key)
        found: Found = await self._reads.do(Asked(tenant, uuid_of(stream_id), caller, key))
        events = self.codec.decode_each(found.types, found.datas)
        return Past(len(found.types), events, found.position, found.now, found.key_known)

    async def read(self, after: int, limit: int, tenant: UUID | None = None, *, raw: bool = False) -> list[Entry]:
        """At most `limit` entries of positions above `after`, in order; of one tenant or of all. `raw` leaves the events undecoded."""
        if tenant is None:
            rows = await self.pool.fetch(f"{_ENTRIES} where position > $1 order by position limit $2", after, limit)
        else:
            rows = await self.pool.fetch(
                f"{_ENTRIES} where tenant = $3 and position > $1 order by recorded_at, position limit $2", after, limit, tenant
            )
        return [self._entry(row, raw) for row in rows]

    def _entry(self, row: Any, raw: bool) -> Entry:
        position, tenant, stream, version, type, data, meta, at, recorded_at = row
        event = None if raw else self.codec.decode(type, data)
        return Entry(self.service, position, tenant, stream, version, type, event, data, _READ_META(meta), at, recorded_at)

    async def last_position(self, tenant: UUID, at: datetime) -> tuple[int, datetime]:
        """The tenant's last position recorded at or before an instant (0: none), and what time it is.

        Nothing can still be recorded at or before `at`, unless `at` is now or to come.
        """
        row = await self.pool.fetchrow("select position, now from last_position($1, $2)", tenant, at)
        assert row is not None, "a function answers"
        return row[0], row[1]

    async def claimant(self, tenant: UUID, kind: str, key: str) -> Claimant | None:
        """Who holds a claim; None: nobody."""
        row = await self.pool.fetchrow(
            "select stream, by, recorded_at from claims where tenant = $1 and kind = $2 and key = $3", tenant, kind, key
        )
        return None if row is None else Claimant(*row)

    # -- appending

    async def append(
        self,
        tenant: UUID,
        stream_id: str,
        expected_version: int,
        events: Sequence[Happened],
        *,
        command: Command,
        claims: Iterable[Claim] = (),
        not_after: datetime | None = None,
        answer: Answer | None = None,
        by_about_now: bool = False,
    ) -> Appended:
        """Appends events after `expected_version`, with claims, key and answer, or nothing at all; the verdict says which.

        `stale` if it would have been recorded later than `not_after`, or was decided `by_about_now` and a story is told by now.
        KeyReused if the key was used for another request. Unreachable if the database broke off in between.
        """
        assert command.tenant is tenant or command.tenant == tenant, "a command writes in its own tenant"
        pending = self.ask(stream_id, expected_version, events, command, claims, not_after, answer, by_about_now)
        verdict = await pending.done
        if verdict[0] == 0:
            self.note(verdict)
            return Appended("done", expected_version + len(events), verdict[1], answer)
        return await self.lost(pending, verdict)

    def ask(
        self,
        stream_id: str,
        expected: int,
        events: Sequence[Happened],
        command: Command,
        claims: Iterable[Claim],
        not_after: datetime | None,
        answer: Answer | None,
        by_about_now: bool,
    ) -> Pending:
        """The first half of `append`: whoever asks awaits the verdict in its `done`, and goes on with `note` if 0, else `lost`."""
        meta, heard = command.meta, self.heard()
        if heard or meta.by is None:
            meta = Meta(meta.by or command.by, meta.causation, meta.correlation, meta.trace, heard)
        pending = Pending(stream_id, expected, events, self.codec, meta, command, claims, not_after, answer, by_about_now)
        self._appends.do(pending)
        return pending

    def note(self, appended: Decided) -> None:
        """From now on this process knows what time it was, and whoever waits for entries is woken."""
        _, position, recorded_at, by_the_real_clock = appended
        if by_the_real_clock and recorded_at is not self._recorded_at:
            self._recorded_at, self._recorded_s = recorded_at, monotonic()
        if position > self.tip:
            self.tip = position
        if self._waiting:
            self.wake()

    async def lost(self, pending: Pending, verdict: Decided) -> Appended:
        """Why nothing was appended."""
        why = VERDICTS[verdict[0]]
        if why != "known":
            return Appended(why, pending.expected, 0, None)
        known = await self.known(pending.command)
        assert known is not None, "a known key has an answer"
        return known

    async def known(self, command: Command) -> Appended | None:
        """What came of the command whose key this is. KeyReused if that was another request; None if there was none."""
        if command.key is None:
            return None
        row = await self.pool.fetchrow(
            "select fingerprint, version, position, status, body from idempotency where tenant = $1 and caller = $2 and key = $3",
            command.tenant, command.caller, command.key,
        )  # fmt: skip
        if row is None:
            return None
        fingerprint, version, position, status, body = row
        if fingerprint != command.fingerprint:
            raise KeyReused(command.key)
        return Appended("known", version, position, Answer(status, body))

    async def replayed(self, command: Command) -> Answer | None:
        """The answer then given to the command whose key this is; None if there was none. KeyReused if that was another request."""
        known = await self.known(command)
        return None if known is None else known.answer

    async def drop_old_answers(self, most: int = DROPPED_AT_ONCE) -> int:
        """Drops answers older than 45 days, so many at most; how many they were."""
        dropped: int = await self.pool.fetchval("select drop_old_answers($1)", most)
        return dropped

    async def drop_old_answers_daily(self) -> None:
        """Never ends. Replicas may do it at the same time."""
        while True:
            if await self.drop_old_answers() == 0:
                await asyncio.sleep(DAY_S)

    # -- waking

    async def woken(self, after: int, timeout_s: float) -> bool:
        """Waits until this process has appended something beyond `after`, or anybody rang. False if neither came in time."""
        if self.tip > after:
            return True
        waiter = asyncio.get_running_loop().create_future()
        self._waiting.add(waiter)
        try:
            await asyncio.wait_for(waiter, timeout_s)
        except TimeoutError:
            return False
        finally:
            self._waiting.discard(waiter)
        return True

    def wake(self) -> None:
        """Rings: another process may have appended something."""
        while self._waiting:
            waiter = self._waiting.pop()
            if not waiter.done():
                waiter.set_result(None)
