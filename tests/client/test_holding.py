"""In whose name a client stands: seven days, claims, reassignment, departures, deals, packs."""

import pytest

from services.client.events import Claimed, DealFell, DealStands, HolderLeft, Lapsed, Reassigned, Rescheduled
from shared.regulation import Activation
from shared.tenure import Stand
from tests.client.buyer import Buyer, at, entered
from tests.packs import A, B, changed, reading, without
from tests.refusing import refused

clause = pytest.mark.clause


def on_account(account: str, buyer: Buyer | None = None) -> Buyer:
    """E's client, put on an account by a manager on 2 March."""
    buyer = buyer or entered()
    buyer.reassign("2024-03-02 10:00", account, by="GM")
    return buyer


# Seven days


@clause("A-2.3")
def test_seven_days_run_from_entry_to_the_last_second_of_the_seventh() -> None:
    buyer = entered()
    assert buyer.holder("2024-03-08 23:59:59.999999") == "E"
    assert buyer.holder("2024-03-09 00:00:00") == "team:G2"


@clause("A-2.3")
def test_a_follow_up_in_the_last_second_renews_and_one_at_the_end_does_not() -> None:
    in_time, late = entered(), entered()
    in_time.follow_up("2024-03-08 23:59:59")
    assert in_time.goes_public() == ("2024-03-16 00:00:00", "A-2.3", "team:G2")
    late.follow_up("2024-03-09 00:00:00")
    assert late.holder("2024-03-09 00:00:00") == "team:G2"


@clause("A-2.3")
@pytest.mark.parametrize("by", ["F", "X", "M2"])
def test_others_follow_ups_and_viewings_renew_nothing(by: str) -> None:
    buyer = entered()
    buyer.follow_up("2024-03-07 09:00", by=by)
    buyer.view("2024-03-07 15:00", by=by)
    assert buyer.goes_public() == ("2024-03-09 00:00:00", "A-2.3", "team:G2")


@clause("A-2.3")
def test_a_viewing_by_the_holder_is_a_follow_up() -> None:
    buyer = entered()
    buyer.view("2024-03-07 15:00")
    assert buyer.goes_public() == ("2024-03-15 00:00:00", "A-2.3", "team:G2")


@clause("A-2.3", "R-client-7")
def test_they_roll_but_under_the_other_reading_where_only_the_first_seven_count() -> None:
    rolling, first_only = entered(), entered(reading(A, R_client_7="first_only"))
    for buyer in (rolling, first_only):
        assert buyer.goes_public() == ("2024-03-09 00:00:00", "A-2.3", "team:G2")
        buyer.follow_up("2024-03-05 09:00")
    assert rolling.goes_public() == ("2024-03-13 00:00:00", "A-2.3", "team:G2")
    assert first_only.goes_public() is None


@clause("A-2.3", "R-days")
def test_elapsed_days_are_counted_from_the_moment() -> None:
    buyer = entered(reading(A, R_days="elapsed"))
    assert buyer.holder("2024-03-08 09:00:00") == "E"
    assert buyer.holder("2024-03-08 09:00:00.000001") == "team:G2"


@clause("A-2.3")
def test_who_has_no_team_loses_them_to_the_company() -> None:
    buyer = Buyer()
    buyer.enter(by="W")
    assert buyer.goes_public() == ("2024-03-09 00:00:00", "A-2.3", "company")


@clause("A-2.3")
def test_the_account_is_of_the_team_when_the_term_began() -> None:
    buyer = entered()
    buyer.move("E", "S1", "G1")
    assert buyer.goes_public() == ("2024-03-09 00:00:00", "A-2.3", "team:G2")
    buyer.follow_up("2024-03-05 09:00")
    assert buyer.goes_public() == ("2024-03-13 00:00:00", "A-2.3", "team:G1")


@clause("A-2.3")
def test_on_a_teams_account_they_stay() -> None:
    assert entered().holder("2030-01-01 00:00") == "team:G2"
    assert on_account("team:G2").goes_public() is None


@clause("A-2.3")
def test_it_holds_under_b_too() -> None:
    assert entered(B).goes_public() == ("2024-03-09 00:00:00", "A-2.3", "team:G2")


@clause("A-2.3")
def test_a_lapse_is_announced_once() -> None:
    buyer = entered()
    assert buyer.announce("2024-03-08 23:59:59") == []
    assert buyer.announce("2024-03-09 00:00") == [Lapsed("E", "team:G2", "A-2.3", at("2024-03-09 00:00"), at("2024-03-09 00:00"))]
    assert buyer.announce("2024-03-09 00:01") == []


# Claims


@clause("A-2.3")
@pytest.mark.parametrize(("account", "by"), [("team:G2", "F"), ("team:G2", "E"), ("company", "X"), ("company", "M1"), ("company", "W")])
def test_a_public_client_is_claimed_from_ones_own_teams_account_or_the_companys(account: str, by: str) -> None:
    buyer = on_account(account)
    [claimed] = buyer.claim("2024-03-03 10:00", by)
    assert isinstance(claimed, Claimed)
    assert buyer.holder("2024-03-03 10:00") == by
    goes = buyer.goes_public()
    assert goes is not None
    assert goes[0] == "2024-03-11 00:00:00"


