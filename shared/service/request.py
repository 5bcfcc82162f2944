"""A request as an endpoint sees it: who calls, what they may do, the command it makes, and how it is answered."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final, TypeVar
from uuid import UUID

import msgspec
from fastapi import Depends, Query
from starlette.requests import Request
from starlette.responses import Response

from shared.calendar import now
from shared.entry import Entry, Meta, id_of, new_id, uuid_of
from shared.eventlog import Command, Expected, Outcome
from shared.identity import ACTS, NO_COMPANY, Caller, Post, Unauthenticated, allow, at_company, could, forbidden, may, post_of
from shared.problems import Language
from shared.service.answers import Declined, json_of, language_of, request_id_of
from shared.service.running import Service

Row = TypeVar("Row")
_POSITIONS: Final = re.compile(r"[a-z]{1,20}=\d{1,18}(,\s*[a-z]{1,20}=\d{1,18}){0,19}")
_TRACE: Final = re.compile(r"00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")
_KEY: Final = re.compile(r"[\x21-\x7e]{1,255}")
_ETAG: Final = re.compile(r'"v(\d{1,9})"')


@dataclass(slots=True)
class Context:
    """Everything an endpoint needs to know of its request. `act` is the route's row in the table of who may do what."""

    request: Request
    service: Service
    caller: Caller
    act: str
    key: str | None
    body: bytes = b""

    # -- who

    @property
    def tenant(self) -> UUID:
        return self.caller.tenant

    @property
    def language(self) -> Language:
        return language_of(self.request)

    @property
    def parts(self) -> Any:
        """What the service's app.py put there for its api.py."""
        return self.service.parts

    def allow(
        self, *, own: bool = False, over: Iterable[Post | None] = (), stores: Collection[str | None] = (), party: bool = False
    ) -> None:
        """Refuses unless the table lets this caller do this route's act to these people's affairs; see `identity.allow`."""
        allow(self.caller, self.act, own=own, over=over, stores=stores, party=party)

    def may(
        self, act: str | None = None, *, own: bool = False, over: Iterable[Post | None] = (), stores: Collection[str | None] = ()
    ) -> bool:
        """The same as a question, for what one may not see and so is answered as unknown."""
        return may(self.caller, act or self.act, own=own, over=over, stores=stores)

    # -- the command

    def command(self, tenant: UUID | None = None) -> Command:
        """What to hand to `begin` and `change`. `tenant` only where head office acts on a company that its token does not name."""
        assert tenant is None or self.caller.tenant == NO_COMPANY or tenant == self.caller.tenant, "one acts in one's own company"
        trace = self.request.headers.get("traceparent", "")
        return Command(
            tenant=self.tenant if tenant is None else tenant,
            by=self.caller.person,
            meta=Meta(by=self.caller.person, correlation=request_id_of(self.request), trace=trace if _TRACE.fullmatch(trace) else None),
            key=self.key,
            fingerprint=self.fingerprint,
            caller=self.caller.person,
            expected=self._expected,
        )

    @property
    def fingerprint(self) -> bytes:
        """Tells this request from another under the same key: method, path and body."""
        path = self.request.scope.get("raw_path") or self.request.url.path.encode()
        return hashlib.sha256(b"\n".join((self.request.method.encode(), path, self.body))).digest()

    def new_id(self, prefix: str) -> str:
        """An id for what this request enters. Sent again with its key, the request gets the first one's answer, and so the first one's id;
        but a company that is being founded is its own tenant, where that key is looked for: its id is drawn from the key."""
        if self.tenant != NO_COMPANY:
            return new_id(prefix)
        assert self.key is not None, "only a command enters something"
        seed = hashlib.sha256("\n".join((prefix, self.caller.person, self.key)).encode()).digest()
        return id_of(prefix, UUID(int=int.from_bytes(seed[:16]) & ~(0xF << 76 | 0b11 << 62) | 0x8 << 76 | 0b10 << 62))

    @property
    def _expected(self) -> Expected | None:
        """If-Match: which versions of the resource in its path the request still holds true for; None if that does not matter."""
        given, id = self.request.headers.get("if-match"), self.request.path_params.get("id")
        if given is None or id is None or given.strip() == "*":
            return None
        versions = [_ETAG.fullmatch(tag.strip().removeprefix("W/")) for tag in given.split(",")]
        return Expected(id, frozenset(int(version[1]) for version in versions if version))

    # -- the answer

    def reply(self, outcome: Outcome[Any]) -> Response:
        """The answer to a command: what was stored with it, its version as ETag, and the position from which it can be seen."""
        status, body = (outcome.answer.status, outcome.answer.body) if outcome.answer else (200, b"{}")
        headers = {"fenyong-position": f"{self.service.name}={outcome.position}", "cache-control": "no-store"}
        if outcome.version:
            headers["etag"] = f'"v{outcome.version}"'
        if outcome.replayed:
            headers["idempotent-replayed"] = "true"
        return Response(body, status, headers, "application/json")

    def show(self, content: object, *, version: int | None = None, **headers: str) -> Response:
        """The answer to a read; 304 where the caller has it already. Without a version the ETag is drawn from the content."""
        body = json_of(content)
        etag = f'"v{version}"' if version is not None else f'W/"{hashlib.sha256(body).hexdigest()[:32]}"'
        sent = {"etag": etag, "cache-control": "private, no-cache", "vary": "Authorization, Accept-Language", **headers}
        known = [tag.strip().removeprefix("W/") for tag in self.request.headers.get("if-none-match", "").split(",")]
        if etag.removeprefix("W/") in known or known == ["*"]:
            return Response(status_code=304, headers=sent)
        return Response(body, 200, sent, "application/json")

    def show_page(
        self, page: Page, rows: Sequence[Row], *, at: Callable[[Row], Sequence[str | int]], as_shown: Callable[[Row], object]
    ) -> Response:
        """One page of a list: give it one row more than `page.limit`, if there is one, and it knows that there are more.
        `at` says where a row stands in the order of the list: what `page.after` will be for the page that follows it."""
        shown, has_more = rows[: page.limit], len(rows) > page.limit
        cursor = _signed(self, at(shown[-1])) if has_more else None
        content = {"data": [as_shown(row) for row in shown], "next_cursor": cursor, "has_more": has_more}
        if cursor is None:
            return self.show(content)
        return self.show(
            content, link=f'<{self.request.url.include_query_params(cursor=cursor).replace(scheme="", netloc="")}>; rel="next"'
        )

    def show_entries(self, page: Page, entries: Sequence[Entry], *, hidden: Collection[str]) -> Response:
        """One page of what happened to something, in its order. Facts of a name that is `hidden` are not shown."""
        after = 0 if page.after is None else int(page.after[0])
        rows = [entry for entry in entries if entry.version > after][: page.limit + 1]
        return self.show_page(page, rows, at=lambda entry: (entry.version,), as_shown=lambda entry: _told(entry, hidden))


