"""A deal as it stood at closing, folded from everyone's entries. Pure: the same entries and cut give the same facts, for ever.

An entry belongs to the cut if it counts from the cut's instant or before and stands no further than the cut's position of its
service. Only acts on the deal itself, and the entry of a listing that was attached late, count although they came after.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from hashlib import sha256
from itertools import pairwise
from typing import Any, Literal
from uuid import UUID

import msgspec
import rfc8785
from msgspec import Struct, structs

from services.authz import events as authz
from services.client import events as client
from services.commission import events as own
from services.commission import rules
from services.commission.events import Cut, Kind, Line, PackRef, Settlement, Terms
from services.commission.rules import Facts
from services.listing import events as listing
from shared.entry import Entry, Meta, id_of
from shared.identity import Post
from shared.regulation import Pack
from shared.tenure import Stand, Stands, holder_at

_AFTERWARDS = own.EvidenceAwaited | own.Settled | own.Rebooked | own.Adjudicated | own.DisputeOpened | own.DisputeRuled | own.Cancelled
Posting = authz.Joined | authz.Transferred | authz.Confirmed | authz.Left


def as_it_stood(entries: Sequence[Entry], cut: Cut) -> Facts:
    """The facts of a deal at its closing. `entries` hold the deal's own, its listing's, its client's and everyone's they name."""
    deal = [e for e in entries if e.service == "commission" and e.position <= cut.positions.get("commission", 0)]
    terms = terms_of(deal)
    within = [entry for entry in entries if belongs(entry, cut)]
    people = _people(entries, within, cut)
    closing_store = people[terms.closers[0]].store
    return Facts(
        kind=terms.kind,
        closed_at=cut.instant,
        fees_fen=dict(sorted(terms.fees.items())),
        closers=terms.closers,
        client=_client(within, terms),
        listing=_listing(entries, within, deal, terms, cut),
        people=people,
        teams=_teams(within),
        viewings=_viewings(within, terms),
        leaves=_leaves(within),
        store_managers=_managers(people, within, "store_manager", closing_store),
        area_managers=_managers(people, within, "area_manager", _area_of(within, terms.closers[0])),
        findings=tuple(rules.Finding(e.event.person, (e.id,)) for e in deal if isinstance(e.event, own.PrivateDealingFound)),
        evidence=tuple(e.id for e in deal if isinstance(e.event, own.Signed | own.Reported)),
    )


def belongs(entry: Entry, cut: Cut) -> bool:
    """Whether an entry is within a cut: it counts from its instant or before (that very instant included), and had been seen."""
    return entry.event is not None and entry.effective_at <= cut.instant and entry.position <= cut.positions.get(entry.service, 0)


def can_be_judged(entries: Sequence[Entry], cut: Cut) -> bool:
    """Whether by a cut there was a deal at all: a report or contract, its client, and closers in the company."""
    deal = [e for e in entries if isinstance(e.event, own.Signed | own.Reported) and e.position <= cut.positions.get("commission", 0)]
    if not deal:
        return False
    terms = terms_of(e for e in entries if e.service == "commission")
    there = {e.stream_id for e in entries if belongs(e, cut) and isinstance(e.event, client.Entered | authz.Joined)}
    return {terms.client, *terms.closers} <= there


# What a deal's evidence is gathered by


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


def settlement_of(deal: Iterable[Entry]) -> Settlement | None:
    """What was settled, as booked last."""
    booked = [e.event.settlement for e in deal if isinstance(e.event, own.Settled | own.Rebooked)]
    return booked[-1] if booked else None


def before_settlement(entries: Sequence[Entry]) -> list[Entry]:
    """Without the entries that settle: a split does not rest on itself, nor on having waited."""
    return [
        e for e in entries if not isinstance(e.event, own.EvidenceAwaited | own.Settled | own.Rebooked | own.Adjudicated | own.Cancelled)
    ]


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


def people_named(entries: Iterable[Entry]) -> set[str]:
    """Everyone who is named in entries: who acted, for whom, and who holds, closes or keeps up."""
    return {name for entry in entries for name in _names(entry.event)}


def _names(value: Any) -> Iterable[str]:
    if isinstance(value, str):
        return (value,) if value.startswith("psn_") else ()
    if isinstance(value, tuple | list):
        return (name for item in value for name in _names(item))
    if isinstance(value, own.Settled | own.Rebooked):
        return ()
    fields = getattr(value, "__struct_fields__", ())
    return (name for field in fields for name in _names(getattr(value, field)))


def places_named(entries: Iterable[Entry]) -> tuple[set[str], set[str], set[str]]:
    """The teams, stores and areas that entries name: whose store and whose managers a split may need."""
    teams: set[str] = set()
    stores: set[str] = set()
    areas: set[str] = set()
    for entry in entries:
        match entry.event:
            case authz.Joined(post=post) | authz.Transferred(post=post) | authz.Confirmed(post=post) | authz.Left(post=post):
                teams |= {post.team} if post.team else set()
                stores |= {post.store} if post.store else set()
                areas |= {post.area} if post.area else set()
    return teams, stores, areas


# The listing


def _listing(entries: Sequence[Entry], within: Sequence[Entry], deal: Sequence[Entry], terms: Terms, cut: Cut) -> rules.Listing | None:
    if terms.listing is None:
        return None
    past = [e for e in within if e.stream_id == terms.listing]
    if past:
        return _listing_from(past, within, terms.listing, "in_time", cut)
    first = next((e for e in entries if e.stream_id == terms.listing and isinstance(e.event, listing.Entered)), None)
    if first is None:
        return None
    signed_off = [e.id for e in deal if isinstance(e.event, own.LateListingSignedOff)]
    entered: Literal["late", "late_signed_off"] = "late_signed_off" if signed_off else "late"
    told = _listing_from([first], within, terms.listing, entered, cut)
    return structs.replace(told, entered_evidence=(*told.entered_evidence, *signed_off))


def _listing_from(
    past: Sequence[Entry], within: Sequence[Entry], id: str, entered: Literal["in_time", "late", "late_signed_off"], cut: Cut
) -> rules.Listing:
    first = past[0]
    assert isinstance(first.event, listing.Entered), "a listing begins with its entry"
    moves, held = _course(past, max(cut.instant, first.effective_at))
    correct = _last_that(past, lambda event: isinstance(event, listing.Entered | listing.Completed) or _refutes(event, "owner_phone"))
    return rules.Listing(
        listing=id,
        recorder=first.event.recorder,
        holder=held[0],
        entered=entered,
        correct=correct.event.correct,
        core_refuted=_stands_refuted(past, "core"),
        phone_refuted=_stands_refuted(past, "owner_phone"),
        moves=moves,
        keys=_keys(past),
        exclusives=_exclusives(past),
        surveys=_surveys(past),
        plans=tuple(
            rules.FloorPlan(e.event.by, e.event.door, e.event.compass, (e.id,)) for e in past if isinstance(e.event, listing.FloorPlanned)
        ),
        follow_ups=_follow_ups(past, within),
        evidence=held[1],
        entered_evidence=(first.id,),
        correct_evidence=(correct.id,),
        refuted_evidence=tuple(e.id for e in past if _refutes(e.event, "core") or _refutes(e.event, "owner_phone")),
    )


def _surveys(past: Sequence[Entry]) -> tuple[rules.Survey, ...]:
    """B-1-3-1: surveys as they were told, and the watermarks found on their photos since."""

    def surveyed(entry: Entry) -> rules.Survey:
        event, shown = entry.event, {one.photo for one in entry.event.photos}
        found = [e for e in past if isinstance(e.event, listing.WatermarkFound) and e.version > entry.version and e.event.photo in shown]
        source = (entry.id, *(e.id for e in found))
        return rules.Survey(event.by, event.indoor, event.indoor_with_agent, event.outdoor, event.watermarked + len(found), source)

    return tuple(surveyed(e) for e in past if isinstance(e.event, listing.Surveyed))


def _course(past: Sequence[Entry], until: datetime) -> tuple[tuple[rules.Move, ...], tuple[str, tuple[str, ...]]]:
    """Every change of hands up to an instant; who holds then, and the entries that say so. Lapses follow from what the entries say."""
    moves: list[rules.Move] = []
    running: Stands = ()
    source: tuple[str, ...] = ()
    for entry in past:
        stands: Stands | None = getattr(entry.event, "stands", None)
        if stands is None:
            continue
        at = entry.event.at
        if running:
            moves += _lapses(running, at, source)
            if stands[0].holder != holder_at(running, at):
                moves.append(rules.Move(stands[0].holder, at, getattr(entry.event, "clause", None), (entry.id,)))
        if not isinstance(entry.event, listing.DealStands):  # that a deal stops the terms says nothing of how the holder came to hold
            source = (entry.id,)
        running = stands
    return (*moves, *_lapses(running, until, source)), (holder_at(running, until), source)


def _lapses(stands: Stands, at: datetime, source: tuple[str, ...]) -> list[rules.Move]:
    ended: list[tuple[Stand, Stand]] = list(pairwise(stands))
    return [rules.Move(after.holder, s.until, s.clause, source) for s, after in ended if s.until is not None and s.until <= at]


def _keys(past: Sequence[Entry]) -> tuple[rules.Key, ...]:
    """Keys taken and not given back, who took last at the end; a second taking counts from itself."""
    held: dict[str, Entry] = {}
    for entry in past:
        match entry.event:
            case listing.KeyTaken(by=by):
                held.pop(by, None)
                held[by] = entry
            case listing.KeyReturned(by=by):
                held.pop(by, None)
    return tuple(rules.Key(by, _declared(past, "key", entry), (entry.id,)) for by, entry in held.items())


def _exclusives(past: Sequence[Entry]) -> tuple[rules.Exclusive, ...]:
    return tuple(
        rules.Exclusive(e.event.by, e.event.until, _declared(past, "exclusive", e), (e.id,))
        for e in past
        if isinstance(e.event, listing.ExclusiveSigned)
    )


def _declared(past: Sequence[Entry], about: str, act: Entry) -> str | None:
    """A-1.N5: the first follow-up about an act that was recorded at or after it, by anyone, and not refuted."""
    return next((e.id for e in _written(past) if e.event.about == about and e.version > act.version), None)


def _written(past: Sequence[Entry]) -> list[Entry]:
    """The follow-ups written on a listing but those refuted since: these count as not made."""
    refuted = {e.event.follow_up for e in past if _refutes(e.event, "follow_up")}
    return [e for e in past if isinstance(e.event, listing.FollowedUp) and e.version not in refuted]


def _follow_ups(past: Sequence[Entry], within: Sequence[Entry]) -> tuple[rules.FollowUp, ...]:
    """What counts as a follow-up: entering, following up, showing; with the writer's team then."""
    told = {e.id for e in _written(past)}
    counting = [e for e in past if isinstance(e.event, listing.Entered | listing.Shown) or e.id in told]
    return tuple(_follow_up(e, within) for e in counting)


