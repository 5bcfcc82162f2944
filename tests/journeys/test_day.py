"""An agent's day: what of theirs ends when and at what cost, what they would earn, what they see in lists and what they do not."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from deploy.cases.calling import Wire
from deploy.cases.clock import StoryClock
from deploy.stack import Stack
from shared.calendar import SHANGHAI
from shared.entry import new_id, uuid_of
from tests.journeys.asking import People
from tests.journeys.telling import cast_of, streams_with, tenant_of

STORY = Path(__file__).parent / "stories" / "a_day.yaml"
ANNOUNCED_WITHIN_S = 30.0
clause = pytest.mark.clause


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def id_of(people: People, name: str) -> str:
    return next(id for (_, told), id in people.played.ids.items() if told == name)


def streams_of(people: People, *names: str) -> set[UUID]:
    return {uuid_of(id_of(people, name)) for name in names}


async def names_in(people: People, who: str, path: str, **query: str | int) -> list[str]:
    """What somebody finds in a list, by the story's names, as it is listed."""
    names = {id: name for (_, name), id in people.played.ids.items()}
    return [names[row["id"]] for page in await people.pages(who, path, limit=2, **query) for row in page]


async def announced(stack: Stack, people: People, name: str, version: int) -> None:
    """Waits until the sweep has said something of a listing or client: its version is the sign."""
    path = f"/v1/{'listings' if name.startswith('L') else 'clients'}/{id_of(people, name)}"
    cast = cast_of(people.played)
    async with Wire(stack.address) as wire:
        answer = await wire.get_when(
            path, lambda a: a.etag == f'"v{version}"', within_s=ANNOUNCED_WITHIN_S, token=cast.companies[None].auditor, after=cast.after
        )
    assert answer.etag == f'"v{version}"'


# ----------------------------------------------------------------------------------------------------------------- The agenda


@clause("A-2.3", "A-2.7", "A-2.9")
async def test_the_agenda_says_what_ends_first_by_which_clause_and_what_it_would_cost(people: People) -> None:
    rows = (await people.read("R", "/v1/agenda"))["data"]
    names = {id: name for (_, name), id in people.played.ids.items()}
    told = [(names[row["id"]], row["what"], row["ends_at"], row["clause"], row["holder_after"], row["cost"]) for row in rows]
    assert told == [
        ("C1", "term", "2024-03-09T00:00:00+08:00", "A-2.3", "team:G1", None),
        ("L2", "concealment", "2024-03-09T00:00:00+08:00", "A-2.9", None, None),
        ("L2", "term", "2024-03-12T00:00:00+08:00", "A-2.7", "team:G1", {"points": "20"}),
        ("L1", "term", "2024-03-16T00:00:00+08:00", "A-2.7", "team:G1", {"points": "10"}),
    ]
    assert [row for page in await people.pages("R", "/v1/agenda", limit=1) for row in page] == rows
    assert (await people.read("SM1", "/v1/agenda"))["data"] == []


@clause("A-2.9")
async def test_what_was_taken_from_its_concealer_is_concealed_no_more_and_leaves_the_agenda(people: People) -> None:
    names = cast_of(people.played).people
    await people.did("SM1", f"/v1/listings/{id_of(people, 'L2')}:reassign", {"to": names["T"]})
    assert [(row["what"], row["ends_at"]) for row in (await people.read("R", "/v1/agenda"))["data"]] == [
        ("term", "2024-03-09T00:00:00+08:00"),
        ("term", "2024-03-16T00:00:00+08:00"),
    ]
    assert "L2" in await names_in(people, "F", "/v1/listings", which="all")


