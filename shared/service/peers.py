"""Calling the other services: on a Unix socket or by HTTP, with the services' own secret, with time-outs, retried while reading."""

import asyncio
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import httpx2
import msgspec

from shared.bus.feed import HttpFeed, peer_client
from shared.entry import id_of
from shared.identity import Keys

TIMEOUT_S: Final = 10.0
ATTEMPTS: Final = 3
RETRY_AFTER_S: Final = 0.05
_AGAIN: Final = frozenset((502, 503, 504))


class PeerAway(OSError):
    """A service could not be reached, or had no answer, however often it was asked."""


class Standing(msgspec.Struct, frozen=True):
    """`position` is the tenant's last one recorded at or before `at` in the service's log, `instant` what time it is there now. If `at`
    lies before `instant`, nothing can still be recorded at or before it. `heard` is what the service had heard before that was read."""

    service: str
    tenant: str
    at: datetime
    position: int
    instant: datetime
    heard: dict[str, int]


class Peers:
    """The other services by name; a connection to each is kept open."""

    def __init__(self, addresses: Mapping[str, str], keys: Keys) -> None:
        self._addresses, self._keys = dict(addresses), keys
        self._clients: dict[str, httpx2.AsyncClient] = {}
        self._feeds: list[HttpFeed] = []

    @property
    def names(self) -> tuple[str, ...]:
        """The services whose addresses are known."""
        return tuple(sorted(self._addresses))

    async def get(self, service: str, path: str, **parameters: str | int) -> bytes:
        """The body of a 200. Reading has no effect, so it is tried three times; PeerAway if that was in vain."""
        response = await self._asked(service, "GET", path, params=parameters)
        if response.status_code != 200:
            raise PeerAway(f"{service} {path}: {response.status_code}")
        return response.content

    async def contact(self, tenant: UUID, phone: str, name: str | None = None) -> str | None:
        """The vault's reference for a phone in a company, equal for equal numbers; None: this is no phone. PeerAway if not to be had."""
        asked = {"tenant": id_of("cmp", tenant), "phone": phone, "name": name}
        response = await self._asked("authz", "POST", "/internal/contacts", json=asked)
        if response.status_code == 422:
            return None
        if response.status_code != 200:
            raise PeerAway(f"authz /internal/contacts: {response.status_code}")
        return str(response.json()["contact"])

    async def _asked(self, service: str, method: str, path: str, **how: Any) -> httpx2.Response:
        """The answer to what has the same effect however often it is asked; PeerAway if three times nobody answered."""
        response: httpx2.Response | None = None
        cause: Exception | None = None
        for attempt in range(ATTEMPTS):
            if attempt:
                await asyncio.sleep(RETRY_AFTER_S * 2**attempt)
            try:
                response = await self._client(service).request(method, path, **how)
            except (httpx2.TransportError, FileNotFoundError) as error:
                cause = error
                continue
            if response.status_code not in _AGAIN:
                return response
        raise PeerAway(f"{service} {path}: {'no answer' if response is None else response.status_code}") from cause

    def feed(self, service: str) -> HttpFeed:
        """What a Hearing pulls with: `peers.feed("listing").read`. Closed with the peers."""
        feed = HttpFeed(service, self._address(service), headers=self._headers())
        self._feeds.append(feed)
        return feed

    async def standing(self, service: str, tenant: UUID, at: datetime | None = None) -> Standing:
        """How far that service's log was at an instant (None: is now), asked of itself. PeerAway if it does not answer."""
        when = {} if at is None else {"at": at.isoformat()}
        answer = await self.get(service, "/internal/standing", tenant=id_of("cmp", tenant), **when)
        return msgspec.json.decode(answer, type=Standing)

    async def close(self) -> None:
        for client in self._clients.values():
            await client.aclose()
        for feed in self._feeds:
            await feed.close()

    def _client(self, service: str) -> httpx2.AsyncClient:
        if service not in self._clients:
            self._clients[service] = peer_client(self._address(service), headers=self._headers(), timeout_s=TIMEOUT_S)
        return self._clients[service]

    def _address(self, service: str) -> str:
        address = self._addresses.get(service)
        assert address is not None, f"no address of the service {service} is configured (FENYONG_PEERS)"
        return address

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._keys.internal}"}
