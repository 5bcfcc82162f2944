"""The half-yearly check of files: when a file is looked through, what is found wanting, and how it is worked off."""

from datetime import date, timedelta

import pytest

from services.client.events import Examined, FindingExcused
from services.client.rules import half_of, is_stale, next_half_begins
from services.client.views.clients import examined_at
from tests.client.buyer import Buyer, at, entered
from tests.client.test_file import stating
from tests.packs import A, without
from tests.refusing import refused

clause = pytest.mark.clause
KEPT = without(A, "A-2.3")
"""No client goes public, so that E holds theirs for months."""


def found(buyer: Buyer, when: str) -> tuple[str, ...] | None:
    """What a check at that time finds; None: it does not look."""
    events = buyer.examine(when)
    assert all(isinstance(event, Examined) for event in events)
    return events[0].findings if events and isinstance(events[0], Examined) else None


def still_open(buyer: Buyer) -> tuple[str, ...]:
    return buyer.client.file.findings


def in_order() -> Buyer:
    """A file of E's that lacks nothing on 1 July."""
    buyer = entered(KEPT, level="C", source="web")
    buyer.follow_up("2024-06-20 10:00")
    buyer.does("plan", "2024-06-20 10:00", on=date(2024, 7, 10), what="Ask again")
    buyer.does("check", "2024-06-20 11:00", by="M2", finding="sound", note="Fine")
    return buyer


@clause("K-9")
def test_a_year_has_two_halves_in_shanghai() -> None:
    assert half_of(at("2024-06-30 23:59:59")) == "2024-H1"
    assert half_of(at("2024-07-01 00:00")) == "2024-H2"
    assert half_of(at("2025-01-01 00:00")) == "2025-H1"
    assert next_half_begins("2024-H1") == at("2024-07-01 00:00")
    assert next_half_begins("2024-H2") == at("2025-01-01 00:00")


@clause("K-9")
def test_a_file_is_looked_through_once_in_each_half_year_that_begins_after_its_entry() -> None:
    buyer = entered()
    assert found(buyer, "2024-06-30 23:59:59") is None
    assert found(buyer, "2024-07-01 00:00") is not None
    assert found(buyer, "2024-12-31 23:59:59") is None
    assert found(buyer, "2025-01-01 00:00") is not None


@clause("K-9")
def test_the_sweep_finds_a_file_when_a_half_year_begins_and_not_again() -> None:
    buyer = entered()
    buyer.report("2024-03-02 10:00")
    assert examined_at(buyer.client) == at("2024-07-01 00:00")
    buyer.examine("2024-07-01 00:00")
    assert examined_at(buyer.client) == at("2025-01-01 00:00")


@clause("K-9")
def test_a_file_in_order_is_on_record_as_looked_through() -> None:
    assert in_order().examine("2024-07-01 00:00") == [Examined("2024-H2", (), at("2024-07-01 00:00"))]


@clause("K-9")
def test_what_is_missing_stale_or_double_is_found() -> None:
    assert found(entered(), "2024-07-01 00:00") == ("no_source", "no_level", "no_plan", "no_check", "stale")
    double = entered(first="cli_0", source="web", level="C")
    assert found(double, "2024-07-01 00:00") == ("no_plan", "no_check", "stale", "duplicate")


@clause("K-9")
def test_ninety_days_without_contact_make_a_file_stale_unless_the_pack_says_otherwise() -> None:
    last = at("2024-03-01 09:00")
    assert not is_stale(A, last, at("2024-05-30 23:59:59"))
    assert is_stale(A, last, at("2024-05-31 00:00"))
    longer = stating(A, "K-9", stale_days=180)
    assert not is_stale(longer, last, at("2024-08-28 23:59:59"))
    assert is_stale(longer, last, at("2024-08-29 00:00"))


@clause("K-9")
def test_a_finding_is_worked_off_by_putting_it_right() -> None:
    buyer = entered(KEPT)
    buyer.examine("2024-07-01 00:00")
    buyer.does("amend", "2024-07-02 10:00", given={}, source="web")
    assert still_open(buyer) == ("no_level", "no_plan", "no_check", "stale")
    told = {"channel": "phone", "text": "They still look, but not before autumn", "level": "C"}
    buyer.does("follow_up", "2024-07-02 11:00", **told, next_on=date(2024, 7, 20), next_what="Ask again")
    assert still_open(buyer) == ("no_check",)
    buyer.does("check", "2024-07-03 10:00", by="M2", finding="sound", note="Fine")
    assert still_open(buyer) == ()


@clause("K-9")
def test_or_by_a_manager_who_lets_it_be() -> None:
    buyer = entered(first="cli_0", source="web", level="C")
    buyer.examine("2024-07-01 00:00")
    excused = {"finding": "duplicate", "reason": "Husband and wife each have their agent"}
    for by in ("E", "M1"):
        with refused("forbidden"):
            buyer.does("excuse", "2024-07-02 10:00", by=by, **excused)
    assert buyer.does("excuse", "2024-07-02 10:00", by="M2", **excused) == [
        FindingExcused("M2", "duplicate", "Husband and wife each have their agent", at("2024-07-02 10:00")),
    ]
    assert still_open(buyer) == ("no_plan", "no_check", "stale")
    with refused("finding_not_open", "K-9", finding="duplicate"):
        buyer.does("excuse", "2024-07-03 10:00", by="M2", **excused)


@clause("K-9")
def test_what_was_excused_is_found_again_in_the_next_half_year() -> None:
    buyer = entered(first="cli_0")
    buyer.examine("2024-07-01 00:00")
    buyer.does("excuse", "2024-07-02 10:00", by="M2", finding="duplicate", reason="Husband and wife")
    assert "duplicate" in (found(buyer, "2025-01-01 00:00") or ())
    assert "duplicate" in still_open(buyer)


@clause("K-9")
def test_who_was_given_up_or_handed_over_is_looked_at_no_more() -> None:
    buyer = entered(KEPT)
    buyer.does("report_loss", "2024-03-02 10:00", on=date(2024, 3, 2), reason="Moved away", chosen="nothing")
    buyer.examine("2024-07-01 00:00")
    buyer.does("accept_loss", "2024-07-02 10:00", by="M2")
    assert still_open(buyer) == ()
    assert found(buyer, "2025-01-01 00:00") is None
    assert examined_at(buyer.client) is None
    buyer.does("reopen", "2025-02-01 10:00")
    assert found(buyer, str(at("2025-02-01 10:00") + timedelta(hours=1))[:16]) is not None