@clause("A-2.3", "A-2.9")
async def test_a_day_before_it_ends_it_is_announced_once_and_who_renews_it_hears_no_more(
    stack: Stack, clock: StoryClock, people: People
) -> None:
    await announced(stack, people, "L2", 3)
    await announced(stack, people, "C1", 2)
    await announced(stack, people, "L3", 3)
    await announced(stack, people, "C2", 2)
    played = people.played
    assert set(await streams_with(stack, played, "listing", "listing.TermEnding")) == streams_of(people, "L2", "L3")
    assert set(await streams_with(stack, played, "client", "client.TermEnding")) == streams_of(people, "C1", "C2")
    await people.did("R", f"/v1/clients/{id_of(people, 'C1')}:follow-up", {"channel": "phone", "text": "They still look for two rooms"})
    await clock.set(tenant_of(played), at("2024-03-11 12:00"))
    await announced(stack, people, "C2", 3)  # lapsed
    await announced(stack, people, "L4", 2)  # its term ends
    assert len(await streams_with(stack, played, "client", "client.TermEnding")) == 2
    assert (await people.read("R", f"/v1/clients/{id_of(people, 'C1')}"))["holder"] == cast_of(played).people["R"]


# ------------------------------------------------------------------------------------------------------------------- The lists


async def test_each_finds_what_is_theirs_and_the_pool_they_may_claim_from(clock: StoryClock, people: People) -> None:
    assert await names_in(people, "R", "/v1/listings") == ["L1", "L2"]
    assert await names_in(people, "R", "/v1/listings", which="ending") == []
    assert await names_in(people, "R", "/v1/clients", which="ending") == ["C1"]
    assert await names_in(people, "R", "/v1/listings", which="pool") == []
    await clock.set(tenant_of(people.played), at("2024-03-11 00:00"))
    assert await names_in(people, "R", "/v1/listings", which="ending") == ["L2"]
    assert await names_in(people, "T", "/v1/listings", which="ending") == ["L3", "L4"]
    await clock.set(tenant_of(people.played), at("2024-03-12 00:00"))
    assert await names_in(people, "R", "/v1/listings") == ["L1"]
    assert await names_in(people, "R", "/v1/listings", which="lapsed") == ["L2"]
    assert await names_in(people, "R", "/v1/clients", which="lapsed") == ["C1"]
    for who in ("R", "T"):
        assert await names_in(people, who, "/v1/listings", which="pool") == ["L2", "L3", "L4"]
        assert await names_in(people, who, "/v1/listings", which="pool", kind="rental") == ["L3"]
        assert await names_in(people, who, "/v1/clients", which="pool") == ["C1"]
    assert await names_in(people, "F", "/v1/listings", which="pool") == []
    await clock.set(tenant_of(people.played), at("2024-03-23 00:00"))
    assert await names_in(people, "F", "/v1/listings", which="pool") == ["L2", "L3", "L4"]
    assert await names_in(people, "SM2", "/v1/listings", which="pool") == ["L2", "L3", "L4"]


@clause("A-2.9", "H-1")
async def test_what_one_may_not_see_is_absent_and_unknown(people: People) -> None:
    everything = ["L1", "L2", "L3", "L4"]
    assert await names_in(people, "R", "/v1/listings", which="all") == ["L1", "L2", "L4"]
    assert await names_in(people, "T", "/v1/listings", which="all") == ["L1", "L3", "L4"]
    assert await names_in(people, "F", "/v1/listings", which="all") == ["L1", "L4"]
    assert await names_in(people, "SM2", "/v1/listings", which="all") == ["L1", "L4"]
    for who in ("SM1", "auditor"):
        assert await names_in(people, who, "/v1/listings", which="all") == everything
    for who, name in (("T", "L2"), ("F", "L2"), ("R", "L3"), ("SM2", "L3"), ("R", "C2"), ("SM1", "C2"), ("F", "C1"), ("T", "C1")):
        path = "listings" if name.startswith("L") else "clients"
        unseen = await people.get(who, f"/v1/{path}/{id_of(people, name)}")
        nobodys = await people.get(who, f"/v1/{path}/{new_id('lst' if name.startswith('L') else 'cli')}")
        assert (unseen.status_code, _without_request(unseen.json())) == (404, _without_request(nobodys.json()))
    assert await names_in(people, "R", "/v1/clients", which="all") == ["C1"]
    assert await names_in(people, "SM1", "/v1/clients", which="all") == ["C1"]
    assert await names_in(people, "F", "/v1/clients", which="all") == ["C2"]
    assert await names_in(people, "auditor", "/v1/clients", which="all") == ["C1", "C2"]
    assert await names_in(people, "T", "/v1/clients", which="all") == []