def _told(entry: Entry, hidden: Collection[str]) -> dict[str, Any]:
    facts = {name: getattr(entry.event, name) for name in entry.event.__struct_fields__ if name not in hidden}
    about = {"entry": entry.id, "type": entry.type, "by": entry.meta.by, "at": entry.effective_at, "recorded_at": entry.recorded_at}
    return {**about, "facts": facts}


async def _context(request: Request) -> Context:  # a plain function would be put into a thread
    found: Context = request.scope["fenyong.context"]
    return found


Ctx = Annotated[Context, Depends(_context)]
"""An endpoint's first parameter: `async def follow_up(ctx: Ctx, id: ListingId, body: FollowUp) -> Response`."""


# -- made before the body is read


async def context_of(request: Request, service: Service, act: str) -> Context:
    """Who calls and whether they ever may, once what they have seen has been heard here too. Nothing of the body is read yet."""
    key = _key_of(request) if request.method == "POST" else None
    claims = service.keys.verify(_token_in(request), now_s=int(now().timestamp()))
    tenant = NO_COMPANY if claims.tenant is None else _tenant(claims.tenant)
    after = _positions_in(request)
    after["authz"] = max(after.get("authz", 0), claims.position)
    await _hear_first(service, after)
    caller = at_company(tenant) if claims.sub == "hq" else await _person(service, tenant, claims.sub)
    if not caller.post.in_post or not (could(caller, act) or ACTS[act].reads):
        raise forbidden(caller, act)
    return Context(request, service, caller, act, key)


