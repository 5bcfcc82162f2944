"""Deals and the book of packs: state, how events shape it, and what may be decided about it."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Literal, assert_never

from msgspec import Struct, structs

from services.commission.events import (
    Activated,
    Adjudicated,
    Adjustment,
    Cancelled,
    DealEvent,
    EvidenceAwaited,
    LateListingSignedOff,
    ListingAttached,
    PackEvent,
    PackRef,
    PrivateDealingFound,
    Rebooked,
    Reported,
    Settled,
    Settlement,
    Signed,
    Terms,
)
from shared.eventlog import Claim
from shared.identity import Caller, Post, allow
from shared.regulation import Activation, Pack, Refused, check_activation
from shared.tenure import Ground

State = Literal["signed", "reported", "awaiting_evidence", "settled", "blocked", "cancelled"]


class Deal(Struct, frozen=True):
    """A deal. `adjustments` were adjudicated: they add to what `settlement` gives."""

    terms: Terms
    state: State
    closing_time: datetime
    reported: bool
    reporter: str
    attached: bool = False
    signed_off: bool = False
    asked_by: str | None = None
    settlement: Settlement | None = None
    adjustments: tuple[Adjustment, ...] = ()

    @property
    def is_open(self) -> bool:
        return self.state in ("signed", "reported", "awaiting_evidence")


def evolve(deal: Deal | None, event: DealEvent) -> Deal:
    if deal is None:
        assert isinstance(event, Signed | Reported), "a deal begins with its contract or its report"
        reported = isinstance(event, Reported)
        return Deal(event.terms, "reported" if reported else "signed", event.at, reported, event.by)
    match event:
        case Reported(terms=terms, at=at, by=by):
            return structs.replace(deal, terms=terms, state="reported", closing_time=at, reported=True, reporter=by)
        case Signed():
            return deal
        case ListingAttached(listing=listing):
            return structs.replace(deal, terms=structs.replace(deal.terms, listing=listing), attached=True)
        case LateListingSignedOff():
            return structs.replace(deal, signed_off=True)
        case EvidenceAwaited(by=by):
            return structs.replace(deal, state="awaiting_evidence", asked_by=by)
        case Settled(settlement=settlement) | Rebooked(settlement=settlement):
            return structs.replace(deal, state="settled", settlement=settlement)
        case Adjudicated(lines=lines):
            return structs.replace(deal, adjustments=(*deal.adjustments, *lines))
        case Cancelled():
            return structs.replace(deal, state="cancelled")
        case PrivateDealingFound():
            return deal
    assert_never(event)


def claims_of(deal: Deal | None, event: DealEvent) -> Iterable[Claim]:
    """One open deal for a listing: from its contract or report until it is settled or cancelled."""
    before, after = _listing_claimed(deal), _listing_claimed(evolve(deal, event))
    if before != after:
        if before is not None:
            yield Claim("open_deal", before, release=True)
        if after is not None:
            yield Claim("open_deal", after)


def _listing_claimed(deal: Deal | None) -> str | None:
    return deal.terms.listing if deal is not None and deal.is_open else None


def net(deal: Deal) -> dict[str, int]:
    """Corrections: what each beneficiary gets in fen, after every reversal and adjudication. Of a blocked or cancelled deal: nothing."""
    sums: dict[str, int] = {}
    if deal.state in ("cancelled", "blocked") or deal.settlement is None:
        return sums
    for line in (*deal.settlement.lines, *deal.adjustments):
        sums[line.to] = sums.get(line.to, 0) + line.amount_fen
    return {to: fen for to, fen in sums.items() if fen}


# Decisions


class Surroundings(Struct, frozen=True):
    """What a report is checked against: what the journal holds of its listing and client, and who showed it to them (A-2.4)."""

    listing_kind: str | None
    listing_correct: bool
    client_known: bool
    shown_by: frozenset[str]
    open_deal: str | None


def report(*, by: Caller, terms: Terms, around: Surroundings, ground: Ground, at: datetime) -> list[DealEvent]:
    """B-1-2, A-2.4: the deal report, sent by a closer or a manager of the store; sending it is the closing."""
    return [Reported(by.person, _checked("deal.report", by, terms, around, ground, at), at)]


def report_signed(deal: Deal, *, by: Caller, terms: Terms, around: Surroundings, ground: Ground, at: datetime) -> list[DealEvent]:
    """B-1-2: the report of a deal whose contract was signed before."""
    _refuse_cancelled(deal)
    if deal.state != "signed":
        raise Refused("deal_already_reported", "B-1-2", first_at=deal.closing_time)
    return [Reported(by.person, _checked("deal.report", by, terms, around, ground, at), at)]


def _checked(act: str, by: Caller, terms: Terms, around: Surroundings, ground: Ground, at: datetime) -> Terms:
    closers = [ground.post(person) for person in terms.closers]
    allow(by, act, own=by.person in terms.closers, over=closers)
    _refuse_unknown(terms, around, closers)
    if around.open_deal is not None:
        raise Refused("deal_already_reported", "A-R2", first=around.open_deal)
    first = closers[0]
    assert first is not None, "unknown closers were refused"
    whole = structs.replace(terms, store=first.store, kind=around.listing_kind or terms.kind)
    without = [person for person in terms.closers if person not in around.shown_by]
    needs_viewings = ground.pack_of(terms.closers[0], at).has("A-2.4") and terms.listing is not None
    if len(closers) > 1 and without and needs_viewings:
        raise Refused("closer_without_viewing", "A-2.4", person=without[0])
    return whole


def _refuse_unknown(terms: Terms, around: Surroundings, closers: Sequence[Post | None]) -> None:
    if terms.listing is not None and around.listing_kind is None:
        raise Refused("unknown_reference", field="listing")
    if terms.listing is not None and not around.listing_correct:
        raise Refused("listing_draft", "A-2.6")
    if not around.client_known:
        raise Refused("unknown_reference", field="client")
    if not closers or any(post is None for post in closers):
        raise Refused("unknown_reference", field="closers")
    if len(set(terms.closers)) != len(terms.closers):
        raise Refused("closer_named_twice", "A-2.4")


def may_be_settled(deal: Deal, *, by: Caller, closers: Sequence[Post | None]) -> None:
    """O-5: settling is the act of the closing store's manager, once, and never of a party. Refused: forbidden, already_settled, ..."""
    allow(by, "deal.settle", stores=(deal.terms.store,), areas=[p.area for p in closers[:1] if p], party=by.person in parties(deal))
    _refuse_cancelled(deal)
    if deal.settlement is not None:
        raise Refused("already_settled", "O-5")


