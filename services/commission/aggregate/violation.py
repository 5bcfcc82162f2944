"""A violation: proposed by the entry that found it, or here by a manager who found what no rule had; answered here. Nothing is deducted.

Its stream begins with the first answer, or with a manager's proposal.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Literal, assert_never

from msgspec import Struct, structs

from services.commission.events import AppealDecided, Appealed, Confirmed, Dropped, Proposed, ViolationEvent
from shared import regulation
from shared.identity import Caller, allow
from shared.regulation import Pack, Refused
from shared.tenure import Ground

State = Literal["proposed", "confirmed", "dropped", "appealed", "upheld"]


class Earlier(Struct, frozen=True):
    """An earlier violation of the same kind by the same person, and where it stands."""

    id: str
    state: State


class Proposal(Struct, frozen=True):
    """A violation as it was proposed: by which entry, and by whom (None: a rule found it); with those that it may repeat."""

    violation: regulation.Violation
    found_in: str
    proposed_by: str | None
    earlier: tuple[Earlier, ...] = ()


class Answer(Struct, frozen=True):
    """What somebody said to it, and what it was from then on."""

    by: str
    state: State
    reason: str | None
    at: datetime


class Violation(Struct, frozen=True):
    """A violation that a manager proposed or that has been answered. `rank` is the role of who confirmed or dropped it."""

    person: str
    rank: str
    answers: tuple[Answer, ...]
    dismissal: bool

    @property
    def state(self) -> State:
        return self.answers[-1].state if self.answers else "proposed"


def evolve(violation: Violation | None, event: ViolationEvent) -> Violation:
    match event:
        case Proposed(violation=found):
            return Violation(found.person, "", (), found.dismissal)
        case Confirmed(violation=found, role=role) | Dropped(violation=found, role=role):
            return Violation(found.person, role, (_answer(event),), found.dismissal)
        case Appealed() | AppealDecided():
            assert violation is not None, "an appeal follows a confirmation"
            return structs.replace(violation, answers=(*violation.answers, _answer(event)))
    assert_never(event)


def _answer(event: Confirmed | Dropped | Appealed | AppealDecided) -> Answer:
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


# Repeats


def counted(violation: regulation.Violation, earlier: Iterable[Earlier], pack: Pack | None) -> regulation.Violation:
    """A-2.13, A-2.14: a repeat proposes dismissal. An earlier one that was dropped, or won on appeal, is none to repeat."""
    if (dismissal_from := _dismissal_from(violation, pack)) is None:
        return violation
    standing = sum(one.state != "dropped" for one in earlier)
    return structs.replace(violation, dismissal=standing + 1 >= dismissal_from)


def _dismissal_from(violation: regulation.Violation, pack: Pack | None) -> int | None:
    """From the how-manieth on a violation's clause proposes dismissal; None: it does not count repeats."""
    if pack is None or not pack.has(violation.clause):
        return None
    found: int | None = pack[violation.clause].parameters.get("dismissal_from")
    return found


def _refuse_open_earlier(violation: regulation.Violation, earlier: Sequence[Earlier], pack: Pack | None) -> None:
    """What a dismissal would rest on is answered first."""
    dismissal_from = _dismissal_from(violation, pack)
    if dismissal_from is None or not violation.dismissal:
        return
    firm = sum(one.state in ("confirmed", "upheld") for one in earlier)
    waiting = [one for one in earlier if one.state in ("proposed", "appealed")]
    if firm + 1 < dismissal_from and waiting:
        raise Refused("earlier_violation_open", violation.clause, pack=pack, first=waiting[0].id, state=waiting[0].state)


# Decisions


def propose(
    violation: Violation | None = None,
    *,
    by: Caller,
    found: regulation.Violation | None,
    kind: str,
    reason: str,
    unknown: Sequence[str],
    ground: Ground,
    at: datetime,
) -> list[ViolationEvent]:
    """A manager found what no rule had: `found`, counted with what it repeats; None: the pack in force has no clause for the kind."""
    if found is None:
        raise Refused("no_clause_for_violation", kind=kind)
    _allow_above("violation.propose", by, found, ground, party=False, above=())
    if unknown:
        raise Refused("unknown_reference", found.clause, field="evidence")
    return [Proposed(by.person, found, reason, at)] if violation is None else []


def confirm(
    violation: Violation | None = None, *, by: Caller, proposal: Proposal, pack: Pack | None, ground: Ground, at: datetime
) -> list[ViolationEvent]:
    """A manager above the person concerned confirms the proposal, once; never that person, nor who proposed it. `pack` is the one in
    force when it was found (None: none was, where the person is now). Repeats are counted anew: what a dismissal rests on has to be
    answered before it."""
    meant = counted(proposal.violation, proposal.earlier, pack)
    _allow_answering("violation.confirm", by, meant, proposal.proposed_by, ground)
    _refuse_answered(violation)
    _refuse_open_earlier(meant, proposal.earlier, pack)
    return [Confirmed(by.person, by.post.role, meant, proposal.found_in, at)]


def drop(
    violation: Violation | None = None, *, by: Caller, proposal: Proposal, pack: Pack | None, reason: str, ground: Ground, at: datetime
) -> list[ViolationEvent]:
    """The same, the other way: it comes to nothing, for a reason."""
    meant = counted(proposal.violation, proposal.earlier, pack)
    _allow_answering("violation.drop", by, meant, proposal.proposed_by, ground)
    _refuse_answered(violation)
    return [Dropped(by.person, by.post.role, meant, proposal.found_in, reason, at)]


def _allow_answering(act: str, by: Caller, meant: regulation.Violation, proposed_by: str | None, ground: Ground) -> None:
    """A dismissal or the loss of a month's pay is no store manager's to answer: it takes the rank above."""
    grave = ("store_manager",) if meant.dismissal or meant.forfeits_pay else ()
    _allow_above(act, by, meant, ground, party=by.person in (meant.person, proposed_by), above=grave)


def _allow_above(act: str, by: Caller, violation: regulation.Violation, ground: Ground, *, party: bool, above: Iterable[str]) -> None:
    """Only managers of the person's store and those above them, and only such as are higher than the person and than `above`."""
    post = ground.post(violation.person)
    assert post is not None, f"the post of {violation.person} was not looked up"
    allow(by, act, over=(post,), party=party, above=(post.role, *above))


def _refuse_answered(violation: Violation | None) -> None:
    if violation is not None and violation.answers:
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
    _allow_above("violation.decide_appeal", by, proposal.violation, ground, party=party, above=rank)
    if violation is None or violation.state != "appealed":
        raise Refused("violation_not_appealed", state="proposed" if violation is None else violation.state)
    return [AppealDecided(by.person, by.post.role, outcome, reason, at)]
