"""`fenyong recompute`: its report, going on where it was broken off, and the same by a queue whose workers may die."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import msgspec
import pytest
from rich.console import Console
from typer.testing import CliRunner

from deploy.cli import app
from deploy.migrate import prepare, role_of
from deploy.recomputing.report import Report, State, Tally, kept
from deploy.recomputing.showing import tallied
from deploy.recomputing.workers import Crew, Worker, answers_of_the_queue
from deploy.servers import Nats, Postgres, as_user
from deploy.simulating.lives import Size, simulated
from deploy.simulating.loading import load_journal, load_log

ASKED = {"pack": "B"}


def answer(number: int, *changes_fen: int, company: str = "cmp_1") -> dict[str, Any]:
    """Of ten deals, as many differ as there are changes."""
    differences = [
        {"deal": f"dea_{number}", "to": "psn_1", "role": "closing", "settled_fen": 100, "recomputed_fen": 100 + change, "what": "amount"}
        | {"clauses": ["A-1.1", "A-2.4"]}
        for change in changes_fen
    ]
    of = {"deals": 10, "same": 10 - len(changes_fen), "cancelled": 1, "peak_kib": 1}
    return {"type": "answer", "number": number, "company": company, **of, "differences": differences}


# The report


def test_a_report_is_in_the_order_of_chunks_whatever_order_answers_come_in(tmp_path: Path) -> None:
    with Report(tmp_path / "report.jsonl", State(ASKED, 10)) as report:
        for number in (2, 0, 3, 1):
            report.take(answer(number, number))
        assert kept(report.path) == report.state
        report.finish()
    rows = [msgspec.json.decode(line) for line in report.path.read_bytes().splitlines()]
    assert [(row["deal"], row["difference_fen"]) for row in rows] == [("dea_0", 0), ("dea_1", 1), ("dea_2", 2), ("dea_3", 3)]
    assert rows[1]["clauses"] == ["A-1.1", "A-2.4"]
    assert [path.name for path in tmp_path.iterdir()] == ["report.jsonl"], "nothing is left to go on with"


def test_a_report_that_was_broken_off_goes_on_after_its_last_whole_chunk(tmp_path: Path) -> None:
    with Report(tmp_path / "report.csv", State(ASKED, 10)) as broken_off:
        broken_off.take(answer(0, 5, company="cmp_2"))
        broken_off.take(answer(2, 7))  # before its turn
    broken_off.path.open("ab").write(b"half a line")
    state = kept(broken_off.path)
    assert state is not None
    assert (state.chunks, state.asked) == (1, ASKED)
    with Report(broken_off.path, state) as report:
        for number in (1, 2):
            report.take(answer(number, -3))
        report.finish()
    lines = report.path.read_text(encoding="utf-8-sig").splitlines()
    assert lines[0] == "company,deal,to,role,settled_fen,recomputed_fen,difference_fen,what,clauses"
    assert lines[1:] == [
        "cmp_2,dea_0,psn_1,closing,100,105,5,amount,A-1.1 A-2.4",
        "cmp_1,dea_1,psn_1,closing,100,97,-3,amount,A-1.1 A-2.4",
        "cmp_1,dea_2,psn_1,closing,100,97,-3,amount,A-1.1 A-2.4",
    ]
    assert report.state.tally == {"cmp_2": Tally(10, 9, 0, 1, 5, 0), "cmp_1": Tally(20, 18, 0, 2, 0, 6)}
    assert report.whole == Tally(30, 27, 0, 3, 5, 6)


def test_what_is_kept_beside_a_report_that_is_shorter_than_it_should_be_is_not_believed(tmp_path: Path) -> None:
    with Report(tmp_path / "report.jsonl", State(ASKED, 10)) as report:
        report.take(answer(0, 5))
    report.path.write_bytes(b"")
    assert kept(report.path) is None
    assert kept(tmp_path / "another.jsonl") is None


@pytest.mark.parametrize("width", [60, 80, 160])
def test_the_tally_is_whole_however_narrow_the_terminal(width: int) -> None:
    state, company = State(ASKED, 10), f"cmp_{'1' * 26}"
    state.tally[company] = Tally(99_888, 90_000, 3, 4, 22_277_777, 12_345_678)
    console = Console(width=width, file=io.StringIO())
    with console.capture() as told:
        console.print(tallied(Report(Path("report.jsonl"), state)))
    text = told.get()
    assert [text.count(said) for said in (company, "99,888", "9,888", "22,277,777", "12,345,678", "…")] == [1, 2, 4, 2, 2, 0]


# What makes no sense


def half_made(path: Path) -> tuple[bytes, bytes]:
    """Begins a report over another pack and leaves it after a chunk; what it and the file beside it hold."""
    with Report(path, State(ASKED, 500)) as report:
        report.take(answer(0, 5))
    return held(path)


def held(path: Path) -> tuple[bytes, bytes]:
    return path.read_bytes(), path.with_name(f"{path.name}.state").read_bytes()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((), "a report that was broken off: --resume goes on with it"),
        (("--pack", "B"), "a report that was broken off: --resume goes on with it"),
        (("--resume",), "these differ: --pack."),
        (("--resume", "--pack", "A", "--since", "2024-01-01", "--digests"), "these differ: --since --pack --digests."),
        (("--resume", "--pack", "B", "--chunk", "3"), "these differ: --chunk (=500)."),
        (("--resume", "--pack", "B", "--enqueue"), "these differ: --chunk (=500)."),
    ],
)
def test_a_half_made_report_is_neither_begun_again_nor_taken_for_another_questions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], told: str
) -> None:
    monkeypatch.chdir(tmp_path)
    before = half_made(Path("part.jsonl"))
    assert told in refused("--out", "part.jsonl", *arguments)
    assert held(Path("part.jsonl")) == before


def refused(*arguments: str) -> str:
    """What a command that cannot be says, on one line; nothing is started for it."""
    run = CliRunner().invoke(app, ["recompute", *arguments], env={"FENYONG_DATABASE": "postgresql://nowhere.invalid/none"})
    assert run.exit_code == 2, run.output
    return "".join(line.strip("│ ") + " " for line in run.output.splitlines())


@pytest.mark.parametrize(
    ("arguments", "option", "told"),
    [
        (("--company", "cmp_nonsense"), "--company", "cmp_nonsense is no company's id"),
        (("--company", "psn_" + "0" * 26), "--company", "is no company's id"),
        (("--since", "2026-12-01", "--until", "2026-11-30"), "--since", "2026-12-01 is after --until 2026-11-30"),
        (("--until", "2026-02-30"), "--until", "2026-02-30 is no date"),
        (("--out", "nowhere/x.jsonl"), "--out", "There is no folder nowhere"),
        (("--out", "."), "--out", "is a folder"),
        (("--work", "--enqueue"), "--enqueue", "Not together with --work"),
    ],
)
def test_what_cannot_be_is_a_usage_error_that_names_the_option(arguments: tuple[str, ...], option: str, told: str) -> None:
    said = refused(*arguments)
    assert f"Invalid value for {option}" in said
    assert told in said
    assert "--resume" not in said


# The command, with real processes


@dataclass(frozen=True, slots=True)
class Place:
    """A database with a few settled deals, and where it is."""

    environment: dict[str, str]
    admin: asyncpg.Connection[Any]


@pytest.fixture(scope="module")
async def place(postgres: Postgres) -> AsyncIterator[Place]:
    dsn = await prepare(postgres.dsn(), "commission", database="recomputed")
    owner = await asyncpg.connect(dsn)
    world = simulated(Size(agents=5, listings=16, deals=12, years=0.1, seed=3)).world
    await load_log(owner, world, "commission")
    await load_journal(owner, world)
    await owner.close()
    admin = await asyncpg.connect(postgres.dsn("recomputed"))
    role = role_of("commission")
    yield Place({"FENYONG_DATABASE": as_user(postgres.dsn(), database="recomputed", user=role)}, admin)
    await admin.close()
    connection = await asyncpg.connect(postgres.dsn())
    await connection.execute('drop database "recomputed" with (force)')
    await connection.close()


@pytest.fixture
def environment(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in place.environment.items():
        monkeypatch.setenv(name, value)


async def recomputed(*arguments: str) -> tuple[int, str]:
    result = await asyncio.to_thread(CliRunner().invoke, app, ["recompute", *arguments])
    return result.exit_code, result.output


async def answers(place: Place, size: int, chunks: int | None = None) -> tuple[list[dict[str, Any]], list[dict[str, Any]], int]:
    """The jobs for all deals under another pack, one process's answers to the first chunks, and up to where the log was known."""
    async with Crew(place.environment, 1) as crew:
        plan = await crew.plan(ASKED, size, None)
        jobs = [{"type": "job", "asked": plan["asked"], "chunk": chunk} for chunk in plan["chunks"]]
        return jobs, [answer async for answer in crew.answers(jobs[:chunks])], plan["known"]


