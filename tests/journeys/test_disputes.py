"""One dispute from its opening to the books: both sides, what would be, a ruling that adopts it, the second instance, the precedent."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from deploy.cases.clock import StoryClock
from deploy.cases.playing import play
from deploy.cases.reading import read
from deploy.stack import Stack
from shared.entry import new_id
from tests.journeys.asking import People, people_of
from tests.journeys.telling import cast_of, tenant_of
from tests.shared.test_files import pdf, picture

STORY = Path(__file__).parent / "stories" / "a_dispute.yaml"


@pytest.mark.clause("O-4")
async def test_a_dispute_is_heard_weighed_ruled_on_and_found_again(stack: Stack, clock: StoryClock) -> None:
    played = await play(read(STORY), stack, clock=clock)
    assert played.passed, played.differences
    async with people_of(stack, played) as people:
        asked = Asked(people)
        await asked.both_sides_are_heard()
        await asked.they_put_files_in_evidence()
        await asked.what_is_no_evidence_is_kept_nowhere()
        adopted = await asked.what_would_be_is_shown_side_by_side_and_written_nowhere()
        await asked.the_area_manager_adopts_it(adopted)
        await asked.the_company_puts_it_back()
        await asked.the_ruling_is_found_by_its_clause()
        await asked.a_manager_proposes_what_no_rule_found()


class Asked:
    """The steps of the journey, in their order."""

    def __init__(self, people: People) -> None:
        self.people = people
        self.names = {id: name for name, id in cast_of(people.played).people.items()}
        self.deal = f"/v1/deals/{people.played.ids['deal', 'D1']}"
        self.dispute = f"/v1/disputes/{people.played.ids['dispute', 'P1']}"
        self.listing = people.played.ids["listing", "L1"]

    @property
    def declared(self) -> str:
        return self.entry("listing.FollowedUp")

    def entry(self, type: str) -> str:
        found: str = next(one["entry"] for one in self.timeline if one["type"] == type)
        return found

    async def both_sides_are_heard(self) -> None:
        people = self.people
        self.timeline = (await people.read("AM", f"{self.deal}/replay"))["timeline"]
        taken = self.entry("listing.KeyTaken")
        assert await people.refused("T", f"{self.dispute}:state", {"text": "I saw it"}) == (403, "forbidden")
        assert (await people.get("T", self.dispute)).status_code == 404
        assert await people.refused("K", f"{self.dispute}:state", {"text": "ring 13900000001"}) == (409, "contact_in_text")
        unknown = {"text": "So", "evidence": [f"{self.listing}@99"]}
        assert await people.refused("K", f"{self.dispute}:state", unknown) == (409, "unknown_reference")
        said = {"text": "I took the key and wrote it down later", "evidence": [taken, self.declared]}
        assert (await people.did("K", f"{self.dispute}:state", said))["state"] == "open"
        await people.did("C", f"{self.dispute}:state", {"text": "Nobody could know of the key when we closed"})
        for who in ("R", "K", "C", "SM2", "AM", "auditor"):
            shown = await people.read(who, self.dispute)
            assert [(one["what"], self.names[one["by"]]) for one in shown["said"]] == [("opened", "K"), ("stated", "K"), ("stated", "C")]
        assert [one["type"] for one in shown["evidence"]] == ["listing.KeyTaken", "listing.FollowedUp"]
        assert shown["evidence"][1]["text"].startswith("The key has been hanging")
        for who, status in (("SM1", 200), ("T", 404)):  # a deal is seen by those above whoever gets a line of it, not above a closer alone
            assert (await people.get(who, self.deal)).status_code == status
        for who, found in (("K", 1), ("AM", 1), ("T", 0)):
            assert len((await people.read(who, "/v1/disputes", state="open"))["data"]) == found
        assert (await people.read("K", self.deal))["disputes"] == [{"id": self.dispute.removeprefix("/v1/disputes/"), "state": "open"}]

    async def they_put_files_in_evidence(self) -> None:
        people, path, receipt = self.people, f"{self.dispute}:file-exhibit", pdf()
        called = {"Content-Disposition": "attachment; filename*=UTF-8''..%2F..%2F%E9%92%A5%E5%8C%99%E6%94%B6%E6%9D%A1.exe"}
        first = await people.upload("K", path, receipt, "application/pdf", key="key-receipt", **called)
        again = await people.upload("K", path, receipt, "application/pdf", key="key-receipt", **called)
        assert (first.status_code, again.json(), again.headers["Idempotent-Replayed"]) == (201, first.json(), "true")
        photo = await people.upload("C", path, picture("PNG"), "image/png", **{"Content-Disposition": 'inline; filename="13900000001.png"'})
        assert photo.status_code == 201, photo.text
        said = (await people.read("SM2", self.dispute))["said"]
        told = [(self.names[one["by"]], one["name"], one["media_type"], one["size_bytes"]) for one in said if one["what"] == "filed"]
        assert told == [("K", "钥匙收条.pdf", "application/pdf", len(receipt)), ("C", "", "image/png", len(picture("PNG")))]
        self.receipt = first.json()["entry"]
        await people.did("K", f"{self.dispute}:state", {"text": "The receipt says so", "evidence": [self.receipt]})
        assert "deal.ExhibitFiled" in [one["type"] for one in (await people.read("R", self.dispute))["evidence"]]
        file = f"{self.dispute}/exhibits/{first.json()['id']}"
        for who in ("K", "R", "C", "SM2", "AM", "auditor"):
            shown = await people.get(who, file)
            assert (shown.status_code, shown.content, shown.headers["Content-Type"]) == (200, receipt, "application/pdf")
        assert shown.headers["Content-Disposition"] == "attachment; filename*=UTF-8''%E9%92%A5%E5%8C%99%E6%94%B6%E6%9D%A1.pdf"
        assert shown.headers["ETag"] == f'"{sha256(receipt).hexdigest()}"'
        for who, where in (("T", file), ("DIR", f"{self.dispute}/exhibits/{new_id('exh')}"), ("T", f"{self.dispute}/exhibits/x")):
            answer = await people.get(who, where)
            assert (answer.status_code, answer.json()["code"]) == (404, "unknown_reference")

    async def what_is_no_evidence_is_kept_nowhere(self) -> None:
        people, path = self.people, f"{self.dispute}:file-exhibit"
        before = await self.rows()
        for who, content, media_type, answered in (
            ("K", b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>", "image/svg+xml", (415, "unsupported_file_type")),
            ("K", b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>", "image/png", (422, "no_exhibit")),
            ("K", picture(), "application/pdf", (422, "no_exhibit")),
            ("K", pdf("Half")[:-9], "application/pdf", (422, "no_exhibit")),
            ("K", b"%PDF-1.7\n" + bytes(10_500_000), "application/pdf", (413, "body_too_large")),
            ("T", pdf("I saw it"), "application/pdf", (403, "forbidden")),
            ("R", pdf(), "application/pdf", (409, "exhibit_filed_already")),
        ):
            answer = await people.upload(who, path, content, media_type)
            assert (answer.status_code, answer.json()["code"]) == answered
        assert await self.rows() == before

    async def what_would_be_is_shown_side_by_side_and_written_nowhere(self) -> dict[str, Any]:
        people = self.people
        alternatives = [
            {"admit": [self.declared]},
            {"admit": [self.declared], "readings": {"R-key": "ten_in_all"}},
            {"leave_out": [self.entry("client.Viewed")]},
            {"pack": "B"},
        ]
        before = await self.rows()
        shown = await people.did("C", f"{self.dispute}:what-if", {"alternatives": alternatives})
        for bad, code in (
            ({"leave_out": [self.declared]}, "entry_changes_nothing"),
            ({"leave_out": [self.entry("deal.Reported")]}, "entry_is_needed"),
            ({"pack": {"id": "mine"}}, "pack_invalid"),
        ):
            assert await people.refused("C", f"{self.dispute}:what-if", {"alternatives": [bad]}) == (409, code)
        bad_reading = {"alternatives": [{"readings": {"R-key": "all_of_it"}}]}
        assert await people.refused("C", f"{self.dispute}:what-if", bad_reading) == (422, "invalid_request")
        assert await people.refused("T", f"{self.dispute}:what-if", {"alternatives": [{}]}) == (404, "unknown_reference")
        assert await self.rows() == before
        told = {(row["role"], self.names.get(row["to"], row["to"])): _cells(row) for row in shown["side_by_side"]}
        assert told["listing", "R"][:4] == [("30", 900_000), ("20", 600_000), ("25", 750_000), ("30", 900_000)]
        assert told["key", "K"][:4] == [("0", 0), ("20", 600_000), ("10", 300_000), ("0", 0)]
        assert [one["same"] for one in shown["alternatives"]] == [False, False, True, False]
        assert [one["remarks"] for one in shown["alternatives"]] == [[], [], [], ["terms_as_recorded"]]
        assert shown["alternatives"][0]["notes"] == []
        more = {self.names[one["to"]]: one["amount"]["amount"] for one in shown["alternatives"][0]["beneficiaries"]}
        assert more == {"R": -300_000, "K": 600_000, "C": -300_000}
        query = {"reading": "R-key:ten_in_all", "admit": self.declared}
        replayed = await people.read("C", f"{self.deal}/replay", **query)
        assert replayed["digest"] == shown["alternatives"][1]["digest"]
        first: dict[str, Any] = shown["alternatives"][0]
        return first

    async def rows(self) -> dict[str, Any]:
        """How much there is of everything in commission, and the last position."""
        connection = await asyncpg.connect(self.people.stage.dsn("commission"))
        try:
            counts = {table: await connection.fetchval(f"select count(*) from {table}") for table in await _tables(connection)}
            last = await connection.fetchval("select max(position) from log where tenant = $1", tenant_of(self.people.played))
        finally:
            await connection.close()
        return {**counts, "last": last}

    async def the_area_manager_adopts_it(self, shown: dict[str, Any]) -> None:
        people, rule = self.people, f"{self.dispute}:rule"
        ruling = {
            "outcome": "corrected",
            "reason": "The key hung there, and both sides knew",
            "clauses": ["A-1.N5", "A-1.N1"],
            "rests_on": [self.entry("listing.KeyTaken"), self.receipt],
            "adopt": {"admit": [self.declared]},
            "digest": shown["digest"],
        }
        for who in ("C", "SM2"):
            assert await people.refused(who, rule, ruling) == (403, "forbidden")
        assert await people.refused("AM", rule, {**ruling, "digest": "0" * 64}) == (409, "not_as_shown")
        assert await people.refused("AM", rule, {**ruling, "adopt": {"pack": "B"}}) == (422, "invalid_request")
        await people.did("AM", rule, ruling)
        deal = await people.read("K", self.deal)
        assert {self.names[one["to"]]: one["amount"]["amount"] for one in deal["net"]} == {
            "R": 600_000, "K": 600_000, "C": 1_500_000, "E": 300_000,
        }  # fmt: skip
        assert deal["rebooked"]["digest"] == shown["digest"] != deal["digest"]
        assert deal["disputes"][0]["state"] == "ruled"
        replayed = await people.read("auditor", f"{self.deal}/replay")
        assert (replayed["same"], replayed["altered"]) == (True, [])
        shown = await people.read("C", self.dispute)
        assert shown["said"][-1]["adopts"]["admit"] == [self.declared]
        assert shown["appeals_until"].startswith("20")

    async def the_company_puts_it_back(self) -> None:
        people, rule = self.people, f"{self.dispute}:rule"
        back = {"outcome": "corrected", "reason": "What is late is late", "clauses": ["A-1.N5"], "adopt": {}}
        assert await people.refused("T", f"{self.dispute}:appeal", {"reason": "No"}) == (403, "forbidden")
        assert (await people.did("R", f"{self.dispute}:appeal", {"reason": "It was not on record"}))["state"] == "appealed"
        assert await people.refused("AM", rule, back) == (403, "forbidden")
        await people.did("GM", rule, back)
        deal = await people.read("R", self.deal)
        assert {self.names[one["to"]]: one["amount"]["amount"] for one in deal["net"]} == {"R": 900_000, "C": 1_800_000, "E": 300_000}
        assert (await people.read("auditor", f"{self.deal}/replay"))["same"] is True
        assert await people.refused("GM", rule, back) == (409, "already_ruled")
        assert (await people.read("K", self.dispute))["state"] == "final"

    async def the_ruling_is_found_by_its_clause(self) -> None:
        found = (await self.people.read("T", "/v1/precedents", clause="A-1.N5"))["data"]
        assert [(one["instance"], one["outcome"], one["last"]) for one in found] == [(2, "corrected", True), (1, "corrected", False)]
        assert found[0]["reason"] == "What is late is late"
        assert {one["role"]: (one["points"], one["amount"]["amount"]) for one in found[1]["effect"]} == {
            "listing": ("-10", -300_000), "closing": ("-10", -300_000), "key": ("20", 600_000),
        }  # fmt: skip
        assert "psn_" not in str(found)
        assert len((await self.people.read("T", "/v1/precedents", clause="A-1.N1"))["data"]) == 1
        assert (await self.people.read("T", "/v1/precedents", clause="A-2.7"))["data"] == []
        for lists in ("precedents", "violations"):
            unknown = await self.people.get("T", f"/v1/{lists}", clause="XYZ")
            assert [(wrong["pointer"], wrong["code"]) for wrong in unknown.json()["errors"]] == [("/query/clause", "not_one_of")]
        assert [len(page) for page in await self.people.pages("AM", "/v1/precedents", limit=1)] == [1, 1]

    async def a_manager_proposes_what_no_rule_found(self) -> None:
        people, person = self.people, cast_of(self.people.played).people["R"]
        proposal = {"person": person, "kind": "late_entry", "reason": "The owner had rung a week before", "evidence": [f"{self.listing}@1"]}
        assert await people.refused("C", "/v1/violations", proposal) == (403, "forbidden")
        assert await people.refused("SM2", "/v1/violations", proposal) == (403, "forbidden")
        assert await people.refused("SM1", "/v1/violations", {**proposal, "kind": "leak"}) == (409, "no_clause_for_violation")
        made = await people.did("SM1", "/v1/violations", proposal)
        violation = f"/v1/violations/{made['id']}"
        shown = await people.read("R", violation)
        assert (shown["state"], shown["clause"], self.names[shown["proposed_by"]]) == ("proposed", "A-2.1", "SM1")
        assert {"violation.Proposed", "listing.Entered"} == {one["type"] for one in shown["evidence"]}
        assert await people.refused("SM1", f"{violation}:confirm") == (403, "conflict_of_interest")
        assert (await people.did("AM", f"{violation}:confirm"))["state"] == "confirmed"
        day = shown["recorded_at"][:10]
        [summed] = (await people.read("SM1", "/v1/violations/by-person", **{"from": day, "to": day}))["data"]
        assert (summed["person"], summed["states"]["confirmed"], summed["fines_standing"]["amount"]) == (person, 1, 0)
        assert (await people.read("SM1", "/v1/violations", to="2024-03-01"))["data"] == []


def _cells(row: dict[str, Any]) -> list[tuple[str, int]]:
    return [(cell["points"], cell["amount"]["amount"]) for cell in (row["settled"], *row["alternatives"])]


async def _tables(connection: Any) -> list[str]:
    rows = await connection.fetch(
        "select tablename from pg_tables where schemaname = 'public' and tablename not in ('checkpoints', 'story_clock') order by tablename"
    )
    return [row["tablename"] for row in rows]
