"""The processes that recompute: asked on their standard input, one JSON document a line, answering on their standard output."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

import msgspec

from deploy.children import die_with_parent

_HERE = Path(__file__).parents[2]
_MODULE = "services.commission.recomputing"
_LINE_BYTES = 64 * 2**20
_IN_HAND = 2
"""Jobs that a process has at once: one that it works on, and one that waits, so that it never does."""

Document = dict[str, Any]


class Refused(Exception):
    """What was asked makes no sense; `code` and `facts` say why."""

    def __init__(self, code: str, facts: Document) -> None:
        super().__init__(code)
        self.code, self.facts = code, facts


class Broken(Exception):
    """A process ended before it had answered."""


class Worker:
    """One process, as a context."""

    def __init__(self, environment: Mapping[str, str], *arguments: str) -> None:
        self._environment = os.environ | dict(environment)
        self._arguments = arguments
        self._process: Process | None = None

    async def __aenter__(self) -> Worker:
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", _MODULE, *self._arguments,
            stdin=PIPE, stdout=PIPE, cwd=_HERE, env=self._environment, limit=_LINE_BYTES,
            start_new_session=True,  # Ctrl-C is ours
            preexec_fn=die_with_parent(signal.SIGKILL),
        )  # fmt: skip
        return self

    async def __aexit__(self, *_: object) -> None:
        process = self.process
        if process.stdin is not None:
            process.stdin.close()
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        await process.wait()

    @property
    def process(self) -> Process:
        assert self._process is not None, "it is started as a context"
        return self._process

    async def ask(self, what: Document) -> None:
        assert self.process.stdin is not None, "it is asked on its standard input"
        self.process.stdin.write(msgspec.json.encode(what) + b"\n")
        with contextlib.suppress(ConnectionError):  # whoever waits for the answer will see that it has ended
            await self.process.stdin.drain()

    def asked_all(self) -> None:
        assert self.process.stdin is not None, "it is asked on its standard input"
        self.process.stdin.close()

    async def answer(self) -> Document:
        """The next answer. Raises Refused, or Broken."""
        assert self.process.stdout is not None, "it answers on its standard output"
        line = await self.process.stdout.readline()
        if not line.endswith(b"\n"):
            raise Broken
        answer: Document = msgspec.json.decode(line)
        if answer["type"] == "refusal":
            raise Refused(answer["code"], answer["facts"])
        return answer


class Crew:
    """So many processes, as a context; they start at once."""

    def __init__(self, environment: Mapping[str, str], processes: int) -> None:
        self._workers = [Worker(environment) for _ in range(processes)]
        self._running = contextlib.AsyncExitStack()

    async def __aenter__(self) -> Crew:
        for worker in self._workers:
            await self._running.enter_async_context(worker)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._running.aclose()

    async def plan(self, asked: Document, size: int, known: int | None) -> Document:
        """What to ask for: chunks, what of each, and up to where the log was known. Raises Refused, or Broken."""
        await self._workers[0].ask({"type": "plan", "asked": asked, "size": size, "known": known})
        return await self._workers[0].answer()

    async def answers(self, jobs: Sequence[Document]) -> AsyncIterator[Document]:
        """The answers to jobs, as they come. Raises Broken, if a process ends."""
        waiting, ready = iter(jobs), asyncio.Queue[Document | Exception]()
        async with _working(self._workers, waiting, ready):
            for _ in jobs:
                answer = await ready.get()
                if isinstance(answer, Exception):
                    raise answer
                yield answer


async def _work(worker: Worker, waiting: Iterator[Document], ready: asyncio.Queue[Document | Exception]) -> None:
    """Takes one job after another, with the next in hand before the last is done."""
    in_hand = 0
    for job in waiting:
        await worker.ask(job)
        in_hand += 1
        if in_hand == _IN_HAND:
            await ready.put(await worker.answer())
            in_hand -= 1
    for _ in range(in_hand):
        await ready.put(await worker.answer())


async def answers_of_the_queue(environment: Mapping[str, str], jobs: Sequence[Document], run: str) -> AsyncIterator[Document]:
    """The answers to jobs by whoever drains the queue, as they come."""
    async with Worker(environment, "queue", run) as worker:
        for job in jobs:
            await worker.ask(job)
        worker.asked_all()
        for _ in jobs:
            yield await worker.answer()


async def drained(environment: Mapping[str, str], processes: int) -> NoReturn:
    """Lets so many processes drain the queue, until one of them ends, which none does by itself. Raises Broken."""
    async with contextlib.AsyncExitStack() as running:
        workers = [await running.enter_async_context(Worker(environment, "drain")) for _ in range(processes)]
        await asyncio.wait([asyncio.create_task(each.process.wait()) for each in workers], return_when=asyncio.FIRST_COMPLETED)
        raise Broken


@contextlib.asynccontextmanager
async def _working(
    workers: Sequence[Worker], waiting: Iterator[Document], ready: asyncio.Queue[Document | Exception]
) -> AsyncIterator[None]:
    async def told(worker: Worker) -> None:
        try:
            await _work(worker, waiting, ready)
        except Exception as fault:
            await ready.put(fault)

    tasks = [asyncio.create_task(told(worker)) for worker in workers]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
