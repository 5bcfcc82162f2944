"""The log of a service: reading history, deciding on it, and appending what was decided.

Commands that arrive together are appended together: whoever waits while one transaction commits goes with the next,
without any delay made on purpose. What the database does for a batch stands in deploy/migrations/log/002_append.sql.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import datetime
from typing import Any, Final, Generic, Literal, Protocol, TypeVar
from uuid import UUID

import asyncpg
import msgspec

from shared.calendar import SMALLEST, day_of, end_of_day
from shared.entry import Codec, Entry, Meta, uuid_of

State = TypeVar("State")

ATTEMPTS: Final = 3
"""How often a command that loses a race decides before it is a conflict."""

LARGEST_BATCH: Final = 1000
"""Commands in one transaction at most."""


class Command(msgspec.Struct, frozen=True):
    """What every command carries. `key` is the Idempotency-Key, unique within `caller`; the fingerprint tells one request from another."""

    tenant: UUID
    by: str
    meta: Meta = Meta()
    key: str | None = None
    fingerprint: bytes = b""
    caller: str = ""

    @classmethod
    def caused_by(cls, entry: Entry, target: str) -> "Command":
        """A reaction's command: in the name of who caused it, and with a key of cause and target, so that a second time has no effect."""
        meta = Meta(by=entry.meta.by, causation=entry.id, correlation=entry.meta.correlation, trace=entry.meta.trace)
        return cls(entry.tenant, entry.meta.by or "", meta, key=f"{entry.id}>{target}", caller=entry.service)


class Claim(msgspec.Struct, frozen=True):
    """What must be unique across a tenant's streams: taken by the stream that appends, or given back by it."""

    kind: str
    key: str
    release: bool = False


class Claimant(msgspec.Struct, frozen=True):
    """Who was first."""

    stream: UUID
    by: str | None
    recorded_at: datetime


class Answer(msgspec.Struct, frozen=True):
    """What an idempotent replay returns. Holds nothing personal."""

    status: int
    body: bytes


class Outcome(msgspec.Struct, Generic[State], frozen=True):
    """What became of a command. Of a replay only the answer, version and position are known, as they were the first time."""

    state: State | None
    version: int
    entries: list[Entry]
    answer: Answer | None
    replayed: bool
    position: int


Verdict = Literal["done", "known", "version", "claim", "stale"]
_VERDICTS: Final[tuple[Verdict, ...]] = ("done", "known", "version", "claim", "stale")


class Appended(msgspec.Struct, frozen=True):
    """What the log said: done; key known (with the answer then given); or lost: the version, a claim, or the time to record it."""

    verdict: Verdict
    entries: list[Entry]
    version: int
    position: int
    answer: Answer | None


class Conflict(Exception):
    """Someone else was faster three times, or had begun the stream before."""

    def __init__(self, stream_id: str) -> None:
        super().__init__(f"lost the race for {stream_id}")
        self.stream_id = stream_id


class KeyReused(Exception):
    """The caller has used this Idempotency-Key for another request."""


class Unknown(Exception):
    """The tenant has no such stream."""

    def __init__(self, stream_id: str) -> None:
        super().__init__(f"unknown: {stream_id}")
        self.stream_id = stream_id


class Unreachable(Exception):
    """The database broke off. Whether the command was recorded is not known: whoever retries with the same key finds out."""


class Happened(Protocol):
    """An event: it says when it counts."""

    @property
    def at(self) -> datetime: ...


Look = Callable[[Any, datetime], Awaitable[dict[str, Any]]]
Answering = Callable[[Any, int], Answer]


