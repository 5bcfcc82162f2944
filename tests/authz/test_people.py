"""People and their posts: joining, transfers, probation, leave, departure; and who may decide it."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

import pytest
from msgspec import structs

from services.authz import aggregate
from services.authz.aggregate import Person, evolve, evolve_company
from services.authz.events import Confirmed, Founded, Joined, LeaveApproved, LeaveGranted, Left, Transferred
from shared.calendar import SHANGHAI
from shared.identity import HEAD_OFFICE, Caller, Post, Role, may
from tests.refusing import refused

clause = pytest.mark.clause

AT = datetime(2024, 3, 1, 10, tzinfo=SHANGHAI)
AGENT = Post("R", "S1", "G1", "N", newcomer=True)
MAINTAINER = Post("H", "S1", "G1", "N")


def by(role: Role, store: str | None = "S1", area: str | None = "N") -> Caller:
    return Caller("psn_by", UUID(int=1), Post("psn_by", store, None, area, role))


PERSONNEL = by("personnel")


def person(**changed: Any) -> Person:
    return Person(structs.replace(AGENT, **changed))


def transferred(of: Person, caller: Caller = PERSONNEL, **to: Any) -> list[Any]:
    asked = {"store": None, "team": None, "role": None, "area": None, **to}
    return aggregate.transfer(of, by=caller, at=AT, **asked)


# Companies and joining


def test_head_office_founds_a_company_and_nobody_else() -> None:
    [founded] = aggregate.found(by=HEAD_OFFICE, name="Harbour Homes", at=AT)
    assert (founded, evolve_company(None, founded).name) == (Founded("hq", "Harbour Homes", AT), "Harbour Homes")
    with refused("forbidden"):
        aggregate.found(by=by("general_manager"), name="Harbour Homes", at=AT)


@pytest.mark.parametrize("role", ["personnel", "administrator"])
def test_personnel_or_the_administrator_puts_someone_into_a_post(role: Role) -> None:
    [joined] = aggregate.join(by=by(role), post=AGENT, at=AT)
    assert joined == Joined("psn_by", AGENT, AT)
    assert evolve(None, joined).post == AGENT


@pytest.mark.parametrize("role", ["agent", "store_manager", "area_manager", "general_manager", "auditor", "legal"])
def test_others_do_not(role: Role) -> None:
    with refused("forbidden"):
        aggregate.join(by=by(role), post=AGENT, at=AT)


# Transfers


@clause("S-4")
def test_a_transfer_carries_the_whole_post_from_then_on() -> None:
    [moved] = transferred(person(), store="S2", team="G2")
    assert moved == Transferred("psn_by", structs.replace(AGENT, store="S2", team="G2"), AT)
    assert evolve(person(), moved).post.team == "G2"


@clause("S-4")
def test_who_gets_a_new_store_without_a_team_or_becomes_a_manager_leaves_the_team() -> None:
    [to_store], [to_role] = transferred(person(), store="S2"), transferred(person(), role="store_manager")
    assert (to_store.post.store, to_store.post.team) == ("S2", None)
    assert (to_role.post.store, to_role.post.team, to_role.post.role) == ("S1", None, "store_manager")


@clause("S-4")
def test_another_team_of_the_same_store_is_a_transfer_and_the_same_post_is_silence() -> None:
    assert transferred(person(), team="G9")[0].post.team == "G9"
    assert transferred(person(), store="S1", team="G1", role="agent") == []


@pytest.mark.parametrize("role", ["agent", "store_manager", "administrator", "general_manager"])
def test_a_transfer_is_personnels(role: Role) -> None:
    with refused("forbidden"):
        transferred(person(), by(role), store="S2")


def test_who_has_left_is_not_transferred_confirmed_or_on_leave() -> None:
    gone = person(in_post=False)
    with refused("has_left"):
        transferred(gone, store="S2")
    with refused("has_left"):
        aggregate.confirm(gone, by=PERSONNEL, at=AT)
    with refused("has_left"):
        granted(gone)


# Probation and departure


@clause("C-1")
def test_probation_ends_once() -> None:
    [confirmed] = aggregate.confirm(person(), by=PERSONNEL, at=AT)
    assert confirmed == Confirmed("psn_by", structs.replace(AGENT, newcomer=False), AT)
    assert aggregate.confirm(evolve(person(), confirmed), by=PERSONNEL, at=AT) == []


@clause("C-1", "S-4")
@pytest.mark.parametrize("kind", ["resigned", "dismissed", "walked_out", "expelled"])
def test_a_departure_has_a_kind_keeps_the_last_post_and_ends_access(kind: Any) -> None:
    [left] = aggregate.leave(person(), by=PERSONNEL, kind=kind, at=AT)
    assert left == Left("psn_by", kind, structs.replace(AGENT, in_post=False), AT)
    gone = evolve(person(), left).post
    assert (gone.store, gone.team) == ("S1", "G1")
    assert not may(Caller("R", UUID(int=1), gone), "listing.read")
    assert aggregate.leave(Person(gone), by=PERSONNEL, kind=kind, at=AT) == []


# Leave


def granted(of: Person, caller: Caller | None = None, *, first: date = date(2024, 3, 11), last: date = date(2024, 3, 16), **to: Any) -> Any:
    asked = {"maintainer": None, "maintainer_post": None, **to}
    return aggregate.grant_leave(of, by=caller or by("store_manager"), first=first, last=last, at=AT, **asked)


@clause("C-1")
def test_the_manager_grants_leave_and_may_name_a_maintainer() -> None:
    assert granted(person()) == [LeaveGranted("psn_by", date(2024, 3, 11), date(2024, 3, 16), None, AT)]
    [leave] = granted(person(), maintainer="H", maintainer_post=MAINTAINER)
    assert leave.maintainer == "H"
    assert evolve(person(), leave).post == AGENT


@clause("C-1")
def test_a_leave_of_one_day_is_one_and_none_ends_before_it_begins() -> None:
    assert granted(person(), first=date(2024, 3, 11), last=date(2024, 3, 11))
    with refused("leave_ends_before_it_begins", "C-1"):
        granted(person(), first=date(2024, 3, 12), last=date(2024, 3, 11))


@clause("C-1")
@pytest.mark.parametrize("post", [None, structs.replace(MAINTAINER, in_post=False)])
def test_a_maintainer_is_someone_in_post(post: Post | None) -> None:
    with refused("unknown_reference", "C-1", field="maintainer"):
        granted(person(), maintainer="H", maintainer_post=post)


@clause("C-1")
def test_a_maintainer_is_somebody_else() -> None:
    with refused("own_maintainer", "B-1-3-7", person="R"):
        granted(person(), maintainer="R", maintainer_post=AGENT)
    assert granted(person(), maintainer="H", maintainer_post=MAINTAINER)


@pytest.mark.parametrize("caller", [by("agent"), by("store_manager", "S2"), by("area_manager", "S9", "S"), by("personnel")])
def test_leave_is_granted_by_managers_of_the_store(caller: Caller) -> None:
    with refused("forbidden"):
        granted(person(), caller)


@pytest.mark.parametrize("caller", [by("area_manager", "S9", "N"), by("director", None, None), by("general_manager", None, None)])
def test_and_by_those_above_them(caller: Caller) -> None:
    assert granted(person(), caller)


FIRST = date(2024, 3, 11)


def on_leave(last: date, *, of: Person | None = None) -> Person:
    """Granted from the eleventh on."""
    state = of or person()
    for event in granted(state, first=FIRST, last=last):
        state = evolve(state, event)
    return state


def approved(of: Person, last: date, caller: Caller = PERSONNEL, days: int = 3) -> list[Any]:
    return list(aggregate.approve_leave(of, by=caller, first=FIRST, last=last, days=days, at=AT))


@clause("C-1")
def test_a_leave_of_more_than_three_days_is_approved_by_personnel_and_one_of_three_needs_none() -> None:
    three, four = date(2024, 3, 13), date(2024, 3, 14)
    with refused("leave_needs_no_approval", "C-1", days=3):
        approved(on_leave(three), three)
    assert approved(on_leave(four), four) == [LeaveApproved("psn_by", FIRST, four, AT)]
    assert approved(on_leave(three), three, days=2)


@clause("C-1")
def test_a_leave_is_approved_once_and_stays_approved_when_it_is_granted_again_with_a_maintainer() -> None:
    last = date(2024, 3, 16)
    state = on_leave(last)
    state = evolve(state, approved(state, last)[0])
    assert approved(state, last) == []
    [again] = granted(state, last=last, maintainer="H", maintainer_post=MAINTAINER)
    assert approved(evolve(state, again), last) == []


@clause("C-1")
def test_what_was_not_granted_is_not_approved_and_each_leave_is_its_own() -> None:
    first, second = date(2024, 3, 16), date(2024, 3, 17)
    with refused("unknown_reference", "C-1", field="from"):
        approved(on_leave(first), second)
    both = on_leave(second, of=on_leave(first))
    both = evolve(both, approved(both, first)[0])
    assert approved(both, second)


@clause("C-1")
@pytest.mark.parametrize("role", ["agent", "store_manager", "area_manager", "general_manager", "administrator", "auditor"])
def test_only_personnel_approves_a_leave_and_nobody_their_own(role: Role) -> None:
    last = date(2024, 3, 16)
    with refused("forbidden"):
        approved(on_leave(last), last, by(role))
    own = Person(structs.replace(AGENT, person="psn_by", role="personnel"), on_leave(last).leaves)
    with refused("conflict_of_interest"):
        approved(own, last)


@clause("C-1")
def test_a_leave_stands_through_transfers_probation_and_departure() -> None:
    last = date(2024, 3, 16)
    state = on_leave(last)
    for [event] in (transferred(state, store="S2"), aggregate.confirm(state, by=PERSONNEL, at=AT)):
        assert evolve(state, event).leaves == state.leaves
