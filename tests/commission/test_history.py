"""A deal's history: what proves a settlement is written as RFC 8785 asks, what names people is found, and who was where is told."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from deploy.simulating.world import World
from services.authz.events import Transferred
from services.client.events import Entered as ClientEntered
from services.client.events import Wish
from services.commission import history
from services.commission.events import Cut, LateListingSignedOff, ListingAttached, NamedFor, Reported, Settlement, Terms
from services.commission.history import canonical
from services.commission.history.naming import names_in
from services.listing.events import Entered, FollowedUp, House
from shared.entry import new_id
from shared.tenure import Stand
from tests.commission.closings import A, B

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


# Whose store, and who answers for it


def a_late_listing(company: World) -> tuple[str, str, str]:
    """A deal closed in S1 by somebody of G1 on a listing that was entered a day later; the deal, the closer and the listing's id."""
    closer = company.join(store="S1", team="G1", area="A1")
    listing, client, deal = (company.new_id(prefix) for prefix in ("lst", "cli", "dea"))
    wish = Wish("any", "90", "south", "100", "none")
    company.record(client, ClientEntered(closer, closer, "buy", new_id("cnt"), wish, None, None, (Stand(closer),), None, AT), by=closer)
    terms = Terms(None, client, (closer,), {"agency": 100_000}, "sale", "S1")
    company.record(deal, Reported(closer, terms, company.now), by=closer)
    company.now += timedelta(days=1)
    house, stands = House(room="0302"), (Stand("team:G2"),)
    company.record(listing, Entered(closer, closer, "sale", house, new_id("cnt"), True, stands, None, company.now), by=closer)
    company.record(deal, ListingAttached(closer, listing, company.now), by=closer)
    return deal, closer, listing


def judged(company: World, deal: str) -> Settlement:
    entries = [entry for log in company.logs.values() for entry in log if not entry.type.startswith(("pack", "company"))]
    closing = history.closing_of(company.streams[deal])
    return history.judged(entries, Cut(closing, dict.fromkeys(company.logs, history.NO_END)), company.activations[0].pack)


@pytest.mark.clause("B-1-4-2")
def test_hoarding_is_proposed_against_who_manages_the_closing_store_then_not_against_who_did_before() -> None:
    company = World(1, AT)
    company.found(B.document)
    before, then, area = (company.join(store="S1", area="A1", role=role) for role in ("store_manager", "store_manager", "area_manager"))
    moved = structs.replace(company.posts[before], store="S2")
    company.record(before, Transferred("hq", moved, company.now), by="hq")
    deal, closer, _ = a_late_listing(company)
    late = structs.replace(company.posts[then], store="S3")
    company.record(then, Transferred("hq", late, company.now), by="hq")
    proposed = [(violation.person, violation.fine_fen) for violation in judged(company, deal).violations]
    assert proposed == [(closer, 10_000), (then, 20_000), (area, 30_000)]


def test_a_teams_account_counts_for_the_teams_store_also_where_nobody_named_was_ever_in_it() -> None:
    company = World(1, AT)
    company.found(A.document)
    company.join(store="S2", team="G2")
    deal, _, listing = a_late_listing(company)
    manager = company.join(store="S1", area="A1", role="area_manager")
    company.record(deal, LateListingSignedOff(manager, "it was known", company.now), by=manager)
    lines = {line.role: (line.to, line.credit) for line in judged(company, deal).lines}
    assert lines["listing_holder"] == ("team:G2", "S2"), listing
