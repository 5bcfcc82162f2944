"""Entering, completing and refuting: what makes a listing correct, who was first, and what a manager finds untrue."""

from typing import Any

import pytest

from services.listing import aggregate, rules
from services.listing.events import Completed, DuplicateFound, Entered, House, Refuted
from shared.entry import id_of
from shared.eventlog import Claim
from shared.identity import Post
from tests.listing.flat import ENTERED, ORIGINAL, Flat, at, entered, first_of, violations
from tests.packs import A, B, changed
from tests.refusing import refused

clause = pytest.mark.clause

ROOM = "sale/HARBOURCOURT/3/2/0302"


def known_by(house: House) -> str | None:
    return rules.room_of(A, "sale", rules.normalised(A, house))


# Correct entries and drafts


@clause("A-2.6")
@pytest.mark.parametrize("missing", ["community", "building", "unit", "room"])
def test_an_entry_without_one_of_the_facts_is_a_draft_that_says_which(missing: str) -> None:
    facts: dict[str, Any] = {missing: None}
    entry = first_of(Flat().enter(**facts))
    assert (entry.correct, entry.check.missing, entry.check.room) == (False, (missing,), None)


@clause("A-2.6")
def test_an_entry_without_the_owners_phone_is_a_draft() -> None:
    flat = Flat()
    assert first_of(flat.enter(owner=None)).check.missing == ("owner_phone",)
    assert flat.listing.draft


@clause("A-2.6")
def test_with_all_five_it_is_correct_though_other_facts_are_asked_for() -> None:
    entry = first_of(Flat().enter(bedrooms=None, orientation=None))
    assert (entry.correct, entry.check.missing) == (True, ())
    assert entry.check.asked_for == ("bedrooms", "area_m2", "orientation", "title_certificate", "decoration")


@clause("A-2.6")
def test_what_is_needed_stands_in_the_pack() -> None:
    entry = first_of(Flat(changed(A, "A-2.6", needs=["community", "owner_phone"])).enter(unit=None, building=None, owner=None))
    assert entry.check.missing == ("owner_phone",)


@clause("A-2.6")
def test_a_draft_runs_no_term() -> None:
    flat = entered(owner=None)
    assert flat.lapses() == []
    assert flat.holder("2025-03-01 10:00") == "R"


@clause("A-2.6", "A-2.7")
def test_a_draft_becomes_correct_with_the_last_fact_and_its_term_begins() -> None:
    flat = entered(owner=None, unit=None)
    [first] = flat.complete("2024-03-20 09:00", unit="2")
    assert isinstance(first, Completed)
    assert (first.correct, first.check.missing, first.stands) == (False, ("owner_phone",), None)
    [second] = flat.complete("2024-03-21 09:00", owner="cnt_owner")
    assert isinstance(second, Completed)
    assert second.check.room == ROOM
    assert flat.lapses()[0] == ("2024-04-01 00:00:00", "A-2.7", "team:G1")


@clause("A-2.6")
def test_a_draft_is_refused_for_what_needs_a_correct_listing() -> None:
    flat = entered(owner=None)
    with refused("listing_draft", "A-2.6", missing=("owner_phone",)):
        flat.sign_exclusive("2024-03-02 09:00", "R")
    with refused("listing_draft"):
        flat.conceal("2024-03-02 09:00")
    with refused("listing_draft"):
        flat.mark("2024-03-02 09:00", "sold")


def test_completing_mends_other_facts_and_is_no_follow_up() -> None:
    flat = entered()
    before = flat.listing.stands
    [mended] = flat.complete("2024-03-05 09:00", bedrooms=3)
    assert isinstance(mended, Completed)
    assert (mended.house.bedrooms, mended.house.floor, mended.correct, mended.stands) == (3, 3, True, None)
    assert flat.listing.stands == before


@clause("A-2.6")
def test_what_is_no_room_number_leaves_the_old_one() -> None:
    flat = entered()
    flat.complete("2024-03-05 09:00", room="somewhere")
    assert flat.listing.house.room == "0302"
    assert flat.listing.check.room == ROOM


def test_completing_is_the_holders_the_recorders_and_of_those_above() -> None:
    flat = entered()
    flat.reassign("2024-03-02 09:00", "X")
    for by in ("R", "X", "M1", "M2", "AM", "GM"):
        flat.complete("2024-03-03 09:00", by=by, decoration=by)
    for by in ("H", "AM2"):
        with refused("forbidden"):
            flat.complete("2024-03-03 09:00", by=by, decoration="fine")


# Rooms


