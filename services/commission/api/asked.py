"""What requests about disputes and what-ifs are made of: entries, readings, clauses, statements."""

import re
from typing import Annotated, Final

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

from shared.conduct import holds_a_phone
from shared.regulation import CLAUSES, OWN, READINGS, Refused
from shared.service import Text, written

EntryId = Annotated[str, *written(r"[a-z]{3}_[0-7][0-9a-hjkmnp-tv-z]{25}@[1-9][0-9]{0,8}", "lst_01hqzv5xk8e9m2n4p6r7s8t9vw@5")]
"""An entry by the id that timelines show it under: `lst_...@5`."""

_OF_PACKS: Final = ("A-", "B-")
_CLAUSE: Final = re.compile(r"[ABMSKCHGO]-[A-Z0-9][A-Z0-9.-]{0,15}")


def _clause(given: str) -> str:
    if OWN.fullmatch(given):
        return given
    if not _CLAUSE.fullmatch(given) or (given.startswith(_OF_PACKS) and given not in CLAUSES):
        raise PydanticCustomError("literal_error", "unknown")
    return given


ClauseId = Annotated[str, AfterValidator(_clause)]
"""A clause of the regulation; of those of packs, one that is known, or one of a company's own."""


def chosen(id: str, choice: str) -> tuple[str, str]:
    """A reading and what is chosen for it; else it is malformed, with what may be chosen."""
    if choice not in READINGS.get(id, ()):
        options = READINGS.get(id, tuple(READINGS))
        raise PydanticCustomError("literal_error", "unknown", {"expected": ", ".join(f"'{option}'" for option in options)})
    return id, choice


def _readings(given: dict[str, str]) -> dict[str, str]:
    return dict(chosen(id, choice) for id, choice in given.items())


def _chosen(given: str) -> str:
    id, _, choice = given.partition(":")
    return ":".join(chosen(id, choice))


Readings = Annotated[dict[str, str], AfterValidator(_readings)]
"""Readings otherwise than the pack has them: `{"R-key": "ten_in_all"}`."""
Chosen = Annotated[str, AfterValidator(_chosen)]
"""One of them in a query: `R-key:ten_in_all`."""


def _said(given: str) -> str:
    if not given.strip():
        raise PydanticCustomError("too_short", "blank", {"min_length": 1})
    if holds_a_phone(given):
        raise Refused("contact_in_text", field="text")
    return given


Statement = Annotated[Text, AfterValidator(_said)]
"""What somebody says in a dispute, for others to read: some words, and no phone among them."""
