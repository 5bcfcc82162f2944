"""The application that all four services are: the same middleware, the same problems, the same health, around a service's own routes."""

from __future__ import annotations

import os
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

import asyncpg
import structlog
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.bus.condition import database_is_away
from shared.entry import Codec, new_id
from shared.eventlog import Conflict, KeyReused, Unknown, Unreachable, VersionChanged
from shared.identity import Unauthenticated, make_keys
from shared.regulation import Refused, in_force
from shared.service import answers, health
from shared.service.answers import Declined
from shared.service.logs import without_personal, write_logs
from shared.service.reading import field_errors
from shared.service.routes import Routes
from shared.service.running import Compose, Service
from shared.service.settings import Settings
from shared.tenure import activations_of

_REQUEST_ID: Final = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.")
_STATUSES: Final = {
    404: "not_found",
    405: "method_not_allowed",
    406: "not_acceptable",
    413: "body_too_large",
    415: "unsupported_media_type",
}


def frame(
    name: str, codec: Codec, compose: Compose, routers: Sequence[Routes], *, settings: Callable[[], Settings] | None = None
) -> FastAPI:
    """A service's application. `compose(service)` names its parts once log and pool are there; `settings` are the environment's unless
    given. Importing it touches nothing: the settings are read when it starts."""
    write_logs(os.environ.get("FENYONG_LOG", "json"), service=name, replica=os.environ.get("FENYONG_REPLICA", "1"))
    app = FastAPI(
        title=f"Fenyong: {name}",
        version="1",
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=_lifespan(name, codec, compose, settings or Settings),
    )
    app.state.routers = [*routers, health.routes]
    for router in app.state.routers:
        app.router.routes.extend(router.routes)  # as they are: including a router would build each of its routes a second time
    app.add_middleware(_Outermost, name=name)
    _answer_problems(app)
    return app


def _lifespan(name: str, codec: Codec, compose: Compose, settings: Callable[[], Settings]) -> Callable[[FastAPI], Any]:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        service = Service(name, codec, settings())
        if service.settings.development or name == "authz":
            make_keys(service.settings.keys)
        await service.open()
        try:
            await compose(service)
            app.state.service = service
            service.begin()
            structlog.get_logger("service").info("started")
            yield
        finally:
            await service.close()
            structlog.get_logger("service").info("stopped")

    return lifespan


# -- problems


def _answer_problems(app: FastAPI) -> None:
    """Everything that an endpoint may raise and that is not our fault, and the answer that it gets."""
    answered: dict[type[Exception], Callable[[Request, Any], Response]] = {
        Declined: answers.declined,
        Unknown: lambda request, _: answers.unknown(request),
        Unauthenticated: lambda request, _: answers.declined(request, Declined("unauthenticated")),
        KeyReused: lambda request, _: answers.declined(request, Declined("idempotency_key_reused")),
        Conflict: lambda request, _: answers.declined(request, Declined("conflict")),
        Unreachable: lambda request, _: answers.declined(request, Declined("unavailable")),
        RequestValidationError: _misread,
        HTTPException: _by_status,
    }
    for kind, answer in answered.items():
        app.add_exception_handler(kind, _awaited(answer))
    app.add_exception_handler(Refused, _refused)  # type: ignore[arg-type]
    app.add_exception_handler(VersionChanged, _changed)  # type: ignore[arg-type]


def _awaited(answer: Callable[[Request, Any], Response]) -> Callable[[Request, Any], Any]:
    async def handler(request: Request, error: Any) -> Response:  # awaited, because the framework puts plain functions into threads
        return answer(request, error)

    return handler


async def _refused(request: Request, why: Refused) -> Response:
    """A refusal names the pack that its clause stands in: if the decision did not say, that of the caller's store."""
    context = request.scope.get("fenyong.context")
    if why.clause is None or "pack" in why.facts or context is None:
        return answers.refused(request, why)
    try:
        activations = await activations_of(context.service.pool, context.tenant)
        pack = in_force(activations, context.caller.post.store, await context.service.log.now(context.tenant))
    except Refused:
        return answers.refused(request, why)
    return answers.refused(request, Refused(why.code, why.clause, **{**why.facts, "pack": pack}))


async def _changed(request: Request, why: VersionChanged) -> Response:
    """Who it was, and when."""
    context = request.scope["fenyong.context"]
    entries, _ = await context.service.log.history(context.tenant, why.stream_id)
    last = entries[-1]
    facts = {"version": last.version, "by": last.meta.by, "recorded_at": last.recorded_at}
    return answers.declined(request, Declined("version_changed", **facts))


