"""Statements that take longer than anybody waits: accepted, made by one of two replicas, also if both die meanwhile, and fetched."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator
from hashlib import sha256
from pathlib import Path

import asyncpg
import httpx2
import pytest

from deploy.cases.playing import play, story_clock
from deploy.cases.reading import read
from tests.journeys.asking import People, people_of
from tests.journeys.test_statements import APRIL, MARCH, STORY, YEAR, digest_in, id_of, in_csv, in_pdf, in_xlsx, of
from tests.stacks import NewStack

READ_BACK = {"csv": in_csv, "xlsx": in_xlsx, "pdf": in_pdf}
S2 = {"store": "S2", **MARCH}
"""Twelve lines."""


@pytest.fixture(scope="module")
async def people(tmp_path_factory: pytest.TempPathFactory, new_stack: NewStack) -> AsyncIterator[People]:
    folder: Path = tmp_path_factory.mktemp("hurried")
    async with new_stack(folder, replicas=2, apps={"commission": "tests.journeys.hurried:app"}) as stack, story_clock(stack) as clock:
        played = await play(read(STORY), stack, clock=clock)
        assert played.passed, played.differences
        async with people_of(stack, played) as asking:
            yield asking


async def fetched(people: People, who: str, accepted: httpx2.Response) -> httpx2.Response:
    assert accepted.status_code == 202, accepted.text
    assert (accepted.json()["state"], int(accepted.headers["Retry-After"])) == ("being_made", 5)
    while (answer := await people.get(who, accepted.headers["Location"])).status_code == 202:
        assert answer.headers["Location"] == accepted.headers["Location"]
    assert answer.status_code == 200, answer.text
    return answer


async def files(people: People) -> list[asyncpg.Record]:
    connection = await asyncpg.connect(people.stage.dsn("commission"))
    try:
        return await connection.fetch("select * from statement_files order by asked_at")
    finally:
        await connection.close()


async def test_each_format_is_accepted_made_once_and_fetched_as_it_would_have_been_given_at_once(people: People) -> None:
    shown = await of(people, "SM2", **S2)
    told = [*((line["entry"], line["amount"]["amount"]) for line in shown["lines"]), ("control", shown["totals"]["net"]["amount"])]
    for format, read_back in READ_BACK.items():
        accepted = await people.get("SM2", "/v1/statements", format=format, **S2)
        assert accepted.json()["lines"] == 12
        answer = await fetched(people, "SM2", accepted)
        assert read_back(answer.content) == told, format
        assert digest_in(format, answer.content) == {shown["digest"]}
        assert answer.headers["Repr-Digest"] == f"sha-256=:{base64.b64encode(sha256(answer.content).digest()).decode()}:"
        assert answer.headers["Content-Disposition"].endswith(f"S2_2024-03-01_2024-03-31.{format}")
        again = await people.get("SM2", "/v1/statements", format=format, **S2)
        assert (again.status_code, again.content, again.headers["ETag"]) == (200, answer.content, answer.headers["ETag"])
        headers = {"Authorization": f"Bearer {await people._token('SM2')}", "If-None-Match": answer.headers["ETag"]}
        assert (await people.http.get(accepted.headers["Location"], headers=headers)).status_code == 304
    assert [(row["begun"], row["lines"]) for row in await files(people)] == [(1, 12)] * 3
    assert (await people.get("R", "/v1/statements", format="csv", person=id_of(people, "R"), **YEAR)).status_code == 202


async def test_two_lines_are_waited_for_and_three_are_not(people: People) -> None:
    told = {}
    for who in ("R", "H", "E", "C", "C2"):
        for days in (MARCH, APRIL):
            query = {"person": id_of(people, who), **days}
            lines = len((await of(people, "auditor", **query))["lines"])
            told[lines] = (await people.get("auditor", "/v1/statements", format="csv", **query)).status_code
    assert {2, 3} <= told.keys()
    assert all((status == 200) == (lines <= 2) for lines, status in told.items())


async def test_only_who_may_see_the_statement_sees_the_file(people: People) -> None:
    accepted = await people.get("GM", "/v1/statements", format="csv", store="S1", **MARCH)
    answer = await fetched(people, "GM", accepted)
    for who in ("SM1", "AM", "FI", "auditor"):
        assert (await people.get(who, accepted.headers["Location"])).content == answer.content
    for who in ("R", "SM2", "C"):
        assert (await people.get(who, accepted.headers["Location"])).status_code == 404
    for id in ("fil_" + "0" * 26, "x"):
        assert (await people.get("GM", f"/v1/statements/{id}")).status_code == 404


async def test_what_is_longer_than_is_ever_written_is_refused(people: People) -> None:
    answer = await people.get("GM", "/v1/statements", format="pdf", company="ledger", **YEAR)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "too_many_lines")


async def test_a_statement_that_was_accepted_is_made_though_all_replicas_are_killed(people: People) -> None:
    accepted = await people.get("C", "/v1/statements", format="pdf", **MARCH)
    await asyncio.gather(*(people.stage.kill("commission", replica) for replica in people.stage.numbers))  # type: ignore[attr-defined]
    answer = await fetched(people, "C", accepted)
    shown = await of(people, "C", **MARCH)
    assert digest_in("pdf", answer.content) == {shown["digest"]}
    [row] = [row for row in await files(people) if row["by"] == id_of(people, "C")]
    assert row["size_bytes"] == len(answer.content)
