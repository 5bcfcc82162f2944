"""What managers look up: what happened, what waits for them, which rules hold, who works where."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from deploy.cases.clock import StoryClock
from shared.regulation import SHIPPED, load
from tests.journeys.asking import People, later
from tests.journeys.telling import cast_of

STORY = Path(__file__).parent / "stories" / "managing.yaml"
HOUSE = {
    "kind": "sale", "community": "Harbour Court", "building": "3", "unit": "2", "owner_phone": "13900000002", "bedrooms": 2, "floor": 3,
    "area_m2": 89.5, "orientation": "south", "title_certificate": True, "decoration": "plain", "acquired_at": "2024-03-05T09:00:00+08:00",
}  # fmt: skip
clause = pytest.mark.clause


def money(fen: int) -> dict[str, Any]:
    return {"amount": fen, "currency": "CNY"}


def told(page: dict[str, Any]) -> list[tuple[str, str | None]]:
    return [(entry["type"], entry["facts"].get("text")) for entry in page["data"]]


@clause("A-2.7")
async def test_what_was_written_on_a_listing_is_read_and_can_be_refuted_by_its_id(people: People) -> None:
    listing = f"/v1/listings/{people.played.ids['listing', 'L1']}"
    shown = await people.read("T", f"{listing}/timeline")
    assert told(shown) == [
        ("listing.Entered", None), ("listing.FollowedUp", "The owner would take two million and a half"), ("listing.Shown", None),
    ]  # fmt: skip
    assert all(word not in str(shown) for word in ("cnt_", "cli_", "late_entry"))
    assert [len(page) for page in await people.pages("T", f"{listing}/timeline", limit=2)] == [2, 1]
    assert len((await people.read("T", f"{listing}/timeline", known_at="2024-03-02T10:00:00+08:00"))["data"]) == 2
    refuted = {"what": "follow_up", "reason": "The owner says nobody called", "follow_up": shown["data"][1]["entry"]}
    await people.did("SM1", f"{listing}:refute", refuted)
    assert told(await people.read("R", f"{listing}/timeline"))[-1] == ("listing.Refuted", None)
    await people.did("R", f"{listing}:conceal")
    assert (await people.get("T", f"{listing}/timeline")).status_code == 404
    assert (await people.get("SM1", f"{listing}/timeline")).status_code == 200


@clause("K-2")
async def test_what_was_said_with_a_client_is_read_by_who_may_read_the_file(people: People) -> None:
    client = f"/v1/clients/{people.played.ids['client', 'C1']}/timeline"
    for who in ("C", "SM2", "AM", "auditor"):
        shown = await people.read(who, client)
        assert told(shown)[-1] == ("client.FollowedUp", "They liked the river and ask about the school")
    assert "cnt_" not in str(shown)
    assert shown["data"][1]["facts"]["listing"] == people.played.ids["listing", "L1"]
    for who in ("R", "T", "SM1"):
        assert (await people.get(who, client)).status_code == 404


@clause("A-2.11", "C-1")
async def test_who_left_and_what_they_left_behind_is_found_and_shared_out(people: People) -> None:
    cast = cast_of(people.played).people
    assert [row["id"] for row in (await people.read("PE", "/v1/people", newcomer="true"))["data"]] == [cast["H"]]
    await people.did("PE", f"/v1/people/{cast['R']}:leave", {"kind": "walked_out"})
    for who in ("SM1", "AM", "GM"):
        assert [row["holder"] for row in (await people.read(who, "/v1/listings", which="left_behind"))["data"]] == [cast["R"]]
    for who in ("SM2", "SM4", "H", "T"):
        assert (await people.read(who, "/v1/listings", which="left_behind"))["data"] == []
    assert [row["id"] for row in (await people.read("T", "/v1/people", in_post="false"))["data"]] == [cast["R"]]
    assert {row["id"] for page in await people.pages("T", "/v1/people", limit=1, store="S1", role="agent") for row in page} == {cast["H"]}
    gone = f"/v1/people/{cast['R']}"
    assert [(await people.read(who, gone))["left"]["kind"] for who in ("SM1", "PE", "auditor")] == ["walked_out"] * 3
    assert "left" not in await people.read("H", gone)
    await people.did("SM1", f"/v1/listings/{people.played.ids['listing', 'L1']}:reassign", {"to": cast["H"]})
    assert (await people.read("SM1", "/v1/listings", which="left_behind"))["data"] == []


@clause("B-1-4-2", "A-1.N7")
async def test_a_late_listing_waits_for_the_area_manager_and_what_touched_a_deal_is_shown(clock: StoryClock, people: People) -> None:
    cast = cast_of(people.played).people
    facts = {"client": people.played.ids["client", "C1"], "closers": [cast["C"]], "fees": {"agency": money(3_000_000)}, "kind": "sale"}
    late = (await people.did("C", "/v1/deals", facts))["id"]
    other = (await people.did("C", "/v1/deals", {**facts, "listing": people.played.ids["listing", "L1"]}))["id"]
    await later(clock, people, "2024-03-05 10:00")
    entered = await people.did("R", "/v1/listings", {**HOUSE, "room": "0303"})
    assert (await people.read("AM", "/v1/deals", wants_sign_off="true"))["data"] == []
    await people.did("C", f"/v1/deals/{late}:attach-listing", {"listing": entered["id"]})
    for who in ("AM", "SM2", "C"):
        assert [row["id"] for row in (await people.read(who, "/v1/deals", wants_sign_off="true"))["data"]] == [late]
    shown = await people.read("SM2", f"/v1/deals/{late}")
    assert (shown["late_listing"], shown["signed_off"], shown["fees"]) == (True, False, {"agency": money(3_000_000)})
    assert (await people.read("SM2", f"/v1/deals/{other}"))["late_listing"] is False
    await people.did("AM", f"/v1/deals/{late}:sign-off", {"reason": "The owner rang while they signed"})
    assert (await people.read("AM", "/v1/deals", wants_sign_off="true"))["data"] == []
    await people.did("SM2", f"/v1/deals/{late}:settle")
    moved = [{"role": "closing", "to": cast[to], "amount": money(fen), "credit": "S2"} for to, fen in (("C", -100), ("H", 100))]
    await people.did("GM", f"/v1/deals/{late}:adjudicate", {"lines": moved, "reason": "H stood in for a day"})
    corrections = (await people.read("R", f"/v1/deals/{late}"))["corrections"]
    assert [(each["what"], each["by"], each.get("reason")) for each in corrections] == [
        ("attached", cast["C"], None),
        ("signed_off", cast["AM"], "The owner rang while they signed"),
        ("adjudicated", cast["GM"], "H stood in for a day"),
    ]
    assert (corrections[2]["authority"], corrections[2]["lines"]) == ("general_manager", moved)
    assert not any(line["clauses"] == ["A-1.N7"] for line in (await people.read("R", f"/v1/deals/{late}"))["lines"])

    await people.did("GM", f"/v1/deals/{other}:adjudicate", {"lines": moved, "reason": "The same before it is settled"})
    await people.did("SM2", f"/v1/deals/{other}:settle")
    shown = await people.read("SM2", f"/v1/deals/{other}")
    cause = {"points": "0", "clauses": ["A-1.N7"], "evidence": [shown["corrections"][0]["entry"]], "by_analogy": False}
    assert shown["lines"][-2:] == [{**line, **cause} for line in moved]
    net = {each["to"]: each["amount"]["amount"] for each in shown["net"]}
    assert sum(line["amount"]["amount"] for line in shown["lines"]) == sum(net.values()) == shown["base"]["amount"]
    assert net[cast["H"]] == 100


@clause("B-1-4-2")
async def test_who_settles_sees_beforehand_what_would_be_proposed(clock: StoryClock, people: People) -> None:
    cast = cast_of(people.played).people
    pack = load(SHIPPED / "B.yaml").document
    await people.did("GM", "/v1/packs:activate", {"pack": pack, "from": "2024-03-05T09:30:00+08:00", "store": "S2"})
    await later(clock, people, "2024-03-05 09:40")
    facts = {"client": people.played.ids["client", "C1"], "closers": [cast["C"]], "fees": {"agency": money(3_000_000)}, "kind": "sale"}
    deal = (await people.did("C", "/v1/deals", facts))["id"]
    await later(clock, people, "2024-03-05 10:00")
    entered = await people.did("R", "/v1/listings", {**HOUSE, "room": "0303"})
    await people.did("C", f"/v1/deals/{deal}:attach-listing", {"listing": entered["id"]})
    judged = await people.read("SM2", f"/v1/deals/{deal}/replay")
    assert [(one["kind"], one["person"]) for one in judged["violations"]] == [
        ("hoarding", cast[who]) for who in ("C", "SM2", "AM")
    ]  # fmt: skip
    assert (await people.read("SM2", "/v1/violations", kind="hoarding"))["data"] == []


async def test_which_pack_holds_is_seen_by_everyone_with_every_number(clock: StoryClock, people: People) -> None:
    [first] = (await people.read("T", "/v1/packs"))["data"]
    assert (first["id"], first["store"], first["in_force"]) == ("A", None, True)
    stated = {**load(SHIPPED / "B.yaml").document, "id": "OURS"}
    stated["clauses"] = [*stated["clauses"], {"clause": "G-4", "hours": 12}]
    await people.did("GM", "/v1/packs:activate", {"pack": stated, "from": "2024-03-06T00:00:00+08:00", "store": "S2"})
    assert [(row["id"], row["in_force"]) for row in (await people.read("T", "/v1/packs"))["data"]] == [("A", True), ("OURS", False)]
    await later(clock, people, "2024-03-05 23:59:59")
    assert [row["id"] for row in (await people.read("T", "/v1/packs", which="in_force", store="S2"))["data"]] == ["A"]
    await later(clock, people, "2024-03-06 00:00:00")
    assert [row["id"] for row in (await people.read("T", "/v1/packs", which="in_force"))["data"]] == ["A", "OURS"]
    [own] = (await people.read("T", "/v1/packs", which="in_force", store="S2"))["data"]
    assert [row["id"] for row in (await people.read("T", "/v1/packs", which="in_force", store="S4"))["data"]] == ["A"]
    then = await people.read("T", "/v1/packs", which="in_force", store="S2", at="2024-03-05T12:00:00+08:00")
    assert [row["id"] for row in then["data"]] == ["A"]
    assert [len(page) for page in await people.pages("T", "/v1/packs", limit=1)] == [1, 1]
    shown = await people.read("T", f"/v1/packs/{own['digest']}")
    assert (shown["document"]["id"], shown["readings"]["R-days"]) == ("OURS", "civil_code")
    binding = {each["clause"]: each for each in shown["binding"]}
    assert (binding["G-4"]["hours"], binding["G-4"]["stated"]) == (12, True)
    assert (binding["K-3"]["days"], binding["K-3"]["stated"]) == ({"H": 2, "A": 7, "B": 15, "C": 30}, False)
    for unknown in ("0" * 64, "A"):
        assert (await people.get("T", f"/v1/packs/{unknown}")).status_code == 404
