"""Client care from end to end: a year's grading and what becomes of a grade, a complaint, a long leave (G-1 to G-4, C-1, C-2)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from deploy.cases.clock import StoryClock
from shared.regulation import SHIPPED, load
from tests.client.test_grading import NOTHING
from tests.journeys.asking import People, later
from tests.journeys.telling import cast_of

STORY = Path(__file__).parent / "stories" / "care.yaml"
CALLED = {"channel": "phone", "text": "They still look, and want to come on Sunday"}
WROTE = {"channel": "message", "text": "Sent them the plan of the flat by the river"}
clause = pytest.mark.clause


def path_of(people: People, name: str, act: str = "") -> str:
    return f"/v1/clients/{people.played.ids['client', name]}{act}"


async def listed(people: People, who: str, **query: str) -> list[tuple[str, str]]:
    """The names of the clients on somebody's list of grades, in its order, with their grades."""
    names = {id: name for (_, name), id in people.played.ids.items()}
    pages = await people.pages(who, "/v1/grades", limit=2, **query)
    return [(names[row["client"]], row["grade"]) for page in pages for row in page]


async def grade(people: People, who: str, name: str, **query: str) -> dict[str, Any]:
    return await people.read(who, path_of(people, name, "/grade"), **query)


async def graded(clock: StoryClock, people: People) -> str:
    """Drafted by the service manager on 2 January, confirmed by the general manager from 1 February on; the grading's path.

    C1 and C2 tie for the first of five places, which alone is A.
    """
    await later(clock, people, "2024-01-02 10:00")
    for name, payment in (("C6", 100), ("C2", 100), ("C3", 80), ("C4", 40), ("C5", 0)):
        figures = {"year": 2023, "figures": {**NOTHING, "payment": payment}}
        entered = await people.did("FI", path_of(people, name, ":enter-figures"), figures)
        assert entered["id"] == people.played.ids["client", "C1" if name == "C6" else name]
    drafted = await people.did("SV", "/v1/gradings", {"year": 2024})
    assert (drafted["year"], drafted["of"], drafted["state"]) == (2024, 5, "drafted")
    path = f"/v1/gradings/{drafted['id']}"
    assert await people.refused("SV", f"{path}:confirm", {"effective_from": "2024-02-01"}) == (403, "conflict_of_interest")
    assert await people.refused("GM", f"{path}:confirm", {"effective_from": "2024-01-01"}) == (409, "grading_outside_its_year")
    assert (await grade(people, "R", "C1"))["grade"] is None
    confirmed = await people.did("GM", f"{path}:confirm", {"effective_from": "2024-02-01"})
    assert confirmed["effective_at"] == "2024-02-01T00:00:00+08:00"
    return path


