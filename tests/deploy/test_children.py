"""A child that ends comes back; one that never gets ready is said, with the end of its log."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import pytest

from deploy.children import Child, DidNotStart, program

COUNTS = (
    "import pathlib, sys, signal; p = pathlib.Path(sys.argv[1]); p.write_text(p.read_text() + '+' if p.exists() else '+'); signal.pause()"
)


def child(folder: Path, says: str, *, ready_at: str = "+") -> Child:
    seen = folder / "seen"

    async def ready() -> bool:
        return seen.exists() and seen.read_text() >= ready_at

    command = [sys.executable, "-c", says, str(seen)]
    log = folder / "toy.log"
    return Child("toy", program(command, environment=os.environ, log=log, folder=folder), log=log, ready=ready)


async def test_a_killed_child_comes_back_under_another_number(tmp_path: Path) -> None:
    one = child(tmp_path, COUNTS)
    await one.start()
    try:
        old, new = await one.kill()
        assert old != new == one.pid
        assert one.starts == 2
    finally:
        assert await one.stop() == -signal.SIGTERM


async def test_one_that_fails_at_first_is_tried_again(tmp_path: Path) -> None:
    one = child(tmp_path, COUNTS.replace("signal.pause()", "len(p.read_text()) < 2 and sys.exit(1); signal.pause()"), ready_at="++")
    await one.start()
    assert one.starts == 2
    await one.stop()


async def test_one_that_never_starts_is_said_with_its_last_words(tmp_path: Path) -> None:
    one = child(tmp_path, "print('no such database'); raise SystemExit(3)")
    with pytest.raises(DidNotStart, match=r"(?s)toy did not start.*no such database"):
        await one.start()
    await one.stop()
