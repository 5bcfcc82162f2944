"""A deal: its state, how events shape it, and what may be decided about it; about its disputes in `dispute`."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, Literal, assert_never

from msgspec import Struct, structs

from services.commission import rules
from services.commission.aggregate.disputed import Dispute, DisputeEvent, heard
from services.commission.events import (
    Adjudicated,
    Adjustment,
    Cancelled,
    DealEvent,
    DisputeAppealed,
    DisputeOpened,
    DisputeRuled,
    DisputeStated,
    EvidenceAwaited,
    ExhibitFiled,
    Kind,
    LateListingSignedOff,
    ListingAttached,
    PrivateDealingFound,
    Rebooked,
    Reported,
    Settled,
    Settlement,
    Signed,
    Terms,
)
from shared.entry import id_of
from shared.eventlog import Claim, Claimant
from shared.identity import Caller, Post, allow
from shared.regulation import Pack, Refused
from shared.tenure import COMPANY, Ground

State = Literal["signed", "reported", "awaiting_evidence", "settled", "blocked", "cancelled"]


class Deal(Struct, frozen=True):
    """A deal. `adjustments` were adjudicated or ruled: they add to what `settlement` gives, booked at `booked_at` (rulings not counted).
    `settled` is what was settled, whatever was booked anew since. `outdated`: a finding after it asks for rebooking."""

    terms: Terms
    state: State
    closing_time: datetime
    reported: bool
    reporter: str
    attached: bool = False
    signed_off: bool = False
    asked_by: str | None = None
    awaits: tuple[str, ...] = ()
    settled: Settlement | None = None
    settlement: Settlement | None = None
    adjustments: tuple[Adjustment, ...] = ()
    outdated: bool = False
    disputes: dict[str, Dispute] = {}
    booked_at: datetime | None = None

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
        case EvidenceAwaited(by=by, services=services):
            return structs.replace(deal, state="awaiting_evidence", asked_by=by, awaits=services)
        case Settled(settlement=settlement, at=at):
            return structs.replace(_booked(deal, settlement), settled=settlement, booked_at=at)
        case Rebooked(settlement=settlement, because="ruling"):
            return _booked(deal, settlement)
        case Rebooked(settlement=settlement, at=at):
            return structs.replace(_booked(deal, settlement), booked_at=at)
        case Adjudicated(lines=lines):
            return structs.replace(deal, adjustments=(*deal.adjustments, *lines))
        case DisputeOpened() | DisputeStated() | ExhibitFiled() | DisputeAppealed() | DisputeRuled():
            return _disputed(deal, event)
        case Cancelled():
            return structs.replace(deal, state="cancelled", outdated=False)
        case PrivateDealingFound(person=person):
            return structs.replace(_forfeited(deal, person), outdated=deal.settlement is not None)
    assert_never(event)


def _forfeited(deal: Deal, offender: str) -> Deal:
    """A-R1, B-1-4-3: what was added to an offender's lines goes the way of the lines, so that they neither keep nor owe any of it."""
    disputes = {id: structs.replace(dispute, added=_to_company(dispute.added, offender)) for id, dispute in deal.disputes.items()}
    return structs.replace(deal, adjustments=_to_company(deal.adjustments, offender), disputes=disputes)


def _to_company(lines: tuple[Adjustment, ...], offender: str) -> tuple[Adjustment, ...]:
    return tuple(structs.replace(line, to=COMPANY, credit=COMPANY) if line.to == offender else line for line in lines)


def _booked(deal: Deal, settlement: Settlement) -> Deal:
    return structs.replace(deal, state="settled", settlement=settlement, outdated=False, awaits=())


def _disputed(deal: Deal, event: DisputeEvent) -> Deal:
    disputes = {**deal.disputes, event.dispute: heard(deal.disputes.get(event.dispute), event)}
    added = event.lines if isinstance(event, DisputeRuled) else ()
    return structs.replace(deal, disputes=disputes, adjustments=(*deal.adjustments, *added))


