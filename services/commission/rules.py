"""Who earns what of a deal: the clauses of a pack, one after another, over the facts as they stood at closing.

`split(facts, pack)` is pure. A clause that is not in the pack is not applied, the order is the pack's, and every number
comes from it. Each function that carries out a clause begins with its id.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from fractions import Fraction
from itertools import chain
from typing import Any, Final, Literal

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from shared.calendar import days_before, days_inclusive, end_of_day, is_within_days
from shared.money import WHOLE, Fen, points_text, share
from shared.regulation import ROLES, Clause, Pack, Violation

COMPANY: Final = "company"

Kind = Literal["sale", "rental"]
Evidence = tuple[str, ...]
"""Ids of the entries that a fact rests on, `lst_...@3`."""


# The facts, as they stood at closing.


class Standing(Struct, frozen=True, omit_defaults=True):
    """A person at closing. Who has left keeps their last store and team; `evidence` tells what changed them last."""

    store: str | None
    team: str | None = None
    role: str = "agent"
    in_post: bool = True
    newcomer: bool = False
    evidence: Evidence = ()


class Client(Struct, frozen=True, omit_defaults=True):
    """The client record that closes, and the first record of the same person across duplicates (the same one, if it is the first)."""

    client: str
    recorder: str
    first: str
    first_recorder: str
    senior: str | None = None
    evidence: Evidence = ()
    first_evidence: Evidence = ()
    senior_evidence: Evidence = ()


class Move(Struct, frozen=True, omit_defaults=True):
    """One change of hands of a listing, up to closing. `clause`: which lapse or claim it was, None for a reassignment."""

    to: str
    at: datetime
    clause: str | None = None
    evidence: Evidence = ()


class Key(Struct, frozen=True, omit_defaults=True):
    """A key that is held at closing; `declared_by` is the follow-up about it, recorded at or after the taking and up to closing."""

    by: str
    declared_by: str | None = None
    evidence: Evidence = ()


class Exclusive(Struct, frozen=True, omit_defaults=True):
    """An exclusive agency signed up to closing, counting to 24:00 of `until`; `declared_by` as for a key."""

    by: str
    until: date
    declared_by: str | None = None
    evidence: Evidence = ()


class Survey(Struct, frozen=True, omit_defaults=True):
    """Photos taken: how many of each sort, and how many of all bear a watermark."""

    by: str
    indoor: int
    indoor_with_agent: int
    outdoor: int
    watermarked: int = 0
    evidence: Evidence = ()


class FloorPlan(Struct, frozen=True, omit_defaults=True):
    """A plan drawn, and whether the entrance door and the compass are marked in it."""

    by: str
    door: bool
    compass: bool
    evidence: Evidence = ()


class FollowUp(Struct, frozen=True, omit_defaults=True):
    """An act that counts as a follow-up and was not refuted by closing; `team` is the writer's team then."""

    by: str
    at: datetime
    team: str | None = None
    evidence: Evidence = ()


class Leave(Struct, frozen=True, omit_defaults=True):
    """A leave granted up to closing, from 0:00 of `first` to 24:00 of `last`."""

    person: str
    first: date
    last: date
    maintainer: str | None = None
    evidence: Evidence = ()


class Listing(Struct, frozen=True, omit_defaults=True):
    """The listing of a deal. `holder` is a person, `team:G1` or `company`; tuples are in the order of recording.

    `entered` is `late` when it was entered after closing, `late_signed_off` when an area manager accepted that; of such a
    listing nothing else that was recorded after closing is told here. `core_refuted`, `phone_refuted`: a finding that stands
    at closing.
    """

    listing: str
    recorder: str
    holder: str
    entered: Literal["in_time", "late", "late_signed_off"] = "in_time"
    correct: bool = True
    core_refuted: bool = False
    phone_refuted: bool = False
    moves: tuple[Move, ...] = ()
    keys: tuple[Key, ...] = ()
    exclusives: tuple[Exclusive, ...] = ()
    surveys: tuple[Survey, ...] = ()
    plans: tuple[FloorPlan, ...] = ()
    follow_ups: tuple[FollowUp, ...] = ()
    evidence: Evidence = ()
    entered_evidence: Evidence = ()
    correct_evidence: Evidence = ()
    refuted_evidence: Evidence = ()


