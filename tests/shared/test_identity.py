"""Who is calling, and the table of who may do what."""

from __future__ import annotations

import base64
import json
import stat
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args
from uuid import UUID

import asyncpg
import pytest
from joserfc import jws
from joserfc.jwk import OctKey, OKPKey

from shared.entry import Entry, Meta, new_id, uuid_of
from shared.identity import (
    ACTS,
    BESIDE,
    HEAD_OFFICE,
    LINE,
    Caller,
    Claims,
    Keys,
    Post,
    Reach,
    Role,
    Unauthenticated,
    allow,
    at_company,
    keep_post,
    make_keys,
    may,
    post_at,
    post_of,
    posts_of,
)
from shared.regulation import Refused
from shared.tenure import ground
from tests.databases import NewDatabase

TENANT = uuid_of(new_id("cmp"))
NOW_S = int(time.time())


def caller(role: Role, store: str | None = "S1", area: str | None = "A1", *, in_post: bool = True) -> Caller:
    person = new_id("psn")
    return Caller(person, TENANT, Post(person, store=store, area=area, role=role, in_post=in_post))


# -- the table


def test_every_verb_of_the_cases_stands_in_the_table() -> None:
    verbs = """person.join person.transfer person.leave person.confirm leave.grant listing.enter listing.complete listing.follow_up
    listing.take_key listing.return_key listing.sign_exclusive listing.survey listing.floor_plan listing.conceal listing.reveal listing.mark
    listing.reassign listing.find_duplicate listing.refute client.enter client.follow_up client.view client.name_senior client.reassign
    client.claim deal.report deal.sign deal.attach_listing deal.sign_off deal.settle deal.find_private_dealing deal.adjudicate deal.dispute
    deal.rule deal.cancel mandate.request mandate.review mandate.approve mandate.issue mandate.receive mandate.report mandate.revoke
    mandate.ratify pack.activate"""
    assert set(verbs.split()) <= set(ACTS)


def test_every_row_names_somebody_who_may() -> None:
    assert set(LINE) | BESIDE == set(get_args(Role))
    assert all(row.lowest or row.beside for row in ACTS.values())


@pytest.mark.parametrize("act", ACTS)
def test_who_is_higher_in_the_line_may_do_what_the_lower_may_and_nobody_else(act: str) -> None:
    row = ACTS[act]
    lowest = LINE.index(row.lowest) if row.lowest else len(LINE)
    allowed = {role for role in get_args(Role) if may(caller(role), act, own=True, stores=["S1"], areas=["A1"])}
    below = {"agent"} if row.reach in (Reach.STORE, Reach.AREA, Reach.COMPANY) and row.lowest else set()
    assert allowed == (set(LINE[lowest:]) | row.beside) - below


@pytest.mark.parametrize("act", ACTS)
def test_who_has_left_may_do_nothing(act: str) -> None:
    assert not any(may(caller(role, in_post=False), act, own=True, stores=["S1"], areas=["A1"]) for role in get_args(Role))


def test_a_managers_authority_covers_what_is_below_and_nothing_beside() -> None:
    manager, area_manager, director = caller("store_manager"), caller("area_manager", store=None), caller("director", store=None)
    assert may(manager, "deal.settle", stores=["S1"])
    assert not may(manager, "deal.settle", stores=["S2"])
    assert not may(manager, "deal.settle", own=True)
    assert may(area_manager, "deal.settle", areas=["A1"])
    assert not may(area_manager, "deal.settle", areas=["A2"])
    assert may(director, "deal.settle")
    assert not may(caller("store_manager", store=None), "deal.settle", stores=[None])


def test_a_post_over_whom_one_stands_brings_its_store_and_area() -> None:
    closer = Post(new_id("psn"), store="S2", area="A1")
    assert not may(caller("store_manager"), "deal.settle", over=[closer, None])
    assert may(caller("area_manager"), "deal.settle", over=[closer, None])