def claims_of(deal: Deal | None, event: DealEvent) -> Iterable[Claim]:
    """One open deal for a listing: from its contract or report until it is settled or cancelled; one dispute of an id."""
    if isinstance(event, DisputeOpened):
        yield Claim("dispute", event.dispute)
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
    booked = [(line.to, line.amount_fen) for line in deal.settlement.lines] + [(line.to, line.amount_fen) for line in deal.adjustments]
    for to, amount_fen in booked:
        sums[to] = sums.get(to, 0) + amount_fen
    return {to: fen for to, fen in sums.items() if fen}


# Decisions


class Surroundings(Struct, frozen=True):
    """What a report is checked against: what the journal holds of its listing and client, and who showed it to them (A-2.4).
    `listing_entered_at` is when the listing was recorded first."""

    listing_kind: Kind | None
    listing_correct: bool
    client_known: bool
    shown_by: frozenset[str]
    open_deal: Claimant | None
    listing_missing: tuple[str, ...] = ()
    listing_entered_at: datetime | None = None


def report(*, by: Caller, terms: Terms, around: Surroundings, ground: Ground, at: datetime) -> list[DealEvent]:
    """B-1-2, A-2.4: the deal report, sent by a closer or a manager of the store; sending it is the closing."""
    return [Reported(by.person, _checked("deal.report", by, terms, around, ground, at), at)]


def report_signed(deal: Deal, *, by: Caller, terms: Terms, around: Surroundings, ground: Ground, at: datetime) -> list[DealEvent]:
    """B-1-2: the report of a deal whose contract was signed before; its sending becomes the closing."""
    refuse_cancelled(deal)
    _refuse_settled(deal)
    if deal.state != "signed":
        raise Refused("already_reported", "B-1-2", first_at=deal.closing_time)
    return [Reported(by.person, _checked("deal.report", by, terms, around, ground, at), at)]


def sign(
    *, by: Caller, terms: Terms, contract: str | None, signer: str | None, around: Surroundings, ground: Ground, at: datetime
) -> list[DealEvent]:
    """B-1-2: a deal whose contract was signed; until it is reported, that is its closing."""
    _refuse_unknown_signer(signer, ground)
    return [Signed(by.person, _checked("deal.sign", by, terms, around, ground, at), contract, signer, at)]


def sign_reported(
    deal: Deal, *, by: Caller, terms: Terms, contract: str | None, signer: str | None, ground: Ground, at: datetime
) -> list[DealEvent]:
    """The contract of a deal that was reported first: the closing stays the report's, and so do its terms."""
    allow(by, "deal.sign", own=by.person in deal.terms.closers, over=[ground.post(person) for person in deal.terms.closers])
    refuse_cancelled(deal)
    _refuse_settled(deal)
    if terms != deal.terms:
        raise Refused("already_reported", "B-1-2", first_at=deal.closing_time)
    _refuse_unknown_signer(signer, ground)
    return [Signed(by.person, deal.terms, contract, signer, at)]


def _refuse_unknown_signer(signer: str | None, ground: Ground) -> None:
    if signer is not None and ground.post(signer) is None:
        raise Refused("unknown_reference", field="signer")


def attach_listing(deal: Deal, *, by: Caller, listing: str, around: Surroundings, ground: Ground, at: datetime) -> list[DealEvent]:
    """B-1-4-2: a late listing, entered after the closing, is attached to a deal reported without one; possible until settlement.

    One that was there in time is named in the report, and not afterwards: nothing else touches a deal once it has closed.
    """
    allow(by, "deal.attach_listing", own=by.person in parties(deal), over=[ground.post(person) for person in deal.terms.closers])
    refuse_cancelled(deal)
    _refuse_settled(deal)
    if around.listing_kind is None:
        raise Refused("unknown_reference", field="listing")
    if deal.terms.listing == listing:
        return []
    if deal.terms.listing is not None:
        raise Refused("listing_already_attached", "B-1-4-2", listing=deal.terms.listing)
    _refuse_draft(around)
    _refuse_second(around)
    if around.listing_entered_at is not None and around.listing_entered_at < deal.closing_time:
        raise Refused("listing_not_late", "B-1-4-2")
    return [ListingAttached(by.person, listing, at, deal.reported)]