def _follow_up(entry: Entry, within: Sequence[Entry]) -> rules.FollowUp:
    by = entry.event.recorder if isinstance(entry.event, listing.Entered) else entry.event.by
    post = _post_at(within, by, entry.event.at)
    return rules.FollowUp(by, entry.event.at, post.team if post else None, (entry.id,))


def _refutes(event: object, what: str) -> bool:
    return isinstance(event, listing.Refuted) and event.what == what


def _stands_refuted(past: Sequence[Entry], what: str) -> bool:
    """A refutation stands until the facts are completed again."""
    last = _last_that(past, lambda event: isinstance(event, listing.Entered | listing.Completed) or _refutes(event, what))
    return _refutes(last.event, what)


def _last_that(past: Sequence[Entry], is_meant: Any) -> Entry:
    return [e for e in past if is_meant(e.event)][-1]


# The client and the viewings


def _client(within: Sequence[Entry], terms: Terms) -> rules.Client:
    record = next(e for e in within if e.stream_id == terms.client and isinstance(e.event, client.Entered))
    first_id = record.event.duplicate_of or terms.client
    first = next(e for e in within if e.stream_id == first_id and isinstance(e.event, client.Entered))
    named = [e for e in within if e.stream_id == terms.client and isinstance(e.event, client.SeniorNamed)]
    return rules.Client(
        client=terms.client,
        recorder=record.event.recorder,
        first=first_id,
        first_recorder=first.event.recorder,
        senior=named[-1].event.senior if named else None,
        evidence=(record.id,),
        first_evidence=(first.id,),
        senior_evidence=(named[-1].id,) if named else (),
    )