class Streams(Generic[State]):
    """The aggregates of one category: `listings = Streams(log, "lst", evolve, claims_of)`."""

    def __init__(
        self,
        log: "EventLog",
        prefix: str,
        evolve: Callable[[Any, Any], State],
        claims: Callable[[Any, Any], Iterable[Claim]] = lambda state, event: (),
    ) -> None:
        self.log = log
        self.prefix = prefix
        self.evolve = evolve
        self.claims = claims

    async def begin(
        self,
        id: str,
        decide: Callable[..., Sequence[Any]],
        *,
        command: Command,
        look: Look | None = None,
        answer: Answering | None = None,
        at: datetime | None = None,
        not_after: datetime | None = None,
        **facts: Any,
    ) -> Outcome[State]:
        """Begins a stream by what `decide(*, at, **facts)` says. Conflict if it has begun already."""
        attempt = _Attempt(self, id, lambda state, **given: decide(**given), command, look, answer, at, not_after, facts, begins=True)
        return await attempt.repeatedly()

    async def change(
        self,
        id: str,
        decide: Callable[..., Sequence[Any]],
        *,
        command: Command,
        look: Look | None = None,
        answer: Answering | None = None,
        at: datetime | None = None,
        not_after: datetime | None = None,
        **facts: Any,
    ) -> Outcome[State]:
        """Appends what `decide(state, *, at, **facts)` says; an empty list is nothing to do.

        A lost race decides again, with what `look(state, at)` finds then: three times, then Conflict. Unknown if the tenant
        has no such stream. `at` is given by reactions only. A decision must be recorded by `not_after`; if that is not given,
        on the Shanghai day of `at` and before the state's own `turns_at`, else it is made again; a reaction's is never stale.
        """
        return await _Attempt(self, id, decide, command, look, answer, at, not_after, facts, begins=False).repeatedly()

    async def read(
        self, tenant: UUID, id: str, *, as_of: datetime | None = None, known_at: datetime | None = None
    ) -> tuple[State, int] | None:
        """The state, of what had happened by `as_of` and was recorded by `known_at` (both included), and the version.

        None if there is no such stream, or was not yet.
        """
        if not self.owns(id):
            return None
        if as_of is not None:
            entries, _ = await self.log.history(tenant, id, known_at=known_at)
            return self.fold((entry.event, entry.version) for entry in entries if entry.effective_at <= as_of)
        past = await self.log.past(tenant, id, known_at=known_at)
        return self.fold(zip(past.events, range(1, len(past.events) + 1), strict=True))

    def fold(self, events: Iterable[tuple[Any, int]]) -> tuple[State, int] | None:
        """The state after these events, each with its version, and the last one's version. None of none."""
        state: State | None = None
        version = 0
        evolve = self.evolve
        for event, number in events:
            state, version = evolve(state, event), number
        return None if state is None else (state, version)

    def owns(self, id: str) -> bool:
        """Whether an id is well-formed and of this category."""
        try:
            return uuid_of(id) is not None and id.startswith(self.prefix)
        except ValueError:
            return False


