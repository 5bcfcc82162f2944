"""What comes in, read strictly: JSON without second meanings, and the types that bodies, paths and queries are made of.

Whoever sends something that can be read in two ways is told so. Unreadable is 400, readable but wrong is 422 with a JSON Pointer
for every wrong place; what was sent is never repeated in the answer.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Any, Final, Literal, TypeVar

from fastapi import Query
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, WithJsonSchema
from pydantic_core import PydanticCustomError

from shared.conduct import holds_a_phone
from shared.regulation import Refused
from shared.service.answers import Declined, FieldError

Item = TypeVar("Item")

DEPTH_MAX: Final = 64
DIGITS_MAX: Final = 100
INT64: Final = range(-(2**63), 2**63)
_UNSTORABLE: Final = re.compile("[\x00\ud800-\udfff]")


def read_json(body: bytes) -> Any:
    """The body's value. Raises Declined: `malformed_json` for what is no JSON or may be read in two ways (duplicate keys, NaN, numbers
    beyond measure, nesting beyond measure); `invalid_request` for text that cannot be stored and integers beyond 64 bits."""
    try:
        value = json.loads(
            body.decode("utf-8"), object_pairs_hook=_object, parse_constant=_no_constant, parse_int=_integer, parse_float=_decimal
        )
    except (ValueError, RecursionError) as error:
        raise Declined("malformed_json") from error
    if errors := _unstorable(value):
        raise Declined("invalid_request", errors=errors)
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    read = dict(pairs)
    if len(read) != len(pairs):
        raise ValueError("a key stands twice in one object")
    return read


def _no_constant(_name: str) -> float:
    raise ValueError("NaN and Infinity are no JSON")


def _integer(digits: str) -> int:
    if len(digits) > DIGITS_MAX:
        raise ValueError("a number of that length is a mistake or an attack")
    return int(digits)


def _decimal(written: str) -> float:
    number = float(written)
    if not math.isfinite(number) or len(written) > DIGITS_MAX:
        raise ValueError("a number beyond measure")
    return number


def _unstorable(value: Any) -> list[FieldError]:
    errors: list[FieldError] = []
    rest: list[tuple[str, int, Any]] = [("", 0, value)]
    while rest and len(errors) < 20:
        pointer, depth, item = rest.pop()
        if depth > DEPTH_MAX:
            raise Declined("malformed_json")
        match item:
            case str() if _UNSTORABLE.search(item):
                errors.append(FieldError(pointer, "malformed_text"))
            case int() if item not in INT64:
                errors.append(FieldError(pointer, "out_of_range"))
            case dict():
                errors += [FieldError(pointer, "malformed_text") for key in item if _UNSTORABLE.search(key)]
                rest += [(f"{pointer}/{escaped(key)}", depth + 1, held) for key, held in item.items()]
            case list():
                rest += [(f"{pointer}/{index}", depth + 1, held) for index, held in enumerate(item)]
    return errors


def escaped(part: object) -> str:
    """One part of a JSON Pointer (RFC 6901)."""
    return str(part).replace("~", "~0").replace("/", "~1")


# --------------------------------------------------------------------------------------------------------------------- Bodies


class Body(BaseModel):
    """What every request body is: no field that is not named, no type taken for another."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, hide_input_in_errors=True)


_ID: Final = r"[0-7][0-9a-hjkmnp-tv-z]{25}"
_INSTANT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)", re.ASCII)
_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_YEARS: Final = range(1900, 2200)


class _Reference:
    def __init__(self, prefix: str) -> None:
        self._prefix, self._written = prefix, re.compile(f"{prefix}_{_ID}")

    def __call__(self, given: str) -> str:
        if not self._written.fullmatch(given):
            raise PydanticCustomError("malformed_id", "malformed", {"prefix": self._prefix})
        return given


def reference(prefix: str) -> Any:
    """For Annotated[str, reference("lst")]: an id of that kind. In a path a malformed one is answered like an unknown one."""
    return Field(json_schema_extra={"pattern": f"^{prefix}_{_ID}$"}), AfterValidator(_Reference(prefix))


class _Written:
    def __init__(self, pattern: str, like: Sequence[str]) -> None:
        self._written, self._like = re.compile(pattern), like

    def __call__(self, given: str) -> str:
        if not self._written.fullmatch(given):
            raise PydanticCustomError("malformed", "malformed", {"form": self._like})
        return given


def written(pattern: str, *like: str) -> Any:
    """For Annotated[str, written(r"[0-9]{4}-Q[1-4]", "2025-Q3")]: a text of that pattern; who writes another is told what it is like."""
    return Field(json_schema_extra={"pattern": f"^({pattern})$"}), AfterValidator(_Written(pattern, like))


def _refuse_other_years(given: str) -> None:
    if int(given[:4]) not in _YEARS:
        raise PydanticCustomError("year_out_of_range", "out of range", {"first": _YEARS.start, "last": _YEARS.stop - 1})


def _instant(given: object) -> datetime:
    if isinstance(given, str) and _INSTANT.fullmatch(given):
        _refuse_other_years(given)
        try:
            return datetime.fromisoformat(given)
        except ValueError:
            pass  # the thirtieth of February
    raise PydanticCustomError("malformed_time", "malformed")


def _day(given: object) -> date:
    if isinstance(given, str) and _DAY.fullmatch(given):
        _refuse_other_years(given)
        try:
            return date.fromisoformat(given)
        except ValueError:
            pass
    raise PydanticCustomError("malformed_date", "malformed")


def _storable(given: str) -> str:
    if _UNSTORABLE.search(given):
        raise PydanticCustomError("malformed_text", "malformed")
    return given


