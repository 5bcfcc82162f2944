"""A story is told over REST, each step one request, and what came of it is compared."""

from __future__ import annotations

import copy
import json
import re
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from deploy.cases.command import results_in
from deploy.cases.nodes import StoryRefused
from deploy.cases.outcome import Outcome
from deploy.cases.packs import open_pack
from deploy.cases.playing import Played, play
from deploy.cases.reading import read
from deploy.cases.showing import Result, as_json, status_of
from deploy.cases.verbs import VERBS, Verb
from deploy.cli import app
from deploy.migrate import SERVICES
from deploy.stack import Stack
from tests.deploy.stories import CASES, CLIENT, ENTER, FOLLOW_UP, REPORT, SALE, SETTLE, SPINE, Tell, teller
from tests.stacks import NewStack

LINES = (
    "[{role: listing, to: R, points: 30, amount: 900000, credit: S1}, {role: closing, to: C, points: 60, amount: 1800000, credit: S2}, "
    "{role: client, to: E, points: 10, amount: 300000, credit: S2}]"
)


@pytest.fixture(scope="module")
async def stack(tmp_path_factory: pytest.TempPathFactory, new_stack: NewStack) -> AsyncIterator[Stack]:
    async with new_stack(tmp_path_factory.mktemp("told")) as running:
        yield running


@pytest.fixture
def tell(tmp_path: Path) -> Tell:
    return teller(tmp_path)


def requests_of(stack: Stack) -> Counter[str]:
    """The routes of all POSTs in the four services' access logs."""
    routes: Counter[str] = Counter()
    for service in SERVICES:
        for line in stack.log_of(service).read_text().splitlines():
            written = json.loads(line) if line.startswith("{") else {}
            if written.get("event") == "request" and written["method"] == "POST":
                routes[written["route"]] += 1
    return routes


async def test_each_step_is_one_request(stack: Stack, tell: Tell) -> None:
    before = requests_of(stack)
    case = tell(*SALE, expect=f"{{deals: {{D1: {{base: 3000000, lines: {LINES}, state: settled}}}}}}")
    assert (await play(case, stack)).differences == ()
    made = requests_of(stack) - before
    founding = Counter({"/v1/companies": 1, "/v1/packs:activate": 1, "/v1/people": 2 + len(case.people)})
    tokens = Counter({"/v1/tokens": 3 + len({step.by for step in case.story})})
    told = Counter(step.verb.route("{id}" if step.verb.target in step.fields else None) for step in case.story)
    assert made == told + founding + tokens


async def test_what_differs_is_said_with_place_and_both_values(stack: Stack, tell: Tell) -> None:
    expect = "{deals: {D1: {base: 1, state: settled}}, listings: {L1: {holder: C, room: '0302'}}, violations: [{person: R}]}"
    assert (await play(tell(*SALE, expect=expect), stack)).differences == (
        "deals.D1.base: expected 1, came 3000000",
        "listings.L1.holder: expected C, came R",
        "violations: expected {person: R}, came nothing",
    )


async def test_a_step_that_should_be_refused_and_is_not_differs(stack: Stack, tell: Tell) -> None:
    played = await play(tell(ENTER, FOLLOW_UP.replace("}", ", refused: not_holder}")), stack)
    assert played.differences == ("line 11: listing.follow_up by R: expected to be refused with not_holder, but it was done",)


async def test_a_step_that_is_refused_with_another_code_differs(stack: Stack, tell: Tell) -> None:
    short = FOLLOW_UP.replace("Owner glad to show on weekends", "short").replace("}", ", refused: contact_in_text}")
    (difference,) = (await play(tell(ENTER, short), stack)).differences
    assert difference.startswith(
        "line 11: listing.follow_up by R: expected to be refused with contact_in_text, but the answer is 409 follow_up_too_short"
    )


async def test_what_is_refused_leaves_no_trace(stack: Stack, tell: Tell) -> None:
    again = ENTER.replace("as: L1", "as: L2").replace("03-01 10:00, by", "03-01 11:00, by").replace("}", ", refused: duplicate_listing}")
    short = FOLLOW_UP.replace("Owner glad to show on weekends", "short").replace("}", ", refused: follow_up_too_short}")
    played = await play(tell(ENTER, again, short, expect="{listings: {L1: {holder: R, correct: true}}}"), stack)
    assert played.differences == ()
    assert list(played.outcome.listings) == ["L1"]


async def test_a_refusal_that_nobody_expected_differs_and_the_story_goes_on(stack: Stack, tell: Tell) -> None:
    lone = CLIENT.replace(", needs: none", "")
    played = await play(tell(ENTER, lone, FOLLOW_UP, REPORT, SETTLE), stack)
    refused, *not_told = played.differences
    assert refused.startswith("line 11: client.enter by E: refused: 409 client_incomplete by A-2.2: ")
    assert not_told == [
        "line 13: deal.report by C: not told, because client C1 was never made",
        "line 14: deal.settle by SM2: not told, because deal D1 was never made",
    ]
    assert played.outcome.listings["L1"]["holder"] == "R"


