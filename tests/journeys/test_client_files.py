"""Clients' files as people work them off: what is due, what lacks, losses, contacts, successors, checks; visits and calls."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from deploy.cases.clock import StoryClock
from tests.journeys.asking import People, later
from tests.journeys.telling import cast_of

STORY = Path(__file__).parent / "stories" / "client_files.yaml"
SWEPT_WITHIN_S = 30.0
CALLED = {"channel": "phone", "text": "They still look, and want to come on Sunday"}
CAME = {
    "channel": "visit",
    "came_at": "2024-06-03T11:30:00+08:00",
    "companions": "none",
    "wish": "Two rooms near a school",
    "source": "walk_in",
    "summary": "Looked at the window, left no number",
}
clause = pytest.mark.clause


def path_of(people: People, name: str, act: str = "") -> str:
    return f"/v1/clients/{people.played.ids['client', name]}{act}"


async def listed(people: People, who: str, which: str, **query: str) -> list[str]:
    """The names of the clients on somebody's list, in its order."""
    names = {id: name for (_, name), id in people.played.ids.items()}
    pages = await people.pages(who, "/v1/files", limit=1, which=which, **query)
    return [names[row["id"]] for page in pages for row in page]


async def swept(people: People, path: str, what: str, there: Any) -> dict[str, Any]:
    """What the manager reads once the sweep has been there."""
    async with asyncio.timeout(SWEPT_WITHIN_S):
        while True:
            shown = await people.read("SM1", path)
            if shown[what] == there:
                return shown
            await asyncio.sleep(0.05)


@clause("K-2", "K-3")
async def test_each_works_off_what_is_due_and_what_a_file_lacks(clock: StoryClock, people: People) -> None:
    await people.did("E", path_of(people, "C1", ":set-level"), {"level": "A"})
    keen = {**CALLED, "level": "H", "next": {"on": "2024-06-04", "what": "Show them two"}}
    await people.did("E", path_of(people, "C2", ":follow-up"), keen)
    await people.did("X", path_of(people, "C3", ":set-level"), {"level": "B"})
    await people.did("SM1", path_of(people, "C1", ":check"), {"finding": "wanting", "note": "Ask for the budget"})
    assert await listed(people, "E", "due") == ["C2", "C1"]
    assert await listed(people, "F", "due") == []
    assert await listed(people, "SM1", "due") == ["C2", "C1"]
    assert await listed(people, "SM1", "due", agent=cast_of(people.played).people["F"]) == []
    assert await listed(people, "auditor", "due") == ["C2", "C1", "C3"]
    assert await listed(people, "SM1", "without_plan") == ["C1"]
    assert await listed(people, "SM1", "without_check") == ["C2"]
    await later(clock, people, "2024-06-04 23:59:59")
    assert await listed(people, "E", "overdue") == []
    await later(clock, people, "2024-06-05 00:00")
    assert await listed(people, "E", "overdue") == ["C2"]
    shown = await people.read("E", path_of(people, "C2"))
    assert (shown["level"], shown["due"], shown["overdue"]) == ("H", "2024-06-05T00:00:00+08:00", True)
    assert shown["plan"] == {"on": "2024-06-04", "what": "Show them two"}
    await people.did("E", path_of(people, "C2", ":follow-up"), CALLED)
    assert await listed(people, "SM1", "overdue") == []
    assert await people.refused("F", path_of(people, "C2", ":set-level"), {"level": "C"}) == (403, "forbidden")
    assert await people.refused("E", path_of(people, "C2", ":plan"), {"what": "Call"}) == (409, "plan_incomplete")


@clause("K-4", "K-8", "K-10")
async def test_losses_contacts_and_successors_are_worked_off_as_well(people: People) -> None:
    f = cast_of(people.played).people["F"]
    lost = {"on": "2024-06-03", "reason": "Bought from the developer", "chosen": "A new flat"}
    await people.did("E", path_of(people, "C2", ":report-loss"), lost)
    assert await listed(people, "SM1", "losses") == ["C2"]
    assert await people.refused("E", path_of(people, "C2", ":accept-loss")) == (403, "forbidden")
    await people.did("SM1", path_of(people, "C2", ":accept-loss"))
    shown = await people.read("E", path_of(people, "C2"))
    assert (shown["closed"], shown["holds_until"], shown["due"]) == ("given_up", None, None)
    assert await listed(people, "SM1", "losses") == []
    assert await listed(people, "SM1", "given_up") == await listed(people, "E", "given_up") == ["C2"]
    assert await listed(people, "F", "given_up") == []
    for which in ("due", "without_plan", "without_check", "findings"):
        assert "C2" not in await listed(people, "SM1", which)

    await people.did("SM1", path_of(people, "C1", ":mark-important"))
    assert await listed(people, "E", "too_few_agents") == ["C1"]
    assert (await people.get("F", path_of(people, "C1"))).status_code == 404
    await people.did("E", path_of(people, "C1", ":add-contact"), {"agent": f})
    assert await listed(people, "SM1", "too_few_agents") == []
    assert await listed(people, "F", "important") == ["C1"]
    assert (await people.read("F", path_of(people, "C1")))["in_contact"] == sorted([cast_of(people.played).people["E"], f])

    await people.did("P", f"/v1/people/{cast_of(people.played).people['E']}:leave", {"kind": "resigned"})
    assert await listed(people, "SM1", "without_successor") == ["C1"]
    assert await listed(people, "SM1", "too_few_agents") == ["C1"]
    told = {"channel": "phone", "note": "Told them who is next"}
    assert await people.refused("F", path_of(people, "C1", ":tell-successor"), told) == (409, "no_successor")
    await people.did("SM1", path_of(people, "C1", ":reassign"), {"to": f})
    assert await listed(people, "F", "without_successor") == ["C1"]
    await people.did("F", path_of(people, "C1", ":tell-successor"), told)
    assert await listed(people, "SM1", "without_successor") == []
    assert await people.refused("F", path_of(people, "C1", ":tell-successor"), told) == (409, "nobody_left")


