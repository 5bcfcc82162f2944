"""Who is calling, what their post is, and the one table of who may do what.

A person proves who they are with a token signed by authz (Ed25519, verified locally, never by an outgoing request). Their post is
not in the token: every service keeps the table `posts` from authz's events, so that a right that was taken away is gone once heard.
"""

from __future__ import annotations

import hmac
import json
import os
import secrets
from collections.abc import Collection, Iterable
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias
from uuid import UUID

import asyncpg
import msgspec
from asyncpg.pool import PoolConnectionProxy
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from shared.entry import id_of, new_id, uuid_of
from shared.regulation import Refused

Connection: TypeAlias = "asyncpg.Connection[Any] | PoolConnectionProxy[Any] | asyncpg.Pool[Any]"
Role = Literal[
    "agent", "store_manager", "area_manager", "director", "general_manager", "legal_representative", "legal", "finance", "personnel",
    "service_manager", "auditor", "administrator", "hq",
]  # fmt: skip

LINE: Final[tuple[Role, ...]] = ("agent", "store_manager", "area_manager", "director", "general_manager")
BESIDE: Final[frozenset[Role]] = frozenset(
    ("legal_representative", "legal", "finance", "personnel", "service_manager", "auditor", "administrator", "hq")
)
NO_COMPANY: Final = UUID(int=0)
"""The tenant of a head-office caller who has not chosen a company."""


class Post(msgspec.Struct, frozen=True):
    """Where somebody stands in the company. After leaving, store, team and area are the last ones and `in_post` is false."""

    person: str
    store: str | None = None
    team: str | None = None
    area: str | None = None
    role: Role = "agent"
    newcomer: bool = False
    in_post: bool = True
    contact: str | None = None


class Caller(msgspec.Struct, frozen=True):
    """Who sent this request, in which company, and their post as this service has heard it."""

    person: str
    tenant: UUID
    post: Post

    @property
    def company(self) -> str:
        return id_of("cmp", self.tenant)


HEAD_OFFICE: Final = Caller(person="hq", tenant=NO_COMPANY, post=Post(person="hq", role="hq"))
"""The franchise's head office: founds companies, joins their first person, activates packs. `at_company` puts it in one."""


def at_company(tenant: UUID) -> Caller:
    return msgspec.structs.replace(HEAD_OFFICE, tenant=tenant)


# ---------------------------------------------------------------------------------------------------------------- Who may do what


class Reach(StrEnum):
    """Of whose affairs an act may be done; those higher in the line reach what is below them, nothing beside."""

    OWN = "own"  # what one holds, recorded or is party to
    ANY = "any"  # anything of the company
    STORE = "store"
    AREA = "area"
    COMPANY = "company"


class Act(msgspec.Struct, frozen=True):
    """One row of *Who may do what*: the lowest role of the line, the roles beside the line, the reach.

    `impartial`: never by a party to the deal or the violation. Roles beside the line reach the whole company, but for `own` acts that
    are not reads.
    """

    reach: Reach
    lowest: Role | None = None
    beside: frozenset[Role] = frozenset()
    impartial: bool = False
    reads: bool = False


def _acts(names: str, act: Act) -> dict[str, Act]:
    return dict.fromkeys(names.split(), act)


def _reads(reach: Reach, *beside: Role) -> Act:
    return Act(reach, "agent", frozenset({"auditor", "legal_representative", *beside}), reads=True)


