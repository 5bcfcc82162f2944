"""Requests as a real client sends them: with a key that outlives a retry, and with all positions seen so far."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from time import monotonic
from types import TracebackType
from typing import Any, Self

import httpx2
import msgspec

from shared.entry import new_id

PATIENCE_S = 90.0
"""For how long one request is sent again while the service is away or has not yet heard what it must."""

_AWAY = frozenset((502, 503, 504))
_UNASKED_PAUSE_S = 0.2
_LONGEST_PAUSE_S = 5.0
_ENCODER = msgspec.json.Encoder(decimal_format="number")


class NoAnswer(Exception):
    """Nobody answered within PATIENCE_S; says what was asked last and what came of it."""


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: Any
    etag: str | None

    @property
    def done(self) -> bool:
        return self.status < 300

    @property
    def code(self) -> str | None:
        """The stable code of a problem."""
        return self.body.get("code") if isinstance(self.body, dict) and not self.done else None

    def __str__(self) -> str:
        if self.done:
            return f"{self.status}"
        if self.code is None:
            return f"{self.status} without a code"
        rule = self.body.get("rule") or {}
        by = f" by {rule['clause']}" if rule.get("clause") else ""
        return f"{self.status} {self.code}{by}: {self.body.get('detail', '')}{self._places()}"

    def _places(self) -> str:
        """Where a malformed body was wrong."""
        errors = self.body.get("errors") or []
        return "".join(f" [{error.get('pointer')}: {error.get('code')}]" for error in errors if isinstance(error, dict))


@dataclass(slots=True)
class Positions:
    """The last position seen of each service: what Fenyong-After says and Fenyong-Position tells."""

    seen: dict[str, int] = field(default_factory=dict)

    def told(self, header: str | None) -> None:
        for part in (header or "").split(","):
            service, _, position = part.strip().partition("=")
            if position.isdecimal():
                self.seen[service] = max(self.seen.get(service, 0), int(position))

    @property
    def header(self) -> dict[str, str]:
        return {"Fenyong-After": ", ".join(f"{service}={position}" for service, position in sorted(self.seen.items()))} if self.seen else {}


class Wire:
    """The way to one address. A request that was cut off or put off is sent again under the same key."""

    def __init__(self, address: str, *, patience_s: float = PATIENCE_S) -> None:
        encrypted = address.startswith("https:")  # else there is nothing to verify, and reading the system's certificates takes its time
        headers = {"Accept-Language": "en"}
        self._client = httpx2.AsyncClient(base_url=address, timeout=30.0, headers=headers, trust_env=False, verify=encrypted)
        self._patience_s = patience_s

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self._client.aclose()

    async def post(self, path: str, body: object, *, token: str | None, after: Positions) -> Answer:
        headers = {"Idempotency-Key": new_id("evt"), "Content-Type": "application/json"}
        return await self._send("POST", path, token=token, after=after, headers=headers, content=_ENCODER.encode(body))

    async def get(self, path: str, *, token: str | None, after: Positions, query: Mapping[str, str | list[str]] | None = None) -> Answer:
        return await self._send("GET", path, token=token, after=after, headers={}, query=query)

    async def get_when(
        self, path: str, is_there: Callable[[Answer], bool], *, within_s: float, token: str | None, after: Positions
    ) -> Answer:
        """Asks again until the answer is what is waited for, or as it is when the time is up: for what no position announces."""
        until = monotonic() + within_s
        while True:
            answer = await self.get(path, token=token, after=after)
            if is_there(answer) or monotonic() > until:
                return answer
            await asyncio.sleep(_UNASKED_PAUSE_S)

    async def _send(
        self,
        method: str,
        path: str,
        *,
        token: str | None,
        after: Positions,
        headers: Mapping[str, str],
        content: bytes | None = None,
        query: Mapping[str, str | list[str]] | None = None,
    ) -> Answer:
        """The first answer that is neither a service's absence nor its wish to be asked again; pauses as answers ask for."""
        until = monotonic() + self._patience_s
        bearer = {"Authorization": f"Bearer {token}"} if token else {}
        while True:
            try:
                reply = await self._client.request(
                    method, path, headers={**headers, **bearer, **after.header}, content=content, params=dict(query or {})
                )
                pause_s, missed = _pause_asked_s(reply), f"{reply.status_code} {reply.text[:300]}"
            except httpx2.TransportError as error:
                pause_s, missed = _UNASKED_PAUSE_S, type(error).__name__
            else:
                if pause_s is None:
                    after.told(reply.headers.get("Fenyong-Position"))
                    return Answer(reply.status_code, _body(reply), reply.headers.get("ETag"))
            if monotonic() + pause_s > until:
                raise NoAnswer(f"{method} {path}: no answer within {self._patience_s:.0f} s, last {missed}")
            await asyncio.sleep(pause_s)


def _pause_asked_s(reply: httpx2.Response) -> float | None:
    """For how long to wait before sending again; None if this is the answer. Without Retry-After an absent service gets a moment."""
    asked = reply.headers.get("Retry-After", "")
    if asked.isdecimal() and (reply.status_code in _AWAY or reply.status_code in (409, 429)):
        return min(max(float(asked), _UNASKED_PAUSE_S), _LONGEST_PAUSE_S)
    return _UNASKED_PAUSE_S if reply.status_code in _AWAY else None


def _body(reply: httpx2.Response) -> Any:
    try:
        return msgspec.json.decode(reply.content) if reply.content else None
    except ValueError:
        return reply.text[:300]