def test_own_affairs_are_the_agents_own_and_their_managers() -> None:
    assert may(caller("agent"), "listing.conceal", own=True)
    assert not may(caller("agent"), "listing.conceal", stores=["S1"])
    assert may(caller("store_manager"), "listing.conceal", stores=["S1"])


def test_who_is_beside_the_line_reads_only_what_the_table_gives_them() -> None:
    assert may(caller("auditor"), "client.read")
    assert not may(caller("auditor"), "client.follow_up")
    assert may(caller("legal_representative"), "deal.read")
    assert not may(caller("legal_representative"), "deal.adjudicate")
    assert not may(caller("finance"), "client.read")
    assert not may(caller("legal"), "mandate.report")
    assert may(caller("legal"), "mandate.report", own=True)


def test_head_office_founds_staffs_and_activates_and_nothing_else() -> None:
    allowed = {act for act in ACTS if may(HEAD_OFFICE, act, own=True)}
    assert {"company.found", "person.join", "pack.activate"} <= allowed
    assert {act for act in allowed if not ACTS[act].reads} == {"company.found", "person.join", "pack.activate"}
    assert at_company(TENANT).tenant == TENANT


def test_a_party_never_settles_adjudicates_or_rules_on_their_own_deal() -> None:
    for act in ("deal.settle", "deal.adjudicate", "deal.rule", "deal.rule_second"):
        with pytest.raises(Refused) as refused:
            allow(caller("general_manager"), act, party=True)
        assert refused.value.code == "conflict_of_interest"
    allow(caller("agent"), "deal.report", own=True, party=True)


def test_a_refusal_names_the_role_that_it_takes() -> None:
    with pytest.raises(Refused) as refused:
        allow(caller("agent"), "deal.settle", stores=["S1"])
    assert (refused.value.code, refused.value.facts["role"]) == ("forbidden", "store_manager")


# -- keys and tokens


@pytest.fixture
def keys(tmp_path: Path) -> Keys:
    make_keys(tmp_path)
    return Keys(tmp_path)


def signing(tmp_path: Path) -> OKPKey:
    return OKPKey.import_key(json.loads((tmp_path / "signing.json").read_text()))


def claims(**changes: Any) -> dict[str, Any]:
    told = {"iss": "fenyong", "aud": "fenyong", "sub": "psn_x", "iat": NOW_S, "nbf": NOW_S, "exp": NOW_S + 60, "jti": "tok"}
    return {**told, **changes}


def is_refused(keys: Keys, token: str, now_s: int = NOW_S) -> bool:
    try:
        keys.verify(token, now_s=now_s)
    except Unauthenticated:
        return True
    return False


def test_a_token_says_who_where_and_since_when(keys: Keys) -> None:
    person = new_id("psn")
    said = keys.verify(keys.mint(sub=person, tenant=TENANT, now_s=NOW_S, lives_s=60, position=7), now_s=NOW_S)
    assert (said.sub, said.position, uuid_of(said.tenant or "")) == (person, 7, TENANT)


def test_a_token_ends_at_the_second_it_names(keys: Keys) -> None:
    token = keys.mint(sub="hq", tenant=None, now_s=NOW_S, lives_s=60)
    assert not is_refused(keys, token, now_s=NOW_S + 59)
    with pytest.raises(Unauthenticated):
        keys.verify(token, now_s=NOW_S + 60)  # also when it was found good before


