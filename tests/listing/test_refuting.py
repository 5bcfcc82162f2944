"""Follow-ups that a manager finds untrue count as not made; the lapse that follows is never earlier than the refutation."""

from collections.abc import Sequence

import pytest

from services.listing.events import Event, Refuted
from shared.tenure import Stand
from tests.listing.flat import Flat, at, entered, in_force, shown
from tests.packs import A, B, changed
from tests.refusing import refused

clause = pytest.mark.clause


def refutation(events: Sequence[Event]) -> Refuted:
    [event] = events
    assert isinstance(event, Refuted), "a refutation is one event"
    return event


@clause("A-2.7")
def test_without_the_last_follow_up_the_term_before_it_runs_again() -> None:
    flat = entered()
    untrue = flat.follow_up("2024-03-05 09:00")[0]
    assert flat.lapses()[0][0] == "2024-03-16 00:00:00"
    flat.refute("2024-03-06 09:00", "follow_up", untrue)
    assert flat.lapses()[0] == ("2024-03-12 00:00:00", "A-2.7", "team:G1")


@clause("A-2.7")
def test_if_that_term_has_ended_the_lapse_comes_with_the_refutation() -> None:
    flat = entered()
    untrue = flat.follow_up("2024-03-11 09:00")[0]
    flat.refute("2024-03-15 09:30", "follow_up", untrue)
    assert flat.holder("2024-03-15 09:29:59") == "R"
    assert flat.lapses()[0] == ("2024-03-15 09:30:00", "A-2.7", "team:G1")


@clause("A-2.7")
def test_a_term_that_ends_in_the_instant_of_the_refutation_has_ended() -> None:
    for when, lapse in (("2024-03-11 23:59:59", "2024-03-12 00:00:00"), ("2024-03-12 00:00:00", "2024-03-12 00:00:00")):
        flat = entered()
        untrue = flat.follow_up("2024-03-08 09:00")[0]
        flat.refute(when, "follow_up", untrue)
        assert flat.lapses()[0][0] == lapse


@clause("A-2.7", "A-2.15")
def test_the_accounts_term_begins_with_that_lapse() -> None:
    flat = entered()
    untrue = flat.follow_up("2024-03-11 09:00")[0]
    flat.refute("2024-03-15 09:30", "follow_up", untrue)
    assert flat.lapses()[1] == ("2024-03-26 00:00:00", "A-2.15", "company")


@clause("A-2.7")
def test_without_one_in_the_middle_a_gap_of_more_than_ten_days_is_a_lapse() -> None:
    flat = entered()
    untrue = flat.follow_up("2024-03-08 09:00")[0]
    flat.follow_up("2024-03-15 09:00")
    flat.refute("2024-03-16 09:00", "follow_up", untrue)
    assert flat.lapses()[0] == ("2024-03-16 09:00:00", "A-2.7", "team:G1")


@clause("A-2.7")
def test_without_one_in_the_middle_that_nothing_hangs_on_all_stays() -> None:
    flat = entered()
    untrue = flat.follow_up("2024-03-05 09:00")[0]
    flat.follow_up("2024-03-11 23:59:59")
    before = flat.lapses()
    assert before
    assert refutation(flat.refute("2024-03-13 09:00", "follow_up", untrue)).stands is None
    assert flat.lapses() == before


@clause("A-2.7")
def test_two_refuted_one_after_the_other_both_count_as_not_made() -> None:
    flat = entered()
    first, second = (flat.follow_up(f"2024-03-0{day} 09:00")[0] for day in (4, 8))
    flat.refute("2024-03-09 09:00", "follow_up", first)
    assert flat.lapses()[0][0] == "2024-03-19 00:00:00"
    flat.refute("2024-03-09 10:00", "follow_up", second)
    assert flat.lapses()[0][0] == "2024-03-12 00:00:00"


@clause("A-2.7")
def test_a_viewing_in_between_holds_the_term() -> None:
    flat = entered()
    flat.show("2024-03-04 09:00", "R")
    untrue = flat.follow_up("2024-03-08 09:00")[0]
    flat.refute("2024-03-09 09:00", "follow_up", untrue)
    assert flat.lapses()[0][0] == "2024-03-15 00:00:00"


@clause("A-2.7")
def test_after_the_lapse_it_changes_nothing_any_more() -> None:
    flat = entered()
    untrue = flat.follow_up("2024-03-05 09:00")[0]
    assert flat.lapses()[0][0] == "2024-03-16 00:00:00"
    assert refutation(flat.refute("2024-03-16 00:00", "follow_up", untrue)).stands is None
    assert flat.holder("2024-03-16 00:00") == "team:G1"


@clause("A-2.7")
def test_one_of_an_earlier_holding_changes_nothing() -> None:
    flat = entered()
    untrue = flat.follow_up("2024-03-05 09:00")[0]
    flat.reassign("2024-03-08 09:00", "H")
    assert refutation(flat.refute("2024-03-10 09:00", "follow_up", untrue)).stands is None
    assert flat.lapses()[0][0] == "2024-03-19 00:00:00"


def test_one_that_renewed_nothing_changes_nothing() -> None:
    flat = entered()
    of_another = flat.follow_up("2024-03-05 09:00", by="H")[0]
    assert refutation(flat.refute("2024-03-10 09:00", "follow_up", of_another)).stands is None