class _Attempt(Generic[State]):
    """One command on one stream, decided as often as it takes."""

    def __init__(
        self,
        streams: Streams[State],
        id: str,
        decide: Callable[..., Sequence[Any]],
        command: Command,
        look: Look | None,
        answer: Answering | None,
        at: datetime | None,
        not_after: datetime | None,
        facts: dict[str, Any],
        *,
        begins: bool,
    ) -> None:
        self.streams, self.log, self.id, self.decide, self.command = streams, streams.log, id, decide, command
        self.look, self.answer, self.at, self.not_after, self.facts, self.begins = look, answer, at, not_after, facts, begins

    async def repeatedly(self) -> Outcome[State]:
        if not self.streams.owns(self.id):
            raise Unknown(self.id)
        try:
            for _ in range(ATTEMPTS):
                outcome = await self.once()
                if outcome is not None:
                    return outcome
            raise Conflict(self.id)
        except Exception:
            # A copy of this command may have been recorded since its key was looked for, and be the very reason of a refusal.
            known = await self.log.known(self.command)
            if known is None:
                raise
            return _replayed(known)

    async def once(self) -> Outcome[State] | None:
        """None: the race was lost."""
        past = await self.log.past(self.command.tenant, self.id, command=self.command)
        if past.key_known:
            known = await self.log.known(self.command)
            return None if known is None else _replayed(known)
        if self.begins and past.events:
            raise Conflict(self.id)
        if not self.begins and not past.events:
            raise Unknown(self.id)
        state, at = self._folded(past.events), self.at or past.now
        looked = {} if self.look is None else await self.look(state, at)
        events = self.decide(state, at=at, **self.facts, **looked)
        return await self._append(state, past, at, events)

    async def _append(self, state: State | None, past: "Past", at: datetime, events: Sequence[Any]) -> Outcome[State] | None:
        not_after = self.not_after
        if not_after is None and self.at is None:
            not_after = _turns_at(state, at) - SMALLEST
        state, claims = self._grown(state, events)
        version = len(past.events) + len(events)
        answer = None if self.answer is None else self.answer(state, version)
        if not events and self.command.key is None:
            return Outcome(state, version, [], answer, False, past.position)
        appended = await self.log.append(
            self.command.tenant, self.id, len(past.events), events, command=self.command, claims=claims, not_after=not_after, answer=answer
        )
        match appended.verdict:
            case "done":
                return Outcome(state, version, appended.entries, answer, False, appended.position)
            case "known":
                return _replayed(appended)
            case _:
                return None

    def _folded(self, events: list[Any]) -> State | None:
        state: State | None = None
        evolve = self.streams.evolve
        for event in events:
            state = evolve(state, event)
        return state

    def _grown(self, state: State | None, events: Sequence[Any]) -> tuple[State | None, list[Claim]]:
        claims: list[Claim] = []
        for event in events:
            claims.extend(self.streams.claims(state, event))
            state = self.streams.evolve(state, event)
        return state, claims


def _turns_at(state: object, at: datetime) -> datetime:
    """The first instant at which a decision of `at` must be made anew: the next Shanghai midnight, or the state's own turn if sooner."""
    midnight = end_of_day(day_of(at))
    turn: datetime | None = getattr(state, "turns_at", None)
    return turn if turn is not None and at < turn < midnight else midnight


def _replayed(known: Appended) -> Outcome[Any]:
    return Outcome(None, known.version, [], known.answer, True, known.position)


class Past(msgspec.Struct, frozen=True):
    """A stream's events from version 1 on, the log's position of the last, the tenant's now; and whether the command's key was known."""

    events: list[Any]
    position: int
    now: datetime
    key_known: bool


# The first row, of version 0, is not an entry: it says what time it was, and in `position` whether the key was known. All of it in
# one statement, so that it is one round trip and one moment.
_HISTORY: Final = """
    select 0 as version, (exists (
               select from idempotency where idempotency.tenant = $1 and idempotency.caller = $3 and idempotency.key = $4
           ))::integer::bigint as position, null as type, null as data, null as meta, null as at, now_of($1) as recorded_at
    union all
    select version, position, type, data, meta, at, recorded_at from log where tenant = $1 and stream = $2
    order by version
"""
_PAST: Final = """
    select 0 as version, (exists (
               select from idempotency where idempotency.tenant = $1 and idempotency.caller = $3 and idempotency.key = $4
           ))::integer::bigint as position, null as type, null as data, now_of($1) as recorded_at
    union all
    select version, position, type, data, recorded_at from log where tenant = $1 and stream = $2
    order by version
"""
_ENTRIES: Final = "select position, tenant, stream, version, type, data, meta, at, recorded_at from log"
_KNOWN: Final = "select fingerprint, version, position, status, body from idempotency where tenant = $1 and caller = $2 and key = $3"


