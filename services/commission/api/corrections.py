"""What touched a deal after its closing, as it is shown: who did it, when, by what authority and for what reason (Corrections)."""

from collections.abc import Iterable
from itertools import takewhile
from typing import Any

from services.commission.aggregate.deal import Deal, evolve
from services.commission.api.parts import fen
from services.commission.events import (
    Adjudicated,
    Adjustment,
    Cancelled,
    DisputeRuled,
    LateListingSignedOff,
    Line,
    ListingAttached,
    PrivateDealingFound,
    Rebooked,
    Settled,
)
from shared.entry import Entry


def corrections_of(entries: Iterable[Entry]) -> list[dict[str, Any]]:
    """The corrections among a deal's entries, in their order."""
    told = ((entry, _told(entry.event)) for entry in entries)
    return [{"entry": entry.id, "by": entry.meta.by, "at": entry.recorded_at, **facts} for entry, facts in told if facts is not None]


def _told(event: Any) -> dict[str, Any] | None:
    match event:
        case ListingAttached(listing=listing):
            return {"what": "attached", "listing": listing}
        case LateListingSignedOff(reason=reason):
            return {"what": "signed_off", "reason": reason}
        case PrivateDealingFound(person=person, reason=reason):
            return {"what": "private_dealing", "person": person, "reason": reason}
        case Adjudicated(authority=authority, reason=reason, lines=lines):
            return {"what": "adjudicated", "authority": authority, "reason": reason, "lines": adjusted(lines)}
        case DisputeRuled() as ruled:
            facts = {"dispute": ruled.dispute, "instance": ruled.instance, "outcome": ruled.outcome, "reason": ruled.reason}
            return {"what": "ruled", **facts, "lines": adjusted(ruled.lines)}
        case Rebooked(because=because, settlement=settlement):
            return {"what": "rebooked", "because": because, "digest": settlement.digest}
        case Cancelled(reason=reason):
            return {"what": "cancelled", "reason": reason}
    return None


def entered_before(entries: Iterable[Entry]) -> list[Line]:
    """What was adjudicated before the settlement entered its lines (Corrections): at no points, as it stood when the deal was settled."""
    before = list(takewhile(lambda entry: not isinstance(entry.event, Settled), entries))
    deal: Deal | None = None
    for entry in before:
        deal = evolve(deal, entry.event)
    assert deal is not None, "a deal begins before it is settled"
    causes = [entry.id for entry in before if isinstance(entry.event, Adjudicated) for _ in entry.event.lines]
    adjudicated = zip(deal.adjustments, causes, strict=True)
    return [Line(line.role, line.to, "0", line.amount_fen, line.credit, ("A-1.N7",), (cause,)) for line, cause in adjudicated]


def adjusted(lines: Iterable[Adjustment]) -> list[dict[str, Any]]:
    """Lines that were added, as they are shown."""
    return [{"role": line.role, "to": line.to, "amount": fen(line.amount_fen), "credit": line.credit} for line in lines]
