"""Aggregates: begun and changed by decisions, read by folding."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Generic, NamedTuple
from uuid import UUID

from shared.calendar import SMALLEST, day_of, end_of_day, start_of_day
from shared.entry import uuid_of
from shared.eventlog.command import Answer, Appended, Claim, Command, Conflict, Outcome, State, Unknown, VersionChanged
from shared.eventlog.log import EventLog

ATTEMPTS: Final = 3
"""How often a command that loses a race decides, on what it has read, before it is a conflict."""
REMEMBERED_MAX: Final = 1000
"""How many streams of a category are remembered as they stood when this process last read or changed them."""

Look = Callable[[Any, datetime], Awaitable[dict[str, Any]]]
Answering = Callable[[Any, int], Answer]


class Stood(NamedTuple):
    """A stream at a version (0: it has not begun), with the log's position of its last entry, and an instant to decide at."""

    state: Any
    version: int
    position: int
    at: datetime


class Streams(Generic[State]):
    """The aggregates of one category: `listings = Streams(log, "lst", evolve, claims_of)`.

    A command is first decided on the stream as this process last knew it, without reading. That is a guess that the append checks:
    if another has written the stream since, or the command's key is known, nothing is written and all is decided anew on what is
    read then. Only what was appended counts: a refusal, and a decision to do nothing, always rest on a reading.
    """

    def __init__(
        self,
        log: EventLog,
        prefix: str,
        evolve: Callable[[Any, Any], State],
        claims: Callable[[Any, Any], Iterable[Claim]] = lambda state, event: (),
        *,
        remembered_max: int = REMEMBERED_MAX,
    ) -> None:
        self.log = log
        self.prefix = prefix
        self._begins_with = f"{prefix}_"
        self.evolve = evolve
        self.claims = claims
        self._remembered: dict[str, tuple[UUID, State | None, int, int]] = {}
        self._remembered_max = remembered_max

    def begin(
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
    ) -> Coroutine[Any, Any, Outcome[State]]:
        """Begins a stream by what `decide(*, at, **facts)` says. Conflict if it has begun already."""
        return _Attempt(
            self, id, lambda state, **given: decide(**given), command, look, answer, at, not_after, facts, begins=True
        ).repeatedly()

    def change(
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
    ) -> Coroutine[Any, Any, Outcome[State]]:
        """Appends what `decide(state, *, at, **facts)` says; an empty list is nothing to do.

        A lost race decides again, with what `look(state, at)` finds then: three times, then Conflict. Unknown if the tenant
        has no such stream. `at` is given by reactions only. A decision must be recorded by `not_after`; if that is not given,
        on the Shanghai day of `at` and before the state's own `turns_at`, else it is made again; a reaction's is never stale.
        """
        return _Attempt(self, id, decide, command, look, answer, at, not_after, facts, begins=False).repeatedly()

    async def read(
        self, tenant: UUID, id: str, *, as_of: datetime | None = None, known_at: datetime | None = None
    ) -> tuple[State, int] | None:
        """The state, of what had happened by `as_of` and was recorded by `known_at` (both included), and the version.

        None if there is no such stream, or was not yet.
        """
        if not self.owns(id):
            return None
        if as_of is not None or known_at is not None:
            entries, _ = await self.log.history(tenant, id, known_at=known_at)
            events = [entry.event for entry in entries if as_of is None or entry.effective_at <= as_of]
            state, version = self.fold(events), len(events)
        else:
            past = await self.log.past(tenant, id)
            state, version = self.fold(past.events), past.version
        return None if state is None else (state, version)

    def fold(self, events: Iterable[Any]) -> State | None:
        """The state after these events, None of none."""
        state: State | None = None
        evolve = self.evolve
        for event in events:
            state = evolve(state, event)
        return state

    def remember(self, tenant: UUID, id: str, state: State | None, version: int, position: int) -> None:
        """How a stream stands. The one that was not needed for the longest time is forgotten for it."""
        remembered = self._remembered
        remembered.pop(id, None)
        remembered[id] = (tenant, state, version, position)
        if len(remembered) > self._remembered_max:
            del remembered[next(iter(remembered))]

    def recall(self, tenant: UUID, id: str, *, at: datetime | None, begins: bool) -> Stood | None:
        """A stream as it is remembered; one that is to begin, as not yet begun. None if it is not, or if what time it is is not known."""
        at = at or self.log.about_now()
        if at is None or not self._remembered_max:
            return None
        if begins:
            return Stood(None, 0, 0, at)
        found = self._remembered.get(id)
        if found is None or (found[0] is not tenant and found[0] != tenant):
            return None
        return Stood(found[1], found[2], found[3], at)

    def owns(self, id: str) -> bool:
        """Whether an id is well-formed and of this category."""
        try:
            uuid_of(id)
        except ValueError:
            return False
        return id.startswith(self._begins_with)


