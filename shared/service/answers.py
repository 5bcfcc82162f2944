"""What goes out: JSON with Shanghai's offset in its times, and problems (RFC 9457) from the catalogue."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from fractions import Fraction
from typing import Any, Final
from uuid import UUID

import msgspec
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from shared.calendar import SHANGHAI
from shared.eventlog import Answer
from shared.problems import FIELD_ERRORS, Language, preferred, problem
from shared.regulation import Pack, Refused, in_chinese
from shared.service.logs import without_personal

PROBLEM_JSON: Final = "application/problem+json"
RETRY_AFTER_S: Final = 1
_ERRORS_MAX: Final = 20
_RETRIED: Final = frozenset(("not_yet_heard", "unavailable", "storage_full", "not_ready", "too_many_requests", "conflict"))


@dataclass(frozen=True, slots=True)
class FieldError:
    """One wrong place in a request: a JSON Pointer into the body (or `/query/...`), and a code of FIELD_ERRORS."""

    pointer: str
    code: str
    facts: Mapping[str, object] = field(default_factory=dict)


class Declined(HTTPException):
    """This request is not answered as asked, for a reason of the catalogue that is no clause's: `Declined("bad_cursor")`."""

    def __init__(
        self,
        code: str,
        *,
        status: int | None = None,
        errors: Sequence[FieldError] = (),
        headers: Mapping[str, str] | None = None,
        **facts: object,
    ) -> None:
        super().__init__(status or problem(code).status, headers=dict(headers or {}))
        self.code, self.errors, self.facts = code, errors, facts


def invalid(*errors: tuple[str, str]) -> Declined:
    """422 for what only the service can see to be malformed: `invalid(("/owner_phone", "malformed_phone"))`."""
    return Declined("invalid_request", errors=[FieldError(pointer, code) for pointer, code in errors])


# -- problems -----------------------------------------------------------------------------------------------------------


def language_of(request: Request) -> Language:
    return preferred(request.headers.get("accept-language"))


def declined(request: Request, why: Declined) -> Response:
    """The answer to a request that is not answered as asked."""
    facts: dict[str, object] = {"count": len(why.errors), **why.facts} if why.errors else dict(why.facts)
    errors = [_error(error, language_of(request)) for error in why.errors]
    return _problem(request, why.code, facts, status=why.status_code, errors=errors, headers=why.headers)


def refused(request: Request, why: Refused) -> Response:
    """The answer to what a clause (or the table of who may do what) refused: 409, or the catalogue's own status. An unknown reference
    that names no `field` of the body is the path's, and answered as such."""
    if why.code == "unknown_reference" and "field" not in why.facts:
        return unknown(request)
    errors = [_wrong_in_pack(wrong, language_of(request)) for wrong in why.facts.get("problems", ())][:_ERRORS_MAX]
    facts = {**why.facts, "reason": _reason(why.facts, language_of(request))} if errors else why.facts
    return _problem(request, why.code, facts, rule=_rule(why, language_of(request)), errors=errors)


def _reason(wrong: Mapping[str, Any], language: Language) -> str:
    return in_chinese(str(wrong["reason"])) if language == "zh" else str(wrong["reason"])


def _wrong_in_pack(wrong: Mapping[str, Any], language: Language) -> dict[str, object]:
    """One of the things that are wrong with an activation, where it stands in the body: `clauses[1].shares` is `/pack/clauses/1/shares`."""
    path = "from" if wrong["place"] == "from" else f"pack.{wrong['place']}".rstrip(".")
    pointer = "/" + path.replace("[", ".").replace("]", "").replace(".", "/")
    return {"pointer": pointer, "code": "pack_invalid", "detail": _reason(wrong, language)}


def unknown(request: Request) -> Response:
    """404, the same answer for what does not exist, what is another company's, what one may not see and what is no id at all."""
    return _problem(request, "unknown_reference", {}, status=404)


