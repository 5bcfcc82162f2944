"""What may be decided about a deal: reporting, signing, attaching, settling, adjudicating, cancelling."""

from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import pytest
from msgspec import structs

from services.commission.aggregate import deal as decide
from services.commission.aggregate.deal import Deal, Surroundings, claims_of, evolve, net
from services.commission.events import (
    Adjudicated,
    Adjustment,
    Cancelled,
    Cut,
    DealEvent,
    EvidenceAwaited,
    LateListingSignedOff,
    Line,
    ListingAttached,
    NamedFor,
    PackRef,
    PrivateDealingFound,
    Rebooked,
    Reported,
    Settled,
    Settlement,
    Signed,
    Terms,
)
from shared.entry import id_of
from shared.eventlog import Claim, Claimant
from shared.identity import Caller, Post
from shared.regulation import Activation, Pack
from shared.tenure import Ground
from tests.commission.closings import at
from tests.packs import ACN, A, B
from tests.refusing import refused

clause = pytest.mark.clause

T: Final = at("2024-03-08 16:00")
LATER: Final = at("2024-03-09 10:00")
PEOPLE: Final = {
    post.person: post
    for post in (
        Post("C", "S2", "G2", "N"),
        Post("C2", "S2", "G2", "N"),
        Post("R", "S1", "G1", "N"),
        Post("X", "S9", "G9", "S"),
        Post("M2", "S2", None, "N", "store_manager"),
        Post("M1", "S1", None, "N", "store_manager"),
        Post("AM", "S1", None, "N", "area_manager"),
        Post("AM2", "S9", None, "S", "area_manager"),
        Post("GM", None, None, None, "general_manager"),
    )
}
TERMS: Final = Terms("lst_1", "cli_1", ("C",), {"agency": 3_000_000}, "sale", None)
AROUND: Final = Surroundings("sale", listing_correct=True, client_known=True, shown_by=frozenset({"C", "C2"}), open_deal=None)
FIRST: Final = Claimant(stream=UUID(int=9), by="R", recorded_at=T)


def by(person: str) -> Caller:
    return Caller(person, UUID(int=1), PEOPLE[person])


def ground(pack: Pack = A) -> Ground:
    return Ground(PEOPLE, (Activation(pack, at("2000-01-01 00:00")),))


def settlement(*lines: Line) -> Settlement:
    told = lines or (
        Line("listing", "R", "30", 900_000, "S1"),
        Line("closing", "C", "60", 1_800_000, "S2"),
        Line("client", "C", "10", 300_000, "S2"),
    )
    return Settlement(T, PackRef("A", "1", "d"), Cut(T, {}), {}, {}, 3_000_000, told, (), (), "digest")


def folded(*events: DealEvent) -> Deal:
    deal: Deal | None = None
    for event in events:
        deal = evolve(deal, event)
    assert deal is not None
    return deal


def reported(**terms: Any) -> Deal:
    whole = structs.replace(TERMS, store="S2", **terms)
    return folded(Reported("C", whole, T))


def settled() -> Deal:
    return evolve(reported(), Settled("M2", settlement(), LATER))


def report(caller: str = "C", pack: Pack = A, *, around: Surroundings = AROUND, **terms: Any) -> list[DealEvent]:
    return decide.report(by=by(caller), terms=structs.replace(TERMS, **terms), around=around, ground=ground(pack), at=T)


# Reporting and signing


@pytest.mark.parametrize("caller", ["C", "M2", "AM", "GM"])
def test_a_closer_or_a_manager_above_reports_and_the_store_is_the_first_closers(caller: str) -> None:
    assert report(caller) == [Reported(caller, structs.replace(TERMS, store="S2"), T)]


@pytest.mark.parametrize("caller", ["R", "M1", "AM2"])
def test_nobody_else_reports(caller: str) -> None:
    with refused("forbidden"):
        report(caller)


ADVISER: Final = (NamedFor("finance_adviser", "R"),)


def test_a_report_names_people_for_roles_that_the_pack_lets_it_name_them_for() -> None:
    [named] = report(pack=ACN, named=ADVISER)
    assert isinstance(named, Reported)
    assert named.terms.named == ADVISER
    assert decide.parties(folded(named)) == {"C", "R"}
    with refused("unknown_reference"):
        report(pack=ACN, named=(NamedFor("finance_adviser", "nobody"),))


