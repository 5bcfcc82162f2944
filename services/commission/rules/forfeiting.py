"""Who has left, and who dealt privately: what is theirs no longer."""

from itertools import chain

from services.commission.rules.facts import COMPANY, Evidence, Facts
from services.commission.rules.parts import Part, Parts, each_part, given
from shared.regulation import Pack, Violation


def departed(parts: Parts, facts: Facts, pack: Pack) -> Parts:
    """A-1.N3: who has left gets nothing, the company gets it; for other roles than a recorder's the line says that it is by analogy."""
    clause = pack["A-1.N3"]
    listing = facts.listing_at_closing
    recorder_left = listing is not None and facts.has_left(listing.recorder)

    def change(part: Part) -> Parts:
        if part.role not in clause.roles:
            return (part,)
        if facts.has_left(part.to):
            return (given(part, COMPANY, COMPANY, "A-1.N3", facts.standing(part.to).evidence, by_analogy=part.role in clause.by_analogy),)
        if part.role == "listing_holder" and recorder_left and pack.reading("R-departed") == "company_all":
            return (given(part, COMPANY, COMPANY, "A-1.N3"),)
        return (part,)

    return each_part(parts, change)


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
        return (given(part, COMPANY, COMPANY, clause, evidence) if forfeit else part,)

    return each_part(parts, change)


def private_dealing_found(pack: Pack, person: str, evidence: Evidence = ()) -> Violation | None:
    """B-1-4-3, A-R1: what a finding of private dealing proposes against the person; None if the pack has neither clause."""
    if pack.has("B-1-4-3"):
        forfeits_pay = pack["B-1-4-3"].forfeits_pay
        return Violation("private_dealing", "B-1-4-3", person, None, pack["B-1-4-3"].dismissal, forfeits_pay, evidence)
    if pack.has("A-R1"):
        return Violation("private_dealing", "A-R1", person, None, pack["A-R1"].dismissal, False, evidence)
    return None
