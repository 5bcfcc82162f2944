"""A client's file: levels and what is due by them, plans, what is known, the manager's check, handover, who looks after them."""

from datetime import date

import pytest

from services.client.events import (
    Amended,
    Checked,
    ClientTold,
    ContactAdded,
    ContactPlanned,
    ContactRemoved,
    HandedOver,
    HolderLeft,
    LevelSet,
    MarkedImportant,
    Plan,
    Reopened,
    UnmarkedImportant,
)
from services.client.rules import in_contact
from shared.calendar import SHANGHAI
from shared.identity import Post
from shared.regulation import Pack, load
from shared.tenure import Stand
from tests.client.buyer import Buyer, at, entered
from tests.packs import A, B, reading
from tests.refusing import refused

clause = pytest.mark.clause
AREA_MANAGER = Post("AM", None, None, "N", "area_manager")


def stating(pack: Pack, clause: str, **parameters: object) -> Pack:
    """The pack with a clause that it leaves to the regulation."""
    return load({**pack.document, "clauses": [*pack.document["clauses"], {"clause": clause, **parameters}]})


def due(buyer: Buyer) -> str | None:
    end = buyer.client.file.next_due
    return None if end is None else end.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M")


# Levels


@clause("K-3")
@pytest.mark.parametrize(("level", "first_too_late"), [("H", "03-04"), ("A", "03-09"), ("B", "03-17"), ("C", "04-01")])
def test_each_level_says_when_the_next_contact_is_due_to_the_end_of_a_day(level: str, first_too_late: str) -> None:
    buyer = entered()
    [event] = buyer.does("set_level", "2024-03-01 15:00", level=level)
    assert event == LevelSet("E", level, at(f"2024-{first_too_late} 00:00"), at("2024-03-01 15:00"))  # type: ignore[arg-type]


@clause("K-3")
def test_a_level_given_on_entry_counts_from_there() -> None:
    buyer = entered(level="H", source="walk_in")
    assert (buyer.client.file.level, buyer.client.file.source, due(buyer)) == ("H", "walk_in", "2024-03-04 00:00")


@clause("K-3")
def test_without_a_level_nothing_is_due() -> None:
    buyer = entered()
    buyer.follow_up("2024-03-02 10:00")
    assert due(buyer) is None


@clause("K-3")
@pytest.mark.parametrize("by", ["E", "F", "M2"])
def test_whoever_is_in_contact_the_next_is_due_anew(by: str) -> None:
    buyer = entered(level="H")
    buyer.follow_up("2024-03-03 23:59:59", by=by)
    assert due(buyer) == "2024-03-06 00:00"
    buyer.view("2024-03-05 15:00", by=by)
    assert due(buyer) == "2024-03-08 00:00"


@clause("K-3")
def test_a_new_level_in_time_counts_from_now_and_one_that_comes_late_leaves_it_overdue() -> None:
    in_time, late = entered(level="H"), entered(level="H")
    in_time.does("set_level", "2024-03-03 23:59:59", level="C")
    assert due(in_time) == "2024-04-03 00:00"
    late.does("set_level", "2024-03-04 00:00", level="C")
    assert due(late) == "2024-03-04 00:00"
    late.follow_up("2024-03-04 09:00")
    assert due(late) == "2024-04-04 00:00"


@clause("K-3")
def test_the_same_level_again_is_silence() -> None:
    assert entered(level="B").does("set_level", "2024-03-02 10:00", level="B") == []


@clause("K-3")
@pytest.mark.parametrize(
    ("pack", "until"),
    [
        (B, "2024-03-04 00:00"),
        (stating(A, "K-3", days={"H": 1}), "2024-03-03 00:00"),
        (reading(A, R_days="elapsed"), "2024-03-03 09:00"),
    ],
)
def test_days_are_the_regulations_unless_the_pack_states_its_own(pack: Pack, until: str) -> None:
    assert due(entered(pack, level="H")) == until


@clause("K-3")
@pytest.mark.parametrize("by", ["F", "X", "M1"])
def test_a_level_is_for_the_holder_and_those_above(by: str) -> None:
    buyer = entered()
    with refused("forbidden"):
        buyer.does("set_level", "2024-03-02 10:00", by=by, level="A")
    assert buyer.does("set_level", "2024-03-02 10:00", by="M2", level="A")


# Plans


