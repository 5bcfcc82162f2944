"""The stack as tests and cases use it: one address, kills that are survived, a broker that can be taken away. Services are stand-ins."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator

import asyncpg
import httpx2
import pytest

from deploy.stack import Stack
from tests.deploy.endings import ended
from tests.deploy.standin import APPS
from tests.stacks import NewStack


@pytest.fixture(scope="module")
async def lines() -> asyncio.Queue[str]:
    return asyncio.Queue()


@pytest.fixture(scope="module")
async def stack(tmp_path_factory: pytest.TempPathFactory, new_stack: NewStack, lines: asyncio.Queue[str]) -> AsyncIterator[Stack]:
    async with new_stack(tmp_path_factory.mktemp("stack"), replicas=2, apps=APPS, say=lines.put_nowait) as running:
        yield running


@pytest.fixture
async def api(stack: Stack) -> AsyncIterator[httpx2.AsyncClient]:
    async with httpx2.AsyncClient(base_url=stack.address, timeout=30, trust_env=False) as client:
        yield client


async def test_every_service_answers_at_the_one_address_and_nothing_inside_does(api: httpx2.AsyncClient) -> None:
    for path, service in {
        "/v1/listings/1": "listing",
        "/v1/clients": "client",
        "/v1/deals:sign": "commission",
        "/v1/people": "authz",
    }.items():
        assert (await api.get(path)).json()["service"] == service
    for path in ("/internal/secret", "/v1/people/../../internal/secret", "/readyz"):
        answer = await api.get(path)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
        assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("path", ["/v1/people/%00", "/v1/listings/%00:follow-up", "/%00"])
async def test_a_nul_in_a_path_names_nothing(stack: Stack, path: str) -> None:
    """Sent as it is: a client would not send it so."""
    reader, writer = await asyncio.open_connection("127.0.0.1", stack.port)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: fenyong\r\nConnection: close\r\n\r\n".encode())
    head, _, body = (await reader.read()).partition(b"\r\n\r\n")
    writer.close()
    assert (head.split()[1], json.loads(body)["code"], json.loads(body)["status"]) == (b"404", "not_found", 404)


async def test_both_replicas_answer(stack: Stack, api: httpx2.AsyncClient) -> None:
    pids = {(await api.get("/v1/deals")).json()["pid"] for _ in range(50)}
    assert pids == {stack.pid("commission", 1), stack.pid("commission", 2)}


async def test_a_request_waits_while_its_service_comes_back(stack: Stack, api: httpx2.AsyncClient) -> None:
    gone = [ended(stack.pid("listing", replica)) for replica in (1, 2)]
    kills = [asyncio.create_task(stack.kill("listing", replica)) for replica in (1, 2)]
    await asyncio.gather(*gone)
    answer = await api.post("/v1/listings", content="kept")
    pids = [await kill for kill in kills]
    assert answer.json()["body"] == "kept"
    assert all(old != new for old, new in pids)
    assert answer.json()["pid"] in [new for _, new in pids]


async def test_nats_goes_and_comes_back_at_its_address_with_nothing_in_it(stack: Stack) -> None:
    assert stack.nats
    before = stack.nats.url
    stack.stop_nats(wipe=True)
    stack.start_nats()
    assert stack.nats.url == before
    assert not list(stack.nats.folder.glob("store/jetstream/*/streams/*"))


async def test_a_postgres_that_crashed_is_started_again(stack: Stack, lines: asyncio.Queue[str]) -> None:
    assert stack.postgres
    os.kill(stack.postgres.pid, signal.SIGKILL)
    async with asyncio.timeout(30):
        while "postgres ended by itself" not in await lines.get():
            pass
    connection = await asyncpg.connect(stack.dsn("listing"))
    assert await connection.fetchval("select to_regprocedure('set_story_clock(uuid, timestamptz)') is not null")
    await connection.close()