@clause("G-1", "G-2")
async def test_a_grading_is_looked_at_confirmed_and_explained_to_whom_it_concerns(clock: StoryClock, people: People) -> None:
    await later(clock, people, "2023-12-31 23:59:59")
    early = {"year": 2023, "figures": NOTHING}
    assert await people.refused("FI", path_of(people, "C1", ":enter-figures"), early) == (409, "year_not_over")
    path = await graded(clock, people)
    assert await people.refused("SV", "/v1/gradings", {"year": 2024}) == (409, "already_graded")
    for who in ("R", "SM1"):
        assert await people.refused(who, "/v1/gradings", {"year": 2024}) == (403, "forbidden")
        assert (await people.get(who, path)).status_code == 403
    shown = await people.read("FI", path)
    assert [(each["grade"], each["clients"]) for each in shown["grades"]] == [("A", 2), ("B", 1), ("C", 2), ("D", 0)]
    names = {id: name for (_, name), id in people.played.ids.items()}
    places = [place for page in await people.pages("auditor", f"{path}/places", limit=3) for place in page]
    assert [(names[place["client"]], place["rank"], place["score"], place["grade"], place["raised"]) for place in places] == [
        ("C1", 1, "25", "A", True), ("C2", 1, "25", "A", True), ("C3", 3, "20", "B", False),
        ("C4", 4, "10", "C", False), ("C5", 5, "0", "C", False),
    ]  # fmt: skip

    await later(clock, people, "2024-01-31 23:59:59")
    assert (await grade(people, "R", "C1"))["grade"] is None
    await later(clock, people, "2024-02-01 00:00:00")
    first = await grade(people, "R", "C1")
    assert (first["grade"], first["terms"]["fee_discount_percent"], first["since"]) == ("A", 5, "2024-02-01T00:00:00+08:00")
    assert first["explained"] == [
        "Grading of 2024: a score of 25, rank 1 of 5, shared by 2; places up to 1 are grade A, and by the tie 1 more."
    ]
    assert await listed(people, "SV") == [("C1", "A"), ("C2", "A"), ("C3", "B"), ("C4", "C"), ("C5", "C")]
    assert await listed(people, "R") == await listed(people, "SM1") == [("C1", "A"), ("C2", "A"), ("C3", "B")]
    assert await listed(people, "X", grade="C") == [("C4", "C"), ("C5", "C")]
    assert (await people.get("R", path_of(people, "C4", "/grade"))).status_code == 404

    await later(clock, people, "2024-05-06 09:00")
    assert (await people.did("GM", f"{path}:withdraw", {"reason": "The fees were those of another year"}))["state"] == "withdrawn"
    assert (await grade(people, "R", "C1"))["grade"] is None
    assert (await grade(people, "R", "C1", as_of="2024-05-06T08:59:59+08:00"))["grade"] == "A"
    assert (await people.did("GM", "/v1/gradings", {"year": 2024}))["state"] == "drafted"


@clause("G-3", "G-4")
async def test_late_payments_cost_a_grade_and_who_has_a_is_called_on_each_quarter(clock: StoryClock, people: People) -> None:
    await graded(clock, people)
    await later(clock, people, "2024-02-06 09:00")
    late = path_of(people, "C6", ":record-late-payment")
    assert await people.refused("R", late, {"due": "2024-02-05"}) == (403, "forbidden")
    assert await people.refused("FI", late, {"due": "2024-02-06"}) == (409, "payment_not_late")
    assert (await people.did("FI", late, {"due": "2024-02-05"}))["late_payments"] == 1
    assert (await grade(people, "R", "C1"))["grade"] == "A"
    await later(clock, people, "2024-03-31 23:00")
    assert (await people.did("FI", late, {"due": "2024-03-20", "paid": "2024-03-29"}))["late_payments"] == 2
    lowered = await grade(people, "R", "C1")
    assert (lowered["grade"], lowered["terms"]["payment_days"], lowered["lowered"]) == ("B", 30, ["2024-Q1"])
    assert lowered["explained"][1] == "Late payments in 2024-Q1 lowered it to B."
    assert (await grade(people, "R", "C1", as_of="2024-03-31T22:59:59+08:00"))["grade"] == "A"
    assert await listed(people, "R") == [("C2", "A"), ("C1", "B"), ("C3", "B")]

    await later(clock, people, "2024-04-01 09:00")
    mistake = {"number": 2, "reason": "The bank had it for two days"}
    await people.did("SV", path_of(people, "C1", ":withdraw-late-payment"), mistake)
    restored = await grade(people, "R", "C1")
    assert [(each["grade"], each["lowered"]) for each in restored["history"]] == [("A", []), ("B", ["2024-Q1"]), ("A", [])]
    assert [payment["withdrawn"] for payment in restored["late_payments"]] == [False, True]

    assert await listed(people, "R", which="unvisited") == [("C1", "A"), ("C2", "A")]
    await people.did("R", path_of(people, "C1", ":follow-up"), WROTE)
    await people.did("R", path_of(people, "C2", ":follow-up"), CALLED)
    assert await listed(people, "R", which="unvisited") == [("C1", "A")]
    await people.did("X", path_of(people, "C6", ":follow-up"), CALLED)
    assert await listed(people, "SV", which="unvisited") == []
    assert await listed(people, "SV", which="unvisited", quarter="2024-Q1") == [("C2", "A")]
    assert (await people.get("SV", "/v1/grades", which="unvisited", quarter="2024-Q3")).status_code == 422
    await later(clock, people, "2024-06-30 23:59:59")
    assert await listed(people, "SM1", which="unvisited") == []
    await later(clock, people, "2024-07-01 00:00")
    assert await listed(people, "SM1", which="unvisited") == [("C1", "A"), ("C2", "A")]