def _misread(request: Request, error: RequestValidationError) -> Response:
    found = error.errors()
    if any(wrong["loc"][0] == "path" for wrong in found):
        return answers.unknown(request)
    return answers.declined(request, Declined("invalid_request", errors=field_errors(found)))


def _by_status(request: Request, error: HTTPException) -> Response:
    code = _STATUSES.get(error.status_code, "bad_request" if error.status_code < 500 else "internal")
    return answers.declined(request, Declined(code, status=error.status_code, headers=error.headers))


def _failed(request: Request, error: Exception) -> Response:
    """What nobody foresaw: 503 if Postgres is away or full, else 500 and a trace in the log, without the values that were there."""
    if isinstance(error, asyncpg.DiskFullError):
        return answers.declined(request, Declined("storage_full"))
    if database_is_away(error):
        structlog.get_logger("request").warning("unavailable", request_id=answers.request_id_of(request), error=type(error).__name__)
        return answers.declined(request, Declined("unavailable"))
    structlog.get_logger("request").error("failed", request_id=answers.request_id_of(request), exc_info=error)
    return answers.declined(request, Declined("internal"))


# -- around every request


class _Outermost:
    """Gives each request its id, its one line in the log, its place in the numbers, and an answer whatever happens inside."""

    def __init__(self, app: ASGIApp, name: str) -> None:
        self.app, self.name = app, name

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began_s, request = time.perf_counter(), Request(scope, receive)
        scope["fenyong.request_id"] = _request_id(request)
        answer = _Answer(self.name, scope, send, lambda status: self._say(scope, status, time.perf_counter() - began_s))
        try:
            await self._answer(request, scope, receive, answer)
        finally:
            answer.end()

    async def _answer(self, request: Request, scope: Scope, receive: Receive, answer: _Answer) -> None:
        limit_bytes = scope["app"].state.service.settings.header_limit_bytes
        try:
            if sum(len(name) + len(value) for name, value in scope["headers"]) > limit_bytes:
                raise Declined("headers_too_large", limit_bytes=limit_bytes, headers={"connection": "close"})
            await self.app(scope, receive, answer)
        except Exception as error:
            if answer.status:
                raise  # half an answer has gone out: nothing true can follow it
            refusal = answers.declined(request, error) if isinstance(error, Declined) else _failed(request, error)
            await refusal(scope, receive, answer)

    def _say(self, scope: Scope, status: int, took_s: float) -> None:
        route = getattr(scope.get("route"), "path", "-")
        health.REQUESTS.labels(self.name, scope["method"], route, status).inc()
        health.SECONDS.labels(self.name, scope["method"], route).observe(took_s)
        if scope.get("fenyong.quiet"):
            return
        code = {"code": scope["fenyong.code"]} if "fenyong.code" in scope else {}
        structlog.get_logger("request").info(
            "internal" if scope["path"].startswith("/internal/") else "request",
            method=scope["method"],
            path=scope["path"],
            route=route,
            status=status,
            ms=round(took_s * 1000, 1),
            request_id=scope["fenyong.request_id"],
            **code,
        )


class _Answer:
    """The way out: what every answer carries, and whether one has begun. `say(status)` is called once, before the last of it goes out:
    who has an answer finds its line in the log."""

    def __init__(self, name: str, scope: Scope, send: Send, say: Callable[[int], None]) -> None:
        self._name, self._scope, self._send, self._say, self.status = name, scope, send, say, 0
        self._ended = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = message.setdefault("headers", [])
            headers += [(b"x-request-id", self._scope["fenyong.request_id"].encode()), (b"x-content-type-options", b"nosniff")]
            if not any(name == b"fenyong-position" for name, _ in headers):
                headers.append((b"fenyong-position", f"{self._name}={self._scope['app'].state.service.position()}".encode()))
        elif message["type"] == "http.response.body" and not message.get("more_body", False):
            self.end()
        await self._send(message)

    def end(self) -> None:
        if not self._ended:
            self._ended = True
            self._say(self.status)


def _request_id(request: Request) -> str:
    """The caller's own, if it is one that may stand in a log, else a new one."""
    given = request.headers.get("x-request-id", "")
    return given if 0 < len(given) <= 64 and _REQUEST_ID.issuperset(given) and without_personal(given) == given else new_id("req")
