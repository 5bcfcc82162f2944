"""What becomes of violations: who sees them and on what evidence, who confirms or drops them, and the appeal."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.journeys.asking import People
from tests.journeys.telling import cast_of

STORY = Path(__file__).parent / "stories" / "three_violations.yaml"
clause = pytest.mark.clause


async def ids_of(people: People, who: str, **query: str) -> dict[str, str]:
    """The ids of the violations that somebody sees, by kind."""
    return {row["kind"]: row["id"] for row in (await people.read(who, "/v1/violations", **query))["data"]}


@clause("A-2.1", "A-2.14", "A-2.15")
async def test_each_sees_their_own_and_those_below_in_the_order_of_recording(people: People) -> None:
    rows = (await people.read("R", "/v1/violations"))["data"]
    told = [(row["kind"], row["clause"], row["state"], (row["fine"] or {}).get("amount"), row["dismissal"]) for row in rows]
    assert told == [
        ("late_entry", "A-2.1", "proposed", None, False),
        ("canned_follow_up", "A-2.15", "proposed", 500, False),
        ("duplicate_entry", "A-2.14", "proposed", 5000, False),
    ]
    assert [row["proposed_by"] for row in rows] == [None, None, cast_of(people.played).people["SM1"]]
    for who in ("SM1", "AM", "GM", "auditor"):
        assert (await people.read(who, "/v1/violations"))["data"] == rows
    for who in ("T", "F", "SM2"):
        assert (await people.read(who, "/v1/violations"))["data"] == []
        assert (await people.get(who, f"/v1/violations/{rows[0]['id']}")).status_code == 404


@clause("A-2.15")
async def test_the_evidence_shows_both_texts_and_how_alike_they_are(people: People) -> None:
    canned = (await ids_of(people, "R"))["canned_follow_up"]
    shown = await people.read("R", f"/v1/violations/{canned}")
    act, finding, model = shown["evidence"]
    assert (act["type"], act["text"]) == ("listing.FollowedUp", "The owner still wants to sell, and keeps the price!")
    assert finding["type"] == "listing.ViolationFound"
    assert (model["type"], model["text"], model["likeness"]) == (
        "listing.FollowedUp", "The owner still wants to sell and keeps the price", "100%",
    )  # fmt: skip
    assert model["by"] == cast_of(people.played).people["T"]
    assert (shown["state"], shown["answers"]) == ("proposed", [])


@clause("A-2.14")
async def test_a_manager_who_found_it_leaves_it_to_the_next(people: People) -> None:
    found = (await ids_of(people, "SM1"))["duplicate_entry"]
    shown = await people.read("SM1", f"/v1/violations/{found}")
    assert [entry.get("reason") for entry in shown["evidence"]] == ["There is no such flat in that house", None]
    assert await people.refused("SM1", f"/v1/violations/{found}:confirm") == (403, "conflict_of_interest")
    assert await people.refused("R", f"/v1/violations/{found}:drop", {"reason": "I did not"}) == (403, "forbidden")
    assert await people.refused("SM2", f"/v1/violations/{found}:confirm") == (404, "unknown_reference")
    assert (await people.did("AM", f"/v1/violations/{found}:confirm"))["state"] == "confirmed"
    assert await people.refused("GM", f"/v1/violations/{found}:drop", {"reason": "Why not"}) == (409, "violation_already_answered")


async def test_an_appeal_is_decided_above_and_every_list_says_where_it_stands(people: People) -> None:
    ids = await ids_of(people, "R")
    canned, late = ids["canned_follow_up"], ids["late_entry"]
    assert await people.refused("SM1", f"/v1/violations/{late}:drop", {"reason": "  "}) == (422, "invalid_request")
    assert await people.refused("SM1", f"/v1/violations/{late}:drop", {"reason": "ask 13900000001"}) == (409, "contact_in_text")
    await people.did("SM1", f"/v1/violations/{late}:drop", {"reason": "The lift was out of order"})
    assert await people.refused("R", f"/v1/violations/{canned}:appeal", {"reason": "No"}) == (409, "violation_not_confirmed")
    await people.did("SM1", f"/v1/violations/{canned}:confirm")
    await people.did("R", f"/v1/violations/{canned}:appeal", {"reason": "The owner said the same twice"})
    assert await people.refused("SM1", f"/v1/violations/{canned}:decide-appeal", {"outcome": "drop", "reason": "So"}) == (403, "forbidden")
    assert await ids_of(people, "AM", state="appealed") == {"canned_follow_up": canned}
    await people.did("AM", f"/v1/violations/{canned}:decide-appeal", {"outcome": "uphold", "reason": "Word for word"})
    assert await ids_of(people, "AM", state="upheld", clause="A-2.15") == {"canned_follow_up": canned}
    assert await ids_of(people, "AM", state="upheld", clause="A-2.1") == {}
    names = cast_of(people.played).people
    assert set(await ids_of(people, "AM", person=names["R"])) == {"late_entry", "canned_follow_up", "duplicate_entry"}
    assert await ids_of(people, "AM", person=names["T"]) == {}
    shown = await people.read("R", f"/v1/violations/{canned}")
    assert [(answer["by"], answer["state"]) for answer in shown["answers"]] == [
        (names["SM1"], "confirmed"), (names["R"], "appealed"), (names["AM"], "upheld"),
    ]  # fmt: skip
    assert [len(page) for page in await people.pages("AM", "/v1/violations", limit=2)] == [2, 1]
