"""房源客源分配管理规定: how the allocation regulation moves points."""

from collections.abc import Container, Sequence
from fractions import Fraction
from itertools import chain

from msgspec.structs import replace

from services.commission.rules.counting import declared, judging, key_that_counts
from services.commission.rules.facts import COMPANY, Evidence, Facts, Listing
from services.commission.rules.parts import LISTING_ROLES, Part, Parts, citing, each_part, given, points_in, to_closers
from services.commission.rules.tables import table_of
from shared.money import ALL, WHOLE
from shared.regulation import KEEPS, Pack, Role


def key_share(parts: Parts, facts: Facts, pack: Pack) -> Parts:
    """A-1.N1: points of the whole leave the listing and the closing side for the key holder; a side never goes below nought (R-key)."""
    key = key_that_counts(facts, pack)
    if key is None:
        return parts
    holder_first = (("listing_holder",), ("listing", "listing_recorder"))
    listing_side = (LISTING_ROLES,) if pack.reading("R-key-lapsed") == "pro_rata" else holder_first
    left = _take(_take(parts, pack, *listing_side), pack, ("closing",))
    taken = WHOLE - points_in(left, pack.order)
    cited = citing(("A-1.N1",), *judging("key", pack))
    return (*left, Part("key", key.by, taken, facts.credit_of(key.by), cited, key.evidence + declared(key)))


def _take(parts: Parts, pack: Pack, *groups: Sequence[str]) -> Parts:
    """The parts after a side has given what the key holder gets of it: one group of roles after another, each in proportion."""
    leaving = _leaving(points_in(parts, list(chain.from_iterable(groups))), pack)
    for roles in groups:
        side = points_in(parts, roles)
        if side:
            given = min(side, leaving)
            kept = ALL - given / side
            parts = tuple([_shrunk(part, kept) if part.role in roles else part for part in parts])
            leaving -= given
    return parts


def _shrunk(part: Part, kept: Fraction) -> Part:
    return replace(part, points=part.points * kept, clauses=citing(part.clauses, "A-1.N1"))


def _leaving(side: Fraction, pack: Pack) -> Fraction:
    """A-1.N1: the points that a side of so many gives, if it has them (R-key)."""
    clause = pack["A-1.N1"]
    points: Fraction = clause.points
    match pack.reading("R-key"):
        case "ten_in_all":
            return points / 2
        case "tenth_of_each_side":
            return side * Fraction(clause.percent, 100)
    return points


def incorrect_listing(parts: Parts, facts: Facts, pack: Pack) -> Parts:
    """A-2.6: the whole listing side goes to the company where the entry is not correct, not in the system or late.

    The other sides stand.
    """
    listing = facts.listing_at_closing
    if not pack["A-2.6"].incorrect_to_company or (listing is not None and listing.correct):
        return parts
    evidence = facts.listing.entered_evidence + facts.listing.correct_evidence if facts.listing is not None else ()
    side = [part for part in parts if part.role in LISTING_ROLES]
    if side:
        whole = replace(side[0], role="listing", points=points_in(parts, LISTING_ROLES), held="vacant")
        parts = (*(part for part in parts if part not in side), given(whole, COMPANY, COMPANY, "A-2.6", evidence))
    return _to_company("A-2.6", parts, pack.listing_roles, evidence) if pack.listing_roles else parts


def _to_company(clause: str, parts: Parts, roles: Container[str], evidence: Evidence = ()) -> Parts:
    """What is in these roles of a company's own is the company's, whoever earned it or has it in another's stead."""
    return each_part(
        parts,
        lambda part: (given(part, COMPANY, COMPANY, clause, evidence, held="vacant") if part.role in roles else part,),
    )


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


def dividing_clause(listing: Listing, pack: Pack) -> str:
    """The clause that divides the listing side: on a team's account A-2.17, after a claim by A-2.16 that one, else A-2.7."""
    ways = [move.clause for move in listing.moves if move.clause is not None]
    if listing.holder.startswith("team:") and pack.has("A-2.17"):
        return "A-2.17"
    if ways and ways[-1] == "A-2.16" and pack.has("A-2.16"):
        return "A-2.16"
    return "A-2.7"


def _divided(clause: str, parts: Parts, facts: Facts, pack: Pack) -> Parts:
    listing = facts.listing_at_closing
    if listing is None or not is_divided(listing) or dividing_clause(listing, pack) != clause:
        return parts

    def change(part: Part) -> Parts:
        whole = part.role == "listing" and part.held == "agency"
        return _recorder_and_holder(part, clause, listing, facts, pack) if whole else (part,)

    return each_part(parts, change)


