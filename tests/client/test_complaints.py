"""A complaint from its registration to its end, and who has which part in it (C-2)."""

from collections.abc import Sequence
from functools import reduce
from typing import Any

import pytest

from services.client.aggregate import complaint as deciding
from services.client.aggregate.complaint import Complaint
from services.client.events.complaint import About, Answered, Assigned, Closed, ComplaintEvent, Outcome, Registered, Reopened
from shared.identity import Caller, Post
from shared.regulation import Activation, Pack
from shared.tenure import Ground
from tests.client.buyer import TENANT, at
from tests.client.test_grading import stating
from tests.packs import A, reading
from tests.refusing import refused

clause = pytest.mark.clause

PEOPLE = {
    post.person: post
    for post in (
        Post("X", "S1", "G1", "east"),
        Post("Y", "S1", "G1", "east"),
        Post("Z", "S1", "G1", "east", in_post=False),
        Post("SM1", "S1", None, "east", "store_manager"),
        Post("SM2", "S2", None, "east", "store_manager"),
        Post("AM", None, None, "east", "area_manager"),
        Post("GM", role="general_manager"),
        Post("SV", role="service_manager"),
        Post("FI", role="finance"),
        Post("AUD", role="auditor"),
    )
}
KNOWN = frozenset({"cli_1", "lst_1", "dea_1"})
TEXT = "He came an hour late and had no key"


class Case:
    """A complaint of a client about X, registered by the service desk on 1 March at nine."""

    def __init__(self, pack: Pack = A, *, registered: bool = True) -> None:
        self.ground = Ground(PEOPLE, (Activation(pack, at("2000-01-01 00:00")),))
        self.record: Complaint | None = None
        if registered:
            self.register()

    @property
    def complaint(self) -> Complaint:
        assert self.record is not None, "it has been registered"
        return self.record

    def by(self, who: str) -> Caller:
        return Caller(who, TENANT, PEOPLE[who])

    def take(self, events: Sequence[ComplaintEvent]) -> list[ComplaintEvent]:
        self.record = reduce(deciding.evolve, events, self.record)
        return list(events)

    def register(self, when: str = "2024-03-01 09:00", who: str = "SV", about: About | None = None, **given: Any) -> list[ComplaintEvent]:
        facts: dict[str, Any] = {"channel": "phone", "against": ("X",), "text": TEXT, "known": KNOWN, **given}
        tied = About(client="cli_1") if about is None else about
        return self.take(deciding.register(by=self.by(who), about=tied, ground=self.ground, at=at(when), **facts))

    def assign(self, when: str = "2024-03-01 10:00", to: str = "Y", who: str = "SV") -> list[ComplaintEvent]:
        return self.take(deciding.assign(self.complaint, by=self.by(who), to=to, ground=self.ground, at=at(when)))

    def answer(self, when: str = "2024-03-02 10:00", who: str = "Y", text: str = "He is sorry and comes again") -> list[ComplaintEvent]:
        return self.take(deciding.answer(self.complaint, by=self.by(who), text=text, ground=self.ground, at=at(when)))

    def close(self, when: str = "2024-03-03 10:00", who: str = "SV", outcome: Outcome = "upheld") -> list[ComplaintEvent]:
        told: dict[str, Any] = {"outcome": outcome, "reason": "The client is content"}
        return self.take(deciding.close(self.complaint, by=self.by(who), ground=self.ground, at=at(when), **told))

    def reopen(self, when: str = "2024-03-10 10:00", who: str = "SV") -> list[ComplaintEvent]:
        return self.take(deciding.reopen(self.complaint, by=self.by(who), reason="It happened again", ground=self.ground, at=at(when)))


def closed() -> Case:
    case = Case()
    case.assign()
    case.answer()
    case.close()
    return case


@clause("C-2")
def test_it_is_registered_with_its_terms_assigned_answered_and_closed() -> None:
    case = Case(registered=False)
    answer_until, close_until = at("2024-03-05 00:00"), at("2024-03-17 00:00")
    assert case.register() == [
        Registered("SV", "phone", About(client="cli_1"), ("X",), TEXT, answer_until, close_until, at("2024-03-01 09:00"))
    ]
    assert case.assign() == [Assigned("SV", "Y", at("2024-03-01 10:00"))]
    assert case.answer() == [Answered("Y", "He is sorry and comes again", at("2024-03-02 10:00"))]
    assert case.close() == [Closed("SV", "upheld", "The client is content", at("2024-03-03 10:00"))]
    told = [(said.what, said.by) for said in case.complaint.story]
    assert told == [("registered", "SV"), ("assigned", "SV"), ("answered", "Y"), ("closed", "SV")]
    assert case.complaint.state == "closed"


@clause("C-2")
@pytest.mark.parametrize("about", [About(client="cli_1"), About(listing="lst_1"), About(deal="dea_1"), About("cli_1", "lst_1", "dea_1")])
def test_it_is_tied_to_a_client_a_listing_or_a_deal(about: About) -> None:
    assert Case(registered=False).register(about=about)


@clause("C-2")
def test_what_is_tied_to_nothing_or_to_what_is_not_there_is_refused() -> None:
    with refused("complaint_untied", "C-2"):
        Case(registered=False).register(about=About())
    for field in ("client", "listing", "deal"):
        with refused("unknown_reference", "C-2", field=field):
            Case(registered=False).register(about=About(**{field: "xxx_9"}))
    with refused("unknown_reference", "C-2", field="against"):
        Case(registered=False).register(against=("X", "nobody"))


