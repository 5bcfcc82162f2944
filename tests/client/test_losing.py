"""A client is given up by a loss report that the manager accepts, and in no other way."""

from datetime import date
from typing import Any

import pytest

from services.client.events import Loss, LossAccepted, LossReported, LossReturned, Reopened
from shared.tenure import Stand
from tests.client.buyer import Buyer, at, entered
from tests.refusing import refused

clause = pytest.mark.clause
LOST: dict[str, Any] = {"on": date(2024, 3, 4), "reason": "Bought from the developer", "chosen": "A new flat by the lake"}


def reported(**facts: Any) -> Buyer:
    """E's client of level A, reported lost by E on 4 March."""
    buyer = entered(level="A", **facts)
    buyer.does("report_loss", "2024-03-04 10:00", **LOST)
    return buyer


@clause("K-4")
def test_a_loss_is_reported_with_its_day_its_reason_and_what_was_chosen() -> None:
    buyer = entered(level="A")
    [event] = buyer.does("report_loss", "2024-03-04 10:00", **LOST)
    assert event == LossReported("E", Loss(date(2024, 3, 4), "Bought from the developer", "A new flat by the lake"), at("2024-03-04 10:00"))


@clause("K-4")
@pytest.mark.parametrize("field", ["on", "reason", "chosen"])
def test_what_is_missing_is_named(field: str) -> None:
    with refused("loss_report_incomplete", "K-4", missing=(field,)):
        entered().does("report_loss", "2024-03-04 10:00", **{**LOST, field: None})


@clause("K-4")
def test_a_loss_of_today_is_one_and_a_loss_of_tomorrow_is_not() -> None:
    with refused("date_is_to_come", "K-4", day=date(2024, 3, 4)):
        entered().does("report_loss", "2024-03-03 23:59:59", **LOST)
    assert entered().does("report_loss", "2024-03-04 00:00", **LOST)


@clause("K-4")
@pytest.mark.parametrize("field", ["reason", "chosen"])
def test_no_phone_stands_in_a_report(field: str) -> None:
    with refused("contact_in_text", field=field):
        entered().does("report_loss", "2024-03-04 10:00", **{**LOST, field: "The other agent is 13800138000"})


@clause("K-4", "K-3", "A-2.3")
def test_a_report_alone_changes_nothing() -> None:
    buyer = reported()
    assert buyer.goes_public() == ("2024-03-09 00:00:00", "A-2.3", "team:G2")
    assert buyer.client.file.next_due == at("2024-03-09 00:00")
    assert buyer.client.file.closed is None


@clause("K-4", "A-2.3")
def test_the_manager_accepts_it_and_the_client_is_given_up() -> None:
    buyer = reported()
    assert buyer.goes_public() is not None
    assert buyer.does("accept_loss", "2024-03-05 10:00", by="M2") == [LossAccepted("M2", (Stand("E"),), at("2024-03-05 10:00"))]
    assert buyer.goes_public() is None
    assert (buyer.client.file.closed, buyer.client.file.next_due) == ("given_up", None)
    buyer.follow_up("2024-03-06 10:00")
    assert buyer.goes_public() is None


@clause("K-4", "A-2.3")
def test_what_went_public_before_it_was_accepted_stays_there() -> None:
    buyer = reported()
    assert buyer.does("accept_loss", "2024-03-09 00:00", by="M2") == [LossAccepted("M2", (Stand("team:G2"),), at("2024-03-09 00:00"))]


@clause("K-4")
def test_the_manager_returns_it_and_the_agent_goes_on() -> None:
    buyer = reported()
    assert buyer.does("return_loss", "2024-03-05 10:00", by="M2", reason="Ask about the second flat") == [
        LossReturned("M2", "Ask about the second flat", at("2024-03-05 10:00")),
    ]
    assert buyer.client.file.closed is None
    assert buyer.does("report_loss", "2024-03-06 10:00", **LOST)


@clause("K-4")
def test_one_report_waits_at_a_time_and_without_one_nothing_is_answered() -> None:
    buyer = reported()
    with refused("loss_already_reported", "K-4", by="E", first_at=at("2024-03-04 10:00")):
        buyer.does("report_loss", "2024-03-05 10:00", **LOST)
    for act, facts in (("accept_loss", {}), ("return_loss", {"reason": "Go on"})):
        with refused("no_loss_report", "K-4"):
            entered().does(act, "2024-03-05 10:00", by="M2", **facts)


@clause("K-4")
@pytest.mark.parametrize("act", ["accept_loss", "return_loss"])
def test_neither_an_agent_nor_another_stores_manager_answers_it(act: str) -> None:
    facts = {"reason": "Go on"} if act == "return_loss" else {}
    for by in ("E", "F", "M1"):
        with refused("forbidden"):
            reported().does(act, "2024-03-05 10:00", by=by, **facts)


@clause("K-4")
def test_a_manager_does_not_accept_what_they_reported_themselves() -> None:
    buyer = entered()
    buyer.does("report_loss", "2024-03-04 10:00", by="M2", **LOST)
    with refused("conflict_of_interest"):
        buyer.does("accept_loss", "2024-03-05 10:00", by="M2")
    assert buyer.does("accept_loss", "2024-03-05 10:00", by="GM")


@clause("K-4")
def test_a_client_with_a_deal_is_not_lost_and_who_closes_after_all_is_not_given_up() -> None:
    buyer = entered()
    buyer.report("2024-03-03 10:00")
    with refused("deal_stands", "K-4", deal="dea_1"):
        buyer.does("report_loss", "2024-03-04 10:00", **LOST)
    given_up = reported()
    given_up.does("accept_loss", "2024-03-05 10:00", by="M2")
    given_up.report("2024-03-06 10:00")
    assert given_up.client.file.closed is None


@clause("K-4")
def test_who_was_given_up_is_neither_reported_again_nor_planned_for() -> None:
    buyer = reported()
    buyer.does("accept_loss", "2024-03-05 10:00", by="M2")
    for act, facts in (("report_loss", LOST), ("plan", {"on": date(2024, 3, 9), "what": "Call"})):
        with refused("file_closed", state="given_up"):
            buyer.does(act, "2024-03-06 10:00", **facts)


@clause("K-4", "K-3", "A-2.3")
def test_a_client_who_comes_back_is_worked_again_for_seven_days() -> None:
    buyer = reported()
    buyer.does("accept_loss", "2024-03-05 10:00", by="M2")
    [event] = buyer.does("reopen", "2024-05-01 10:00")
    course = (Stand("E", at("2024-05-09 00:00"), "A-2.3"), Stand("team:G2"))
    assert event == Reopened("E", course, at("2024-05-09 00:00"), at("2024-05-01 10:00"))
    assert buyer.client.file.closed is None


@clause("K-4")
def test_who_was_given_up_can_be_given_to_another_and_no_term_runs_till_they_take_them_up() -> None:
    buyer = reported()
    buyer.does("accept_loss", "2024-03-05 10:00", by="M2")
    buyer.reassign("2024-03-06 10:00", "F")
    assert buyer.goes_public() is None
    assert buyer.does("reopen", "2024-03-07 10:00", by="F")
