"""A settled deal is judged again, elsewhere and later, and comes out the same to the byte (P5 in short)."""

from __future__ import annotations

from pathlib import Path

import asyncpg
import pytest

from deploy.cases.clock import StoryClock
from deploy.cases.playing import Played, play
from deploy.cases.reading import read
from deploy.stack import Stack
from services.commission.recomputing import Asked, Job, Plan, Recomputer
from shared.entry import new_id
from tests.journeys.elsewhere import another_commission
from tests.journeys.telling import TWO_LIVES, Auditor, auditing, cast_of, posted, token_of

ELSEWHERE = {
    "PYTHONHASHSEED": "4711",
    "TZ": "America/St_Johns",  # half an hour off the hours, and with a summer time
    "LC_ALL": "de_DE.UTF-8",
    "LANG": "de_DE.UTF-8",
    "PYTHONUTF8": "0",
}
"""Unlike here in everything that an order, a date or a number could be read from by mistake."""


@pytest.fixture(scope="module")
async def told(stack: Stack, clock: StoryClock) -> Played:
    played = await play(read(TWO_LIVES), stack, clock=clock)
    assert played.differences == ()
    return played


async def test_a_replay_under_other_hash_seed_time_zone_and_locale_in_another_process_gives_the_same_bytes(
    stack: Stack, told: Played, tmp_path: Path
) -> None:
    async with auditing(stack, told) as here, another_commission(stack, tmp_path, environment=ELSEWHERE, forked=False) as process:
        there = Auditor(process, told)
        for name in ("D1", "D2"):
            path = f"/v1/deals/{told.ids['deal', name]}"
            settled, replayed = await here.deal(name), await there.replay(name)
            assert replayed["same"] is True
            assert (replayed["digest"], replayed["lines"]) == (settled["digest"], settled["lines"])
            assert (await there.got(f"{path}/replay")).content == (await here.got(f"{path}/replay")).content
            assert (await there.got(path)).content == (await here.got(path)).content


async def test_a_replay_rests_on_what_was_known_at_closing_and_writes_nothing(stack: Stack, told: Played) -> None:
    async with auditing(stack, told) as auditor:
        settled, before = await auditor.deal(), (await auditor.got(f"/v1/deals/{told.ids['deal', 'D1']}")).headers["ETag"]
        late = [one["type"] for one in (await auditor.replay())["timeline"] if one["late"] and one["service"] != "commission"]
        assert {"listing.KeyReturned", "person.Left", "listing.Reassigned"} <= set(late)
        closing = settled["closing_time"]
        as_known_then = await auditor.replay(as_of=closing, known_at=closing)
        assert as_known_then["lines"] == settled["lines"]
        under_b = await auditor.replay(pack="B")
        assert (under_b["same"], under_b["pack"]["id"]) == (False, "B")
        assert under_b["difference"], "another pack gives other lines"
        assert (await auditor.got(f"/v1/deals/{told.ids['deal', 'D1']}")).headers["ETag"] == before
        assert await auditor.deal() == settled


async def test_nobody_changes_a_settled_deal_by_acting_later_not_even_somebody_new(stack: Stack, told: Played) -> None:
    listing, client, newcomer = told.ids["listing", "L1"], told.ids["client", "C1"], new_id("psn")
    async with auditing(stack, told) as auditor:
        settled = await auditor.deal()
        joined = await posted(
            auditor.http, told, await token_of(stack, told, "PE"), "/v1/people", {"id": newcomer, "store": "S2", "team": "G2"}
        )
        assert joined.status_code == 201, joined.text
        cast_of(told).people["N"] = newcomer
        token = await token_of(stack, told, "N")
        for path, body in (
            (f"/v1/listings/{listing}:take-key", {}),
            (
                f"/v1/listings/{listing}:follow-up",
                {"channel": "visit", "about": "key", "text": "Took the key again when all was settled"},
            ),
            (f"/v1/clients/{client}:view", {"listing": listing, "form": "V-0099"}),
        ):
            acted = await posted(auditor.http, told, token, path, body)
            assert acted.status_code == 200, acted.text
        replayed = await auditor.replay()
        assert (replayed["same"], replayed["digest"], replayed["lines"]) == (True, settled["digest"], settled["lines"])
        assert newcomer in {one["by"] for one in replayed["timeline"] if one["late"]}
        assert await auditor.deal() == settled


async def test_all_deals_recomputed_at_once_are_what_was_settled_to_the_byte(stack: Stack, told: Played) -> None:
    connection = await asyncpg.connect(stack.dsn("commission"), server_settings={"default_transaction_read_only": "on"})
    try:
        recomputer = Recomputer(connection)
        plan = await recomputer.plan(Plan(Asked(digests=True), 100))
        answers = [await recomputer.answer(Job(plan.asked, chunk)) for chunk in plan.chunks]
    finally:
        await connection.close()
    assert cast_of(told).companies[None].id in {answer.company for answer in answers}
    assert [difference for answer in answers for difference in answer.differences] == []
