"""The ledger 分佣台账: every booking of every deal, one row each, only ever added to. May be dropped and rebuilt from the log.

What was booked is never edited (*Corrections*): a correction books what takes it back, and books anew. So the sum of a deal's rows is its
net, and the sum of any rows at all is what was booked by them.
"""

from collections.abc import Iterable
from typing import Any, Literal

from msgspec import Struct, structs

from services.commission.aggregate.deal import Deal, evolve
from services.commission.events import (
    CODEC,
    Adjudicated,
    DealEvent,
    DisputeAppealed,
    DisputeOpened,
    DisputeRuled,
    DisputeStated,
    EvidenceAwaited,
    LateListingSignedOff,
    Line,
    ListingAttached,
    PrivateDealingFound,
    Rebooked,
    Reported,
    Settled,
    Signed,
)
from shared.entry import Entry
from shared.identity import Connection

Kind = Literal["settled", "rebooked", "adjudicated", "ruled", "reversed", "cancelled"]
Place = tuple[int, int]
"""Where a booking stands among its deal's: the version of the entry that made it, and its number there, from 1."""

_WITHOUT_BOOKINGS = (
    Signed
    | Reported
    | ListingAttached
    | LateListingSignedOff
    | PrivateDealingFound
    | EvidenceAwaited
    | DisputeOpened
    | DisputeStated
    | DisputeAppealed
)


class Booking(Struct, frozen=True):
    """One booking: what `to` gets of a deal in a role (in fen; less than nothing takes back), and whose store's credit it is. Points are
    those of the split, with a minus where they are taken back; None: adjudicated or ruled. `reverses` is the booking it takes back."""

    kind: Kind
    role: str
    to: str
    points: str | None
    amount_fen: int
    credit: str
    clauses: tuple[str, ...]
    reverses: Place | None = None


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
            split = {(version, n): _of_split(kind, line) for n, line in enumerate(settlement.lines, start=1)}
            return split | {cause: booking for cause, booking in before.items() if cause not in was}
        case Adjudicated(lines=lines):
            added: list[Booking] = [Booking("adjudicated", a.role, a.to, None, a.amount_fen, a.credit, ("A-1.N7",)) for a in lines]
        case DisputeRuled(lines=lines):
            clauses = getattr(event, "clauses", ()) or ("O-4",)
            added = [Booking("ruled", a.role, a.to, None, a.amount_fen, a.credit, clauses) for a in lines]
        case _:
            return before
    return before | {(version, n): booking for n, booking in enumerate(added, start=1)}


def _of_split(kind: Kind, line: Line) -> Booking:
    return Booking(kind, line.role, line.to, line.points, line.amount_fen, line.credit, line.clauses)


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
    made = [_row(entry, number, booking) for number, booking in enumerate(bookings(past)[-1], start=1)]
    await connection.executemany(
        "insert into ledger (tenant, stream, version, number, position, recorded_at, kind, role, beneficiary, points, amount_fen, credit,"
        " clauses, reverses_version, reverses_number) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)"
        " on conflict do nothing",
        made,
    )


def _row(entry: Entry, number: int, booking: Booking) -> tuple[Any, ...]:
    version, of = booking.reverses or (None, None)
    return (
        entry.tenant, entry.stream, entry.version, number, entry.position, entry.recorded_at, booking.kind, booking.role, booking.to,
        booking.points, booking.amount_fen, booking.credit, booking.clauses, version, of,
    )  # fmt: skip