@clause("K-2", "K-3")
def test_a_plan_is_due_on_its_day_but_never_later_than_the_level_says() -> None:
    sooner, later = entered(level="A"), entered(level="A")
    sooner.does("plan", "2024-03-02 10:00", on=date(2024, 3, 4), what="Call about the loan")
    assert due(sooner) == "2024-03-05 00:00"
    later.does("plan", "2024-03-02 10:00", on=date(2024, 3, 20), what="Call about the loan")
    assert due(later) == "2024-03-09 00:00"


@clause("K-2")
def test_a_plan_without_a_level_is_due_all_the_same() -> None:
    buyer = entered()
    [event] = buyer.does("plan", "2024-03-02 10:00", on=date(2024, 3, 4), what="Call about the loan")
    assert event == ContactPlanned("E", Plan(date(2024, 3, 4), "Call about the loan"), at("2024-03-02 10:00"))
    assert due(buyer) == "2024-03-05 00:00"


@clause("K-2")
def test_a_plan_may_be_for_today_but_not_for_yesterday() -> None:
    buyer = entered()
    with refused("date_is_past", "K-2", day=date(2024, 3, 1)):
        buyer.does("plan", "2024-03-02 00:00", on=date(2024, 3, 1), what="Call about the loan")
    assert buyer.does("plan", "2024-03-02 23:59:59", on=date(2024, 3, 2), what="Call about the loan")


@clause("K-2")
@pytest.mark.parametrize(
    ("on", "what", "missing"),
    [(None, "Call", ("on",)), (date(2024, 3, 4), " ", ("what",)), (date(2024, 3, 4), None, ("what",)), (None, None, ("on", "what"))],
)
def test_a_plan_says_when_and_what_for(on: date | None, what: str | None, missing: tuple[str, ...]) -> None:
    with refused("plan_incomplete", "K-2", missing=missing):
        entered().does("plan", "2024-03-02 10:00", on=on, what=what)


@clause("K-2")
def test_a_plan_holds_no_phone() -> None:
    with refused("contact_in_text", field="what"):
        entered().does("plan", "2024-03-02 10:00", on=date(2024, 3, 4), what="Ring 138 0013 8000")


@clause("K-2")
def test_a_contact_takes_the_plan_off_and_may_say_what_comes_next() -> None:
    buyer = entered(level="B")
    buyer.does("plan", "2024-03-02 10:00", on=date(2024, 3, 4), what="Call about the loan")
    assert buyer.does("plan", "2024-03-02 11:00", on=date(2024, 3, 4), what="Call about the loan") == []
    buyer.follow_up("2024-03-03 10:00")
    assert buyer.client.file.plan is None
    told = {"channel": "phone", "text": "They have their loan, and come on Sunday", "level": "H"}
    events = buyer.does("follow_up", "2024-03-04 10:00", **told, next_on=date(2024, 3, 5), next_what="Show them two")
    assert [type(event).__name__ for event in events] == ["FollowedUp", "LevelSet", "ContactPlanned"]
    assert due(buyer) == "2024-03-06 00:00"


@clause("K-2", "K-3")
def test_what_comes_next_is_not_for_who_merely_followed_up() -> None:
    buyer = entered()
    told = {"channel": "phone", "text": "They have their loan, and come on Sunday"}
    with refused("forbidden"):
        buyer.does("follow_up", "2024-03-04 10:00", by="F", **told, level="H")
    assert buyer.does("follow_up", "2024-03-04 10:00", by="F", **told)


# What is known, and the check


@clause("K-2")
def test_what_is_known_is_put_right_one_by_one() -> None:
    buyer = entered()
    [event] = buyer.does("amend", "2024-03-02 10:00", given={"price": "1800000", "floor": None}, source="referral")
    assert isinstance(event, Amended)
    assert (event.wish.price, event.wish.floor, event.source) == ("1800000", "any", "referral")
    assert buyer.client.wish == event.wish
    assert buyer.does("amend", "2024-03-02 11:00", given={"price": "1800000"}, source=None) == []


@clause("K-2", "A-2.2")
def test_what_an_entry_needs_is_not_emptied() -> None:
    with refused("client_incomplete", "A-2.2", missing=("needs",)):
        entered().does("amend", "2024-03-02 10:00", given={"needs": " "}, source=None)


