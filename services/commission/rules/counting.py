"""Which acts count for a role: keys and exclusives that were declared, surveys and plans with all that is asked."""

from collections.abc import Iterable, Sequence

from services.commission.rules.facts import Evidence, Exclusive, Facts, FloorPlan, Key, Survey
from shared.calendar import end_of_day
from shared.regulation import Pack


def judging(role: str, pack: Pack) -> Iterable[str]:
    """The clause that says whether an act for a role counts, if the pack has one."""
    if role == "key":
        return ("A-1.N5",) if key_needs_declaring(pack) else ()
    clause = {"exclusive": "A-1.N5", "survey": "B-1-3-1", "plan": "B-1-3-2"}[role]
    return (clause,) if pack.has(clause) else ()


def declared(act: Exclusive | Key | Survey | FloorPlan) -> Evidence:
    """The follow-up that declared a key or an exclusive; nothing else is declared."""
    return (act.declared_by,) if isinstance(act, Exclusive | Key) and act.declared_by is not None else ()


def exclusives_valid(facts: Facts) -> Sequence[Exclusive]:
    """A-1.2.2: the exclusives whose term has not ended at closing. `until` counts to its 24:00, which is too late."""
    listing = facts.listing_at_closing
    return [each for each in listing.exclusives if facts.closed_at < end_of_day(each.until)] if listing is not None else []


def exclusive_that_counts(facts: Facts, pack: Pack) -> Exclusive | None:
    """A-1.N5: of the valid exclusives that a follow-up declared, the one signed last."""
    counting = [each for each in exclusives_valid(facts) if each.declared_by is not None or not pack.has("A-1.N5")]
    return counting[-1] if counting else None


def key_needs_declaring(pack: Pack) -> bool:
    """A-1.N5: a key counts only if a follow-up declared it (R-undeclared-key)."""
    return pack.has("A-1.N5") and pack.reading("R-undeclared-key") == "no_share"


def key_that_counts(facts: Facts, pack: Pack) -> Key | None:
    """A-1.N1: of the keys that are held at closing and count, the one taken last."""
    listing = facts.listing_at_closing
    held = listing.keys if listing is not None else ()
    counting = [key for key in held if key.declared_by is not None or not key_needs_declaring(pack)]
    return counting[-1] if counting else None


def survey_that_counts(facts: Facts, pack: Pack) -> Survey | None:
    """B-1-3-1: the first survey with enough photos of each sort and no watermark on any."""
    listing = facts.listing_at_closing
    return next((each for each in listing.surveys if survey_counts(each, pack)), None) if listing is not None else None


def survey_counts(survey: Survey, pack: Pack) -> bool:
    """B-1-3-1: photos indoors, with the agent in it and outdoors, and no more watermarks than allowed."""
    if not pack.has("B-1-3-1"):
        return True
    clause = pack["B-1-3-1"]
    return bool(
        survey.indoor >= clause.indoor_min
        and survey.indoor_with_agent >= clause.indoor_with_agent_min
        and survey.outdoor >= clause.outdoor_min
        and survey.watermarked <= clause.watermarked_max
    )


def plan_that_counts(facts: Facts, pack: Pack) -> FloorPlan | None:
    """B-1-3-2: the first floor plan with what has to be marked."""
    listing = facts.listing_at_closing
    return next((each for each in listing.plans if plan_counts(each, pack)), None) if listing is not None else None


def plan_counts(plan: FloorPlan, pack: Pack) -> bool:
    """B-1-3-2: the entrance door and the compass are marked."""
    if not pack.has("B-1-3-2"):
        return True
    clause = pack["B-1-3-2"]
    return (plan.door or not clause.door) and (plan.compass or not clause.compass)
