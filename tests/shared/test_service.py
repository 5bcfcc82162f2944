"""The frame's promises, told through the doors of a toy service on a real Postgres."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx2
import pytest
from fastapi import FastAPI

from shared.entry import new_id, uuid_of
from shared.identity import OPEN, Post, keep_post
from shared.service import Service, Settings, acts_of, frame
from tests.conftest import NewDatabase
from tests.shared import toy_service


class Door:
    """A client of the toy service: who speaks is said per request."""

    def __init__(self, app: FastAPI, tenant: str) -> None:
        self.service: Service = app.state.service
        self.tenant = tenant
        self.client = httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://toy")

    def token(self, person: str, **changes: Any) -> str:
        now_s = int(time.time())
        return self.service.keys.mint(**{"sub": person, "tenant": uuid_of(self.tenant), "now_s": now_s, "lives_s": 60, **changes})

    async def hire(self, role: str = "agent", *, store: str = "S1", in_post: bool = True) -> str:
        person = new_id("psn")
        await keep_post(self.service.pool, uuid_of(self.tenant), Post(person, store=store, role=role, in_post=in_post))  # type: ignore[arg-type]
        return person

    async def post(self, path: str, by: str | None = None, body: Any = None, *, key: str | None = "", **headers: str) -> httpx2.Response:
        sent = {"authorization": f"Bearer {self.token(by)}"} if by else {}
        if key is not None:
            sent["idempotency-key"] = key or new_id("key")
        content = {"content": body} if isinstance(body, bytes) else {"json": body} if body is not None else {}
        if isinstance(body, bytes):
            sent["content-type"] = "application/json"
        return await self.client.post(
            path, headers={**sent, **{name.replace("_", "-"): value for name, value in headers.items()}}, **content
        )

    async def get(self, path: str, by: str | None = None, **headers: str) -> httpx2.Response:
        sent = {"authorization": f"Bearer {self.token(by)}"} if by else {}
        return await self.client.get(path, headers={**sent, **{name.replace("_", "-"): value for name, value in headers.items()}})

    async def positions(self) -> int:
        position: int = await self.service.pool.fetchval("select position from head")
        return position


@asynccontextmanager
async def toy(dsn: str, keys: Path, **changes: Any) -> AsyncIterator[Door]:
    settings = Settings(database=dsn, keys=keys, development=True, **changes)
    app = frame("toy", toy_service.CODEC, toy_service.compose, [toy_service.routes], settings=lambda: settings)
    async with app.router.lifespan_context(app):
        yield Door(app, new_id("cmp"))


@pytest.fixture
async def door(database: NewDatabase, tmp_path: Path) -> AsyncIterator[Door]:
    async with toy((await database("toy")).dsn, tmp_path / "keys", after_wait_s=0.05) as opened:
        yield opened


async def test_a_command_is_answered_with_id_version_and_position(door: Door) -> None:
    agent = await door.hire()
    answer = await door.post("/v1/listings", agent, {"text": "a flat"})
    assert (answer.status_code, answer.json()["version"]) == (201, 1)
    assert (answer.headers["etag"], answer.headers["fenyong-position"]) == ('"v1"', "toy=1")
    again = await door.post(f"/v1/listings/{answer.json()['id']}:follow-up", agent, {"text": "called"})
    assert again.json() == {"id": answer.json()["id"], "version": 2, "texts": ["a flat", "called"]}
