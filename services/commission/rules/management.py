"""中介房源管理制度: how the listing management's clauses move points."""

from datetime import datetime
from fractions import Fraction
from itertools import chain

from msgspec.structs import replace

from services.commission.rules.facts import COMPANY, Evidence, Facts, FloorPlan, FollowUp, Leave, Listing, Survey
from services.commission.rules.parts import LISTING_SIDE, WORK_ROLES, Part, Parts, citing, each_part, given, to_closers
from shared.calendar import days_before, days_inclusive, is_within_days
from shared.money import WHOLE
from shared.regulation import Pack, Violation


def nobodys_part(parts: Parts, facts: Facts, pack: Pack) -> Parts:
    """B-1-3-3: a survey, plan or key part that nobody earned is the listing agent's, its store credit the closing store's."""
    listing = facts.listing_at_closing
    if listing is None:
        return parts

    def change(part: Part) -> Parts:
        if part.role not in WORK_ROLES or part.held != "vacant":
            return (part,)
        return (given(part, listing.holder, facts.closing_store, "B-1-3-3", _in_vain(part.role, listing), held="agency"),)

    return each_part(parts, change)


def _in_vain(role: str, listing: Listing) -> Evidence:
    """The entries of surveys and plans that were made and do not count."""
    made: tuple[Survey | FloorPlan, ...] = listing.surveys if role == "survey" else listing.plans if role == "plan" else ()
    return tuple(chain.from_iterable(each.evidence for each in made))


def departed_worker(parts: Parts, facts: Facts, pack: Pack) -> Parts:
    """B-1-3-4: a survey, plan or key part whose person has left goes to the closers, its store credit to the closing store."""

    def change(part: Part) -> Parts:
        if part.role in WORK_ROLES and part.held == "work" and facts.has_left(part.to):
            return _to_closers_by("B-1-3-4", part, facts, facts.standing(part.to).evidence)
        return (part,)

    return each_part(parts, change)


def departed_agent(parts: Parts, facts: Facts, pack: Pack) -> Parts:
    """B-1-3-8: what a listing agent gets as such goes to the closers, if they have left and nobody holds the listing since."""
    listing = facts.listing_at_closing
    if listing is None or not facts.has_left(listing.holder):
        return parts
    return _agency_to_closers("B-1-3-8", parts, facts, facts.standing(listing.holder).evidence)


def agent_on_leave(parts: Parts, facts: Facts, pack: Pack) -> Parts:
    """B-1-3-7: what a listing agent on leave gets as such is the maintainer's who followed up during the leave, else the closers'.

    A leave shorter than the clause's days changes nothing; of a longer one, or without a maintainer, the closers get it.
    The store credit stays where it was for the maintainer, and is the closing store's for the closers.
    """
    listing = facts.listing_at_closing
    clause = pack["B-1-3-7"]
    leave = leave_at_closing(facts, clause.days_min)
    if listing is None or leave is None:
        return parts
    kept_up = follow_ups_during(leave, listing, facts) if days_of(leave) <= clause.days_max else ()
    if leave.maintainer is None or not kept_up:
        return _agency_to_closers("B-1-3-7", parts, facts, leave.evidence)
    evidence = leave.evidence + kept_up[-1].evidence
    maintainer = leave.maintainer

    def change(part: Part) -> Parts:
        return (given(part, maintainer, part.credit, "B-1-3-7", evidence, held="maintainer") if part.held == "agency" else part,)

    return each_part(parts, change)


def leave_at_closing(facts: Facts, days_min: int) -> Leave | None:
    """The leave of so many days that the listing agent is on at closing, the one granted last if there are several."""
    listing = facts.listing_at_closing
    if listing is None:
        return None
    theirs = (leave for leave in facts.leaves if leave.person == listing.holder and days_of(leave) >= days_min)
    on_leave = [leave for leave in theirs if _covers(leave, facts.closed_at)]
    return on_leave[-1] if on_leave else None


def days_of(leave: Leave) -> int:
    return days_inclusive(leave.first, leave.last)


def _covers(leave: Leave, at: datetime) -> bool:
    return is_within_days(at, leave.first, leave.last)


def follow_ups_during(leave: Leave, listing: Listing, facts: Facts) -> tuple[FollowUp, ...]:
    """The maintainer's follow-ups in the leave, up to closing."""
    by_maintainer = (each for each in listing.follow_ups if each.by == leave.maintainer and each.at <= facts.closed_at)
    return tuple(each for each in by_maintainer if _covers(leave, each.at))


def agent_idle(parts: Parts, facts: Facts, pack: Pack) -> Parts:
    """B-1-3-5: what a listing agent gets as such goes to the closers, if they did not follow up in the days before closing."""
    listing = facts.listing_at_closing
    clause = pack["B-1-3-5"]
    days = clause.days_sale if facts.kind == "sale" else clause.days_rental
    since = days_before(facts.closed_at, days, pack.reading("R-days"))
    if listing is None or agent_followed_up(listing, since, facts.closed_at):
        return parts
    latest = [each.evidence for each in listing.follow_ups if is_of_agent(each, listing)][-1:]
    return _agency_to_closers("B-1-3-5", parts, facts, tuple(chain.from_iterable(latest)))