@pytest.mark.parametrize(("pack", "role"), [(ACN, "recorder"), (ACN, "closing"), (ACN, "adviser"), (A, "finance_adviser")])
def test_for_any_other_role_nobody_is_named(pack: Pack, role: str) -> None:
    with refused("unknown_role", named=role, known="mandate_papers, recommender, finance_adviser" if pack is ACN else None):
        report(pack=pack, named=(NamedFor(role, "R"),))


def test_the_listing_says_what_kind_of_deal_it_is_and_without_one_the_report() -> None:
    [sale] = report(kind="rental")
    [rental] = report(kind="rental", listing=None, around=structs.replace(AROUND, listing_kind=None))
    assert isinstance(sale, Reported)
    assert isinstance(rental, Reported)
    assert (sale.terms.kind, rental.terms.kind) == ("sale", "rental")


@clause("A-2.4")
def test_of_several_closers_each_the_first_included_showed_it() -> None:
    for shown_by, missing in (({"C"}, "C2"), ({"C2"}, "C"), (set(), "C")):
        with refused("closer_without_viewing", "A-2.4", person=missing):
            report(closers=("C", "C2"), around=structs.replace(AROUND, shown_by=frozenset(shown_by)))
    assert report(closers=("C", "C2"))


def test_one_closer_alone_or_a_deal_without_a_listing_needs_no_viewing() -> None:
    unseen = structs.replace(AROUND, shown_by=frozenset())
    assert report(around=unseen)
    assert report(closers=("C", "C2"), listing=None, around=unseen)


def test_a_closer_is_named_once_and_known() -> None:
    with refused("closer_named_twice"):
        report(closers=("C", "C"))
    with refused("unknown_reference", field="closers"):
        report(closers=("C", "nobody"))


def test_what_is_not_there_and_what_is_a_draft_is_not_closed() -> None:
    with refused("unknown_reference", field="listing"):
        report(around=structs.replace(AROUND, listing_kind=None))
    with refused("unknown_reference", field="client"):
        report(around=structs.replace(AROUND, client_known=False))
    with refused("listing_draft"):
        report(around=structs.replace(AROUND, listing_correct=False))


def test_a_second_open_deal_is_refused_and_says_who_was_first() -> None:
    with refused("deal_already_reported", first=id_of("dea", FIRST.stream), by="R", first_at=T):
        report(around=structs.replace(AROUND, open_deal=FIRST))


def test_a_listing_has_one_open_deal_until_it_is_settled_or_cancelled() -> None:
    begun = Reported("C", structs.replace(TERMS, store="S2"), T)
    deal = evolve(None, begun)
    assert list(claims_of(None, begun)) == [Claim("open_deal", "lst_1")]
    for end in (Settled("M2", settlement(), LATER), Cancelled("M2", "lst_1", "cli_1", "off", LATER)):
        assert list(claims_of(deal, end)) == [Claim("open_deal", "lst_1", release=True)]


def test_the_report_of_a_signed_deal_is_its_closing() -> None:
    signed = folded(Signed("C", structs.replace(TERMS, store="S2"), "K-1", "GM", T))
    assert (signed.state, signed.closing_time) == ("signed", T)
    [sent] = decide.report_signed(signed, by=by("C"), terms=TERMS, around=AROUND, ground=ground(), at=LATER)
    after = evolve(signed, sent)
    assert (after.state, after.closing_time) == ("reported", LATER)
    with refused("already_reported"):
        decide.report_signed(after, by=by("C"), terms=TERMS, around=AROUND, ground=ground(), at=LATER)
    only_signed = evolve(signed, Settled("M2", settlement(), LATER))
    with refused("already_settled"):
        decide.report_signed(only_signed, by=by("C"), terms=TERMS, around=AROUND, ground=ground(), at=LATER)


def test_a_contract_signed_after_the_report_leaves_the_closing_and_its_signer_is_known() -> None:
    def sign(signer: str, **other: Any) -> list[DealEvent]:
        terms = structs.replace(reported().terms, **other)
        return decide.sign_reported(reported(), by=by("C"), terms=terms, contract="K-1", signer=signer, ground=ground(), at=LATER)

    [signed] = sign("GM")
    assert evolve(reported(), signed).closing_time == T
    with refused("unknown_reference", field="signer"):
        sign("nobody")
    with refused("already_reported", "B-1-2"):
        sign("GM", fees={"agency": 1})


# Late listings


def attach(deal: Deal, listing: str = "lst_1", caller: str = "C", around: Surroundings = AROUND) -> list[DealEvent]:
    return decide.attach_listing(deal, by=by(caller), listing=listing, around=around, ground=ground(), at=LATER)