def _problem(
    request: Request,
    code: str,
    facts: Mapping[str, object],
    *,
    status: int | None = None,
    errors: Sequence[object] = (),
    rule: Mapping[str, object] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    language, entry = language_of(request), problem(code)
    status = entry.status if status is None else status
    body: dict[str, object] = {
        "type": f"/v1/problems/{code}",
        "title": entry.title.said(language),
        "status": status,
        "detail": entry.detail.said(language, facts),
        "code": code,
        "request_id": request_id_of(request),
    }
    if errors:
        body["errors"] = errors
    if rule:
        body["rule"] = rule
    sent = {
        "content-language": "zh-CN" if language == "zh" else "en",
        "vary": "Accept-Language",
        "cache-control": "no-store",
        **(headers or {}),
    }
    if code in _RETRIED:
        sent.setdefault("retry-after", str(RETRY_AFTER_S))
    if status == 401:
        sent["www-authenticate"] = 'Bearer realm="fenyong"'
    request.scope["fenyong.code"] = code
    return Response(msgspec.json.encode(body), status, sent, PROBLEM_JSON)


def _error(error: FieldError, language: Language) -> dict[str, object]:
    words = FIELD_ERRORS[error.code]
    # The name of an unknown field is the sender's own, so that it may be anything.
    return {"pointer": without_personal(error.pointer)[:300], "code": error.code, "detail": words.said(language, error.facts)}


def _rule(why: Refused, language: Language) -> dict[str, object] | None:
    if why.clause is None:
        return None
    pack, version = why.facts.get("pack"), why.facts.get("version")
    if isinstance(pack, Pack) and not pack.has(why.clause):
        pack = None  # the clause stands, but not in this company's pack
    words = problem(why.code).why
    stated = pack[why.clause].text.get(language) if isinstance(pack, Pack) else None
    rule: dict[str, object] = {
        "pack": getattr(pack, "id", pack),
        "version": getattr(pack, "version", version),
        "clause": why.clause,
        "why": stated if words is None else words.said(language, why.facts),
    }
    return {name: value for name, value in rule.items() if value is not None}


def request_id_of(request: Request) -> str:
    return str(request.scope.get("fenyong.request_id", ""))


# -- answers ------------------------------------------------------------------------------------------------------------


def json_of(content: object) -> bytes:
    """JSON with times at +08:00, exact fractions as strings (`"20/3"`) and ids as they are. Never holds a float that we computed."""
    return msgspec.json.encode(_plain(content))


def _plain(content: object) -> object:
    match content:
        case None | str() | bool() | int() | float():
            return content
        case datetime():
            return content.astimezone(SHANGHAI).isoformat()
        case date():
            return content.isoformat()
        case Mapping():
            return {str(key): _plain(value) for key, value in content.items()}
        case list() | tuple() | set() | frozenset():
            return [_plain(item) for item in content]
        case Fraction() | UUID():
            return str(content)
        case BaseModel():
            return {name: _plain(getattr(content, name)) for name in type(content).model_fields}
        case msgspec.Struct():
            return {name: _plain(getattr(content, name)) for name in content.__struct_fields__}
        case _:
            return msgspec.to_builtins(content)


def entered(id: str, *shown: str) -> Callable[[Any, int], Answer]:
    """For `begin(..., answer=entered(id))`: 201 with id and version, and these attributes of the new state."""
    return _answer(201, id, shown)


def done(id: str, *shown: str) -> Callable[[Any, int], Answer]:
    """For `change(..., answer=done(id))`: 200 with id and version, and these attributes of the new state."""
    return _answer(200, id, shown)


def _answer(status: int, id: str, shown: Sequence[str]) -> Callable[[Any, int], Answer]:
    def answer(state: Any, version: int) -> Answer:
        return Answer(status, json_of({"id": id, "version": version, **{name: getattr(state, name) for name in shown}}))

    return answer
