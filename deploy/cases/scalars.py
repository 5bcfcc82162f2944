"""Scalars typed by their field: what `0302`, `NO` or `2024-03-01 10:30` mean depends on where they stand, never on how they look."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

from deploy.cases.nodes import Scalar

SHANGHAI = ZoneInfo("Asia/Shanghai")

_WHOLE = re.compile(r"[+-]?(0|[1-9][0-9]*)")
_NUMBER = re.compile(r"[+-]?(0|[1-9][0-9]*)(\.[0-9]+)?")
_POINTS = re.compile(r"[+-]?(0|[1-9][0-9]*)(/[1-9][0-9]*|\.[0-9]+)?")
_DAY = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_INSTANT = re.compile(
    _DAY.pattern + r"(?:[Tt]|[ ]+)([0-9]{1,2}):([0-9]{2})(?::([0-9]{2})(\.[0-9]{1,6})?)?[ ]*([Zz]|[+-][0-9]{2}:?[0-9]{2})?"
)
_TRUTHS = {"true": True, "yes": True, "false": False, "no": False}
_DIGITS_MOST = 18


def is_nothing(scalar: Scalar) -> bool:
    return scalar.plain and scalar.text in ("", "~", "null", "Null", "NULL")


def text(scalar: Scalar, field: str) -> str:
    """As written: 302 is "302" and NO is "NO". A field without any value is refused; a quoted empty text is one."""
    if is_nothing(scalar):
        scalar.place.refuse(f"{field} has no value")
    return scalar.text


def whole(scalar: Scalar, field: str) -> int:
    """A whole number without leading zeros or separators. Fen are whole."""
    written = _unquoted(scalar, field, "a whole number")
    if not _WHOLE.fullmatch(written) or len(written) > _DIGITS_MOST:
        scalar.place.refuse(f"{field}: {written} is no whole number")
    return int(written)


def number(scalar: Scalar, field: str) -> Decimal:
    written = _unquoted(scalar, field, "a number")
    if not _NUMBER.fullmatch(written) or len(written) > _DIGITS_MOST:
        scalar.place.refuse(f"{field}: {written} is no number")
    return Decimal(written)


def points(scalar: Scalar, field: str) -> Fraction:
    """Exact: 20, 20/3 or 6.5, with quotation marks or without."""
    written = text(scalar, field)
    if not _POINTS.fullmatch(written) or len(written) > 2 * _DIGITS_MOST:
        scalar.place.refuse(f"{field}: {written} are no points such as 20 or 20/3")
    return Fraction(written)


def truth(scalar: Scalar, field: str) -> bool:
    written = _unquoted(scalar, field, "true or false")
    if written.lower() not in _TRUTHS:
        scalar.place.refuse(f"{field}: {written} is neither true nor false")
    return _TRUTHS[written.lower()]


def day(scalar: Scalar, field: str) -> date:
    written = text(scalar, field)
    parts = _DAY.fullmatch(written)
    if not parts:
        scalar.place.refuse(f"{field}: {written} is no date such as 2024-03-01")
    try:
        return date(*(int(part) for part in parts.groups()))
    except ValueError:
        scalar.place.refuse(f"{field}: there is no {written}")


def instant(scalar: Scalar, field: str) -> datetime:
    """Date and time of day, seconds or not, in Shanghai unless a zone stands with it."""
    written = text(scalar, field)
    parts = _INSTANT.fullmatch(written)
    if not parts:
        scalar.place.refuse(f"{field}: {written} is no time such as 2024-03-01 10:00")
    year, month, of_month, hour, minute, second, fraction, zone = parts.groups()
    micro = int(Decimal(fraction or 0) * 1_000_000)
    try:
        there = _zone(zone)
        return datetime(int(year), int(month), int(of_month), int(hour), int(minute), int(second or 0), micro, there).astimezone(SHANGHAI)
    except (ValueError, OverflowError):
        scalar.place.refuse(f"{field}: there is no {written}")


def since(scalar: Scalar, field: str) -> datetime:
    """An instant, or a date for its 0:00 in Shanghai."""
    if _DAY.fullmatch(scalar.text):
        return datetime.combine(day(scalar, field), time(), SHANGHAI)
    return instant(scalar, field)


def _unquoted(scalar: Scalar, field: str, wanted: str) -> str:
    if not scalar.plain:
        scalar.place.refuse(f'{field}: "{scalar.text}" is a text; {wanted} stands without quotation marks')
    return text(scalar, field)


def _zone(written: str | None) -> ZoneInfo | timezone:
    if written is None:
        return SHANGHAI
    if written in "Zz":
        return UTC
    hours, minutes = int(written[1:3]), int(written[-2:])
    if minutes > 59:
        raise ValueError("no such zone")
    return timezone((-1 if written[0] == "-" else 1) * timedelta(hours=hours, minutes=minutes))
