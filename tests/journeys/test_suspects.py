"""A-2.14, from the list of suspects to the finding: for managers, of their own teams, with the entries it rests on and what to do next."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.journeys.asking import People

STORY = Path(__file__).parent / "stories" / "junk.yaml"
clause = pytest.mark.clause


def told(people: People, rows: list[Any]) -> list[tuple[str, str, int, list[str]]]:
    names = {id: name for (_, name), id in people.played.ids.items()}
    return [(row["team"], row["why"], row["percent"], [names[listing["id"]] for listing in row["listings"]]) for row in rows]


FOUND = [
    ("G1", "alike", 84, ["L1", "L2"]),
    ("G1", "unfinished", 80, ["L4"]),
    ("G1", "one_owner", 50, ["L1", "L3"]),
    ("G4", "alike", 91, ["L5", "L6"]),
    ("G4", "one_owner", 50, ["L5", "L6"]),
]


@clause("A-2.14")
async def test_managers_see_the_suspects_of_their_own_teams_by_team_the_most_suspect_first(people: People) -> None:
    for who in ("SM1", "AM", "auditor"):
        assert told(people, (await people.read(who, "/v1/suspects"))["data"]) == FOUND
    assert told(people, (await people.read("SM1", "/v1/suspects", team="G4"))["data"]) == FOUND[3:]
    assert (await people.read("SM2", "/v1/suspects"))["data"] == []
    for who in ("R", "F"):
        answer = await people.get(who, "/v1/suspects")
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    for limit in (1, 2, 3):
        pages = await people.pages("SM1", "/v1/suspects", limit=limit)
        assert told(people, [row for page in pages for row in page]) == FOUND
        assert [len(page) for page in pages[:-1]] == [limit] * (len(pages) - 1)


@clause("A-2.14")
async def test_what_a_manager_finds_is_a_violation_and_no_suspect_any_more(people: People) -> None:
    first = (await people.read("SM1", "/v1/suspects", limit=1))["data"][0]
    assert first["evidence"] == [f"{listing['id']}@1" for listing in first["listings"]]
    (step,) = first["next"]
    assert step == {"act": "listing.find_duplicate", "post": f"/v1/listings/{people.played.ids['listing', 'L2']}:find-duplicate"}
    await people.did("SM1", step["post"], {"reason": "The neighbour says that this flat is the same"})
    assert told(people, (await people.read("SM1", "/v1/suspects"))["data"]) == FOUND[1:]
    (violation,) = (await people.read("AM", "/v1/violations", clause="A-2.14"))["data"]
    assert (violation["kind"], violation["state"], violation["fine"]["amount"]) == ("duplicate_entry", "proposed", 5000)


@clause("A-2.14")
async def test_who_completes_a_draft_is_no_suspect_for_it(people: People) -> None:
    draft = people.played.ids["listing", "L4"]
    facts = {"building": "2", "unit": "1", "room": "401", "owner_phone": "13900000004"}
    assert (await people.did("R", f"/v1/listings/{draft}:complete", facts))["correct"] is True
    assert FOUND[1] not in told(people, (await people.read("SM1", "/v1/suspects"))["data"])
