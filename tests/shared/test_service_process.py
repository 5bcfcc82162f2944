"""The frame in a process of its own, as it runs: uvicorn on a Unix socket."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import sys
import tempfile
import time
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import httpx2
import pytest

from shared.entry import new_id, uuid_of
from shared.identity import Keys, Post, keep_post, make_keys
from shared.service import PeerAway, Peers
from tests.databases import Database, NewDatabase


class Running:
    def __init__(self, process: Process, path: Path, keys: Keys, database: Database, log: Path) -> None:
        self.process, self.path, self.keys, self.database, self.log = process, path, keys, database, log
        self.client = httpx2.AsyncClient(transport=httpx2.AsyncHTTPTransport(uds=str(path), verify=False), base_url="http://toy")

    async def ready(self) -> None:
        deadline_s = time.monotonic() + 60
        while True:
            with contextlib.suppress(httpx2.TransportError):
                if (await self.client.get("/readyz")).status_code == 200:
                    return
            assert time.monotonic() < deadline_s, self.log.read_text()
            assert self.process.returncode is None, self.log.read_text()
            await asyncio.sleep(0.05)

    def lines(self) -> list[dict[str, object]]:
        return [json.loads(line) for line in self.log.read_text().splitlines()]


@pytest.fixture
async def running(database: NewDatabase, tmp_path: Path) -> AsyncIterator[Running]:
    own = await database("toy")
    make_keys(tmp_path / "keys")
    with tempfile.TemporaryDirectory(prefix="toy") as short:
        path, log = Path(short) / "s", tmp_path / "log"
        with log.open("wb") as written:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "shared.service", "tests.shared.toy_service:app", "--uds", str(path),
                stdout=written, stderr=written, env={**os.environ, "FENYONG_DATABASE": own.dsn, "FENYONG_KEYS": str(tmp_path / "keys")},
            )  # fmt: skip
        one = Running(process, path, Keys(tmp_path / "keys"), own, log)
        try:
            await one.ready()
            yield one
        finally:
            await one.client.aclose()
            if process.returncode is None:
                process.kill()
            await process.wait()


def head(path: str, *headers: str) -> bytes:
    return "\r\n".join((f"POST {path} HTTP/1.1", "Host: toy", *headers, "", "")).encode()


async def answered(path: Path, sent: bytes) -> bytes:
    """What comes back on a connection of its own until it is closed, or cut off because we still had more to say; at most five seconds."""
    return await asyncio.to_thread(_answered, path, sent)


def _answered(path: Path, sent: bytes) -> bytes:
    answer = b""
    with socket.socket(socket.AF_UNIX) as connection, contextlib.suppress(ConnectionError):
        connection.settimeout(5)
        connection.connect(str(path))
        with contextlib.suppress(ConnectionError):
            connection.sendall(sent)
        while more := connection.recv(65_536):
            answer += more
    return answer


async def test_a_body_that_is_too_large_is_refused_before_it_has_come(running: Running) -> None:
    tenant, person = new_id("cmp"), new_id("psn")
    connection = await asyncpg.connect(running.database.dsn)
    await keep_post(connection, uuid_of(tenant), Post(person))
    await connection.close()
    token = running.keys.mint(sub=person, tenant=uuid_of(tenant), now_s=int(time.time()), lives_s=60)
    common = (f"Authorization: Bearer {token}", "Idempotency-Key: k", "Content-Type: application/json")
    announced = await answered(running.path, head("/v1/listings", *common, "Content-Length: 20000000") + b"{")
    chunks = b"".join(b"%x\r\n%s\r\n" % (65_536, b" " * 65_536) for _ in range(20))
    streamed = await answered(running.path, head("/v1/listings", *common, "Transfer-Encoding: chunked") + chunks)
    assert [answer.split(b" ")[1] for answer in (announced, streamed)] == [b"413", b"413"]
    assert (await running.client.get("/livez")).status_code == 200


async def test_raw_bytes_in_a_request_never_break_it(running: Running) -> None:
    sent = [
        b"GET /v1/listings/\xff\xfe HTTP/1.1\r\nHost: toy\r\nConnection: close\r\n\r\n",
        b"GET /v1/listings/%ff%00 HTTP/1.1\r\nHost: toy\r\nConnection: close\r\n\r\n",
        b"GET /v1/listings HTTP/1.1\r\nHost: toy\r\nAuthorization: Bearer \xff\r\nConnection: close\r\n\r\n",
        b"GET /v1/listings HTTP/1.1\r\nHost: toy\r\nAccept-Language: \xff\xfe;q=\xff\r\nX-Request-Id: \xff\r\nConnection: close\r\n\r\n",
        b"nonsense\r\n\r\n",
    ]
    for request in sent:
        status = (await answered(running.path, request)).split(b" ")[1]
        assert status.startswith(b"4"), request


async def test_who_has_an_answer_finds_its_line_in_the_log(running: Running) -> None:
    for place in range(50):
        answer = await running.client.get("/v1/listings", headers={"X-Request-Id": f"asked-{place}"})
        assert answer.headers["x-request-id"] == f"asked-{place}"
        assert f"asked-{place}" in [line.get("request_id") for line in running.lines()]


async def test_its_peers_find_it_on_its_socket(running: Running) -> None:
    peers = Peers({"toy": f"unix:{running.path}", "gone": f"unix:{running.path}x"}, running.keys)
    try:
        assert await peers.feed("toy").read(0, 10) == []
        standing = await peers.standing("toy", uuid_of(new_id("cmp")), datetime.now(UTC))
        assert (standing.service, standing.position, standing.heard) == ("toy", 0, {"toy": 0})
        with pytest.raises(PeerAway):
            await peers.get("gone", "/internal/standing")
        with pytest.raises(PeerAway):
            await peers.get("toy", "/nowhere")
    finally:
        await peers.close()


async def test_it_stops_when_told_to_having_answered_what_it_took(running: Running) -> None:
    began = await asyncio.gather(*(running.client.get("/livez") for _ in range(20)))
    running.process.send_signal(signal.SIGTERM)
    code = await asyncio.wait_for(running.process.wait(), 10)
    assert {answer.status_code for answer in began} == {200}
    assert code == 0
    lines = running.lines()
    assert lines[-1]["event"] in ("stopped", "Application shutdown complete.", f"Finished server process [{running.process.pid}]")
    assert sum(line["event"] == "request" and line["path"] == "/livez" for line in lines) == 20
    assert all({"event", "level", "timestamp", "service", "replica"} <= set(line) for line in lines)
