"""Statements as people ask for them: who may see which, what they sum to, and that all formats and all times tell the same."""

from __future__ import annotations

import base64
import csv
import io
import json
import re
from collections.abc import AsyncIterator
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx2
import openpyxl
import pypdfium2
import pytest

from deploy.cases.clock import StoryClock
from deploy.cases.playing import play
from deploy.cases.reading import read
from deploy.stack import Stack
from tests.journeys.asking import People, people_of
from tests.journeys.telling import cast_of

STORY = Path(__file__).parent / "stories" / "statements.yaml"
MARCH = {"from": "2024-03-01", "to": "2024-03-31"}
APRIL = {"from": "2024-04-01", "to": "2024-04-30"}
YEAR = {"from": "2024-01-01", "to": "2024-12-31"}
FORMATS = ("json", "csv", "xlsx", "pdf")
clause = pytest.mark.clause


@pytest.fixture(scope="module")
async def people(stack: Stack, clock: StoryClock) -> AsyncIterator[People]:
    played = await play(read(STORY), stack, clock=clock)
    assert played.passed, played.differences
    async with people_of(stack, played) as asking:
        yield asking


async def of(people: People, who: str, **query: str) -> dict[str, Any]:
    return await people.read(who, "/v1/statements", **query)


def net(statement: dict[str, Any]) -> int:
    amount: int = statement["totals"]["net"]["amount"]
    return amount


def id_of(people: People, person: str) -> str:
    return cast_of(people.played).people[person]


def rows(statement: dict[str, Any]) -> list[tuple[str, str, int]]:
    return [(line["kind"], line["role"], line["amount"]["amount"]) for line in statement["lines"]]


async def test_accounts_and_stores_sum_to_the_ledger_and_that_to_the_nets_of_the_deals(people: People) -> None:
    ledger = await of(people, "auditor", company="ledger", **YEAR)
    accounts = {id_of(people, who): await of(people, "auditor", person=id_of(people, who), **YEAR) for who in ("R", "H", "E", "C", "C2")}
    accounts["team:G1"] = await of(people, "auditor", team="G1", **YEAR)
    accounts["company"] = await of(people, "auditor", company="account", **YEAR)
    stores = [await of(people, "auditor", store=store, **YEAR) for store in ("S1", "S2", "company")]
    nets: dict[str, int] = {}
    for deal in (await people.read("auditor", "/v1/deals"))["data"]:
        for part in (await people.read("auditor", f"/v1/deals/{deal['id']}"))["net"]:
            nets[part["to"]] = nets.get(part["to"], 0) + part["amount"]["amount"]
    assert {to: net(statement) for to, statement in accounts.items() if net(statement)} == {to: fen for to, fen in nets.items() if fen}
    for statements in (accounts.values(), stores):
        assert sum(map(net, statements)) == net(ledger) == sum(nets.values()) == 3_000_000 + 1_234_567 + 1_000_003 + 2_000_000
        assert sum(len(statement["lines"]) for statement in statements) == ledger["control"]["lines"] == len(ledger["lines"])
    for statement in (ledger, *accounts.values(), *stores):
        amounts = [line["amount"]["amount"] for line in statement["lines"]]
        assert statement["control"] == {"lines": len(amounts), "net": {"amount": sum(amounts), "currency": "CNY"}}
        assert net(statement) == sum(amounts) == sum(statement["totals"][part]["amount"] for part in ("settled", "adjusted", "reversed"))
        assert sum(part["net"]["amount"] for part in statement["subtotals"]) == sum(amounts)


@clause("A-1.N7", "A-2.17", "A-R1", "O-4")
async def test_a_booking_is_in_the_month_it_was_recorded_in_with_its_clause(people: People) -> None:
    march, april = await of(people, "R", **MARCH), await of(people, "R", **APRIL)
    assert rows(march) == [
        ("settled", "listing", 900_000),
        ("settled", "listing", 370_370),
        ("settled", "listing", 150_000),
        ("ruled", "listing", 150_000),
        ("cancelled", "listing", -150_000),
        ("settled", "listing_recorder", 100_000),
    ]
    assert march["lines"][-1]["recorded_at"] == "2024-03-31T23:59:59+08:00"
    assert march["lines"][3]["clauses"] == ["O-4"]
    assert march["lines"][4]["reverses"] == {"entry": march["lines"][2]["entry"], "number": march["lines"][2]["number"]}
    assert (march["over"], march["known_at"]) == (True, None)
    assert rows(april) == [("reversed", "listing", -370_370), ("rebooked", "listing", 370_370)]
    assert (april["over"], april["known_at"][:19]) == (False, "2024-04-03T12:00:00")
    by = {"C2": await of(people, "C2", **APRIL), "H": await of(people, "H", **MARCH)}
    assert rows(by["C2"]) == [("reversed", "closing", -740_740)]
    assert [(row, line["clauses"]) for row, line in zip(rows(by["H"]), by["H"]["lines"], strict=True)] == [
        (("adjudicated", "closing", 300_000), ["A-1.N7"])
    ]
    company = await of(people, "GM", company="account", **APRIL)
    assert [line["clauses"][-1] for line in company["lines"] if line["kind"] == "rebooked"] == ["A-R1"]
    team = await of(people, "H", team="G1", **MARCH)
    assert [(line["role"], line["amount"]["amount"], "A-2.17" in line["clauses"]) for line in team["lines"]] == [
        ("listing_holder", 200_001, True)
    ]


