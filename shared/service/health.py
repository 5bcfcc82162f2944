"""What every service answers about itself: whether it lives, whether it is ready, its numbers, what its problems mean, which routes there
are; and to its peers."""

from __future__ import annotations

import asyncio
from html import escape
from typing import Annotated, Final
from urllib.parse import urlsplit

import asyncpg
import msgspec
from fastapi import Query
from prometheus_client import CONTENT_TYPE_LATEST, Counter, Gauge, Histogram, generate_latest
from starlette.requests import Request
from starlette.responses import Response

from shared.bus import FEED_MEDIA_TYPE, encode_feed, standing
from shared.entry import uuid_of
from shared.identity import Unauthenticated
from shared.problems import CATALOGUE, LANGUAGES
from shared.service.answers import Declined, json_of
from shared.service.document import merged
from shared.service.peers import Standing
from shared.service.reading import CompanyId, Instant
from shared.service.routes import Routes
from shared.service.running import Service

REQUESTS: Final = Counter("fenyong_requests", "Requests answered", ["service", "method", "route", "status"])
SECONDS: Final = Histogram(
    "fenyong_request_seconds", "Time to the answer", ["service", "method", "route"], buckets=(0.002, 0.005, 0.01, 0.025, 0.1, 0.5, 2, 10)
)
APPENDED: Final = Gauge("fenyong_appended_position", "Last position of the service's own log known here", ["service"])
RELAYED: Final = Gauge("fenyong_relayed_position", "Last position in NATS known to the replica that relays", ["service"])
HEARD: Final = Gauge("fenyong_heard_position", "How far a source has been heard", ["service", "source", "task"])
PARKED_NOW: Final = Gauge("fenyong_parked_now", "Entries that wait to be driven again", ["service"])
FAILING: Final = Gauge("fenyong_failing_loops", "Loops that broke off and wait to be started again", ["service"])

FEED_LIMIT_MAX: Final = 1000

routes = Routes()


@routes.open("GET", "/livez")
async def livez() -> Response:
    return Response(b'{"live":true}', media_type="application/json")


@routes.open("GET", "/readyz")
async def readyz(request: Request) -> Response:
    """503 until this service may be trusted with what must not be lost. NATS is told, not asked for: without it things come by pull."""
    service = _service(request)
    checks = await _checks(service)
    content = {
        "service": service.name,
        "replica": service.settings.replica,
        "ready": all(checks.values()),
        "checks": checks,
        "broker": await _broker(service.settings.nats),
        "failing": service.failing,
    }
    return Response(json_of(content), 200 if content["ready"] else 503, media_type="application/json")


async def _checks(service: Service) -> dict[str, bool]:
    checks = {"keys": service.keys.there}
    try:
        row = await service.pool.fetchrow(
            "select current_setting('fsync') = 'on' as fsync, current_setting('full_page_writes') = 'on' as full_page_writes,"
            " current_setting('synchronous_commit') not in ('off', 'local') as synchronous_commit,"
            " current_setting('data_checksums') = 'on' as data_checksums,"
            " to_regclass('log') is not null and to_regclass('checkpoints') is not null and to_regclass('posts') is not null as migrations",
            timeout=2,
        )
        checks |= {"postgres": True, **dict(row or {})}
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
        checks["postgres"] = False
    return checks


async def _broker(address: str) -> str:
    """Whether somebody who speaks NATS answers there just now."""
    if not address:
        return "off"
    server = urlsplit(address)
    try:
        async with asyncio.timeout(0.5):
            reader, writer = await asyncio.open_connection(server.hostname, server.port or 4222)
            said = await reader.read(4)
            writer.close()
            return "there" if said == b"INFO" else "away"
    except OSError:  # a time-out is one
        return "away"


@routes.open("GET", "/metrics")
async def metrics(request: Request) -> Response:
    service = _service(request)
    APPENDED.labels(service.name).set(service.position())
    RELAYED.labels(service.name).set(service.relay.position if service.relay else 0)
    FAILING.labels(service.name).set(len(service.failing))
    for hearing in service.hearings:
        HEARD.labels(service.name, hearing.source, hearing.task).set(hearing.position())
    PARKED_NOW.labels(service.name).set(await service.pool.fetchval("select count(*) from parked", timeout=2))
    return Response(generate_latest(), headers={"content-type": CONTENT_TYPE_LATEST})


