"""In whose name a listing stands: the ten days, the accounts, claims, reassignment, departures, deals, packs."""

import pytest

from services.listing.events import DealFell, DealStands, HolderLeft, Lapsed, Marked, Reassigned, Rescheduled
from shared.tenure import Stand
from tests.listing.flat import ENTERED, Flat, at, entered, in_force, shown, violations, written
from tests.packs import A, B, changed, reading, without
from tests.refusing import refused

clause = pytest.mark.clause


def on_account(account: str, when: str = "2024-03-02 10:00", flat: Flat | None = None) -> Flat:
    """R's listing, put on an account by a manager."""
    flat = flat or entered()
    flat.reassign(when, account, by="GM")
    return flat


# The ten days


@clause("A-2.7")
def test_ten_days_run_from_entry_to_the_last_second_of_the_tenth() -> None:
    flat = entered()
    assert flat.holder("2024-03-11 23:59:59.999999") == "R"
    assert flat.holder("2024-03-12 00:00:00") == "team:G1"


@clause("A-2.7")
def test_a_follow_up_in_the_last_second_renews_and_one_at_the_end_does_not() -> None:
    in_time, late = entered(), entered()
    in_time.follow_up("2024-03-11 23:59:59")
    assert in_time.lapses()[0] == ("2024-03-22 00:00:00", "A-2.7", "team:G1")
    late.follow_up("2024-03-12 00:00:00")
    assert late.holder("2024-03-12 00:00:00") == "team:G1"


@clause("A-2.7")
@pytest.mark.parametrize("by", ["H", "X", "M1"])
def test_others_follow_ups_do_not_count(by: str) -> None:
    flat = entered()
    assert written(flat.follow_up("2024-03-09 09:00", by=by)).stands is None
    assert flat.holder("2024-03-12 00:00") == "team:G1"


@clause("A-2.7")
def test_a_viewing_by_the_holder_is_a_follow_up_and_by_another_is_none() -> None:
    flat = entered()
    assert shown(flat.show("2024-03-05 09:00", "R")).clause is None
    assert shown(flat.show("2024-03-09 09:00", "X")).stands is None
    assert flat.lapses()[0][0] == "2024-03-16 00:00:00"


@clause("A-2.7")
@pytest.mark.parametrize("mark", [{"about": "key"}, {"outcome": "unreachable"}, {"outcome": "reached"}])
def test_entries_about_a_key_or_the_owner_are_follow_ups(mark: dict[str, str]) -> None:
    flat = entered()
    flat.follow_up("2024-03-05 09:00", **mark)  # type: ignore[arg-type]
    assert flat.lapses()[0][0] == "2024-03-16 00:00:00"


@clause("A-2.7")
def test_a_key_a_survey_and_completing_are_none() -> None:
    flat = entered()
    flat.take_key("2024-03-09 09:00", "R")
    flat.survey("2024-03-09 10:00", "R")
    flat.complete("2024-03-09 11:00", decoration="fine")
    assert flat.holder("2024-03-12 00:00") == "team:G1"


@clause("A-2.7")
def test_the_recorder_has_the_term_again_on_becoming_holder_again() -> None:
    flat = entered()
    flat.reassign("2024-03-20 09:00", "R")
    assert flat.lapses()[0] == ("2024-03-31 00:00:00", "A-2.7", "team:G1")


@clause("A-2.7", "R-holder")
def test_a_holder_who_is_not_the_recorder_has_the_same_term_but_under_the_other_reading() -> None:
    for pack, lapses in ((A, ["2024-03-13 00:00:00"]), (reading(A, R_holder="none"), [])):
        flat = entered(pack)
        flat.reassign("2024-03-02 09:00", "H")
        assert [until for until, _, _ in flat.lapses()[:1]] == lapses


@clause("A-2.7", "R-days")
def test_elapsed_days_are_counted_from_the_moment_and_their_end_is_in_time() -> None:
    flat = entered(reading(A, R_days="elapsed"))
    assert flat.holder("2024-03-11 10:00:00") == "R"
    assert flat.holder("2024-03-11 10:00:00.000001") == "team:G1"


