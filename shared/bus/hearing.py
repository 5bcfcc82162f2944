"""Hearing: a source's entries take effect here, each once, in the source's order.

An entry's reaction comes first, under a key of its own so that a second time has no second effect; then, in one transaction, its
projection and the checkpoint. What keeps failing is parked with its reason, and whatever its stream says after that is held back behind
it; the others go on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg
import msgspec
import structlog

from shared.bus.arrivals import Arrivals, Doorbell, Feed
from shared.bus.checkpoint import Checkpoint, Connection, Overtaken
from shared.bus.condition import PARKED, Condition, Pauses, database_is_away
from shared.bus.lease import Leases
from shared.bus.message import decode_feed, encode_feed
from shared.bus.together import together
from shared.entry import Codec, Entry, UnknownType

Project = Callable[[Connection, Entry], Awaitable[None]]
ProjectAll = Callable[[Connection, Sequence[Entry]], Awaitable[None]]
React = Callable[[Entry], Awaitable[int | None]]
"""Answers up to where its own service's log tells what was done about the entry; None if nothing was."""

RETRY_AFTER_S = (0.05, 0.2, 0.8)
WAITS_FOR_S = 5.0
HELD_BACK = "held back"

log = structlog.get_logger("bus")


class NotYet(Exception):
    """A reaction cannot be had now and can be later: it is tried again for as long as it takes, and not parked."""


class Parked(NamedTuple):
    """An entry that waits to be driven again; `reason` is what went wrong, or that it is held back behind one that went wrong."""

    source: str
    task: str
    position: int
    tenant: UUID
    stream: UUID
    type: str
    reason: str
    attempts: int
    parked_at: datetime


class Driven(NamedTuple):
    """How many parked entries have taken effect, and how many are still parked."""

    done: int
    left: int