async def test_who_has_left_may_do_nothing(stack: Stack, tell: Tell) -> None:
    leave = "{at: 2024-03-02 09:00, by: PE, do: person.leave, person: R, kind: resigned}"
    people = "{R: {store: S1, team: G1}, PE: {store: S1, role: personnel}}"
    case = tell(ENTER, leave, FOLLOW_UP.replace("}", ", refused: forbidden}"), people=people)
    assert (await play(case, stack)).differences == ()


async def test_a_settlement_at_the_instant_of_the_closing_is_made(stack: Stack, tell: Tell) -> None:
    at_once = SETTLE.replace("2024-03-09 10:00", "2024-03-08 16:00")
    case = tell(ENTER, CLIENT, FOLLOW_UP, REPORT, at_once, expect=f"{{deals: {{D1: {{state: settled, lines: {LINES}}}}}}}")
    assert (await play(case, stack)).differences == ()


async def test_people_of_two_companies_see_nothing_of_each_other(stack: Stack, tell: Tell) -> None:
    people = "{R: {store: S1, team: G1}, X: {store: S1, team: G1, company: Other}}"
    key = "{at: 2024-03-02 10:00, by: X, do: listing.take_key, listing: L1, refused: unknown_reference}"
    assert (await play(tell(ENTER, key, people=people), stack)).differences == ()


async def test_a_pack_with_other_numbers_and_a_clause_less_gives_other_lines(stack: Stack, tell: Tell, tmp_path: Path) -> None:
    """Without A-1.N1 a key earns nothing, and the shares are the pack's; no code is changed."""
    document = copy.deepcopy(open_pack("A", beside=tmp_path).document)
    document["id"] = "A-ours"
    document["clauses"] = [clause for clause in document["clauses"] if clause["clause"] != "A-1.N1"]
    table = next(clause for clause in document["clauses"] if clause["clause"] == "A-1.2.1")
    table["shares"] = {"listing": "100/3", "closing": 50, "client": "50/3"}
    (tmp_path / "ours.yaml").write_text(yaml.safe_dump(document, allow_unicode=True), encoding="utf-8")
    case = read(next(file for file in CASES if file.stem == "A04"))
    played = await play(case, stack, pack=open_pack("ours.yaml", beside=tmp_path))
    assert [(line["role"], str(line["points"]), line["amount"]) for line in _lines(played.outcome.deals["D1"]["lines"])] == [
        ("listing", "100/3", 1000000),
        ("closing", "50", 1500000),
        ("client", "50/3", 500000),
    ]
    assert not played.passed


def _lines(value: object) -> list[dict[str, object]]:
    assert isinstance(value, tuple)
    return [dict(line) for line in value]


async def test_a_pack_for_an_instant_that_has_one_is_refused(stack: Stack, tell: Tell) -> None:
    activate = "{at: 2024-03-01 11:00, by: HQ, do: pack.activate, pack: B, from: 2024-04-01}"
    again = activate.replace("}", ", refused: pack_invalid}")
    assert (await play(tell(ENTER, activate, again), stack)).differences == ()


async def test_a_pack_from_the_next_day_leaves_the_last_second_alone(stack: Stack, tell: Tell) -> None:
    packs = "[{pack: A, from: 2024-01-01}, {pack: B, from: 2024-03-09}]"
    last = REPORT.replace("2024-03-08 16:00", "2024-03-08 23:59:59")
    under_a = tell(ENTER, CLIENT, FOLLOW_UP, last, SETTLE, pack=packs, expect=f"{{deals: {{D1: {{lines: {LINES}}}}}}}")
    assert (await play(under_a, stack)).differences == ()
    first = REPORT.replace("2024-03-08 16:00", "2024-03-09 00:00")
    under_b = await play(tell(ENTER, CLIENT, FOLLOW_UP, first, SETTLE, pack=packs), stack)
    assert [line["role"] for line in _lines(under_b.outcome.deals["D1"]["lines"])] == [
        "listing",
        "survey",
        "plan",
        "key",
        "closing",
        "client",
    ]


async def test_every_verb_that_services_carry_out_can_be_told(stack: Stack) -> None:
    case = read(Path(__file__).parent / "every_verb.yaml")
    assert {step.verb.name for step in case.story} == {name for name, verb in VERBS.items() if verb.carried_out}
    assert (await play(case, stack)).differences == ()


