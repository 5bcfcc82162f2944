"""Concealment: five places, seven days without a viewing, an end when the listing changes hands."""

import pytest

from services.listing.events import Concealed, ConcealmentEnded, ConcealmentRenewed, Revealed
from shared.eventlog import Claim
from tests.listing.flat import Flat, at, entered
from tests.packs import A, changed, reading, without
from tests.refusing import refused

clause = pytest.mark.clause

DAY_TWO = "2024-03-02 10:00"


def concealed(flat: Flat | None = None) -> Flat:
    """Concealed by R on 2 March at ten, in the first place."""
    flat = flat or entered(without(A, "A-2.7"))
    flat.conceal(DAY_TWO)
    return flat


@clause("A-2.9")
def test_five_at_a_time_and_a_sixth_is_refused() -> None:
    assert isinstance(entered().conceal(DAY_TWO, taken={1, 2, 3, 4})[0], Concealed)
    with refused("concealment_limit", "A-2.9", at_most=5):
        entered().conceal(DAY_TWO, taken={1, 2, 3, 4, 5})


@clause("A-2.9")
def test_how_many_stands_in_the_pack() -> None:
    with refused("concealment_limit", at_most=1):
        entered(changed(A, "A-2.9", at_most=1)).conceal(DAY_TWO, taken={1})


def test_it_takes_the_first_free_of_its_concealers_places_alone() -> None:
    flat = entered()
    flat.conceal(DAY_TWO, taken={1, 3})
    assert flat.claims[-1] == Claim("concealment", "R/2")


@clause("A-2.9")
def test_it_lasts_to_the_last_second_of_the_seventh_day() -> None:
    flat = concealed()
    assert flat.concealed("2024-03-09 23:59:59")
    assert not flat.concealed("2024-03-10 00:00:00")


@clause("A-2.9", "R-days")
def test_elapsed_days_end_at_the_hour() -> None:
    flat = concealed(entered(reading(A, R_days="elapsed")))
    assert flat.concealed("2024-03-09 10:00:00")
    assert not flat.concealed("2024-03-09 10:00:00.000001")


@clause("A-2.9")
@pytest.mark.parametrize("by", ["R", "X"])
def test_a_viewing_by_anyone_gives_it_seven_days_more(by: str) -> None:
    flat = concealed()
    assert ConcealmentRenewed(at("2024-03-13 00:00"), at("2024-03-05 15:00")) in flat.show("2024-03-05 15:00", by)
    assert flat.concealed("2024-03-12 23:59:59")
    assert not flat.concealed("2024-03-13 00:00:00")


@clause("A-2.9")
def test_a_viewing_after_its_end_revives_nothing() -> None:
    flat = concealed()
    flat.show("2024-03-10 00:00:00", "R")
    assert not flat.concealed("2024-03-10 00:00:00")


@clause("A-2.9")
def test_what_came_before_its_end_renews_it_though_it_is_heard_of_only_when_that_was_said() -> None:
    viewed, sold, crowded = concealed(), concealed(), concealed()
    for flat in (viewed, sold, crowded):
        flat.end_concealment("2024-03-10 00:00:00")
    assert viewed.show("2024-03-09 23:59:59", "H", place=3)[1:] == [Concealed("R", 3, at("2024-03-17 00:00"), at("2024-03-09 23:59:59"))]
    assert viewed.concealed("2024-03-16 23:59:59")
    assert sold.report("2024-03-09 23:59:59", place=1)[1:] == [Concealed("R", 1, None, at("2024-03-09 23:59:59"))]
    assert len(crowded.show("2024-03-09 23:59:59", "H", place=None)) == 1, "their five places are taken by others since"


@clause("A-2.9")
@pytest.mark.parametrize("when", ["2024-03-10 00:00:00", "2024-03-10 00:00:01"])
def test_what_came_at_its_end_or_after_does_not_nor_for_a_new_holder(when: str) -> None:
    flat = concealed()
    flat.end_concealment("2024-03-10 00:00:00")
    assert len(flat.show(when, "H", place=1)) == 1
    flat.reassign("2024-03-10 00:00:02", "H")
    assert len(flat.show("2024-03-09 23:59:59", "X", place=1)) == 1


def test_a_follow_up_does_not_renew_it() -> None:
    flat = concealed()
    until = flat.listing.concealed_until
    flat.follow_up("2024-03-05 09:00")
    assert flat.listing.concealed_until == until


