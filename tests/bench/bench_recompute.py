"""How fast all deals of a franchise are recomputed from log and journal, and with how much memory. The histories are simulated."""

from __future__ import annotations

import asyncio
import gc
import itertools
import multiprocessing
import os
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import uvloop

from deploy.migrate import prepare, role_of
from deploy.recomputing.report import Report, State
from deploy.recomputing.workers import Crew, Document, Worker, answers_of_the_queue
from deploy.servers import Nats, as_user
from deploy.simulating.lives import Brokerage, Size, simulated
from deploy.simulating.loading import load_journal, load_log

DEALS = int(os.environ.get("FENYONG_BENCH_DEALS", "100000"))
OF_A_COMPANY = 5_000
PROCESSES = 2
CHUNK = 500
CHUNK_QUEUED = 200
MIB_MOST = 300
APART = 1_000_000
"""How far behind each other companies' entries stand: further than any of them is long, so that two can be made at once."""


async def main(postgres_dsn: str) -> None:
    owner = await prepare(postgres_dsn, "commission", database="recomputed")
    made, took_s = await asyncio.to_thread(_made, owner)
    connection = await asyncpg.connect(owner)
    await connection.execute("vacuum analyze")
    await connection.close()
    print(f"\n{made:,} deals simulated on {PROCESSES} cores in {took_s:.0f} s, {made / took_s:,.0f} a second")
    print("\nrecomputed by 2 processes              deals    deals/s   differing   memory of a process, early   at its most")
    environment = {"FENYONG_DATABASE": as_user(postgres_dsn, database="recomputed", user=role_of("commission"))}
    with tempfile.TemporaryDirectory(prefix="fenyong-bench-") as folder:
        await _measured("straight from log and journal", environment, Path(folder))
        await _measured_by_queue(environment, Path(folder))


# The histories


def _made(dsn: str) -> tuple[int, float]:
    """Companies simulated and written down, by several processes; how many deals of theirs were settled, in how many seconds."""
    began = time.perf_counter()
    sizes = [min(OF_A_COMPANY, DEALS - first) for first in range(0, DEALS, OF_A_COMPANY)]
    with multiprocessing.get_context("spawn").Pool(PROCESSES) as pool:
        settled = pool.starmap(_company, zip(itertools.repeat(dsn), itertools.count(), sizes), chunksize=1)
    return sum(settled), time.perf_counter() - began


def _company(dsn: str, number: int, deals: int) -> int:
    """A company of so many deals, a tenth as many agents; how many were settled."""
    gc.disable()  # all that is made stays until it is written down
    made = simulated(Size(max(40, deals // 10), deals * 115 // 100, deals, 2.0, number + 1), behind=number * APART)
    uvloop.run(_written_down(dsn, made))
    settled = made.settled
    del made
    gc.enable()
    gc.collect()
    return settled


async def _written_down(dsn: str, made: Brokerage) -> None:
    connection = await asyncpg.connect(dsn)
    await load_log(connection, made.world, "commission")
    await load_journal(connection, made.world)
    await connection.close()


# The measurement


async def _measured(what: str, environment: dict[str, str], folder: Path) -> None:
    async with Crew(environment, PROCESSES) as crew:
        plan, jobs = await _planned(crew, CHUNK)
        await _told(what, Report(folder / "report.jsonl", State({}, CHUNK, plan["known"])), crew.answers(jobs), len(jobs))


async def _measured_by_queue(environment: dict[str, str], folder: Path) -> None:
    async with Crew(environment, 1) as crew:
        plan, jobs = await _planned(crew, CHUNK_QUEUED)
    with Nats(folder / "nats") as broker:
        environment = environment | {"FENYONG_NATS": broker.url}
        async with Worker(environment, "drain"), Worker(environment, "drain"):
            report = Report(folder / "queued.jsonl", State({}, CHUNK_QUEUED, plan["known"]))
            await _told("drained from a JetStream queue", report, answers_of_the_queue(environment, jobs, "bench"), len(jobs))


async def _planned(crew: Crew, size: int) -> tuple[Document, list[Document]]:
    plan = await crew.plan({}, size, None)
    return plan, [{"type": "job", "asked": plan["asked"], "chunk": chunk} for chunk in plan["chunks"]]


async def _told(what: str, report: Report, answers: AsyncIterator[Document], jobs: int) -> None:
    """Prints the rate from the first question to the last answer, and what those who answer held after a tenth, and at their most."""
    held_kib: list[int] = []
    began = time.perf_counter()
    with report:
        async for answer in answers:
            report.take(answer)
            held_kib.append(answer["peak_kib"])
        report.finish()
    took_s, whole = time.perf_counter() - began, report.whole
    early, most = max(held_kib[: jobs // 10 + 1]) // 1024, max(held_kib) // 1024
    print(f"{what:34} {whole.deals:9,} {whole.deals / took_s:10,.0f} {whole.differing:11,} {early:24} MiB {most:9} MiB")
    assert whole.differing == 0, "what was settled is what is recomputed"
    assert most <= MIB_MOST, "memory does not grow with the number of deals"
