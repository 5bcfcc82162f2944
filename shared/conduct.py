"""Clauses of conduct that bind listings and clients alike: entering in time (A-2.1, B-2-1), what a follow-up must say (A-2.8)."""

import re
import unicodedata
from datetime import datetime, timedelta
from functools import lru_cache

import phonenumbers

from shared.regulation import Pack, Refused, Violation

_DIGIT_WORDS = str.maketrans("〇零一二三四五六七八九壹贰叁肆伍陆柒捌玖幺两", "0012345678912345678912")
_MOBILE = re.compile(r"(?<!\d)(?:\+?86)?1[3-9]\d{9}(?!\d)")
_LANDLINE = re.compile(r"(?<!\d)0\d{2,3}[-– ]?[2-9]\d{2,3}[-– ]?\d{4}(?!\d)")
_JOINTS = re.compile(r"(?<=\d)[\s\-_.·,*/]+(?=\d)")


@lru_cache(maxsize=1024)
def substance(text: str) -> str:
    """A-2.8: the letters, digits and CJK characters of a text, case and width folded; blanks and punctuation do not count."""
    return "".join(c for c in unicodedata.normalize("NFKC", text).casefold() if c.isalnum())


def holds_a_phone(text: str) -> bool:
    """A-2.8: whether a phone number stands in the text, also spaced out, in full width, or in Chinese numerals.

    A landline is one only with an area code that there is: `0302, 2350000` is a room and a price.
    """
    digits = unicodedata.normalize("NFKC", text).translate(_DIGIT_WORDS)
    if _MOBILE.search(_JOINTS.sub("", digits)) or _MOBILE.search(digits):
        return True
    return any(phonenumbers.is_valid_number(phonenumbers.parse(found, "CN")) for found in _LANDLINE.findall(digits))


def refuse_empty_follow_up(pack: Pack, text: str | None) -> None:
    """A-2.8: refuses a text that is too short, that is nothing without the phrases of the pack, or that holds a phone number."""
    written = text or ""
    if holds_a_phone(written):
        raise Refused("contact_in_text", "A-2.8" if pack.has("A-2.8") else None, pack=pack)
    if not pack.has("A-2.8"):
        return
    clause = pack["A-2.8"]
    core = substance(written)
    if len(core) < clause.characters_min:
        raise Refused("follow_up_too_short", "A-2.8", pack=pack, characters_min=clause.characters_min, characters=len(core))
    for phrase in _cores(clause.phrases):
        core = core.replace(phrase, "")
    if len(core) < clause.characters_min:
        raise Refused("follow_up_without_substance", "A-2.8", pack=pack, characters_min=clause.characters_min, characters=len(core))


@lru_cache(maxsize=64)
def _cores(phrases: tuple[str, ...]) -> tuple[str, ...]:
    """What is left of a pack's phrases as of a text, the longest first."""
    return tuple(sorted(map(substance, phrases), key=len, reverse=True))


def late_entry(pack: Pack, recorder: str, acquired_at: datetime | None, at: datetime) -> Violation | None:
    """A-2.1 (B-2-1 in its place under B): entered later than the pack's hours after it was acquired; the end instant is in time.
    What is said to be acquired after `at` is refused."""
    clause = "B-2-1" if pack.has("B-2-1") else "A-2.1"
    if acquired_at is None or not pack.has(clause):
        return None
    if acquired_at > at:
        raise Refused("date_is_to_come", clause, pack=pack, field="acquired_at", day=acquired_at)
    if at <= acquired_at + timedelta(hours=pack[clause].hours):
        return None
    return Violation(kind="late_entry", clause=clause, person=recorder)