ListingId = Annotated[str, *reference("lst")]
ClientId = Annotated[str, *reference("cli")]
VisitId = Annotated[str, *reference("vst")]
DealId = Annotated[str, *reference("dea")]
DisputeId = Annotated[str, *reference("dis")]
PersonId = Annotated[str, *reference("psn")]
CompanyId = Annotated[str, *reference("cmp")]
PackId = Annotated[str, *reference("pck")]
ViolationId = Annotated[str, *reference("vio")]
PhotoId = Annotated[str, *reference("pho")]
ContactId = Annotated[str, *reference("cnt")]

Instant = Annotated[datetime, BeforeValidator(_instant), WithJsonSchema({"type": "string", "format": "date-time"})]
"""RFC 3339 with offset, between 1900 and 2199."""
Day = Annotated[date, BeforeValidator(_day), WithJsonSchema({"type": "string", "format": "date"})]

Text = Annotated[str, StringConstraints(max_length=2000)]
"""Free text. Whether it is long enough, and free of phones, a clause says."""
Short = Annotated[str, StringConstraints(min_length=1, max_length=100)]
"""A word or a few: a community, a room, a form's number."""
Told = Annotated[Short | None, BeforeValidator(lambda given: None if isinstance(given, str) and not given.strip() else given)]
"""A word or a few that a clause asks for: blank is as if left out, so that the clause says what is missing."""
Code = Annotated[str, *written(r"[\w.-]{1,40}", "S1")]
"""A store, team or area, which exists by being named."""
Account = Annotated[str, *written(rf"psn_{_ID}|team:[\w.-]{{1,40}}|company", "psn_01hqzv5xk8e9m2n4p6r7s8t9vw", "team:G1", "company")]
"""Who can hold or be paid: a person, a team's account, the company's."""
Count = Annotated[int, Field(ge=0, le=10_000)]
Query64 = Annotated[str, Query(max_length=64), AfterValidator(_storable)]
"""A short text in a query."""


def _reason(given: str) -> str:
    if not given.strip():
        raise PydanticCustomError("too_short", "blank", {"min_length": 1})
    if holds_a_phone(given):
        raise Refused("contact_in_text", field="reason")
    return given


Reason = Annotated[Text, AfterValidator(_reason)]
"""Why somebody does it, for others to read: some words, and no phone among them (Refused: contact_in_text, as in follow-ups)."""


def _as_tuple(given: object) -> object:
    return tuple(given) if isinstance(given, list) else given


Several = Annotated[tuple[Item, ...], BeforeValidator(_as_tuple), Field(max_length=100)]
"""A JSON array as a frozen body holds it: `closers: Several[PersonId]`."""


class Money(Body):
    """An amount in fen, of either sign."""

    amount: Annotated[int, Field(ge=INT64.start, le=INT64.stop - 1)]
    currency: Literal["CNY"]


class Received(Body):
    """An amount in fen that was received: none, or some, never less."""

    amount: Annotated[int, Field(ge=0, le=10**15)]
    currency: Literal["CNY"]


# --------------------------------------------------------------------------------------------------------------------- Errors

_CODES: Final = {
    "missing": "missing",
    "extra_forbidden": "unknown_field",
    "literal_error": "not_one_of",
    "enum": "not_one_of",
    "union_tag_invalid": "not_one_of",
    "union_tag_not_found": "missing",
    "string_too_long": "too_long",
    "too_long": "too_long",
    "string_too_short": "too_short",
    "too_short": "too_short",
    "greater_than": "out_of_range",
    "greater_than_equal": "out_of_range",
    "less_than": "out_of_range",
    "less_than_equal": "out_of_range",
    "finite_number": "out_of_range",
    "malformed": "malformed",
    "malformed_id": "malformed_id",
    "malformed_time": "malformed_time",
    "malformed_date": "malformed_date",
    "year_out_of_range": "year_out_of_range",
    "malformed_text": "malformed_text",
}
_BOUNDS: Final = {"gt": ">", "ge": "≥", "lt": "<", "le": "≤"}


def field_errors(errors: Sequence[Any]) -> list[FieldError]:
    """Pydantic's findings in our words, without what was sent. At most twenty; a query's pointer begins with `query`."""
    return [_field_error(error) for error in errors[:20]]


def _field_error(error: dict[str, Any]) -> FieldError:
    where, *path = error["loc"]
    pointer = "".join(f"/{escaped(part)}" for part in (path if where == "body" else (where, *path)))
    kind, context = str(error["type"]), error.get("ctx") or {}
    code = _CODES.get(kind) or ("wrong_type" if kind.endswith(("_type", "_parsing", "_from_float")) else "malformed")
    facts: dict[str, object] = {}
    match code:
        case "too_long":
            facts["limit"] = context.get("max_length")
        case "too_short":
            facts["limit"] = context.get("min_length")
        case "out_of_range":
            facts["bound"] = " ".join(f"{_BOUNDS[name]} {bound}" for name, bound in context.items() if name in _BOUNDS) or None
        case "not_one_of":
            facts["options"] = re.findall(r"'([^']*)'", str(context.get("expected") or "")) or None
        case "year_out_of_range":
            facts |= {"first": context.get("first"), "last": context.get("last")}
        case "malformed":
            facts["form"] = context.get("form")
        case "malformed_id":
            facts["prefix"] = context.get("prefix")
        case "wrong_type":
            facts["expected"] = kind.removesuffix("_type").removesuffix("_parsing").partition("_")[0]
    return FieldError(pointer, code, facts)
