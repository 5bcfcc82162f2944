"""`fenyong case FILES…`: plays cases in a throwaway stack of its own, started once for all of them."""

from __future__ import annotations

import asyncio
import signal
import tempfile
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from deploy.cases.clock import StoryClock
from deploy.cases.nodes import StoryRefused
from deploy.cases.packs import PackFile, PackUnreadable, open_pack
from deploy.cases.playing import Stage, play, story_clock
from deploy.cases.reading import Case, read
from deploy.cases.showing import Result, as_json, show, status_of
from deploy.children import DidNotStart
from deploy.stack import Stack

Tell = Callable[[Result], None]

AT_ONCE = 4
"""How many cases are played at a time; each is a company of its own."""

_NOT_PLAYED = 3
_TOLD_TO_STOP = 128 + signal.SIGTERM

Files = Annotated[
    list[Path], typer.Argument(metavar="FILES...", help="Case files; each is played in a company of its own.", show_default=False)
]
AsJson = Annotated[bool, typer.Option("--json", help="Print what came of every deal, listing and client as JSON.")]
OtherPack = Annotated[str | None, typer.Option("--pack", metavar="FILE", help="A policy pack that takes the place of the cases' own.")]
Replicas = Annotated[int, typer.Option("--replicas", hidden=True, min=1, max=4)]
NoSweeper = Annotated[bool, typer.Option("--no-sweeper", hidden=True)]
NoBroker = Annotated[bool, typer.Option("--no-broker", hidden=True)]
NoPull = Annotated[bool, typer.Option("--no-pull", hidden=True)]
Folder = Annotated[Path | None, typer.Option("--folder", hidden=True, help="Play here and leave the servers' data and logs.")]


def case(
    files: Files,
    json: AsJson = False,
    pack: OtherPack = None,
    replicas: Replicas = 1,
    no_sweeper: NoSweeper = False,
    no_broker: NoBroker = False,
    no_pull: NoPull = False,
    folder: Folder = None,
) -> None:
    """Play cases and say what differs: the regulations as runnable stories.

    Exit status: 0 all as expected, 1 something differs, 2 a story was refused (3: the throwaway stack did not start).
    """
    other = _other_pack(pack)

    def stack(place: Path) -> Stack:
        return Stack(place, replicas=replicas, sweeper=not no_sweeper, broker=not no_broker, pull=not no_pull, story=True)

    try:
        status = asyncio.run(_told(files, other, stack, folder, json=json))
    except DidNotStart as why:
        typer.echo(str(why), err=True)
        raise typer.Exit(_NOT_PLAYED) from why
    except asyncio.CancelledError as told:
        raise typer.Exit(_TOLD_TO_STOP) from told
    raise typer.Exit(status)


def _other_pack(name: str | None) -> PackFile | None:
    """The pack of --pack, valid; else exit status 2."""
    if name is None:
        return None
    try:
        pack = open_pack(name, beside=Path())
    except PackUnreadable as error:
        typer.echo(f"--pack: {error}", err=True)
        raise typer.Exit(2) from error
    if pack.wrong:
        typer.echo(f"--pack: the pack {name} is no valid pack: {pack.wrong}", err=True)
        raise typer.Exit(2)
    return pack


async def _told(files: list[Path], pack: PackFile | None, stack: Callable[[Path], Stack], folder: Path | None, *, json: bool) -> int:
    """Plays all files and prints each result as soon as those before it are out; the exit status."""
    told = asyncio.current_task()
    assert told is not None, "the command runs in a task"
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, told.cancel)  # as Ctrl-C does: the servers stop in order
    console = Console(highlight=False)
    with _Progress(len(files)) as played:
        results = await _results(
            files, pack, stack, folder, played, (lambda result: None) if json else lambda result: show(result, console)
        )
    if json:
        typer.echo(msgspec.json.format(msgspec.json.encode([as_json(result) for result in results])).decode())
    return status_of(results)


async def _results(
    files: list[Path], pack: PackFile | None, stack: Callable[[Path], Stack], folder: Path | None, played: Tell, tell: Tell
) -> list[Result]:
    """The results in the order of the files. No server is started if every story is refused."""
    stories = [_read(file) for file in files]
    refused = [story for story in stories if isinstance(story, Result)]
    if len(refused) == len(stories):
        for result in refused:
            tell(result)
        return refused
    with _place(folder) as place:
        async with stack(Path(place)) as running:
            return await results_in(running, stories, pack=pack, played=played, tell=tell)


async def results_in(
    stage: Stage,
    stories: Sequence[Case | Result],
    *,
    pack: PackFile | None = None,
    at_once: int = AT_ONCE,
    played: Tell = lambda result: None,
    tell: Tell = lambda result: None,
) -> list[Result]:
    """Plays cases in a running stack, at most `at_once` at a time. `played` hears of each at once, `tell` in the order of the stories;
    what was refused before it could be played stands among them as it is."""
    gate = asyncio.Semaphore(at_once)

    async def result_of(story: Case | Result) -> Result:
        if isinstance(story, Case):
            async with gate:
                story = await _played(story, stage, pack, clock)
        played(story)
        return story

    async with story_clock(stage) as clock, asyncio.TaskGroup() as playing:
        tasks = [playing.create_task(result_of(story)) for story in stories]
        for task in tasks:
            tell(await task)
    return [task.result() for task in tasks]


async def _played(case: Case, stage: Stage, pack: PackFile | None, clock: StoryClock) -> Result:
    try:
        return Result(case.file, case, await play(case, stage, pack=pack, clock=clock))
    except StoryRefused as refused:
        return Result(case.file, case, None, refused)


def _read(file: Path) -> Case | Result:
    try:
        return read(file)
    except StoryRefused as refused:
        return Result(str(file), None, None, refused)


def _place(folder: Path | None) -> AbstractContextManager[str]:
    """A folder of our own that is gone afterwards, short enough for sockets; or the one asked for."""
    if folder is None:
        return tempfile.TemporaryDirectory(prefix="fenyong-", ignore_cleanup_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    return nullcontext(str(folder))


class _Progress:
    """A bar on standard error, if that is a terminal and there is more than one file."""

    def __init__(self, total: int) -> None:
        console = Console(stderr=True)
        columns = (TextColumn("playing"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        self._bar = Progress(*columns, console=console, transient=True, disable=not console.is_terminal or total < 2)
        self._task = self._bar.add_task("playing", total=total)

    def __enter__(self) -> Tell:
        self._bar.start()
        return lambda result: self._bar.advance(self._task)

    def __exit__(self, *_: object) -> None:
        self._bar.stop()
