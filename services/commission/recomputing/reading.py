"""The queries of recomputing: where the settled deals stand, and all that a chunk of them rests on, in a few statements."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import chain, groupby
from operator import attrgetter, itemgetter
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct, structs

from services.commission import history
from services.commission.events import CODEC, Cancelled, Cut, Line, PackRef, Reported, Signed, Terms
from services.commission.events import Settlement as WholeSettlement
from services.commission.recomputing.asking import Asked, Chunk, Chunks, Place, Plan
from services.commission.views import journal
from shared.entry import Entry, Meta, UnknownType, id_of, uuid_of
from shared.identity import Connection
from shared.regulation import Violation, load_shipped

BEGINNING = datetime(1, 1, 1, tzinfo=UTC)


class Settlement(Struct, frozen=True):
    """Of a settlement what lines are compared by: to read all of it takes three times as long."""

    pack: PackRef
    cut: Cut
    base_fen: int
    lines: tuple[Line, ...]
    notes: tuple[str, ...]
    violations: tuple[Violation, ...]


class _Booking(Struct, frozen=True):
    settlement: Settlement


class Settled(Struct, frozen=True):
    """A deal that was settled: what was booked last, its other entries, and all that there is on it."""

    settlement: Settlement | WholeSettlement
    own: Sequence[Entry]
    dossier: history.Dossier


async def chunks(connection: Connection, plan: Plan) -> Chunks:
    """All settled deals in chunks, company by company in the order of the log. Those settled before `since` are left out: none closes later
    than it settles. Empty if there are none. Refused: unknown_reference, for a pack that nobody knows."""
    asked, size, known = plan.asked, plan.size, plan.known
    if known is None:
        known = await connection.fetchval("select coalesce(max(position), 0) from log")
    since = asked.since or BEGINNING
    rows = await connection.fetch(
        "select tenant, recorded_at, position, number from ("
        " select tenant, recorded_at, position, row_number() over same as number, count(*) over (partition by tenant) as deals"
        " from log where type = 'deal.Settled' and position <= $1 and ($2::uuid is null or tenant = $2) and recorded_at >= $3"
        " window same as (partition by tenant order by recorded_at, position)) as settled"
        " where number % $4 = 0 or number = deals order by tenant, recorded_at, position",
        known, None if asked.company is None else uuid_of(asked.company), since, size,
    )  # fmt: skip
    found: list[Chunk] = []
    before: tuple[Any, Place, int] = (None, (since, 0), 0)
    for tenant, recorded_at, position, number in rows:
        if before[0] != tenant:
            before = (tenant, (since, 0), 0)
        upto = (recorded_at, position)
        found.append(Chunk(len(found), id_of("cmp", tenant), before[1], upto, number - before[2], known))
        before = (tenant, upto, number)
    document = await _document_of(connection, asked.pack, asked.company) if isinstance(asked.pack, str) else asked.pack
    return Chunks(structs.replace(asked, pack=document), tuple(found), known)


async def _document_of(connection: Connection, named: str, company: str | None) -> dict[str, Any]:
    """A pack by its id: as it was activated last (by this company), else as it comes with the product. Refused: unknown_reference."""
    rows = await connection.fetch(
        "select document from activations where $1::uuid is null or tenant = $1 order by start desc",
        None if company is None else uuid_of(company),
    )  # fmt: skip
    documents = (msgspec.json.decode(row["document"], type=dict[str, Any]) for row in rows)
    found = next((document for document in documents if document["id"] == named), None)
    return found if found is not None else load_shipped(named).document


async def staff_of(connection: Connection, tenant: UUID) -> history.Staff:
    """Everyone of a company, as far as is journalled."""
    return history.Staff(await journal.staff(connection, tenant))


class Deal(Struct, frozen=True):
    """A settled deal as it was read: its entries but bookings, and type and bytes of the last booking. No terms: they cannot be read."""

    id: str
    own: Sequence[Entry]
    booking: tuple[str, bytes]
    terms: Terms | None


class Reading(Struct, frozen=True):
    """All that a chunk of deals rests on: of clients the entries of all their records. Listings, which have most of them, are kept as rows,
    and made into entries deal by deal: few of them are there at a time."""

    deals: Sequence[Deal]
    cancelled: int
    listings: Mapping[UUID, Sequence[Any]]
    clients: Mapping[str, Sequence[Entry]]

    def settled(self, deal: Deal, staff: history.Staff, *, whole: bool) -> Settled:
        """A deal with its evidence, and all of its settlement or what lines are compared by. Fails if they cannot be read any more."""
        type, data = deal.booking
        booked = _BOOKING(data) if type in _BOOKINGS and not whole else CODEC.decode(type, data)
        assert deal.terms is not None, "a deal begins with its contract or its report"
        listing = deal.terms.listing
        past = journal.entries_of(self.listings.get(uuid_of(listing), ())) if listing is not None else ()
        dossier = history.Dossier(history.before_settlement(deal.own), past, self.clients[deal.terms.client], staff)
        return Settled(booked.settlement, deal.own, dossier)


async def read(connection: Connection, chunk: Chunk, asked: Asked) -> Reading:
    """The settled deals of a chunk that closed within the time asked for, by their ids, without the cancelled ones, with their evidence."""
    tenant = uuid_of(chunk.company)
    settled = await connection.fetch(
        "select stream from log where tenant = $1 and type = 'deal.Settled'"
        " and (recorded_at, position) > ($2, $3) and (recorded_at, position) <= ($4, $5)",
        tenant, *chunk.after, *chunk.upto,
    )  # fmt: skip
    # Asked by name, since a join with what settled them would read the whole log.
    rows = await connection.fetch(
        f"select position, stream, version, type, {_ABRIDGED} as data, meta, at, recorded_at"  # noqa: S608
        " from log left join lateral (select substring(data for 1000) as head, substring(data from length(data) - 3000) as tail) as ends"
        " on type = any($4) where tenant = $1 and stream = any($2) and position <= $3 order by stream, version",
        tenant, [row["stream"] for row in settled], chunk.known, () if asked.digests else _BOOKINGS, b'"facts":', b'"base_fen":',
    )  # fmt: skip
    asked_for = [deal for deal in _deals(tenant, rows) if _is_asked_for(deal, asked)]
    deals = [deal for deal in asked_for if not any(isinstance(e.event, Cancelled) for e in deal.own)]
    listings = {uuid_of(deal.terms.listing) for deal in deals if deal.terms is not None and deal.terms.listing is not None}
    clients = {deal.terms.client: uuid_of(deal.terms.client) for deal in deals if deal.terms is not None}
    found = await journal.rows(connection, tenant, listings.union(clients.values()))
    told = {id: journal.entries_of(found.get(stream, ())) for id, stream in clients.items()}
    return Reading(deals, len(asked_for) - len(deals), found, await _with_all_records(connection, tenant, told))


async def _with_all_records(connection: Connection, tenant: UUID, told: Mapping[str, Sequence[Entry]]) -> Mapping[str, Sequence[Entry]]:
    """Clients with the entries of every record of the same person (A-2.5), in the order of recording."""
    firsts = {id: history.first_record(entries) or id for id, entries in told.items()}
    records = await journal.records(connection, tenant, set(firsts.values()))
    several = {id: records[first] for id, first in firsts.items() if records[first] != [uuid_of(id)]}
    rows = await journal.rows(connection, tenant, set(chain.from_iterable(several.values())))
    found = {id: chain.from_iterable(journal.entries_of(rows.get(stream, ())) for stream in streams) for id, streams in several.items()}
    return {**told, **{id: sorted(entries, key=attrgetter("position")) for id, entries in found.items()}}


_ABRIDGED = (
    "case when position($5 in head) > 0 and position($6 in tail) > 0"
    " then substring(head for position($5 in head) - 1) || substring(tail from position($6 in tail)) else data end"
)
"""A booking without what its lines are not compared by: facts and fingerprints, nine tenths of it, stand together between
the keys that are $5 and $6. All of it, where these are not in the parts that were looked at."""
_META = msgspec.json.Decoder(Meta).decode
_BOOKINGS = ("deal.Settled", "deal.Rebooked")
_BOOKING = msgspec.json.Decoder(_Booking).decode


def _deals(tenant: UUID, rows: Sequence[Any]) -> Iterator[Deal]:
    for stream, own in groupby(rows, key=itemgetter("stream")):
        entries: list[Entry] = []
        booking: tuple[str, bytes] = ("", b"")
        for position, _, version, type, data, meta, at, recorded_at in own:
            if type.partition(":")[0] in _BOOKINGS:
                booking = (type, data)
            else:
                event = _event(type, data)
                entries.append(Entry("commission", position, tenant, stream, version, type, event, data, _META(meta), at, recorded_at))
        told = any(isinstance(entry.event, Signed | Reported) for entry in entries)
        yield Deal(id_of("dea", stream), entries, booking, history.terms_of(entries) if told else None)


def _event(type: str, data: bytes) -> Any:
    """The event; None if its bytes cannot be read (any more)."""
    try:
        return CODEC.decode(type, data)
    except (UnknownType, ValueError):
        return None


def _is_asked_for(deal: Deal, asked: Asked) -> bool:
    """What cannot be read is: whoever asks should hear of it."""
    if deal.terms is None or (asked.since is None and asked.until is None):
        return True
    closing = history.closing_of(deal.own)
    return (asked.since is None or asked.since <= closing) and (asked.until is None or closing < asked.until)