def _without_request(problem: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in problem.items() if name != "request_id"}


async def test_a_cursor_is_good_for_its_own_list_and_caller_only(people: People) -> None:
    page = await people.read("R", "/v1/listings", limit=1, which="all")
    for who, query in (("T", {"which": "all"}), ("R", {"which": "mine"})):
        answer = await people.get(who, "/v1/listings", limit=1, cursor=page["next_cursor"], **query)
        assert (answer.status_code, answer.json()["code"]) == (422, "bad_cursor")


# ------------------------------------------------------------------------------------------------------------------ The preview


@clause("A-1.2.1", "A-1.N1")
async def test_the_preview_is_what_settling_gives(clock: StoryClock, people: People) -> None:
    listing, client = id_of(people, "L1"), id_of(people, "C1")
    preview = await people.read("R", "/v1/preview", listing=listing, client=client, agency=3_000_001)
    assert preview == {**preview, "base": {"amount": 3_000_001, "currency": "CNY"}, "sum": {"amount": 2_400_001, "currency": "CNY"}}
    assert (await people.read("R", "/v1/preview", listing=listing, agency=3_000_001))["lines"] == preview["lines"]
    fees = {"agency": {"amount": 3_000_001, "currency": "CNY"}}
    names = cast_of(people.played).people
    deal = await people.did("R", "/v1/deals", {"listing": listing, "client": client, "closers": [names["R"]], "fees": fees})
    await clock.set(tenant_of(people.played), at("2024-03-08 12:00") + timedelta(minutes=1))
    assert (await people.did("SM1", f"/v1/deals/{deal['id']}:settle"))["state"] == "settled"
    settled = await people.read("R", f"/v1/deals/{deal['id']}")
    own = [line for line in settled["lines"] if line["to"] == names["R"]]
    assert [{name: line[name] for name in ("role", "points", "amount", "clauses")} for line in own] == preview["lines"]
    assert {row["to"]: row["amount"] for row in settled["net"]}[names["R"]] == preview["sum"]
    key = await people.read("T", "/v1/preview", listing=listing, client=client, agency=3_000_001, closer=names["R"])
    assert [(line["role"], line["points"]) for line in key["lines"]] == [("key", "20")]


async def test_a_preview_of_what_one_may_not_see_or_of_nothing_is_refused(people: People) -> None:
    for listing in (id_of(people, "L2"), new_id("lst")):
        answer = await people.get("F", "/v1/preview", listing=listing, agency=100)
        assert (answer.status_code, answer.json()["code"]) == (409, "unknown_reference")
    unknown = await people.get("R", "/v1/preview", listing=id_of(people, "L1"), client=new_id("cli"), agency=100)
    assert (unknown.status_code, unknown.json()["code"]) == (409, "unknown_reference")
    assert (await people.get("SM1", "/v1/preview", listing=id_of(people, "L2"), agency=100)).status_code == 200


# --------------------------------------------------------------------------------------------------------------------- Deals


async def test_deals_are_listed_to_their_parties_and_those_above(people: People) -> None:
    names = cast_of(people.played).people
    fees = {"agency": {"amount": 100, "currency": "CNY"}}
    body = {"listing": id_of(people, "L1"), "client": id_of(people, "C1"), "closers": [names["R"]], "fees": fees}
    deal = (await people.did("R", "/v1/deals", body))["id"]
    for who in ("R", "SM1", "auditor"):
        assert [row["id"] for row in (await people.read(who, "/v1/deals", state="reported"))["data"]] == [deal]
        assert (await people.read(who, "/v1/deals", state="settled"))["data"] == []
    for who in ("T", "F", "SM2"):
        assert (await people.read(who, "/v1/deals"))["data"] == []
        assert (await people.get(who, f"/v1/deals/{deal}")).status_code == 404
    assert (await people.get("R", "/v1/deals", state="outdated")).status_code == 422
