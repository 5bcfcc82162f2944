"""A deal judged otherwise: entries left out, late ones admitted, other readings. For what-ifs, and for rulings that adopt one.

An entry left out was never made; one admitted was recorded at the closing, the last instant that counts. All others are taken as they
were; who holds by them is in `counterfactual`.
"""

from collections.abc import Iterable, Sequence

from msgspec import structs

from services.authz import events as authz
from services.client import events as client
from services.commission import events as own
from services.commission.events import Alternative, Cut, Settlement, Terms
from services.commission.history.counterfactual import counterfactual, is_within
from services.commission.history.judging import judged
from services.commission.history.proving import digest_of, fingerprint
from services.commission.history.terms import terms_of
from shared.entry import Entry
from shared.regulation import Pack, Refused

AS_IT_WAS = Alternative()
_TAKEN_BACK = (own.PrivateDealingFound, own.LateListingSignedOff, own.ListingAttached)
"""Those of a deal's own acts that may be left out."""


def judged_otherwise(entries: Sequence[Entry], cut: Cut, pack: Pack, alternative: Alternative) -> Settlement:
    """The split of a deal by an alternative. What proves it are the fingerprints of the entries as they are."""
    if alternative == AS_IT_WAS:
        return judged(entries, cut, pack)
    judge = pack.reading_otherwise(alternative.readings)
    split = judged(counterfactual(entries, cut, alternative, judge), cut, judge)
    admitted = {e.id: fingerprint(e) for e in entries if e.id in alternative.admit}
    evidence = {id: admitted.get(id, told) for id, told in split.evidence.items()}
    proven = structs.replace(split, evidence=evidence, digest="")
    return structs.replace(proven, digest=digest_of(proven))


# Alternatives, one over the other


def adopted(deal: Iterable[Entry], *, but: str | None = None) -> Alternative:
    """What rulings on a deal have adopted, the later over the earlier, of each dispute the last; without those of the dispute `but`."""
    ruled: dict[str, Alternative] = {}
    for entry in deal:
        if isinstance(entry.event, own.DisputeRuled) and entry.event.adopts is not None and entry.event.dispute != but:
            ruled.pop(entry.event.dispute, None)
            ruled[entry.event.dispute] = entry.event.adopts
    whole = AS_IT_WAS
    for alternative in ruled.values():
        whole = over(whole, alternative)
    return whole


def over(first: Alternative, then: Alternative) -> Alternative:
    """Both together: what the later admits of what the earlier left out simply counts again, and the other way round."""
    return Alternative(
        leave_out=(*_without(first.leave_out, then.admit), *_without(then.leave_out, (*first.admit, *first.leave_out))),
        admit=(*_without(first.admit, then.leave_out), *_without(then.admit, (*first.leave_out, *first.admit))),
        readings={**first.readings, **then.readings},
    )


def _without(ids: Iterable[str], others: Iterable[str]) -> tuple[str, ...]:
    left = set(others)
    return tuple(id for id in dict.fromkeys(ids) if id not in left)


def refuse_idle(entries: Sequence[Entry], cut: Cut, base: Alternative, asked: Alternative) -> None:
    """Refused: entry_not_of_deal; entry_is_needed, where without it there would be no deal; entry_changes_nothing, where it counts already
    or did not count, by the cut and by what rulings have adopted (`base`)."""
    found = {entry.id: entry for entry in entries if entry.event is not None}
    terms = terms_of(e for e in entries if e.service == "commission")
    for id in (*asked.leave_out, *asked.admit):
        if id not in found or (found[id].service == "commission" and not _may_be_named(found[id])):
            raise Refused("entry_not_of_deal", entry=id)
    for id in asked.leave_out:
        if _is_needed(found[id], terms):
            raise Refused("entry_is_needed", entry=id)
        if not _counts(found[id], cut, base):
            raise Refused("entry_changes_nothing", entry=id)
    for id in asked.admit:
        if _counts(found[id], cut, base) or id in asked.leave_out:
            raise Refused("entry_changes_nothing", entry=id)


def _may_be_named(entry: Entry) -> bool:
    return isinstance(entry.event, (own.Signed, own.Reported, *_TAKEN_BACK))


def _is_needed(entry: Entry, terms: Terms) -> bool:
    match entry.event:
        case own.Signed() | own.Reported() | authz.Joined():
            return True
        case client.Entered():
            return entry.stream_id == terms.client
    return False


def _counts(entry: Entry, cut: Cut, base: Alternative) -> bool:
    return entry.id in base.admit or (is_within(entry, cut) and entry.id not in base.leave_out)
