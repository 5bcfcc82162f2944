"""What the log can do, as ratios to yardsticks measured in the same rounds on the same server.

The yardsticks store what an entry needs and nothing more: one row a transaction, into a table of the log's columns and
indexes, positions from a sequence. They check no version, know no key or claim, and their positions have gaps.
"""

from __future__ import annotations

import asyncio
import gc
import itertools
import os
import platform
import re
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import asyncpg
import msgspec
from eventsourcing.persistence import StoredEvent
from eventsourcing.postgres import PostgresApplicationRecorder, PostgresDatastore

from deploy.migrate import prepare, role_of
from deploy.servers import as_user, install_folder
from shared.entry import Codec, new_id, uuid_of
from shared.eventlog import REMEMBERED_MAX, Answer, Claim, Command, EventLog, Streams

ROUNDS = 7
ROUND_S = 0.5
LONG_STREAM = 10_000
LARGE_BATCH = 1_000
CALLERS = (1, 16, 64, 256)
TENANT = uuid_of(new_id("cmp"))
AGENT = new_id("psn")
AT = datetime.now(UTC)
HARD = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}


class Entered(msgspec.Struct, frozen=True):
    by: str
    room: str
    at: datetime


class FollowedUp(msgspec.Struct, frozen=True):
    by: str
    text: str
    at: datetime


class Listing(msgspec.Struct, frozen=True):
    holder: str
    room: str
    last_follow_up: datetime | None = None


CODEC = Codec("bench", house=("hou", Entered | FollowedUp))
FOLLOWED_UP = FollowedUp(AGENT, "the owner wants to think about the price until Friday", AT)
DATA = CODEC.encode(FOLLOWED_UP)[1]
_NUMBERS = itertools.count()  # a client makes its keys itself, so making them is not measured
META = msgspec.json.encode({"by": AGENT}).decode()


def evolve(listing: Listing | None, event: Entered | FollowedUp) -> Listing:
    match event:
        case Entered(by=by, room=room):
            return Listing(by, room)
        case FollowedUp(at=at):
            assert listing is not None, "a listing begins with its entry"
            return Listing(listing.holder, listing.room, at)


def claims_of(listing: Listing | None, event: Entered | FollowedUp) -> Iterable[Claim]:
    """One claim with every event, never taken twice."""
    yield Claim("once", f"{next(_NUMBERS)}")


Act = Callable[[], Awaitable[object]]


@dataclass
class Candidate:
    """Something whose rate is measured: `run(seconds)` gives events a second."""

    name: str
    callers: int
    run: Callable[[float], Awaitable[float]]
    rates: list[float] = field(default_factory=list)

    @property
    def rate(self) -> float:
        return statistics.median(self.rates)


async def main(postgres_dsn: str) -> None:
    """Measures and prints a table in Markdown. SystemExit if the server would not keep what it acknowledges."""
    await refuse_soft_settings(postgres_dsn)
    owner_dsn = await prepare(postgres_dsn, "listing", database="bench_log")
    dsn = as_user(postgres_dsn, database="bench_log", user=role_of("listing"))
    async with asyncpg.create_pool(dsn, min_size=4, max_size=8) as pool, yardsticks(owner_dsn) as connection:
        log = EventLog("bench", CODEC, pool=pool, dsn=dsn)
        await log.start()
        candidates = [
            Candidate("bare insert", 1, together(1, bare_insert(connection))),
            *(Candidate("bare entries", n, together(n, bare_entries(log))) for n in CALLERS),
            *(Candidate("`change` with idempotency and a claim", n, together(n, changes(log))) for n in CALLERS),
            Candidate("the same, every stream read before", 16, together(16, changes(log, remembered_max=0))),
            Candidate("pgbench single-row commits", 16, pgbench(owner_dsn, 16, _INSERT_ENTRY)),
            Candidate("pgbench, into a table with a key only", 16, pgbench(owner_dsn, 16, _INSERT_NARROW)),
            Candidate("stock `eventsourcing` Postgres recorder", 16, stock_recorder(owner_dsn, 16)),
            Candidate(f"batches of {LARGE_BATCH:,} on one connection (ceiling)", 1, together(1, large_batches(connection), LARGE_BATCH)),
            *await rebuilding(log, connection),
        ]
        gc.freeze()  # as the nursery does before it forks a service
        await measure(candidates)
        await log.stop()
    print_table(candidates)


async def refuse_soft_settings(dsn: str) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        print(await connection.fetchval("select version()"))
        print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
        for name, hard in HARD.items():
            setting = await connection.fetchval("select current_setting($1)", name)
            print(f"{name} = {setting}")
            if setting != hard:
                raise SystemExit(f"{name} is {setting}: a number measured so would promise what a power cut takes back")
    finally:
        await connection.close()


