"""A deal's history: what proves a settlement is written as RFC 8785 asks, and what names people is found."""

from datetime import UTC, datetime
from typing import Any

import rfc8785
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from services.commission.events import NamedFor, Reported, Terms
from services.commission.history import canonical
from services.commission.history.naming import names_in
from services.listing.events import Entered, FollowedUp, House
from shared.entry import new_id
from shared.tenure import Stand

AT = datetime(2024, 3, 14, 8, tzinfo=UTC)
TEXTS = st.text(st.characters(codec="utf-8"), max_size=12)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=5),
    max_leaves=20,
)


@given(VALUES)
def test_what_digests_are_taken_of_is_rfc_8785_to_the_byte(document: Any) -> None:
    assert canonical(document) == rfc8785.dumps(document)


def test_every_ascii_character_is_written_as_rfc_8785_writes_it() -> None:
    for code in range(128):
        document = {f"a{chr(code)}": chr(code), "B": [chr(code) * 2]}
        assert canonical(document) == rfc8785.dumps(document), code


def test_who_acted_for_whom_and_who_holds_closes_or_is_named_after_is_found() -> None:
    by, recorder, holder, closer, other = (new_id("psn") for _ in range(5))
    entered = Entered(by, recorder, "sale", House(), new_id("cnt"), True, (Stand(holder, AT, "A-2.7"), Stand("team:G1")), AT, AT)
    reported = Reported(closer, Terms(new_id("lst"), new_id("cli"), (closer, other), {"agency": 1}, "sale", "S1"), AT)
    assert _named(entered) == {by, recorder, holder}
    assert _named(reported) == {closer, other}
    advised = structs.replace(reported.terms, named=(NamedFor("finance_adviser", holder),))
    assert _named(structs.replace(reported, terms=advised)) == {closer, other, holder}


def test_words_name_nobody_even_if_they_look_like_a_name() -> None:
    by = new_id("psn")
    assert _named(FollowedUp(by, "phone", new_id("psn"), None, None, None, None, AT)) == {by}
    assert _named(FollowedUp(by, "phone", "psn_ is how names begin", None, None, "psn_", (Stand("psn_"),), AT)) == {by}


def _named(event: object) -> set[str]:
    names: set[str] = set()
    names_in(event, names)
    return names
