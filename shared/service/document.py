"""All services' routes as one OpenAPI document, which any of them can give."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any, Final

Json = dict[str, Any]

_SCHEMAS: Final = "#/components/schemas/"
_UNTRUE: Final = ("HTTPValidationError", "ValidationError")
_PROBLEM: Final[Json] = {
    "type": "object",
    "required": ["type", "title", "status", "detail", "code", "request_id"],
    "properties": {
        **{name: {"type": "string"} for name in ("type", "title", "detail", "code", "request_id")},
        "status": {"type": "integer"},
        "rule": {"type": "object", "properties": {name: {"type": "string"} for name in ("pack", "version", "clause", "why")}},
        "errors": {
            "type": "array",
            "items": {"type": "object", "properties": {name: {"type": "string"} for name in ("pointer", "code", "detail")}},
        },
    },
}
_SAYS_NO: Final[Json] = {
    "description": "A problem (RFC 9457)",
    "content": {"application/problem+json": {"schema": {"$ref": f"{_SCHEMAS}Problem"}}},
}
_KEY: Final[Json] = {"name": "Idempotency-Key", "in": "header", "required": True, "schema": {"type": "string", "maxLength": 255}}


def merged(documents: Mapping[str, Json]) -> Json:
    """One document of the services' own: what is reached from outside, each route once. Schemas of the same name that differ get their
    service's name before it."""
    paths: Json = {}
    schemas: Json = {"Problem": _PROBLEM}
    own = {service: _schemas_of(document) for service, document in documents.items()}
    for service, document in documents.items():
        names = {
            name: name if all(other.get(name, schema) == schema for other in own.values()) else f"{service.title()}{name}"
            for name, schema in own[service].items()
        }
        schemas |= {names[name]: _renamed(schema, names) for name, schema in own[service].items()}
        for path, operations in document["paths"].items():
            if path.startswith("/v1/"):
                paths.setdefault(path, {method: _as_it_is(method, _renamed(one, names)) for method, one in operations.items()})
    return {
        "openapi": "3.1.0",
        "info": {"title": "Fenyong 分佣", "version": "1"},
        "paths": dict(sorted(paths.items())),
        "components": {"schemas": dict(sorted(schemas.items())), "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}},
    }


def _schemas_of(document: Json) -> Json:
    return {name: schema for name, schema in document.get("components", {}).get("schemas", {}).items() if name not in _UNTRUE}


def _renamed(part: Any, names: Mapping[str, str]) -> Any:
    """A part of a document with its references to schemas under their new names."""
    if isinstance(part, dict):
        return {key: _reference(value, names) if key == "$ref" else _renamed(value, names) for key, value in part.items()}
    return [_renamed(one, names) for one in part] if isinstance(part, list) else part


def _reference(to: str, names: Mapping[str, str]) -> str:
    name = to.removeprefix(_SCHEMAS)
    return f"{_SCHEMAS}{names.get(name, name)}"


def _as_it_is(method: str, operation: Json) -> Json:
    """With what all of ours have in common and the framework does not know: tokens, keys and problems."""
    drawn = deepcopy(operation)
    drawn["responses"].pop("422", None)
    drawn["responses"]["default"] = _SAYS_NO
    if "x-act" in drawn:
        drawn["security"] = [{"token": []}]
        if method == "post":
            drawn["parameters"] = [*drawn.get("parameters", ()), _KEY]
    return drawn
