"""How long an auditor waits for a replay, and how soon what one service recorded is in another's journal: over REST, on a whole stack."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx2

from deploy.cases.playing import Played, play
from deploy.cases.reading import read
from deploy.stack import Stack
from shared.entry import new_id

CASE = Path(__file__).parents[1] / "cases" / "A33.yaml"
REPLAYS = 200
ENTRIES = 200


async def main(postgres_dsn: str) -> None:
    """Runs on a stack of its own; the server that is given is another benchmark's."""
    del postgres_dsn
    with tempfile.TemporaryDirectory(prefix="fenyong-bench-") as folder:
        async with Stack(Path(folder), story=True) as stack, httpx2.AsyncClient(base_url=stack.address, timeout=30) as client:
            played = await play(read(CASE), stack)
            assert played.differences == (), played.differences
            print("\none whole stack, one caller, over REST          median      p99")
            await _told("replay of a settled deal", lambda: _replays(played, client))
            await _told("commit to commission's journal", lambda: _journalled(played, client))


async def _told(what: str, measure: Callable[[], Awaitable[list[float]]]) -> None:
    took_ms = sorted(1000 * s for s in await measure())
    print(f"{what:44} {statistics.median(took_ms):8.1f} ms {took_ms[int(len(took_ms) * 0.99) - 1]:8.1f} ms")


async def _replays(played: Played, client: httpx2.AsyncClient) -> list[float]:
    assert played.cast is not None, "a case that was played has a cast"
    headers = {"authorization": f"Bearer {await played.cast.token('C')}"}
    deal = (await client.get("/v1/deals", headers=headers)).json()["data"][0]["id"]
    took: list[float] = []
    for _ in range(REPLAYS):
        began = time.perf_counter()
        answer = await client.get(f"/v1/deals/{deal}/replay", headers=headers)
        took.append(time.perf_counter() - began)
        assert answer.json()["same"], "a replay is what was settled"
    return took


async def _journalled(played: Played, client: httpx2.AsyncClient) -> list[float]:
    """From the acknowledgement of an entry in the listing service to an answer of commission that has heard it."""
    assert played.cast is not None, "a case that was played has a cast"
    headers = {"authorization": f"Bearer {await played.cast.token('R')}"}
    listing = (await client.get("/v1/listings?which=all", headers=headers)).json()["data"][0]["id"]
    took: list[float] = []
    for number in range(ENTRIES):
        key = {"idempotency-key": new_id("key")}
        said = {"channel": "phone", "text": f"Spoke with the owner for the {number}th time about viewing hours"}
        written = await client.post(f"/v1/listings/{listing}:follow-up", json=said, headers=headers | key)
        assert written.status_code == 200, written.text
        began = time.perf_counter()
        heard = await client.get("/v1/deals?limit=1", headers=headers | {"fenyong-after": written.headers["fenyong-position"]})
        took.append(time.perf_counter() - began)
        assert heard.status_code == 200, heard.text
    return took