@clause("A-2.6")
@pytest.mark.parametrize("room", ["302", "0302", "302室", " 3 02 ", "３０２", "O3O2", "o302", "О302", "ο302", "03O2房", "0З02"])
def test_one_room_is_one_however_it_is_written(room: str) -> None:
    assert known_by(House("Harbour Court", "3", "2", room)) == ROOM


@clause("A-2.6")
@pytest.mark.parametrize("house", [
    House("harbour court", "3", "2", "0302"),
    House("Ｈａｒｂｏｕｒ　Court", "３", "２", "0302"),
    House("НARBOUR COURT", "03", "02", "0302"),
    House("Harbour Court", "3号楼", "2单元", "0302"),
    House("Harbour Court", "3栋", "2", "0302"),
])  # fmt: skip
def test_one_community_building_and_unit_are_one_however_they_are_written(house: House) -> None:
    assert known_by(house) == ROOM


@clause("A-2.6")
@pytest.mark.parametrize("house", [
    House("Harbour Court", "3", "2", "0303"),
    House("Harbour Court", "3", "2", "3020"),
    House("Harbour Court", "3", "1", "0302"),
    House("Harbour Court", "13", "2", "0302"),
    House("Harbour Court", "A座", "2", "0302"),
    House("Harbour Courts", "3", "2", "0302"),
])  # fmt: skip
def test_another_room_is_another(house: House) -> None:
    assert known_by(house) not in (ROOM, None)


@clause("A-2.6")
@pytest.mark.parametrize("room", ["12345", "0000", "room", "3-2", "03C", "C03", "三零二", "-302"])
def test_what_is_no_room_number_is_missing(room: str) -> None:
    entry = first_of(Flat().enter(room=room))
    assert (entry.check.missing, entry.check.room_given) == (("room",), room)


@clause("A-2.6")
@pytest.mark.parametrize("room", ["03C", "3c", "０３Ｃ", "03С", "O3C", "03C室"])
@pytest.mark.parametrize("community", ["世纪城", "Century City", "century city"])
def test_in_communities_of_the_list_a_letter_stands_after_two_digits(community: str, room: str) -> None:
    assert rules.normalised_room(A, community, room) == "03C"


@clause("A-2.6")
def test_there_digits_are_a_room_too_and_letters_differ() -> None:
    assert rules.normalised_room(A, "世纪城", "302") == "0302"
    assert rules.normalised_room(A, "世纪城", "03I") == "03I"
    assert rules.normalised_room(A, "世纪城", "103C") is None


@clause("A-2.6")
def test_whether_it_is_a_room_may_lie_in_a_community_that_is_given_later() -> None:
    flat = entered(community=None, room="3c")
    assert flat.listing.missing == ("community", "room")
    flat.complete("2024-03-01 11:00", community="世纪城")
    assert (flat.listing.correct, flat.listing.house.room) == (True, "03C")


@clause("A-2.6")
def test_how_many_characters_a_room_has_stands_in_the_pack() -> None:
    pack = changed(A, "A-2.6", room_characters=5)
    assert rules.normalised_room(pack, "Harbour Court", "12345") == "12345"
    assert rules.normalised_room(pack, "Harbour Court", "302") == "00302"


# Who was first


@clause("A-2.6")
def test_a_second_correct_entry_of_a_room_is_refused_and_the_original_named() -> None:
    with refused("duplicate_listing", "A-2.6", original=id_of("lst", ORIGINAL.stream), first_at=ORIGINAL.recorded_at):
        Flat().enter(original=ORIGINAL)


@clause("A-2.6")
def test_an_incomplete_entry_of_a_room_that_is_there_is_kept_and_refused_when_it_would_be_correct() -> None:
    flat = entered(owner=None, original=ORIGINAL)
    assert flat.listing.draft
    with refused("duplicate_listing"):
        flat.complete("2024-03-02 09:00", owner="cnt_owner", original=ORIGINAL)


@clause("A-2.6")
def test_the_first_correct_one_has_the_room_whatever_the_order_of_incorrect_ones() -> None:
    draft, later = entered(owner=None), Flat()
    assert draft.claims == []
    later.enter("2024-03-02 10:00", by="H")
    assert later.claims == [Claim("room", ROOM)]


@clause("A-2.6")
def test_a_draft_has_its_room_from_the_moment_it_is_correct() -> None:
    flat = entered(owner=None)
    flat.complete("2024-03-02 09:00", owner="cnt_owner")
    assert flat.claims == [Claim("room", ROOM)]


