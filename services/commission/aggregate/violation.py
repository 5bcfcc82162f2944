"""A violation: proposed by the entry that found it, answered here. Its stream begins with the first answer. Nothing is deducted."""

from collections.abc import Iterable
from datetime import datetime
from typing import Literal, assert_never

from msgspec import Struct, structs

from services.commission.events import AppealDecided, Appealed, Confirmed, Dropped, ViolationEvent
from shared import regulation
from shared.identity import Caller, allow
from shared.regulation import Refused
from shared.tenure import Ground

State = Literal["proposed", "confirmed", "dropped", "appealed", "upheld"]


class Proposal(Struct, frozen=True):
    """A violation as it was proposed: by which entry, and by whom (None: a rule found it)."""

    violation: regulation.Violation
    found_in: str
    proposed_by: str | None


class Answer(Struct, frozen=True):
    """What somebody said to it, and what it was from then on."""

    by: str
    state: State
    reason: str | None
    at: datetime


class Violation(Struct, frozen=True):
    """A violation that has been answered. `rank` is the role of who confirmed or dropped it."""

    person: str
    rank: str
    answers: tuple[Answer, ...]

    @property
    def state(self) -> State:
        return self.answers[-1].state


def evolve(violation: Violation | None, event: ViolationEvent) -> Violation:
    if violation is None:
        assert isinstance(event, Confirmed | Dropped), "a violation's stream begins with its being confirmed or dropped"
        return Violation(event.violation.person, event.role, (_answer(event),))
    return structs.replace(violation, answers=(*violation.answers, _answer(event)))


def _answer(event: ViolationEvent) -> Answer:
    match event:
        case Confirmed(by=by, at=at):
            return Answer(by, "confirmed", None, at)
        case Dropped(by=by, reason=reason, at=at):
            return Answer(by, "dropped", reason, at)
        case Appealed(by=by, reason=reason, at=at):
            return Answer(by, "appealed", reason, at)
        case AppealDecided(by=by, outcome=outcome, reason=reason, at=at):
            return Answer(by, outcome, reason, at)
    assert_never(event)


# Decisions


def confirm(violation: Violation | None = None, *, by: Caller, proposal: Proposal, ground: Ground, at: datetime) -> list[ViolationEvent]:
    """A manager above the person concerned confirms the proposal, once; never that person, nor who proposed it."""
    _allow_answering("violation.confirm", by, proposal, ground)
    _refuse_answered(violation)
    return [Confirmed(by.person, by.post.role, proposal.violation, proposal.found_in, at)]


def drop(
    violation: Violation | None = None, *, by: Caller, proposal: Proposal, reason: str, ground: Ground, at: datetime
) -> list[ViolationEvent]:
    """The same, the other way: it comes to nothing, for a reason."""
    _allow_answering("violation.drop", by, proposal, ground)
    _refuse_answered(violation)
    return [Dropped(by.person, by.post.role, proposal.violation, proposal.found_in, reason, at)]


def _allow_answering(act: str, by: Caller, proposal: Proposal, ground: Ground) -> None:
    _allow_above(act, by, proposal, ground, party=by.person in (proposal.violation.person, proposal.proposed_by), above=())


def _allow_above(act: str, by: Caller, proposal: Proposal, ground: Ground, *, party: bool, above: Iterable[str]) -> None:
    """Only managers of the person's store and those above them, and only such as are higher than the person and than `above`."""
    post = ground.post(proposal.violation.person)
    assert post is not None, f"the post of {proposal.violation.person} was not looked up"
    allow(by, act, over=(post,), party=party, above=(post.role, *above))


def _refuse_answered(violation: Violation | None) -> None:
    if violation is not None:
        first = violation.answers[0]
        raise Refused("violation_already_answered", state=violation.state, by=first.by, first_at=first.at)


def appeal(violation: Violation | None = None, *, by: Caller, proposal: Proposal, reason: str, at: datetime) -> list[ViolationEvent]:
    """The person concerned, and nobody in their name, appeals against a confirmed violation, once."""
    own = by.person == proposal.violation.person
    allow(by, "violation.appeal", own=own)
    if not own:
        raise Refused("forbidden", act="violation.appeal", whose="concerned")
    if violation is None or violation.state != "confirmed":
        raise Refused("violation_not_confirmed", state="proposed" if violation is None else violation.state)
    if violation.rank == "general_manager":
        raise Refused("nobody_above", role="general_manager")
    return [Appealed(by.person, reason, at)]


def decide_appeal(
    violation: Violation | None = None,
    *,
    by: Caller,
    proposal: Proposal,
    outcome: Literal["upheld", "dropped"],
    reason: str,
    ground: Ground,
    at: datetime,
) -> list[ViolationEvent]:
    """A rank above the one that confirmed it lets the violation stand, or drops it; that is the end of it."""
    rank = () if violation is None else (violation.rank,)
    answered = () if violation is None else tuple(answer.by for answer in violation.answers)
    party = by.person in (proposal.violation.person, proposal.proposed_by, *answered)
    _allow_above("violation.decide_appeal", by, proposal, ground, party=party, above=rank)
    if violation is None or violation.state != "appealed":
        raise Refused("violation_not_appealed", state="proposed" if violation is None else violation.state)
    return [AppealDecided(by.person, by.post.role, outcome, reason, at)]