def sign_off(deal: Deal, *, by: Caller, is_late: bool, reason: str, ground: Ground, at: datetime) -> list[DealEvent]:
    """B-1-4-2: an area manager accepts a listing that was entered after closing; possible until settlement."""
    allow(by, "deal.sign_off", over=[ground.post(person) for person in deal.terms.closers[:1]], stores=(deal.terms.store,))
    refuse_cancelled(deal)
    _refuse_settled(deal)
    if deal.terms.listing is None:
        raise Refused("no_listing", "B-1-4-2")
    if not is_late:
        raise Refused("listing_not_late", "B-1-4-2")
    return [LateListingSignedOff(by.person, reason, at)] if not deal.signed_off else []


def find_private_dealing(
    deal: Deal, *, by: Caller, person: str, offender: Post | None, reason: str, pack: Pack, ground: Ground, at: datetime
) -> list[DealEvent]:
    """A-R1, B-1-4-3: a manager finds private dealing, before or after settlement: the offender's lines go to the company. `offender` is the
    person's post by now."""
    if offender is None:
        raise Refused("unknown_reference", "A-R1", field="person")
    allow(by, "deal.find_private_dealing", over=[offender, *(ground.post(closer) for closer in deal.terms.closers)])
    refuse_cancelled(deal)
    return [PrivateDealingFound(by.person, person, reason, rules.private_dealing_found(pack, person), at)]


def cancel(deal: Deal, *, by: Caller, reason: str, ground: Ground, at: datetime) -> list[DealEvent]:
    """Corrections: reverses everything. Once settled only the general manager cancels."""
    closers = [ground.post(person) for person in deal.terms.closers]
    allow(by, "deal.cancel_settled" if deal.settlement is not None else "deal.cancel", stores=(deal.terms.store,), over=closers[:1])
    refuse_cancelled(deal)
    return [Cancelled(by.person, deal.terms.listing, deal.terms.client, reason, at)]


def _checked(act: str, by: Caller, terms: Terms, around: Surroundings, ground: Ground, at: datetime) -> Terms:
    closers = [ground.post(person) for person in terms.closers]
    if not closers or any(post is None for post in closers):
        raise Refused("unknown_reference", field="closers")
    allow(by, act, own=by.person in terms.closers, over=closers)
    _refuse_unknown(terms, around)
    _refuse_second(around)
    chief = closers[0]
    assert chief is not None, "unknown closers were refused"
    whole = structs.replace(terms, store=chief.store, kind=around.listing_kind or terms.kind)
    without = [person for person in terms.closers if person not in around.shown_by]
    pack = ground.pack_of(terms.closers[0], at)
    if len(closers) > 1 and without and pack.has("A-2.4") and terms.listing is not None:
        raise Refused("closer_without_viewing", "A-2.4", pack=pack, person=without[0])
    _refuse_misnamed(terms, pack, ground)
    return whole


def _refuse_misnamed(terms: Terms, pack: Pack, ground: Ground) -> None:
    """Somebody unknown is named for a role, or somebody for a role that is not earned by being named."""
    if any(ground.post(each.person) is None for each in terms.named):
        raise Refused("unknown_reference", field="named")
    roles = [role.name for role in pack.roles.values() if "named" in role.earned_by]
    for each in terms.named:
        if each.role not in roles:
            raise Refused("unknown_role", None, pack=pack, named=each.role, known=", ".join(roles) or None)


def _refuse_unknown(terms: Terms, around: Surroundings) -> None:
    if terms.listing is not None and around.listing_kind is None:
        raise Refused("unknown_reference", field="listing")
    if terms.listing is not None:
        _refuse_draft(around)
    if not around.client_known:
        raise Refused("unknown_reference", field="client")
    if len(set(terms.closers)) != len(terms.closers):
        raise Refused("closer_named_twice", "A-2.4")


def _refuse_draft(around: Surroundings) -> None:
    if not around.listing_correct:
        raise Refused("listing_draft", "A-2.6", missing=around.listing_missing or None)


def _refuse_second(around: Surroundings) -> None:
    """A-R2: one open deal for a listing; the first recorded stands."""
    first = around.open_deal
    if first is not None:
        raise Refused("deal_already_reported", "A-R2", first=id_of("dea", first.stream), by=first.by, first_at=first.recorded_at)