@clause("A-2.7")
def test_who_has_no_team_loses_it_to_the_company() -> None:
    flat = Flat()
    flat.enter(by="W")
    assert flat.lapses() == [("2024-03-12 00:00:00", "A-2.7", "company")]


@clause("A-2.7")
def test_the_account_is_of_the_team_in_which_the_holder_was_when_the_term_began() -> None:
    flat = entered()
    flat.move("R", "S2", "G2")
    assert flat.lapses()[0][2] == "team:G1"
    flat.follow_up("2024-03-05 09:00")
    assert flat.lapses()[0][2] == "team:G2"


@clause("A-2.7")
def test_a_lapse_is_announced_once_and_changes_nothing() -> None:
    flat = entered()
    assert flat.announce("2024-03-11 23:59:59") == []
    assert flat.announce("2024-03-12 00:00:01") == [Lapsed("R", "team:G1", "A-2.7", at("2024-03-12 00:00"), at("2024-03-12 00:00:01"))]
    assert flat.announce("2024-03-12 00:00:02") == []
    assert flat.holder("2024-03-12 00:00:02") == "team:G1"


@clause("A-2.7", "A-2.15")
def test_two_lapses_that_nobody_saw_are_announced_as_the_last() -> None:
    flat = entered()
    assert flat.announce("2024-05-01 09:00") == [Lapsed("R", "company", "A-2.15", at("2024-03-23 00:00"), at("2024-05-01 09:00"))]


# The accounts


@clause("A-2.7", "A-2.15")
def test_from_private_to_the_team_to_the_company() -> None:
    assert entered().lapses() == [("2024-03-12 00:00:00", "A-2.7", "team:G1"), ("2024-03-23 00:00:00", "A-2.15", "company")]


@clause("A-2.15")
def test_a_member_of_the_team_keeps_it_there_until_the_last_second_of_the_tenth_day() -> None:
    flat = on_account("team:G1")
    assert flat.lapses() == [("2024-03-13 00:00:00", "A-2.15", "company")]
    flat.follow_up("2024-03-12 23:59:59", by="T")
    assert flat.lapses() == [("2024-03-23 00:00:00", "A-2.15", "company")]
    flat.follow_up("2024-03-23 00:00:00", by="T")
    assert flat.holder("2024-03-23 00:00:00") == "company"


@clause("A-2.15")
@pytest.mark.parametrize("by", ["X", "Z", "M1"])
def test_who_is_not_of_the_team_does_not(by: str) -> None:
    flat = on_account("team:G1")
    assert written(flat.follow_up("2024-03-10 09:00", by=by)).stands is None
    assert flat.holder("2024-03-13 00:00") == "company"


@clause("A-2.15")
@pytest.mark.parametrize(("since", "until"), [("2012-06-20", "2012-07-26"), ("2012-07-15", "2012-07-26"), ("2012-07-16", "2012-07-27")])
def test_no_such_term_begins_before_the_fifteenth_of_july(since: str, until: str) -> None:
    flat = Flat()
    flat.enter(f"{since} 09:00")
    on_account("team:G1", f"{since} 10:00", flat)
    assert flat.lapses() == [(f"{until} 00:00:00", "A-2.15", "company")]


def test_what_stands_on_the_companys_account_stays_there() -> None:
    flat = on_account("company")
    flat.follow_up("2024-03-05 09:00")
    assert flat.lapses() == []
    assert flat.holder("2030-01-01 00:00") == "company"


# Canned follow-ups

ALIKE = "spokewiththeownertenantleavesatmonthend"


