"""Who earns what of a deal: the clauses of a pack, one after another, over the facts as they stood at closing.

`split(facts, pack)` is pure. A clause that is not in the pack is not applied, the order is the pack's, and every number
comes from it. Each function that carries out a clause begins with its id.
"""

from services.commission.rules.facts import (
    COMPANY,
    Client,
    Evidence,
    Exclusive,
    Facts,
    Finding,
    FloorPlan,
    FollowUp,
    Key,
    Kind,
    Leave,
    Listing,
    Move,
    Signature,
    Standing,
    Survey,
    Viewing,
    document_of,
    facts_of,
)
from services.commission.rules.forfeiting import private_dealing_found
from services.commission.rules.parts import Line, Split
from services.commission.rules.splitting import split

__all__ = [
    "COMPANY",
    "Client",
    "Evidence",
    "Exclusive",
    "Facts",
    "Finding",
    "FloorPlan",
    "FollowUp",
    "Key",
    "Kind",
    "Leave",
    "Line",
    "Listing",
    "Move",
    "Signature",
    "Split",
    "Standing",
    "Survey",
    "Viewing",
    "document_of",
    "facts_of",
    "private_dealing_found",
    "split",
]
