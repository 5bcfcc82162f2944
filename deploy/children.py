"""Processes that we start: they die with us, and those that crash come back."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

_PR_SET_PDEATHSIG = 1
_PAUSE_S = 0.05
_PAUSE_S_MAX = 10.0
_STEADY_S = 5.0
_ATTEMPTS = 3


def die_with_parent(last_signal: signal.Signals, *, parent: int | None = None) -> Callable[[], None]:
    """What a child runs after the fork, so that `last_signal` reaches it when the thread that started it ends, however it ends.

    Start children from a thread that lives as long as they should: the main one. Where the system has no such signal, nothing happens.
    """
    parent = parent or os.getpid()
    libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None

    def bind() -> None:
        if libc is None:
            return
        libc.prctl(_PR_SET_PDEATHSIG, int(last_signal))
        if os.getppid() != parent:  # it died before we could ask to be told
            os._exit(1)

    return bind


class DidNotStart(Exception):
    """A server or service did not become ready; says which, and the end of its log."""

    def __init__(self, name: str, log: Path) -> None:
        super().__init__(f"{name} did not start; the end of {log}:\n{tail(log)}")


def tail(log: Path, lines: int = 20) -> str:
    """The last lines of a log file; nothing if there is none."""
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:]) if log.exists() else ""


class Process(Protocol):
    """What a child is, however it was started."""

    @property
    def pid(self) -> int: ...

    async def wait(self) -> int: ...

    def send_signal(self, number: signal.Signals, /) -> None: ...

    def kill(self) -> None: ...


Spawn = Callable[[], Awaitable[Process]]


class Child:
    """One process that is started again whenever it ends, after a pause that doubles while it does not live long, until it is stopped."""

    def __init__(
        self,
        name: str,
        spawn: Spawn,
        *,
        log: Path,
        ready: Callable[[], Awaitable[bool]],
    ) -> None:
        self.name = name
        self.log = log
        self.starts = 0
        self._spawn, self._probe = spawn, ready
        self._process: Process | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._ready = asyncio.Event()
        self._given_up = asyncio.Event()
        self._pause_s = _PAUSE_S

    @property
    def pid(self) -> int:
        assert self._process is not None, f"{self.name} is not running"
        return self._process.pid

    async def start(self, within_s: float = 60.0) -> None:
        """Returns once it is ready; DidNotStart if it ended three times before it was, or took too long."""
        self._keeper = asyncio.create_task(self._keep(), name=f"keeper of {self.name}")
        given_up = asyncio.create_task(self._given_up.wait())
        ready = asyncio.create_task(self._ready.wait())
        try:
            await asyncio.wait((given_up, ready), timeout=within_s, return_when=asyncio.FIRST_COMPLETED)
            if not ready.done():
                raise DidNotStart(self.name, self.log)
        finally:
            given_up.cancel()
            ready.cancel()

    async def ready(self, within_s: float = 60.0) -> None:
        """Waits until it is, after a crash or a kill; DidNotStart if that takes too long."""
        try:
            await asyncio.wait_for(self._ready.wait(), within_s)
        except TimeoutError:
            raise DidNotStart(self.name, self.log) from None

    async def kill(self) -> tuple[int, int]:
        """As a crash would, without farewell. Returns its number before, and after it has come back and is ready."""
        await self.ready()
        old = self.pid
        self._pause_s = _PAUSE_S
        self._ready.clear()
        os.kill(old, signal.SIGKILL)
        await self.ready()
        return old, self.pid

    async def stop(self, within_s: float = 15.0) -> int | None:
        """Asks it to finish, kills it if it takes too long; its exit status, None if it was not running."""
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)
        process, self._process = self._process, None
        if process is None:
            return None
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGTERM)
        try:
            return await asyncio.wait_for(process.wait(), within_s)
        except TimeoutError:
            process.kill()
            return await process.wait()

    async def _keep(self) -> None:
        while True:
            began = time.monotonic()
            self.starts += 1
            self._process = await self._spawn()
            probing = asyncio.create_task(self._await_ready())
            try:
                await self._process.wait()
            finally:
                probing.cancel()
            if self.starts >= _ATTEMPTS and not self._ready.is_set():
                self._given_up.set()
            self._ready.clear()
            if time.monotonic() - began > _STEADY_S:
                self._pause_s = _PAUSE_S
            await asyncio.sleep(self._pause_s)
            self._pause_s = min(self._pause_s * 2, _PAUSE_S_MAX)

    async def _await_ready(self) -> None:
        while not await self._probe():  # noqa: ASYNC110 it is another process that we wait for
            await asyncio.sleep(0.03)
        self._ready.set()


def program(command: Sequence[str], *, environment: Mapping[str, str], log: Path, folder: Path) -> Spawn:
    """Starts a program that dies with us; its output is appended to `log`."""

    async def spawn() -> Process:
        with log.open("ab") as out:
            return await asyncio.create_subprocess_exec(
                *command,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                cwd=folder,
                env=dict(environment),
                start_new_session=True,  # Ctrl-C is ours to pass on, in our order
                preexec_fn=die_with_parent(signal.SIGKILL),
            )

    return spawn
