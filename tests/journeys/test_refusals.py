"""Every refusal of an agent's day says, in Chinese and in English, what is wrong and what to do next, and by which pack and clause."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from shared.entry import new_id
from shared.regulation import SHIPPED, load
from tests.journeys.asking import People
from tests.journeys.telling import cast_of

STORY = Path(__file__).parent / "stories" / "a_day.yaml"
FEES = {"agency": {"amount": 3_000_000, "currency": "CNY"}}
LONG = "The owner still wants to sell it soon"
A = load(SHIPPED / "A.yaml")


async def test_every_refusal_says_what_to_do_next_in_both_languages_and_names_its_pack(people: People) -> None:
    ids = {name: id for (_, name), id in people.played.ids.items()}
    names = cast_of(people.played).people
    house = {"kind": "sale", "community": "Harbour Court", "building": "3", "unit": "2", "room": "0302", "owner_phone": "13900000009"}
    draft = (await people.did("R", "/v1/listings", {"kind": "sale", "community": "Harbour Court"}))["id"]
    report = {"listing": ids["L1"], "client": ids["C1"], "closers": [names["R"]], "fees": FEES}
    await people.did("R", f"/v1/clients/{ids['C1']}:view", {"listing": ids["L1"], "form": "V-1"})
    l1, l2, c1 = f"/v1/listings/{ids['L1']}", f"/v1/listings/{ids['L2']}", f"/v1/clients/{ids['C1']}"
    told: list[tuple[str, str, Any, str, str | None]] = [
        ("T", "/v1/listings", house, "duplicate_listing", "A-2.6"),
        ("R", f"/v1/listings/{draft}:mark", {"status": "sold"}, "listing_draft", "A-2.6"),
        ("R", f"{l1}:follow-up", {"channel": "phone", "text": "short"}, "follow_up_too_short", "A-2.8"),
        ("R", f"{l1}:follow-up", {"channel": "phone", "text": "见业主电话见业主电话"}, "follow_up_without_substance", "A-2.8"),
        ("R", f"{l1}:follow-up", {"channel": "phone", "text": f"{LONG} 138 0000 0001"}, "contact_in_text", "A-2.8"),
        ("R", f"{l1}:return-key", None, "key_not_held", "A-1.N1"),
        ("F", f"{l1}:conceal", None, "forbidden", None),
        ("R", f"{l1}:refute", {"what": "core", "reason": "No"}, "forbidden", None),
        ("SM2", f"{l1}:refute", {"what": "core", "reason": "No"}, "forbidden", None),
        ("SM1", f"{l1}:refute", {"what": "follow_up", "follow_up": "nowhere", "reason": "No"}, "unknown_reference", "A-2.7"),
        ("SM1", f"{l1}:refute", {"what": "core", "reason": "ask 13900000001"}, "contact_in_text", None),
        ("SM1", f"{l1}:reassign", {"to": names["R"]}, "already_assigned", "A-2.11"),
        ("SM1", f"{l2}:reassign", {"to": "team:G9"}, "unknown_reference", "A-2.11"),
        ("R", "/v1/clients", {"kind": "buy", "phone": "13700000009"}, "client_incomplete", "A-2.2"),
        ("R", f"{c1}:view", {"listing": draft, "form": "V-2"}, "listing_draft", "A-2.6"),
        ("T", f"{c1}:view", {"listing": ids["L1"], "form": "V-1"}, "form_already_used", "A-2.10"),
        ("T", f"{c1}:claim", None, "not_claimable", "A-2.3"),
        ("T", "/v1/deals", report, "forbidden", None),
        ("R", "/v1/deals", {**report, "closers": [names["R"], names["T"]]}, "closer_without_viewing", "A-2.4"),
        ("R", "/v1/deals", {**report, "closers": [names["R"], names["R"]]}, "closer_named_twice", "A-2.4"),
        ("SM1", "/v1/deals", {**report, "closers": [new_id("psn")]}, "unknown_reference", None),
        ("R", "/v1/deals", {**report, "listing": draft}, "listing_draft", "A-2.6"),
    ]
    for who, path, body, code, clause in told:
        await _is_said_well(people, who, path, body, code, clause)
    deal = (await people.did("R", "/v1/deals", report))["id"]
    for who, path, body, code, clause in [
        ("R", "/v1/deals", report, "deal_already_reported", "A-R2"),
        ("R", f"/v1/deals/{deal}:report", None, "already_reported", "B-1-2"),
        ("R", f"/v1/deals/{deal}:settle", None, "forbidden", None),
        ("R", f"/v1/deals/{deal}:dispute", {"reason": "No"}, "not_settled", "O-4"),
        ("R", f"/v1/deals/{deal}:attach-listing", {"listing": ids["L4"]}, "listing_already_attached", "B-1-4-2"),
    ]:
        await _is_said_well(people, who, path, body, code, clause)


async def _is_said_well(people: People, who: str, path: str, body: Any, code: str, clause: str | None) -> None:
    english = (await people.post(who, path, body)).json()
    chinese = (await people.post(who, path, body, language="zh")).json()
    assert (english["code"], english.get("rule", {}).get("clause")) == (code, clause), english
    for said in (english, chinese):
        sentences = [text for text in re.split(r"[。.!；;]\s*", said["detail"]) if text]
        assert len(sentences) >= 2, f"{code} does not say what to do next: {said['detail']}"
        assert not re.search(r"[{}\[\]]|None", said["detail"]), said["detail"]
    assert re.search(r"[一-鿿]", chinese["detail"])
    assert not re.search(r"[一-鿿]", english["detail"]), english["detail"]
    if clause is not None and A.has(clause):
        assert (english["rule"]["pack"], english["rule"]["version"]) == ("A", A.version), english["rule"]
        assert english["rule"]["why"] != chinese["rule"]["why"]
