"""Entering clients: what they must say, who was first, what is late, and showing them listings with forms that serve once."""

from typing import Any

import pytest

from services.client.events import SeniorNamed, Viewed
from shared.eventlog import Claim
from shared.identity import Post
from tests.client.buyer import Buyer, at, entered, first_of, violations
from tests.packs import A, B, changed, without
from tests.refusing import refused

clause = pytest.mark.clause


# What they must say


@clause("A-2.2")
@pytest.mark.parametrize("missing", ["floor", "area", "orientation", "price", "needs"])
@pytest.mark.parametrize("said", [None, "", "  "])
def test_without_one_of_the_particulars_it_is_refused_and_the_field_named(missing: str, said: str | None) -> None:
    facts: dict[str, Any] = {missing: said}
    with refused("client_incomplete", "A-2.2", missing=(missing,)):
        Buyer().enter(**facts)


@clause("A-2.2")
def test_only_a_phone_is_no_entry_and_all_the_rest_is_named() -> None:
    with refused("client_incomplete", "A-2.2", missing=("floor", "area", "orientation", "price", "needs")):
        Buyer().enter(floor=None, area=None, orientation=None, price=None, needs=None)


@clause("A-2.2")
def test_without_a_phone_it_is_refused_by_the_clause() -> None:
    with refused("client_incomplete", "A-2.2", missing=("phone",)):
        Buyer().enter(phone=None, contact=None)


def test_without_the_clause_it_is_refused_too_for_a_client_is_known_by_it() -> None:
    with refused("client_incomplete", missing=("phone",)):
        Buyer(without(A, "A-2.2")).enter(phone=None, contact=None, floor=None)


def test_none_is_an_answer() -> None:
    assert first_of(Buyer().enter(floor="any", needs="none")).wish.needs == "none"


@clause("A-2.2")
def test_what_is_asked_for_stands_in_the_pack() -> None:
    pack = changed(A, "A-2.2", asks=["price", "phone"])
    assert Buyer(pack).enter(floor=None, needs=None)
    with refused("client_incomplete", missing=("price",)):
        Buyer(pack).enter(price=None)


# Who was first


@clause("A-2.5")
def test_the_same_person_again_is_a_duplicate_of_the_first_and_numbered_on() -> None:
    first, second, third = entered(), entered(first="cli_1"), entered(first="cli_1", duplicates=1)
    assert [(buyer.client.first, buyer.client.duplicate_number) for buyer in (first, second, third)] == [
        (None, None), ("cli_1", 1), ("cli_1", 2),
    ]  # fmt: skip
    assert [buyer.claims for buyer in (first, second, third)] == [
        [Claim("contact", "cnt_1")], [Claim("duplicate", "cnt_1/1")], [Claim("duplicate", "cnt_1/2")],
    ]  # fmt: skip


def test_a_duplicate_stands_in_the_name_of_who_entered_it() -> None:
    buyer = Buyer()
    buyer.enter(by="X", first="cli_1")
    assert (buyer.client.recorder, buyer.holder("2024-03-01 09:00")) == ("X", "X")


def test_a_viewing_with_a_duplicate_is_one_with_that_person() -> None:
    [viewed] = entered(first="cli_9").view("2024-03-02 15:00")
    [own] = entered().view("2024-03-02 15:00")
    assert isinstance(viewed, Viewed)
    assert isinstance(own, Viewed)
    assert (viewed.client, own.client) == ("cli_9", "cli_1")


# In time


@clause("A-2.1")
def test_a_client_acquired_this_instant_is_in_time_and_one_a_second_later_is_still_to_come() -> None:
    assert violations(Buyer().enter("2024-03-01 09:00", acquired_at=at("2024-03-01 09:00:00"))) == []
    with refused("date_is_to_come", "A-2.1", field="acquired_at"):
        Buyer().enter("2024-03-01 09:00", acquired_at=at("2024-03-01 09:00:01"))


@clause("A-2.1")
def test_an_hour_is_in_time_and_a_second_more_is_late() -> None:
    assert violations(Buyer().enter("2024-03-01 09:00", acquired_at=at("2024-03-01 08:00:00"))) == []
    late = Buyer().enter("2024-03-01 09:00", acquired_at=at("2024-03-01 07:59:59"))
    assert [(v.kind, v.clause, v.person, v.fine_fen) for v in violations(late)] == [("late_entry", "A-2.1", "E", None)]


@clause("B-2-1")
def test_under_b_it_is_two_hours() -> None:
    assert violations(Buyer(B).enter("2024-03-01 09:00", acquired_at=at("2024-03-01 07:00:00"))) == []
    late = Buyer(B).enter("2024-03-01 09:00", acquired_at=at("2024-03-01 06:59:59"))
    assert [(v.kind, v.clause) for v in violations(late)] == [("late_entry", "B-2-1")]


