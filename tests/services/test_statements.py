"""The ledger as a table, over the lives of many deals: statements of whoever sum to what the deals net, and to the ledger, to the fen."""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Final
from uuid import UUID

import asyncpg
import pytest

from services.commission import views
from services.commission.aggregate.deal import Deal, evolve, net
from services.commission.api.statements_words import role
from services.commission.events import (
    CODEC,
    Adjudicated,
    Adjustment,
    Cancelled,
    Cut,
    DealEvent,
    DisputeOpened,
    DisputeRuled,
    Line,
    PackRef,
    Rebooked,
    Reported,
    Settled,
    Settlement,
    Terms,
)
from services.commission.views import statements
from services.commission.views.statements import Control, Period, Statement, Subject
from shared.calendar import SHANGHAI, end_of_day
from shared.entry import Entry, Meta, id_of
from shared.money import share
from shared.regulation import SHIPPED, load
from shared.tenure import keep_activation
from tests.databases import Databases

TENANT: Final = UUID(int=0x5E)
DEALS: Final = 60
FIRST: Final = date(2025, 3, 1)
DISPUTE: Final = id_of("dis", UUID(int=0xD15))
YEAR: Final = Period(date(2025, 1, 1), date(2025, 12, 31))
PEOPLE: Final = [id_of("psn", UUID(int=n)) for n in range(1, 13)]
ACCOUNTS: Final = [*PEOPLE, "team:G1", "team:G2", "company"]
STORES: Final = ["S1", "S2", "S3", "company"]
CLAUSES: Final = ("A-1.2.1", "A-2.7")


@dataclass(frozen=True, slots=True)
class Lives:
    """Deals that were lived through: their entries in the order of recording, and what each deal nets in the end."""

    entries: list[Entry]
    nets: dict[str, int]


def lived(chance: random.Random) -> Lives:
    """Sixty deals, settled on one day and another of March and April, some on the very border, and corrected in all ways."""
    told: list[tuple[datetime, UUID, DealEvent]] = []
    for number in range(DEALS):
        at = datetime(2025, 3, 1, 9, tzinfo=SHANGHAI) + timedelta(minutes=chance.randrange(60 * 24 * 55))
        for event in a_deal(chance, at):
            told.append((at, UUID(int=0xD000 + number), event))
            at = end_of_day(at.date()) if chance.random() < 0.1 else at + timedelta(minutes=chance.randrange(60 * 24 * 9))
    told.sort(key=lambda one: one[0])
    versions: Counter[UUID] = Counter()
    entries, states = [], dict[UUID, Deal]()
    for position, (at, stream, event) in enumerate(told, start=1):
        versions[stream] += 1
        states[stream] = evolve(states.get(stream), event)
        type, data = CODEC.encode(event)
        entries.append(Entry("commission", position, TENANT, stream, versions[stream], type, event, data, Meta(), at, at))
    nets: Counter[str] = Counter()
    for state in states.values():
        nets.update(net(state))
    return Lives(entries, {to: fen for to, fen in nets.items() if fen})


def a_deal(chance: random.Random, at: datetime) -> list[DealEvent]:
    deal: list[DealEvent] = [Reported(PEOPLE[0], Terms(None, "cli_1", (PEOPLE[0],), {"agency": 1}, "sale", "S1"), at)]
    if chance.random() < 0.1:
        deal.append(Adjudicated("GM", "general_manager", added(chance), "So", at))
    if chance.random() < 0.9:
        deal += [Settled("SM", split(chance, at), at), DisputeOpened(PEOPLE[1], DISPUTE, "So", at)]
        for _ in range(chance.choice((0, 0, 0, 1, 2, 3))):
            later: list[DealEvent] = [
                Rebooked("", "private_dealing", split(chance, at), at),
                Adjudicated("GM", "general_manager", added(chance), "So", at),
                DisputeRuled("AM", DISPUTE, 1, "corrected", added(chance), "So", at),
            ]
            deal.append(chance.choice(later))
    if chance.random() < 0.15:
        deal.append(Cancelled("GM", None, "cli_1", "Off", at))
    return deal