@routes.open("GET", "/v1/problems/{code}")
async def problem_page(code: str) -> Response:
    """What a problem's `type` leads to: its title and sentences, with the places where facts are filled in."""
    known = CATALOGUE.get(code)
    if known is None:
        raise Declined("not_found")
    title = f"<title>{escape(code)}</title><h1><code>{escape(code)}</code> {known.status}</h1>"
    parts = ["<!doctype html><html lang=zh-CN><meta charset=utf-8>", title]
    for language in LANGUAGES:
        texts = [words.said(language) for words in (known.detail, known.why) if words]
        parts.append(
            f"<section lang={language}><h2>{escape(known.title.said(language))}</h2>" + "".join(f"<p>{escape(t)}</p>" for t in texts)
        )
        parts.append("</section>")
    return Response("".join(parts), media_type="text/html", headers={"cache-control": "public, max-age=3600"})


@routes.open("GET", "/v1/openapi.json")
async def openapi(request: Request) -> Response:
    """All services' routes as one OpenAPI document."""
    service = _service(request)
    documents = {service.name: request.app.openapi()}
    for peer in service.peers.names:
        documents[peer] = msgspec.json.decode(await service.peers.get(peer, "/internal/openapi.json"))
    return Response(json_of(merged(dict(sorted(documents.items())))), media_type="application/json")


# -- for the other services only, and for whoever looks after them


@routes.open("GET", "/internal/openapi.json")
async def own_openapi(request: Request) -> Response:
    """This service's own routes."""
    _to_a_peer(request)
    return Response(json_of(request.app.openapi()), media_type="application/json")


@routes.open("GET", "/internal/parked")
async def parked(request: Request) -> Response:
    """What could not be handled here and waits to be driven again."""
    found = [one._asdict() for hearing in _to_a_peer(request).hearings for one in await hearing.parked()]
    return Response(json_of(found), media_type="application/json")


@routes.open("POST", "/internal/parked:again")
async def drive_again(request: Request) -> Response:
    """Drives all of that once more."""
    driven = [await hearing.drive_again() for hearing in _to_a_peer(request).hearings]
    content = {"done": sum(one.done for one in driven), "left": sum(one.left for one in driven)}
    return Response(json_of(content), media_type="application/json")


@routes.open("GET", "/internal/feed")
async def feed(
    request: Request,
    after: Annotated[int, Query(ge=0, le=2**62)] = 0,
    limit: Annotated[int, Query(ge=1, le=FEED_LIMIT_MAX)] = 500,
) -> Response:
    """A page of this service's log, of all tenants, as it stands."""
    service = _to_a_peer(request)
    entries = await service.log.read(after, limit, raw=True)
    request.scope["fenyong.quiet"] = not entries
    return Response(encode_feed(service.name, entries), media_type=FEED_MEDIA_TYPE)


@routes.open("GET", "/internal/standing")
async def how_far(request: Request, tenant: CompanyId, at: Instant | None = None) -> Response:
    """Where this service's log stands for a tenant: the last position at or before `at`, or simply the last."""
    service, company = _to_a_peer(request), uuid_of(tenant)
    mark = await standing(service.pool, service.name, company)
    # What was heard is read before the position, so that whatever was done on account of it lies at or before the position.
    position, instant = (mark.position, mark.instant) if at is None else await service.log.last_position(company, at)
    answer = Standing(service.name, tenant, at or instant, position, instant, mark.heard)
    return Response(msgspec.json.encode(answer), media_type="application/json")


def _to_a_peer(request: Request) -> Service:
    service = _service(request)
    if not service.keys.is_internal(request.headers.get("authorization")):
        raise Unauthenticated
    return service


def _service(request: Request) -> Service:
    service: Service = request.app.state.service
    return service