@clause("A-2.15")
def test_a_canned_follow_up_does_not_count_for_the_teams_account_and_costs_five_yuan() -> None:
    flat = on_account("team:G1")
    events = flat.follow_up("2024-03-10 09:00", by="T", alike=[("lst_2@3", ALIKE)])
    assert written(events).stands is None
    [found] = violations(events)
    assert (found.kind, found.clause, found.person, found.fine_fen, found.dismissal) == ("canned_follow_up", "A-2.15", "T", 500, False)
    assert found.evidence == ("lst_2@3", "100%")
    assert flat.holder("2024-03-13 00:00") == "company"


@clause("A-2.15")
def test_each_one_costs_though_it_costs_no_dismissal() -> None:
    flat = on_account("team:G1")
    for day in (4, 5, 6):
        assert [v.fine_fen for v in violations(flat.follow_up(f"2024-03-0{day} 09:00", by="T", alike=[("lst_2@3", ALIKE)]))] == [500]


@clause("A-2.15", "A-2.7")
def test_on_a_members_own_listing_it_is_a_violation_and_counts_for_their_term() -> None:
    flat = entered()
    events = flat.follow_up("2024-03-05 09:00", alike=[("lst_2@3", ALIKE)])
    assert [v.person for v in violations(events)] == ["R"]
    assert flat.lapses()[0][0] == "2024-03-16 00:00:00"


@clause("A-2.15")
def test_nearly_the_same_is_canned_and_less_alike_is_not() -> None:
    flat = on_account("team:G1")
    nearly = flat.follow_up("2024-03-05 09:00", by="T", alike=[("lst_2@3", ALIKE.replace("month", "mouth"))])
    other = flat.follow_up("2024-03-05 10:00", by="T", alike=[("lst_2@3", "thepriceisfirmandtheownershowsonweekends")])
    assert ([len(violations(nearly)), len(violations(other))], written(other).stands is None) == ([1, 0], False)


@clause("A-2.15")
def test_the_threshold_is_the_packs() -> None:
    text, twin = "aaaaaaaaab", [("lst_2@3", "aaaaaaaaac")]
    for percent, found in ((90, 1), (91, 0)):
        flat = on_account("team:G1", flat=entered(changed(A, "A-2.15", alike_percent=percent)))
        assert len(violations(flat.follow_up("2024-03-05 09:00", by="T", text=text, alike=twin))) == found


def test_on_anothers_teams_listing_nothing_is_canned() -> None:
    flat = entered()
    events = flat.follow_up("2024-03-05 09:00", by="X", alike=[("lst_2@3", ALIKE)])
    assert (violations(events), written(events).team) == ([], None)


def test_a_follow_up_names_the_team_whose_listing_it_is() -> None:
    assert written(entered().follow_up("2024-03-05 09:00", by="T")).team == "G1"
    assert written(on_account("team:G1").follow_up("2024-03-05 09:00", by="T")).team == "G1"
    assert written(on_account("company").follow_up("2024-03-05 09:00", by="T")).team is None


# Claims


@clause("A-2.7")
def test_a_viewing_that_is_heard_of_after_a_later_follow_up_shortens_nothing() -> None:
    flat = entered()
    flat.follow_up("2024-03-06 09:00")
    assert shown(flat.show("2024-03-05 15:00", "R")).stands is None
    assert flat.lapses()[0][0] == "2024-03-17 00:00:00"


@clause("A-2.12")
@pytest.mark.parametrize(("account", "by"), [("team:G1", "H"), ("team:G1", "R"), ("company", "X"), ("company", "M1"), ("company", "W")])
def test_a_viewing_claims_from_ones_own_teams_account_and_from_the_companys(account: str, by: str) -> None:
    flat = on_account(account)
    claim = shown(flat.show("2024-03-03 15:00", by))
    assert (claim.clause, claim.stands and claim.stands[0].holder) == ("A-2.12", by)
    assert flat.holder("2024-03-03 15:00") == by


@clause("A-2.12", "A-2.7")
def test_the_claimer_has_a_term_of_their_own() -> None:
    flat = on_account("company")
    flat.show("2024-03-03 15:00", "X")
    assert flat.lapses()[0] == ("2024-03-14 00:00:00", "A-2.7", "team:G2")