def split(chance: random.Random, at: datetime) -> Settlement:
    base_fen, points = chance.randrange(10**8), chance.choice(((30, 60, 10), (20, 50, 10, 20), (10, 20, 60, 10)))
    roles = ("listing_recorder", "listing_holder", "closing", "client")
    lines = tuple(
        Line(role, chance.choice(ACCOUNTS), str(each), fen, chance.choice(STORES), CLAUSES)
        for role, each, fen in zip(roles, points, share(base_fen, [Fraction(each) for each in points]), strict=False)
    )
    if chance.random() < 0.2:
        lines = (*lines, Line("first_viewer", PEOPLE[3], "0", 0, "S1", ("N-1.6",)))
    return Settlement(at, PackRef("ACN", "1", "d"), Cut(at, {}), {}, {}, base_fen, lines, (), (), "digest")


def added(chance: random.Random) -> tuple[Adjustment, ...]:
    fen, (giver, taker) = chance.randrange(10**6), chance.sample(ACCOUNTS, 2)
    return Adjustment("closing", giver, -fen, chance.choice(STORES)), Adjustment("closing", taker, fen, chance.choice(STORES))


@pytest.fixture(scope="module")
def lives() -> Lives:
    seed = os.environ.get("FENYONG_SEED") or str(random.SystemRandom().randrange(10**6))
    print(f"statements: FENYONG_SEED={seed}")
    return lived(random.Random(seed))


@pytest.fixture(scope="module")
async def pool(databases: Databases, lives: Lives) -> AsyncIterator[asyncpg.Pool]:
    """A commission database in which these deals stand in the log, and their views as they are projected; one for all tests here."""
    own = await databases.take("commission")
    rows = [(e.position, e.tenant, e.stream, e.version, e.type, e.data, "{}", e.at, e.recorded_at) for e in lives.entries]
    owner = await asyncpg.connect(own.owner_dsn)
    columns = ("position", "tenant", "stream", "version", "type", "data", "meta", "at", "recorded_at")
    await owner.copy_records_to_table("log", records=rows, columns=columns)
    await owner.close()
    async with asyncpg.create_pool(own.dsn, min_size=1, max_size=2) as pool:
        await keep_activation(pool, TENANT, load(SHIPPED / "ACN.yaml").document, None, lives.entries[0].at)
        await projected(pool, lives)
        yield pool
    await databases.give_back(own)


async def projected(pool: asyncpg.Pool, lives: Lives) -> None:
    async with pool.acquire() as connection, connection.transaction():
        for entry in lives.entries:
            await views.project(connection, entry)


async def drawn(pool: asyncpg.Pool, subject: Subject, period: Period = YEAR, known_at: datetime | None = None) -> tuple[Statement, Control]:
    """A statement, its lines counted as a writer counts them."""
    async with statements.drawn_up(pool, TENANT, subject, period, known_at=known_at, position=1) as (head, lines):
        control = Control(head)
        async for some in lines:
            control.count(some)
    assert control.sum == head.net
    assert head.net.amount_fen == head.settled.amount_fen + head.adjusted.amount_fen + head.reversed.amount_fen
    assert sum(each.amount_fen for _, each in head.subtotals) == head.net.amount_fen
    return head, control


def accounts() -> dict[str, Subject]:
    teams = {account: Subject("team", account.removeprefix("team:")) for account in ACCOUNTS if account.startswith("team:")}
    return {**{person: Subject("person", person) for person in PEOPLE}, **teams, "company": Subject("account", "cmp_1")}


async def test_all_accounts_and_all_stores_sum_to_the_ledger_and_each_account_to_its_nets(pool: asyncpg.Pool, lives: Lives) -> None:
    ledger, _ = await drawn(pool, Subject("ledger", "cmp_1"))
    of_accounts = {account: (await drawn(pool, subject))[0].net for account, subject in accounts().items()}
    of_stores = [(await drawn(pool, Subject("store", store)))[0].net for store in STORES]
    assert {account: sum.amount_fen for account, sum in of_accounts.items() if sum.amount_fen} == lives.nets
    for sums in (list(of_accounts.values()), of_stores):
        assert sum(each.amount_fen for each in sums) == ledger.net.amount_fen == sum(lives.nets.values())
        assert sum(each.lines for each in sums) == ledger.net.lines > 4 * DEALS


