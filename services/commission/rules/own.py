"""Roles of a company's own: who earns them, and who gets their part where nobody did or who did has left.

Which sources there are is the regulation's vocabulary (`shared.regulation.SOURCES`); what each means in the facts of a deal stands here.
"""

from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from services.commission.rules.counting import (
    declared,
    exclusive_that_counts,
    judging,
    key_that_counts,
    plan_that_counts,
    survey_that_counts,
)
from services.commission.rules.facts import COMPANY, Evidence, Exclusive, Facts, FloorPlan, Key, Survey
from services.commission.rules.parts import Part, Parts, citing
from shared.money import ALL
from shared.regulation import KEEPS, PRO_RATA, Clause, Pack, Role

Earners = tuple[tuple[str, Evidence], ...]
"""Who earned a role, in the order in which they have lines, each with the entries that say so."""

NOBODY: Final[Earners] = ()
OTHERS: Final = "others"
"""Who gets what goes to the other roles in proportion, before it is known who they are."""
EARNED: Final = ("work", "agency")
"""How parts are held that somebody earned."""


class Portion(Struct, frozen=True):
    """What somebody gets of a role's part: how much of it, by which clauses, on which entries. `earned`: by the role's own work."""

    to: str
    of: Fraction
    clauses: tuple[str, ...]
    evidence: Evidence = ()
    earned: bool = False


def with_own_roles(parts: Parts, table: Clause, facts: Facts, pack: Pack) -> Parts:
    """The parts with those of the pack's own roles that a table gives a share to.

    What goes to the other roles grows what was earned, in proportion; it is the company's, if nothing was.
    """
    shares = [(role, points) for role, points in table.shares.items() if role in pack.roles]
    own = [_part(role, points, each, table, facts) for role, points in shares for each in _portions(role, parts, facts, pack, ())]
    falling = [part for part in own if part.to == OTHERS]
    if not falling:
        return (*parts, *own)
    earned = sum((part.points for part in (*parts, *own) if part.held in EARNED), Fraction(0))
    grows = 1 + sum((part.points for part in falling), Fraction(0)) / earned if earned else ALL
    cited = tuple(pack.roles[part.role].clause for part in falling)
    return tuple(_settled(part, grows, cited, bool(earned)) for part in (*parts, *own))


def _part(role: str, points: Fraction, portion: Portion, table: Clause, facts: Facts) -> Part:
    clauses = citing((table.id,), *portion.clauses)
    theirs = points if portion.of is ALL else points * portion.of
    if portion.earned:
        return Part(role, portion.to, theirs, facts.credit_of(portion.to), clauses, portion.evidence)
    if portion.to in (COMPANY, OTHERS):
        return Part(role, portion.to, theirs, COMPANY, clauses, portion.evidence, held="vacant")
    return Part(role, portion.to, theirs, facts.credit_of(portion.to), clauses, portion.evidence, held="moved")


def _settled(part: Part, grows: Fraction, cited: tuple[str, ...], is_shared_out: bool) -> Part:
    """A part once it is known how much of the others falls to it. What was shared out leaves a line without points with the company."""
    if part.to == OTHERS:
        return replace(part, to=COMPANY, points=Fraction(0) if is_shared_out else part.points)
    if part.held in EARNED and part.points and grows != 1:
        return replace(part, points=part.points * grows, clauses=citing(part.clauses, *cited))
    return part


def _portions(role: str, known: Parts, facts: Facts, pack: Pack, via: tuple[str, ...]) -> tuple[Portion, ...]:
    """Who gets a role's part, and how much. `via` are the roles that fell to this one: what goes in a circle is the company's."""
    if role in via:
        return (Portion(COMPANY, ALL, ()),)
    if role not in pack.roles:
        return _of_known(role, known)
    own = pack.roles[role]
    earners, cited = _earners(own, facts, pack)
    if not earners:
        return _fallen(own, own.if_nobody, Portion(COMPANY, ALL, cited), known, facts, pack, via)
    each = ALL if len(earners) == 1 else Fraction(1, len(earners))
    portions: list[Portion] = []
    for person, evidence in earners:
        theirs = Portion(person, each, cited, evidence, earned=True)
        if own.if_left == KEEPS or not facts.has_left(person):
            portions.append(theirs)
        else:
            theirs = replace(theirs, evidence=evidence + facts.standing(person).evidence, earned=False)
            portions += _fallen(own, own.if_left, theirs, known, facts, pack, via)
    return _together(portions) if len(portions) > 1 else tuple(portions)


def _together(portions: Iterable[Portion]) -> tuple[Portion, ...]:
    """One portion for each beneficiary, in the order in which they come."""
    by_whom: dict[tuple[str, bool], Portion] = {}
    for one in portions:
        first = by_whom.get((one.to, one.earned))
        if first is not None:
            one = replace(first, of=first.of + one.of, clauses=citing(first.clauses, *one.clauses), evidence=first.evidence + one.evidence)
        by_whom[one.to, one.earned] = one
    return tuple(by_whom.values())


