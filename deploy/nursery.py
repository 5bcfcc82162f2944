"""Service processes are forked from one that has everything imported: a start costs milliseconds, and so does a restart after a crash.

The nursery is a process of its own that imports the services and then does nothing but fork on request, one JSON line each, and tell
who ended how. Its end is the end of all its children; it ends when the program that started it does, however that ends.
"""

from __future__ import annotations

import asyncio
import atexit
import gc
import importlib
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from deploy.children import die_with_parent

PRELOADED = (
    "shared.service.__main__",
    *("uvicorn.loops.uvloop", "uvicorn.protocols.http.httptools_impl", "uvicorn.lifespan.on", "httpcore2"),  # loaded late else
    *(f"services.{name}.api" for name in ("listing", "client", "commission", "authz")),
)
KILLED = -signal.SIGKILL


class Raised:
    """A process that the nursery forked, as asyncio would show it."""

    def __init__(self, pid: int, ended: asyncio.Future[int]) -> None:
        self.pid = pid
        self._ended = ended

    async def wait(self) -> int:
        """Its exit status, negative for a signal, once it has ended."""
        return await asyncio.shield(self._ended)

    def send_signal(self, number: signal.Signals) -> None:
        if self._ended.done():
            raise ProcessLookupError(self.pid)
        os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


class Nursery:
    """The one nursery of this program, started when first asked."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None
        self._lock = threading.Lock()
        self._asked: dict[int, tuple[asyncio.AbstractEventLoop, asyncio.Future[int]]] = {}
        self._waited: dict[int, tuple[asyncio.AbstractEventLoop, asyncio.Future[int]]] = {}
        self._ended: dict[int, int] = {}
        self._number = 0

    async def raise_one(self, app: str, options: Sequence[str], environment: Mapping[str, str], log: Path, folder: Path) -> Raised:
        """Forks `python -m shared.service APP OPTIONS` with this environment; its output is appended to `log`."""
        loop = asyncio.get_running_loop()
        born: asyncio.Future[int] = loop.create_future()
        ended: asyncio.Future[int] = loop.create_future()
        asked = {"app": app, "options": list(options), "environment": dict(environment), "log": str(log), "folder": str(folder)}
        with self._lock:
            process = self._running()
            self._number += 1
            self._asked[self._number] = (loop, born)
            assert process.stdin is not None, "the nursery is asked through its standard input"
            process.stdin.write(json.dumps({"number": self._number, **asked}) + "\n")
            process.stdin.flush()
        pid = await born
        if pid == KILLED:
            raise RuntimeError("the nursery ended before it could fork")
        with self._lock:
            if pid in self._ended:
                ended.set_result(self._ended.pop(pid))
            else:
                self._waited[pid] = (loop, ended)
        return Raised(pid, ended)

    def _running(self) -> subprocess.Popen[str]:
        if self._process is None or self._process.poll() is not None:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "deploy.nursery"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                cwd=Path(__file__).parent.parent,
                start_new_session=True,
                preexec_fn=die_with_parent(signal.SIGKILL),
            )
            threading.Thread(target=self._listen, args=(self._process.stdout,), daemon=True).start()
            atexit.register(self._process.kill)
        return self._process

    def _listen(self, answers: IO[str]) -> None:
        for line in answers:
            told = json.loads(line)
            with self._lock:
                if "number" in told:
                    _tell(*self._asked.pop(told["number"]), told["pid"])
                elif told["ended"] in self._waited:
                    _tell(*self._waited.pop(told["ended"]), told["status"])
                else:
                    self._ended[told["ended"]] = told["status"]
        with self._lock:  # it has ended, and all its children with it
            for loop, future in (*self._asked.values(), *self._waited.values()):
                _tell(loop, future, KILLED)
            self._asked.clear()
            self._waited.clear()


def _tell(loop: asyncio.AbstractEventLoop, future: asyncio.Future[int], value: int) -> None:
    if not loop.is_closed():
        loop.call_soon_threadsafe(_set, future, value)


def _set(future: asyncio.Future[int], value: int) -> None:
    if not future.done():
        future.set_result(value)


NURSERY = Nursery()


# In the nursery's own process


def main() -> None:
    for module in PRELOADED:
        importlib.import_module(module)
    gc.freeze()
    answers, lock = sys.stdout, threading.Lock()

    def tell(**told: int) -> None:
        with lock:
            answers.write(json.dumps(told) + "\n")
            answers.flush()

    for line in sys.stdin:
        asked = json.loads(line)
        with lock:  # so that a child does not inherit half a line
            pid = os.fork()
        if pid == 0:
            _become(asked)
        tell(number=asked["number"], pid=pid)
        threading.Thread(target=_await_end, args=(pid, tell), daemon=True).start()


def _await_end(pid: int, tell: Callable[..., None]) -> None:
    tell(ended=pid, status=os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))


def _become(asked: dict[str, Any]) -> None:
    """A service, in a session of its own: Ctrl-C is for whoever runs it to pass on, in order."""
    os.setsid()
    die_with_parent_of_fork()
    os.chdir(asked["folder"])
    out = os.open(asked["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for stream in (1, 2):
        os.dup2(out, stream)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.environ.clear()
    os.environ.update(asked["environment"])
    sys.argv = ["shared.service", asked["app"], *asked["options"]]
    sys.stdout, sys.stderr = os.fdopen(1, "w", buffering=1), os.fdopen(2, "w", buffering=1)
    status = 1
    try:
        importlib.import_module("shared.service.__main__").main()
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def die_with_parent_of_fork() -> None:
    """The same bond as `die_with_parent`, made by the child itself: the nursery is its parent."""
    die_with_parent(signal.SIGKILL, parent=os.getppid())()


if __name__ == "__main__":
    main()