class EventLog:
    """One service's log. Reads go through the pool; appending has a connection of its own."""

    def __init__(
        self, service: str, codec: Codec, *, pool: asyncpg.Pool, dsn: str, heard: Callable[[], dict[str, int]] = dict
    ) -> None:
        self.service = service
        self.codec = codec
        self.pool = pool
        self.heard = heard
        self.tip = 0
        """The last position that this process appended."""
        self._writer = Writer(dsn)
        self._waiting: set[asyncio.Future[None]] = set()

    async def start(self) -> None:
        await self._writer.start()

    async def stop(self) -> None:
        """Appends what is waiting, then closes the writer's connection."""
        await self._writer.stop()

    async def now(self, tenant: UUID) -> datetime:
        """What time it is for a tenant: the database's time, or its story's."""
        at: datetime = await self.pool.fetchval("select now_of($1)", tenant)
        return at

    async def history(self, tenant: UUID, stream_id: str, *, known_at: datetime | None = None) -> tuple[list[Entry], datetime]:
        """A stream's entries from version 1 on, those recorded by `known_at` (included), and what time it is. None of no such stream."""
        stream = uuid_of(stream_id)
        rows = await self.pool.fetch(_HISTORY, tenant, stream, None, None)
        service, decode, meta_of = self.service, self.codec.decode, _META.decode
        entries = [
            Entry(service, position, tenant, stream, version, type, decode(type, data), data, meta_of(meta), at, recorded_at)
            for version, position, type, data, meta, at, recorded_at in rows[1:]
            if known_at is None or recorded_at <= known_at
        ]
        return entries, rows[0]["recorded_at"]

    async def past(self, tenant: UUID, stream_id: str, *, known_at: datetime | None = None, command: Command | None = None) -> Past:
        """A stream's bare events, which is all that folding needs."""
        caller, key = (None, None) if command is None else (command.caller, command.key)
        rows = await self.pool.fetch(_PAST, tenant, uuid_of(stream_id), caller, key)
        decode = self.codec.decode
        if known_at is not None:
            rows = rows[:1] + [row for row in rows[1:] if row[4] <= known_at]
        events = [decode(type, data) for _, _, type, data, _ in rows[1:]]
        return Past(events, rows[-1][1] if events else 0, rows[0][4], bool(rows[0][1]))

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
        return Entry(self.service, position, tenant, stream, version, type, event, data, _META.decode(meta), at, recorded_at)

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
    ) -> Appended:
        """Appends events after `expected_version`, with claims, key and answer, or nothing at all; the verdict says which.

        `stale` if it would have been recorded later than `not_after`. KeyReused if the key was used for another request. Unreachable if the
        database broke off in between.
        """
        assert command.tenant == tenant, "a command writes in its own tenant"
        meta = msgspec.structs.replace(command.meta, by=command.meta.by or command.by, after=self.heard())
        pending = Pending(tenant, stream_id, expected_version, events, self.codec, meta, command, claims, not_after, answer)
        verdict, position, recorded_at = await self._writer.append(pending)
        if verdict == 1:
            known = await self.known(command)
            assert known is not None, "a known key has an answer"
            return known
        if verdict != 0:
            return Appended(_VERDICTS[verdict], [], expected_version, 0, None)
        self._ring(position)
        return Appended("done", pending.entries(self.service, position, recorded_at), expected_version + len(events), position, answer)

    async def claimant(self, tenant: UUID, kind: str, key: str) -> Claimant | None:
        """Who holds a claim; None: nobody."""
        row = await self.pool.fetchrow(
            "select stream, by, recorded_at from claims where tenant = $1 and kind = $2 and key = $3", tenant, kind, key
        )
        return None if row is None else Claimant(*row)

    async def known(self, command: Command) -> Appended | None:
        """What came of the command whose key this is. KeyReused if that was another request; None if there was none."""
        if command.key is None:
            return None
        row = await self.pool.fetchrow(_KNOWN, command.tenant, command.caller, command.key)
        if row is None:
            return None
        fingerprint, version, position, status, body = row
        if fingerprint != command.fingerprint:
            raise KeyReused(command.key)
        return Appended("known", [], version, position, Answer(status, body))

    async def replayed(self, command: Command) -> Answer | None:
        """The answer then given to the command whose key this is; None if there was none. KeyReused if that was another request."""
        known = await self.known(command)
        return None if known is None else known.answer

    async def last_position(self, tenant: UUID, at: datetime) -> tuple[int, datetime]:
        """The tenant's last position recorded at or before an instant (0: none), and what time it is.

        Nothing can still be recorded at or before `at`, unless `at` is now or to come.
        """
        row = await self.pool.fetchrow("select position, now from last_position($1, $2)", tenant, at)
        assert row is not None, "a function answers"
        return row[0], row[1]

    async def drop_old_answers(self) -> int:
        """Drops answers older than 45 days; how many they were."""
        dropped: int = await self.pool.fetchval("select drop_old_answers()")
        return dropped

    async def woken(self, after: int, timeout_s: float) -> bool:
        """Waits until this process has appended something beyond `after`. False if that did not come in time."""
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

    def _ring(self, position: int) -> None:
        self.tip = max(self.tip, position)
        while self._waiting:
            waiter = self._waiting.pop()
            if not waiter.done():
                waiter.set_result(None)