@clause("K-2")
def test_special_needs_hold_no_phone() -> None:
    with refused("contact_in_text", field="needs"):
        entered(needs="Call his wife, 13800138000")
    with refused("contact_in_text", field="needs"):
        entered().does("amend", "2024-03-02 10:00", given={"needs": "Call his wife, 13800138000"}, source=None)


@clause("K-2")
def test_a_manager_above_checks_a_file_and_says_what_to_do() -> None:
    buyer = entered()
    [event] = buyer.does("check", "2024-03-02 10:00", by="M2", finding="wanting", note="Ask for the budget")
    assert event == Checked("M2", "wanting", "Ask for the budget", at("2024-03-02 10:00"))
    for by in ("E", "F", "M1"):
        with refused("forbidden"):
            buyer.does("check", "2024-03-02 10:00", by=by, finding="sound", note="Fine")


@clause("K-2")
def test_nobody_checks_a_file_of_their_own() -> None:
    buyer = entered()
    buyer.reassign("2024-03-02 10:00", "M2", by="GM")
    with refused("conflict_of_interest"):
        buyer.does("check", "2024-03-03 10:00", by="M2", finding="sound", note="Fine")
    assert buyer.does("check", "2024-03-03 10:00", by="GM", finding="sound", note="Fine")


@clause("K-2")
def test_who_takes_a_client_over_is_checked_anew() -> None:
    buyer = entered()
    buyer.does("check", "2024-03-02 10:00", by="M2", finding="sound", note="Fine")
    assert buyer.client.file.check is not None
    buyer.reassign("2024-03-03 10:00", "F")
    assert buyer.client.file.check is None


# Handover


@clause("K-2", "K-3")
def test_follow_up_goes_on_after_signing_until_the_home_is_handed_over() -> None:
    buyer = entered(level="A")
    with refused("nothing_to_hand_over", "K-2"):
        buyer.does("hand_over", "2024-03-04 10:00")
    buyer.report("2024-03-05 10:00")
    assert due(buyer) == "2024-03-09 00:00"
    assert buyer.does("hand_over", "2024-03-06 10:00") == [HandedOver("E", at("2024-03-06 10:00"))]
    assert due(buyer) is None
    buyer.follow_up("2024-03-07 10:00")
    assert due(buyer) is None
    with refused("file_closed", "K-3", state="handed_over"):
        buyer.does("set_level", "2024-03-07 10:00", level="H")


@clause("K-2", "K-3")
def test_a_client_who_wants_something_again_is_worked_again() -> None:
    buyer = entered(level="A")
    assert buyer.does("reopen", "2024-03-04 10:00") == []
    buyer.report("2024-03-05 10:00")
    buyer.does("hand_over", "2024-03-06 10:00")
    [event] = buyer.does("reopen", "2024-05-06 10:00")
    assert event == Reopened("E", (Stand("E"),), at("2024-05-14 00:00"), at("2024-05-06 10:00"))


# Who looks after them


def company(buyer: Buyer, holder: str = "E") -> set[str]:
    return set(in_contact(holder, buyer.client.file.contacts, buyer.client.file.left_by))


@clause("K-8")
def test_an_important_client_has_so_many_agents_in_contact_as_the_pack_says() -> None:
    buyer = entered()
    assert buyer.does("mark_important", "2024-03-02 10:00", by="M2", important=True) == [
        MarkedImportant("M2", 2, at("2024-03-02 10:00")),
    ]
    assert buyer.does("mark_important", "2024-03-02 11:00", by="M2", important=True) == []
    assert (buyer.client.file.agents_min, company(buyer)) == (2, {"E"})
    assert buyer.does("add_contact", "2024-03-02 12:00", agent="F") == [ContactAdded("E", "F", at("2024-03-02 12:00"))]
    assert company(buyer) == {"E", "F"}
    assert entered(stating(A, "K-8", agents_min=3)).does("mark_important", "2024-03-02 10:00", by="M2", important=True) == [
        MarkedImportant("M2", 3, at("2024-03-02 10:00")),
    ]
    assert buyer.does("mark_important", "2024-03-03 10:00", by="M2", important=False) == [UnmarkedImportant("M2", at("2024-03-03 10:00"))]


@clause("K-8")
def test_an_agent_does_not_mark_a_client_important_nor_does_another_stores_manager() -> None:
    for by in ("E", "M1"):
        with refused("forbidden"):
            entered().does("mark_important", "2024-03-02 10:00", by=by, important=True)


