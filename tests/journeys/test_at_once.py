"""Requests that arrive at the same moment: the first recorded wins and is named, copies have one effect."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import datetime
from typing import Any

import httpx2
import pytest

from deploy.cases.playing import Played, play
from deploy.stack import Stack
from shared.entry import new_id, uuid_of
from tests.journeys.telling import auditing, before, case_of, cast_of, door, posted, streams_with, token_of

COPIES = 100
clause = pytest.mark.clause


@pytest.fixture(params=["stack", pytest.param("stack_of_two", marks=pytest.mark.fault)])
def either_stack(request: pytest.FixtureRequest) -> Stack:
    """A stack with one replica of each service, whose commands are appended together, and one with two, whose are not."""
    stack: Stack = request.getfixturevalue(request.param)
    return stack


@pytest.fixture
async def doors(either_stack: Stack) -> AsyncIterator[list[httpx2.AsyncClient]]:
    """A way to each replica of the commission service."""
    async with AsyncExitStack() as opened:
        yield [await opened.enter_async_context(door(socket)) for socket in either_stack.sockets["commission"]]


@clause("A-R2")
async def test_of_two_closers_who_report_at_once_one_has_the_deal_and_the_other_hears_who_was_first_and_when(
    either_stack: Stack, doors: list[httpx2.AsyncClient]
) -> None:
    played = await play(before(case_of("A13"), "deal.report"), either_stack)
    reports = {person: _report(played, person) for person in ("C", "C2")}
    tokens = {person: await token_of(either_stack, played, person) for person in reports}
    answers = await asyncio.gather(
        posted(doors[0], played, tokens["C"], "/v1/deals", reports["C"]),
        posted(doors[-1], played, tokens["C2"], "/v1/deals", reports["C2"]),
    )
    assert sorted(answer.status_code for answer in answers) == [201, 409]
    first = "C" if answers[0].status_code == 201 else "C2"
    refusal = next(answer.json() for answer in answers if answer.status_code == 409)
    async with auditing(either_stack, played) as auditor:
        deal = (await auditor.got(f"/v1/deals/{reports[first]['id']}")).json()
    assert (deal["state"], deal["closers"]) == ("reported", [cast_of(played).people[first]])
    assert (refusal["code"], refusal["rule"]["clause"]) == ("deal_already_reported", "A-R2")
    closed_at = datetime.fromisoformat(deal["closing_time"]).strftime("%Y-%m-%d %H:%M:%S")
    for said in (deal["id"], cast_of(played).people[first], closed_at):
        assert said in refusal["detail"], refusal["detail"]
    assert await streams_with(either_stack, played, "commission", "deal.Reported") == [uuid_of(deal["id"])]


async def test_the_same_request_a_hundred_times_at_once_has_one_effect_and_a_hundred_equal_answers(
    either_stack: Stack, doors: list[httpx2.AsyncClient]
) -> None:
    played = await play(before(case_of("A13"), "deal.report"), either_stack)
    token, report, key = await token_of(either_stack, played, "C"), _report(played, "C"), new_id("evt")
    answers = await asyncio.gather(
        *(posted(doors[copy % len(doors)], played, token, "/v1/deals", report, key=key) for copy in range(COPIES))
    )
    _are_copies(answers)
    assert await streams_with(either_stack, played, "commission", "deal.Reported") == [uuid_of(report["id"])]


async def test_a_hundred_copies_that_let_the_service_mint_the_id_enter_one_listing(either_stack: Stack) -> None:
    case = case_of("A13")
    played = await play(before(case, "client.enter"), either_stack)
    entered = {name: value for name, value in case.story[0].fields.items() if name not in ("as", "acquired_at", "area_m2")}
    token, house, key = await token_of(either_stack, played, "R"), {**entered, "room": "0404"}, new_id("evt")
    async with httpx2.AsyncClient(base_url=either_stack.address, timeout=60, trust_env=False) as front:
        answers = await asyncio.gather(*(posted(front, played, token, "/v1/listings", house, key=key) for _ in range(COPIES)))
    _are_copies(answers)
    ours = [played.ids["listing", "L1"], answers[0].json()["id"]]
    assert await streams_with(either_stack, played, "listing", "listing.Entered") == [uuid_of(id) for id in ours]


def _are_copies(answers: list[httpx2.Response]) -> None:
    """All are the one answer, which all but the first say."""
    assert Counter(answer.status_code for answer in answers) == {201: COPIES}
    assert len({answer.content for answer in answers}) == 1
    assert len({(answer.headers["ETag"], answer.headers["Fenyong-Position"]) for answer in answers}) == 1
    assert Counter(answer.headers.get("Idempotent-Replayed") for answer in answers) == {None: 1, "true": COPIES - 1}


def _report(played: Played, closer: str) -> dict[str, Any]:
    """A deal report that names this closer alone."""
    return {
        "id": new_id("dea"),
        "listing": played.ids["listing", "L1"],
        "client": played.ids["client", "C1"],
        "closers": [cast_of(played).people[closer]],
        "fees": {"agency": {"amount": 3_000_000, "currency": "CNY"}},
    }
