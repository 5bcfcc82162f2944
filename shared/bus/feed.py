"""A source's log over HTTP: `GET /internal/feed?after=&limit=`, asked of the service that owns it."""

from __future__ import annotations

from collections.abc import Mapping

import httpx2

from shared.bus.message import FEED_MEDIA_TYPE, decode_feed
from shared.entry import Entry

FEED_PATH = "/internal/feed"


class FeedAway(Exception):
    """The source does not answer, or not with a page of its own."""


def peer_client(base_url: str, *, headers: Mapping[str, str] | None = None, timeout_s: float = 5.0) -> httpx2.AsyncClient:
    """A client for another service of ours at `http://host:port` or `unix:/path/of.sock`."""
    socket = base_url.removeprefix("unix:") if base_url.startswith("unix:") else None
    encrypted = base_url.startswith("https:")  # else there is nothing to verify, and reading the system's certificates takes its time
    return httpx2.AsyncClient(
        base_url="http://service" if socket else base_url,
        transport=httpx2.AsyncHTTPTransport(uds=socket, verify=encrypted),
        headers=dict(headers or {}),
        timeout=timeout_s,
        trust_env=False,
    )


class HttpFeed:
    """`read` is what a Hearing takes as its feed. Close it with `close` or as a context."""

    def __init__(self, source: str, base_url: str, *, headers: Mapping[str, str] | None = None) -> None:
        self._source = source
        self._client = peer_client(base_url, headers={"Accept": FEED_MEDIA_TYPE, **(headers or {})})

    async def read(self, after: int, limit: int) -> list[Entry]:
        """At most `limit` entries after position `after`; raises FeedAway."""
        try:
            answer = await self._client.get(FEED_PATH, params={"after": after, "limit": limit})
            answer.raise_for_status()
            entries = decode_feed(answer.content)
        except (httpx2.HTTPError, OSError, ValueError) as error:
            raise FeedAway(repr(error)) from error
        if any(entry.service != self._source for entry in entries):
            raise FeedAway(f"{self._source} answered as another service")
        return entries

    async def close(self) -> None:
        await self._client.aclose()

    async def __aenter__(self) -> HttpFeed:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()
