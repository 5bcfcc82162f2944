"""How the parameters of a clause are read, and what is out of range."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from fractions import Fraction
from typing import Any, Final

from msgspec import Struct

from shared.calendar import start_of_day
from shared.money import WHOLE, points_of


class Parameter(Struct, frozen=True):
    """How a parameter is read (ValueError says why not), and what holds where a pack does not give it (None: it has to). `of_roles`: it is
    read with the names of the roles that the pack has given."""

    read: Callable[..., Any]
    unless_given: Any = None
    of_roles: bool = False


class Scalar(str):
    """A scalar of a YAML file: its very characters (`0302`, `NO`), typed by the field it stands in, and its line."""

    line: int

    def __new__(cls, text: str, line: int) -> "Scalar":
        written = super().__new__(cls, text)
        written.line = line
        return written


class ScalarMapping(dict[str, Any]):
    """A mapping of a YAML file, and its line."""

    line: int


def _whole(least: int, most: int, unless_given: int | None = None) -> Parameter:
    def read(value: object) -> int:
        if isinstance(value, Scalar) and re.fullmatch(r"-?[0-9]{1,12}", value):
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int):
            raise ValueError("is a whole number")
        if not least <= value <= most:
            raise ValueError(f"is between {least} and {most}, not {value}")
        return value

    return Parameter(read, unless_given)


def _one_share(value: object) -> Fraction:
    if not isinstance(value, int | str):
        raise ValueError("points are a whole number or a fraction such as 20/3")
    if re.fullmatch(r"-[0-9]{1,9}(/[0-9]{1,9})?", str(value)):
        raise ValueError(f"is between 0 and 100, not {value}")
    points = points_of(value)
    if points > WHOLE:
        raise ValueError(f"is between 0 and 100, not {points}")
    return points


def _shares(value: object, own: Sequence[str] = ()) -> Mapping[str, Fraction]:
    """Points by role, in the order of lines. `own` are the roles that the pack names itself."""
    if not isinstance(value, Mapping) or not value:
        raise ValueError("is a mapping from roles to points")
    shares: dict[str, Fraction] = {}
    roles = in_order(own)
    for role, points in value.items():
        if role not in roles:
            raise ValueError(f"{role} is no role; the roles are {', '.join(roles)}")
        try:
            shares[str(role)] = _one_share(points)
        except ValueError as fault:
            raise ValueError(f"{role}: {fault}") from None
    return {role: shares[role] for role in roles if role in shares}


def _words(*among: str, unless_given: tuple[str, ...] | None = None) -> Parameter:
    def read(value: object) -> tuple[str, ...]:
        if not isinstance(value, list | tuple) or not all(isinstance(word, str) and word.strip() for word in value):
            raise ValueError("is a list of words")
        if among and (strange := [word for word in value if word not in among]):
            raise ValueError(f"{strange[0]} is not one of {', '.join(among)}")
        if len(set(value)) < len(value):
            raise ValueError("names something twice")
        return tuple(str(word) for word in value)

    return Parameter(read, unless_given)


def _each(one: Parameter, **unless_given: Any) -> Parameter:
    """A mapping with one value for each of these names; what it does not name is as given here."""

    def read(value: object) -> Mapping[str, Any]:
        if not isinstance(value, Mapping) or not value:
            raise ValueError(f"is a mapping from {', '.join(unless_given)}")
        if strange := [name for name in value if name not in unless_given]:
            raise ValueError(f"{strange[0]} is not one of {', '.join(unless_given)}")
        given: dict[str, Any] = {}
        for name, each in value.items():
            try:
                given[str(name)] = one.read(each)
            except ValueError as fault:
                raise ValueError(f"{name} {fault}") from None
        return {**unless_given, **given}

    return Parameter(read, unless_given)


def _hundred(each: Parameter) -> Parameter:
    """The same, if its numbers sum to 100."""

    def read(value: object) -> Mapping[str, int]:
        given: Mapping[str, int] = each.read(value)
        if sum(given.values()) != WHOLE:
            raise ValueError(f"sums to {sum(given.values())}, not 100")
        return given

    return Parameter(read, each.unless_given)


def _indicators(**unless_given: tuple[int, int]) -> Parameter:
    """What clients are measured by: a mapping from names to a `weight`, which sum to 100, and the figure that has all of it, `full`."""
    parts = {"weight": _whole(1, 100), "full": _whole(1, 10**12)}

    def read(value: object) -> Mapping[str, Mapping[str, int]]:
        if not isinstance(value, Mapping) or not value:
            raise ValueError("is a mapping from indicators to weight and full")
        if len(value) > 20:
            raise ValueError(f"are at most 20, not {len(value)}")
        given: dict[str, Mapping[str, int]] = {}
        for name, one in value.items():
            if not re.fullmatch(r"[a-z][a-z0-9_]{0,39}", name):
                raise ValueError("an indicator is named by at most 40 small letters, digits and underscores")
            if not isinstance(one, Mapping) or set(one) != set(parts):
                raise ValueError(f"{name} has a weight and full")
            try:
                given[str(name)] = {part: how.read(one[part]) for part, how in parts.items()}
            except ValueError as fault:
                raise ValueError(f"{name} {fault}") from None
        if sum(one["weight"] for one in given.values()) != WHOLE:
            raise ValueError(f"the weights sum to {sum(one['weight'] for one in given.values())}, not 100")
        return given

    return Parameter(read, {name: dict(zip(parts, one, strict=True)) for name, one in unless_given.items()})


def _day(value: object) -> datetime:
    try:
        return start_of_day(date.fromisoformat(value if isinstance(value, str) else ""))
    except ValueError:
        raise ValueError("is a date such as 2012-07-15") from None


def _flag(value: object) -> bool:
    if isinstance(value, Scalar) and value in ("true", "false"):
        return value == "true"
    if not isinstance(value, bool):
        raise ValueError("is true or false")
    return value


ROLES: Final = ("listing", "listing_recorder", "listing_holder", "exclusive", "survey", "plan", "key", "closing", "client", "company")
"""The roles of lines, in the order of lines."""


def in_order(own: Sequence[str]) -> tuple[str, ...]:
    """All roles of a pack in the order of lines: the regulation's, those that the pack names itself, and the company last."""
    return (*ROLES[:-1], *own, ROLES[-1])


FEES: Final = ("agency", "information", "bank_rebate", "loan_service", "other")
"""The kinds of fee that a deal brings."""