def _viewings(within: Sequence[Entry], terms: Terms) -> tuple[rules.Viewing, ...]:
    seen = [e for e in within if isinstance(e.event, client.Viewed) and e.event.listing == terms.listing]
    return tuple(rules.Viewing(e.event.by, e.event.at, (e.id,)) for e in sorted(seen, key=lambda e: e.position))


# The people


def _people(entries: Sequence[Entry], within: Sequence[Entry], cut: Cut) -> dict[str, rules.Standing]:
    """Everyone's standing at closing; of who joined only later (with a late listing), as they joined."""
    people: dict[str, rules.Standing] = {}
    for entry in sorted((e for e in entries if isinstance(e.event, Posting)), key=lambda e: e.position):
        if belongs(entry, cut) or entry.stream_id not in people:
            people[entry.stream_id] = _standing(entry)
    return dict(sorted(people.items()))


def _standing(entry: Entry) -> rules.Standing:
    post: Post = entry.event.post
    return rules.Standing(post.store, post.team, post.role, post.in_post, post.newcomer, (entry.id,))


def _post_at(within: Sequence[Entry], person: str, at: datetime) -> Post | None:
    posts = [e for e in within if e.stream_id == person and isinstance(e.event, Posting) and e.effective_at <= at]
    return posts[-1].event.post if posts else None


