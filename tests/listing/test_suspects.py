"""A-2.14: what looks like deliberate duplicates and junk is listed, with how much so; a manager finds what is."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from msgspec import structs

from services.listing.events import House
from services.listing.rules import Candidate, likeness_percent, suspected_since, suspects
from shared.regulation import Pack, load
from tests.commission.closings import at
from tests.packs import A

clause = pytest.mark.clause
ENTERED = at("2024-03-01 10:00")
NOW = at("2024-03-02 10:00")
HOUSE = House("Harbour Court", "3", "2", "0302", 2, 3, Decimal("89.5"), "south", True, "plain")


def entry(number: int, room: str | None = "0302", owner: str | None = "cnt_1", **facts: Any) -> Candidate:
    house = structs.replace(HOUSE, room=room, **{name: value for name, value in facts.items() if name in House.__struct_fields__})
    told = {name: value for name, value in facts.items() if name not in House.__struct_fields__}
    return structs.replace(Candidate(f"L{number}", number, "sale", house, owner, False, (), ENTERED, "X"), **told)


def found(*entries: Candidate, pack: Pack = A, now: datetime = NOW) -> list[tuple[str, int, tuple[str, ...]]]:
    return [(s.why, s.percent, tuple(e.id for e in s.entries)) for s in suspects(pack, entries, now)]


def having(**parameters: int) -> Pack:
    document = A.document
    clauses = [{**told, **parameters} if told["clause"] == "A-2.14" else told for told in document["clauses"]]
    return load({**document, "clauses": clauses})


@clause("A-2.14")
def test_rooms_that_differ_by_one_character_and_are_else_alike_are_suspect_the_earlier_first() -> None:
    assert found(entry(2, "0303", "cnt_2"), entry(1, "0302", "cnt_1")) == [("alike", 84, ("L1", "L2"))]


@clause("A-2.14")
@pytest.mark.parametrize("seen", ["03O2", "０３０２", "0302"])
def test_look_alikes_are_one_room(seen: str) -> None:
    assert found(entry(1, "0302", "cnt_1"), entry(2, seen, "cnt_2")) == [("alike", 87, ("L1", "L2"))]


def test_neighbours_with_other_facts_and_rooms_further_apart_are_none() -> None:
    assert found(entry(1, "0302", "cnt_1"), entry(2, "0303", "cnt_2", area_m2=Decimal(120), bedrooms=3)) == []
    assert found(entry(1, "0302", "cnt_1"), entry(2, "0413", "cnt_2")) == []


@pytest.mark.parametrize("apart", [{"community": "Lake Court"}, {"building": "4"}, {"unit": "1"}, {"kind": "rental"}])
def test_only_rooms_of_one_house_and_stair_entered_for_the_same_are_compared(apart: dict[str, str]) -> None:
    assert found(entry(1, "0302", "cnt_1"), entry(2, "0303", "cnt_2", **apart)) == []


def test_facts_that_one_of_them_does_not_give_are_not_compared() -> None:
    sparse = {"bedrooms": None, "floor": None, "area_m2": None, "orientation": None, "title_certificate": None, "decoration": None}
    assert likeness_percent(entry(1), entry(2, "0303", None, **sparse)) == 75
    assert likeness_percent(entry(1), entry(2, "0303", "cnt_1", **sparse)) == 87


@clause("A-2.14")
def test_the_pack_says_how_alike_is_too_alike() -> None:
    pair = (entry(1, "0302", "cnt_1"), entry(2, "0303", "cnt_2"))
    assert found(*pair, pack=having(alike_percent=84))
    assert found(*pair, pack=having(alike_percent=85)) == []


@clause("A-2.14")
def test_several_rooms_with_one_owners_phone_are_suspect_by_how_many_are_too_many() -> None:
    rooms = [entry(n, f"0{n}01", "cnt_1", building=str(n), floor=n) for n in (1, 2, 3)]
    assert found(*rooms) == [("one_owner", 66, ("L1", "L2", "L3"))]
    assert found(*rooms, pack=having(one_owner_rooms=4)) == []
    assert found(rooms[0], structs.replace(rooms[0], id="L9", number=9, kind="rental")) == []


@clause("A-2.14", "A-2.6")
def test_a_draft_is_junk_when_nobody_completed_it_in_the_packs_days() -> None:
    draft = entry(1, None, None, draft=True, missing=("room", "owner_phone"))
    last = at("2024-03-05 00:00")
    assert found(draft, now=last - timedelta(microseconds=1)) == []
    assert found(draft, now=last) == [("unfinished", 40, ("L1",))]
    assert found(structs.replace(draft, draft=False), now=last) == []


@clause("A-2.14")
def test_the_most_suspect_come_first() -> None:
    entries = [entry(1, "0302", "cnt_1"), entry(2, "0303", "cnt_2"), entry(3, "0302", "cnt_1", kind="rental"), entry(4, "0303", "cnt_1")]
    assert [suspect[:2] for suspect in found(*entries)] == [("alike", 96), ("alike", 87), ("alike", 84), ("one_owner", 50)]


@clause("A-2.14")
def test_without_the_clause_nothing_is_looked_for() -> None:
    document = {**A.document, "clauses": [told for told in A.document["clauses"] if told["clause"] != "A-2.14"]}
    assert found(entry(1), entry(2, "0303"), pack=load(document)) == []
    assert suspected_since(load(document), NOW) is None
    assert suspected_since(A, NOW) == at("2024-02-01 00:00")


def test_a_pack_that_does_not_say_has_the_usual_figures() -> None:
    document = A.document
    bare = [
        {k: v for k, v in told.items() if k not in ("days", "alike_percent", "one_owner_rooms", "draft_days")}
        for told in document["clauses"]
        if told["clause"] == "A-2.14"
    ]
    clauses = [bare[0] if told["clause"] == "A-2.14" else told for told in document["clauses"]]
    assert load({**document, "clauses": clauses}).digest == A.digest