def may_be_settled(deal: Deal, *, by: Caller, closers: Sequence[Post | None]) -> None:
    """O-5: settling is the act of the closing store's manager, once, and never of a party. Refused: forbidden, already_settled, ..."""
    _allow_settling(deal, by, closers, parties(deal))
    refuse_cancelled(deal)
    _refuse_settled(deal)


def settle(
    deal: Deal, *, by: Caller, closers: Sequence[Post | None], judged: Settlement | tuple[str, ...], at: datetime
) -> list[DealEvent]:
    """The split as it stood at closing, entered once. Where the cut has not been reached, `judged` names the services it waits for.

    Who gets a line is a party too.
    """
    may_be_settled(deal, by=by, closers=closers)
    if not isinstance(judged, Settlement):
        return [EvidenceAwaited(by.person, judged, at)] if deal.awaits != judged else []
    _allow_settling(deal, by, closers, gets(judged))
    return [Settled(by.person, judged, at)]


def _allow_settling(deal: Deal, by: Caller, closers: Sequence[Post | None], concerned: frozenset[str]) -> None:
    areas = [post.area for post in closers[:1] if post is not None]
    allow(by, "deal.settle", stores=(deal.terms.store,), areas=areas, party=by.person in concerned)


def book(deal: Deal, *, judged: Settlement | tuple[str, ...], at: datetime) -> list[DealEvent]:
    """What waited is settled in the name of who asked; what a finding after settlement made outdated is reversed and booked anew."""
    if not isinstance(judged, Settlement):
        return []
    if deal.state == "awaiting_evidence" and deal.asked_by is not None:
        return [Settled(deal.asked_by, judged, at)]
    return [Rebooked("", "private_dealing", judged, at)] if deal.outdated else []


def adjudicate(
    deal: Deal, *, by: Caller, lines: tuple[Adjustment, ...], reason: str, unknown: Sequence[str], at: datetime
) -> list[DealEvent]:
    """A-1.N7: the company adjudicates a special case: new lines that sum to zero; nothing computed is edited."""
    allow(by, "deal.adjudicate", party=by.person in parties(deal) | {line.to for line in lines})
    refuse_cancelled(deal)
    if unknown:
        raise Refused("unknown_reference", "A-1.N7", field="lines")
    if (total := sum(line.amount_fen for line in lines)) != 0 or not lines:
        raise Refused("adjudication_not_zero", "A-1.N7", sum_fen=total)
    return [Adjudicated(by.person, by.post.role, lines, reason, at)]


def parties(deal: Deal) -> frozenset[str]:
    """Who is party to a deal: its closers, whom it names for a role, and everyone who gets a line or an adjudicated amount."""
    named = {each.person for each in deal.terms.named}
    return frozenset(deal.terms.closers) | named | gets(deal.settlement) | {line.to for line in deal.adjustments}


def concerned(deal: Deal) -> frozenset[str]:
    """Who may dispute a deal, speak in its disputes and see them: its parties, whoever did something for its listing or client by closing
    (a key that moved no points is a reason to dispute), and whoever has spoken in one."""
    facts = deal.settlement.facts if deal.settlement is not None else {}
    acted = (person for part in ("listing", "client", "viewings") for person in _people_in(facts.get(part)))
    return parties(deal).union(acted, voices(deal))


def voices(deal: Deal) -> frozenset[str]:
    """Who has opened a dispute over a deal, or spoken in one: they see the deal."""
    return frozenset(person for dispute in deal.disputes.values() for person in (dispute.by, *dispute.voices))


def _people_in(facts: Any) -> Iterator[str]:
    match facts:
        case str() if facts.startswith("psn_"):
            yield facts
        case dict():
            yield from (person for fact in facts.values() for person in _people_in(fact))
        case list() | tuple():
            yield from (person for fact in facts for person in _people_in(fact))


def gets(settlement: Settlement | None) -> frozenset[str]:
    """Who gets a line."""
    return frozenset(line.to for line in settlement.lines) if settlement is not None else frozenset()


def _refuse_settled(deal: Deal) -> None:
    if deal.settlement is not None:
        raise Refused("already_settled", "O-5")


def refuse_cancelled(deal: Deal) -> None:
    """With a deal that is off nothing more is done."""
    if deal.state == "cancelled":
        raise Refused("cancelled")