async def test_who_may_see_a_statement(people: People) -> None:
    everything = ("GM", "FI", "auditor")
    may = {
        ("person", id_of(people, "R")): ("R", "SM1", "AM", *everything),
        ("person", id_of(people, "C")): ("C", "SM2", "AM", *everything),
        ("team", "G1"): ("R", "H", "SM1", "AM", *everything),
        ("store", "S2"): ("SM2", "AM", *everything),
        ("company", "account"): everything,
        ("company", "ledger"): everything,
    }
    for (name, id), readers in may.items():
        for who in ("R", "H", "C", "F", "SM1", "SM2", "SM9", "AM", "AM9", "PE", *everything):
            answer = await people.get(who, "/v1/statements", **{name: id}, **MARCH)
            assert answer.status_code == (200 if who in readers else 404), (name, who)


async def test_nobody_of_that_name_is_as_if_not_to_be_seen(people: People) -> None:
    for query in ({"person": "psn_" + "0" * 26}, {"team": "G7"}, {"store": "S7"}):
        answer = await people.get("auditor", "/v1/statements", **query, **MARCH)
        assert (answer.status_code, answer.json()["code"]) == (404, "unknown_reference")
    head_office = {"Authorization": f"Bearer {cast_of(people.played).companies[None].head_office}"}
    for query in ({}, {"company": "ledger"}):
        assert (await people.http.get("/v1/statements", params={**query, **MARCH}, headers=head_office)).status_code == 404
    nothing = await of(people, "auditor", store="S9", **MARCH)
    assert (nothing["lines"], nothing["control"]["lines"], net(nothing)) == ([], 0, 0)


@pytest.mark.parametrize(
    ("query", "wrong"),
    [
        ({"from": "2024-03-02", "to": "2024-03-01"}, ("/query/to", "ends_before_it_begins")),
        ({"from": "2024-03-01", "to": "2999-01-01"}, ("/query/to", "year_out_of_range")),
        ({"from": "2024-03-01"}, ("/query/to", "missing")),
        ({"from": "1.3.2024", "to": "2024-03-01"}, ("/query/from", "malformed_date")),
        ({**MARCH, "format": "docx"}, ("/query/format", "not_one_of")),
        ({**MARCH, "store": "S1", "company": "ledger"}, ("/query/company", "only_one")),
        ({**MARCH, "company": "all"}, ("/query/company", "not_one_of")),
        ({**MARCH, "person": "=1"}, ("/query/person", "malformed_id")),
    ],
)
async def test_what_cannot_be_meant_is_refused(people: People, query: dict[str, str], wrong: tuple[str, str]) -> None:
    answer = await people.get("GM", "/v1/statements", **query)
    assert answer.status_code == 422
    assert [(error["pointer"], error["code"]) for error in answer.json()["errors"]] == [wrong]


# Formats


async def got(people: People, who: str, language: str = "en", accept: str = "*/*", known: str = "", **query: str) -> httpx2.Response:
    token = await people._token(who)
    headers = {"Authorization": f"Bearer {token}", "Accept-Language": language, "Accept": accept, "If-None-Match": known}
    return await people.http.get("/v1/statements", params=query, headers=headers)


def in_csv(body: bytes) -> list[tuple[str, int]]:
    told = list(csv.reader(io.StringIO(body.decode("utf-8-sig"), newline=""), strict=True))
    assert {len(row) for row in told} == {12}
    lines = [row for row in told if row[0].isdigit()]
    assert all(row[8] == f"{int(row[9]) / 100:.2f}" for row in lines)
    (control,) = [row for row in told if row[0].startswith(("Control", "控制"))]
    assert int(control[1]) == len(lines)
    return [*((row[3], int(row[9])) for row in lines), ("control", int(control[9]))]


def in_xlsx(body: bytes) -> list[tuple[str, int]]:
    summary, sheet = openpyxl.load_workbook(io.BytesIO(body), data_only=True).worksheets
    told = list(sheet.iter_rows(values_only=True))
    lines = [row for row in told[1:] if row[3] is not None]
    assert all(round(row[8] * 100) == row[9] and isinstance(row[9], int) and isinstance(row[1], datetime) for row in lines)
    (control,) = [row for row in summary.iter_rows(values_only=True) if str(row[0]).startswith(("Control", "控制"))]
    assert (control[1], control[3]) == (len(lines), told[-1][9])
    assert sheet.freeze_panes == "A2"
    return [*((str(row[3]), int(row[9])) for row in lines), ("control", int(control[3]))]