@clause("K-8")
def test_agents_come_into_contact_and_out_of_it_once() -> None:
    buyer = entered()
    buyer.does("add_contact", "2024-03-02 12:00", agent="F")
    assert buyer.does("add_contact", "2024-03-02 13:00", agent="F") == []
    assert buyer.does("add_contact", "2024-03-02 13:00", agent="E") == []
    assert buyer.does("set_level", "2024-03-02 14:00", by="F", level="H")
    assert buyer.does("remove_contact", "2024-03-02 15:00", agent="F") == [ContactRemoved("E", "F", at("2024-03-02 15:00"))]
    assert buyer.does("remove_contact", "2024-03-02 16:00", agent="F") == []
    with refused("forbidden"):
        buyer.does("set_level", "2024-03-02 17:00", by="F", level="A")


@clause("K-8")
def test_who_is_not_in_post_comes_into_no_contact_and_who_leaves_goes_out_of_it() -> None:
    buyer = entered()
    buyer.does("add_contact", "2024-03-02 12:00", agent="F")
    assert buyer.leave("2024-03-03 10:00", "F") == [ContactRemoved(None, "F", at("2024-03-03 10:00"))]
    for agent in ("F", "nobody"):
        with refused("unknown_reference", "K-8", field="agent"):
            buyer.does("add_contact", "2024-03-04 10:00", agent=agent)


@clause("K-8")
def test_an_account_is_no_agent_in_contact_nor_is_who_has_left() -> None:
    assert in_contact("team:G2", ("F",), None) == {"F"}
    assert in_contact("company", (), None) == set()
    assert in_contact("E", ("F",), "E") == {"F"}
    assert in_contact("E", ("E",), None) == {"E"}


@clause("K-10")
def test_when_the_agent_in_charge_leaves_the_client_is_told_once_a_successor_is_named() -> None:
    buyer = entered()
    buyer.does("add_contact", "2024-03-02 12:00", agent="F")
    assert buyer.leave("2024-03-03 10:00", "E") == [HolderLeft("E", (Stand("E"),), at("2024-03-03 10:00"))]
    assert (buyer.client.file.left_by, buyer.client.file.left_at) == ("E", at("2024-03-03 10:00"))
    for account in (None, "team:G2"):
        if account is not None:
            buyer.reassign("2024-03-04 10:00", account)
        with refused("no_successor", "K-10", person="E"):
            buyer.does("tell_successor", "2024-03-04 11:00", by="M2", channel="phone", note="Told them who is next")
    buyer.reassign("2024-03-05 10:00", "F")
    assert buyer.does("tell_successor", "2024-03-05 11:00", by="F", channel="phone", note="Told them it is me now") == [
        ClientTold("F", "F", "phone", "Told them it is me now", at("2024-03-05 11:00")),
    ]
    assert buyer.client.file.left_by is None
    with refused("nobody_left", "K-10"):
        buyer.does("tell_successor", "2024-03-05 12:00", by="F", channel="phone", note="Told them again")


@clause("K-10", "K-8")
def test_who_is_both_in_charge_and_in_contact_goes_out_of_both() -> None:
    buyer = entered()
    buyer.does("add_contact", "2024-03-02 12:00", agent="F")
    buyer.reassign("2024-03-02 13:00", "F")
    assert [type(event) for event in buyer.leave("2024-03-03 10:00", "F")] == [HolderLeft, ContactRemoved]


@clause("K-10")
def test_of_a_client_who_is_not_worked_any_more_nobody_is_told() -> None:
    buyer = entered()
    buyer.report("2024-03-05 10:00")
    buyer.does("hand_over", "2024-03-06 10:00")
    buyer.leave("2024-03-07 10:00", "E")
    assert buyer.client.file.left_by is None


@clause("K-10")
def test_another_stores_manager_tells_nobody() -> None:
    buyer = Buyer(A, people=[AREA_MANAGER])
    buyer.enter()
    buyer.leave("2024-03-03 10:00", "E")
    buyer.reassign("2024-03-05 10:00", "F")
    with refused("forbidden"):
        buyer.does("tell_successor", "2024-03-05 11:00", by="M1", channel="phone", note="Told them who is next")
    assert buyer.does("tell_successor", "2024-03-05 11:00", by="AM", channel="phone", note="Told them who is next")