@dataclass(slots=True)
class _Attempt(Generic[State]):
    """One command on one stream, decided as often as it takes."""

    streams: Streams[State]
    id: str
    decide: Callable[..., Sequence[Any]]
    command: Command
    look: Look | None
    answer: Answering | None
    at: datetime | None
    not_after: datetime | None
    facts: dict[str, Any]
    begins: bool

    async def repeatedly(self) -> Outcome[State]:
        streams, command = self.streams, self.command
        if not streams.owns(self.id):
            raise Unknown(self.id)
        try:
            stood = streams.recall(command.tenant, self.id, at=self.at, begins=self.begins)
            if stood is not None and self._is_expected(stood.version):
                events = self._guessed(stood) if self.look is None else await self._guessed_looking(stood)
                outcome = await self._append(stood, events, from_memory=True) if events else None
                if outcome is not None:
                    return outcome
            for _ in range(ATTEMPTS):
                outcome = await self._once()
                if outcome is not None:
                    return outcome
            raise Conflict(self.id)
        except Exception:
            # A copy of this command may have been recorded since its key was looked for, and be the very reason of a refusal.
            known = await streams.log.known(command)
            if known is None:
                raise
            return _replayed(known)

    def _is_expected(self, version: int) -> bool:
        expected = self.command.expected
        return expected is None or expected.stream_id != self.id or version in expected.versions

    def _guessed(self, stood: Stood) -> Sequence[Any]:
        """What is decided on what is remembered; nothing: it takes a reading."""
        try:
            return self.decide(stood.state, at=stood.at, **self.facts)
        except Exception:  # whatever it is, what was remembered may be the reason
            return ()

    async def _guessed_looking(self, stood: Stood) -> Sequence[Any]:
        try:
            return await self._decided(stood)
        except Exception:  # as above
            return ()

    async def _once(self) -> Outcome[State] | None:
        """None: the race was lost."""
        streams, tenant = self.streams, self.command.tenant
        past = await streams.log.past(tenant, self.id, self.command)
        state = streams.fold(past.events)
        streams.remember(tenant, self.id, state, past.version, past.position)
        if past.key_known:
            known = await streams.log.known(self.command)
            return None if known is None else _replayed(known)
        if self.begins and past.version:
            raise Conflict(self.id)
        if not self.begins and not past.version:
            raise Unknown(self.id)
        if not self._is_expected(past.version):
            raise VersionChanged(self.id)
        stood = Stood(state, past.version, past.position, self.at or past.now)
        return await self._append(stood, await self._decided(stood), from_memory=False)

    async def _decided(self, stood: Stood) -> Sequence[Any]:
        if self.look is None:
            return self.decide(stood.state, at=stood.at, **self.facts)
        looked = await self.look(stood.state, stood.at)
        return self.decide(stood.state, at=stood.at, **self.facts, **looked)

    async def _append(self, stood: Stood, events: Sequence[Any], *, from_memory: bool) -> Outcome[State] | None:
        streams, command = self.streams, self.command
        not_after, decided_at = self.not_after, stood.at
        if not_after is None and self.at is None:
            not_after = _last_instant(stood.state, decided_at)
        state, claims = self._grown(stood.state, events)
        version = stood.version + len(events)
        answer = None if self.answer is None else self.answer(state, version)
        if not events and command.key is None:
            return Outcome(state, version, 0, answer, False, stood.position)
        log, by_about_now = streams.log, from_memory and self.at is None
        pending = log.ask(self.id, stood.version, events, command, claims, not_after, answer, by_about_now)
        verdict = await pending.done
        if verdict[0] == 0:
            position = verdict[1]
            log.note(verdict)
            streams.remember(command.tenant, self.id, state, version, position)
            return Outcome(state, version, len(events), answer, False, position)
        lost = await log.lost(pending, verdict)
        return _replayed(lost) if lost.verdict == "known" else None

    def _grown(self, state: State | None, events: Sequence[Any]) -> tuple[State | None, list[Claim]]:
        claims: list[Claim] = []
        claims_of, evolve = self.streams.claims, self.streams.evolve
        for event in events:
            claims += claims_of(state, event)
            state = evolve(state, event)
        return state, claims


def _last_instant(state: object, at: datetime) -> datetime:
    """The last at which a decision of `at` holds: before the next Shanghai midnight, and before the state's own turn if that is sooner."""
    last = _today.last if _today.first <= at <= _today.last else _today.turn_to(at)
    turn: datetime | None = getattr(state, "turns_at", None)
    return turn - SMALLEST if turn is not None and at < turn <= last else last


class _Day:
    """The Shanghai day that was asked for last, its first and last instant: it is nearly always the same one."""

    first = last = datetime.max.replace(tzinfo=UTC)

    def turn_to(self, at: datetime) -> datetime:
        """The last instant of the day of `at`."""
        day = day_of(at)
        self.first, self.last = start_of_day(day).astimezone(UTC), (end_of_day(day) - SMALLEST).astimezone(UTC)
        return self.last


_today: Final = _Day()


def _replayed(known: Appended) -> Outcome[Any]:
    return Outcome(None, known.version, 0, known.answer, True, known.position)
