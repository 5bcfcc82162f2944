"""The demonstration of `fenyong up`, and the replay of its deal as a ruling."""

from __future__ import annotations

import asyncio
import io
import json
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from rich.console import Console

from deploy.cases.demo import Demo, demonstrate, noted
from deploy.cases.ruling import ENTRIES, ruling
from deploy.migrate import SERVICES
from deploy.stack import Stack
from services.authz import events as authz
from services.client import events as client
from services.commission import events as commission
from services.listing import events as listing

LINES: list[dict[str, Any]] = [
    {
        "role": "listing_recorder", "to": "psn_R", "points": "20/3", "amount": {"amount": 66667, "currency": "CNY"}, "credit": "S1",
        "clauses": ["A-2.7"], "evidence": ["lst_0001abcd@1"], "by_analogy": True,
    },
    {
        "role": "closing", "to": "company", "points": "280/3", "amount": {"amount": 933333, "currency": "CNY"}, "credit": "company",
        "clauses": ["A-1.2.1"], "evidence": [],
    },
]  # fmt: skip
REPLAY: dict[str, Any] = {
    "deal": "dea_1", "state": "settled", "as_of": None, "known_at": None, "closing_time": "2024-03-08T08:00:00Z",
    "pack": {"id": "A", "version": "1", "digest": "ab" * 32}, "base": {"amount": 1000000, "currency": "CNY"}, "notes": ["by_analogy"],
    "facts": {"fees_fen": {"agency": 1000000}, "people": {"psn_R": {"store": "S1", "in_post": False, "evidence": ["psn_R@2"]}}},
    "timeline": [
        {
            "service": "listing", "entry": "lst_0001abcd@1", "type": "listing.Entered", "at": "2024-03-01T10:00:00+08:00",
            "recorded_at": "2024-03-01T10:00:00+08:00", "late": False, "by": "psn_R", "facts": {"kind": "sale"}, "counts_for": ["A-2.7"],
        },
        {
            "service": "listing", "entry": "lst_0001abcd@2", "type": "listing.FollowedUp", "at": "2024-03-09T10:00:00+08:00",
            "recorded_at": "2024-03-09T10:00:00+08:00", "late": True, "by": "psn_Z", "facts": {"text": "psn_R told me"}, "counts_for": [],
        },
    ],
    "lines": LINES, "settled": {"digest": "cd" * 32, "lines": LINES}, "difference": [], "altered": [], "same": True,
}  # fmt: skip


def page(replay: dict[str, Any], *, what_if: bool = False, width: int = 160) -> str:
    console = Console(width=width, file=io.StringIO())
    with console.capture() as told:
        console.print(ruling(replay, what_if=what_if))
    return told.get()


def test_a_ruling_names_people_by_stems_and_everything_else_by_its_name() -> None:
    told = page(REPLAY)
    assert "公司" in told
    assert "甲 told me" in told, "a person's id in a text is replaced too"
    assert "（已离职 has left）" in told
    assert "结论 与结算逐分一致" in told
    assert "（比照 by analogy）" in told


def test_points_are_summed_exactly_and_fen_shown_as_yuan() -> None:
    told = page(REPLAY)
    (total,) = [line.split() for line in told.splitlines() if "合计 sum" in line]
    assert total[3:5] == ["100", "10,000.00"]
    assert "666.67" in told
    assert "2024-03-08 16:00" in told, "times are Shanghai's"


@pytest.mark.parametrize("width", [60, 80, 100, 120])
def test_no_amount_is_cut_however_narrow_the_terminal(width: int) -> None:
    fees = {"agency": 288_888_888, "information": 88_888, "bank_rebate": 1_234_567_890}
    lines = [{**line, "amount": {"amount": 288_888_888, "currency": "CNY"}} for line in LINES]
    told = page({**REPLAY, "facts": {**REPLAY["facts"], "fees_fen": fees}, "lines": lines}, width=width)
    assert [told.count(amount) for amount in ("888.88", "12,345,678.90", "2,888,888.88", "5,777,777.76")] == [4, 1, 3, 1]


def test_what_came_late_is_marked() -> None:
    late = [line for line in page(REPLAY).splitlines() if "迟录不计" in line]
    assert len(late) == 1
    assert "lst_…abcd@2" in late[0]