def _teams(within: Sequence[Entry]) -> dict[str, str]:
    """Where each team is: the store of whoever was put into it last."""
    placed = sorted((e for e in within if isinstance(e.event, Posting)), key=lambda e: e.position)
    return dict(sorted({e.event.post.team: e.event.post.store for e in placed if e.event.post.team and e.event.post.store}.items()))


def _leaves(within: Sequence[Entry]) -> tuple[rules.Leave, ...]:
    granted = sorted((e for e in within if isinstance(e.event, authz.LeaveGranted)), key=lambda e: e.position)
    return tuple(rules.Leave(e.stream_id, e.event.first, e.event.last, e.event.maintainer, (e.id,)) for e in granted)


def _managers(people: dict[str, rules.Standing], within: Sequence[Entry], role: str, place: str | None) -> tuple[str, ...]:
    """Who manages a store or an area at closing, in the order of their ids."""
    if role == "area_manager":
        return tuple(p for p, s in people.items() if s.role == role and s.in_post and _area_of(within, p) == place)
    return tuple(p for p, s in people.items() if s.role == role and s.in_post and s.store == place)


def _area_of(within: Sequence[Entry], person: str) -> str | None:
    posts = [e for e in within if e.stream_id == person and isinstance(e.event, Posting)]
    return posts[-1].event.post.area if posts else None


# The judgement


def bearing(entries: Sequence[Entry], cut: Cut) -> list[Entry]:
    """Those of a deal's evidence that bear on it: its own acts, its listing's and client's entries within the cut, the people whom these
    name, and the posts around them. Who is named only by what came later is left out, so that nothing later changes what was judged."""
    deal = [e for e in entries if e.service == "commission" and e.position <= cut.positions.get("commission", 0)]
    attached = terms_of(deal).listing
    told = [e for e in entries if e.service in ("listing", "client") and (belongs(e, cut) or (e.stream_id == attached and e.version == 1))]
    chosen = [*deal, *told]
    people: set[str] = set()
    while missing := people_named(chosen) - people:
        people |= missing
        chosen += [e for e in entries if e.stream_id in missing and (belongs(e, cut) or e.version == 1)]
    there = {e.id for e in chosen}
    teams, stores, areas = places_named(chosen)
    around = [e for e in entries if e.id not in there and belongs(e, cut) and _is_posted_to(e, teams, stores, areas | {""})]
    return [*chosen, *around]


def _is_posted_to(entry: Entry, teams: set[str], stores: set[str], areas: set[str]) -> bool:
    """Whether an entry puts somebody into one of these teams, or at the head of one of these stores or areas."""
    if not isinstance(entry.event, Posting):
        return False
    post: Post = entry.event.post
    manages_store = post.role == "store_manager" and post.store in stores
    return post.team in teams or manages_store or (post.role == "area_manager" and (post.area or "") in areas)


