"""The one catalogue of what is answered when the answer is no."""

import ast
import re
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path

import pytest

from shared.problems import (
    CATALOGUE,
    FIELD_ERRORS,
    FIELDS,
    LANGUAGES,
    NOTES,
    REFUSALS,
    STATES,
    VIOLATIONS,
    Words,
    label,
    preferred,
    problem,
)

ROOT = Path(__file__).parents[2]
CODES = {
    "forbidden", "conflict_of_interest", "unknown_reference", "client_incomplete", "follow_up_too_short", "follow_up_without_substance",
    "contact_in_text", "duplicate_listing", "listing_draft", "not_holder", "already_assigned", "concealment_limit", "form_already_used",
    "not_claimable", "agent_phone_as_owner", "key_not_held", "closer_without_viewing", "deal_already_reported", "already_settled",
    "not_settled", "not_reported", "cancelled", "no_pack", "pack_invalid", "adjudication_not_zero", "listing_not_late",
}  # fmt: skip

ALL_WORDS = [
    *(words for entry in CATALOGUE.values() for words in (entry.title, entry.detail, entry.why) if words),
    *FIELD_ERRORS.values(),
]


def test_every_code_of_the_regulations_has_its_sentence() -> None:
    assert set(REFUSALS) >= CODES
    assert set(VIOLATIONS) == {
        "late_entry", "agent_phone_as_owner", "duplicate_entry", "canned_follow_up", "private_dealing", "hoarding", "leak",
    }  # fmt: skip
    assert set(NOTES) == {
        "exclusive_on_rental", "undeclared_key", "undeclared_exclusive", "by_analogy", "bank_rebate", "unauthorised_signature",
    }  # fmt: skip
    assert set(STATES) == {"signed", "reported", "awaiting_evidence", "settled", "blocked", "cancelled"}


def test_every_refusal_and_answer_in_the_code_stands_in_the_catalogue() -> None:
    said: dict[str, str] = {}
    for path in [*ROOT.glob("services/**/*.py"), *ROOT.glob("shared/**/*.py")]:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("Refused", "Declined"):
                match node.args:
                    case [ast.Constant(value=str(code)), *_]:
                        said[code] = path.name
    assert {code: where for code, where in said.items() if code not in CATALOGUE} == {}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_sentence_is_whole_without_any_facts(language: str) -> None:
    for words in ALL_WORDS:
        outside = re.sub(r"\[[^\[\]]*\]", "", getattr(words, language))
        assert not re.search(r"[\[\]]", outside), outside
        # `count` is always there where errors are.
        assert set(re.findall(r"\{(\w+)\}", outside)) <= {"count", "version"}, outside


def test_both_languages_fill_in_the_same_facts() -> None:
    for words in ALL_WORDS:
        assert sorted(set(re.findall(r"\{(\w+)\}", words.zh))) == sorted(set(re.findall(r"\{(\w+)\}", words.en))), words


def test_every_sentence_is_in_its_own_language_and_short_enough_to_be_read() -> None:
    for words in ALL_WORDS:
        assert re.search(r"[一-鿿]", words.zh), words.zh
        assert not re.search(r"[一-鿿]", words.en), words.en
        assert len(words.zh) <= 120
        assert len(words.en) <= 260


def test_every_refusal_says_what_is_wrong_and_then_what_to_do() -> None:
    for code, entry in CATALOGUE.items():
        for language in LANGUAGES:
            sentences = [said for said in re.split(r"[。.!；;]\s*", entry.detail.said(language)) if said]
            assert len(sentences) >= 2, f"{code}: {sentences}"
        assert entry.detail.zh.rstrip("。") != entry.title.zh, code
        assert 400 <= entry.status < 600


def test_facts_are_shown_as_people_read_them() -> None:
    words = Words("[{at}][；{points}][；{missing}][；{state}]", "[{at}][; {points}][; {missing}][; {state}]")
    facts = {"at": datetime(2024, 3, 8, 8, tzinfo=UTC), "points": Fraction(20, 3), "missing": ["floor", "price"], "state": "settled"}
    assert words.said("zh", facts) == "2024-03-08 16:00:00；20/3；楼层、价格；已结算"
    assert words.said("en", facts) == "2024-03-08 16:00:00; 20/3; floor, price; settled"
    assert words.said("zh", {"points": None}) == ""


def test_a_field_that_a_refusal_names_has_a_name_in_both_languages() -> None:
    code = "".join(path.read_text("utf-8") for path in (ROOT / "services").glob("**/*.py"))
    named = set(re.findall(r'Refused\([^()]*field="(\w+)"', code))
    assert named - set(FIELDS) == set()
    said = problem("unknown_reference").detail.said("zh", {"field": "named"})
    assert "（按角色指名的人员）" in said


def test_a_code_without_a_sentence_is_still_answered() -> None:
    assert problem("of_tomorrow").status == 409
    assert "of_tomorrow" in problem("of_tomorrow").detail.zh
    assert label("of_tomorrow", "zh") == "of_tomorrow"


@pytest.mark.parametrize(
    ("header", "language"),
    [
        (None, "zh"),
        ("", "zh"),
        ("en", "en"),
        ("en-GB,en;q=0.9", "en"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("zh;q=0.1, en;q=0.2", "en"),
        ("fr", "zh"),
        ("*", "zh"),
        ("en;q=0", "zh"),
        ("*;q=0.5, zh;q=0.1", "en"),
        ("en;q=abc", "zh"),
        (",;=" * 100, "zh"),
    ],
)
def test_chinese_first_english_second(header: str | None, language: str) -> None:
    assert preferred(header) == language
