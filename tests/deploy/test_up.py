"""`fenyong up`: says what it does, steps round a taken port, stops in order, and leaves nothing behind however it ends."""

from __future__ import annotations

import asyncio
import signal
import socket
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from deploy.servers import Postgres, free_port
from tests.deploy.endings import children_of, ended

Up = Callable[..., Awaitable[Process]]


@pytest.fixture
async def up(tmp_path: Path, cluster: Postgres) -> AsyncIterator[Up]:
    """Starts one in this test's folder, where databases are already."""
    started: list[Process] = []
    Postgres(tmp_path / "data" / "postgres").begin_as(cluster)

    async def start(port: int = 0) -> Process:
        command = [sys.executable, "-m", "tests.deploy.up_standin", str(tmp_path / "data"), str(port or free_port())]
        started.append(await asyncio.create_subprocess_exec(*command, stdout=PIPE, start_new_session=True))
        return started[-1]

    yield start
    for process in started:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def said(process: Process, what: str) -> str:
    """The first line that says this; fails if it ends without."""
    assert process.stdout
    async with asyncio.timeout(60):
        heard = []
        while line := (await process.stdout.readline()).decode():
            heard.append(line)
            if what in line:
                return line
    raise AssertionError(f"never said {what!r} but {''.join(heard)}")


async def test_a_taken_port_is_stepped_round_a_second_one_says_so_and_ctrl_c_ends_it_with_0(up: Up) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        first = await up(port)
        assert f"port {port} is taken" in await said(first, "taken")
        address = (await said(first, "runs at")).split()[-1]
        assert not address.endswith(f":{port}")
        second = await up(port)
        assert address in await said(second, "running already")
        assert await second.wait() == 1
        ends = [ended(pid) for pid in children_of(first.pid)]
        assert len(ends) == 8, "Postgres, NATS, the nursery with its four services, and the front"
        first.send_signal(signal.SIGINT)
        await said(first, "stopped")
        assert await first.wait() == 0
        async with asyncio.timeout(5):
            await asyncio.gather(*ends)


async def test_a_killed_one_leaves_nothing_behind_and_the_next_starts_in_its_place(up: Up) -> None:
    first = await up()
    await said(first, "runs at")
    ends = [ended(pid) for pid in children_of(first.pid)]
    first.kill()
    async with asyncio.timeout(20):
        await asyncio.gather(*ends)
    await said(await up(), "runs at")


async def test_ctrl_c_while_it_starts_ends_it_with_0_too(up: Up) -> None:
    process = await up()
    await said(process, "starting PostgreSQL")
    assert "starting already" in await said(await up(), "already")
    process.send_signal(signal.SIGINT)
    assert await process.wait() == 0
    assert children_of(process.pid) == set()
