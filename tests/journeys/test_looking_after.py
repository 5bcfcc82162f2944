"""What an operator does with a running stack: the document of its routes, and what is parked."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import asyncpg
import httpx2
import pytest
from typer.testing import CliRunner

from deploy.cases.playing import play
from deploy.cli import app
from deploy.stack import Stack
from shared.bus import HttpFeed, encode_feed
from shared.identity import Keys
from tests.journeys.telling import case_of


async def fenyong(*arguments: str) -> tuple[int, str]:
    """Exit status and output of the command."""

    def run() -> tuple[int, str]:
        result = CliRunner().invoke(app, list(arguments))
        return result.exit_code, result.output

    return await asyncio.to_thread(run)


async def test_one_document_has_the_routes_of_all_services(stack: Stack) -> None:
    answer = await asyncio.to_thread(httpx2.get, f"{stack.address}/v1/openapi.json", trust_env=False)
    assert answer.status_code == 200
    assert {"/v1/people", "/v1/listings", "/v1/clients", "/v1/deals"} <= set(answer.json()["paths"])


async def test_what_is_parked_is_listed_and_driven_again(stack: Stack, tmp_path: Path) -> None:
    """An entry of the client service, as if commission's views could not have taken it in."""
    await play(case_of("A01"), stack)
    async with HttpFeed("client", f"unix:{stack.sockets['client'][0]}", headers=_secret(stack)) as feed:
        (entry,) = await feed.read(0, 1)
    row = ("client", "views", entry.position, entry.tenant, entry.stream, entry.type, "was broken", 4, encode_feed("client", [entry]))
    commission = await asyncpg.connect(stack.dsn("commission"))
    try:
        columns = "source, task, position, tenant, stream, type, reason, attempts, entry"
        await commission.execute(f"insert into parked ({columns}) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)", *row)
    finally:
        await commission.close()
    sockets = {service: [str(socket) for socket in replicas] for service, replicas in stack.sockets.items()}
    (tmp_path / "lock").write_text(json.dumps({"sockets": sockets}))
    where = ("--folder", str(tmp_path), "--keys", str(stack.keys))
    status, listed = await fenyong("parked", *where)
    assert status == 1, listed
    said = f"commission: client@{entry.position} {entry.type} of stream {entry.stream} for its views: was broken, 4 times since"
    assert said in listed
    assert await fenyong("parked", "--again", *where) == (0, "commission: 1 driven again\n")
    assert await fenyong("parked", *where) == (0, "nothing is parked\n")


def _secret(stack: Stack) -> dict[str, str]:
    return {"Authorization": f"Bearer {Keys(stack.keys).internal}"}


@pytest.mark.parametrize("at", [(), ("--at", "listing=unix:/nowhere.sock")])
async def test_where_nothing_runs_it_says_so(tmp_path: Path, at: tuple[str, ...]) -> None:
    status, _ = await fenyong("parked", "--folder", str(tmp_path), *at)
    assert status == 2
