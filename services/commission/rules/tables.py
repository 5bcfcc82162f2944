"""The base, and the tables that a deal's points are shared out by."""

from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import lru_cache
from itertools import chain
from typing import Final

from services.commission.rules.counting import (
    declared,
    exclusive_that_counts,
    judging,
    key_that_counts,
    plan_that_counts,
    survey_that_counts,
)
from services.commission.rules.facts import COMPANY, Exclusive, Facts, FloorPlan, Key, Survey
from services.commission.rules.own import with_own_roles
from services.commission.rules.parts import LISTING_ROLES, Part, Parts, citing, to_closers
from shared.money import Fen
from shared.regulation import Clause, Pack


def base_of(table: Clause, facts: Facts, pack: Pack) -> Fen:
    """A-1.N6, B-1-1: the fees that count, in fen. A pack with neither: what the table says its shares are of."""
    counting = _counting(pack) or table
    return sum([facts.fees_fen.get(kind, 0) for kind in counting.of])


@lru_cache(maxsize=256)
def _counting(pack: Pack) -> Clause | None:
    """The clause that says which fees count, the first if a pack has both."""
    return next((clause for id, clause in pack.clauses.items() if id in ("A-1.N6", "B-1-1")), None)


def table_of(facts: Facts, pack: Pack) -> Clause:
    """The clause whose shares this deal is split by."""
    return pack.table_for(tuple([HOLDS[name](facts, pack) for name in pack.conditions]))


HOLDS: Final[Mapping[str, Callable[[Facts, Pack], str | bool]]] = {
    "kind": lambda facts, pack: facts.kind,
    "exclusive": lambda facts, pack: exclusive_that_counts(facts, pack) is not None,
    "key": lambda facts, pack: key_that_counts(facts, pack) is not None,
    "survey": lambda facts, pack: survey_that_counts(facts, pack) is not None,
    "plan": lambda facts, pack: plan_that_counts(facts, pack) is not None,
    "closers": lambda facts, pack: "one" if len(facts.closers) == 1 else "several",
}
"""What a table can be for, and what of it holds of a deal."""


def shared_out(table: Clause, facts: Facts, pack: Pack) -> Parts:
    """A-1.1, A-1.2.1, A-1.2.2, B-1-3, and tables of a company's own: the parts that a table gives, in the order of its roles.

    A rental has a listing, a closing and a client side (A-1.1), and so has a sale (A-1.2.1), with a side for who signed the exclusive if
    one counts (A-1.2.2). By the ratio table the listing agent is the holder at closing (B-1-3).
    """
    shares = [(role, points) for role, points in table.shares.items() if role not in pack.roles]
    known = tuple(chain.from_iterable([_earned(role, points, table, facts, pack) for role, points in shares]))
    return with_own_roles(known, table, facts, pack) if pack.roles else known


def _earned(role: str, points: Fraction, table: Clause, facts: Facts, pack: Pack) -> Parts:
    """The parts of one role: equal ones for those who earned it; the company's, vacant, if nobody did."""
    if role == "closing":
        return to_closers(Part(role, COMPANY, points, COMPANY, (table.id,), facts.evidence), facts)
    if role == "client":
        client = facts.client
        return (Part(role, client.recorder, points, facts.credit_of(client.recorder), (table.id,), client.evidence),)
    listing = facts.listing_at_closing
    if listing is None or role == "company":
        return (Part(role, COMPANY, points, COMPANY, (table.id,), facts.evidence, held="vacant"),)
    if role in LISTING_ROLES:
        agent = listing.holder if table.id == "B-1-3" or role == "listing_holder" else listing.recorder
        source = listing.evidence + listing.entered_evidence
        return (Part(role, agent, points, facts.credit_of(agent), (table.id,), source, held="agency"),)
    clauses = citing((table.id,), *judging(role, pack))
    act = _work(role, facts, pack)
    if act is None:
        return (Part(role, COMPANY, points, COMPANY, clauses, held="vacant"),)
    return (Part(role, act.by, points, facts.credit_of(act.by), clauses, act.evidence + declared(act)),)


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
