"""Which numbers a deal is split by: the pack's, in force for its closing store at its closing; never code's, never a later pack's."""

from __future__ import annotations

import copy
from dataclasses import replace
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any

import pytest

from deploy.cases.clock import StoryClock
from deploy.cases.packs import PackFile, open_pack
from deploy.cases.playing import Played, play
from deploy.cases.reading import Case, InForce
from deploy.cases.scalars import SHANGHAI
from deploy.stack import Stack
from tests.journeys.telling import CASES, NO_EXPECTATION, auditing, case_of, posted, streams_with, token_of

clause = pytest.mark.clause
Split = list[tuple[object, object, object]]


def edited(id: str, **numbers: dict[str, Any] | None) -> PackFile:
    """A copy of pack A under another id, with other numbers under some clauses, and without those that are given as None."""
    document = copy.deepcopy(open_pack("A", beside=CASES).document)
    changes = {name.replace("_", "-", 1).replace("_", "."): change for name, change in numbers.items()}
    assert changes.keys() <= {one["clause"] for one in document["clauses"]}, "what is changed is there"
    kept = [one for one in document["clauses"] if changes.get(one["clause"], {}) is not None]
    clauses = [one | (changes.get(one["clause"]) or {}) for one in kept]
    return PackFile(id, document | {"id": id, "clauses": clauses})


def split_of(played: Played, deal: str = "D1") -> Split:
    """Role, beneficiary and points of each line."""
    lines = played.outcome.deals[deal]["lines"]
    assert isinstance(lines, tuple), played.differences
    return [(line["role"], line["to"], line["points"]) for line in lines if isinstance(line, dict)]


@clause("A-1.1", "A-1.2.1", "A-1.N1", "A-1.N6")
async def test_a_copy_of_the_pack_with_other_numbers_and_a_clause_less_gives_other_lines(stack: Stack, clock: StoryClock) -> None:
    """A04: a sale with a key. In the copy a key takes six points from each side; in another one keys earn nothing and closers more."""
    case = replace(case_of("A04"), expected=NO_EXPECTATION)
    shipped = await play(case, stack, clock=clock)
    assert split_of(shipped) == [("listing", "R", 20), ("key", "K", 20), ("closing", "C", 50), ("client", "E", 10)]
    smaller = await play(case, stack, clock=clock, pack=edited("smaller-keys", A_1_N1={"points": 6}))
    assert split_of(smaller) == [("listing", "R", 24), ("key", "K", 12), ("closing", "C", 54), ("client", "E", 10)]
    shares = {"listing": "100/3", "closing": "50", "client": "50/3"}
    without = await play(case, stack, clock=clock, pack=edited("no-keys", A_1_N1=None, A_1_2_1={"shares": shares}))
    assert split_of(without) == [("listing", "R", Fraction(100, 3)), ("closing", "C", 50), ("client", "E", Fraction(50, 3))]


@clause("A-2.7")
async def test_a_term_is_as_long_as_the_pack_says(stack: Stack, clock: StoryClock) -> None:
    """A38: followed up at the last second of the tenth day. With nine days the listing has been the team's since the day before."""
    case = replace(case_of("A38"), expected=NO_EXPECTATION)
    shorter = await play(case, stack, clock=clock, pack=edited("nine-days", A_2_7={"days": 9}))
    assert split_of(shorter)[:2] == [("listing_recorder", "R", 10), ("listing_holder", "team:G1", 20)]
    assert shorter.outcome.listings["L1"]["holder"] == "team:G1"


MIDNIGHT = datetime(2024, 3, 9, tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("closed", "closing_points"),
    [(MIDNIGHT - timedelta(seconds=1), 40), (MIDNIGHT - timedelta(microseconds=1), 40), (MIDNIGHT, 50)],
    ids=["the last second", "the last microsecond", "the first instant"],
)
async def test_a_pack_from_the_next_day_on_leaves_the_day_before_alone_however_late_it_is_settled(
    stack: Stack, clock: StoryClock, closed: datetime, closing_points: int
) -> None:
    played = await play(_closed_at(closed, settled=MIDNIGHT + timedelta(days=400)), stack, clock=clock)
    assert [points for role, _, points in split_of(played) if role == "closing"] == [closing_points]
    async with auditing(stack, played) as auditor:
        deal, replayed = await auditor.deal(), await auditor.replay()
    assert deal["pack"]["id"] == ("A" if closed < MIDNIGHT else "next")
    assert (replayed["same"], replayed["pack"]) == (True, deal["pack"])


def _closed_at(closed: datetime, *, settled: datetime) -> Case:
    """A03, a sale under an exclusive, with another pack in force from midnight on, closed and settled at these instants."""
    case = case_of("A03")
    other = edited("next", A_1_2_2={"shares": {"listing": 10, "exclusive": 30, "closing": 50, "client": 10}})
    packs = (*case.packs, InForce(other, MIDNIGHT, None, 1))
    moved = {"deal.report": closed, "deal.settle": settled}
    story = [replace(step, at=moved[step.verb.name]) if step.verb.name in moved else step for step in case.story]
    return replace(case, packs=packs, story=tuple(story), expected=NO_EXPECTATION)


@clause("O-5")
async def test_settled_twice_gives_one(stack: Stack, clock: StoryClock) -> None:
    played = await play(case_of("A03"), stack, clock=clock)
    assert played.differences == ()
    path = f"/v1/deals/{played.ids['deal', 'D1']}:settle"
    async with auditing(stack, played) as auditor:
        settled = await auditor.deal()
        manager = str(played.case.story[-1].by)
        again = await posted(auditor.http, played, await token_of(stack, played, manager), path)
        assert (again.status_code, again.json()["code"]) == (409, "already_settled")
        assert await auditor.deal() == settled
    assert len(await streams_with(stack, played, "commission", "deal.Settled")) == 1