def settle(deal: Deal, *, by: Caller, closers: Sequence[Post | None], settlement: Settlement, at: datetime) -> list[DealEvent]:
    """The split as it stood at closing, entered once. Who gets a line is a party too."""
    may_be_settled(deal, by=by, closers=closers)
    allow(by, "deal.settle", stores=(deal.terms.store,), areas=[p.area for p in closers[:1] if p], party=by.person in _gets(settlement))
    return [Settled(by.person, settlement, at)]


def await_evidence(deal: Deal, *, by: Caller, closers: Sequence[Post | None], services: tuple[str, ...], at: datetime) -> list[DealEvent]:
    """The cut has not been reached: the settlement waits, and says for whom."""
    may_be_settled(deal, by=by, closers=closers)
    return [EvidenceAwaited(by.person, services, at)]


def settle_awaited(deal: Deal, *, settlement: Settlement, at: datetime) -> list[DealEvent]:
    """The evidence has come: the settlement that was asked for, in the name of who asked. A deal settled meanwhile stays as it is."""
    if deal.state != "awaiting_evidence" or deal.asked_by is None:
        return []
    return [Settled(deal.asked_by, settlement, at)]


def adjudicate(
    deal: Deal, *, by: Caller, lines: tuple[Adjustment, ...], reason: str, unknown: Sequence[str], at: datetime
) -> list[DealEvent]:
    """A-1.N7: the company adjudicates a special case: new lines that sum to zero; nothing computed is edited."""
    allow(by, "deal.adjudicate", party=by.person in parties(deal) | {line.to for line in lines})
    _refuse_cancelled(deal)
    if unknown:
        raise Refused("unknown_reference", "A-1.N7", field="lines")
    if (total := sum(line.amount_fen for line in lines)) != 0 or not lines:
        raise Refused("adjudication_not_zero", "A-1.N7", sum_fen=total)
    return [Adjudicated(by.person, lines, reason, at)]


def parties(deal: Deal) -> frozenset[str]:
    """Who is party to a deal: its closers, and everyone who gets a line or an adjudicated amount."""
    return frozenset(deal.terms.closers) | _gets(deal.settlement) | {line.to for line in deal.adjustments}


def _gets(settlement: Settlement | None) -> frozenset[str]:
    return frozenset(line.to for line in settlement.lines) if settlement is not None else frozenset()


def _refuse_cancelled(deal: Deal) -> None:
    if deal.state == "cancelled":
        raise Refused("cancelled")


# The book of packs: one stream for a company


class Book(Struct, frozen=True):
    starts: Mapping[str, tuple[datetime, ...]] = {}


def evolve_book(book: Book | None, event: PackEvent) -> Book:
    starts = dict((book or Book()).starts)
    scope = event.store or ""
    return Book({**starts, scope: (*starts.get(scope, ()), event.start)})


def activate(book: Book | None = None, *, by: Caller, pack: Pack, store: str | None, start: datetime, at: datetime) -> list[PackEvent]:
    """Packs: in force from `start` for the company or one store; never twice from one instant, never from the past but the first."""
    allow(by, "pack.activate")
    known = (book or Book()).starts.get(store or "", ())
    check_activation([Activation(pack, begun, store) for begun in known], Activation(pack, start, store), at)
    ref = PackRef(pack.id, pack.version, pack.digest)
    return [Activated(by.person, ref, pack.document, store, start, at)]