def in_pdf(body: bytes) -> list[tuple[str, int]]:
    with pypdfium2.PdfDocument(body) as document:
        text = "\n".join(page.get_textpage().get_text_range() for page in document)
    lines = re.findall(r"(dea_\w{26}@\d+) .*?(-?[\d,]+\.\d\d)\s", text)
    ((count, control),) = re.findall(r"(?:Control total \(ledger\)|控制总数（台账）)\s*(\d+)\s+(-?[\d,]+\.\d\d)", text)
    assert int(count) == len(lines)
    return [*((entry, fen(amount)) for entry, amount in lines), ("control", fen(control))]


def fen(yuan: str) -> int:
    return int(re.sub(r"[,.]", "", yuan))


@pytest.mark.parametrize("language", ["zh", "en"])
async def test_all_formats_tell_the_same(people: People, language: str) -> None:
    shown = (await got(people, "SM2", language, store="S2", **MARCH)).json()
    told = [*((line["entry"], line["amount"]["amount"]) for line in shown["lines"]), ("control", net(shown))]
    assert len(told) == 13
    digests = {shown["digest"]}
    for format, read_back in (("csv", in_csv), ("xlsx", in_xlsx), ("pdf", in_pdf)):
        answer = await got(people, "SM2", language, store="S2", format=format, **MARCH)
        assert answer.headers["Content-Language"] == {"zh": "zh-CN", "en": "en"}[language]
        assert answer.headers["Repr-Digest"] == f"sha-256=:{base64.b64encode(sha256(answer.content).digest()).decode()}:"
        assert read_back(answer.content) == told, format
        digests |= digest_in(format, answer.content)
    assert len(digests) == 1


def digest_in(format: str, body: bytes) -> set[str]:
    match format:
        case "csv":
            text = body.decode()
        case "xlsx":
            text = str(list(openpyxl.load_workbook(io.BytesIO(body)).worksheets[0].values))
        case _:
            with pypdfium2.PdfDocument(body) as document:
                text = document[len(document) - 1].get_textpage().get_text_range()
    return set(re.findall(r"\b[0-9a-f]{64}\b", text))


async def test_the_digest_can_be_had_from_the_answer_by_anyone(people: People) -> None:
    shown = await of(people, "auditor", company="ledger", **MARCH)
    parts = [{name: part for name, part in shown.items() if name not in ("lines", "control", "digest")}, *shown["lines"]]
    canonical = [json.dumps(part, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode() for part in parts]
    assert shown["digest"] == sha256(b"\n".join(canonical)).hexdigest()


async def test_the_header_says_which_format_unless_the_query_does(people: People) -> None:
    for accept, media in (
        ("text/csv", "text/csv"),
        ("application/pdf;q=0.5, text/csv;q=0.1", "application/pdf"),
        ("text/html, application/json;q=0.9, */*;q=0.8", "application/json"),
    ):
        assert (await got(people, "R", accept=accept, **MARCH)).headers["Content-Type"].partition(";")[0] == media
    assert (await got(people, "R", accept="text/html", **MARCH)).status_code == 406
    named = await got(people, "R", "zh", accept="text/html", format="csv", **MARCH)
    assert "filename*=UTF-8''%E5%88%86%E4%BD%A3%E5%AF%B9%E8%B4%A6%E5%8D%95_" in named.headers["Content-Disposition"]


async def test_a_month_that_is_over_gives_the_same_bytes_whatever_is_booked_later(people: People) -> None:
    before = {format: await got(people, "auditor", company="ledger", format=format, **MARCH) for format in FORMATS}
    open_month = await of(people, "auditor", company="ledger", **APRIL)
    lines = [
        {"role": "closing", "to": id_of(people, "C"), "amount": {"amount": -1, "currency": "CNY"}, "credit": "S2"},
        {"role": "=SUM(A1)", "to": id_of(people, "H"), "amount": {"amount": 1, "currency": "CNY"}, "credit": "S1"},
    ]
    await people.did("GM", f"/v1/deals/{people.played.ids['deal', 'D4']}:adjudicate", {"lines": lines, "reason": "A fen too much"})
    after = await of(people, "auditor", company="ledger", **APRIL)
    assert len(after["lines"]) == len(open_month["lines"]) + 2
    assert net(after) == net(open_month)
    for format, answer in before.items():
        again = await got(people, "auditor", company="ledger", format=format, **MARCH)
        assert again.content == answer.content, format
    kept = await got(people, "auditor", known=before["csv"].headers["ETag"], company="ledger", format="csv", **MARCH)
    assert (kept.status_code, kept.content) == (304, b"")
    assert "'=SUM(A1)" in (await got(people, "H", format="csv", **APRIL)).text