def test_a_difference_is_an_alarm_unless_it_was_asked_for() -> None:
    one = {"role": "closing", "to": "psn_R", "settled": {"amount": 100, "currency": "CNY"}, "replayed": {"amount": -5, "currency": "CNY"}}
    differs = {**REPLAY, "same": False, "difference": [one], "altered": ["lst_0001abcd@1"]}
    assert "结论 与结算不一致" in page(differs)
    assert "-0.05" in page(differs)
    assert "lst_0001abcd@1" in page(differs)
    assert "What if: nothing is written" in page(differs, what_if=True)
    assert "尚未结算" in page({**REPLAY, "settled": None, "same": False})


@pytest.fixture(scope="module")
async def stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    """An ordinary one: its databases have no setter for a story's clock."""
    async with Stack(tmp_path_factory.mktemp("demo")) as running:
        yield running


@pytest.fixture(scope="module")
async def demo(stack: Stack) -> Demo:
    said: list[str] = []
    tries = await demonstrate(stack, said.append)
    assert said == ["telling the demonstration's story"]
    assert len(tries) == 3
    found = noted(stack.folder)
    assert found is not None
    return found


async def test_the_demonstration_is_told_once(stack: Stack, demo: Demo) -> None:
    said: list[str] = []
    assert len(await demonstrate(stack, said.append)) == 3
    assert said == []


async def test_afterwards_the_databases_have_neither_setter_nor_story(stack: Stack, demo: Demo) -> None:
    for service in SERVICES:
        connection = await asyncpg.connect(stack.dsn(service))
        try:
            assert await connection.fetchval("select count(*) from pg_proc where proname = 'set_story_clock'") == 0
            assert await connection.fetchval("select count(*) from story_clock") == 0
            assert await connection.fetchval("select story from head") is False
        finally:
            await connection.close()


async def fenyong(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from deploy.cli import main; main()", *arguments]
    return await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, check=False)


async def test_the_replay_reads_like_a_ruling(stack: Stack, demo: Demo) -> None:
    told = await fenyong("replay", "demo", "--folder", str(stack.folder), "--address", stack.address)
    assert told.returncode == 0, told.stderr
    for words in (
        "计提总额 Base",
        "28,888.88",
        "拿钥匙方 key",
        "迟录不计 late",
        "房源归属 How the listing changed hands",
        "与结算逐分一致",
    ):
        assert words in told.stdout


async def test_a_replay_under_another_pack_says_what_if(stack: Stack, demo: Demo) -> None:
    told = await fenyong("replay", demo.deal, "--pack", "B", "--folder", str(stack.folder), "--address", stack.address)
    assert "What if: nothing is written" in told.stdout


async def test_a_replay_as_json_is_the_answer_as_it_is(stack: Stack, demo: Demo) -> None:
    told = json.loads((await fenyong("replay", "demo", "--json", "--folder", str(stack.folder), "--address", stack.address)).stdout)
    assert told["deal"] == demo.deal
    assert told["same"] is True
    assert [line["amount"]["amount"] for line in told["lines"]] == [288889, 288889, 577777, 1444444, 288889]
    assert {entry["entry"].partition("@")[0] for entry in told["timeline"] if entry["late"]} >= {demo.listing}


async def test_a_replay_of_what_is_not_there_ends_with_one(stack: Stack, demo: Demo, tmp_path: Path) -> None:
    unknown = await fenyong("replay", f"dea_{'0' * 26}", "--folder", str(stack.folder), "--address", stack.address)
    assert (unknown.returncode, unknown.stdout) == (1, "")
    assert "unknown_reference" in unknown.stderr
    assert (await fenyong("replay", "demo", "--folder", str(tmp_path))).returncode == 1


def test_whatever_a_timeline_may_show_has_a_name_in_both_languages() -> None:
    types = {type for events in (authz, client, commission, listing) for type in events.CODEC.names.values()}
    shown = {"company", "person", "listing", "client", "deal", "pack"}
    named = {type.partition(":")[0] for type in types if type.partition(".")[0] in shown}
    assert named <= set(ENTRIES), sorted(named - set(ENTRIES))