def agent_followed_up(listing: Listing, since: datetime, closed_at: datetime) -> bool:
    """Whether the listing agent followed up from `since` to closing, both included. A late listing signed off was entered in time."""
    if listing.entered == "late_signed_off" and listing.holder == listing.recorder:
        return True
    return any(since <= each.at <= closed_at and is_of_agent(each, listing) for each in listing.follow_ups)


def is_of_agent(follow_up: FollowUp, listing: Listing) -> bool:
    """Whether a follow-up is the listing agent's; of a shared account, any member's, and of the company's, anyone's."""
    if listing.holder.startswith("team:"):
        return follow_up.team is not None and listing.holder == f"team:{follow_up.team}"
    return listing.holder in (COMPANY, follow_up.by)


def _agency_to_closers(clause: str, parts: Parts, facts: Facts, evidence: Evidence) -> Parts:
    return each_part(parts, lambda part: _to_closers_by(clause, part, facts, evidence) if part.held == "agency" else (part,))


def _to_closers_by(clause: str, part: Part, facts: Facts, evidence: Evidence = ()) -> Parts:
    """One line for each closer, in the order named, all counting for the closing store."""
    moved = given(part, part.to, part.credit, clause, evidence, held="moved")
    return tuple(replace(each, credit=facts.closing_store) for each in to_closers(moved, facts))


def inaccurate_listing(parts: Parts, facts: Facts, pack: Pack) -> Parts:
    """B-1-3-6: core information found inaccurate. On a sale the listing side goes to the closers (R-inaccurate-sale), on a
    rental a tenth of what the listing agent would get (R-inaccurate-rental): nine tenths and the closers' tenth, part by part.
    """
    listing = facts.listing_at_closing
    if listing is None or not (listing.core_refuted or listing.phone_refuted):
        return parts
    if facts.kind == "sale":
        return each_part(parts, lambda part: _inaccurate_sale(part, listing, facts, pack))
    return _inaccurate_rental(parts, listing, facts, pack)


def _inaccurate_sale(part: Part, listing: Listing, facts: Facts, pack: Pack) -> Parts:
    agents_only = pack.reading("R-inaccurate-sale") == "agent_part"
    moves = part.held in ("agency", "maintainer") if agents_only else part.role in LISTING_SIDE and part.held != "moved"
    return _to_closers_by("B-1-3-6", part, facts, listing.refuted_evidence) if moves else (part,)


def _inaccurate_rental(parts: Parts, listing: Listing, facts: Facts, pack: Pack) -> Parts:
    clause = pack["B-1-3-6"]
    of_the_deal = pack.reading("R-inaccurate-rental") == "of_the_deal"
    left: Fraction = clause.points_rental
    changed: list[Part] = []
    for part in parts:
        if not would_be_the_agents(part, listing):
            changed.append(part)
            continue
        moving = min(left, part.points) if of_the_deal else part.points * clause.percent_rental / 100
        left -= moving
        cited = replace(part, clauses=citing(part.clauses, "B-1-3-6"), evidence=part.evidence + listing.refuted_evidence)
        changed += [replace(cited, points=part.points - moving), *_to_closers_by("B-1-3-6", replace(cited, points=moving), facts)]
    return tuple(changed)


def would_be_the_agents(part: Part, listing: Listing) -> bool:
    """Whether a part is what the listing agent gets, by own work too, or what a maintainer gets in their stead."""
    own_work = part.held == "work" and part.role in WORK_ROLES and part.to == listing.holder
    return own_work or part.held in ("agency", "maintainer")


def not_in_the_system(parts: Parts, facts: Facts, pack: Pack) -> Parts:
    """B-1-4-1: a deal on a listing that was not in the system at closing earns nothing for anyone: the company has all of it."""
    return parts if facts.listing_at_closing is not None else _all_to_company("B-1-4-1", parts, facts)


def entered_after_closing(parts: Parts, facts: Facts, pack: Pack) -> Parts:
    """B-1-4-2: so does one on a listing entered after closing, unless an area manager signed it off."""
    return _all_to_company("B-1-4-2", parts, facts) if is_hoarding(facts) else parts


def is_hoarding(facts: Facts) -> bool:
    """B-1-4-2: the listing was entered after closing and nobody signed it off."""
    return facts.listing is not None and facts.listing.entered == "late"


def _all_to_company(clause: str, parts: Parts, facts: Facts) -> Parts:
    before = parts[0].clauses if len(parts) == 1 and parts[0].role == "company" else ()
    late = facts.listing.evidence + facts.listing.entered_evidence if facts.listing is not None else ()
    return (Part("company", COMPANY, WHOLE, COMPANY, citing(before, clause), facts.evidence + late, held="vacant"),)


def hoarding(facts: Facts, pack: Pack) -> tuple[Violation, ...]:
    """B-1-4-2: the fines proposed for a listing entered after closing: each closer, the closing store's manager, its area manager."""
    if not pack.has("B-1-4-2") or not is_hoarding(facts) or facts.listing is None:
        return ()
    clause = pack["B-1-4-2"]
    fined = (
        (facts.closers, clause.closer_fine_fen),
        (facts.store_managers, clause.store_manager_fine_fen),
        (facts.area_managers, clause.area_manager_fine_fen),
    )
    evidence = tuple(dict.fromkeys(facts.evidence + facts.listing.evidence + facts.listing.entered_evidence))
    return tuple(Violation("hoarding", clause.id, person, fine, evidence=evidence) for people, fine in fined for person in people)