def test_a_superior_enters_for_an_agent_and_nobody_else_does() -> None:
    entry = first_of(Buyer().enter(by="M2", recorder="E"))
    assert (entry.by, entry.recorder, entry.stands[0].holder) == ("M2", "E", "E")
    for by in ("F", "M1"):
        with refused("forbidden"):
            Buyer().enter(by=by, recorder="E")
    with refused("unknown_reference"):
        Buyer(people=[Post("E", "S2", "G2", in_post=False)]).enter(by="M2", recorder="E")


# Viewings


@clause("A-2.10")
def test_a_form_serves_once() -> None:
    buyer = entered()
    buyer.view("2024-03-02 15:00", form="V-1")
    assert buyer.claims[-1] == Claim("form", "v-1")
    with refused("form_already_used", "A-2.10", form="V-1"):
        buyer.view("2024-03-02 16:00", form="V-1", form_used=True)


@clause("A-2.10")
@pytest.mark.parametrize("form", ["V-1", "v-1", " V - 1 ", "Ｖ-１"])
def test_one_number_is_one_however_it_is_written(form: str) -> None:
    buyer = entered()
    buyer.view("2024-03-02 15:00", form=form)
    assert buyer.claims[-1] == Claim("form", "v-1")


def test_a_draft_is_not_shown_and_what_is_not_there_neither() -> None:
    with refused("listing_draft", "A-2.6"):
        entered().view("2024-03-02 15:00", is_correct=False)
    with refused("unknown_reference", field="listing"):
        entered().view("2024-03-02 15:00", is_correct=None)


@pytest.mark.parametrize("by", ["F", "X", "M1"])
def test_anyone_may_show_them_a_listing(by: str) -> None:
    assert entered().view("2024-03-02 15:00", by=by)


# Follow-ups, the text of which is judged as for listings


@clause("A-2.8")
@pytest.mark.parametrize(("text", "code"), [
    ("Called 123", "follow_up_too_short"),
    ("", "follow_up_too_short"),
    (". , ! - ( ) ? ; : ' \" / . , !", "follow_up_too_short"),
    ("See owner's phone, see phone", "follow_up_without_substance"),
    ("看业主电话，见业主电话", "follow_up_without_substance"),
])  # fmt: skip
def test_a_follow_up_without_substance_is_refused(text: str, code: str) -> None:
    with refused(code, "A-2.8"):
        entered().follow_up("2024-03-02 15:00", text=text)


@clause("A-2.8")
def test_nine_characters_are_too_few_and_ten_enough() -> None:
    with refused("follow_up_too_short", characters=9, characters_min=10):
        entered().follow_up("2024-03-02 15:00", text="客户想要南向三居室")
    assert entered().follow_up("2024-03-02 15:00", text="客户想要南向的三居室")


@clause("A-2.8")
def test_how_many_stands_in_the_pack() -> None:
    pack = changed(A, "A-2.8", characters_min=3)
    with refused("follow_up_too_short"):
        entered(pack).follow_up("2024-03-02 15:00", text="ab")
    assert entered(pack).follow_up("2024-03-02 15:00", text="abc")


@pytest.mark.parametrize("text", [
    "Reach them at 13912345678 in the evening",
    "Reach them at 139 1234 5678 in the evening",
    "Reach them at １３９１２３４５６７８ in the evening",
    "Reach them at +86-139-1234-5678 in the evening",
    "晚上打一三九一二三四五六七八找他",
    "Reach them at 010-62345678 in the evening",
    "Reach them at 0755 8234 5678 in the evening",
])  # fmt: skip
def test_no_phone_number_stands_in_a_text(text: str) -> None:
    with refused("contact_in_text"):
        entered().follow_up("2024-03-02 15:00", text=text)


@pytest.mark.parametrize("text", [
    "They want 80 to 100 square metres below 2500000 yuan",
    "Room 0302 asked for 2350000, they offer 2100000",
    "Room 0302, 2350000 firm, 0501 2400000 perhaps",
    "Seen on 2024-03-02 at 15:00 with form 20240302001",
])  # fmt: skip
def test_other_numbers_do(text: str) -> None:
    assert entered().follow_up("2024-03-02 15:00", text=text)


# Seniors


def test_the_manager_names_a_senior_once() -> None:
    buyer = entered()
    assert buyer.name_senior("2024-03-02 15:00", "F") == [SeniorNamed("M2", "F", at("2024-03-02 15:00"))]
    assert buyer.name_senior("2024-03-02 16:00", "F") == []
    assert buyer.name_senior("2024-03-02 17:00", "X")
    assert buyer.client.senior == "X"


def test_a_senior_is_someone_in_post() -> None:
    buyer = entered()
    buyer.leave("2024-03-02 09:00", "F")
    for senior in ("F", "nobody"):
        with refused("unknown_reference", field="senior"):
            buyer.name_senior("2024-03-02 15:00", senior)


@pytest.mark.parametrize("by", ["E", "F", "M1"])
def test_who_does_not_manage_the_clients_store_names_nobody(by: str) -> None:
    with refused("forbidden"):
        entered().name_senior("2024-03-02 15:00", "X", by=by)