@clause("A-2.6")
def test_a_room_stands_once_for_sale_and_once_for_rental() -> None:
    assert [entered(kind=kind).claims for kind in ("sale", "rental")] == [[Claim("room", ROOM)], [Claim("room", f"rental{ROOM[4:]}")]]


@clause("A-2.6")
def test_a_sold_or_rented_room_is_still_there() -> None:
    flat = entered()
    flat.mark("2024-03-02 09:00", "sold")
    assert flat.claims == [Claim("room", ROOM)]


@clause("A-2.6")
def test_mending_the_room_moves_the_claim_and_not_onto_anothers() -> None:
    flat = entered()
    with refused("duplicate_listing"):
        flat.complete("2024-03-02 09:00", room="501", original=ORIGINAL)
    flat.complete("2024-03-02 09:00", room="501")
    assert flat.claims[1:] == [Claim("room", ROOM, release=True), Claim("room", "sale/HARBOURCOURT/3/2/0501")]


# Refuted phones and facts


@clause("A-2.6")
def test_a_refuted_phone_makes_it_incorrect_and_frees_the_room() -> None:
    flat = entered()
    [finding] = flat.refute("2024-03-03 09:00", "owner_phone")
    assert finding == Refuted("M1", "owner_phone", None, "untrue", False, None, at("2024-03-03 09:00"))
    assert (flat.listing.correct, flat.listing.missing, flat.listing.owner) == (False, ("owner_phone",), None)
    assert flat.claims[-1] == Claim("room", ROOM, release=True)


def test_it_is_no_draft_for_that_and_its_terms_run() -> None:
    flat = entered()
    before = flat.lapses()
    flat.refute("2024-03-03 09:00", "owner_phone")
    assert not flat.listing.draft
    assert flat.lapses() == before
    flat.mark("2024-03-03 10:00", "sold")


@clause("A-2.6")
def test_another_phone_cures_it_from_then_on_and_the_same_one_does_not() -> None:
    flat = entered()
    flat.refute("2024-03-03 09:00", "owner_phone")
    flat.complete("2024-03-03 10:00", owner="cnt_owner")
    assert not flat.listing.correct
    flat.complete("2024-03-03 11:00", owner="cnt_other")
    assert (flat.listing.correct, flat.listing.owner) == (True, "cnt_other")
    assert flat.claims[-1] == Claim("room", ROOM)


@clause("A-2.6")
def test_it_is_not_cured_once_the_freed_room_is_anothers() -> None:
    flat = entered()
    flat.refute("2024-03-03 09:00", "owner_phone")
    with refused("duplicate_listing"):
        flat.complete("2024-03-04 09:00", owner="cnt_other", original=ORIGINAL)


def test_a_phone_that_is_not_there_cannot_be_refuted_again() -> None:
    flat = entered()
    flat.refute("2024-03-03 09:00", "owner_phone")
    assert flat.refute("2024-03-03 09:30", "owner_phone") == []


def test_another_fact_refuted_leaves_the_entry_correct() -> None:
    flat = entered()
    [finding] = flat.refute("2024-03-03 09:00", "core")
    assert isinstance(finding, Refuted)
    assert (finding.correct, flat.listing.correct) == (True, True)
    assert flat.claims[1:] == []


@pytest.mark.parametrize("by", ["R", "H", "M2", "AM2"])
def test_who_is_not_above_the_holder_or_recorder_refutes_nothing(by: str) -> None:
    with refused("forbidden"):
        entered().refute("2024-03-03 09:00", "core", by=by)


@pytest.mark.parametrize("by", ["M1", "AM", "GM"])
def test_their_managers_refute(by: str) -> None:
    assert entered().refute("2024-03-03 09:00", "core", by=by)


# In time


@clause("A-2.1")
@pytest.mark.parametrize("complete", [True, False])
def test_an_hour_is_in_time_and_a_second_more_is_late(complete: bool) -> None:
    owner = "cnt_owner" if complete else None
    in_time = Flat().enter("2024-03-01 10:30", owner=owner, acquired_at=at("2024-03-01 09:30:00"))
    late = Flat().enter("2024-03-01 10:30", owner=owner, acquired_at=at("2024-03-01 09:29:59"))
    assert violations(in_time) == []
    assert isinstance(late[0], Entered)
    assert [(v.kind, v.clause, v.person) for v in violations(late)] == [("late_entry", "A-2.1", "R")]


@clause("B-2-1")
def test_under_b_it_is_two_hours() -> None:
    in_time = Flat(B).enter("2024-03-01 11:30", acquired_at=at("2024-03-01 09:30:00"))
    late = Flat(B).enter("2024-03-01 11:30", acquired_at=at("2024-03-01 09:29:59"))
    assert violations(in_time) == []
    assert [(v.kind, v.clause) for v in violations(late)] == [("late_entry", "B-2-1")]


