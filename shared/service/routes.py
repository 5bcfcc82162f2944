"""Routes that each stand in a row of the table of who may do what, and read their body strictly."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, get_args, get_origin

from fastapi import APIRouter
from fastapi.dependencies.utils import get_flat_params
from fastapi.params import Query
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response

from shared.identity import ACTS, OPEN
from shared.service.answers import Declined, FieldError
from shared.service.reading import Body, escaped, read_json
from shared.service.request import context_of
from shared.service.running import Service
from shared.service.settings import Settings

_ACT = "x-act"
_MEDIA = "x-media-types"
_PATIENCE = 3
"""So many times the limit of a file is read before it is cut off."""
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

    def upload(self, path: str, *, act: str, media: tuple[str, ...]) -> Callable[[Endpoint], Endpoint]:
        """A POST whose body is a file of one of these media types, not JSON: `ctx.body` has its bytes. What it is in truth, the endpoint
        finds out."""
        content = {kind: {"schema": {"type": "string", "format": "binary"}} for kind in media}
        return self._acting("POST", path, act, {_MEDIA: media, "requestBody": {"required": True, "content": content}})

    def query(self, path: str, *, act: str) -> Callable[[Endpoint], Endpoint]:
        """A GET by a person; it has no effect."""
        return self._acting("GET", path, act)

    def open(self, method: str, path: str) -> Callable[[Endpoint], Endpoint]:
        """A route that is no person's act. It must be among `identity.OPEN`."""
        assert (method, path) in OPEN, f"{method} {path} stands in no row and is not declared open"
        return self.api_route(path, methods=[method], response_class=Response, include_in_schema=not path.startswith("/internal"))

    def _acting(self, method: str, path: str, act: str, more: dict[str, Any] | None = None) -> Callable[[Endpoint], Endpoint]:
        assert act in ACTS, f"{act} is no act of the table of who may do what"
        extra = {_ACT: act, **(more or {})}
        return self.api_route(path, methods=[method], response_class=Response, openapi_extra=extra, tags=[act.partition(".")[0]])


class ActRoute(APIRoute):
    """Knows its act, and reads its body itself; no body is as `{}` where every field may be left out."""

    def __init__(self, path: str, endpoint: Endpoint, **more: Any) -> None:
        super().__init__(path, endpoint, **more)
        if self.body_field is not None:
            kind = self.body_field.field_info.annotation
            if isinstance(kind, type) and issubclass(kind, Body) and not any(field.is_required() for field in kind.model_fields.values()):
                self.body_field.field_info.default = kind()

    @property
    def act(self) -> str | None:
        return (self.openapi_extra or {}).get(_ACT)

    @property
    def media(self) -> tuple[str, ...]:
        """The media types of the file that it takes; none: it takes JSON."""
        media: tuple[str, ...] = (self.openapi_extra or {}).get(_MEDIA, ())
        return media

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        answer, parameters = super().get_route_handler(), self._parameters()

        async def handle(request: Request) -> Response:
            service: Service = request.app.state.service
            reading = StrictRequest(request.scope, request.receive)
            context = None if self.act is None else await context_of(reading, service, self.act)
            if self.path.startswith("/v1/"):
                reading.refuse_other_parameters(parameters)
            if request.method == "POST":
                if self.media:
                    body = await reading.take_file(service.settings, self.media)
                else:
                    body = await reading.take_body(service.settings, declared=self.body_field is not None)
                if context is not None:
                    context.body = body
            request.scope["fenyong.context"] = context
            return await answer(reading)

        return handle

    def _parameters(self) -> dict[str, bool]:
        """What its query may hold, by name, and whether that may stand there several times."""
        fields = [field for field in get_flat_params(self.dependant) if isinstance(field.field_info, Query)]
        return {field.alias: _is_list(field.field_info.annotation) for field in fields}


def _is_list(annotation: Any) -> bool:
    return any(get_origin(part) is list for part in (annotation, *get_args(annotation)))


class StrictRequest(Request):
    """A request whose query holds nothing that its route does not know, and whose body is read within limits of size and time, and as
    JSON without second meanings."""

    _content: Any = None

    def refuse_other_parameters(self, known: Mapping[str, bool]) -> None:
        """Declined for a parameter that is not among these, and for one given twice that is not known to be a list."""
        given = Counter(name for name, _ in self.query_params.multi_items())
        strange = [
            FieldError(f"/query/{escaped(name)}", "unknown_parameter", {"options": sorted(known) or None})
            for name in given
            if name not in known
        ]
        again = [FieldError(f"/query/{name}", "given_twice") for name, times in given.items() if times > 1 and known.get(name) is False]
        if strange or again:
            raise Declined("invalid_request", errors=[*strange, *again][:20])

    async def take_body(self, settings: Settings, *, declared: bool) -> bytes:
        """The body's bytes; Declined for what is too large, too slow, no JSON, or there though the route has none."""
        body = await self._taken(settings.body_wait_s, settings.body_limit_bytes)
        if body:
            self._refuse_other_types()
            self._content = read_json(body)
            if not declared and self._content != {}:
                pointers = [f"/{escaped(key)}" for key in self._content] if isinstance(self._content, dict) else [""]
                raise Declined("invalid_request", errors=[FieldError(pointer, "unknown_field") for pointer in pointers[:20]])
        return body

    async def take_file(self, settings: Settings, media: tuple[str, ...]) -> bytes:
        """The file's bytes; Declined for what is too large, too slow, empty, or said to be of another type."""
        if self.headers.get("content-type", "").lower() not in media:
            raise Declined("unsupported_file_type", types=media, headers={"accept": ", ".join(media), "connection": "close"})
        limit_bytes = settings.upload_limit_bytes
        return await self._taken(settings.upload_wait_s, limit_bytes, wasted_bytes=_PATIENCE * limit_bytes)

    async def _taken(self, wait_s: float, limit_bytes: int, *, wasted_bytes: int = 0) -> bytes:
        try:
            async with asyncio.timeout(wait_s):
                self._body = await self._within(limit_bytes, wasted_bytes)
        except TimeoutError:
            raise Declined("slow_body", headers={"connection": "close"}) from None
        return self._body

    async def json(self) -> Any:
        return self._content

    async def _within(self, limit_bytes: int, wasted_bytes: int) -> bytes:
        # Closing says that the rest will not be read; a client that keeps sending is cut off, and may never see why. So that whoever
        # sends a file somewhat too large is told, so much of it is read for nothing.
        too_large = Declined("body_too_large", limit_bytes=limit_bytes, headers={"connection": "close"})
        announced = self.headers.get("content-length", "0")
        if not announced.isdigit() or len(announced) > 18 or int(announced) > limit_bytes + wasted_bytes:
            raise too_large
        chunks: list[bytes] = []
        taken_bytes = 0
        async for chunk in self.stream():
            taken_bytes += len(chunk)
            if taken_bytes > limit_bytes + wasted_bytes:
                raise too_large
            if taken_bytes <= limit_bytes:
                chunks.append(chunk)
        if taken_bytes > limit_bytes:
            raise too_large
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