@pytest.mark.parametrize(("account", "by"), [("team:G1", "X"), ("team:G1", "Z"), ("team:G1", "M1"), ("team:G1", "W"), ("H", "X")])
def test_from_another_teams_account_and_from_a_person_nobody_claims(account: str, by: str) -> None:
    flat = on_account(account)
    assert shown(flat.show("2024-03-03 15:00", by)).clause is None
    assert flat.holder("2024-03-03 15:00") == account


def test_a_manager_who_has_a_team_still_claims_from_the_companys_account_only() -> None:
    flat = on_account("team:G1", flat=entered())
    flat.move("M1", "S1", "G1")
    assert shown(flat.show("2024-03-03 15:00", "M1")).clause is None


@clause("A-2.12")
def test_of_two_who_show_it_the_first_recorded_has_it() -> None:
    flat = on_account("company")
    assert [shown(flat.show("2024-03-03 15:00", by)).clause for by in ("X", "H")] == ["A-2.12", None]
    assert flat.holder("2024-03-03 15:00") == "X"


def test_a_viewing_by_someone_who_has_left_since_claims_nothing() -> None:
    flat = on_account("company")
    flat.leave("2024-03-03 15:00", "X")
    assert shown(flat.show("2024-03-03 15:00", "X")).clause is None


@clause("A-2.12")
def test_who_showed_it_while_in_post_has_claimed_it_though_they_have_left_when_it_is_heard_of() -> None:
    flat = on_account("team:G2")
    then = flat.people["X"]
    flat.leave("2024-03-03 15:00", "X")
    claim = shown(flat.show("2024-03-03 14:00", "X", then))
    assert (claim.clause, claim.stands) == ("A-2.12", (Stand("X"),))


def test_under_b_nothing_is_claimed() -> None:
    flat = on_account("company", flat=entered(B))
    assert shown(flat.show("2024-03-03 15:00", "X")).clause is None
    flat.mark("2024-03-03 16:00", "sold")
    flat.mark("2024-03-03 17:00", "valid", by="X")
    assert flat.holder("2024-03-03 17:00") == "company"


@clause("A-2.12")
@pytest.mark.parametrize("status", ["invalid", "rented", "sold"])
def test_turning_it_valid_again_claims_it_for_anyone_but_the_holder(status: str) -> None:
    flat = entered()
    flat.mark("2024-03-02 09:00", status)
    [marked] = flat.mark("2024-03-02 10:00", "valid", by="X")
    assert isinstance(marked, Marked)
    assert (marked.clause, flat.holder("2024-03-02 10:00")) == ("A-2.12", "X")


def test_the_holder_who_turns_it_valid_wins_nothing_by_it() -> None:
    flat = entered()
    before = flat.lapses()
    flat.mark("2024-03-02 09:00", "sold")
    assert flat.mark("2024-03-02 10:00", "valid") == [Marked("R", "valid", None, None, at("2024-03-02 10:00"))]
    assert flat.lapses() == before


def test_marking_it_as_what_it_is_is_silence() -> None:
    assert entered().mark("2024-03-02 09:00", "valid", by="X") == []


@pytest.mark.parametrize("status", ["invalid", "rented", "sold"])
def test_marking_it_otherwise_moves_nothing(status: str) -> None:
    flat = entered()
    flat.mark("2024-03-02 09:00", status, by="X")
    assert (flat.listing.status, flat.holder("2024-03-02 09:00")) == (status, "R")


# Owners who cannot be reached


@clause("A-2.16")
@pytest.mark.parametrize("account", ["R", "team:G1", "company", "team:G9"])
def test_who_shows_it_within_fifteen_days_holds_it_wherever_it_stood(account: str) -> None:
    flat = entered() if account == "R" else on_account(account)
    flat.follow_up("2024-03-05 09:00", outcome="unreachable")
    assert shown(flat.show("2024-03-07 15:00", "X")).clause == "A-2.16"
    assert flat.holder("2024-03-07 15:00") == "X"