def test_attaching_says_whether_the_deal_stands_reported_for_which_terms_stop() -> None:
    only_signed = folded(Signed("C", structs.replace(TERMS, store="S2", listing=None), None, None, T))
    assert attach(only_signed) == [ListingAttached("C", "lst_1", LATER, reported=False)]
    assert attach(reported(listing=None)) == [ListingAttached("C", "lst_1", LATER, reported=True)]


def test_a_listing_that_was_there_when_the_deal_closed_is_not_attached_afterwards() -> None:
    in_time = structs.replace(AROUND, listing_entered_at=T - timedelta(seconds=1))
    with refused("listing_not_late", "B-1-4-2"):
        attach(reported(listing=None), around=in_time)
    at_that_instant = structs.replace(AROUND, listing_entered_at=T)
    assert attach(reported(listing=None), around=at_that_instant) == [ListingAttached("C", "lst_1", LATER, reported=True)]


def test_a_listing_is_attached_once_until_settlement() -> None:
    bare = reported(listing=None)
    [attached] = attach(bare)
    assert attached == ListingAttached("C", "lst_1", LATER)
    assert list(claims_of(bare, attached)) == [Claim("open_deal", "lst_1")]
    with_it = evolve(bare, attached)
    assert attach(with_it) == []
    with refused("listing_already_attached"):
        attach(with_it, "lst_2")
    with refused("already_settled"):
        attach(settled())


def test_an_area_manager_signs_a_late_listing_off_once_and_nothing_else() -> None:
    def sign_off(deal: Deal, caller: str = "AM", *, is_late: bool = True) -> list[DealEvent]:
        return decide.sign_off(deal, by=by(caller), is_late=is_late, reason="the owner came late", ground=ground(), at=LATER)

    [accepted] = sign_off(reported())
    assert isinstance(accepted, LateListingSignedOff)
    assert sign_off(evolve(reported(), accepted)) == []
    for caller in ("C", "M2", "AM2"):
        with refused("forbidden"):
            sign_off(reported(), caller)
    with refused("listing_not_late"):
        sign_off(reported(), is_late=False)
    with refused("no_listing"):
        sign_off(reported(listing=None))
    with refused("already_settled"):
        sign_off(settled())


# Settling


def settle(deal: Deal, caller: str = "M2", judged: Settlement | tuple[str, ...] | None = None) -> list[DealEvent]:
    closers = [PEOPLE[person] for person in deal.terms.closers]
    return decide.settle(deal, by=by(caller), closers=closers, judged=settlement() if judged is None else judged, at=LATER)


@clause("O-5")
@pytest.mark.parametrize("caller", ["M2", "AM", "GM"])
def test_the_closing_stores_manager_settles_or_who_is_above(caller: str) -> None:
    assert settle(reported(), caller) == [Settled(caller, settlement(), LATER)]


@clause("O-5")
@pytest.mark.parametrize("caller", ["C", "R", "M1", "AM2"])
def test_nobody_else_settles(caller: str) -> None:
    with refused("forbidden"):
        settle(reported(), caller)


@clause("O-5")
def test_it_is_settled_once_and_not_when_cancelled() -> None:
    with refused("already_settled"):
        settle(settled())
    with refused("cancelled"):
        settle(evolve(reported(), Cancelled("M2", "lst_1", "cli_1", "off", LATER)))


@clause("O-5")
def test_who_is_a_party_or_gets_a_line_does_not_settle() -> None:
    with refused("conflict_of_interest"):
        settle(reported(closers=("C", "M2")))
    with refused("conflict_of_interest"):
        settle(reported(), judged=settlement(Line("client", "M2", "10", 300_000, "S2")))


@clause("B-1-2")
def test_a_deal_that_was_only_signed_may_be_settled() -> None:
    assert settle(folded(Signed("C", structs.replace(TERMS, store="S2"), "K-1", "GM", T)))


def test_it_waits_for_evidence_once_and_is_settled_then_in_the_name_of_who_asked() -> None:
    [waits] = settle(reported(), judged=("listing",))
    assert waits == EvidenceAwaited("M2", ("listing",), LATER)
    waiting = evolve(reported(), waits)
    assert (waiting.state, settle(waiting, judged=("listing",))) == ("awaiting_evidence", [])
    assert decide.book(waiting, judged=("client",), at=LATER) == []
    assert decide.book(waiting, judged=settlement(), at=LATER) == [Settled("M2", settlement(), LATER)]
    assert decide.book(settled(), judged=settlement(), at=LATER) == []