@clause("A-2.3")
@pytest.mark.parametrize(("account", "by"), [("team:G2", "X"), ("team:G2", "M2"), ("team:G2", "W"), ("F", "E"), ("F", "F")])
def test_from_another_teams_account_and_from_a_person_it_is_refused(account: str, by: str) -> None:
    with refused("not_claimable", "A-2.3", holder=account):
        on_account(account).claim("2024-03-03 10:00", by)


@clause("A-2.3")
def test_of_two_who_claim_the_second_finds_it_private() -> None:
    buyer = on_account("company")
    buyer.claim("2024-03-03 10:00", "X")
    with refused("not_claimable", "A-2.3", holder="X"):
        buyer.claim("2024-03-03 10:00", "F")


@clause("A-2.3")
def test_in_the_instant_of_the_lapse_it_is_public() -> None:
    buyer = entered()
    with refused("not_claimable"):
        buyer.claim("2024-03-08 23:59:59", "F")
    assert buyer.claim("2024-03-09 00:00:00", "F")


# Reassignment and departures


@clause("A-2.11")
def test_what_is_reassigned_goes_to_someone_in_post_or_an_account_and_not_to_who_has_it() -> None:
    buyer = entered()
    buyer.leave("2024-03-02 09:00", "F")
    for to in ("F", "nobody", "team:G7"):
        with refused("unknown_reference", "A-2.11", field="to"):
            buyer.reassign("2024-03-02 10:00", to)
    with refused("already_assigned", "A-2.11", holder="E"):
        buyer.reassign("2024-03-02 10:00", "E")


@clause("A-2.3")
def test_whom_they_are_given_to_has_seven_days() -> None:
    buyer = entered()
    [given] = buyer.reassign("2024-03-05 10:00", "X")
    assert isinstance(given, Reassigned)
    assert buyer.goes_public() == ("2024-03-13 00:00:00", "A-2.3", "team:G1")


@pytest.mark.parametrize("by", ["E", "F", "M1"])
def test_who_does_not_manage_the_holders_store_gives_nobody_away(by: str) -> None:
    with refused("forbidden"):
        entered().reassign("2024-03-05 10:00", "X", by=by)


@clause("A-2.3")
def test_no_term_runs_in_the_name_of_who_has_left() -> None:
    buyer = entered()
    assert buyer.goes_public()
    assert buyer.leave("2024-03-05 09:00", "E") == [HolderLeft("E", (Stand("E"),), at("2024-03-05 09:00"))]
    assert buyer.goes_public() is None
    assert buyer.leave("2024-03-05 09:00", "F") == []


# Deals


@clause("A-2.3")
def test_terms_stop_while_a_deal_stands_and_begin_anew_when_it_is_cancelled() -> None:
    buyer = entered()
    assert buyer.goes_public()
    assert buyer.report("2024-03-05 16:00") == [DealStands("dea_1", (Stand("E"),), at("2024-03-05 16:00"))]
    buyer.follow_up("2024-03-06 09:00")
    assert buyer.goes_public() is None
    [fell] = buyer.cancel("2024-04-01 09:00")
    assert isinstance(fell, DealFell)
    assert buyer.goes_public() == ("2024-04-09 00:00:00", "A-2.3", "team:G2")


@clause("A-2.3")
def test_with_a_second_deal_standing_they_go_on_standing_still() -> None:
    buyer = entered()
    buyer.report("2024-03-05 16:00", "dea_1")
    buyer.report("2024-03-06 16:00", "dea_2")
    buyer.cancel("2024-03-07 09:00", "dea_1")
    assert buyer.goes_public() is None
    buyer.cancel("2024-03-08 09:00", "dea_2")
    assert buyer.goes_public() == ("2024-03-16 00:00:00", "A-2.3", "team:G2")


def test_a_deal_is_told_once_and_cancelled_once() -> None:
    buyer = entered()
    assert buyer.report("2024-03-05 16:00")
    assert buyer.report("2024-03-05 16:00") == []
    assert buyer.cancel("2024-03-06 16:00")
    assert buyer.cancel("2024-03-06 16:00") == []


# Packs


@clause("A-2.3")
def test_a_later_pack_changes_no_running_term() -> None:
    days = changed(A, "A-2.3", days=3)
    packs = (Activation(A, at("2000-01-01 00:00")), Activation(days, at("2024-03-05 00:00")))
    buyer = Buyer(packs=packs)
    buyer.enter()
    assert buyer.goes_public() == ("2024-03-09 00:00:00", "A-2.3", "team:G2")
    buyer.follow_up("2024-03-05 00:00")
    assert buyer.goes_public() == ("2024-03-09 00:00:00", "A-2.3", "team:G2")
    buyer.follow_up("2024-03-06 00:00")
    assert buyer.goes_public() == ("2024-03-10 00:00:00", "A-2.3", "team:G2")


@clause("A-2.3")
def test_a_term_begins_with_the_pack_that_brings_it() -> None:
    buyer = entered(without(A, "A-2.3"))
    assert buyer.goes_public() is None
    assert isinstance(buyer.activate("2024-03-05 09:00", A, "2024-03-10 00:00")[0], Rescheduled)
    assert buyer.goes_public() == ("2024-03-18 00:00:00", "A-2.3", "team:G2")


def test_a_pack_begins_no_second_term_where_only_the_first_counts() -> None:
    buyer = entered(reading(A, R_client_7="first_only"))
    buyer.follow_up("2024-03-05 09:00")
    assert buyer.activate("2024-03-06 09:00", changed(A, "A-2.8", characters_min=3), "2024-03-10 00:00") == []