@clause("A-2.16")
def test_the_fifteenth_day_counts_to_its_last_second() -> None:
    for when, clause_of_move in (("2024-03-20 23:59:59", "A-2.16"), ("2024-03-21 00:00:00", None)):
        flat = entered(without(A, "A-2.7"))
        flat.follow_up("2024-03-05 09:00", outcome="unreachable")
        assert shown(flat.show(when, "X")).clause == clause_of_move


@clause("A-2.16")
def test_the_days_run_from_each_such_follow_up() -> None:
    flat = entered(without(A, "A-2.7"))
    flat.follow_up("2024-03-05 09:00", outcome="unreachable")
    flat.follow_up("2024-03-10 09:00", outcome="unreachable", by="T")
    assert shown(flat.show("2024-03-25 23:59:59", "X")).clause == "A-2.16"


@clause("A-2.16")
def test_the_new_holder_is_not_its_writer_but_may_be_anothers() -> None:
    flat = entered()
    flat.follow_up("2024-03-05 09:00", outcome="unreachable", by="X")
    assert shown(flat.show("2024-03-06 15:00", "X")).clause is None
    flat.follow_up("2024-03-07 09:00", outcome="unreachable", by="X")
    flat.follow_up("2024-03-07 10:00", outcome="unreachable", by="T")
    assert shown(flat.show("2024-03-08 15:00", "X")).clause == "A-2.16"


def test_the_holder_who_shows_it_only_renews() -> None:
    flat = entered()
    flat.follow_up("2024-03-05 09:00", outcome="unreachable", by="T")
    assert shown(flat.show("2024-03-06 15:00", "R")).clause is None


@clause("A-2.16")
def test_once_someone_reached_the_owner_or_showed_it_the_next_one_wins_nothing() -> None:
    reached, before, other = entered(), entered(), entered()
    for flat in (reached, before, other):
        flat.follow_up("2024-03-05 09:00", outcome="unreachable")
    reached.follow_up("2024-03-06 09:00", by="T", outcome="reached")
    before.show("2024-03-06 09:00", "R")
    other.follow_up("2024-03-06 09:00", by="T")
    assert [shown(flat.show("2024-03-07 15:00", "X")).clause for flat in (reached, before, other)] == [None, None, "A-2.16"]


@clause("A-2.16")
def test_a_follow_up_that_says_so_after_the_owner_was_reached_counts_again() -> None:
    flat = entered()
    for day, outcome in ((5, "unreachable"), (6, "reached"), (7, "unreachable")):
        flat.follow_up(f"2024-03-0{day} 09:00", outcome=outcome)
    assert shown(flat.show("2024-03-08 15:00", "X")).clause == "A-2.16"


@clause("A-2.16")
def test_the_days_are_those_of_the_pack_when_it_was_said() -> None:
    packs = in_force(("2000-01-01", A), ("2024-03-06", changed(A, "A-2.16", days=1)))
    flat = Flat(packs=packs)
    flat.enter()
    flat.follow_up("2024-03-05 09:00", outcome="unreachable")
    assert shown(flat.show("2024-03-09 15:00", "X")).clause == "A-2.16"


# Reassignment and departures


@clause("A-2.11")
def test_what_is_reassigned_goes_to_someone_in_post_or_an_account_and_not_to_who_has_it() -> None:
    flat = entered()
    flat.leave("2024-03-02 09:00", "T")
    with refused("unknown_reference", "A-2.11", field="to"):
        flat.reassign("2024-03-02 10:00", "T")
    with refused("unknown_reference", "A-2.11"):
        flat.reassign("2024-03-02 10:00", "team:G7")
    with refused("already_assigned", "A-2.11", holder="R"):
        flat.reassign("2024-03-02 10:00", "R")