# After closing


def lines(*amounts: tuple[str, int]) -> tuple[Adjustment, ...]:
    return tuple(Adjustment("closing", to, amount, "S2") for to, amount in amounts)


def adjudicate(deal: Deal, *amounts: tuple[str, int], caller: str = "GM", unknown: tuple[str, ...] = ()) -> list[DealEvent]:
    return decide.adjudicate(deal, by=by(caller), lines=lines(*amounts), reason="a special case", unknown=unknown, at=LATER)


@clause("A-1.N7")
def test_an_adjudication_adds_lines_that_sum_to_zero_and_edits_nothing() -> None:
    [added] = adjudicate(settled(), ("C", -100_000), ("R", 100_000))
    assert added == Adjudicated("GM", "general_manager", lines(("C", -100_000), ("R", 100_000)), "a special case", LATER)
    after = evolve(settled(), added)
    assert after.settlement == settled().settlement
    assert net(after) == {"R": 1_000_000, "C": 2_000_000}


@clause("A-1.N7")
@pytest.mark.parametrize("amounts", [[("C", -100_000), ("R", 99_999)], [("C", 1)], []])
def test_what_does_not_sum_to_zero_is_refused(amounts: list[tuple[str, int]]) -> None:
    with refused("adjudication_not_zero", "A-1.N7"):
        adjudicate(settled(), *amounts)


@clause("A-1.N7")
def test_the_general_manager_adjudicates_and_never_as_a_party() -> None:
    for caller in ("M2", "AM", "C"):
        with refused("forbidden"):
            adjudicate(settled(), ("C", -1), ("R", 1), caller=caller)
    with refused("conflict_of_interest"):
        adjudicate(settled(), ("C", -1), ("GM", 1))


def test_a_beneficiary_is_someone_known() -> None:
    with refused("unknown_reference", field="lines"):
        adjudicate(settled(), ("C", -1), ("nobody", 1), unknown=("nobody",))


def test_a_cancelled_deal_gives_nothing_and_once_settled_the_general_manager_cancels() -> None:
    def cancel(deal: Deal, caller: str) -> list[DealEvent]:
        return decide.cancel(deal, by=by(caller), reason="off", ground=ground(), at=LATER)

    assert cancel(reported(), "M2") == [Cancelled("M2", "lst_1", "cli_1", "off", LATER)]
    with refused("forbidden"):
        cancel(reported(), "C")
    with refused("forbidden"):
        cancel(settled(), "M2")
    off = evolve(settled(), cancel(settled(), "GM")[0])
    assert (off.state, net(off)) == ("cancelled", {})
    with refused("cancelled"):
        cancel(off, "GM")


def find(deal: Deal, pack: Pack, when: datetime = LATER) -> PrivateDealingFound:
    facts: dict[str, Any] = {"person": "C", "offender": PEOPLE["C"], "reason": "met the owner", "pack": pack, "ground": ground(pack)}
    [found] = decide.find_private_dealing(deal, by=by("M2"), at=when, **facts)
    assert isinstance(found, PrivateDealingFound)
    return found


@clause("A-R1")
def test_private_dealing_proposes_dismissal() -> None:
    found = find(reported(), A)
    assert found.violation is not None
    assert (found.violation.kind, found.violation.clause, found.violation.dismissal) == ("private_dealing", "A-R1", True)


@clause("B-1-4-3")
def test_under_b_it_also_proposes_forfeiture_of_the_months_pay() -> None:
    found = find(reported(), B)
    assert found.violation is not None
    assert (found.violation.clause, found.violation.dismissal, found.violation.forfeits_pay) == ("B-1-4-3", True, True)


def test_found_after_settlement_it_asks_for_rebooking() -> None:
    deal = settled()
    assert not evolve(reported(), find(reported(), A)).outdated
    found = evolve(deal, find(deal, A))
    assert decide.book(found, judged=settlement(), at=LATER) == [Rebooked("", "private_dealing", settlement(), LATER)]


@pytest.mark.parametrize("because", ["private_dealing", "ruling"])
def test_what_was_settled_is_never_edited_by_what_is_booked_anew(because: str) -> None:
    anew = settlement(Line("closing", "company", "100", 3_000_000, "company"))
    deal = evolve(settled(), Rebooked("", because, anew, LATER))
    assert (deal.settled, deal.settlement, net(deal)) == (settlement(), anew, {"company": 3_000_000})
