"""What a manager may find that no rule did, and what its clause proposes for it."""

from typing import Final, Literal, get_args

from shared.identity import Post
from shared.regulation import Pack, Violation

Kind = Literal["late_entry", "agent_phone_as_owner", "canned_follow_up", "private_dealing", "hoarding", "leak"]
"""Not among them: deliberate duplicates, which are found on the listing itself (A-2.14)."""
CLAUSES: Final[dict[Kind, tuple[str, ...]]] = {
    "late_entry": ("B-2-1", "A-2.1"),
    "agent_phone_as_owner": ("A-2.13",),
    "canned_follow_up": ("A-2.15",),
    "private_dealing": ("B-1-4-3", "A-R1"),
    "hoarding": ("B-1-4-2",),
    "leak": ("B-0",),
}
"""The clause of a kind; of several the first that a pack has."""
assert set(CLAUSES) == set(get_args(Kind)), "each kind has its clause"


def found(kind: Kind, person: Post, *, serious: bool, evidence: tuple[str, ...], pack: Pack) -> Violation | None:
    """A-2.1, A-2.13, A-2.15, A-R1, B-0, B-1-4-2, B-1-4-3, B-2-1: what is proposed for it; None where the pack has no clause for it.

    `serious` counts for hoarding and leaks alone, where the clause then proposes dismissal. Repeats are counted elsewhere.
    """
    clause = next((id for id in CLAUSES[kind] if pack.has(id)), None)
    if clause is None:
        return None
    match kind:
        case "private_dealing":
            said = pack[clause].parameters
            return Violation(kind, clause, person.person, None, said["dismissal"], said.get("forfeits_pay", False), evidence)
        case "hoarding":
            return Violation(kind, clause, person.person, _hoarders_fine_fen(person, pack), serious, False, evidence)
        case "leak":
            return Violation(kind, clause, person.person, None, serious, True, evidence)
        case "agent_phone_as_owner" | "canned_follow_up":
            return Violation(kind, clause, person.person, pack[clause].fine_fen, evidence=evidence)
        case "late_entry":
            return Violation(kind, clause, person.person, evidence=evidence)


def _hoarders_fine_fen(person: Post, pack: Pack) -> int | None:
    """B-1-4-2: the agent's fine, the store manager's, the area manager's."""
    clause = pack["B-1-4-2"]
    match person.role:
        case "store_manager":
            fine_fen: int = clause.store_manager_fine_fen
        case "area_manager":
            fine_fen = clause.area_manager_fine_fen
        case _:
            fine_fen = clause.closer_fine_fen
    return fine_fen