async def measure(candidates: list[Candidate]) -> None:
    """In rounds, each candidate once in each: what else the machine does then hits all of them alike. The first round only warms up."""
    for turn in range(ROUNDS + 1):
        for candidate in candidates:
            rate = await candidate.run(ROUND_S)
            if turn > 0:
                candidate.rates.append(rate)


def together(callers: int, act_of: Callable[[], Act], weight: int = 1) -> Callable[[float], Awaitable[float]]:
    """So many callers, each acting as soon as its last act is done."""

    async def run(seconds: float) -> float:
        started = time.perf_counter()
        done = 0

        async def caller() -> None:
            nonlocal done
            act = act_of()
            while time.perf_counter() < started + seconds:
                await act()
                done += weight

        await asyncio.gather(*(caller() for _ in range(callers)))
        return done / (time.perf_counter() - started)

    return run


# -- ours


def bare_entries(log: EventLog) -> Callable[[], Act]:
    """Each caller appends to a stream of its own, nothing else."""

    def act_of() -> Act:
        stream, versions, command = new_id("hou"), itertools.count(), Command(TENANT, AGENT)
        return lambda: log.append(TENANT, stream, next(versions), [FOLLOWED_UP], command=command)

    return act_of


def changes(log: EventLog, remembered_max: int = REMEMBERED_MAX) -> Callable[[], Act]:
    """What a request does: decision, key, answer, a claim; and, if nothing is remembered, history and fold before. Each listing is
    entered, then followed up nine times."""
    listings = Streams(log, "hou", evolve, claims_of, remembered_max=remembered_max)

    def enter(*, at: datetime) -> list[Entered]:
        return [Entered(AGENT, "3-201", at)]

    def follow_up(listing: Listing, *, at: datetime) -> list[FollowedUp]:
        return [FollowedUp(listing.holder, FOLLOWED_UP.text, at)]

    def answer(listing: Listing, version: int) -> Answer:
        return Answer(200, b'{"version":%d}' % version)

    def act_of() -> Act:
        acts = itertools.count()
        id = ""

        async def act() -> None:
            nonlocal id
            command = Command(TENANT, AGENT, key=f"{next(_NUMBERS)}", fingerprint=DATA[:32], caller=AGENT)
            if next(acts) % 10 == 0:
                id = new_id("hou")
                await listings.begin(id, enter, command=command, answer=answer)
            else:
                await listings.change(id, follow_up, command=command, answer=answer)

        return act

    return act_of


async def rebuilding(log: EventLog, connection: asyncpg.Connection) -> list[Candidate]:
    """A long stream from its bytes to its state, against fetching its rows, or only the columns that this takes, and dropping them."""
    id = new_id("hou")
    listings = Streams(log, "hou", evolve)
    await listings.begin(id, lambda *, at: [Entered(AGENT, "3-201", at)], command=Command(TENANT, AGENT))
    await log.append(TENANT, id, 1, [FOLLOWED_UP] * (LONG_STREAM - 1), command=Command(TENANT, AGENT))
    raw = await connection.prepare("select type, data from log where tenant = $1 and stream = $2 order by version")
    wide = await connection.prepare("select * from log where tenant = $1 and stream = $2 order by version")

    async def rebuild() -> None:
        assert (await listings.read(TENANT, id) or ("", 0))[1] == LONG_STREAM

    async def fetch() -> None:
        assert len(await raw.fetch(TENANT, uuid_of(id))) == LONG_STREAM

    async def fetch_all() -> None:
        assert len(await wide.fetch(TENANT, uuid_of(id))) == LONG_STREAM

    return [
        Candidate(f"rebuild of a {LONG_STREAM:,}-event stream", 1, together(1, lambda: rebuild, LONG_STREAM)),
        Candidate("raw fetch of its types and data", 1, together(1, lambda: fetch, LONG_STREAM)),
        Candidate("raw fetch of all its columns", 1, together(1, lambda: fetch_all, LONG_STREAM)),
    ]


# -- yardsticks

_YARDSTICKS = """
    create table entries (like log including all);
    create sequence positions;
    alter table entries alter position set default nextval('positions'), alter at set default now(), alter recorded_at set default now();
    create table narrow (stream uuid primary key, data bytea);
"""
_COLUMNS = "insert into entries (tenant, stream, version, type, data, meta)"
_INSERT_ENTRY = f"{_COLUMNS} values ('{TENANT}', gen_random_uuid(), 1, 'house.FollowedUp', '\\x{DATA.hex()}', '{META}')"
_INSERT_NARROW = f"insert into narrow values (gen_random_uuid(), '\\x{DATA.hex()}')"