@clause("C-2")
@pytest.mark.parametrize("who", ["X", "SM2", "GM", "SV", "FI", "AUD"])
def test_anyone_in_post_takes_one_down(who: str) -> None:
    assert Case(registered=False).register(who=who)


@clause("C-2")
def test_no_phone_stands_in_what_is_said() -> None:
    with refused("contact_in_text", "C-2", field="text"):
        Case(registered=False).register(text="Call 13900000001 back")
    case = Case()
    case.assign()
    with refused("contact_in_text", "C-2", field="text"):
        case.answer(text="Told 139 0000 0001 that we are sorry")


@clause("C-2", "R-days")
def test_the_terms_are_the_companys_and_counted_as_its_pack_reads_days() -> None:
    own = Case(stating("C-2", answer_days=1, close_days=2)).complaint
    assert (own.answer_until, own.close_until) == (at("2024-03-03 00:00"), at("2024-03-04 00:00"))
    elapsed = Case(reading(A, R_days="elapsed")).complaint
    assert (elapsed.answer_until, elapsed.close_until) == (at("2024-03-04 09:00:00.000001"), at("2024-03-16 09:00:00.000001"))


@clause("C-2")
def test_what_is_due_is_the_answer_then_the_end_then_nothing() -> None:
    case = Case()
    case.assign()
    assert case.complaint.due == at("2024-03-05 00:00")
    case.answer()
    assert case.complaint.due == at("2024-03-17 00:00")
    case.close()
    assert case.complaint.due is None


# From hand to hand


@clause("C-2")
def test_it_is_given_to_somebody_in_post_whom_it_does_not_concern() -> None:
    case = Case()
    with refused("assignee_complained_of", "C-2"):
        case.assign(to="X")
    for gone in ("Z", "nobody"):
        with refused("unknown_reference", "C-2", field="to"):
            case.assign(to=gone)
    assert case.assign(to="Y")
    assert case.assign(to="Y") == []
    assert case.assign(to="SM2") == [Assigned("SV", "SM2", at("2024-03-01 10:00"))]


@clause("C-2")
def test_given_to_another_after_it_was_answered_it_stays_answered() -> None:
    case = Case()
    case.assign()
    case.answer()
    case.assign(to="SM2")
    assert (case.complaint.state, case.complaint.assignee) == ("answered", "SM2")


@clause("C-2")
def test_nobody_answers_what_nobody_was_given_and_nobody_closes_what_was_not_answered() -> None:
    case = Case()
    with refused("complaint_unanswered", "C-2", state="registered"):
        case.close()
    with refused("forbidden"):
        case.answer(who="Y")
    with refused("complaint_not_assigned", "C-2"):
        case.answer(who="GM")
    case.assign()
    with refused("complaint_unanswered", "C-2", state="assigned"):
        case.close()


@clause("C-2")
def test_the_assignee_answers_or_a_manager_above_and_may_do_so_again() -> None:
    case = Case()
    case.assign()
    for who in ("SM2", "FI", "SV"):
        with refused("forbidden"):
            case.answer(who=who)
    assert case.answer(who="SM1")
    assert case.answer(who="Y", text="He has been there since")
    assert case.complaint.state == "answered"


@clause("C-2")
def test_whom_it_concerns_neither_assigns_nor_answers_nor_closes_nor_reopens() -> None:
    case = Case(registered=False)
    case.register(against=("SM1", "X"))
    with refused("conflict_of_interest"):
        case.assign(who="SM1")
    case.assign(to="Y", who="AM")
    with refused("conflict_of_interest"):
        case.answer(who="SM1")
    case.answer()
    with refused("conflict_of_interest"):
        case.close(who="SM1")
    assert case.close(who="AM")
    with refused("conflict_of_interest"):
        case.reopen(who="SM1")


@clause("C-2")
@pytest.mark.parametrize("who", ["Y", "SM2", "FI", "AUD"])
def test_only_the_service_manager_and_those_above_whom_it_concerns_see_to_it(who: str) -> None:
    case = closed()
    with refused("forbidden"):
        case.reopen(who=who)
    with refused("forbidden"):
        Case().assign(who=who)
    for above in ("SV", "SM1", "AM", "GM"):
        assert Case().assign(who=above)


@clause("C-2")
def test_where_nobody_is_named_the_managers_of_who_registered_it_see_to_it() -> None:
    case = Case(registered=False)
    case.register(who="Y", against=())
    with refused("forbidden"):
        case.assign(who="SM2", to="X")
    assert case.assign(who="SM1", to="X")


# The end


@clause("C-2")
def test_what_is_closed_goes_on_only_when_it_is_reopened() -> None:
    case = closed()
    for act in (case.assign, case.answer, case.close):
        with refused("complaint_closed", "C-2", by="SV", first_at=at("2024-03-03 10:00")):
            act()
    assert case.reopen() == [Reopened("SV", "It happened again", at("2024-03-14 00:00"), at("2024-03-26 00:00"), at("2024-03-10 10:00"))]
    assert (case.complaint.state, case.complaint.assignee, case.complaint.due) == ("assigned", "Y", at("2024-03-14 00:00"))
    with refused("complaint_not_closed", "C-2", state="assigned"):
        case.reopen()
    with refused("complaint_unanswered", "C-2"):
        case.close()
    case.answer("2024-03-11 10:00")
    assert case.close("2024-03-12 10:00", outcome="settled")
