"""A deal is settled on all that was recorded up to its closing, or waits for it: a service that is away holds up nothing but settling."""

from __future__ import annotations

import os
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Any

import httpx2
import pytest

from deploy.cases.clock import StoryClock
from deploy.cases.playing import Played, play
from deploy.stack import Stack
from shared.entry import new_id
from tests.journeys.elsewhere import another_commission
from tests.journeys.telling import Auditor, auditing, before, case_of, cast_of, posted, streams_with, tenant_of, token_of

PATIENCE_S = 2.0
ANSWERED_WITHIN_S = 5 * PATIENCE_S


@contextmanager
def away(pid: int) -> Iterator[None]:
    """The process is there and does nothing: no answer, no farewell, no news."""
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


@pytest.fixture(scope="module")
async def impatient(
    stack: Stack, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> AsyncIterator[httpx2.AsyncClient]:
    """A process of the commission service that waits for evidence only briefly. How far others are it hears from NATS, or asks them."""
    assert stack.nats
    hears = {"FENYONG_NATS": stack.nats.url, "FENYONG_PULL": "false"} if request.param == "broker" else {}
    folder = tmp_path_factory.mktemp(f"impatient-{request.param}")
    async with another_commission(stack, folder, environment={"FENYONG_EVIDENCE_WAIT_S": str(PATIENCE_S), **hears}) as process:
        yield process


@pytest.mark.parametrize(
    ("impatient", "source"),
    [
        ("broker", "listing"),
        pytest.param("broker", "client", marks=pytest.mark.fault),
        pytest.param("broker", "authz", marks=pytest.mark.fault),
        ("pull", "client"),
        pytest.param("pull", "listing", marks=pytest.mark.fault),
        pytest.param("pull", "authz", marks=pytest.mark.fault),
    ],
    indirect=["impatient"],
)
async def test_a_deal_settled_while_a_source_is_away_says_for_whom_it_waits_and_is_settled_by_itself_when_it_is_back(
    stack: Stack, clock: StoryClock, impatient: httpx2.AsyncClient, source: str
) -> None:
    """A33: two closers, a key and an odd fee. Report and settlement come while the source sleeps."""
    case = case_of("A33")
    *_, report, settle = case.story
    played = await play(before(case, "deal.report"), stack, clock=clock)
    closer, manager = [await token_of(stack, played, str(step.by)) for step in (report, settle)]
    deal = f"/v1/deals/{new_id('dea')}"
    async with auditing(stack, played) as auditor:
        await _all_is_heard(auditor)
        with away(stack.pid(source)):
            await clock.set(tenant_of(played), report.at)
            reported = await posted(impatient, played, closer, "/v1/deals", _report(played, deal))
            assert reported.status_code == 201, reported.text
            await clock.set(tenant_of(played), settle.at)
            asked_at_s = monotonic()
            asked = await posted(impatient, played, manager, f"{deal}:settle")
            assert monotonic() - asked_at_s < ANSWERED_WITHIN_S
            assert (asked.status_code, asked.json()["state"], asked.json()["awaits"]) == (202, "awaiting_evidence", [source])
            assert (await auditor.got(deal)).json()["state"] == "awaiting_evidence"
        after = cast_of(played).after
        after.seen["commission"] += 1  # the settlement, which nobody asks for any more
        settled = (await auditor.got(deal)).json()
        assert (settled["state"], settled["closing_time"]) == ("settled", report.at.isoformat())
        expected = case.expected.deals["D1"]["lines"]
        assert isinstance(expected, tuple)
        assert [line["amount"]["amount"] for line in settled["lines"]] == [line["amount"] for line in expected if isinstance(line, dict)]
        assert (await auditor.got(f"{deal}/replay")).json()["same"] is True
    assert len(await streams_with(stack, played, "commission", "deal.Settled")) == 1


async def _all_is_heard(auditor: Auditor) -> None:
    """Nothing is under way any more: what follows from the story so far has been recorded."""
    for noun, id in (("listings", "L1"), ("clients", "C1")):
        await auditor.got(f"/v1/{noun}/{auditor.played.ids['listing' if noun == 'listings' else 'client', id]}")


def _report(played: Played, deal: str) -> dict[str, Any]:
    people = cast_of(played).people
    return {
        "id": deal.rpartition("/")[2],
        "listing": played.ids["listing", "L1"],
        "client": played.ids["client", "C1"],
        "closers": [people["C"], people["C2"]],
        "fees": {"agency": {"amount": 1_234_567, "currency": "CNY"}},
    }