@clause("A-2.7")
def test_one_made_before_a_deal_that_fell_changes_nothing_for_terms_began_anew() -> None:
    flat = entered()
    untrue = flat.follow_up("2024-03-05 09:00")[0]
    flat.report("2024-03-06 09:00")
    flat.cancel("2024-03-07 09:00")
    flat.refute("2024-03-08 09:00", "follow_up", untrue)
    assert flat.lapses()[0][0] == "2024-03-18 00:00:00"


@clause("A-2.15")
def test_a_team_members_counts_as_not_made_for_the_account() -> None:
    flat = entered()
    flat.reassign("2024-03-02 10:00", "team:G1")
    untrue = flat.follow_up("2024-03-10 09:00", by="T")[0]
    assert flat.lapses()[0][0] == "2024-03-21 00:00:00"
    flat.refute("2024-03-11 09:00", "follow_up", untrue)
    assert flat.lapses() == [("2024-03-13 00:00:00", "A-2.15", "company")]


@clause("A-2.15", "A-2.7")
def test_for_an_account_that_it_lapsed_to_the_days_count_from_the_lapse() -> None:
    flat = entered()
    untrue = flat.follow_up("2024-03-20 09:00", by="T")[0]
    assert flat.lapses()[0][0] == "2024-03-31 00:00:00"
    flat.refute("2024-03-21 09:00", "follow_up", untrue)
    assert flat.lapses() == [("2024-03-23 00:00:00", "A-2.15", "company")]
    late = entered()
    untrue = late.follow_up("2024-03-20 09:00", by="T")[0]
    late.refute("2024-03-25 09:00", "follow_up", untrue)
    assert late.lapses() == [("2024-03-25 09:00:00", "A-2.15", "company")]


@clause("A-2.7")
def test_it_lapses_to_the_team_of_when_the_term_began() -> None:
    flat = entered()
    untrue = flat.follow_up("2024-03-11 09:00")[0]
    flat.move("R", "S2", "G2")
    flat.refute("2024-03-15 09:30", "follow_up", untrue, by="GM")
    assert flat.lapses()[0][2] == "team:G1"


@clause("A-2.7")
def test_the_term_that_runs_again_is_that_of_the_pack_then() -> None:
    flat = Flat(packs=in_force(("2000-01-01", A), ("2024-03-05", changed(A, "A-2.7", days=30))))
    flat.enter()
    untrue = flat.follow_up("2024-03-06 09:00")[0]
    assert flat.lapses()[0][0] == "2024-04-06 00:00:00"
    flat.refute("2024-03-07 09:00", "follow_up", untrue)
    assert flat.lapses()[0][0] == "2024-03-12 00:00:00"


@clause("A-2.7")
def test_a_pack_activated_since_keeps_its_say_over_what_begins_later() -> None:
    flat = entered()
    untrue = flat.follow_up("2024-03-05 09:00")[0]
    flat.activate("2024-03-06 09:00", B, "2024-03-11 00:00")
    assert flat.lapses() == [("2024-03-16 00:00:00", "A-2.7", "team:G1")]
    flat.refute("2024-03-07 09:00", "follow_up", untrue)
    assert flat.lapses() == [("2024-03-12 00:00:00", "A-2.7", "team:G1")]


def test_what_is_no_follow_up_or_was_refuted_before_is_unknown() -> None:
    flat = entered()
    untrue = flat.follow_up("2024-03-05 09:00")[0]
    flat.take_key("2024-03-05 10:00", "R")
    for meant in (None, 1, 3, 99):
        with refused("unknown_reference", field="follow_up"):
            flat.refute("2024-03-06 09:00", "follow_up", meant)
    flat.refute("2024-03-06 09:00", "follow_up", untrue)
    with refused("unknown_reference", field="follow_up"):
        flat.refute("2024-03-06 10:00", "follow_up", untrue)


@clause("A-2.16")
def test_without_the_one_that_said_so_the_owner_was_never_out_of_reach() -> None:
    flat = entered()
    untrue = flat.follow_up("2024-03-05 09:00", outcome="unreachable")[0]
    true = entered()
    true.follow_up("2024-03-05 09:00", outcome="unreachable")
    flat.refute("2024-03-06 09:00", "follow_up", untrue)
    assert [shown(each.show("2024-03-07 15:00", "X")).clause for each in (flat, true)] == [None, "A-2.16"]


@clause("A-2.16")
def test_without_the_one_that_said_the_owner_was_reached_what_came_before_counts_again() -> None:
    flat = entered()
    flat.follow_up("2024-03-05 09:00", outcome="unreachable")
    untrue = flat.follow_up("2024-03-06 09:00", by="T", outcome="reached")[0]
    flat.refute("2024-03-07 09:00", "follow_up", untrue)
    assert shown(flat.show("2024-03-07 15:00", "X")).clause == "A-2.16"


@clause("A-2.7")
def test_a_refutation_after_a_refutation_that_lapsed_counts_for_the_account() -> None:
    flat = entered()
    first = flat.follow_up("2024-03-08 09:00")[0]
    second = flat.follow_up("2024-03-17 09:00")[0]
    flat.refute("2024-03-20 09:00", "follow_up", second)
    assert flat.holder("2024-03-20 09:00") == "team:G1"
    assert refutation(flat.refute("2024-03-20 10:00", "follow_up", first)).stands is None
    assert flat.listing.stands[0] == Stand("R", at("2024-03-20 09:00"), "A-2.7")