_META: Final = msgspec.json.Decoder(Meta)
_META_BYTES: Final = msgspec.json.Encoder()


class Pending:
    """A command that waits for its transaction."""

    __slots__ = (
        "answer", "ats", "claims", "command", "datas", "done", "events", "expected", "meta", "meta_text", "not_after",
        "stream", "stream_id", "tenant", "touches", "types",
    )  # fmt: skip

    def __init__(
        self,
        tenant: UUID,
        stream_id: str,
        expected: int,
        events: Sequence[Happened],
        codec: Codec,
        meta: Meta,
        command: Command,
        claims: Iterable[Claim],
        not_after: datetime | None,
        answer: Answer | None,
    ) -> None:
        self.tenant, self.stream_id, self.stream, self.expected, self.events = tenant, stream_id, uuid_of(stream_id), expected, events
        self.types: list[str] = []
        self.datas: list[bytes] = []
        self.ats: list[datetime] = []
        for event in events:
            type, data = codec.encode(event)
            assert event.at.tzinfo is not None, "an instant has a time zone"
            self.types.append(type)
            self.datas.append(data)
            self.ats.append(event.at)
        self.meta, self.meta_text = meta, _META_BYTES.encode(meta).decode()
        self.command, self.not_after, self.answer = command, not_after, answer
        # The last word on a claim counts.
        self.claims = list({(claim.kind, claim.key): claim for claim in claims}.values())
        # Two commands with one of these in common never go in one batch. It does not matter that they lack the tenant: they only wait.
        self.touches = {stream_id, *(f"{claim.kind} {claim.key}" for claim in self.claims)}
        if command.key is not None:
            self.touches.add(f"{command.caller} {command.key}")
        self.done: asyncio.Future[tuple[int, int, datetime]] = asyncio.get_running_loop().create_future()

    def entries(self, service: str, position: int, recorded_at: datetime) -> list[Entry]:
        """The entries, of which the last stands at `position`."""
        first = position - len(self.events) + 1
        return [
            Entry(service, first + n, self.tenant, self.stream, self.expected + n + 1, type, event, data, self.meta, at, recorded_at)
            for n, (event, type, data, at) in enumerate(zip(self.events, self.types, self.datas, self.ats, strict=True))
        ]


