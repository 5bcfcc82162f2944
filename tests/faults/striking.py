"""Faults that strike a stack while a story is told to it, and what must be true of its logs afterwards all the same."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

import asyncpg

from deploy.cases.clock import StoryClock
from deploy.cases.playing import Played, play
from deploy.cases.reading import Case, Step
from deploy.migrate import SERVICES
from deploy.stack import Stack
from tests.journeys.telling import auditing, cast_of, tenant_of

IN_THE_MIDDLE_S = 0.03
"""A step's request and what follows from it take about this long: a fault at some moment of it strikes before, between or after commits."""

EITHER_WAY: Final = ("listing.HolderLeft",)
"""Who claims a listing by a viewing and leaves at once: whether the listing service hears of the viewing first, and then says that the
holder left, or of the leaving, and then says so as it gives it to them, is chance. Either way it stands in their name and runs no term."""

ALIKE: Final = {"listing.ConcealmentRenewed": "listing.Concealed"}
"""What a viewing does to a concealment that would end before it is heard of: it gets another end or, if its end was said already, begins
again."""

BeforeStep = Callable[[int, Step], Awaitable[None]]


@dataclass(slots=True)
class Killer:
    """SIGKILLs the victim of a step, by its place, at a random moment of it; the story goes on while the service comes back."""

    stack: Stack
    chance: random.Random
    victims: Mapping[int, str]
    numbers: list[tuple[int, int]] = field(default_factory=list)
    under_way: dict[str, asyncio.Task[None]] = field(default_factory=dict)

    async def before_step(self, place: int, step: Step) -> None:
        if (victim := self.victims.get(place)) is None:
            return
        if victim in self.under_way:
            await self.under_way[victim]
        self.under_way[victim] = asyncio.create_task(self._kill(victim, self.chance.uniform(0, IN_THE_MIDDLE_S)))

    async def _kill(self, victim: str, after_s: float) -> None:
        await asyncio.sleep(after_s)  # the moment of the fault; nothing is waited for
        self.numbers.append(await self.stack.kill(victim, self.chance.choice(self.stack.numbers)))

    async def all_are_back(self) -> None:
        """Each victim runs again, in a process of another number."""
        await asyncio.gather(*self.under_way.values())
        assert len(self.numbers) == len(self.victims)
        assert all(before != after for before, after in self.numbers)


async def told_under_kills(stack: Stack, clock: StoryClock, case: Case, chance: random.Random, victims: Mapping[int, str]) -> Played:
    """Tells a case while services are killed at its steps; it comes out as expected, and every deal is replayed as it was settled."""
    killer = Killer(stack, chance, victims)
    played = await play(case, stack, clock=clock, before_step=killer.before_step)
    await killer.all_are_back()
    assert played.differences == (), f"{case.id} with kills at {victims}"
    async with auditing(stack, played) as auditor:
        for (noun, deal), _ in played.ids.items():
            if noun == "deal" and (await auditor.deal(deal))["state"] == "settled":
                assert (await auditor.replay(deal))["same"] is True, f"{case.id} {deal} with kills at {victims}"
    return played


def wiping(stack: Stack, places: Collection[int]) -> BeforeStep:
    """NATS goes before each of these steps and comes back at once, with nothing of what it had stored."""

    async def wipe(place: int, step: Step) -> None:
        if place in places:
            stack.stop_nats(wipe=True)
            stack.start_nats()

    return wipe


def away(stack: Stack, goes: int, comes: int) -> BeforeStep:
    """NATS goes before one step and comes back, empty, before another."""

    async def go_or_come(place: int, step: Step) -> None:
        if place == goes:
            stack.stop_nats(wipe=True)
        if place == comes:
            stack.start_nats()

    return go_or_come


async def entries_of(stack: Stack, played: Played) -> dict[str, Counter[str]]:
    """What people did, and what followed from it, in the story's company: how many entries there are of each type, by service. What
    services say by themselves, of a term that ends, is left out: whether they come to it before the story goes on is chance; and so are
    those that may or may not be there (`EITHER_WAY`). What comes to the same counts as one (`ALIKE`).

    P3: no log has a gap, nothing is parked, and commission's journal holds the same bytes, as far as anybody has seen them.
    """
    tenant, counted = tenant_of(played), {}
    journal = await asyncpg.connect(stack.dsn("commission"))
    try:
        for service in SERVICES:
            log = await asyncpg.connect(stack.dsn(service))
            try:
                counted[service] = await _counted(log, tenant)
                if service != "commission":
                    await _is_journalled(log, journal, service, tenant, upto=cast_of(played).after.seen.get(service, 0))
            finally:
                await log.close()
    finally:
        await journal.close()
    return counted


async def _counted(log: asyncpg.Connection, tenant: UUID) -> Counter[str]:
    assert await log.fetchval("select count(*) = max(position) from log"), "positions have a gap"
    gaps = "select 1 from log group by tenant, stream having count(*) <> max(version)"
    assert not await log.fetch(gaps), "versions of a stream have a gap"
    assert await log.fetchval("select count(*) from parked") == 0, "something was parked"
    said = "tenant = $1 and meta::jsonb ->> 'by' <> '' and type <> all($2)"
    rows = await log.fetch(f"select type, count(*) from log where {said} group by type", tenant, EITHER_WAY)
    counted: Counter[str] = Counter()
    for row in rows:
        counted[ALIKE.get(row["type"], row["type"])] += row["count"]
    return counted


async def _is_journalled(log: asyncpg.Connection, journal: asyncpg.Connection, service: str, tenant: UUID, *, upto: int) -> None:
    columns = "select position, stream, version, type, data, at, recorded_at from"
    ends = "tenant = $1 and position <= $2 order by position"
    said = await log.fetch(f"{columns} log where {ends}", tenant, upto)
    heard = await journal.fetch(f"{columns} journal where source = $3 and {ends}", tenant, upto, service)
    assert [tuple(row) for row in heard] == [tuple(row) for row in said], f"the journal is not what {service} said"