def test_what_is_not_ours_is_not_taken(keys: Keys, tmp_path: Path) -> None:
    ours, stranger = signing(tmp_path), OKPKey.generate_key("Ed25519", {"kid": "stranger"})
    public = (tmp_path / "public.json").read_text()
    kid = str(ours.kid)

    def signed(header: dict[str, Any], told: dict[str, Any], key: Any = ours, algorithm: str = "Ed25519") -> str:
        return jws.serialize_compact({"alg": algorithm, **header}, json.dumps(told), key, algorithms=[algorithm])

    def part(value: object) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()

    good = signed({"kid": kid}, claims())
    assert not is_refused(keys, good)
    bad = {
        "none": f"{part({'alg': 'none', 'kid': kid})}.{part(claims())}.",
        "hs256 with the public key": signed({"kid": kid}, claims(), OctKey.import_key(public), "HS256"),
        "unknown kid": signed({"kid": "stranger"}, claims(), stranger),
        "known kid, other key": signed({"kid": kid}, claims(), stranger),
        "no kid": signed({}, claims()),
        "jku": signed({"kid": kid, "jku": "http://127.0.0.1:9/keys"}, claims()),
        "jwk": signed({"kid": kid, "jwk": stranger.as_dict(private=False)}, claims()),
        "crit": f"{part({'alg': 'Ed25519', 'kid': kid, 'crit': ['exp'], 'exp': 1})}.{part(claims())}.{good.split('.')[2]}",
        "other issuer": signed({"kid": kid}, claims(iss="else")),
        "other audience": signed({"kid": kid}, claims(aud="else")),
        "audiences": signed({"kid": kid}, claims(aud=["fenyong"])),
        "expired": signed({"kid": kid}, claims(exp=NOW_S)),
        "not yet": signed({"kid": kid}, claims(nbf=NOW_S + 1)),
        "no expiry": signed({"kid": kid}, {name: value for name, value in claims().items() if name != "exp"}),
        "expiry as text": signed({"kid": kid}, claims(exp=str(NOW_S + 60))),
        "expiry without end": signed({"kid": kid}, claims(exp=1e300)),
        "not an object": jws.serialize_compact({"alg": "Ed25519", "kid": kid}, b"[]", ours, algorithms=["Ed25519"]),
        "cut": good[:-10],
        "changed": f"{good.split('.')[0]}.{part(claims(sub='hq'))}.{good.split('.')[2]}",
        "long": good + "A" * 5000,
        "two parts": ".".join(good.split(".")[:2]),
        "other letters": "电.电.电",
    }
    for why, token in bad.items():
        assert is_refused(keys, token), why


def test_a_new_key_is_found_without_a_restart(keys: Keys, tmp_path: Path) -> None:
    keys.verify(keys.mint(sub="hq", tenant=None, now_s=NOW_S, lives_s=60), now_s=NOW_S)
    new = OKPKey.generate_key("Ed25519", {"kid": "next"})
    token = jws.serialize_compact({"alg": "Ed25519", "kid": "next"}, json.dumps(claims()), new, algorithms=["Ed25519"])
    with pytest.raises(Unauthenticated):
        keys.verify(token, now_s=NOW_S)
    public = json.loads((tmp_path / "public.json").read_text())
    public["keys"].append(new.as_dict(private=False))
    (tmp_path / "public.json").write_text(json.dumps(public))
    assert keys.verify(token, now_s=NOW_S).sub == "psn_x"


def test_keys_are_made_once_by_however_many_begin_at_once(tmp_path: Path) -> None:
    folder = tmp_path / "keys"
    with ThreadPoolExecutor(8) as threads:
        for made in [threads.submit(make_keys, folder) for _ in range(16)]:
            made.result()
    assert sorted(path.name for path in folder.iterdir()) == ["internal", "public.json", "signing.json"]
    public = json.loads((folder / "public.json").read_text())["keys"]
    assert [key["kid"] for key in public] == [signing(folder).kid]
    assert "d" not in public[0]
    assert [stat.S_IMODE((folder / name).stat().st_mode) for name in ("internal", "signing.json")] == [0o600, 0o600]
    assert Keys(folder).verify(Keys(folder).mint(sub="hq", tenant=None, now_s=NOW_S, lives_s=9), now_s=NOW_S).sub == "hq"