def _recorder_and_holder(part: Part, clause: str, listing: Listing, facts: Facts, pack: Pack) -> Parts:
    """The recorder's points, as many as the side has, and the rest (R-key-lapsed, R-remainder)."""
    keeps: Fraction = pack[clause].recorder_points
    kept = min(keeps, part.points)
    if pack.reading("R-key-lapsed") == "pro_rata":
        whole = table_of(facts, pack).shares["listing"]
        kept = min(keeps, whole) * part.points / whole if whole else Fraction(0)
    ways = [move for move in listing.moves if move.clause is None or pack.has(move.clause)]
    cited = citing(part.clauses, clause, *[move.clause for move in ways if move.clause is not None])
    recorder = replace(part, role="listing_recorder", points=kept, clauses=cited)
    moved = part.evidence + tuple(chain.from_iterable([move.evidence for move in ways]))
    rest = replace(part, role="listing_holder", points=part.points - kept, clauses=cited, evidence=moved)
    match pack.reading("R-remainder"):
        case "closers":
            return (recorder, *to_closers(rest, facts))
        case "company":
            return (recorder, replace(rest, to=COMPANY, credit=COMPANY))
    return (recorder, replace(rest, to=listing.holder, credit=facts.credit_of(listing.holder)))


def first_recorder(parts: Parts, facts: Facts, pack: Pack) -> Parts:
    """A-2.5: the client side is the first recorder's of that person, across duplicates, whether the client is private or public."""
    client = facts.client
    if client.first == client.client:
        return parts
    to, credit = client.first_recorder, facts.credit_of(client.first_recorder)
    return each_part(parts, lambda part: (given(part, to, credit, "A-2.5", client.first_evidence) if part.role == "client" else part,))


def several_closers(parts: Parts, facts: Facts, pack: Pack) -> Parts:
    """A-2.4: closers who each showed the client the listing have equal parts (R-coshowing)."""
    if len(facts.closers) == 1:
        return parts
    if len(facts.closers) > 2 and pack.reading("R-coshowing") == "exactly_two":
        return _to_be_decided(parts, pack)
    return each_part(parts, lambda part: (_shown(part, facts) if _is_closing(part, facts, pack) else part,))


def _is_closing(part: Part, facts: Facts, pack: Pack) -> bool:
    """Whether a part is for having closed: the closing side, or of a role of a company's own that closers earn."""
    return part.role == "closing" or (part.role in pack.closing_roles and part.held == "work" and part.to in facts.closers)


def _to_be_decided(parts: Parts, pack: Pack) -> Parts:
    """The closing side stands with the company until it decides."""
    parts = _to_company("A-2.4", parts, pack.closing_roles) if pack.closing_roles else parts
    closing = [part for part in parts if part.role == "closing"]
    if not closing:
        return parts
    whole = replace(closing[0], points=points_in(parts, ("closing",)), held="vacant")
    return (*(part for part in parts if part not in closing), given(whole, COMPANY, COMPANY, "A-2.4"))


def _shown(part: Part, facts: Facts) -> Part:
    evidence = chain.from_iterable(viewing.evidence for viewing in facts.viewings if viewing.by == part.to)
    return replace(part, clauses=citing(part.clauses, "A-2.4"), evidence=part.evidence + tuple(evidence))


def senior_for_newcomer(parts: Parts, facts: Facts, pack: Pack) -> Parts:
    """A-1.N2: the part of a closer who is a newcomer is halved with the senior named on the client, the senior first (R-halves)."""
    senior = facts.client.senior
    if senior is None:
        return parts
    return each_part(parts, lambda part: _halved(part, senior, facts, pack) if _closes_under(part, senior, facts, pack) else (part,))


def _closes_under(part: Part, senior: str, facts: Facts, pack: Pack) -> bool:
    return _is_closing(part, facts, pack) and part.held == "work" and part.to != senior and facts.standing(part.to).newcomer


def _halved(part: Part, senior: str, facts: Facts, pack: Pack) -> Parts:
    percent = 50 if pack.reading("R-halves") == "half_each" else pack["A-1.N2"].percent
    lost = part.points * (100 - 2 * percent) / 100
    part = replace(part, points=part.points * percent / 100, clauses=citing(part.clauses, "A-1.N2"))
    evidence = facts.client.senior_evidence + facts.standing(part.to).evidence
    seniors = given(part, senior, facts.credit_of(senior), "A-1.N2", evidence)
    if part.role in pack.roles and facts.has_left(senior):
        seniors = _of_who_left(seniors, pack.roles[part.role], facts)
    halves = (seniors, replace(part, evidence=part.evidence + evidence))
    return halves if not lost else (*halves, replace(part, role="company", to=COMPANY, credit=COMPANY, points=lost, held="vacant"))


def _of_who_left(part: Part, own: Role, facts: Facts) -> Part:
    """The half of a senior who has left, of a role of a company's own: theirs if its people keep it, else the company's."""
    if own.if_left == KEEPS:
        return part
    return given(part, COMPANY, COMPANY, own.clause, facts.standing(part.to).evidence, held="vacant")
