"""`fenyong recompute`: all settled deals judged again, and what would differ."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.text import Text

from deploy.children import DidNotStart
from deploy.recomputing.asking import asked, check_place, differing
from deploy.recomputing.places import NothingThere, broker, database
from deploy.recomputing.report import Report, State, kept
from deploy.recomputing.showing import tallied
from deploy.recomputing.workers import Broken, Crew, Document, Refused, answers_of_the_queue, drained
from shared import regulation

_CHUNK = 500
_CHUNK_QUEUED = 200  # whatever differs in it, an answer is then no longer than a message may be
_WIDTH_PIPED = 160

Since = Annotated[str | None, typer.Option("--since", metavar="DATE", help="Deals closed on this day or later.")]
Until = Annotated[str | None, typer.Option("--until", metavar="DATE", help="Deals closed on this day or before.")]
OtherPack = Annotated[
    str | None, typer.Option("--pack", metavar="ID|FILE", help="What if this pack had been in force: a pack's id, or a file.")
]
Company = Annotated[str | None, typer.Option("--company", metavar="ID", help="Deals of this company alone, cmp_….")]
Out = Annotated[Path, typer.Option("--out", metavar="FILE", help="The report: JSON Lines, or CSV if it is called .csv.")]
Workers = Annotated[int, typer.Option("--workers", min=1, max=64, help="Processes.")]
Resume = Annotated[bool, typer.Option("--resume", help="Go on where the run that wrote FILE was broken off.")]
Chunk = Annotated[int | None, typer.Option("--chunk", min=1, max=10_000, metavar="DEALS", help="Deals that are read at once.")]
Digests = Annotated[bool, typer.Option("--digests", help="Compare every byte that proves a settlement, not its lines alone; takes longer.")]
Enqueue = Annotated[
    bool, typer.Option("--enqueue", help="Have it done by whoever drains the queue (`--work`), and gather what they answer.")
]
Work = Annotated[bool, typer.Option("--work", help="Drain the queue until Ctrl-C; on any machine that reaches database and broker.")]
Folder = Annotated[
    Path, typer.Option("--folder", metavar="FOLDER", help="Where `fenyong up` keeps its data, if FENYONG_DATABASE is not set.")
]


def recompute(
    since: Since = None,
    until: Until = None,
    pack: OtherPack = None,
    company: Company = None,
    out: Out = Path("recomputed.jsonl"),
    workers: Workers = 2,
    resume: Resume = False,
    digests: Digests = False,
    chunk: Chunk = None,
    enqueue: Enqueue = False,
    work: Work = False,
    folder: Folder = Path(".data"),
) -> None:
    """Judge all settled deals again from the log and the journal, and report what differs from what was settled.

    Without --pack everything should be the same: the exit status is 1 if anything differs. With it, this is a what-if. Either way nothing
    is written but the report.
    """
    folder, console = folder.resolve(), _console()
    if work and enqueue:
        told = "不能与 --work 同用：一边排入，另一边处理。 Not together with --work: one fills the queue, the other drains it"
        raise typer.BadParameter(told, param_hint="--enqueue")
    if not work:
        check_place(out)
    try:
        what = asked(since, until, pack, company, digests=digests)
        report = None if work else _begun(what, out, chunk or (_CHUNK_QUEUED if enqueue else _CHUNK), console, resume=resume)
        with database(folder) as dsn:
            environment = {"FENYONG_DATABASE": dsn, **({"FENYONG_NATS": broker(folder)} if work or enqueue else {})}
            if report is None:
                console.print(f"{workers} 个进程处理队列，Ctrl-C 停止。 draining the queue with {workers} processes; Ctrl-C stops")
                asyncio.run(drained(environment, workers))
            asyncio.run(_recomputed(environment, report, console, 0 if enqueue else workers))
    except (NothingThere, DidNotStart, Refused, Broken, OSError, regulation.Refused) as failed:
        typer.echo(_why(failed), err=True)
        raise typer.Exit(2) from failed
    except KeyboardInterrupt:
        typer.echo("已停止 stopped" if work else _BROKEN_OFF, err=True)
        raise typer.Exit(130) from None
    raise typer.Exit(1 if report.whole.differing and pack is None else 0)


def _console() -> Console:
    """As wide as the terminal; wide enough for the table where there is none."""
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=_WIDTH_PIPED)


def _begun(what: Document, out: Path, size: int, console: Console, *, resume: bool) -> Report:
    """The report, where it goes on if it should. One that is half made is neither begun again nor gone on with by another question."""
    state = kept(out)
    if state is not None:
        if not resume:
            raise typer.BadParameter(_HALF_MADE.format(out=out), param_hint="--out")
        if others := differing(state, what, size):
            raise typer.BadParameter(_OF_ANOTHER.format(out=out, others=" ".join(others)), param_hint="--resume")
        console.print(f"从已完成的 {state.chunks} 段之后继续。 going on after {state.chunks} chunks of {size} deals")
        return Report(out, state)
    if resume:
        console.print("没有可继续的，从头开始。 there is nothing to go on with; starting from the beginning")
    return Report(out, State(what, size))


_HALF_MADE = (
    "{out} 是中断的重算报告；--resume 继续，或另取文件名，或先删除它。"
    " {out} is a report that was broken off: --resume goes on with it; or name another file, or remove it first"
)
_OF_ANOTHER = (
    "{out} 是以其他选项开始的，不同之处：{others}。请用原来的选项，或另取文件名。"
    " {out} was begun with other options; these differ: {others}. Give the same again, or name another file"
)


async def _recomputed(environment: dict[str, str], report: Report, console: Console, processes: int) -> None:
    """Recomputes with so many processes (0: by the queue), and says what came of it."""
    state = report.state
    async with Crew(environment, processes or 1) as crew:
        plan = await crew.plan(state.asked, state.size, state.known)
        state.known = plan["known"]
        jobs = [{"type": "job", "asked": plan["asked"], "chunk": chunk} for chunk in plan["chunks"][state.chunks :]]
        answers = crew.answers(jobs) if processes else answers_of_the_queue(environment, jobs, _run(plan, state.size))
        began = time.perf_counter()
        with report:
            peak_kib = await _gathered(report, answers, [chunk["deals"] for chunk in plan["chunks"]], console)
            report.finish()
        took_s = time.perf_counter() - began
    deals = sum(job["chunk"]["deals"] for job in jobs)
    console.print(tallied(report))
    a_second, peak_mib = f"{deals / took_s:,.0f}", peak_kib // 1024
    console.print(f"{took_s:.1f} 秒看过 {deals:,} 笔已结算成交，每秒 {a_second} 笔；每个进程最多 {peak_mib} MiB。")
    console.print(f"{deals:,} settled deals looked through in {took_s:.1f} s, {a_second} a second; at most {peak_mib} MiB a process")
    console.print(f"报告 report: {report.path}", soft_wrap=True)


def _run(plan: Document, size: int) -> str:
    """What a run is known by in the queue: asking the same again is the same run."""
    return hashlib.sha256(msgspec.json.encode([plan["asked"], plan["known"], size], order="sorted")).hexdigest()[:16]


async def _gathered(report: Report, answers: AsyncIterator[Document], sizes: list[int], console: Console) -> int:
    """Takes in the answers under a progress bar; the most memory that one of those who answered has held, in KiB."""
    columns = (TextColumn("重算 recomputing"), BarColumn(), MofNCompleteColumn(), _Speed(), TimeElapsedColumn(), TimeRemainingColumn())
    peak_kib = 0
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("recomputing", total=sum(sizes), completed=sum(sizes[: report.state.chunks]))
        async for answer in answers:
            report.take(answer)
            peak_kib = max(peak_kib, answer["peak_kib"])
            bar.advance(task, sizes[answer["number"]])
    return peak_kib


class _Speed(ProgressColumn):
    def render(self, task: Task) -> Text:
        return Text(f"{task.speed or 0:,.0f} deals/s")


def _why(failed: Exception) -> str:
    match failed:
        case Refused(code="unknown_reference"):
            return _NO_SUCH_PACK
        case Broken():
            return _ENDED
        case regulation.Refused():
            reason = str(failed.facts.get("reason"))
            return f"--pack：{failed.facts.get('place')} {regulation.in_chinese(reason)}。 {failed.code}: {reason}"
        case OSError(filename=str() as file, strerror=str() as why):
            return f"无法读写 cannot be read or written: {file}: {why}"
    return str(failed)


_BROKEN_OFF = "已中断；同一命令加 --resume 继续。 broken off; the same command with --resume goes on"
_NO_SUCH_PACK = (
    "没有这个制度包：既不随产品提供，也从未生效。文件名以 .yaml 结尾。\n"
    "No such pack: it neither comes with the product nor was ever activated. A file's name ends in .yaml"
)
_ENDED = (
    "重算进程未答复即结束，其输出见上；--resume 继续。\n"
    "A process that recomputes ended before it had answered; what it said stands above. --resume goes on"
)