@clause("A-2.11")
def test_after_a_lapse_it_is_the_account_that_has_it() -> None:
    flat = on_account("team:G1")
    with refused("already_assigned", "A-2.11", holder="team:G1"):
        flat.reassign("2024-03-03 10:00", "team:G1")


@clause("A-2.7")
def test_whom_it_is_given_to_has_a_term_anew() -> None:
    flat = entered()
    [given] = flat.reassign("2024-03-08 10:00", "X")
    assert isinstance(given, Reassigned)
    assert flat.lapses()[0] == ("2024-03-19 00:00:00", "A-2.7", "team:G2")


@pytest.mark.parametrize("by", ["M1", "AM", "GM"])
def test_the_manager_of_the_holders_or_recorders_store_gives_it(by: str) -> None:
    assert entered().reassign("2024-03-02 10:00", "H", by=by)


@pytest.mark.parametrize("by", ["R", "M2", "AM2"])
def test_nobody_else_does(by: str) -> None:
    with refused("forbidden"):
        entered().reassign("2024-03-02 10:00", "H", by=by)


@clause("A-2.7")
def test_no_term_runs_in_the_name_of_who_has_left_until_it_is_given_on() -> None:
    flat = entered()
    assert flat.lapses()
    assert flat.leave("2024-03-05 09:00", "R") == [HolderLeft("R", (Stand("R"),), at("2024-03-05 09:00"))]
    assert flat.holder("2025-01-01 00:00") == "R"
    flat.reassign("2024-06-01 09:00", "H")
    assert flat.lapses()[0][0] == "2024-06-12 00:00:00"


@clause("A-2.7")
def test_who_leaves_after_the_lapse_leaves_nothing_behind() -> None:
    assert entered().leave("2024-03-12 00:00", "R") == []


def test_who_holds_nothing_leaves_nothing_behind() -> None:
    assert entered().leave("2024-03-05 09:00", "H") == []


# Deals


@clause("A-2.7")
def test_terms_stop_while_a_deal_stands_and_begin_anew_when_it_is_cancelled() -> None:
    flat = entered()
    assert flat.report("2024-03-08 16:00") == [DealStands("dea_1", (Stand("R"),), at("2024-03-08 16:00"))]
    assert flat.holder("2024-06-01 00:00") == "R"
    [fell] = flat.cancel("2024-04-01 09:00")
    assert isinstance(fell, DealFell)
    assert flat.lapses()[0] == ("2024-04-12 00:00:00", "A-2.7", "team:G1")


@clause("A-2.7")
def test_who_holds_when_it_is_reported_goes_on_holding() -> None:
    flat = entered()
    flat.report("2024-03-12 00:00")
    assert flat.holder("2024-06-01 00:00") == "team:G1"


@clause("A-2.7")
def test_a_follow_up_meanwhile_begins_no_term() -> None:
    flat = entered()
    assert flat.lapses()
    flat.report("2024-03-08 16:00")
    assert written(flat.follow_up("2024-03-09 09:00")).stands is None
    assert flat.lapses() == []


@clause("A-2.7")
def test_with_a_second_deal_standing_they_go_on_standing_still() -> None:
    flat = entered()
    flat.report("2024-03-08 16:00", "dea_1")
    flat.report("2024-03-09 16:00", "dea_2")
    flat.cancel("2024-03-10 09:00", "dea_1")
    assert flat.lapses() == []
    flat.cancel("2024-03-11 09:00", "dea_2")
    assert flat.lapses()[0][0] == "2024-03-22 00:00:00"


@clause("A-2.15")
def test_an_account_whose_team_is_gone_has_its_term_all_the_same() -> None:
    flat = on_account("team:G1")
    flat.report("2024-03-08 16:00")
    del flat.people["team:G1"]
    flat.cancel("2024-03-09 16:00")
    assert flat.lapses() == [("2024-03-20 00:00:00", "A-2.15", "company")]


def test_a_deal_is_told_once_and_cancelled_once() -> None:
    flat = entered()
    assert flat.report("2024-03-08 16:00")
    assert flat.report("2024-03-08 16:00") == []
    assert flat.cancel("2024-03-09 16:00")
    assert flat.cancel("2024-03-09 16:00") == []