def _token_in(request: Request) -> str:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        raise Unauthenticated
    return token.strip()


def _tenant(company: str) -> UUID:
    try:
        return uuid_of(company)
    except ValueError:
        raise Unauthenticated from None


async def _person(service: Service, tenant: UUID, person: str) -> Caller:
    """The person's post as heard here. A token for somebody nobody has heard of is of no use: 401, like any that is not ours."""
    try:
        post = await post_of(service.pool, tenant, person)
    except ValueError:
        post = None  # no id at all
    if post is None:
        raise Unauthenticated
    return Caller(person, tenant, post)


def _key_of(request: Request) -> str:
    given = request.headers.getlist("idempotency-key")
    if len(given) != 1 or not _KEY.fullmatch(given[0]):
        raise Declined("idempotency_key_missing")
    return given[0]


def _positions_in(request: Request) -> dict[str, int]:
    given = ",".join(request.headers.getlist("fenyong-after")).strip()
    if not given:
        return {}
    if not _POSITIONS.fullmatch(given):
        raise Declined("malformed_header", header="Fenyong-After")
    pairs = (pair.strip().partition("=") for pair in given.split(","))
    return {source: int(position) for source, _, position in pairs}


async def _hear_first(service: Service, after: dict[str, int]) -> None:
    waiting_for = await service.reached(after)
    if waiting_for is not None:
        raise Declined("not_yet_heard", source=waiting_for, position=after[waiting_for])


# -- pages

LIMIT: Final = 50
LIMIT_MAX: Final = 200


@dataclass(frozen=True, slots=True)
class Page:
    """Which part of a list is asked for: at most `limit` rows after the one that stands at `after` (None: from the beginning)."""

    limit: int
    after: list[str | int] | None


async def _page(
    ctx: Ctx, limit: Annotated[int, Query(ge=1, le=LIMIT_MAX)] = LIMIT, cursor: Annotated[str | None, Query(max_length=1000)] = None
) -> Page:
    return Page(limit, None if cursor is None else _proven(ctx, cursor))


Paged = Annotated[Page, Depends(_page)]


def _scope(ctx: Context) -> bytes:
    """A cursor is good for one list of one caller with the same filters."""
    filters = sorted((name, value) for name, value in ctx.request.query_params.multi_items() if name not in ("cursor", "limit"))
    return msgspec.json.encode([ctx.request.url.path, str(ctx.tenant), ctx.caller.person, filters])


def _signature(ctx: Context, where: bytes) -> bytes:
    secret = b"cursor " + ctx.service.keys.internal.encode()
    return hmac.new(secret, where + b"\n" + _scope(ctx), hashlib.sha256).digest()[:16]


def _signed(ctx: Context, at: Sequence[str | int]) -> str:
    where = msgspec.json.encode(list(at))
    return base64.urlsafe_b64encode(_signature(ctx, where) + where).rstrip(b"=").decode()


def _proven(ctx: Context, cursor: str) -> list[str | int]:
    try:
        read = base64.urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4))
    except (binascii.Error, ValueError) as error:
        raise Declined("bad_cursor") from error
    if not hmac.compare_digest(read[:16], _signature(ctx, read[16:])):
        raise Declined("bad_cursor")
    return msgspec.json.decode(read[16:], type=list[str | int])
