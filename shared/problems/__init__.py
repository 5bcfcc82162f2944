"""Every answer that says no, in Chinese and English, written for the agent who reads it: what is wrong, and what to do next.

A code is for ever and stays English; its sentences may be improved. In a sentence `{limit}` is filled in from the facts of the
refusal, and a part in square brackets is left out when one of its facts is not there, so that a sentence is whole with any facts.
No sentence takes a phone, a name or free text.
"""

import re
from typing import Final

from shared.problems import refusals_anyone, refusals_client, refusals_commission, refusals_listing
from shared.problems.answers import ANSWERS, FIELD_ERRORS
from shared.problems.problem import Problem
from shared.problems.words import (
    ANSWERED,
    CLOSED,
    COMPLAINTS,
    DUPLICATE_CLIENT,
    EXPECTED,
    FIELDS,
    FINDINGS,
    GRADED,
    GRADINGS,
    LABELS,
    LANGUAGES,
    LOWERED,
    NOTES,
    ROLES,
    STATES,
    VIOLATIONS,
    WHOSE,
    Language,
    Words,
    label,
)

__all__ = [
    "ANSWERED",
    "ANSWERS",
    "CATALOGUE",
    "CLOSED",
    "COMPLAINTS",
    "DUPLICATE_CLIENT",
    "EXPECTED",
    "FIELDS",
    "FIELD_ERRORS",
    "FINDINGS",
    "GRADED",
    "GRADINGS",
    "LABELS",
    "LANGUAGES",
    "LOWERED",
    "NOTES",
    "REFUSALS",
    "ROLES",
    "STATES",
    "VIOLATIONS",
    "WHOSE",
    "Language",
    "Problem",
    "Words",
    "label",
    "preferred",
    "problem",
]

REFUSALS: Final[dict[str, Problem]] = (
    refusals_anyone.REFUSALS | refusals_listing.REFUSALS | refusals_client.REFUSALS | refusals_commission.REFUSALS
)
CATALOGUE: Final[dict[str, Problem]] = REFUSALS | ANSWERS


def problem(code: str) -> Problem:
    """The catalogue's entry; a code without one is our fault, found by the tests, and must not hide the refusal in production."""
    return CATALOGUE.get(code) or Problem(
        409,
        Words("操作未能完成", "The request was refused"),
        Words(f"系统拒绝了这次操作（{code}）。", f"The request was refused ({code})."),
    )


def preferred(accept_language: str | None) -> Language:
    """RFC 9110 Accept-Language: the better wanted of zh and en; Chinese when nothing is said or both are wanted alike."""
    wanted: dict[str, float] = {}
    for item in (accept_language or "")[:500].split(","):
        tag, _, quality = item.strip().partition(";")
        primary = tag.strip().lower().partition("-")[0]
        if primary in ("zh", "en", "*"):
            wanted[primary] = max(wanted.get(primary, 0.0), _quality(quality))
    zh, en = (wanted.get(language, wanted.get("*", 0.0)) for language in LANGUAGES)
    return "en" if en > zh else "zh"


def _quality(parameter: str) -> float:
    name, _, value = parameter.strip().partition("=")
    if name.strip() != "q":
        return 1.0
    return float(value) if re.fullmatch(r"[01](\.\d{0,3})?", value.strip()) else 0.0