class Writer:
    """The one connection of this process that appends: what waits while it commits goes together in the next transaction."""

    def __init__(self, dsn: str) -> None:
        self.dsn = dsn
        self._queue: deque[Pending] = deque()
        self._more = asyncio.Event()
        self._stopping = False
        self._connection: asyncpg.Connection | None = None
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        await self._connected()
        self._task = asyncio.create_task(self._run(), name="log writer")

    async def stop(self) -> None:
        self._stopping = True
        self._more.set()
        if self._task is not None:
            await self._task
        if self._connection is not None:
            await self._connection.close()

    async def append(self, pending: Pending) -> tuple[int, int, datetime]:
        """The verdict's number, the position of the last entry, and when it was recorded."""
        assert self._task is not None, "the log is started first"
        assert not self._stopping, "the log is stopped last"
        self._queue.append(pending)
        self._more.set()
        return await pending.done

    async def _run(self) -> None:
        while self._queue or not self._stopping:
            if self._queue:
                await self._commit(self._take())
            else:
                self._more.clear()
                await self._more.wait()

    def _take(self) -> list[Pending]:
        """The next batch: those who wait, in their order, but no two that touch the same thing."""
        batch: list[Pending] = []
        later: list[Pending] = []
        busy: set[str] = set()
        queue = self._queue
        while queue and len(batch) < LARGEST_BATCH:
            pending = queue.popleft()
            if pending.done.cancelled():
                continue
            (batch if busy.isdisjoint(pending.touches) else later).append(pending)
            busy |= pending.touches
        queue.extendleft(reversed(later))
        return batch

    async def _commit(self, batch: list[Pending]) -> None:
        try:
            connection = await self._connected()
            row = await connection.fetchrow(_APPEND, *_arrays(batch))
        except (OSError, asyncpg.InterfaceError, asyncpg.PostgresConnectionError, asyncpg.OperatorInterventionError) as broken:
            self._fail(batch, Unreachable(str(broken)))
        except Exception as wrong:
            # One of them is wrong in a way that only the database sees. The others shall not suffer for it.
            if len(batch) == 1:
                self._fail(batch, wrong)
            else:
                for pending in batch:
                    await self._commit([pending])
        else:
            assert row is not None, "a function answers"
            _tell(batch, *row)

    async def _connected(self) -> asyncpg.Connection:
        if self._connection is None or self._connection.is_closed():
            self._connection = await asyncpg.connect(self.dsn, server_settings={"application_name": "log writer", "jit": "off"})
        return self._connection

    def _fail(self, batch: list[Pending], reason: Exception) -> None:
        for pending in batch:
            if not pending.done.done():
                pending.done.set_exception(reason)


_APPEND: Final = f"select first, recorded, stamps, verdicts from append({', '.join(f'${n}' for n in range(1, 23))})"  # noqa: S608 numbers only


def _arrays(batch: list[Pending]) -> list[list[Any] | None]:
    """A batch as `append` takes it."""
    entries = [
        (n, pending.expected + v, type, data, pending.meta_text, at)
        for n, pending in enumerate(batch, start=1)
        for v, (type, data, at) in enumerate(zip(pending.types, pending.datas, pending.ats, strict=True), start=1)
    ]
    keyed = [
        (n, p.command.caller, p.command.key, p.command.fingerprint, p.expected + len(p.events), *_answered(p.answer))
        for n, p in enumerate(batch, start=1)
        if p.command.key is not None
    ]
    claimed = [
        (n, claim.kind, claim.key, claim.release, pending.meta.by) for n, pending in enumerate(batch, start=1) for claim in pending.claims
    ]
    return [
        [pending.tenant for pending in batch],
        [pending.stream for pending in batch],
        [pending.expected for pending in batch],
        [pending.not_after for pending in batch],
        *_columns(entries, 6, empty=[]),
        *_columns(keyed, 7, empty=None),
        *_columns(claimed, 5, empty=None),
    ]


def _columns(rows: list[tuple[Any, ...]], width: int, empty: list[Any] | None) -> list[list[Any] | None]:
    return [list(column) for column in zip(*rows, strict=True)] if rows else [empty] * width


def _answered(answer: Answer | None) -> tuple[int, bytes]:
    """A command without an answer of its own (a reaction's) is answered by nothing: 204."""
    return (204, b"") if answer is None else (answer.status, answer.body)


def _tell(batch: list[Pending], first: int, recorded: datetime, stamps: list[datetime] | None, verdicts: list[int] | None) -> None:
    """Tells every command of a batch what became of it."""
    position = first
    for n, pending in enumerate(batch):
        verdict = 0 if verdicts is None else verdicts[n]
        if verdict == 0:
            position += len(pending.events)
        if not pending.done.done():
            pending.done.set_result((verdict, position, recorded if stamps is None else stamps[n]))
