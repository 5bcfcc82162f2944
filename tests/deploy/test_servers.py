"""Our own servers are real ones, with honest settings, and end with us."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import asyncpg
import nats as nats_client
import pytest

from deploy.servers import Nats, Postgres, free_port, short_folder
from tests.deploy.endings import ended


async def test_postgres_syncs_every_commit_and_checks_its_pages(postgres: Postgres) -> None:
    connection = await asyncpg.connect(postgres.dsn())
    try:
        for setting in ("fsync", "synchronous_commit", "full_page_writes", "data_checksums"):
            assert await connection.fetchval(f"show {setting}") == "on"
        assert await connection.fetchval("show listen_addresses") == ""
    finally:
        await connection.close()


async def test_what_was_committed_outlives_a_kill(tmp_path: Path) -> None:
    server = Postgres(tmp_path / "postgres")
    server.start()
    try:
        connection = await asyncpg.connect(server.dsn())
        await connection.execute("create table kept as select 42 as answer")
        server.kill()
        connection.terminate()
        server.start()
        connection = await asyncpg.connect(server.dsn())
        assert await connection.fetchval("select answer from kept") == 42
        await connection.close()
    finally:
        server.stop()


async def test_nats_keeps_its_address_over_a_restart_and_forgets_when_wiped(tmp_path: Path) -> None:
    server = Nats(tmp_path / "nats")
    server.start()
    try:
        url = server.url
        client = await nats_client.connect(url)
        await client.jetstream().add_stream(name="KEPT", subjects=["kept.>"])
        await client.jetstream().publish("kept.one", b"1")
        await client.close()
        server.kill()
        server.start()
        assert await _messages(server.url) == {"KEPT": 1}
        server.stop()
        server.wipe()
        server.start()
        assert server.url == url
        assert await _messages(server.url) == {}
    finally:
        server.stop()


async def _messages(url: str) -> dict[str, int]:
    client = await nats_client.connect(url)
    try:
        return {str(stream.config.name): stream.state.messages for stream in await client.jetstream().streams_info()}
    finally:
        await client.close()


async def test_without_the_password_nats_lets_nobody_in(nats: Nats) -> None:
    with pytest.raises(nats_client.errors.Error):
        await nats_client.connect("nats://" + nats.url.rpartition("@")[2], allow_reconnect=False, error_cb=_ignored)


async def _ignored(error: Exception) -> None:
    """The refusal reaches us as the exception of connect."""


def test_a_long_path_gets_a_short_socket_folder(tmp_path: Path) -> None:
    assert short_folder(tmp_path / "near").parent == tmp_path
    far = short_folder(tmp_path / ("far" * 40))
    assert len(str(far)) < 80
    far.rmdir()


async def test_a_killed_postgres_comes_back_under_its_address_however_far_its_folder_lies(tmp_path: Path) -> None:
    with Postgres(tmp_path / ("far" * 40)) as server:
        address = server.dsn()
        server.kill()
        server.start()
        assert server.dsn() == address
        connection = await asyncpg.connect(address)
        assert await connection.fetchval("select 1") == 1
        await connection.close()


async def test_a_killed_owner_leaves_no_server_behind(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from deploy.servers import Nats, Postgres\n"
        "servers = [Postgres(Path(sys.argv[1]) / 'p'), Nats(Path(sys.argv[1]) / 'n')]\n"
        "for server in servers: server.start()\n"
        "print(*[server.pid for server in servers], flush=True); input()"
    )
    owner = subprocess.Popen([sys.executable, "-c", program, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert owner.stdout is not None
    ends = [ended(int(pid)) for pid in owner.stdout.readline().split()]
    assert len(ends) == 2
    owner.send_signal(signal.SIGKILL)
    owner.communicate()
    async with asyncio.timeout(20):
        await asyncio.gather(*ends)


def test_the_servers_hold_on_to_nothing_of_ours(postgres: Postgres) -> None:
    assert os.getsid(postgres.pid) == postgres.pid, "Ctrl-C at our terminal would reach the server before us"


def test_a_free_port_is_none_that_connections_going_out_are_given() -> None:
    """Or one of those could hold it by chance when a server comes back."""
    given = Path("/proc/sys/net/ipv4/ip_local_port_range")
    lowest = int(given.read_text().split()[0]) if given.exists() else 32768
    if lowest < 10_100:
        pytest.skip("this system gives connections any port")
    ports = [free_port() for _ in range(20)]
    assert max(ports) < lowest
    for port in ports:
        with socket.create_server(("127.0.0.1", port)):
            pass