async def test_several_cases_at_once_come_in_their_order_and_tell_machines_everything(stack: Stack) -> None:
    stories = [read(file) for file in CASES if file.stem in ("A01", "A47", "A57")]
    told: list[str] = []
    results = await results_in(stack, stories, tell=lambda result: told.append(result.file))
    assert told == [story.file for story in stories]
    assert status_of(results) == 0
    rental, late, adjudicated = (as_json(result) for result in results)
    assert rental["passed"] is True
    assert rental["differences"] == []
    assert rental["outcome"]["deals"]["D1"]["lines"][1] == {"role": "closing", "to": "C", "points": 60, "amount": 1800000, "credit": "S2"}
    assert rental["outcome"]["deals"]["D1"]["closing_time"] == "2024-03-08 16:00"
    assert rental["outcome"]["clients"] == {"C1": {"holder": "E"}}
    assert late["outcome"]["violations"] == [{"clause": "A-2.1", "kind": "late_entry", "person": "R"}]
    assert adjudicated["outcome"]["deals"]["D1"]["net"] == {"R": 900000, "C": 1500000, "E": 300000, "H": 300000}


@pytest.mark.timeout(300)
async def test_the_visible_cases_come_out_as_they_say(stack: Stack) -> None:
    assert await _differences(stack, CASES) == {}


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    "how",
    [{"sweeper": False, "replicas": 2, "pull": False}, {"broker": False}],
    ids=["two-replicas-without-sweeper-and-pull", "without-broker"],
)
async def test_however_a_stack_runs_the_cases_come_out_as_they_say(
    tmp_path: Path, new_stack: NewStack, monkeypatch: pytest.MonkeyPatch, how: dict[str, Any]
) -> None:
    """The cases of the spine here, and each thing once; with `make faults` all of them, in every combination."""
    if not how.get("broker", True):
        monkeypatch.setenv("FENYONG_POOL_CONNECTIONS_MAX", "1")  # whatever held one connection and wanted another would wait for ever
    async with new_stack(tmp_path, **how) as stack:
        assert await _differences(stack, [file for file in CASES if file.stem in SPINE]) == {}


async def _differences(stack: Stack, files: Sequence[Path]) -> dict[str, tuple[str, ...]]:
    results = await results_in(stack, [read(file) for file in files], at_once=8)
    return {result.file: _said(result) for result in results if not result.passed}


def _said(result: Result) -> tuple[str, ...]:
    return result.played.differences if result.played else (str(result.refused),)


def test_a_refused_story_ends_with_two_before_any_server_starts(tmp_path: Path) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text("id: T1\npeople: {R: {store: S1}}\nstory:\n  - {at: 2024-03-01 10:00, by: R, do: listing.sell}\n")
    result = CliRunner().invoke(app, ["case", str(bad), str(tmp_path / "none.yaml")])
    assert result.exit_code == 2
    first, second = result.output.splitlines()
    assert first == f"refused  {bad}:4: unknown verb listing.sell"
    assert second.startswith(f"refused  {tmp_path / 'none.yaml'}:1: cannot be read")
    (told,) = json.loads(CliRunner().invoke(app, ["case", str(bad), "--json"]).output)
    assert told["refused"] == {"file": str(bad), "line": 4, "reason": "unknown verb listing.sell"}


def test_a_pack_that_is_none_ends_with_two(tmp_path: Path) -> None:
    (tmp_path / "half.yaml").write_text("id: half\nversion: 1\nclauses: [{clause: A-1.1, shares: {listing: 30, closing: 60, client: 9}}]\n")
    result = CliRunner().invoke(app, ["case", str(CASES[0]), "--pack", str(tmp_path / "half.yaml")])
    assert result.exit_code == 2
    assert "is no valid pack" in result.output


def test_the_status_is_one_if_a_case_differs_and_two_if_a_story_was_refused() -> None:
    case = read(CASES[0])
    passed, differs = Result("a", case, Played(case, (), Outcome())), Result("b", case, Played(case, ("base",), Outcome()))
    refused = Result("c", None, None, StoryRefused("c", 1, "unknown verb"))
    assert [status_of([passed]), status_of([passed, differs]), status_of([differs, refused, passed])] == [0, 1, 2]


def test_the_page_of_the_api_names_the_routes_of_the_table() -> None:
    page = (Path(__file__).parent.parent.parent / "docs" / "api.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+\.\w+)` \| (.+?) \|", page, re.MULTILINE)
    documented = {verb: set(re.findall(r"POST (\S+?)`", routes)) for verb, routes in rows if verb in VERBS}
    assert "listing.enter" in documented
    assert {verb: routes for verb, routes in documented.items() if not routes <= _routes(VERBS[verb])} == {}


def _routes(verb: Verb) -> set[str]:
    routes = {verb.route("{id}")} if verb.target else set()
    return routes | ({verb.route(None)} if verb.new_path or not verb.target else set())
