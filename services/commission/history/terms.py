"""What the entries of a deal, a listing or a client say of themselves, without a cut."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from msgspec import structs

from services.client import events as client
from services.commission import events as own
from services.commission.events import Kind, Settlement, Terms
from services.listing import events as listing
from shared.entry import Entry, Meta, id_of
from shared.tenure import Stand

_SETTLING = (own.EvidenceAwaited, own.Settled, own.Rebooked, own.Adjudicated, own.Cancelled)


def terms_of(deal: Iterable[Entry]) -> Terms:
    """The terms of a deal as reported (else as signed), with the listing that was attached later."""
    terms: Terms | None = None
    for entry in deal:
        match entry.event:
            case own.Signed(terms=signed):
                terms = terms or signed
            case own.Reported(terms=reported):
                terms = reported
            case own.ListingAttached(listing=attached):
                assert terms is not None, "a listing is attached to a deal that was reported"
                terms = structs.replace(terms, listing=attached)
    assert terms is not None, "a deal begins with its contract or its report"
    return terms


def closing_of(deal: Iterable[Entry]) -> datetime:
    """B-1-2: when the deal report was sent; without one, when the contract was signed."""
    times = {type(e.event): e.recorded_at for e in deal if isinstance(e.event, own.Signed | own.Reported)}
    return times[own.Reported] if own.Reported in times else times[own.Signed]


def settlement_of(deal: Iterable[Entry]) -> Settlement | None:
    """What was settled, as booked last."""
    booked = [e.event.settlement for e in deal if isinstance(e.event, own.Settled | own.Rebooked)]
    return booked[-1] if booked else None


def before_settlement(entries: Sequence[Entry]) -> list[Entry]:
    """Without the entries that settle: a split does not rest on itself, nor on having waited."""
    return [e for e in entries if not isinstance(e.event, _SETTLING)]


IMAGINED_CLIENT = id_of("cli", UUID(int=0))


def imagined(tenant: UUID, terms: Terms, at: datetime) -> list[Entry]:
    """The entries of a deal that nobody made: a report of these terms at `at`; without a client, one that the first closer entered."""
    whole = terms if terms.client else structs.replace(terms, client=IMAGINED_CLIENT)
    report = _imagined(tenant, "commission", "deal.Reported", UUID(int=0), own.Reported(terms.closers[0], whole, at), at)
    if terms.client:
        return [report]
    wish = client.Wish("", "", "", "", "")
    entered = client.Entered(terms.closers[0], terms.closers[0], "buy", "", wish, None, None, (Stand(terms.closers[0]),), None, at)
    return [report, _imagined(tenant, "client", "client.Entered", UUID(int=0), entered, at)]


def _imagined(tenant: UUID, service: str, type: str, stream: UUID, event: object, at: datetime) -> Entry:
    return Entry(service, 0, tenant, stream, 1, type, event, b"", Meta(), at, at)


def first_record(records: Iterable[Entry]) -> str | None:
    """The first record of a client's person, if these entries are of a duplicate (A-2.5)."""
    return next((e.event.duplicate_of for e in records if isinstance(e.event, client.Entered)), None)


def kind_of(past: Iterable[Entry]) -> Kind | None:
    """Whether a listing is for sale or rental; None if these are no listing's entries."""
    return next((e.event.kind for e in past if isinstance(e.event, listing.Entered)), None)


def has_been_correct(past: Iterable[Entry]) -> bool:
    """A-2.6: whether a listing is no draft. One that was correct once carries deals; that it was refuted since shows in the split."""
    return any(e.event.correct for e in past if isinstance(e.event, listing.Entered | listing.Completed))


def missing_of(past: Iterable[Entry]) -> tuple[str, ...]:
    """A-2.6: what was missing for a correct entry when it was last said."""
    said = [e.event.check.missing for e in past if isinstance(e.event, listing.Entered | listing.Completed)]
    return said[-1] if said else ()