@clause("A-2.9")
def test_its_end_is_said_once_and_gives_the_place_back() -> None:
    flat = concealed()
    assert flat.end_concealment("2024-03-09 23:59:59") == []
    assert flat.end_concealment("2024-03-10 00:00:00") == [ConcealmentEnded(at("2024-03-10 00:00"), at("2024-03-10 00:00"))]
    assert flat.claims[-1] == Claim("concealment", "R/1", release=True)
    assert flat.end_concealment("2024-03-10 00:00:01") == []


def test_revealing_gives_the_place_back_and_revealing_again_is_silence() -> None:
    flat = concealed()
    assert flat.reveal("2024-03-03 10:00") == [Revealed("R", at("2024-03-03 10:00"))]
    assert flat.claims[-1] == Claim("concealment", "R/1", release=True)
    assert flat.reveal("2024-03-03 11:00") == []
    assert not flat.concealed("2024-03-03 11:00")


def test_concealing_twice_is_once() -> None:
    assert concealed().conceal("2024-03-03 10:00", taken={1}) == []


@clause("A-2.9")
def test_after_its_end_it_is_concealed_anew() -> None:
    flat = concealed()
    assert isinstance(flat.conceal("2024-03-10 00:00", taken={2})[0], Concealed)
    assert flat.concealed("2024-03-17 23:59:59")


def test_concealing_is_the_holders_the_recorders_and_of_those_above() -> None:
    for by in ("R", "X", "M1", "M2", "GM"):
        flat = entered()
        flat.reassign(DAY_TWO, "X")
        assert flat.conceal("2024-03-03 10:00", by=by)
    for by in ("H", "AM2"):
        with refused("forbidden"):
            entered().conceal(DAY_TWO, by=by)


# Changes of hands


@pytest.mark.parametrize("change", ["reassign", "lapse", "leave"])
def test_what_changes_hands_or_whose_concealer_leaves_is_revealed(change: str) -> None:
    flat = concealed()
    if change == "reassign":
        flat.reassign("2024-03-03 10:00", "H")
    elif change == "leave":
        flat.leave("2024-03-03 10:00", "R")
    else:
        flat.reassign("2024-03-03 10:00", "company", by="GM")
    assert not flat.concealed("2024-03-03 10:00")
    assert flat.claims[-1] == Claim("concealment", "R/1", release=True)


@clause("A-2.16")
def test_who_takes_it_by_a_viewing_finds_it_revealed() -> None:
    flat = concealed()
    flat.follow_up("2024-03-03 09:00", outcome="unreachable")
    flat.show("2024-03-04 15:00", "X")
    assert not flat.concealed("2024-03-04 15:00")


@clause("A-2.7")
def test_a_lapse_ends_it_and_who_claims_it_back_finds_it_revealed() -> None:
    flat = entered(changed(A, "A-2.9", days=60))
    flat.conceal(DAY_TWO)
    assert flat.concealed("2024-03-11 23:59:59")
    assert not flat.concealed("2024-03-12 00:00:00")
    flat.reassign("2024-03-12 09:00", "R")
    assert not flat.concealed("2024-03-12 09:00")
    assert flat.claims[-1] == Claim("concealment", "R/1", release=True)


def test_when_the_recorder_who_concealed_anothers_leaves_it_is_revealed() -> None:
    flat = entered()
    flat.reassign(DAY_TWO, "H")
    flat.conceal("2024-03-03 10:00", by="R")
    assert flat.leave("2024-03-04 09:00", "R") == [Revealed("R", at("2024-03-04 09:00"))]
    assert not flat.concealed("2024-03-04 09:00")


def test_when_another_leaves_it_stays_concealed() -> None:
    flat = concealed()
    assert flat.leave("2024-03-04 09:00", "H") == []
    assert flat.concealed("2024-03-04 09:00")


# Deals


@clause("A-2.9")
def test_its_term_stands_still_while_a_deal_does_and_begins_anew_after_it() -> None:
    flat = concealed()
    assert flat.listing.concealed_until is not None
    flat.report("2024-03-05 16:00")
    assert flat.concealed("2024-05-01 00:00")
    flat.show("2024-05-01 09:00", "X")
    assert flat.listing.concealed_until is None
    flat.cancel("2024-05-02 09:00")
    assert flat.concealed("2024-05-09 23:59:59")
    assert not flat.concealed("2024-05-10 00:00:00")