@clause("A-2.1")
def test_what_is_acquired_this_instant_is_in_time_and_a_second_later_is_still_to_come() -> None:
    assert violations(Flat().enter("2024-03-01 10:30", acquired_at=at("2024-03-01 10:30:00"))) == []
    with refused("date_is_to_come", "A-2.1", field="acquired_at"):
        Flat().enter("2024-03-01 10:30", acquired_at=at("2024-03-01 10:30:01"))


@clause("B-2-1")
def test_under_b_nothing_is_acquired_in_time_to_come_either() -> None:
    with refused("date_is_to_come", "B-2-1", field="acquired_at"):
        Flat(B).enter("2024-03-01 10:30", acquired_at=at("2024-03-01 10:30:01"))


def test_without_a_declared_time_nothing_is_late() -> None:
    assert violations(Flat().enter(acquired_at=None)) == []


@clause("A-2.1")
def test_a_superior_enters_for_an_agent_who_stays_the_recorder_and_the_late_one() -> None:
    events = Flat().enter("2024-03-01 12:00", by="M1", recorder="R", acquired_at=at("2024-03-01 10:00"))
    entry = first_of(events)
    assert (entry.by, entry.recorder, entry.stands[0].holder) == ("M1", "R", "R")
    assert [v.person for v in violations(events)] == ["R"]


@pytest.mark.parametrize("by", ["H", "M2", "AM2"])
def test_who_is_not_above_an_agent_enters_nothing_for_them(by: str) -> None:
    with refused("forbidden"):
        Flat().enter(by=by, recorder="R")


def test_nobody_enters_for_someone_who_has_left() -> None:
    with refused("unknown_reference"):
        Flat(people=[Post("R", "S1", "G1", "N", in_post=False)]).enter(by="M1", recorder="R")


def test_who_has_left_enters_nothing() -> None:
    with refused("forbidden"):
        Flat(people=[Post("R", "S1", "G1", "N", in_post=False)]).enter()


# Phones and duplicates


@clause("A-2.13")
def test_an_agents_phone_is_refused_in_an_entry_and_in_completing_one() -> None:
    with refused("agent_phone_as_owner", "A-2.13"):
        Flat().enter(owner_is_agents=True)
    flat = entered(unit=None)
    with refused("agent_phone_as_owner", "A-2.13"):
        flat.complete("2024-03-02 09:00", owner="cnt_agent", owner_is_agents=True)


@clause("A-2.13")
def test_the_attempt_is_a_violation_and_a_repeat_proposes_dismissal() -> None:
    first, second = (aggregate.attempted_phone(person="R", ordinal=number, pack=A, at=at(ENTERED))[0] for number in (1, 2))
    assert (first.violation.kind, first.violation.fine_fen, first.violation.dismissal) == ("agent_phone_as_owner", 5000, False)
    assert (second.violation.clause, second.violation.fine_fen, second.violation.dismissal) == ("A-2.13", 5000, True)
    assert list(aggregate.claims_of_attempt(None, second)) == [Claim("violation", "agent_phone_as_owner/R/2")]


@clause("A-2.14")
def test_a_found_duplicate_is_the_recorders_violation_and_a_repeat_proposes_dismissal() -> None:
    for ordinal, dismissal in ((1, False), (2, True)):
        flat = entered()
        flat.reassign("2024-03-02 09:00", "H")
        events = flat.find_duplicate("2024-03-03 09:00", ordinal=ordinal)
        assert isinstance(events[0], DuplicateFound)
        [found] = violations(events)
        assert (found.kind, found.clause, found.person) == ("duplicate_entry", "A-2.14", "R")
        assert (found.fine_fen, found.dismissal) == (5000, dismissal)
        assert flat.claims[-1] == Claim("violation", f"duplicate_entry/R/{ordinal}")


def test_one_listing_is_found_a_duplicate_once() -> None:
    flat = entered()
    flat.find_duplicate("2024-03-03 09:00")
    assert flat.find_duplicate("2024-03-04 09:00") == []


def test_a_manager_finds_it_and_no_agent() -> None:
    with refused("forbidden"):
        entered().find_duplicate("2024-03-03 09:00", by="H")


def test_a_violation_without_repeats_takes_no_number() -> None:
    flat = Flat()
    flat.enter("2024-03-01 12:00", acquired_at=at("2024-03-01 10:00"))
    assert [claim.kind for claim in flat.claims if claim.kind == "violation"] == []
