"""Asking a stack as the people of a story that was told: each request theirs, each seeing what was said before it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import httpx2

from deploy.cases.clock import StoryClock
from deploy.cases.playing import Played, Stage
from shared.calendar import SHANGHAI
from shared.entry import new_id
from tests.journeys.telling import cast_of, posted, tenant_of, token_of


@dataclass(slots=True)
class People:
    """The people of a story, and the auditor as `auditor`, asking by name."""

    stage: Stage
    played: Played
    http: httpx2.AsyncClient
    tokens: dict[str, str] = field(default_factory=dict)

    async def post(self, who: str, path: str, body: object = None, *, language: str = "en") -> httpx2.Response:
        return await posted(self.http, self.played, await self._token(who), path, body, language=language)

    async def upload(self, who: str, path: str, content: bytes, media_type: str, *, key: str = "", **headers: str) -> httpx2.Response:
        """A file, sent once; who asks next has seen its answer."""
        after = cast_of(self.played).after
        asked = {"Authorization": f"Bearer {await self._token(who)}", "Idempotency-Key": key or new_id("key"), "Content-Type": media_type}
        answer = await self.http.post(path, content=content, headers={**asked, **headers, **after.header})
        after.told(answer.headers.get("Fenyong-Position"))
        return answer

    async def did(self, who: str, path: str, body: object = None) -> dict[str, Any]:
        """What was answered to an act that has to be done."""
        answer = await self.post(who, path, body)
        assert answer.status_code < 300, answer.text
        done: dict[str, Any] = answer.json()
        return done

    async def refused(self, who: str, path: str, body: object = None) -> tuple[int, str]:
        """Status and code of an act that has to be refused."""
        answer = await self.post(who, path, body)
        assert answer.status_code >= 400, answer.text
        return answer.status_code, answer.json()["code"]

    async def get(self, who: str, path: str, **query: str | int) -> httpx2.Response:
        headers = {"Authorization": f"Bearer {await self._token(who)}", "Accept-Language": "en", **cast_of(self.played).after.header}
        return await self.http.get(path, params={name: str(value) for name, value in query.items()}, headers=headers)

    async def read(self, who: str, path: str, **query: str | int) -> dict[str, Any]:
        answer = await self.get(who, path, **query)
        assert answer.status_code == 200, answer.text
        shown: dict[str, Any] = answer.json()
        return shown

    async def pages(self, who: str, path: str, *, limit: int, **query: str | int) -> list[list[Any]]:
        """All pages of a list, followed by their cursors to the end."""
        pages: list[list[Any]] = []
        cursor: dict[str, str] = {}
        while True:
            page = await self.read(who, path, limit=limit, **query, **cursor)
            pages.append(page["data"])
            assert page["has_more"] == (page["next_cursor"] is not None)
            if not page["has_more"]:
                return pages
            cursor = {"cursor": page["next_cursor"]}

    async def _token(self, who: str) -> str:
        if who not in self.tokens:
            company = cast_of(self.played).companies[None]
            self.tokens[who] = company.auditor if who == "auditor" else await token_of(self.stage, self.played, who)
        return self.tokens[who]


async def later(clock: StoryClock, people: People, text: str) -> None:
    """Lets it be `2024-01-02 12:00`, in Shanghai."""
    await clock.set(tenant_of(people.played), datetime.fromisoformat(text).replace(tzinfo=SHANGHAI))


@asynccontextmanager
async def people_of(stage: Stage, played: Played) -> AsyncIterator[People]:
    async with httpx2.AsyncClient(base_url=stage.address, timeout=60, trust_env=False, verify=False) as http:
        yield People(stage, played, http)