@clause("K-9")
async def test_a_half_year_begins_and_each_file_is_looked_through(clock: StoryClock, people: People) -> None:
    await later(clock, people, "2024-07-01 00:00")
    for name in ("C1", "C2"):
        await swept(people, path_of(people, name), "findings", ["no_source", "no_level", "no_plan", "no_check"])
    checked = await people.read("SM1", "/v1/file-checks")
    lacking = {"no_source": 2, "no_level": 2, "no_plan": 2, "no_check": 2}
    assert (checked["half"], checked["until"]) == ("2024-H2", "2025-01-01T00:00:00+08:00")
    assert checked["stores"] == [{"store": "S1", "files": 2, "in_order": 0, "found": lacking, "open": lacking}]
    await people.did("SM1", path_of(people, "C1", ":amend"), {"source": "web"})
    await people.did("SM1", path_of(people, "C2", ":excuse"), {"finding": "no_source", "reason": "They would not say"})
    assert await listed(people, "SM1", "findings", finding="no_source") == []
    assert await listed(people, "SM1", "findings", finding="no_plan") == ["C1", "C2"]
    [store] = (await people.read("SM1", "/v1/file-checks"))["stores"]
    assert (store["found"], store["open"]) == (lacking, {"no_level": 2, "no_plan": 2, "no_check": 2})
    assert await people.refused("SM2", path_of(people, "C1", ":amend"), {"source": "web"}) == (403, "forbidden")


@clause("K-1", "G-4")
async def test_whoever_comes_is_registered_and_whoever_asks_is_answered(clock: StoryClock, people: People) -> None:
    e = cast_of(people.played).people["E"]
    nameless = await people.did("D", "/v1/visits", {**CAME, "agent": e})
    assert nameless["reply_until"] is None
    asked = await people.did("E", "/v1/visits", {**CAME, "phone": "13700000009", "name": "Client Nine", "reply_wanted": True})
    assert asked["reply_until"].startswith("2024-06-04T12:00:00")
    assert await people.refused("D", "/v1/visits", CAME) == (409, "visit_incomplete")
    assert await people.refused("E", "/v1/visits", {**CAME, "name": "Client Ten"}) == (422, "invalid_request")
    shown = await people.read("E", f"/v1/visits/{asked['id']}")
    assert shown["contact"].startswith("cnt_")
    assert "13700000009" not in str(shown)
    assert (await people.read("SM1", f"/v1/visits/{nameless['id']}"))["contact"] is None
    for who in ("F", "X", "SM2"):
        assert (await people.get(who, f"/v1/visits/{asked['id']}")).status_code == 404

    assert await visits(people, "SM1", "all") == [nameless["id"], asked["id"]]
    assert await visits(people, "X", "all") == []
    assert await visits(people, "E", "unanswered") == [asked["id"]]
    await later(clock, people, "2024-06-04 12:00:01")
    assert await visits(people, "SM1", "overdue") == [asked["id"]]
    await people.did("E", f"/v1/visits/{asked['id']}:reply", {"channel": "phone", "text": "The school is ten minutes away"})
    assert await visits(people, "SM1", "overdue") == []
    c1 = people.played.ids["client", "C1"]
    await people.did("E", f"/v1/visits/{nameless['id']}:link", {"client": c1})
    assert await visits(people, "E", "all", client=c1) == [nameless["id"]]
    assert await visits(people, "E", "unlinked") == [asked["id"]]


async def visits(people: People, who: str, which: str, **query: str) -> list[str]:
    pages = await people.pages(who, "/v1/visits", limit=1, which=which, **query)
    return [row["id"] for page in pages for row in page]
