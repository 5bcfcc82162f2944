"""The ledger 分佣台账: every booking of every deal, one row each, only ever added to. May be dropped and rebuilt from the log.

What was booked is never edited (*Corrections*): a correction books what takes it back, and books anew. So the sum of a deal's rows is its
net, and the sum of any rows at all is what was booked by them.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Literal

from msgspec import Struct, structs

from services.commission.aggregate.deal import Deal, evolve
from services.commission.events import (
    CODEC,
    Adjudicated,
    Adjustment,
    DealEvent,
    DisputeAppealed,
    DisputeOpened,
    DisputeRuled,
    DisputeStated,
    EvidenceAwaited,
    ExhibitFiled,
    LateListingSignedOff,
    Line,
    ListingAttached,
    PackRef,
    PrivateDealingFound,
    Rebooked,
    Reported,
    Settled,
    Signed,
)
from shared.entry import Entry
from shared.identity import Connection
from shared.regulation import ROLES
from shared.tenure import COMPANY, activations_of

Kind = Literal["settled", "rebooked", "adjudicated", "ruled", "reversed", "cancelled"]
Place = tuple[int, int]
"""Where a booking stands among its deal's: the version of the entry that made it, and its number there, from 1."""

_WITHOUT_BOOKINGS = (
    Signed
    | Reported
    | ListingAttached
    | LateListingSignedOff
    | EvidenceAwaited
    | DisputeOpened
    | DisputeStated
    | ExhibitFiled
    | DisputeAppealed
)


class Booking(Struct, frozen=True):
    """One booking: what `to` gets of a deal in a role (in fen; less than nothing takes back), and whose store's credit it is. Points are
    those of the split, with a minus where they are taken back; None: adjudicated or ruled. `reverses` is the booking it takes back, `pack`
    (id and version) the one that the deal was split under."""

    kind: Kind
    role: str
    to: str
    points: str | None
    amount_fen: int
    credit: str
    clauses: tuple[str, ...]
    reverses: Place | None = None
    pack: tuple[str, str] | None = None


def bookings(deal: Iterable[DealEvent]) -> list[tuple[Booking, ...]]:
    """What each of a deal's events booked, in their order; most book nothing.

    What is owed by the split and by adjudicated and ruled lines is on the books while the deal is settled. When it comes to be
    blocked or cancelled, all of it is taken back; when it is released, all of it is booked.
    """
    state: Deal | None = None
    owed: dict[Place, Booking] = {}
    standing: dict[Place, tuple[Place, Booking]] = {}
    booked = []
    for version, event in enumerate(deal, start=1):
        state = evolve(state, event)
        owed = _owed(owed, version, event)
        due = owed if _is_on_the_books(state) else {}
        kind: Kind = "cancelled" if state.state == "cancelled" else "reversed"
        gone = [standing.pop(cause) for cause in list(standing) if cause not in due]
        new = {cause: booking for cause, booking in due.items() if cause not in standing}
        for number, (cause, booking) in enumerate(new.items(), start=len(gone) + 1):
            standing[cause] = (version, number), booking
        booked.append((*(_reversal(kind, place, booking) for place, booking in gone), *new.values()))
    return booked


def _is_on_the_books(deal: Deal) -> bool:
    """The net of a blocked or cancelled deal is nothing."""
    return deal.settlement is not None and deal.state not in ("blocked", "cancelled")


def _owed(before: dict[Place, Booking], version: int, event: DealEvent) -> dict[Place, Booking]:
    """What a deal owes after an event, each by what it came from: the split as settled last, and all that was added to it."""
    match event:
        case Settled(settlement=settlement) | Rebooked(settlement=settlement):
            was = [cause for cause, booking in before.items() if booking.points is not None]
            kind: Kind = "rebooked" if was else "settled"
            split = {(version, n): _of_split(kind, line, settlement.pack) for n, line in enumerate(settlement.lines, start=1)}
            return split | {cause: booking for cause, booking in before.items() if cause not in was}
        case Adjudicated(lines=lines):
            added = [_added("adjudicated", line, ("A-1.N7",), before) for line in lines]
        case DisputeRuled(lines=lines):
            added = [_added("ruled", line, event.clauses or ("O-4",), before) for line in lines]
        case PrivateDealingFound(person=offender, violation=violation):
            clause = violation.clause if violation is not None else "A-R1"
            theirs = {cause: booking for cause, booking in before.items() if booking.points is None and booking.to == offender}
            added = [_to_company(booking, clause) for booking in theirs.values()]
            before = {cause: booking for cause, booking in before.items() if cause not in theirs}
        case _:
            return before
    return before | {(version, n): booking for n, booking in enumerate(added, start=1)}


def _of_split(kind: Kind, line: Line, pack: PackRef) -> Booking:
    return Booking(kind, line.role, line.to, line.points, line.amount_fen, line.credit, line.clauses, pack=(pack.id, pack.version))


def _added(kind: Kind, line: Adjustment, clauses: tuple[str, ...], before: dict[Place, Booking]) -> Booking:
    pack = next((booking.pack for booking in before.values() if booking.pack is not None), None)
    return Booking(kind, line.role, line.to, None, line.amount_fen, line.credit, clauses, pack=pack)


def _to_company(booking: Booking, clause: str) -> Booking:
    return structs.replace(booking, to=COMPANY, credit=COMPANY, clauses=(*booking.clauses, clause))


def _reversal(kind: Kind, place: Place, booking: Booking) -> Booking:
    points = booking.points if booking.points in (None, "0") else f"-{booking.points}"
    return structs.replace(booking, kind=kind, points=points, amount_fen=-booking.amount_fen, reverses=place)


# The table


async def keep(connection: Connection, entry: Entry) -> None:
    """Keeps what an entry of a deal booked: the deal's own log says what is owed and what stands."""
    if isinstance(entry.event, _WITHOUT_BOOKINGS):
        return
    rows = await connection.fetch(
        "select type, data from log where tenant = $1 and stream = $2 and version <= $3 order by version",
        entry.tenant, entry.stream, entry.version,
    )  # fmt: skip
    past = CODEC.decode_all((row["type"] for row in rows), (row["data"] for row in rows))
    assert len(past) == entry.version, "an entry is projected after those before it were recorded"
    made = bookings(past)[-1]
    titles = await _titles(connection, entry, made)
    await connection.executemany(
        "insert into ledger (tenant, stream, version, number, position, recorded_at, kind, role, beneficiary, points, amount_fen, credit,"
        " clauses, reverses_version, reverses_number, title_zh, title_en)"
        " values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17) on conflict do nothing",
        [_row(entry, number, booking, titles) for number, booking in enumerate(made, start=1)],
    )


Titles = Mapping[tuple[tuple[str, str] | None, str], Mapping[str, str]]
"""What companies call their roles, by pack and role."""


async def _titles(connection: Connection, entry: Entry, booked: Iterable[Booking]) -> Titles:
    if all(booking.role in ROLES for booking in booked):
        return {}
    packs = [activation.pack for activation in await activations_of(connection, entry.tenant)]
    return {((pack.id, pack.version), role.name): role.title for pack in packs for role in pack.roles.values()}


def _row(entry: Entry, number: int, booking: Booking, titles: Titles) -> tuple[Any, ...]:
    version, of = booking.reverses or (None, None)
    title = titles.get((booking.pack, booking.role), {})
    return (
        entry.tenant, entry.stream, entry.version, number, entry.position, entry.recorded_at, booking.kind, booking.role, booking.to,
        booking.points, booking.amount_fen, booking.credit, booking.clauses, version, of, title.get("zh"), title.get("en"),
    )  # fmt: skip