def judged(entries: Sequence[Entry], cut: Cut, pack: Pack) -> Settlement:
    """The split of a deal under a pack, with all that proves it. The digest is the SHA-256 of the RFC 8785 bytes of the rest."""
    entries = bearing(entries, cut)
    facts = as_it_stood(entries, cut)
    split = rules.split(facts, pack)
    settlement = Settlement(
        closing_time=cut.instant,
        pack=PackRef(pack.id, pack.version, pack.digest),
        cut=cut,
        facts=rules.document_of(facts),
        evidence={entry.id: fingerprint(entry) for entry in sorted(entries, key=lambda e: e.id) if belongs(entry, cut)},
        base_fen=split.base_fen,
        lines=msgspec.convert(rules.document_of(split)["lines"], tuple[Line, ...]),
        notes=split.notes,
        violations=split.violations,
        digest="",
    )
    return structs.replace(settlement, digest=digest_of(settlement))


def digest_of(settlement: Settlement) -> str:
    """SHA-256 over the RFC 8785 bytes of a settlement without its digest, in hex."""
    document = msgspec.to_builtins(settlement)
    del document["digest"]
    return sha256(rfc8785.dumps(document)).hexdigest()


def fingerprint(entry: Entry) -> str:
    """SHA-256 over an entry's exact bytes and its place in the log, in hex: one altered byte gives another."""
    meta = entry.meta
    place: list[Any] = [entry.service, entry.position, str(entry.tenant), str(entry.stream), entry.version, entry.type]
    times = [entry.at.isoformat(), entry.recorded_at.isoformat(), meta.by, meta.causation]
    return sha256(rfc8785.dumps([*place, *times]) + entry.data).hexdigest()


def altered(entries: Sequence[Entry], settlement: Settlement) -> list[str]:
    """The entries that are not what the settlement rested on (any more), or are gone: their ids, in order. Of a settlement that is not
    what its digest says, the entry that booked it."""
    now = {entry.id: fingerprint(entry) for entry in entries}
    booked = [e.id for e in entries if isinstance(e.event, own.Settled | own.Rebooked) and e.event.settlement == settlement]
    return [id for id, was in settlement.evidence.items() if now.get(id) != was] + (
        [] if digest_of(settlement) == settlement.digest else booked[-1:]
    )


def nothing_of(settlement: Settlement) -> Settlement:
    """What is left of a judgement whose evidence makes no sense any more: no facts, no lines."""
    return structs.replace(settlement, facts={}, evidence={}, base_fen=0, lines=(), notes=(), violations=(), digest="")


def difference(settled: Iterable[Line], replayed: Iterable[Line]) -> list[tuple[str, str, int, int]]:
    """Role, beneficiary, fen as settled and fen as replayed, wherever the two differ; in the order of lines."""
    sums: dict[tuple[str, str], list[int]] = {}
    for column, lines in enumerate((settled, replayed)):
        for line in lines:
            sums.setdefault((line.role, line.to), [0, 0])[column] += line.amount_fen
    return [(role, to, was, now) for (role, to), (was, now) in sums.items() if was != now]


class Told(Struct, frozen=True):
    """One entry in the timeline of a deal. `late`: recorded after the cut, so that it changed nothing. `counts_for`: the clauses that
    rest on it."""

    service: str
    entry: str
    type: str
    by: str | None
    at: datetime
    recorded_at: datetime
    late: bool
    counts_for: tuple[str, ...]
    facts: dict[str, Any]


def timeline(entries: Iterable[Entry], settlement: Settlement) -> list[Told]:
    """The evidence merged in the order in which it counts; what cannot be read says so in its facts."""
    counts: dict[str, list[str]] = {}
    for line in settlement.lines:
        for id in line.evidence:
            counts.setdefault(id, []).extend(clause for clause in line.clauses if clause not in counts.get(id, ()))
    ordered = sorted(entries, key=lambda e: (e.effective_at, e.recorded_at, e.service, e.position))
    return [_told(entry, settlement.cut, tuple(counts.get(entry.id, ()))) for entry in ordered]


def _told_facts(entry: Entry) -> dict[str, Any]:
    if entry.event is None:
        return {"unreadable": True}
    if isinstance(entry.event, own.Settled | own.Rebooked):
        return {"digest": entry.event.settlement.digest}
    facts: dict[str, Any] = msgspec.to_builtins(entry.event)
    return facts


def _told(entry: Entry, cut: Cut, counts_for: tuple[str, ...]) -> Told:
    late = entry.effective_at > cut.instant
    by = entry.meta.by
    return Told(entry.service, entry.id, entry.type, by, entry.effective_at, entry.recorded_at, late, counts_for, _told_facts(entry))