@pytest.mark.usefixtures("environment")
async def test_the_command_goes_on_where_it_was_broken_off_and_the_report_is_the_same(place: Place, tmp_path: Path) -> None:
    whole, again = tmp_path / "whole.jsonl", tmp_path / "again.jsonl"
    status, told = await recomputed("--pack", "B", "--chunk", "3", "--out", str(whole))
    assert status == 0, told
    _, first, known = await answers(place, 3, 2)
    with Report(again, State(ASKED, 3, known)) as report:
        for each in first:
            report.take(each)
    assert 0 < again.stat().st_size < whole.stat().st_size
    status, told = await recomputed("--pack", "B", "--chunk", "3", "--out", str(again), "--resume")
    assert (status, "going on after 2 chunks of 3 deals" in told) == (0, True), told
    assert again.read_bytes() == whole.read_bytes()
    status, told = await recomputed("--pack", "nobodys")
    assert (status, "没有这个制度包" in told, "No such pack" in told) == (2, True, True)


@pytest.mark.usefixtures("environment")
@pytest.mark.filterwarnings("error::RuntimeWarning", "error::pytest.PytestUnraisableExceptionWarning")
async def test_where_no_deal_is_nothing_is_worked_at(tmp_path: Path) -> None:
    nowhere = ("--since", "2999-01-01", "--until", "2999-01-01", "--company", f"cmp_{'0' * 26}")
    status, told = await recomputed(*nowhere, "--out", str(tmp_path / "none.jsonl"))
    assert (status, "0 settled deals" in told) == (0, True), told
    assert (tmp_path / "none.jsonl").read_bytes() == b""