def test_only_who_has_the_secret_is_a_peer(keys: Keys) -> None:
    assert keys.is_internal(f"Bearer {keys.internal}")
    assert not any(keys.is_internal(given) for given in (None, "", "Bearer ", keys.internal, f"Bearer {keys.internal}x", "Bearer 电"))


def test_claims_have_no_room_for_more_than_they_say() -> None:
    assert set(Claims.__struct_fields__) == {"iss", "aud", "sub", "iat", "nbf", "exp", "jti", "tenant", "position"}


# -- posts


async def test_posts_are_kept_and_found_by_what_they_have(database: NewDatabase) -> None:
    connection = await asyncpg.connect((await database("toy")).dsn)
    try:
        first, second, gone = (new_id("psn") for _ in range(3))
        await keep_post(connection, TENANT, Post(first, "S1", "G1", "A1"))
        await keep_post(connection, TENANT, Post(second, "S1", None, "A1", "store_manager", contact="cnt_x"))
        await keep_post(connection, TENANT, Post(gone, "S1", in_post=False))
        await keep_post(connection, TENANT, Post(first, "S2", "G2", "A1", newcomer=True))
        assert await post_of(connection, TENANT, first) == Post(first, "S2", "G2", "A1", newcomer=True)
        assert [post.person for post in await posts_of(connection, TENANT, store="S1", in_post=True)] == [second]
        assert [post.person for post in await posts_of(connection, TENANT, contact="cnt_x")] == [second]
        assert len(await posts_of(connection, TENANT)) == 3
        assert await post_of(connection, UUID(int=1), first) is None
    finally:
        await connection.close()


def told(minute: int, position: int, **heard: int) -> Entry:
    """An entry of that minute after noon, whose writer had heard that of others."""
    at = datetime(2024, 3, 1, 12, minute, tzinfo=UTC)
    return Entry("authz", position, TENANT, UUID(int=1), position, "toy.Told", None, b"", Meta(after=heard), at, at)


async def test_a_post_is_known_as_it_was(database: NewDatabase) -> None:
    connection = await asyncpg.connect((await database("toy")).dsn)
    person = new_id("psn")
    agent, manager, elsewhere = Post(person, "S1", "G1"), Post(person, "S1", None, "A1", "store_manager"), Post(person, "S2", "G2")
    try:
        assert await post_at(connection, TENANT, person, told(0, 1)) is None
        for post, entry in ((agent, told(10, 1)), (manager, told(20, 5)), (elsewhere, told(20, 6)), (elsewhere, told(20, 6))):
            await keep_post(connection, TENANT, post, entry)
        for minute, heard, post in ((0, 0, agent), (10, 1, agent), (19, 9, agent), (21, 0, elsewhere)):
            assert await post_at(connection, TENANT, person, told(minute, 1, authz=heard)) == post
        for heard, post in ((4, agent), (5, manager), (6, elsewhere)):
            assert await post_at(connection, TENANT, person, told(20, 1, authz=heard)) == post, "at one instant it is who was heard of"
    finally:
        await connection.close()


async def test_what_an_entry_caused_stands_on_the_posts_of_its_instant_but_who_has_left_has_left(database: NewDatabase) -> None:
    connection = await asyncpg.connect((await database("listing")).dsn)
    person = new_id("psn")
    gone = Post(person, "S2", "G2", in_post=False)
    try:
        for post, entry in ((Post(person, "S1", "G1"), told(10, 1)), (Post(person, "S2", "G2"), told(20, 2)), (gone, told(30, 3))):
            await keep_post(connection, TENANT, post, entry)
        assert (await ground(connection, TENANT, [person])).posts == {person: gone}
        caused = await ground(connection, TENANT, [person, "company", "team:G2"], told(15, 1, authz=1))
        assert caused.posts == {person: Post(person, "S1", "G1", in_post=False), "team:G2": Post("team:G2", "S2", "G2")}
    finally:
        await connection.close()