class Viewing(Struct, frozen=True, omit_defaults=True):
    """A showing of the deal's listing to the deal's client, a duplicate of them included, recorded up to closing."""

    by: str
    at: datetime
    evidence: Evidence = ()


class Finding(Struct, frozen=True, omit_defaults=True):
    """A manager found private dealing, hoarding of deals or private supply; when it was found does not matter (A-R1)."""

    person: str
    evidence: Evidence = ()


class Signature(Struct, frozen=True, omit_defaults=True):
    """Whether who signed the contract was entitled to (M-15). `none`: no contract was signed, or nothing asks for it."""

    status: Literal["none", "authorised", "unauthorised", "ratified"] = "none"
    evidence: Evidence = ()


class Facts(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """All that a split rests on. Everyone named has their standing in `people`, every team's store is in `teams`.

    `closers` in the order named; the managers are those of the first-named closer's store, and of its area, at closing.
    """

    kind: Kind
    closed_at: datetime
    fees_fen: dict[str, Fen]
    closers: tuple[str, ...]
    client: Client
    listing: Listing | None
    people: dict[str, Standing]
    teams: dict[str, str] = {}
    viewings: tuple[Viewing, ...] = ()
    leaves: tuple[Leave, ...] = ()
    store_managers: tuple[str, ...] = ()
    area_managers: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    signature: Signature = Signature()
    evidence: Evidence = ()

    @property
    def closing_store(self) -> str:
        """The store of the first-named closer at closing."""
        return self.credit_of(self.closers[0])

    @property
    def listing_at_closing(self) -> Listing | None:
        """The listing, if it was in the system at closing or is taken as if it was."""
        return self.listing if self.listing is not None and self.listing.entered != "late" else None

    def has_left(self, holder: str) -> bool:
        """Whether a beneficiary is a person who had left by closing. Accounts never leave."""
        return is_person(holder) and not self.standing(holder).in_post

    def standing(self, person: str) -> Standing:
        assert person in self.people, f"the facts tell the standing of everyone named, {person} too"
        return self.people[person]

    def credit_of(self, holder: str) -> str:
        """The store that a beneficiary's line counts for: theirs at closing, a team's, or `company`."""
        if holder.startswith("team:"):
            return self.teams.get(holder.removeprefix("team:"), COMPANY)
        return self.standing(holder).store or COMPANY if is_person(holder) else COMPANY


def is_person(holder: str) -> bool:
    return holder != COMPANY and not holder.startswith("team:")


def document_of(value: Struct) -> Any:
    """Facts or a split as JSON values: points as text, instants with their offset. Defaults are left out."""
    return msgspec.to_builtins(value, enc_hook=_written)


def facts_of(document: Any) -> Facts:
    """Facts from their document."""
    return msgspec.convert(document, Facts)


def _written(value: object) -> str:
    assert isinstance(value, Fraction), "nothing else needs its own writing"
    return points_text(value)


# The split.


class Line(Struct, frozen=True, omit_defaults=True):
    """What one beneficiary gets for one role. `points` of a hundred, exact; `clauses` in the order in which they spoke."""

    role: str
    to: str
    points: Fraction
    amount_fen: Fen
    credit: str
    clauses: tuple[str, ...]
    evidence: Evidence
    by_analogy: bool = False


class Split(Struct, frozen=True, omit_defaults=True):
    """A deal's base and its lines, which sum to it to the fen; what there is to note; what the rules propose against whom."""

    base_fen: Fen
    lines: tuple[Line, ...]
    notes: tuple[str, ...] = ()
    violations: tuple[Violation, ...] = ()

    @property
    def is_blocked(self) -> bool:
        """M-2: nothing is due until the signature is ratified."""
        return "unauthorised_signature" in self.notes


def split(facts: Facts, pack: Pack) -> Split:
    """The split of a deal under a pack: lines in the order of roles, summing to the base; notes and violations that go with it."""
    parts: Parts = ()
    for clause in pack.clauses:
        step = STEPS.get(clause)
        if step is not None:
            parts = step(parts, facts, pack)
    ordered = sorted(parts, key=lambda part: ROLES.index(part.role))
    base_fen = base_of(facts, pack)
    amounts = share(base_fen, [part.points for part in ordered])
    lines = tuple(_line(part, amount) for part, amount in zip(ordered, amounts, strict=True))
    return Split(base_fen, lines, notes(facts, pack, lines), hoarding(facts, pack))


class Part(Struct, frozen=True):
    """Points on their way to becoming a line.

    `held` says how they are held: by the role's own work, as listing agent, in a listing agent's stead, moved to the
    closers, or by nobody yet.
    """

    role: str
    to: str
    points: Fraction
    credit: str
    clauses: tuple[str, ...]
    evidence: Evidence = ()
    by_analogy: bool = False
    held: Literal["work", "agency", "maintainer", "moved", "vacant"] = "work"


Parts = tuple[Part, ...]
Step = Callable[[Parts, Facts, Pack], Parts]

LISTING_ROLES: Final = ("listing", "listing_recorder", "listing_holder")
WORK_ROLES: Final = ("survey", "plan", "key")
LISTING_SIDE: Final = (*LISTING_ROLES, *WORK_ROLES)


def _line(part: Part, amount_fen: Fen) -> Line:
    evidence = tuple(dict.fromkeys(part.evidence))
    return Line(part.role, part.to, part.points, amount_fen, part.credit, part.clauses, evidence, part.by_analogy)


def _given(part: Part, to: str, credit: str, clause: str, evidence: Evidence = (), **changed: Any) -> Part:
    """A part that a clause gives to someone else."""
    return replace(part, to=to, credit=credit, clauses=_citing(part.clauses, clause), evidence=part.evidence + evidence, **changed)


def _citing(clauses: tuple[str, ...], *more: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(clauses + more))


def _each(parts: Parts, change: Callable[[Part], Iterable[Part]]) -> Parts:
    return tuple(chain.from_iterable(map(change, parts)))


# The base.


def base_of(facts: Facts, pack: Pack) -> Fen:
    """A-1.N6, B-1-1: the fees that count, in fen. A pack with neither: what the table says its shares are of."""
    named = next((clause for id, clause in pack.clauses.items() if id in ("A-1.N6", "B-1-1")), None)
    counted = (named or table_of(facts, pack)).of
    return sum(facts.fees_fen.get(kind, 0) for kind in counted)


# The tables.


def table_of(facts: Facts, pack: Pack) -> Clause:
    """The clause whose shares this deal is split by."""
    return pack.table(kind=facts.kind, exclusive=exclusive_that_counts(facts, pack) is not None)


def rental(parts: Parts, facts: Facts, pack: Pack) -> Parts:
    """A-1.1: a rental's listing, closing and client side."""
    return _by_table("A-1.1", parts, facts, pack)


def sale(parts: Parts, facts: Facts, pack: Pack) -> Parts:
    """A-1.2.1: a sale's listing, closing and client side, where no exclusive counts."""
    return _by_table("A-1.2.1", parts, facts, pack)


def sale_under_exclusive(parts: Parts, facts: Facts, pack: Pack) -> Parts:
    """A-1.2.2: the sides of a sale under a valid exclusive agency that was declared, with a side for who signed it."""
    return _by_table("A-1.2.2", parts, facts, pack)


def ratio_table(parts: Parts, facts: Facts, pack: Pack) -> Parts:
    """B-1-3: the listing agent's part, survey, plan, key, closing and client part. The listing agent is the holder at closing."""
    return _by_table("B-1-3", parts, facts, pack)


def _by_table(clause: str, parts: Parts, facts: Facts, pack: Pack) -> Parts:
    table = table_of(facts, pack)
    if table.id != clause:
        return parts
    return parts + tuple(chain.from_iterable(_earned(role, points, table, facts, pack) for role, points in table.shares.items()))


def _earned(role: str, points: Fraction, table: Clause, facts: Facts, pack: Pack) -> Parts:
    """The parts of one role: equal ones for those who earned it; the company's, vacant, if nobody did."""
    if role == "closing":
        return _to_closers(Part(role, COMPANY, points, COMPANY, (table.id,), facts.evidence), facts)
    if role == "client":
        return (_part(role, points, table, facts, facts.client.recorder, facts.client.evidence),)
    listing = facts.listing_at_closing
    if listing is None or role == "company":
        return (Part(role, COMPANY, points, COMPANY, (table.id,), facts.evidence, held="vacant"),)
    if role in LISTING_ROLES:
        agent = listing.holder if table.id == "B-1-3" or role == "listing_holder" else listing.recorder
        return (replace(_part(role, points, table, facts, agent, listing.evidence + listing.entered_evidence), held="agency"),)
    clauses = _citing((table.id,), *_judging(role, pack))
    act = _work(role, facts, pack)
    if act is None:
        return (Part(role, COMPANY, points, COMPANY, clauses, held="vacant"),)
    return (Part(role, act.by, points, facts.credit_of(act.by), clauses, act.evidence + _declared(act)),)


def _part(role: str, points: Fraction, table: Clause, facts: Facts, to: str, evidence: Evidence) -> Part:
    return Part(role, to, points, facts.credit_of(to), (table.id,), evidence)


def _to_closers(part: Part, facts: Facts) -> Parts:
    """A part in equal parts for the closers, in the order named, each counting for their own store."""
    points = part.points / len(facts.closers)
    return tuple(replace(part, to=closer, points=points, credit=facts.credit_of(closer)) for closer in facts.closers)


def _work(role: str, facts: Facts, pack: Pack) -> Exclusive | Key | Survey | FloorPlan | None:
    """The act for which someone earns a role, if one counts."""
    match role:
        case "exclusive":
            return exclusive_that_counts(facts, pack)
        case "key":
            return key_that_counts(facts, pack)
        case "survey":
            return survey_that_counts(facts, pack)
        case "plan":
            return plan_that_counts(facts, pack)
    raise AssertionError(f"{role} is a role of the tables")


def _judging(role: str, pack: Pack) -> Iterable[str]:
    """The clause that says whether an act for a role counts, if the pack has one."""
    if role == "key":
        return ("A-1.N5",) if key_needs_declaring(pack) else ()
    clause = {"exclusive": "A-1.N5", "survey": "B-1-3-1", "plan": "B-1-3-2"}[role]
    return (clause,) if pack.has(clause) else ()


# What counts.


def _declared(act: Exclusive | Key | Survey | FloorPlan) -> Evidence:
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


# What moves points under the allocation regulation.


def key_share(parts: Parts, facts: Facts, pack: Pack) -> Parts:
    """A-1.N1: points of the whole leave the listing and the closing side for the key holder; a side never goes below nought (R-key)."""
    key = key_that_counts(facts, pack)
    if key is None:
        return parts
    holder_first = (("listing_holder",), ("listing", "listing_recorder"))
    listing_side = (LISTING_ROLES,) if pack.reading("R-key-lapsed") == "pro_rata" else holder_first
    left = _take(_take(parts, pack, *listing_side), pack, ("closing",))
    taken = WHOLE - _points(left, ROLES) if parts else Fraction(0)
    cited = _citing(("A-1.N1",), *_judging("key", pack))
    return (*left, Part("key", key.by, taken, facts.credit_of(key.by), cited, key.evidence + _declared(key)))


def _take(parts: Parts, pack: Pack, *groups: Sequence[str]) -> Parts:
    """The parts after a side has given what the key holder gets of it: one group of roles after another, each in proportion."""
    leaving = _leaving(_points(parts, list(chain.from_iterable(groups))), pack)
    for roles in groups:
        side = _points(parts, roles)
        if side:
            given = min(side, leaving)
            parts = tuple(_shrunk(part, 1 - given / side) if part.role in roles else part for part in parts)
            leaving -= given
    return parts


def _shrunk(part: Part, kept: Fraction) -> Part:
    return replace(part, points=part.points * kept, clauses=_citing(part.clauses, "A-1.N1"))


def _points(parts: Parts, roles: Sequence[str]) -> Fraction:
    return sum((part.points for part in parts if part.role in roles), Fraction(0))


def _leaving(side: Fraction, pack: Pack) -> Fraction:
    """A-1.N1: the points that a side of so many gives, if it has them (R-key)."""
    clause = pack["A-1.N1"]
    match pack.reading("R-key"):
        case "ten_in_all":
            return Fraction(clause.points) / 2
        case "tenth_of_each_side":
            return side * Fraction(clause.percent, 100)
    return Fraction(clause.points)


def incorrect_listing(parts: Parts, facts: Facts, pack: Pack) -> Parts:
    """A-2.6: the whole listing side goes to the company where the entry is not correct, not in the system or late.

    The other sides stand.
    """
    listing = facts.listing_at_closing
    if not pack["A-2.6"].incorrect_to_company or (listing is not None and listing.correct):
        return parts
    side = [part for part in parts if part.role in LISTING_ROLES]
    if not side:
        return parts
    evidence = facts.listing.entered_evidence + facts.listing.correct_evidence if facts.listing is not None else ()
    whole = replace(side[0], role="listing", points=_points(parts, LISTING_ROLES), held="vacant")
    return (*(part for part in parts if part not in side), _given(whole, COMPANY, COMPANY, "A-2.6", evidence))


def lapsed_listing(parts: Parts, facts: Facts, pack: Pack) -> Parts:
    """A-2.7: where the listing lapsed or another holds it, some points stay the recorder's and the rest is the holder's."""
    return _divided("A-2.7", parts, facts, pack)


def unreachable_owner(parts: Parts, facts: Facts, pack: Pack) -> Parts:
    """A-2.16: likewise where the listing became someone's by reaching and showing what others could not."""
    return _divided("A-2.16", parts, facts, pack)


def teams_listing(parts: Parts, facts: Facts, pack: Pack) -> Parts:
    """A-2.17: likewise where the listing closes on a team's account."""
    return _divided("A-2.17", parts, facts, pack)


def is_divided(listing: Listing) -> bool:
    """Whether recorder and holder have a line each: not if the recorder holds it and it never lapsed and nobody claimed it."""
    return listing.holder != listing.recorder or any(move.clause is not None for move in listing.moves)


def dividing_clause(listing: Listing, pack: Pack) -> str | None:
    """The clause that divides the listing side: on a team's account A-2.17, after a claim by A-2.16 that one, else A-2.7."""
    ways = [move.clause for move in listing.moves if move.clause is not None]
    if listing.holder.startswith("team:") and pack.has("A-2.17"):
        return "A-2.17"
    if ways and ways[-1] == "A-2.16" and pack.has("A-2.16"):
        return "A-2.16"
    return "A-2.7" if pack.has("A-2.7") else None


def _divided(clause: str, parts: Parts, facts: Facts, pack: Pack) -> Parts:
    listing = facts.listing_at_closing
    if listing is None or not is_divided(listing) or dividing_clause(listing, pack) != clause:
        return parts

    def change(part: Part) -> Parts:
        whole = part.role == "listing" and part.held == "agency"
        return _recorder_and_holder(part, clause, listing, facts, pack) if whole else (part,)

    return _each(parts, change)


def _recorder_and_holder(part: Part, clause: str, listing: Listing, facts: Facts, pack: Pack) -> Parts:
    """The recorder's points, as many as the side has, and the rest (R-key-lapsed, R-remainder)."""
    keeps: Fraction = pack[clause].recorder_points
    kept = min(keeps, part.points)
    if pack.reading("R-key-lapsed") == "pro_rata":
        whole = table_of(facts, pack).shares["listing"]
        kept = min(keeps, whole) * part.points / whole if whole else Fraction(0)
    ways = [move for move in listing.moves if move.clause is None or pack.has(move.clause)]
    cited = _citing(part.clauses, clause, *(move.clause for move in ways if move.clause is not None))
    recorder = replace(part, role="listing_recorder", points=kept, clauses=cited)
    moved = part.evidence + tuple(chain.from_iterable(move.evidence for move in ways))
    rest = replace(part, role="listing_holder", points=part.points - kept, clauses=cited, evidence=moved)
    match pack.reading("R-remainder"):
        case "closers":
            return (recorder, *_to_closers(rest, facts))
        case "company":
            return (recorder, replace(rest, to=COMPANY, credit=COMPANY))
    return (recorder, replace(rest, to=listing.holder, credit=facts.credit_of(listing.holder)))


# The client and the closing side.


def first_recorder(parts: Parts, facts: Facts, pack: Pack) -> Parts:
    """A-2.5: the client side is the first recorder's of that person, across duplicates, whether the client is private or public."""
    client = facts.client
    if client.first == client.client:
        return parts
    to, credit = client.first_recorder, facts.credit_of(client.first_recorder)
    return _each(parts, lambda part: (_given(part, to, credit, "A-2.5", client.first_evidence) if part.role == "client" else part,))


def several_closers(parts: Parts, facts: Facts, pack: Pack) -> Parts:
    """A-2.4: closers who each showed the client the listing have equal parts (R-coshowing)."""
    if len(facts.closers) == 1:
        return parts
    if len(facts.closers) > 2 and pack.reading("R-coshowing") == "exactly_two":
        return _to_be_decided(parts)
    return _each(parts, lambda part: (_shown(part, facts) if part.role == "closing" else part,))


def _to_be_decided(parts: Parts) -> Parts:
    """The closing side stands with the company until it decides."""
    closing = [part for part in parts if part.role == "closing"]
    if not closing:
        return parts
    whole = replace(closing[0], points=_points(parts, ("closing",)), held="vacant")
    return (*(part for part in parts if part not in closing), _given(whole, COMPANY, COMPANY, "A-2.4"))


def _shown(part: Part, facts: Facts) -> Part:
    evidence = chain.from_iterable(viewing.evidence for viewing in facts.viewings if viewing.by == part.to)
    return replace(part, clauses=_citing(part.clauses, "A-2.4"), evidence=part.evidence + tuple(evidence))


def senior_for_newcomer(parts: Parts, facts: Facts, pack: Pack) -> Parts:
    """A-1.N2: the part of a closer who is a newcomer is halved with the senior named on the client, the senior first (R-halves)."""
    senior = facts.client.senior
    if senior is None:
        return parts
    return _each(parts, lambda part: _halved(part, senior, facts, pack) if _closes_under(part, senior, facts) else (part,))


def _closes_under(part: Part, senior: str, facts: Facts) -> bool:
    return part.role == "closing" and part.held == "work" and part.to != senior and facts.standing(part.to).newcomer


def _halved(part: Part, senior: str, facts: Facts, pack: Pack) -> Parts:
    percent = 50 if pack.reading("R-halves") == "half_each" else pack["A-1.N2"].percent
    part = replace(part, points=part.points * percent / 100, clauses=_citing(part.clauses, "A-1.N2"))
    evidence = facts.client.senior_evidence + facts.standing(part.to).evidence
    halves = (_given(part, senior, facts.credit_of(senior), "A-1.N2", evidence), replace(part, evidence=part.evidence + evidence))
    lost = part.points * (100 - 2 * percent) / percent if percent else None
    return halves if not lost else (*halves, replace(part, role="company", to=COMPANY, credit=COMPANY, points=lost, held="vacant"))


# Who has left, and what is forfeit.


def departed(parts: Parts, facts: Facts, pack: Pack) -> Parts:
    """A-1.N3: who has left gets nothing, the company gets it; for other roles than a recorder's the line says that it is by analogy."""
    clause = pack["A-1.N3"]
    listing = facts.listing_at_closing
    recorder_left = listing is not None and facts.has_left(listing.recorder)

    def change(part: Part) -> Parts:
        if part.role not in clause.roles:
            return (part,)
        if facts.has_left(part.to):
            return (_given(part, COMPANY, COMPANY, "A-1.N3", facts.standing(part.to).evidence, by_analogy=part.role in clause.by_analogy),)
        if part.role == "listing_holder" and recorder_left and pack.reading("R-departed") == "company_all":
            return (_given(part, COMPANY, COMPANY, "A-1.N3"),)
        return (part,)

    return _each(parts, change)


def private_dealing(parts: Parts, facts: Facts, pack: Pack) -> Parts:
    """A-R1: the lines of who hoarded deals or supplied listings privately go to the company (R-private-dealing)."""
    return _forfeited("A-R1", parts, facts, pack)


def private_closing(parts: Parts, facts: Facts, pack: Pack) -> Parts:
    """B-1-4-3: who closed privately with company resources forfeits likewise, and this clause is cited."""
    return _forfeited("B-1-4-3", parts, facts, pack)


def _forfeited(clause: str, parts: Parts, facts: Facts, pack: Pack) -> Parts:
    if not facts.findings:
        return parts
    offenders = {finding.person for finding in facts.findings}
    all_lines = pack.reading("R-private-dealing") == "whole_deal"
    evidence = tuple(chain.from_iterable(finding.evidence for finding in facts.findings))

    def change(part: Part) -> Parts:
        forfeit = part.to != COMPANY and (all_lines or part.to in offenders)
        return (_given(part, COMPANY, COMPANY, clause, evidence) if forfeit else part,)

    return _each(parts, change)


def private_dealing_found(pack: Pack, person: str, evidence: Evidence = ()) -> Violation | None:
    """B-1-4-3, A-R1: what a finding of private dealing proposes against the person; None if the pack has neither clause."""
    if pack.has("B-1-4-3"):
        forfeits_pay = pack["B-1-4-3"].forfeits_pay
        return Violation("private_dealing", "B-1-4-3", person, None, pack["B-1-4-3"].dismissal, forfeits_pay, evidence)
    if pack.has("A-R1"):
        return Violation("private_dealing", "A-R1", person, None, pack["A-R1"].dismissal, False, evidence)
    return None


# What moves parts under listing management.


def nobodys_part(parts: Parts, facts: Facts, pack: Pack) -> Parts:
    """B-1-3-3: a survey, plan or key part that nobody earned is the listing agent's, its store credit the closing store's."""
    listing = facts.listing_at_closing
    if listing is None:
        return parts

    def change(part: Part) -> Parts:
        if part.role not in WORK_ROLES or part.held != "vacant":
            return (part,)
        return (_given(part, listing.holder, facts.closing_store, "B-1-3-3", _in_vain(part.role, listing), held="agency"),)

    return _each(parts, change)


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

    return _each(parts, change)


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
    leave = leave_at_closing(facts)
    clause = pack["B-1-3-7"]
    if listing is None or leave is None or (days := days_inclusive(leave.first, leave.last)) < clause.days_min:
        return parts
    kept_up = follow_ups_during(leave, listing, facts) if days <= clause.days_max else ()
    if leave.maintainer is None or not kept_up:
        return _agency_to_closers("B-1-3-7", parts, facts, leave.evidence)
    evidence = leave.evidence + kept_up[-1].evidence
    maintainer = leave.maintainer

    def change(part: Part) -> Parts:
        return (_given(part, maintainer, part.credit, "B-1-3-7", evidence, held="maintainer") if part.held == "agency" else part,)

    return _each(parts, change)


def leave_at_closing(facts: Facts) -> Leave | None:
    """The leave that the listing agent is on at closing, the one granted last if there are several."""
    listing = facts.listing_at_closing
    if listing is None:
        return None
    on_leave = [leave for leave in facts.leaves if leave.person == listing.holder and _covers(leave, facts.closed_at)]
    return on_leave[-1] if on_leave else None


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
    return _each(parts, lambda part: _to_closers_by(clause, part, facts, evidence) if part.held == "agency" else (part,))


def _to_closers_by(clause: str, part: Part, facts: Facts, evidence: Evidence = ()) -> Parts:
    """One line for each closer, in the order named, all counting for the closing store."""
    given = _given(part, part.to, part.credit, clause, evidence, held="moved")
    return tuple(replace(each, credit=facts.closing_store) for each in _to_closers(given, facts))


def inaccurate_listing(parts: Parts, facts: Facts, pack: Pack) -> Parts:
    """B-1-3-6: core information found inaccurate. On a sale the listing side goes to the closers (R-inaccurate-sale), on a
    rental a tenth of what the listing agent would get (R-inaccurate-rental): nine tenths and the closers' tenth, part by part.
    """
    listing = facts.listing_at_closing
    if listing is None or not (listing.core_refuted or listing.phone_refuted):
        return parts
    if facts.kind == "sale":
        return _each(parts, lambda part: _inaccurate_sale(part, listing, facts, pack))
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
        left -= moving if of_the_deal else 0
        cited = replace(part, clauses=_citing(part.clauses, "B-1-3-6"), evidence=part.evidence + listing.refuted_evidence)
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
    return (Part("company", COMPANY, WHOLE, COMPANY, _citing(before, clause), facts.evidence + late, held="vacant"),)


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


# Notes.


def notes(facts: Facts, pack: Pack, lines: Sequence[Line]) -> tuple[str, ...]:
    """What there is to note on a deal, in the order of the codes."""
    noted = {
        "exclusive_on_rental": exclusive_on_rental(facts, pack),
        "undeclared_key": undeclared_key(facts, pack),
        "undeclared_exclusive": undeclared_exclusive(facts, pack),
        "by_analogy": any(line.by_analogy for line in lines),
        "bank_rebate": facts.fees_fen.get("bank_rebate", 0) > 0,
        "unauthorised_signature": facts.signature.status == "unauthorised",
    }
    return tuple(code for code, holds in noted.items() if holds)


def exclusive_on_rental(facts: Facts, pack: Pack) -> bool:
    """A-1.2.2: a valid exclusive on a rental changes nothing, and the split says so."""
    return facts.kind == "rental" and pack.has("A-1.2.2") and bool(exclusives_valid(facts))


def undeclared_key(facts: Facts, pack: Pack) -> bool:
    """A-1.N5: a key is held that no follow-up declared."""
    listing = facts.listing_at_closing
    held = listing.keys if listing is not None else ()
    return pack.has("A-1.N1") and key_needs_declaring(pack) and any(key.declared_by is None for key in held)


def undeclared_exclusive(facts: Facts, pack: Pack) -> bool:
    """A-1.N5: a valid exclusive on a sale was not declared by a follow-up."""
    asked = facts.kind == "sale" and pack.has("A-1.2.2") and pack.has("A-1.N5")
    return asked and any(each.declared_by is None for each in exclusives_valid(facts))


STEPS: Final[Mapping[str, Step]] = {
    "A-1.1": rental,
    "A-1.2.1": sale,
    "A-1.2.2": sale_under_exclusive,
    "B-1-3": ratio_table,
    "A-1.N1": key_share,
    "A-2.6": incorrect_listing,
    "A-2.7": lapsed_listing,
    "A-2.16": unreachable_owner,
    "A-2.17": teams_listing,
    "A-2.5": first_recorder,
    "A-2.4": several_closers,
    "A-1.N2": senior_for_newcomer,
    "A-1.N3": departed,
    "A-R1": private_dealing,
    "B-1-3-3": nobodys_part,
    "B-1-3-4": departed_worker,
    "B-1-3-8": departed_agent,
    "B-1-3-7": agent_on_leave,
    "B-1-3-5": agent_idle,
    "B-1-3-6": inaccurate_listing,
    "B-1-4-1": not_in_the_system,
    "B-1-4-2": entered_after_closing,
    "B-1-4-3": private_closing,
}
"""The clauses that make or move points. Which of them apply, and in which order, is the pack's."""