@clause("A-2.7")
def test_once_turned_valid_again_it_lives_anew() -> None:
    flat = entered()
    flat.report("2024-03-08 16:00")
    flat.mark("2024-03-09 10:00", "sold")
    flat.mark("2026-05-01 09:00", "valid")
    assert flat.lapses()[0] == ("2026-05-12 00:00:00", "A-2.7", "team:G1")


# Packs


@clause("A-2.7")
def test_a_later_pack_changes_no_running_term_and_counts_for_the_next() -> None:
    flat = Flat(packs=in_force(("2000-01-01", A), ("2024-03-05", changed(A, "A-2.7", days=3))))
    flat.enter()
    assert flat.lapses()[0][0] == "2024-03-12 00:00:00"
    flat.follow_up("2024-03-06 09:00")
    assert flat.lapses()[0][0] == "2024-03-10 00:00:00"


@clause("A-2.7")
def test_a_term_begins_with_the_pack_that_brings_it() -> None:
    flat = Flat(packs=in_force(("2000-01-01", B), ("2024-03-10", A)))
    flat.enter()
    assert flat.lapses()[0] == ("2024-03-21 00:00:00", "A-2.7", "team:G1")


@clause("A-2.7")
def test_a_pack_that_brings_it_may_be_activated_later() -> None:
    flat = entered(B)
    assert flat.lapses() == []
    assert isinstance(flat.activate("2024-03-05 09:00", A, "2024-03-10 00:00")[0], Rescheduled)
    assert flat.lapses()[0] == ("2024-03-21 00:00:00", "A-2.7", "team:G1")


@clause("A-2.7", "A-2.15")
def test_the_accounts_term_is_of_the_pack_in_force_when_it_begins() -> None:
    packs = in_force(("2000-01-01", A), ("2024-03-12", B, "S1"))
    known, later = Flat(packs=packs), entered()
    known.enter()
    assert known.lapses() == [("2024-03-12 00:00:00", "A-2.7", "team:G1")]
    assert later.lapses()[1:] == [("2024-03-23 00:00:00", "A-2.15", "company")]
    later.activate("2024-03-05 09:00", B, "2024-03-12 00:00", "S1")
    assert later.lapses() == known.lapses()


def test_an_activation_that_comes_to_nothing_here_is_silence() -> None:
    assert entered().activate("2024-03-05 09:00", changed(A, "A-2.7", days=3), "2024-03-10 00:00") == []
    assert entered().activate("2024-03-05 09:00", B, "2024-03-10 00:00", "S9") == []


def test_while_a_deal_stands_a_pack_begins_no_term() -> None:
    flat = entered(B)
    flat.report("2024-03-03 09:00")
    assert flat.activate("2024-03-05 09:00", A, "2024-03-10 00:00") == []


@clause("A-2.7")
def test_a_store_has_its_own_pack_before_the_companys() -> None:
    flat = Flat(packs=in_force(("2000-01-01", B), ("2000-01-01", A, "S1")))
    flat.enter()
    assert flat.lapses()
    flat.reassign("2024-03-02 10:00", "X", by="GM")
    assert flat.lapses() == []


def test_without_a_pack_nothing_is_entered() -> None:
    with refused("no_pack"):
        Flat(packs=in_force(("2024-03-02", A))).enter(ENTERED)


# Keys


def test_several_hold_keys_who_took_last_stands_last_and_one_gives_back_ones_own() -> None:
    flat = entered()
    for by in ("H", "X", "H"):
        flat.take_key("2024-03-02 09:00", by)
    assert list(flat.listing.keys) == ["X", "H"]
    flat.return_key("2024-03-03 09:00", "H")
    assert list(flat.listing.keys) == ["X"]
    with refused("key_not_held"):
        flat.return_key("2024-03-03 10:00", "H")
