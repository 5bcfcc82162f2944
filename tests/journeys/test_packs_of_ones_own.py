"""A company's own pack from the report to the ruling: who is named, what the lines are called, and what another pack would give."""

from __future__ import annotations

import io

from rich.console import Console

from deploy.cases.calling import Positions, Wire
from deploy.cases.clock import StoryClock
from deploy.cases.playing import play
from deploy.cases.ruling import ruling
from deploy.cases.showing import Result
from deploy.packs import differing
from deploy.packs.deals import Deal, of_result, recorded
from deploy.stack import Stack
from shared.regulation import SHIPPED, load
from tests.journeys.asking import people_of
from tests.journeys.telling import case_of, cast_of

A, ACN = load(SHIPPED / "A.yaml"), load(SHIPPED / "ACN.yaml")


async def test_a_deal_under_a_pack_of_ones_own_tells_whom_it_names_and_what_its_roles_are_called(stack: Stack, clock: StoryClock) -> None:
    """N01: ten roles. Replayed, it is what was settled; the ruling calls the roles as the pack does."""
    played = await play(case_of("N01"), stack, clock=clock)
    assert played.differences == ()
    deal, adviser = played.ids["deal", "D1"], cast_of(played).people["FA"]
    async with people_of(stack, played) as people:
        shown = await people.read("auditor", f"/v1/deals/{deal}")
        assert (shown["named"], shown["roles"]["finance_adviser"]) == (
            {"finance_adviser": adviser},
            {"zh": "金融顾问", "en": "Finance adviser"},
        )
        assert (await people.read("FA", f"/v1/deals/{deal}"))["id"] == deal, "who is named is a party"
        replayed = await people.read("auditor", f"/v1/deals/{deal}/replay")
        assert replayed["same"]
        under_a = await people.read("auditor", f"/v1/deals/{deal}/replay", pack="A")
        assert (under_a["roles"], [line["role"] for line in under_a["lines"]]) == ({}, ["listing", "closing", "closing", "client"])
        report: dict[str, object] = {"listing": played.ids["listing", "L1"], "client": played.ids["client", "C1"]}
        report |= {"closers": [cast_of(played).people["C"]], "fees": {"agency": {"amount": 1, "currency": "CNY"}}}
        answer = await people.post("C", "/v1/deals", {**report, "named": {"recorder": adviser}}, language="zh")
        assert (answer.status_code, answer.json()["code"]) == (409, "unknown_role")
        assert "mandate_papers, recommender, finance_adviser" in answer.json()["detail"]
        assert await people.refused("C", "/v1/deals", {**report, "named": {"Recorder": adviser}}) == (422, "invalid_request")
    console = Console(file=io.StringIO(), width=200)
    console.print(ruling(replayed))
    assert isinstance(console.file, io.StringIO)
    assert "金融顾问 Finance adviser" in console.file.getvalue()


async def test_two_packs_are_compared_over_the_deals_of_two_cases_and_over_recorded_ones(stack: Stack, clock: StoryClock) -> None:
    """A04 under A and N01 under a pack of one's own, each split under both, as it stood at its closing."""
    cases = [case_of("A04"), case_of("N01")]
    played = [await play(case, stack, clock=clock) for case in cases]
    async with Wire(stack.address) as wire:
        told = [each for case, one in zip(cases, played, strict=True) for each in await of_result(wire, Result(case.file, case, one))]
        auditor = cast_of(played[0]).companies[None].auditor
        seen = await recorded(wire, auditor, Positions())
    deals = [each for each in told if isinstance(each, Deal)]
    assert [deal.name for deal in deals] == ["A04 D1", "N01 D1"]
    keyed, networked = (differing.compare(deal, A, ACN) for deal in deals)
    # Of the example's 100 points the adviser's 6, whom nobody named, grow the 74 that were earned by 80/74: R has 26 of these and 8 that
    # fell to them, K and E have 6 each, C has 36 and 12 that fell to them.
    assert [(share.to, share.one_fen, share.other_fen) for share in keyed.shares] == [
        ("R", 600_000, 1_083_243), ("K", 600_000, 194_595), ("C", 1_500_000, 1_527_567), ("E", 300_000, 194_595), ("company", 0, 0),
    ]  # fmt: skip
    assert {share.to: share.other_fen for share in networked.shares}["FA"] == 180_000
    assert [each.name for each in seen] == [played[0].ids["deal", "D1"]], "a company sees its own deals"
    assert isinstance(seen[0], Deal)
    assert differing.compare(seen[0], A, ACN).base == keyed.base