ACTS: Final[dict[str, Act]] = {
    **_acts(
        "listing.enter listing.follow_up listing.take_key listing.return_key listing.sign_exclusive listing.survey listing.floor_plan"
        " listing.mark client.enter client.follow_up client.view client.claim mandate.request",
        Act(Reach.ANY, "agent"),
    ),
    **_acts("listing.complete listing.conceal listing.reveal", Act(Reach.OWN, "agent")),
    **_acts("deal.report deal.sign deal.attach_listing deal.dispute", Act(Reach.OWN, "agent")),
    **_acts(
        "listing.enter_for client.enter_for listing.reassign listing.refute listing.find_duplicate client.reassign client.name_senior"
        " leave.grant deal.find_private_dealing deal.cancel",
        Act(Reach.STORE, "store_manager"),
    ),
    **_acts("deal.settle", Act(Reach.STORE, "store_manager", impartial=True)),
    **_acts("deal.sign_off", Act(Reach.AREA, "area_manager")),
    **_acts("deal.rule", Act(Reach.AREA, "area_manager", impartial=True)),
    **_acts("violation.confirm violation.drop", Act(Reach.STORE, "store_manager", impartial=True)),
    **_acts("violation.decide_appeal", Act(Reach.AREA, "area_manager", impartial=True)),
    **_acts("violation.appeal", Act(Reach.OWN, "agent", BESIDE - {"hq"})),
    **_acts("deal.adjudicate deal.rule_second", Act(Reach.COMPANY, "general_manager", impartial=True)),
    **_acts("deal.cancel_settled", Act(Reach.COMPANY, "general_manager")),
    **_acts("pack.activate", Act(Reach.COMPANY, "general_manager", frozenset({"hq"}))),
    **_acts("company.found", Act(Reach.COMPANY, None, frozenset({"hq"}))),
    **_acts("person.join", Act(Reach.COMPANY, None, frozenset({"personnel", "administrator", "hq"}))),
    **_acts("person.transfer person.leave person.confirm", Act(Reach.COMPANY, None, frozenset({"personnel"}))),
    **_acts("mandate.review mandate.issue", Act(Reach.COMPANY, None, frozenset({"legal"}))),
    **_acts("mandate.approve", Act(Reach.COMPANY, "general_manager")),
    **_acts("mandate.receive mandate.report", Act(Reach.OWN, "agent", BESIDE - {"hq"})),
    **_acts("mandate.revoke mandate.ratify", Act(Reach.COMPANY, "general_manager", frozenset({"legal_representative"}))),
    **_acts("listing.read", _reads(Reach.ANY)),
    **_acts("listing.read_concealed client.read deal.read violation.read", _reads(Reach.OWN)),
    **_acts("suspect.read", Act(Reach.STORE, "store_manager", frozenset({"auditor", "legal_representative"}))),
    **_acts("agenda.read deal.preview", Act(Reach.ANY, "agent")),
    **_acts("person.read mandate.read", _reads(Reach.ANY, "personnel", "administrator", "legal")),
    **_acts("pack.read company.read enums.read", _reads(Reach.ANY, *BESIDE)),
}
"""Names are the verbs of the cases; reads end in `.read`. `deal.cancel` is of a deal not settled yet, `deal.rule` the first instance.
What the table leaves open is read thus: cancelling before settlement, finding duplicates and answering a proposed violation are the
store manager's, an appeal the next higher rank's."""

OPEN: Final[frozenset[tuple[str, str]]] = frozenset(
    {
        ("GET", "/livez"),
        ("GET", "/readyz"),
        ("GET", "/metrics"),
        ("GET", "/v1/openapi.json"),
        ("GET", "/v1/problems/{code}"),
        ("POST", "/v1/tokens"),
        ("GET", "/internal/feed"),
        ("GET", "/internal/standing"),
        ("POST", "/internal/contacts"),
    }
)
"""Routes that stand in no row because no person calls them, or anyone may; those under /internal ask for the services' own secret."""


def may(
    caller: Caller,
    act: str,
    *,
    own: bool = False,
    stores: Collection[str | None] = (),
    areas: Collection[str | None] = (),
    over: Iterable[Post | None] = (),
) -> bool:
    """Whether the table lets this caller do it. `own`: the caller holds it, recorded it or is party to it. `over`: the posts of those
    whose affair it is (holder, recorder, closer); their stores and areas count like `stores` and `areas`."""
    row, posts = ACTS[act], [post for post in over if post]
    if not caller.post.in_post:
        return False
    if caller.post.role in row.beside:
        return row.reads or row.reach is not Reach.OWN or own
    if row.lowest is None or caller.post.role not in LINE or LINE.index(caller.post.role) < LINE.index(row.lowest):
        return False
    return (
        row.reach is Reach.ANY
        or (row.reach is Reach.OWN and own)
        or _is_below(caller.post, {*stores, *(post.store for post in posts)}, {*areas, *(post.area for post in posts)})
    )


def could(caller: Caller, act: str) -> bool:
    """Whether there is anything at all of which this caller may do it: what can be said before anything is looked up."""
    row, role = ACTS[act], caller.post.role
    in_line = row.lowest is not None and role in LINE and LINE.index(role) >= LINE.index(row.lowest)
    return caller.post.in_post and (in_line or role in row.beside)


def forbidden(caller: Caller, act: str) -> Refused:
    """The refusal of an act, with what would be needed: a higher `role`, one `beside` the line, or that it be one's own or below one."""
    row = ACTS[act]
    if not caller.post.in_post:
        return Refused("forbidden", act=act, whose="in_post")
    if could(caller, act):
        return Refused("forbidden", act=act, whose="own" if row.reach is Reach.OWN else "below")
    if row.lowest is not None:
        return Refused("forbidden", act=act, role=row.lowest)
    return Refused("forbidden", act=act, beside=sorted(row.beside))