SCALE = {"clause": "G-3", "customary_fee_percent": {"sale": "3/2", "rental": 50}}


async def short(people: People, who: str, **query: str) -> list[tuple[str, str, int | None]]:
    """The clients of deals on somebody's list of fees, with their grades and by how many fen the fee falls short."""
    names = {id: name for (_, name), id in people.played.ids.items()}
    rows = [row for page in await people.pages(who, "/v1/fees", limit=2, **query) for row in page]
    return [(names[row["client"]], row["grade"], row["short_by"] and row["short_by"]["amount"]) for row in rows]


@clause("G-3")
async def test_fees_below_what_a_grade_allows_are_listed_and_refused_to_nobody(clock: StoryClock, people: People) -> None:
    await graded(clock, people)
    await later(clock, people, "2024-01-31 10:00")
    document = load(SHIPPED / "A.yaml").document
    pack = {**document, "id": "A-OWN", "clauses": [*document["clauses"], SCALE]}
    await people.did("GM", "/v1/packs:activate", {"pack": pack, "from": "2024-02-01T00:00:00+08:00"})
    cast = cast_of(people.played).people

    async def closed(client: str, closer: str, agency: int, price: int | None = 200_000_000, kind: str = "sale") -> str:
        fees = {"agency": {"amount": agency, "currency": "CNY"}}
        told: dict[str, Any] = {"client": people.played.ids["client", client], "closers": [cast[closer]], "fees": fees, "kind": kind}
        if price is not None:
            told["price"] = {"amount": price, "currency": "CNY"}
        deal: str = (await people.did(closer, "/v1/deals", told))["id"]
        return deal

    await closed("C2", "R", 1)  # on the last day without a grade
    await later(clock, people, "2024-02-01 10:00")
    first = await closed("C6", "X", 2_849_999)  # A: five percent off three million
    await closed("C1", "R", 2_850_000)
    await closed("C4", "X", 2_999_999)  # C: nothing off
    await closed("C3", "T", 2_425, 5_000, "rental")  # B: three percent off half a month's rent
    await closed("C3", "T", 2_424, 5_000, "rental")
    await closed("C5", "X", 3_000_000, None)
    assert await short(people, "SV") == [("C6", "A", 1), ("C4", "C", 1), ("C3", "B", 1)]
    assert await short(people, "FI", which="incomparable") == [("C5", "C", None)]
    assert await short(people, "X") == await short(people, "SM3") == [("C6", "A", 1), ("C4", "C", 1)]
    assert await short(people, "SM1") == [("C3", "B", 1)]
    assert await short(people, "R") == []
    assert await short(people, "R", which="all") == [("C1", "A", 0)]
    [row, _] = (await people.read("X", "/v1/fees"))["data"]
    assert (row["deal"], row["least"]["amount"], row["customary"]["amount"]) == (first, 2_850_000, 3_000_000)
    assert row["pay_until"] == "2024-05-02T00:00:00+08:00"
    assert (await people.read("X", f"/v1/deals/{first}"))["price"]["amount"] == 200_000_000
    await people.did("SM3", f"/v1/deals/{first}:cancel", {"reason": "They found another"})
    assert await short(people, "X") == [("C4", "C", 1)]