class Hearing:
    """`run()` in every replica; the one with the lease hears. Needs no state in NATS.

    `reacts_to` are names of types without the version of their form. `needs`: this service's hearings by source; an entry waits until what
    its writer had heard of those sources (`meta.after`) has been heard here too, and has been heard itself only when the service's own
    views show the reaction to it. A journal, which must not have holes, is heard with `codec=None` (events are not decoded) and
    `parks=False` (whatever fails is tried for ever).
    """

    def __init__(
        self,
        *,
        service: str,
        source: str,
        codec: Codec | None,
        pool: asyncpg.Pool[Any],
        leases: Leases,
        project: Project,
        project_all: ProjectAll | None = None,
        react: React | None = None,
        reacts_to: Collection[str] = frozenset(),
        nats_url: str | None = None,
        feed: Feed | None = None,
        doorbell: Doorbell | None = None,
        all_ring: Callable[[], bool] | None = None,
        needs: Mapping[str, Hearing] | None = None,
        task: str = "views",
        parks: bool = True,
        seal: bytes | None = None,
        retry_after_s: Sequence[float] = RETRY_AFTER_S,
    ) -> None:
        self.service, self.source, self.task = service, source, task
        self._codec, self._pool, self._leases = codec, pool, leases
        self._project, self._project_all = project, project_all
        self._react, self._reacts_to = react, frozenset(reacts_to) if react is not None else frozenset()
        self._needs: Mapping[str, Hearing] = {} if needs is None else needs
        self._parks, self._retry_after_s = parks, retry_after_s
        self._arrivals = Arrivals(source, service=service, nats_url=nats_url, feed=feed, doorbell=doorbell, all_ring=all_ring, seal=seal)
        self.checkpoint = Checkpoint(pool, source, task)
        self._reacted = 0
        self._condition = Condition("hearing", service=service, source=source, task=task)

    @property
    def alarms(self) -> int:
        """How many messages were dropped because they cannot be what they say."""
        return self._arrivals.alarms

    def position(self) -> int:
        """Up to where entries are known here to have had their effect: exact where the lease is, elsewhere perhaps too low."""
        return self.checkpoint.position

    async def reached(self, position: int, timeout_s: float) -> bool:
        """Waits until the source's entry at `position` has had its effect here, in whichever replica; False if that takes longer."""
        return await self.checkpoint.reached(position, timeout_s)

    async def run(self) -> None:
        await self._leases.hold(f"hear {self.source} {self.task}", self.hear)

    async def hear(self) -> None:
        """Hears for ever, lease or no lease: of two at once, one is told that it was overtaken."""
        self.checkpoint.here = True
        try:
            await together(self._follow(), self._arrivals.listen())
        finally:
            self.checkpoint.here = False

    async def _follow(self) -> None:
        pauses = Pauses()
        while True:
            try:
                position, self._reacted = await self.checkpoint.begin()
                self._condition.well("hears", after=position)
                while True:
                    entries = await self._arrivals.following(position)
                    await self._take_in([self._decoded(entry) for entry in entries])
                    position = entries[-1].position
                    self._condition.well("hears", after=position)
                    pauses.over()
            except Overtaken:
                self._condition.ill("overtaken")
                await pauses.pause()
            except Exception as error:
                if not database_is_away(error):
                    raise
                self._condition.ill("interrupted", error=repr(error))
                await pauses.pause()

    def _decoded(self, entry: Entry) -> Entry:
        """With its event, if this code can read it."""
        if self._codec is None or entry.event is not None:
            return entry
        try:
            event = self._codec.decode(entry.type, entry.data)
        except (UnknownType, ValueError):
            return entry
        return msgspec.structs.replace(entry, event=event)

    # -- taking in

    async def _take_in(self, entries: Sequence[Entry]) -> None:
        done = 0
        while done < len(entries):
            # Never more than what could be taken in now: what the first of a run waits for may itself wait for the run's beginning.
            run = self._run_from(entries, done)
            if run:
                await self._take_together(run)
            else:
                await self._take_alone(entries[done])
            done += max(len(run), 1)

    def _run_from(self, entries: Sequence[Entry], start: int) -> Sequence[Entry]:
        end = start
        while end < len(entries) and self._is_plain(entries[end]):
            end += 1
        return entries[start:end]

    def _is_plain(self, entry: Entry) -> bool:
        return not self._reacts(entry) and self._is_readable(entry) and not any(self._missing(entry))

    def _is_readable(self, entry: Entry) -> bool:
        return self._codec is None or entry.event is not None

    def _reacts(self, entry: Entry) -> bool:
        """A rebuild projects again, but what was once reacted to is not reacted to again."""
        return entry.position > self._reacted and entry.type.partition(":")[0] in self._reacts_to

    def _missing(self, entry: Entry) -> list[tuple[Hearing, int]]:
        """What the entry's writer had heard and we have not, as far as we know."""
        return [
            (self._needs[source], position)
            for source, position in entry.meta.after.items()
            if source != self.source and source in self._needs and self._needs[source].position() < position
        ]

    async def _take_together(self, run: Sequence[Entry]) -> None:
        try:
            await self._in_one_transaction(run)
        except Overtaken:
            raise
        except Exception as error:
            if database_is_away(error):
                raise
            if len(run) == 1:
                await self._take_alone(run[0])
            else:  # one of them is at fault: it is found by halving
                await self._take_together(run[: len(run) // 2])
                await self._take_together(run[len(run) // 2 :])

    async def _in_one_transaction(self, run: Sequence[Entry]) -> None:
        async with self._pool.acquire() as connection, connection.transaction():
            await self.checkpoint.move(connection, run[0].position - 1, run[-1].position)
            held = await self._held(connection, run)
            free = [entry for entry in run if (entry.tenant, entry.stream) not in held] if held else run
            if self._project_all is not None:
                await self._project_all(connection, free)
            else:
                for entry in free:
                    await self._project(connection, entry)
            if held:
                for entry in run:
                    if (entry.tenant, entry.stream) in held:
                        await self._keep(connection, entry, HELD_BACK, 0)
        self.checkpoint.know(run[-1].position)

    async def _take_alone(self, entry: Entry) -> None:
        """Tries until it has had its effect or is parked."""
        await self._wait_for_what_it_needs(entry)
        failures, pauses = 0, Pauses(first_s=0.05, last_s=5.0)
        while True:
            try:
                await self._effect(entry)
                return
            except Overtaken:
                raise
            except NotYet as reason:
                self._condition.ill("waits", position=entry.position, reason=str(reason))
                await pauses.pause()
            except Exception as error:
                # A database that is away is nobody's failure, and Postgres' own time-outs are: those are what a wrong query gets.
                if database_is_away(error) and not isinstance(error, TimeoutError):
                    raise
                if self._parks and (failures >= len(self._retry_after_s) or isinstance(error, Unreadable)):
                    await self._park(entry, error, failures + 1)
                    return
                self._condition.ill("fails", position=entry.position, type=entry.type, error=repr(error))
                await asyncio.sleep(self._retry_after_s[failures] if self._parks else pauses.next_s())
                failures += 1

    async def _effect(self, entry: Entry) -> None:
        if not self._is_readable(entry):
            raise Unreadable(entry.type)
        held = bool(await self._held(self._pool, [entry]))
        if not held and self._reacts(entry):
            assert self._react is not None, "who reacts has a reaction"
            await self._wait_until_shown(entry, await self._react(entry))
        async with self._pool.acquire() as connection, connection.transaction():
            await self.checkpoint.move(connection, entry.position - 1, entry.position)
            still_held = bool(await self._held(connection, [entry]))
            if held and not still_held:
                raise NotYet("its stream has just been driven again")
            if still_held:
                await self._keep(connection, entry, HELD_BACK, 0)
            elif self._project_all is not None:
                await self._project_all(connection, [entry])
            else:
                await self._project(connection, entry)
        self.checkpoint.know(entry.position)

    async def _wait_for_what_it_needs(self, entry: Entry) -> None:
        for hearing, position in self._missing(entry):
            await self._wait_for(hearing, position, entry)

    async def _wait_until_shown(self, entry: Entry, position: int | None) -> None:
        """Whoever has heard an entry sees what came of it as well. One's own log is shown in its order: it does not wait for itself."""
        own = self._needs.get(self.service, self)
        if position is not None and own is not self:
            await self._wait_for(own, position, entry)

    async def _wait_for(self, hearing: Hearing, position: int, entry: Entry) -> None:
        while not await hearing.reached(position, WAITS_FOR_S):
            self._condition.ill("waits", position=entry.position, for_source=hearing.source, for_position=position)

    # -- parking

    async def _held(self, connection: Connection | asyncpg.Pool[Any], entries: Sequence[Entry]) -> set[tuple[UUID, UUID]]:
        """Which of the entries' streams are held back."""
        if not self.checkpoint.parked:
            return set()
        rows = await connection.fetch(
            "select distinct tenant, stream from parked where source = $1 and task = $2 and stream = any($3)",
            self.source, self.task, list({entry.stream for entry in entries}),
        )  # fmt: skip
        return {(row["tenant"], row["stream"]) for row in rows}

    async def _keep(self, connection: Connection, entry: Entry, reason: str, attempts: int) -> None:
        await connection.execute(
            "insert into parked (source, task, position, tenant, stream, type, reason, attempts, entry)"
            " values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict (source, task, position) do nothing",
            self.source, self.task, entry.position, entry.tenant, entry.stream, entry.type, reason, attempts,
            encode_feed(self.source, [entry]),
        )  # fmt: skip

    async def _park(self, entry: Entry, error: Exception, attempts: int) -> None:
        async with self._pool.acquire() as connection, connection.transaction():
            await self.checkpoint.move(connection, entry.position - 1, entry.position)
            # A held stream's unreadable entry is held back like the others: what stands first says what is wrong.
            held = await self._held(connection, [entry])
            self.checkpoint.parked = True
            await self._keep(connection, entry, HELD_BACK if held else _reason_of(error), 0 if held else attempts)
        PARKED.labels(self.service, self.source).inc()
        log.error("parked", service=self.service, source=self.source, position=entry.position, type=entry.type, reason=_reason_of(error))
        self.checkpoint.know(entry.position)

    async def parked(self) -> list[Parked]:
        """What is parked of this source, in its order."""
        rows = await self._pool.fetch(
            "select source, task, position, tenant, stream, type, reason, attempts, parked_at from parked"
            " where source = $1 and task = $2 order by position",
            self.source, self.task,
        )  # fmt: skip
        return [Parked(*row) for row in rows]

    async def drive_again(self, *, tenant: UUID | None = None, stream: UUID | None = None) -> Driven:
        """Lets parked entries take effect, each stream's in order, of one stream or tenant or all; a stream stops where it fails again.

        Any replica may do it, also while the source is being heard: an entry of a held stream queues up behind what is parked.
        """
        streams = await self._pool.fetch(
            "select tenant, stream from parked where source = $1 and task = $2 and ($3::uuid is null or tenant = $3)"
            " and ($4::uuid is null or stream = $4) group by tenant, stream order by min(position)",
            self.source, self.task, tenant, stream,
        )  # fmt: skip
        done = 0
        for row in streams:
            while await self._drive_first_of(row["tenant"], row["stream"]):
                done += 1
        return Driven(done, len(await self.parked()))

    async def _drive_first_of(self, tenant: UUID, stream: UUID) -> bool:
        """False when nothing of the stream is parked any more, or its first entry fails again."""
        row = await self._pool.fetchrow(
            "select position, entry from parked where source = $1 and task = $2 and tenant = $3 and stream = $4 order by position limit 1",
            self.source, self.task, tenant, stream,
        )  # fmt: skip
        if row is None:
            return False
        entry = self._decoded(decode_feed(row["entry"])[0])
        try:
            await self._effect_of_parked(entry)
        except Exception as error:
            if database_is_away(error):
                raise
            await self._pool.execute(
                "update parked set reason = $4, attempts = attempts + 1 where source = $1 and task = $2 and position = $3",
                self.source, self.task, entry.position, _reason_of(error),
            )  # fmt: skip
            return False
        log.info("driven again", service=self.service, source=self.source, position=entry.position, type=entry.type)
        return True

    async def _effect_of_parked(self, entry: Entry) -> None:
        if not self._is_readable(entry):
            raise Unreadable(entry.type)
        if self._react is not None and entry.type.partition(":")[0] in self._reacts_to:
            await self._react(entry)
        async with self._pool.acquire() as connection, connection.transaction():
            # The consumer waits meanwhile, so that no entry of the stream comes in between the last parked one and its release.
            await self.checkpoint.lock(connection)
            gone = await connection.fetchval(
                "delete from parked where source = $1 and task = $2 and position = $3 returning 1", self.source, self.task, entry.position
            )
            if gone is None:
                return  # somebody else has driven it
            if self._project_all is not None:
                await self._project_all(connection, [entry])
            else:
                await self._project(connection, entry)

    # -- starting over

    async def start_over(self, clear: Callable[[Connection], Awaitable[None]]) -> None:
        """Rebuilds the views: clears them, forgets what is parked and hears from the first entry again, without reacting again."""
        async with self._pool.acquire() as connection, connection.transaction():
            await self.checkpoint.lock(connection)
            await clear(connection)
            await connection.execute("delete from parked where source = $1 and task = $2", self.source, self.task)
            await self.checkpoint.back_to_the_beginning(connection)
        self.checkpoint.position = 0


class Unreadable(Exception):
    """This code does not know the type, or its bytes do not fit it: trying again does not help, a newer program does."""


def _reason_of(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:500]