def _is_below(post: Post, stores: Collection[str | None], areas: Collection[str | None]) -> bool:
    """O: a manager's authority covers what is below, nothing beside."""
    match post.role:
        case "store_manager":
            return post.store is not None and post.store in stores
        case "area_manager":
            return (post.area is not None and post.area in areas) or (post.store is not None and post.store in stores)
        case "director" | "general_manager":
            return True
        case _:
            return False


def allow(
    caller: Caller,
    act: str,
    *,
    own: bool = False,
    stores: Collection[str | None] = (),
    areas: Collection[str | None] = (),
    over: Iterable[Post | None] = (),
    party: bool = False,
    above: Iterable[str] = (),
) -> None:
    """Refuses `forbidden` unless `may`, `conflict_of_interest` where a party would decide their own case, and `forbidden` again for who
    is not higher in the line than all the ranks `above` which the act has to be decided."""
    if not may(caller, act, own=own, stores=stores, areas=areas, over=over):
        raise forbidden(caller, act)
    if party and ACTS[act].impartial:
        raise Refused("conflict_of_interest", act=act)
    highest = max((LINE.index(role) for role in LINE if role in set(above)), default=-1)
    if highest >= 0 and (caller.post.role not in LINE or LINE.index(caller.post.role) <= highest):
        raise Refused("forbidden", act=act, role=next(iter(LINE[highest + 1 :]), None))


# --------------------------------------------------------------------------------------------------------------------------- Posts


async def keep_post(connection: Connection, tenant: UUID, post: Post, since: datetime | None = None) -> None:
    """Writes a person's post into the view, over the one before; with `since`, also into what `post_at` reads."""
    if since is not None:
        await connection.execute(
            "insert into posts_past (tenant, person, since, post) values ($1, $2, $3, $4)"
            " on conflict (tenant, person, since) do update set post = excluded.post",
            tenant, uuid_of(post.person), since, msgspec.json.encode(post),
        )  # fmt: skip
    await connection.execute(
        "insert into posts (tenant, person, store, team, area, role, newcomer, in_post, contact)"
        " values ($1, $2, $3, $4, $5, $6, $7, $8, $9)"
        " on conflict (tenant, person) do update set store = excluded.store, team = excluded.team, area = excluded.area,"
        " role = excluded.role, newcomer = excluded.newcomer, in_post = excluded.in_post, contact = excluded.contact",
        tenant, uuid_of(post.person), post.store, post.team, post.area, post.role, post.newcomer, post.in_post, post.contact,
    )  # fmt: skip


async def post_of(connection: Connection, tenant: UUID, person: str) -> Post | None:
    """The person's post as heard so far; None if this company has nobody of that id."""
    posts = await posts_of(connection, tenant, person=person)
    return posts[0] if posts else None


async def post_at(connection: Connection, tenant: UUID, person: str, at: datetime) -> Post | None:
    """The person's post at an instant, for acts that are heard of only after it has changed; the earliest if they joined later."""
    kept: bytes | None = await connection.fetchval(
        "select post from posts_past where tenant = $1 and person = $2"
        " order by since <= $3 desc, abs(extract(epoch from since - $3)) limit 1",
        tenant, uuid_of(person), at,
    )  # fmt: skip
    return msgspec.json.decode(kept, type=Post) if kept is not None else None


async def posts_of(
    connection: Connection,
    tenant: UUID,
    *,
    person: str | None = None,
    store: str | None = None,
    team: str | None = None,
    area: str | None = None,
    role: str | None = None,
    contact: str | None = None,
    in_post: bool | None = None,
) -> list[Post]:
    """The company's posts that match everything given, in the order the people's ids were made; empty if nobody does."""
    given = {
        "person": uuid_of(person) if person is not None else None,
        "store": store, "team": team, "area": area, "role": role, "contact": contact, "in_post": in_post,
    }  # fmt: skip
    wanted = {column: value for column, value in given.items() if value is not None}
    conditions = "".join(f" and {column} = ${number}" for number, column in enumerate(wanted, start=2))
    rows = await connection.fetch(  # the conditions are our own column names
        "select person, store, team, area, role, newcomer, in_post, contact from posts where tenant = $1" + conditions + " order by person",  # noqa: S608
        tenant,
        *wanted.values(),
    )
    return [Post(**{**row, "person": id_of("psn", row["person"])}) for row in rows]


# -------------------------------------------------------------------------------------------------------------------------- Tokens

ISSUER: Final = "fenyong"
AUDIENCE: Final = "fenyong"
ALGORITHM: Final = "Ed25519"
TOKEN_CHARS_MAX: Final = 2048
EARLY_S: Final = 5  # a token is valid from a little before it was minted, for machines whose clocks differ


class Unauthenticated(Exception):
    """The token does not prove who is calling. Carries no reason: whoever forges learns nothing from the answer."""