async def test_each_booking_is_in_one_period_and_a_day_ends_at_midnight(pool: asyncpg.Pool, lives: Lives) -> None:
    ledger = Subject("ledger", "cmp_1")
    whole, _ = await drawn(pool, ledger)
    march = Period(FIRST, date(2025, 3, 31))
    parts = [march, Period(date(2025, 4, 1), date(2025, 4, 30)), Period(date(2025, 5, 1), date(2025, 12, 31))]
    heads = [(await drawn(pool, ledger, period))[0] for period in parts]
    assert [sum(head.net.lines for head in heads), sum(head.net.amount_fen for head in heads)] == [whole.net.lines, whole.net.amount_fen]
    of_each_day = [(await drawn(pool, ledger, Period(day, day)))[0].net for day in (FIRST + timedelta(days=n) for n in range(31))]
    assert sum(each.lines for each in of_each_day) == heads[0].net.lines
    async with statements.drawn_up(pool, TENANT, ledger, march, known_at=None, position=1) as (_, lines):
        days = [line.recorded_at async for some in lines for line in some]
    assert days == sorted(days)
    assert all(day.date() <= march.last for day in days)


async def test_what_was_known_at_an_instant_is_what_was_booked_by_then(pool: asyncpg.Pool, lives: Lives) -> None:
    ledger, chosen = Subject("ledger", "cmp_1"), lives.entries[len(lives.entries) // 2]
    then, control = await drawn(pool, ledger, known_at=chosen.recorded_at)
    by_then: Counter[str] = Counter()
    states = dict[UUID, Deal]()
    for entry in lives.entries:
        if entry.recorded_at <= chosen.recorded_at:
            states[entry.stream] = evolve(states.get(entry.stream), entry.event)
    for state in states.values():
        by_then.update(net(state))
    assert then.net.amount_fen == sum(by_then.values())
    assert not then.over
    assert control.digest == (await drawn(pool, ledger, known_at=chosen.recorded_at))[1].digest


async def test_the_ledger_can_be_dropped_and_comes_back_the_same(pool: asyncpg.Pool, lives: Lives) -> None:
    subjects = [Subject("ledger", "cmp_1"), Subject("store", "S1"), Subject("person", PEOPLE[2])]
    before = [(await drawn(pool, subject))[1].digest for subject in subjects]
    await pool.execute("delete from ledger")
    await pool.execute("delete from deals")
    await projected(pool, lives)
    assert [(await drawn(pool, subject))[1].digest for subject in subjects] == before
    assert len(set(before)) == len(subjects)


async def test_a_role_of_a_companys_own_goes_by_the_name_that_its_pack_gave_it(pool: asyncpg.Pool, lives: Lives) -> None:
    async with statements.drawn_up(pool, TENANT, Subject("person", PEOPLE[3]), YEAR, known_at=None, position=1) as (_, batches):
        lines = [line async for some in batches for line in some]
    named = {(line.role, role(line, "zh"), role(line, "en")) for line in lines if line.role.startswith("first")}
    assert named == {("first_viewer", "客源首看人", "First viewer")}
    assert role(next(line for line in lines if line.role == "closing"), "zh") == "成交方"


async def test_a_ledger_is_whole_unless_something_of_the_company_is_parked(pool: asyncpg.Pool) -> None:
    await pool.execute(
        "insert into parked (source, task, position, tenant, stream, type, reason, attempts, entry)"
        " values ('commission', 'views', 7, $1, $1, 'deal.Settled', 'so', 1, '')",
        TENANT,
    )
    assert [await statements.is_whole(pool, TENANT, position) for position in (6, 7)] == [True, False]
    assert await statements.is_whole(pool, UUID(int=1), 7)
    await pool.execute("delete from parked")
    assert await statements.is_whole(pool, TENANT, 7)
