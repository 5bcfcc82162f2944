"""The queries of recomputing: where the settled deals stand, and all that a chunk of them rests on, in a few statements."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from itertools import chain
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct, structs

from services.commission import history
from services.commission.events import CODEC, Cancelled, Cut, Line, PackRef, Terms
from services.commission.events import Settlement as WholeSettlement
from services.commission.recomputing.asking import Asked, Chunk, Chunks, Place, Plan
from services.commission.views import journal
from shared.entry import Entry, Meta, id_of, uuid_of
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
    """A deal that was settled: what was booked last, and what there is on it. `own` are all its entries."""

    id: str
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


async def settled_in(connection: Connection, chunk: Chunk, asked: Asked, staff: history.Staff) -> tuple[list[Settled], int]:
    """The settled deals of a chunk that closed within the time asked for, by their ids; without the cancelled ones, of which it says how
    many there are."""
    tenant = uuid_of(chunk.company)
    rows = await connection.fetch(
        "select position, stream, version, type, data, meta, at, recorded_at from log"
        " where tenant = $1 and position <= $6 and stream in (select stream from log where tenant = $1 and type = 'deal.Settled'"
        " and (recorded_at, position) > ($2, $3) and (recorded_at, position) <= ($4, $5)) order by stream, version",
        tenant, *chunk.after, *chunk.upto, chunk.known,
    )  # fmt: skip
    decode = CODEC.decode if asked.digests else _decoded
    deals: dict[UUID, list[Entry]] = {}
    for position, stream, version, type, data, meta, at, recorded_at in rows:
        written = Entry("commission", position, tenant, stream, version, type, decode(type, data), data, _META(meta), at, recorded_at)
        deals.setdefault(stream, []).append(written)
    due = {id: own for id, own in deals.items() if _is_asked_for(own, asked)}
    standing = [own for own in due.values() if not any(isinstance(e.event, Cancelled) for e in own)]
    return await _with_evidence(connection, tenant, standing, staff), len(due) - len(standing)


_META = msgspec.json.Decoder(Meta).decode
_BOOKINGS = {"deal.Settled", "deal.Rebooked"}
_BOOKING = msgspec.json.Decoder(_Booking).decode


def _decoded(type: str, data: bytes) -> Any:
    return _BOOKING(data) if type in _BOOKINGS else CODEC.decode(type, data)


def _is_asked_for(own: Sequence[Entry], asked: Asked) -> bool:
    closing = history.closing_of(own)
    return (asked.since is None or asked.since <= closing) and (asked.until is None or closing < asked.until)


async def _with_evidence(connection: Connection, tenant: UUID, deals: Sequence[Sequence[Entry]], staff: history.Staff) -> list[Settled]:
    terms = [history.terms_of(own) for own in deals]
    listings = {uuid_of(each.listing) for each in terms if each.listing is not None}
    clients = {each.client: uuid_of(each.client) for each in terms}
    streams = await journal.streams(connection, tenant, listings.union(clients.values()))
    firsts = {id: history.first_record(streams.get(stream, ())) or id for id, stream in clients.items()}
    records = await journal.records(connection, tenant, set(firsts.values()))
    streams |= await journal.streams(connection, tenant, set(chain.from_iterable(records.values())) - streams.keys())

    def settled(own: Sequence[Entry], each: Terms) -> Settled:
        return _settled(own, each, [streams.get(id, ()) for id in records[firsts[each.client]]], streams, staff)

    return list(map(settled, deals, terms))


def _settled(
    own: Sequence[Entry], terms: Terms, records: Sequence[Sequence[Entry]], streams: Mapping[UUID, Sequence[Entry]], staff: history.Staff
) -> Settled:
    booked = [entry.event.settlement for entry in own if entry.type in _BOOKINGS]
    past = streams.get(uuid_of(terms.listing), ()) if terms.listing is not None else ()
    client = records[0] if len(records) == 1 else sorted(chain.from_iterable(records), key=lambda e: e.position)
    deal = history.before_settlement([entry for entry in own if entry.type not in _BOOKINGS])
    return Settled(own[0].stream_id, booked[-1], own, history.Dossier(deal, past, client, staff))