class Claims(msgspec.Struct, frozen=True):
    """What a token says. `sub` is a person's id or `hq`; `position` is authz's position when it was minted, to be heard first."""

    iss: str
    aud: str
    sub: str
    iat: int
    nbf: int
    exp: int
    jti: str
    tenant: str | None = None
    position: int = 0


def make_keys(folder: Path) -> None:
    """Makes the signing key, its public set and the services' shared secret where they are missing. Any number of processes may do so
    at once: the first one's stand. The private ones are readable by their owner only."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    _write_once(folder / "internal", secrets.token_hex(32))
    key = OKPKey.generate_key(ALGORITHM, {"kid": secrets.token_hex(8), "use": "sig", "alg": ALGORITHM})
    _write_once(folder / "signing.json", json.dumps(key.as_dict(private=True)))
    signing = OKPKey.import_key(json.loads((folder / "signing.json").read_text()))
    _write_once(folder / "public.json", json.dumps({"keys": [signing.as_dict(private=False)]}), mode=0o644)


def _write_once(path: Path, text: str, mode: int = 0o600) -> None:
    """Whole or not at all, and never over what is there: written aside, then linked into place."""
    if path.exists():
        return
    aside = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(aside, path)
    except FileExistsError:
        pass  # another process was first, and its key is as good
    finally:
        aside.unlink()


class Keys:
    """The keys in a folder, read when first needed; the public set is read again when a token names a key it lacks and the file changed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._public: dict[str, OKPKey] = {}
        self._public_as_of_ns = -1
        self._internal: str | None = None
        self._verified: dict[str, Claims] = {}

    @property
    def there(self) -> bool:
        """Whether tokens can be verified and the services know each other."""
        return (self._folder / "public.json").exists() and (self._folder / "internal").exists()

    @property
    def internal(self) -> str:
        """The secret with which the services call each other, and from which cursors are signed."""
        if self._internal is None:
            self._internal = (self._folder / "internal").read_text().strip()
            assert len(self._internal) >= 32, "the services' shared secret is too short to be one that we made"
        return self._internal

    def is_internal(self, authorization: str | None) -> bool:
        return hmac.compare_digest((authorization or "").encode(), f"Bearer {self.internal}".encode())

    def mint(self, *, sub: str, tenant: UUID | None, now_s: int, lives_s: int, position: int = 0) -> str:
        """A token for a person (authz only: needs the private key). `now_s` and `lives_s` in seconds of the wall clock."""
        key = OKPKey.import_key(json.loads((self._folder / "signing.json").read_text()))
        claims = Claims(
            iss=ISSUER, aud=AUDIENCE, sub=sub, iat=now_s, nbf=now_s - EARLY_S, exp=now_s + lives_s, jti=new_id("tok"),
            tenant=None if tenant is None else id_of("cmp", tenant), position=position,
        )  # fmt: skip
        header = {"alg": ALGORITHM, "kid": str(key.kid), "typ": "JWT"}
        return jws.serialize_compact(header, msgspec.json.encode(claims), key, algorithms=[ALGORITHM])

    def verify(self, token: str, *, now_s: int) -> Claims:
        """What the token says, or Unauthenticated: forged, another algorithm, an unknown key, a header of its own (`jku`), another
        issuer or audience, expired (the second of `exp` no longer counts) or not yet valid."""
        claims = self._verified.get(token) or self._proven(token)
        if not (claims.iss == ISSUER and claims.aud == AUDIENCE and claims.nbf <= now_s < claims.exp):
            raise Unauthenticated
        if len(self._verified) >= 4096:
            self._verified.clear()
        self._verified[token] = claims
        return claims

    def _proven(self, token: str) -> Claims:
        if len(token) > TOKEN_CHARS_MAX:
            raise Unauthenticated
        try:
            header = jws.extract_compact(token.encode("ascii")).headers()
            if header.keys() - {"alg", "kid", "typ"} or header.get("alg") != ALGORITHM:
                raise Unauthenticated
            key = self._public_key(str(header.get("kid")))
            signed = jws.deserialize_compact(token, key, algorithms=[ALGORITHM])
            return msgspec.json.decode(signed.payload, type=Claims)
        except (JoseError, msgspec.DecodeError, ValueError, TypeError, KeyError) as error:
            raise Unauthenticated from error

    def _public_key(self, kid: str) -> OKPKey:
        if kid not in self._public:
            path = self._folder / "public.json"
            changed_ns = path.stat().st_mtime_ns if path.exists() else -1
            if changed_ns != self._public_as_of_ns:
                keys = [OKPKey.import_key(key) for key in json.loads(path.read_text())["keys"]]
                self._public, self._public_as_of_ns = {str(key.kid): key for key in keys}, changed_ns
        return self._public[kid]