def _of_known(role: str, known: Parts) -> tuple[Portion, ...]:
    """Those who have a role of the regulation's, in equal portions; the company, if it has no lines here."""
    theirs = [part for part in known if part.role == role]
    each = Fraction(1, len(theirs) or 1)
    return tuple(Portion(part.to, each, part.clauses, part.evidence) for part in theirs) or (Portion(COMPANY, each, ()),)


def _fallen(own: Role, outcome: str, portion: Portion, known: Parts, facts: Facts, pack: Pack, via: tuple[str, ...]) -> tuple[Portion, ...]:
    """A portion that falls to the company, to the other roles, or to the people of another role."""
    if outcome in (COMPANY, PRO_RATA):
        return (replace(portion, to=COMPANY if outcome == COMPANY else OTHERS),)
    return tuple(
        Portion(to.to, portion.of * to.of, citing(portion.clauses, *to.clauses), portion.evidence + to.evidence)
        for to in _portions(outcome, known, facts, pack, (*via, own.name))
    )


def _earners(own: Role, facts: Facts, pack: Pack) -> tuple[Earners, tuple[str, ...]]:
    """Those whom the first source names that names anyone; and the clauses that say so: the role's, and what judges acts."""
    out = {person for source in own.but_not for person, _ in EARNERS[source](own, facts, pack)} if own.but_not else ()
    for source in own.earned_by:
        found = EARNERS[source](own, facts, pack)
        if out:
            found = tuple((person, evidence) for person, evidence in found if person not in out)
        if found:
            return found, citing((own.clause,), *_judging(source, pack))
    return NOBODY, citing((own.clause,), *(clause for source in own.earned_by for clause in _judging(source, pack)))


def _judging(source: str, pack: Pack) -> Iterable[str]:
    return judging(ACTS[source], pack) if source in ACTS else ()


ACTS: Final = {"exclusive_signer": "exclusive", "key_holder": "key", "surveyor": "survey", "plan_drawer": "plan"}
"""Sources by an act that has to count."""


def _by(act: Exclusive | Key | Survey | FloorPlan | None) -> Earners:
    return ((act.by, act.evidence + declared(act)),) if act is not None else NOBODY


def _recorder(own: Role, facts: Facts, pack: Pack) -> Earners:
    listing = facts.listing_at_closing
    return ((listing.recorder, listing.entered_evidence),) if listing is not None else NOBODY


def _holder(own: Role, facts: Facts, pack: Pack) -> Earners:
    listing = facts.listing_at_closing
    return ((listing.holder, listing.evidence),) if listing is not None else NOBODY


def _first_viewer(own: Role, facts: Facts, pack: Pack) -> Earners:
    return tuple((viewing.by, viewing.evidence) for viewing in facts.viewings[:1])


def _first_viewer_of_any(own: Role, facts: Facts, pack: Pack) -> Earners:
    return ((facts.first_shown.by, facts.first_shown.evidence),) if facts.first_shown is not None else NOBODY


def _senior(own: Role, facts: Facts, pack: Pack) -> Earners:
    return ((facts.client.senior, facts.client.senior_evidence),) if facts.client.senior is not None else NOBODY


def _closers(people: Iterable[str], facts: Facts) -> Earners:
    return tuple((person, facts.evidence) for person in people)


def _named(own: Role, facts: Facts, pack: Pack) -> Earners:
    return _closers((facts.named[own.name],), facts) if own.name in facts.named else NOBODY


EARNERS: Final[Mapping[str, Callable[[Role, Facts, Pack], Earners]]] = {
    "listing_recorder": _recorder,
    "listing_holder": _holder,
    "key_holder": lambda own, facts, pack: _by(key_that_counts(facts, pack)),
    "exclusive_signer": lambda own, facts, pack: _by(exclusive_that_counts(facts, pack)),
    "surveyor": lambda own, facts, pack: _by(survey_that_counts(facts, pack)),
    "plan_drawer": lambda own, facts, pack: _by(plan_that_counts(facts, pack)),
    "first_viewer": _first_viewer,
    "first_viewer_of_any": _first_viewer_of_any,
    "client_recorder": lambda own, facts, pack: ((facts.client.recorder, facts.client.evidence),),
    "first_client_recorder": lambda own, facts, pack: ((facts.client.first_recorder, facts.client.first_evidence),),
    "senior": _senior,
    "first_closer": lambda own, facts, pack: _closers(facts.closers[:1], facts),
    "other_closers": lambda own, facts, pack: _closers(facts.closers[1:], facts),
    "closers": lambda own, facts, pack: _closers(facts.closers, facts),
    "named": _named,
}
"""What each source of the regulation's vocabulary means in the facts of a deal."""
