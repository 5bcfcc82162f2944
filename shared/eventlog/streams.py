"""Aggregates: begun and changed by decisions, read by folding."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Generic
from uuid import UUID

from shared.calendar import SMALLEST, day_of, end_of_day
from shared.entry import uuid_of
from shared.eventlog.command import Answer, Appended, Claim, Command, Conflict, Outcome, State, Unknown
from shared.eventlog.log import EventLog, Past

ATTEMPTS: Final = 3
"""How often a command that loses a race decides before it is a conflict."""

Look = Callable[[Any, datetime], Awaitable[dict[str, Any]]]
Answering = Callable[[Any, int], Answer]


class Streams(Generic[State]):
    """The aggregates of one category: `listings = Streams(log, "lst", evolve, claims_of)`."""

    def __init__(
        self,
        log: EventLog,
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
        return await _Attempt(
            self, id, lambda state, **given: decide(**given), command,
            look=look, answer=answer, at=at, not_after=not_after, facts=facts, begins=True,
        ).repeatedly()  # fmt: skip

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
        return await _Attempt(
            self, id, decide, command, look=look, answer=answer, at=at, not_after=not_after, facts=facts, begins=False
        ).repeatedly()

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
            return self._stood(events)
        past = await self.log.past(tenant, id)
        return self._stood(past.events)

    def _stood(self, events: list[Any]) -> tuple[State, int] | None:
        state = self.fold(events)
        return None if state is None else (state, len(events))

    def fold(self, events: Iterable[Any]) -> State | None:
        """The state after these events, None of none."""
        state: State | None = None
        evolve = self.evolve
        for event in events:
            state = evolve(state, event)
        return state

    def owns(self, id: str) -> bool:
        """Whether an id is well-formed and of this category."""
        try:
            uuid_of(id)
        except ValueError:
            return False
        return id.startswith(f"{self.prefix}_")


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
            known = await self.streams.log.known(self.command)
            if known is None:
                raise
            return _replayed(known)

    async def once(self) -> Outcome[State] | None:
        """None: the race was lost."""
        past = await self.streams.log.past(self.command.tenant, self.id, self.command)
        if past.key_known:
            known = await self.streams.log.known(self.command)
            return None if known is None else _replayed(known)
        if self.begins and past.events:
            raise Conflict(self.id)
        if not self.begins and not past.events:
            raise Unknown(self.id)
        state, at = self.streams.fold(past.events), self.at or past.now
        looked = {} if self.look is None else await self.look(state, at)
        events = self.decide(state, at=at, **self.facts, **looked)
        return await self._append(state, past, at, events)

    async def _append(self, state: State | None, past: Past, at: datetime, events: Sequence[Any]) -> Outcome[State] | None:
        not_after = self.not_after
        if not_after is None and self.at is None:
            not_after = _turns_at(state, at) - SMALLEST
        state, claims = self._grown(state, events)
        version = len(past.events) + len(events)
        answer = None if self.answer is None else self.answer(state, version)
        if not events and self.command.key is None:
            return Outcome(state, version, [], answer, False, past.position)
        appended = await self.streams.log.append(
            self.command.tenant, self.id, len(past.events), events,
            command=self.command, claims=claims, not_after=not_after, answer=answer,
        )  # fmt: skip
        match appended.verdict:
            case "done":
                return Outcome(state, version, appended.entries, answer, False, appended.position)
            case "known":
                return _replayed(appended)
            case _:
                return None

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