@asynccontextmanager
async def yardsticks(owner_dsn: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(owner_dsn)
    try:
        await connection.execute(_YARDSTICKS)
        yield connection
    finally:
        await connection.close()


def bare_insert(connection: asyncpg.Connection) -> Callable[[], Act]:
    sql = f"{_COLUMNS} values ($1, $2, $3, $4, $5, $6)"
    return lambda: lambda: connection.execute(sql, TENANT, uuid_of(new_id("hou")), 1, "house.FollowedUp", DATA, META)


def large_batches(connection: asyncpg.Connection) -> Callable[[], Act]:
    sql = f"{_COLUMNS} select $1, gen_random_uuid(), 1, 'house.FollowedUp', data, $2 from unnest($3::text::bytea[]) data"
    datas = "{" + ",".join([f'"\\\\x{DATA.hex()}"'] * LARGE_BATCH) + "}"
    return lambda: lambda: connection.execute(sql, TENANT, META, datas)


def pgbench(dsn: str, clients: int, sql: str) -> Callable[[float], Awaitable[float]]:
    """It measures whole seconds only, so it has longer rounds than the others."""

    async def run(seconds: float) -> float:
        with tempfile.NamedTemporaryFile("w", suffix=".sql") as script:
            script.write(f"{sql};\n")
            script.flush()
            options = ("-n", "-M", "prepared", "-f", script.name, "-c", str(clients), "-j", "2", "-T", str(max(1, round(seconds))))
            program = str(install_folder() / "bin" / "pgbench")
            process = await asyncio.create_subprocess_exec(program, *options, dsn, stdout=asyncio.subprocess.PIPE)
            output, _ = await process.communicate()
        found = re.search(r"^tps = ([\d.]+)", output.decode(), re.MULTILINE)
        assert found, output.decode()
        return float(found[1])

    return run


def stock_recorder(dsn: str, callers: int) -> Callable[[float], Awaitable[float]]:
    """The library's own recorder as it comes, a thread for each caller."""
    parts = urlsplit(dsn)
    query = parse_qs(parts.query)
    datastore = PostgresDatastore(
        dbname=parts.path[1:], host=query["host"][0], port=query["port"][0], user=parts.username or "", password="", pool_size=callers
    )
    recorder = PostgresApplicationRecorder(datastore)
    recorder.create_table()

    def insert_until(end: float) -> int:
        stream = uuid4()
        for version in itertools.count(1):
            recorder.insert_events([StoredEvent(stream, version, "house.FollowedUp", DATA)])
            if time.perf_counter() >= end:
                break
        return version

    def run_threads(seconds: float) -> float:
        started = time.perf_counter()
        with ThreadPoolExecutor(callers) as threads:
            done = sum(threads.map(insert_until, [started + seconds] * callers))
        return done / (time.perf_counter() - started)

    return lambda seconds: asyncio.to_thread(run_threads, seconds)


# -- the table

_GOALS = (
    ("bare entries", 1, "bare insert", 1, "latency, at most", 1.3),
    ("bare entries", 16, "pgbench single-row commits", 16, "at least", 1.5),
    ("bare entries", 16, "stock `eventsourcing` Postgres recorder", 16, "at least", 25.0),
    ("`change` with idempotency and a claim", 16, "pgbench single-row commits", 16, "at least", 1.1),
    (f"rebuild of a {LONG_STREAM:,}-event stream", 1, "raw fetch of all its columns", 1, "at least", 0.4),
    (f"rebuild of a {LONG_STREAM:,}-event stream", 1, "raw fetch of its types and data", 1, "at least", 0.4),
)


def print_table(candidates: list[Candidate]) -> None:
    by_name = {(candidate.name, candidate.callers): candidate for candidate in candidates}
    print("\n| what | callers | events/s, median | lowest | highest |\n| --- | ---: | ---: | ---: | ---: |")
    for one in candidates:
        print(f"| {one.name} | {one.callers} | {one.rate:,.0f} | {min(one.rates):,.0f} | {max(one.rates):,.0f} |")
    print("\n| ratio | callers | against | measured | to reach | |\n| --- | ---: | --- | ---: | --- | --- |")
    for name, callers, yardstick, yardstick_callers, sense, goal in _GOALS:
        ratio = ratio_of(by_name[name, callers], by_name[yardstick, yardstick_callers])
        measured = 1 / ratio if sense.endswith("most") else ratio
        reached = measured <= goal if sense.endswith("most") else measured >= goal
        print(f"| {name} | {callers} | {yardstick} | {measured:.2f} | {sense} {goal:g} | {'reached' if reached else 'missed'} |")


def ratio_of(one: Candidate, yardstick: Candidate) -> float:
    """The median of the rounds' own ratios."""
    return statistics.median(a / b for a, b in zip(one.rates, yardstick.rates, strict=True))