async def test_a_worker_that_dies_with_a_job_in_hand_loses_nothing_and_every_answer_comes_once(place: Place, nats: Nats) -> None:
    environment = place.environment | {"FENYONG_NATS": nats.url, "FENYONG_RECOMPUTE_AGAIN_AFTER_S": "1"}
    jobs, direct, _ = await answers(place, 2)
    async with AsyncExitStack() as running:
        doomed = await running.enter_async_context(Worker(environment, "drain"))
        async with place.admin.transaction():
            await place.admin.execute("lock table log")
            gathering = asyncio.create_task(gathered(environment, jobs))
            async with asyncio.timeout(20):
                while not await somebody_waits(place.admin):
                    await asyncio.sleep(0.01)  # Postgres tells nobody that somebody waits
            doomed.process.kill()
            await doomed.process.wait()
        for _ in range(2):
            await running.enter_async_context(Worker(environment, "drain"))
        found = await gathering
    assert sorted(each["number"] for each in found) == [job["chunk"]["number"] for job in jobs]
    assert {each["number"]: each["differences"] for each in found} == {each["number"]: each["differences"] for each in direct}
    assert await gathered(environment, jobs) == found, "asked again, the queue has the answers still"


async def gathered(environment: dict[str, str], jobs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [answer async for answer in answers_of_the_queue(environment, jobs, "a-run")]


async def somebody_waits(admin: asyncpg.Connection[Any]) -> bool:
    waits = "select exists (select from pg_locks join pg_class on relation = pg_class.oid where relname = 'log' and not granted)"
    return bool(await admin.fetchval(waits))
