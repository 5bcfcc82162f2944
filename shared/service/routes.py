"""Routes that each stand in a row of the table of who may do what, and read their body strictly."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import APIRouter
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response

from shared.identity import ACTS, OPEN
from shared.service.answers import Declined, FieldError
from shared.service.reading import escaped, read_json
from shared.service.request import context_of
from shared.service.running import Service
from shared.service.settings import Settings

_ACT = "x-act"
Endpoint = Callable[..., Coroutine[Any, Any, Response]]


class Routes(APIRouter):
    """A service's routes: `routes.command("/v1/listings/{id}:follow-up", act="listing.follow_up")`, `routes.query(...)`.

    Before the endpoint is called, the caller is known, in post, and of a role that may ever do the act; a command has its
    Idempotency-Key; the body is JSON that can be read in one way only.
    """

    def __init__(self) -> None:
        super().__init__(route_class=ActRoute)

    def command(self, path: str, *, act: str) -> Callable[[Endpoint], Endpoint]:
        """A POST that a person makes."""
        return self._acting("POST", path, act)

    def query(self, path: str, *, act: str) -> Callable[[Endpoint], Endpoint]:
        """A GET by a person; it has no effect."""
        return self._acting("GET", path, act)

    def open(self, method: str, path: str) -> Callable[[Endpoint], Endpoint]:
        """A route that is no person's act. It must be among `identity.OPEN`."""
        assert (method, path) in OPEN, f"{method} {path} stands in no row and is not declared open"
        return self.api_route(path, methods=[method], response_class=Response, include_in_schema=not path.startswith("/internal"))

    def _acting(self, method: str, path: str, act: str) -> Callable[[Endpoint], Endpoint]:
        assert act in ACTS, f"{act} is no act of the table of who may do what"
        return self.api_route(path, methods=[method], response_class=Response, openapi_extra={_ACT: act}, tags=[act.partition(".")[0]])


class ActRoute(APIRoute):
    """Knows its act, and reads its body itself."""

    @property
    def act(self) -> str | None:
        return (self.openapi_extra or {}).get(_ACT)

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        answer = super().get_route_handler()

        async def handle(request: Request) -> Response:
            service: Service = request.app.state.service
            reading = StrictRequest(request.scope, request.receive)
            context = None if self.act is None else await context_of(reading, service, self.act)
            if request.method == "POST":
                body = await reading.take_body(service.settings, declared=self.body_field is not None)
                if context is not None:
                    context.body = body
            request.scope["fenyong.context"] = context
            return await answer(reading)

        return handle


class StrictRequest(Request):
    """A request whose body is read within limits of size and time, and as JSON without second meanings."""

    _content: Any = None

    async def take_body(self, settings: Settings, *, declared: bool) -> bytes:
        """The body's bytes; Declined for what is too large, too slow, no JSON, or there though the route has none."""
        try:
            async with asyncio.timeout(settings.body_wait_s):
                body = await self._within(settings.body_limit_bytes)
        except TimeoutError:
            raise Declined("slow_body", headers={"connection": "close"}) from None
        self._body = body
        if body:
            self._refuse_other_types()
            self._content = read_json(body)
            if not declared and self._content != {}:
                pointers = [f"/{escaped(key)}" for key in self._content] if isinstance(self._content, dict) else [""]
                raise Declined("invalid_request", errors=[FieldError(pointer, "unknown_field") for pointer in pointers[:20]])
        return body

    async def json(self) -> Any:
        return self._content

    async def _within(self, limit_bytes: int) -> bytes:
        # Closing says that the rest will not be read; a client that keeps sending is cut off.
        too_large = Declined("body_too_large", limit_bytes=limit_bytes, headers={"connection": "close"})
        announced = self.headers.get("content-length", "0")
        if not announced.isdigit() or len(announced) > 18 or int(announced) > limit_bytes:
            raise too_large
        chunks: list[bytes] = []
        taken_bytes = 0
        async for chunk in self.stream():
            taken_bytes += len(chunk)
            if taken_bytes > limit_bytes:
                raise too_large
            chunks.append(chunk)
        return b"".join(chunks)

    def _refuse_other_types(self) -> None:
        kind, _, parameters = self.headers.get("content-type", "").lower().partition(";")
        charset = parameters.replace(" ", "").removeprefix("charset=").strip('"')
        encoding = self.headers.get("content-encoding", "identity").lower()
        if kind.strip() != "application/json" or charset not in ("", "utf-8") or encoding != "identity":
            raise Declined("unsupported_media_type", headers={"accept": "application/json"})


def acts_of(routers: list[APIRouter]) -> dict[tuple[str, str], str | None]:
    """Every route of these routers, (method, path), with its act; None: it has none, and should be among `identity.OPEN`."""
    return {
        (method, route.path): route.act if isinstance(route, ActRoute) else None
        for router in routers
        for route in router.routes
        if isinstance(route, APIRoute)
        for method in route.methods or ()
    }
