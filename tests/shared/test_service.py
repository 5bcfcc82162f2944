"""The frame's promises, told through the doors of a toy service on a real Postgres."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import httpx2
import pytest
from fastapi import FastAPI

from deploy.servers import Nats
from shared.bus import decode_feed
from shared.bus.checkpoint import Connection
from shared.entry import Entry, new_id, uuid_of
from shared.eventlog import Streams
from shared.identity import ACTS, OPEN, Post, keep_post
from shared.service import Compose, Service, Settings, acts_of, frame, health
from tests.databases import NewDatabase
from tests.shared import toy_service


class Door:
    """A client of the toy service: who speaks is said per request."""

    def __init__(self, app: FastAPI, tenant: str) -> None:
        self.service: Service = app.state.service
        self.tenant = tenant
        self.client = httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://toy", verify=False)

    def token(self, person: str, **changes: Any) -> str:
        now_s = int(time.time())
        return self.service.keys.mint(**{"sub": person, "tenant": uuid_of(self.tenant), "now_s": now_s, "lives_s": 60, **changes})

    async def hire(self, role: str = "agent", *, store: str = "S1", in_post: bool = True) -> str:
        person = new_id("psn")
        await keep_post(self.service.pool, uuid_of(self.tenant), Post(person, store=store, role=role, in_post=in_post))  # type: ignore[arg-type]
        return person

    async def post(self, path: str, by: str | None = None, body: Any = None, *, key: str | None = "", **headers: str) -> httpx2.Response:
        sent = {"authorization": f"Bearer {self.token(by)}"} if by else {}
        if key is not None:
            sent["idempotency-key"] = key or new_id("key")
        content = {"content": body} if isinstance(body, bytes) else {"json": body} if body is not None else {}
        if isinstance(body, bytes):
            sent["content-type"] = "application/json"
        return await self.client.post(
            path, headers={**sent, **{name.replace("_", "-"): value for name, value in headers.items()}}, **content
        )

    async def get(self, path: str, by: str | None = None, **headers: str) -> httpx2.Response:
        sent = {"authorization": f"Bearer {self.token(by)}"} if by else {}
        return await self.client.get(path, headers={**sent, **{name.replace("_", "-"): value for name, value in headers.items()}})

    async def positions(self) -> int:
        position: int = await self.service.pool.fetchval("select coalesce(max(position), 0) from log")
        return position


@asynccontextmanager
async def toy(dsn: str, keys: Path, *, compose: Compose = toy_service.compose, **changes: Any) -> AsyncIterator[Door]:
    settings = Settings(database=dsn, keys=keys, development=True, **changes)
    app = frame("toy", toy_service.CODEC, compose, [toy_service.routes], settings=lambda: settings)
    async with app.router.lifespan_context(app):
        yield Door(app, new_id("cmp"))


@pytest.fixture
async def door(database: NewDatabase, tmp_path: Path) -> AsyncIterator[Door]:
    async with toy((await database("toy")).dsn, tmp_path / "keys") as opened:
        yield opened


async def test_a_command_is_answered_with_id_version_and_position(door: Door) -> None:
    agent = await door.hire()
    answer = await door.post("/v1/listings", agent, {"text": "a flat"})
    assert (answer.status_code, answer.json()["version"]) == (201, 1)
    assert (answer.headers["etag"], answer.headers["fenyong-position"]) == ('"v1"', "toy=1")
    again = await door.post(f"/v1/listings/{answer.json()['id']}:follow-up", agent, {"text": "called"})
    assert again.json() == {"id": answer.json()["id"], "version": 2, "texts": ["a flat", "called"]}


async def test_a_service_drops_answers_that_are_too_old_to_be_asked_for(database: NewDatabase, tmp_path: Path) -> None:
    own = await database("toy")
    owner = await asyncpg.connect(own.owner_dsn)
    for days in (46, 44):
        row = (uuid_of(new_id("cmp")), "agent", "key", b"", 1, 1, 200, b"", datetime.now(UTC) - timedelta(days=days))
        await owner.execute("insert into idempotency values ($1, $2, $3, $4, $5, $6, $7, $8, $9)", *row)
    async with toy(own.dsn, tmp_path / "keys"), asyncio.timeout(10):
        while await owner.fetchval("select count(*) from idempotency") != 1:
            pass
    assert await owner.fetchval("select recorded_at > now() - interval '45 days' from idempotency")
    await owner.close()


# -- bodies


@pytest.mark.parametrize(
    "body",
    [
        b'{"text": "a"',
        b'{"text": "a"} x',
        b'{"text": "a", "text": "b"}',
        b'{"text": NaN}',
        b'{"text": Infinity}',
        b'{"area": 1e400, "text": "a"}',
        b'{"rooms": ' + b"9" * 5000 + b', "text": "a"}',
        b"[" * 100_000 + b"]" * 100_000,
        b"[" * 100 + b"]" * 100,
        b'{"text": "\xff"}',
        b'\xef\xbb\xbf{"text": "a"}',
        b'{"text": "a\nb"}',
    ],
    ids=lambda body: repr(body[:24]),
)
async def test_what_cannot_be_read_in_one_way_is_malformed(door: Door, body: bytes) -> None:
    began_s = time.process_time()
    answer = await door.post("/v1/listings", await door.hire(), body)
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed_json")
    assert time.process_time() - began_s < 0.5  # of work; the machine may be busy with other things
    assert await door.positions() == 0


@pytest.mark.parametrize(
    ("field", "code", "pointer"),
    [
        ('"text": "a\\u0000b"', "malformed_text", "/text"),
        ('"text": "\\ud800"', "malformed_text", "/text"),
        ('"text": "a", "rooms": true', "wrong_type", "/rooms"),
        ('"text": "a", "rooms": "1"', "wrong_type", "/rooms"),
        ('"text": "a", "rooms": 1.0', "wrong_type", "/rooms"),
        ('"text": "a", "rooms": -1', "out_of_range", "/rooms"),
        ('"text": "a", "price": {"amount": 9223372036854775808, "currency": "CNY"}', "out_of_range", "/price/amount"),
        ('"text": "a", "price": {"amount": 1, "currency": "EUR"}', "not_one_of", "/price/currency"),
        ('"text": "a", "price": {"currency": "CNY"}', "missing", "/price/amount"),
        ('"text": "a", "is_admin": true', "unknown_field", "/is_admin"),
        ('"text": "a", "acquired_at": "2025-03-01T10:00:00"', "malformed_time", "/acquired_at"),
        ('"text": "a", "acquired_at": 1740000000', "malformed_time", "/acquired_at"),
        ('"text": "a", "acquired_at": "2025-02-30T10:00:00Z"', "malformed_time", "/acquired_at"),
        ('"text": "a", "until": "2025-3-1"', "malformed_date", "/until"),
        ('"text": "a", "until": "9999-12-31"', "year_out_of_range", "/until"),
        ('"text": "a", "acquired_at": "1899-12-31T10:00:00Z"', "year_out_of_range", "/acquired_at"),
        ('"text": "a", "team": "G 1"', "malformed", "/team"),
        ('"text": "a", "kind": "lease"', "not_one_of", "/kind"),
        ('"text": "a", "closers": ["psn_1"]', "malformed_id", "/closers/0"),
        ('"text": "' + "x" * 101 + '"', "too_long", "/text"),
        ('"kind": "sale"', "missing", "/text"),
    ],
)
async def test_what_is_readable_but_wrong_is_told_with_its_place(door: Door, field: str, code: str, pointer: str) -> None:
    answer = await door.post("/v1/listings", await door.hire(), ("{" + field + "}").encode(), accept_language="en")
    assert answer.status_code == 422, answer.text
    assert [(error["pointer"], error["code"]) for error in answer.json()["errors"]] == [(pointer, code)]
    assert answer.json()["code"] == "invalid_request"
    assert await door.positions() == 0


async def test_a_body_that_is_no_object_or_not_there_is_told_too(door: Door) -> None:
    agent = await door.hire()
    assert [(await door.post("/v1/listings", agent, body)).status_code for body in (b"[]", b'"x"', b"null", b"")] == [422] * 4


async def test_who_writes_a_thing_otherwise_is_told_how_it_is_written(door: Door) -> None:
    body = {"text": "a", "until": "2999-01-01", "team": "G 1"}
    answer = await door.post("/v1/listings", await door.hire(), body, accept_language="en")
    said = {error["pointer"]: error["detail"] for error in answer.json()["errors"]}
    assert said == {
        "/until": "The year is out of range; it lies between 1900 and 2199.",
        "/team": "This is not right; it is written like S1.",
    }


async def test_times_and_fractions_are_read_as_they_are_written(door: Door) -> None:
    body = {"text": "a", "acquired_at": "2025-03-01T10:00:00.5+08:00", "until": "2025-03-01", "area": 89, "closers": [new_id("psn")]}
    assert (await door.post("/v1/listings", await door.hire(), body)).status_code == 201


@pytest.mark.parametrize(
    "headers",
    [{"content_type": "text/plain"}, {"content_type": "application/json; charset=gbk"}, {"content_encoding": "gzip"}],
)
async def test_other_kinds_of_body_are_not_taken(door: Door, headers: dict[str, str]) -> None:
    sent = {"content_type": "application/json", **headers}
    answer = await door.post("/v1/listings", await door.hire(), b'{"text": "a"}', **sent)
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media_type")


async def test_a_command_without_fields_takes_no_body_or_an_empty_one(door: Door) -> None:
    agent = await door.hire()
    id = (await door.post("/v1/listings", agent, {"text": "a flat"})).json()["id"]
    answers = [await door.post(f"/v1/listings/{id}:take-key", agent, body) for body in (None, {}, {"tenant": "x"}, b"[1]")]
    assert [answer.status_code for answer in answers] == [200, 200, 422, 422]
    assert answers[2].json()["errors"][0]["pointer"] == "/tenant"


async def test_no_body_is_as_an_empty_one_where_all_may_be_left_out(door: Door) -> None:
    agent, manager = await door.hire(), await door.hire("store_manager")
    id = (await door.post("/v1/listings", agent, {"text": "a flat"})).json()["id"]
    answers = [await door.post(f"/v1/listings/{id}:reassign", manager, body) for body in (None, b"", {}, {"important": False}, b"null")]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 200, 422]
    assert answers[3].json()["texts"] == ["a flat", *["moved, and important"] * 3, "moved"]


async def test_bodies_and_headers_have_limits(door: Door) -> None:
    agent = await door.hire()
    taken_bytes = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal taken_bytes
        for _ in range(320):
            taken_bytes += 65_536
            yield b" " * 65_536

    large = await door.post("/v1/listings", agent, b" " * (2**20 + 1))
    headers = {"authorization": f"Bearer {door.token(agent)}", "idempotency-key": "k", "content-type": "application/json"}
    without_length = await door.client.post("/v1/listings", headers=headers, content=endless())
    long_header = await door.get("/v1/listings", agent, x_filler="x" * 65_536)
    assert [(a.status_code, a.json()["code"]) for a in (large, without_length, long_header)] == [
        (413, "body_too_large"),
        (413, "body_too_large"),
        (431, "headers_too_large"),
    ]
    assert large.headers["connection"] == "close"


async def test_a_body_that_does_not_come_is_not_waited_for(database: NewDatabase, tmp_path: Path) -> None:
    async def stuck() -> AsyncIterator[bytes]:
        yield b"{"
        await asyncio.Event().wait()

    async with toy((await database("toy")).dsn, tmp_path / "keys", body_wait_s=0.05) as opened:
        agent = await opened.hire()
        headers = {"authorization": f"Bearer {opened.token(agent)}", "idempotency-key": "k", "content-type": "application/json"}
        answer = await opened.client.post("/v1/listings", headers=headers, content=stuck())
    assert (answer.status_code, answer.json()["code"], answer.headers["connection"]) == (408, "slow_body", "close")


# -- callers


async def test_whoever_cannot_prove_who_they_are_gets_one_answer(door: Door) -> None:
    agent, now_s = await door.hire(), int(time.time())
    token = door.token(agent)
    given = [
        None,
        "",
        "Basic abc",
        "Bearer ",
        "Bearer nonsense",
        f"Bearer {token[:-4]}AAAA",
        f"Bearer {door.token(agent, now_s=now_s - 100)}",
        f"Bearer {door.token(agent, now_s=now_s + 100)}",
        f"Bearer {door.token(agent, tenant=uuid_of(new_id('cmp')))}",
        f"Bearer {door.token(new_id('psn'))}",
        f"Bearer {door.token('administrator')}",
    ]
    answers = [await door.client.get("/v1/listings", headers={"authorization": value} if value is not None else {}) for value in given]
    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.text.replace(answer.headers["x-request-id"], "") for answer in answers}) == 1
    assert all(answer.headers["www-authenticate"] for answer in answers)


async def test_who_has_left_may_do_nothing(door: Door) -> None:
    gone = await door.hire(in_post=False)
    answers = [await door.post("/v1/listings", gone, {"text": "a flat"}), await door.get("/v1/listings", gone)]
    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [(403, "forbidden")] * 2


async def test_a_role_that_never_may_is_refused_before_anything_is_looked_up(door: Door) -> None:
    answer = await door.post(f"/v1/listings/{new_id('lst')}:reassign", await door.hire(), accept_language="en")
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    assert "store manager" in answer.json()["detail"]


async def test_a_manager_reaches_their_own_store_only(door: Door) -> None:
    agent, own, other = await door.hire(), await door.hire("store_manager"), await door.hire("store_manager", store="S2")
    id = (await door.post("/v1/listings", agent, {"text": "a flat"})).json()["id"]
    assert [(await door.post(f"/v1/listings/{id}:reassign", by)).status_code for by in (own, other)] == [200, 403]


# -- commands


async def test_every_command_needs_one_key(door: Door) -> None:
    agent = await door.hire()
    keys = [None, "x" * 256, "a b", "电"]
    answers = []
    for key in keys:
        sent = {} if key is None else {"idempotency-key": key.encode()}
        headers: Any = {"authorization": f"Bearer {door.token(agent)}".encode(), **sent}
        answers.append(await door.client.post("/v1/listings", headers=headers, json={"text": "a"}))
    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [(400, "idempotency_key_missing")] * 4


async def test_the_same_command_a_hundred_times_at_once_has_one_effect_and_one_answer(door: Door) -> None:
    agent = await door.hire()
    answers = await asyncio.gather(*(door.post("/v1/listings", agent, {"text": "a flat"}, key="once") for _ in range(100)))
    assert {(answer.status_code, answer.content) for answer in answers} == {(201, answers[0].content)}
    assert sum("idempotent-replayed" in answer.headers for answer in answers) == 99
    assert await door.positions() == 1


async def test_the_same_key_with_another_body_is_refused_and_with_another_caller_is_another_key(door: Door) -> None:
    agent, other = await door.hire(), await door.hire()
    await door.post("/v1/listings", agent, {"text": "one"}, key="k")
    reused = await door.post("/v1/listings", agent, {"text": "two"}, key="k")
    assert (reused.status_code, reused.json()["code"]) == (422, "idempotency_key_reused")
    assert (await door.post("/v1/listings", other, {"text": "two"}, key="k")).status_code == 201


async def test_what_could_not_be_handled_is_shown_and_driven_again_to_whoever_looks_after_it(database: NewDatabase, tmp_path: Path) -> None:
    mended = False

    async def project(connection: Connection, entry: Entry) -> None:
        if not mended:
            raise RuntimeError("the view is broken")

    async def compose(service: Service) -> None:
        service.parts = Streams(service.log, "lst", toy_service.evolve, toy_service.claims_of)
        service.hear(service.name, codec=toy_service.CODEC, project=project)

    async with toy((await database("toy")).dsn, tmp_path, compose=compose) as door:
        agent, ours = await door.hire(), {"authorization": f"Bearer {door.service.keys.internal}"}
        id = (await door.post("/v1/listings", agent, {"text": "a flat"})).json()["id"]
        assert await door.service.hearings[0].reached(1, 30)
        (parked,) = (await door.get("/internal/parked", **ours)).json()
        assert (parked["source"], parked["position"], parked["stream"]) == ("toy", 1, str(uuid_of(id)))
        assert "the view is broken" in parked["reason"]
        assert (await door.post("/internal/parked:again", **ours)).json() == {"done": 0, "left": 1}
        mended = True
        assert (await door.post("/internal/parked:again", **ours)).json() == {"done": 1, "left": 0}
        assert (await door.get("/internal/parked", **ours)).json() == []
        for answer in (await door.get("/internal/parked"), await door.post("/internal/parked:again", agent)):
            assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")


async def test_if_match_names_who_changed_it(door: Door) -> None:
    agent, other = await door.hire(), await door.hire()
    id = (await door.post("/v1/listings", agent, {"text": "a flat"})).json()["id"]
    fresh = await door.post(f"/v1/listings/{id}:follow-up", other, {"text": "called"}, if_match='"v1"', key="k")
    stale = await door.post(f"/v1/listings/{id}:follow-up", agent, {"text": "rang"}, if_match='"v1"')
    again = await door.post(f"/v1/listings/{id}:follow-up", other, {"text": "called"}, if_match='"v1"', key="k")
    assert (fresh.status_code, stale.status_code, stale.json()["code"]) == (200, 412, "version_changed")
    assert other in stale.json()["detail"]
    assert again.content == fresh.content


async def test_of_many_who_have_read_the_same_version_one_changes_it(door: Door) -> None:
    agent = await door.hire()
    id = (await door.post("/v1/listings", agent, {"text": "a flat"})).json()["id"]
    path = f"/v1/listings/{id}:follow-up"
    answers = await asyncio.gather(*(door.post(path, agent, {"text": f"called {n} times"}, if_match='"v1"') for n in range(10)))
    assert Counter(answer.status_code for answer in answers) == {200: 1, 412: 9}
    either = await door.post(path, agent, {"text": "called after that"}, if_match='"v1", "v2"')
    any_version = await door.post(path, agent, {"text": "called after that"}, if_match="*")
    nonsense = await door.post(path, agent, {"text": "called after that"}, if_match="v4")
    assert [answer.status_code for answer in (either, any_version, nonsense)] == [200, 200, 412]


async def test_a_refusal_says_its_sentence_and_its_rule_in_the_language_asked_for(door: Door) -> None:
    agent = await door.hire()
    id = (await door.post("/v1/listings", agent, {"text": "a flat"})).json()["id"]
    answers = {
        language: (await door.post(f"/v1/listings/{id}:follow-up", agent, {"text": "ab"}, accept_language=language)).json()
        for language in ("zh-CN,en;q=0.5", "en-GB")
    }
    chinese, english = answers.values()
    assert chinese["detail"] == "跟进要有至少 3 个有效字（标点和空格不算），现在只有 2 个。请写清楚沟通了什么、结果如何。"
    assert english["detail"].startswith("A follow-up needs at least 3 characters of substance")
    assert english["rule"] == {"clause": "A-2.8", "why": "A follow-up has substance: at least 3 characters."}
    assert (english["type"], english["status"]) == ("/v1/problems/follow_up_too_short", 409)
    assert "跟进内容太短" in (await door.get(english["type"])).text


# -- reads


async def test_what_is_unknown_foreign_or_no_id_gets_one_answer(door: Door) -> None:
    agent = await door.hire()
    mine = (await door.post("/v1/listings", agent, {"text": "a flat"})).json()["id"]
    foreign = Door(door.client._transport.app, new_id("cmp"))  # type: ignore[attr-defined]
    stranger = await foreign.hire()
    bodies = set()
    for id in (mine, new_id("lst"), new_id("cli"), "lst_1", "%00", "%ff", "x" * 10_000, mine.upper(), "a%20b%0a"):
        answer = await foreign.get(f"/v1/listings/{id}", stranger)
        assert answer.status_code == 404, id
        bodies.add(answer.text.replace(answer.headers["x-request-id"], ""))
        posted = await foreign.post(f"/v1/listings/{id}:follow-up", stranger, {"text": "called"})
        assert posted.status_code == 404, id
        bodies.add(posted.text.replace(posted.headers["x-request-id"], ""))
    assert len(bodies) == 1


async def test_unknown_addresses_and_methods_are_problems_too(door: Door) -> None:
    agent = await door.hire()
    answers = [await door.get("/nowhere", agent), await door.client.delete("/v1/listings"), await door.get("/v1/listings/a/b", agent)]
    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [
        (404, "not_found"),
        (405, "method_not_allowed"),
        (404, "not_found"),
    ]


async def test_who_has_the_newest_version_is_not_sent_it_again(door: Door) -> None:
    agent = await door.hire()
    id = (await door.post("/v1/listings", agent, {"text": "a flat"})).json()["id"]
    first = await door.get(f"/v1/listings/{id}", agent)
    assert first.json() == {"id": id, "texts": ["a flat"]}
    assert (await door.get(f"/v1/listings/{id}", agent, if_none_match=first.headers["etag"])).status_code == 304


async def test_an_answer_waits_for_what_was_seen_before(door: Door) -> None:
    agent = await door.hire()
    position = (await door.post("/v1/listings", agent, {"text": "a flat"})).headers["fenyong-position"]
    assert (await door.get("/v1/listings", agent, fenyong_after=f"{position}, elsewhere=999")).status_code == 200
    assert (await door.get("/v1/listings", agent, fenyong_after="toy=two")).json()["code"] == "malformed_header"


async def test_what_has_not_been_heard_in_time_is_to_be_asked_again(database: NewDatabase, tmp_path: Path) -> None:
    async with toy((await database("toy")).dsn, tmp_path / "keys", after_wait_s=0.05) as opened:
        late = await opened.get("/v1/listings", await opened.hire(), fenyong_after="toy=2")
    assert (late.status_code, late.json()["code"], late.headers["retry-after"]) == (503, "not_yet_heard", "1")


async def test_somebody_who_just_joined_is_known_once_that_is_heard(door: Door) -> None:
    administrator, person = await door.hire("administrator"), new_id("psn")
    joined = await door.post("/v1/people", administrator, {"id": person, "store": "S1"})
    assert joined.status_code == 201
    seen = joined.headers["fenyong-position"]
    assert (await door.post("/v1/listings", person, {"text": "a flat"}, fenyong_after=seen)).status_code == 201


async def test_pages_follow_each_other_without_gap(door: Door) -> None:
    agent = await door.hire()
    for n in range(5):
        await door.post("/v1/listings", agent, {"text": f"flat {n}"})
    first = await door.get("/v1/listings?limit=2", agent)
    second = await door.get(f"/v1/listings?limit=2&cursor={first.json()['next_cursor']}", agent)
    third = await door.get(second.headers["link"].partition(">")[0].removeprefix("<"), agent)
    pages = [first.json(), second.json(), third.json()]
    assert [len(page["data"]) for page in pages] == [2, 2, 1]
    assert len({row["id"] for page in pages for row in page["data"]}) == 5
    assert [page["has_more"] for page in pages] == [True, True, False]
    assert third.json()["next_cursor"] is None


async def test_a_cursor_that_is_not_ours_for_this_list_and_caller_is_refused(door: Door) -> None:
    agent, other = await door.hire(), await door.hire()
    for n in range(2):
        await door.post("/v1/listings", agent, {"text": f"flat {n}"})
    cursor = (await door.get("/v1/listings?limit=1", agent)).json()["next_cursor"]
    answers = [
        await door.get(f"/v1/listings?cursor={given}", by)
        for given, by in ((cursor, other), (cursor[:-2] + "AA", agent), ("x", agent), ("", agent), ("%00", agent), ("电", agent))
    ]
    assert {(answer.status_code, answer.json()["code"]) for answer in answers} == {(422, "bad_cursor")}


@pytest.mark.parametrize("limit", ["-1", "0", "201", "1000000000", "x", "1e2", "true"])
async def test_a_limit_has_limits(door: Door, limit: str) -> None:
    answer = await door.get(f"/v1/listings?limit={limit}", await door.hire())
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/query/limit")


async def test_a_parameter_that_nobody_knows_is_named_with_those_that_are_there(door: Door) -> None:
    agent = await door.hire()
    id = (await door.post("/v1/listings", agent, {"text": "a flat"})).json()["id"]
    answer = await door.get("/v1/listings?limit=1&stauts=sold&13912345678=x", agent, accept_language="en")
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")
    first, second = answer.json()["errors"]
    assert (first["pointer"], first["code"]) == ("/query/stauts", "unknown_parameter")
    assert "there are: about, cursor, limit" in first["detail"]
    assert "13912345678" not in second["pointer"]
    command = await door.post(f"/v1/listings/{id}:follow-up?text=called", agent, {"text": "called"})
    assert (command.status_code, command.json()["errors"][0]["pointer"]) == (422, "/query/text")
    assert (await door.get("/v1/problems/forbidden?language=en")).status_code == 422
    assert await door.positions() == 1


async def test_a_parameter_is_given_once_unless_it_is_a_list(door: Door) -> None:
    agent = await door.hire()
    answer = await door.get("/v1/listings?limit=1&limit=2", agent)
    assert [(error["pointer"], error["code"]) for error in answer.json()["errors"]] == [("/query/limit", "given_twice")]
    assert (await door.get("/v1/listings?about=key&about=owner&limit=1", agent)).status_code == 200


# -- about itself


async def test_our_own_fault_shows_nothing_and_is_on_record_without_values(door: Door, capsys: pytest.CaptureFixture[str]) -> None:
    agent = await door.hire()
    id = (await door.post("/v1/listings", agent, {"text": "a flat"})).json()["id"]
    answer = await door.post(f"/v1/listings/{id}:follow-up", agent, {"text": "crash"})
    assert (answer.status_code, answer.json()["code"]) == (500, "internal")
    logged = capsys.readouterr().err
    assert "ValueError" in logged
    assert "toy_service.py" in logged
    assert not any("13912345678" in text for text in (answer.text, logged))


async def test_each_request_is_one_line_in_the_log(door: Door, capsys: pytest.CaptureFixture[str]) -> None:
    agent = await door.hire()
    capsys.readouterr()
    await door.get("/v1/listings?phone=13912345678", agent, x_request_id="mine-1")
    await door.get("/v1/%0a%1b[31m13912345678", agent)
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    requests = [line for line in lines if line["event"] == "request"]
    assert [(line["method"], line["route"], line["status"]) for line in requests] == [("GET", "/v1/listings", 422), ("GET", "-", 404)]
    assert requests[0]["request_id"] == "mine-1"
    assert "13912345678" not in json.dumps(lines)


async def test_it_says_that_it_lives_is_ready_and_what_it_has_done(door: Door) -> None:
    await door.post("/v1/listings", await door.hire(), {"text": "a flat"})
    assert (await door.get("/livez")).status_code == 200
    ready = await door.get("/readyz")
    assert (ready.status_code, ready.json()["ready"]) == (200, True), ready.text
    numbers = (await door.get("/metrics")).text
    assert 'fenyong_appended_position{service="toy"} 1.0' in numbers
    assert 'fenyong_requests_total{method="POST",route="/v1/listings",service="toy",status="201"}' in numbers


async def test_without_a_broker_it_is_ready_all_the_same(database: NewDatabase, tmp_path: Path, nats: Nats) -> None:
    for address, state in ((nats.url, "there"), ("nats://127.0.0.1:9", "away"), ("", "off")):
        async with toy((await database("toy")).dsn, tmp_path / "keys", nats=address) as opened:
            ready = await opened.get("/readyz")
            assert (ready.status_code, ready.json()["broker"]) == (200, state)


async def test_a_loop_that_breaks_off_is_started_again_and_one_that_does_not_want_to_end_ends(
    database: NewDatabase, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    begun, deaf = asyncio.Event(), asyncio.Event()
    broke_off = 0

    async def breaking() -> None:
        nonlocal broke_off
        broke_off += 1
        if broke_off == 1:
            raise ValueError("a phone: 13912345678")
        begun.set()

    async def stubborn() -> None:
        for _ in range(3):  # as a client does that takes a cancellation for a failure to connect
            with contextlib.suppress(asyncio.CancelledError):
                deaf.set()
                await asyncio.Event().wait()

    async def compose(service: Service) -> None:
        service.loop("breaking", breaking)
        service.loop("stubborn", stubborn)

    async with toy((await database("toy")).dsn, tmp_path / "keys", compose=compose):
        await asyncio.wait_for(asyncio.gather(begun.wait(), deaf.wait()), 5)
    logged = capsys.readouterr().err
    assert "loop broke off" in logged
    assert "do not end" not in logged
    assert "13912345678" not in logged


async def test_without_its_database_it_lives_and_says_that_it_is_unavailable(door: Door) -> None:
    door.service.pool.terminate()
    ready = await door.get("/readyz")
    assert (ready.status_code, ready.json()["checks"]["postgres"]) == (503, False)
    refused = await door.get("/v1/listings", new_id("psn"))
    assert (refused.status_code, refused.json()["code"]) == (503, "unavailable")


async def test_peers_read_the_log_and_where_it_stands(door: Door) -> None:
    agent = await door.hire()
    await door.post("/v1/listings", agent, {"text": "a flat"})
    secret = {"authorization": f"Bearer {door.service.keys.internal}"}
    feed = await door.client.get("/internal/feed", headers=secret)
    assert [entry.position for entry in decode_feed(feed.content)] == [1]
    standing = await door.client.get("/internal/standing", params={"tenant": door.tenant}, headers=secret)
    assert (standing.json()["position"], standing.json()["service"]) == (1, "toy")
    before = await door.client.get("/internal/standing", params={"tenant": door.tenant, "at": "2020-01-01T00:00:00Z"}, headers=secret)
    assert before.json()["position"] == 0
    for path in ("/internal/feed", f"/internal/standing?tenant={door.tenant}"):
        assert (await door.get(path, agent)).status_code == 401


async def test_the_description_names_every_route_and_its_act(door: Door) -> None:
    described = (await door.get("/v1/openapi.json")).json()["paths"]
    assert described["/v1/listings/{id}:follow-up"]["post"]["x-act"] == "listing.follow_up"
    assert not any(path.startswith("/internal") for path in described)


async def test_every_route_stands_in_the_table_or_is_declared_open() -> None:
    acts = acts_of([toy_service.routes, health.routes])
    assert {route for route, act in acts.items() if act is None} <= OPEN
    assert {act for act in acts.values() if act} <= set(ACTS)