@clause("C-1", "C-2")
async def test_a_complaint_goes_from_hand_to_hand_and_a_long_leave_wants_personnel(clock: StoryClock, people: People) -> None:
    cast = cast_of(people.played).people
    told = {"channel": "phone", "client": people.played.ids["client", "C1"], "against": [cast["R"]], "text": "He came an hour late"}
    assert await people.refused("X", "/v1/complaints", {**told, "text": "Ring 13900000001"}) == (409, "contact_in_text")
    assert await people.refused("X", "/v1/complaints", {**told, "client": None}) == (409, "complaint_untied")
    unknown = {**told, "deal": people.played.ids["client", "C1"].replace("cli_", "dea_")}
    assert await people.refused("X", "/v1/complaints", unknown) == (409, "unknown_reference")
    registered = await people.did("X", "/v1/complaints", told)
    path = f"/v1/complaints/{registered['id']}"
    assert await people.refused("T", f"{path}:assign", {"to": cast["T"]}) == (403, "forbidden")
    assert await people.refused("SM3", f"{path}:assign", {"to": cast["X"]}) == (403, "forbidden")
    assert await people.refused("SV", f"{path}:assign", {"to": cast["R"]}) == (409, "assignee_complained_of")
    assert (await people.did("SV", f"{path}:assign", {"to": cast["T"]}))["state"] == "assigned"
    assert [row["id"] for row in (await people.read("T", "/v1/complaints", state="assigned"))["data"]] == [registered["id"]]
    assert registered["due"] == "2023-12-08T00:00:00+08:00"
    await later(clock, people, "2023-12-07 23:59:59")
    assert (await people.read("T", "/v1/complaints", overdue="true"))["data"] == []
    await later(clock, people, "2023-12-08 00:00:00")
    assert [row["overdue"] for row in (await people.read("SM1", "/v1/complaints", overdue="true"))["data"]] == [True]
    assert (await people.get("FI", path)).status_code == 404
    await people.did("T", f"{path}:answer", {"text": "We are sorry, and somebody else comes on Sunday"})
    closing = {"outcome": "upheld", "reason": "They are content"}
    assert await people.refused("R", f"{path}:close", closing) == (403, "forbidden")
    assert (await people.did("SM1", f"{path}:close", closing)) | {"version": 0} == {
        "id": registered["id"], "version": 0, "state": "closed", "due": None,
    }  # fmt: skip
    story = (await people.read("R", path))["story"]
    assert [(said["what"], said["by"]) for said in story] == [
        ("registered", cast["X"]), ("assigned", cast["SV"]), ("answered", cast["T"]), ("closed", cast["SM1"]),
    ]  # fmt: skip

    leave = f"/v1/people/{cast['R']}"
    short, long = {"from": "2023-12-11", "to": "2023-12-13"}, {"from": "2023-12-18", "to": "2023-12-21", "maintainer": cast["T"]}
    for days in (short, long):
        await people.did("SM1", f"{leave}:grant-leave", days)
    days = {"from": long["from"], "to": long["to"]}
    lacking = (await people.read("PE", "/v1/leaves", lacking="approval"))["data"]
    assert [(row["person"], row["from"], row["days"], row["needs_approval"]) for row in lacking] == [(cast["R"], "2023-12-18", 4, True)]
    assert await people.refused("SM1", f"{leave}:approve-leave", days) == (403, "forbidden")
    assert await people.refused("PE", f"{leave}:approve-leave", short) == (409, "leave_needs_no_approval")
    await people.did("PE", f"{leave}:approve-leave", days)
    assert (await people.read("PE", "/v1/leaves", lacking="approval"))["data"] == []
    assert [row["from"] for row in (await people.read("R", "/v1/leaves", lacking="handover"))["data"]] == ["2023-12-11"]
    assert [row["approved_by"] for row in (await people.read("SM1", "/v1/leaves"))["data"]] == [None, cast["PE"]]
    assert (await people.read("X", "/v1/leaves"))["data"] == []
