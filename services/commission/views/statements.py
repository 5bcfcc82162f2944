"""Statements 对账单: what was booked for one beneficiary, or to one store's credit, in a period of whole Shanghai days.

A booking belongs to the day on which it was recorded. That instant is the system's own and never goes back within a company, so a period
that is over stays as it is: nothing can be booked in it any more, a correction is booked when it is made.
"""

import json
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from datetime import date, datetime
from hashlib import sha256
from typing import Any, Literal
from uuid import UUID

import asyncpg
from msgspec import Struct

from services.commission.views.ledger import Kind
from shared.calendar import SHANGHAI, SMALLEST, end_of_day, start_of_day
from shared.entry import id_of

LINES_AT_ONCE = 500

Of = Literal["person", "team", "store", "account", "ledger"]
_CONDITIONS: dict[Of, str] = {
    "person": "beneficiary = $2",
    "team": "beneficiary = $2",
    "account": "beneficiary = $2",
    "store": "credit = $2",
    "ledger": "$2 = ''",
}
_GROUPED_BY: dict[Of, str] = {"store": "beneficiary", "person": "credit", "team": "credit", "account": "credit", "ledger": "credit"}


class Subject(Struct, frozen=True):
    """Whose statement: a person's, a team's account's, a store's (its credit), the company's own account, or all of its ledger. `id` is
    as one names it: psn_..., G1, S1; the company's is its id."""

    of: Of
    id: str

    @property
    def key(self) -> str:
        """What bookings of this subject have as beneficiary or credit."""
        return {"team": f"team:{self.id}", "account": "company", "ledger": ""}.get(self.of, self.id)


class Period(Struct, frozen=True):
    """Whole Shanghai days, first and last included."""

    first: date
    last: date

    @property
    def begins(self) -> datetime:
        return start_of_day(self.first)

    @property
    def ends(self) -> datetime:
        """The first instant too late."""
        return end_of_day(self.last)


class Sum(Struct, frozen=True):
    """Some bookings: how many, and their sum in fen."""

    lines: int = 0
    amount_fen: int = 0

    def __add__(self, other: "Sum") -> "Sum":
        return Sum(self.lines + other.lines, self.amount_fen + other.amount_fen)


class Statement(Struct, frozen=True):
    """What stands above a statement's lines. `over`: the period is over and known whole, so that it will never change. Else `known_at` is
    up to when bookings are in it. `position` is the company's last entry that it takes account of. `settled` is of first and later
    bookings of splits, `adjusted` of adjudicated and ruled lines, `reversed` of all that was taken back; together they are the `net`.
    `subtotals` are the nets by store credit; a store's, by beneficiary."""

    id: str
    company: str
    subject: Subject
    period: Period
    over: bool
    known_at: datetime | None
    position: int
    settled: Sum
    adjusted: Sum
    reversed: Sum
    net: Sum
    subtotals: tuple[tuple[str, Sum], ...]

    @property
    def until(self) -> datetime:
        """The first instant whose bookings are not in it."""
        return _until(self.period, self.known_at)


class Line(Struct, frozen=True):
    """One booking as a statement shows it. `entry` is the deal's entry that booked it, `number` which of its bookings this is. `title` is
    what a company calls a role of its own, by language."""

    entry: str
    number: int
    deal: str
    recorded_at: datetime
    kind: Kind
    role: str
    to: str
    points: str | None
    amount_fen: int
    credit: str
    clauses: tuple[str, ...]
    reverses: tuple[str, int] | None
    title: dict[str, str] | None = None


async def is_known(connection: Any, tenant: UUID, subject: Subject) -> bool:
    """Whether anything was ever booked for it."""
    found: bool = await connection.fetchval(
        f"select exists (select from ledger where tenant = $1 and {_CONDITIONS[subject.of]})",  # noqa: S608 - our own words
        tenant, subject.key,
    )  # fmt: skip
    return found


async def is_whole(connection: Any, tenant: UUID, position: int) -> bool:
    """Whether all that deals said up to a position has been booked: none of it is parked."""
    parked: bool = await connection.fetchval(
        "select exists (select from parked where source = 'commission' and task = 'views' and tenant = $1 and position <= $2)",
        tenant, position,
    )  # fmt: skip
    return not parked


def _until(period: Period, known_at: datetime | None) -> datetime:
    return period.ends if known_at is None else min(period.ends, known_at + SMALLEST)


@asynccontextmanager
async def drawn_up(
    pool: "asyncpg.Pool[Any]", tenant: UUID, subject: Subject, period: Period, *, known_at: datetime | None, position: int
) -> AsyncIterator[tuple[Statement, AsyncIterator[list[Line]]]]:
    """A statement and, some hundred at a time, its lines in the order of recording, both from one moment's ledger. `known_at` None:
    the period is over. A connection is kept while it is open."""
    async with pool.acquire() as connection, connection.transaction(isolation="repeatable_read", readonly=True):
        among = (tenant, subject.key, period.begins, _until(period, known_at))
        rows = await connection.fetch(
            f"select kind, {_GROUPED_BY[subject.of]} as party, count(*) as lines, sum(amount_fen) as amount_fen from ledger"  # noqa: S608
            f" where tenant = $1 and {_CONDITIONS[subject.of]} and recorded_at >= $3 and recorded_at < $4 group by 1, 2 order by 2, 1",
            *among,
        )
        yield _headed(rows, tenant, subject, period, known_at, position), _lines(connection, subject, among)


def _headed(rows: Sequence[Any], tenant: UUID, subject: Subject, period: Period, known_at: datetime | None, position: int) -> Statement:
    sums = [(row["kind"], row["party"], Sum(row["lines"], int(row["amount_fen"]))) for row in rows]
    parties = dict.fromkeys(party for _, party, _ in sums)
    return Statement(
        id=_id_of(tenant, subject, period),
        company=id_of("cmp", tenant),
        subject=subject,
        period=period,
        over=known_at is None,
        known_at=known_at,
        position=position,
        settled=_sum(each for kind, _, each in sums if kind in ("settled", "rebooked")),
        adjusted=_sum(each for kind, _, each in sums if kind in ("adjudicated", "ruled")),
        reversed=_sum(each for kind, _, each in sums if kind in ("reversed", "cancelled")),
        net=_sum(each for _, _, each in sums),
        subtotals=tuple((party, _sum(each for _, of, each in sums if of == party)) for party in parties),
    )


def _sum(sums: Iterable[Sum]) -> Sum:
    return sum(sums, start=Sum())


def _id_of(tenant: UUID, subject: Subject, period: Period) -> str:
    """It follows from what the statement is of, so that the same one has the same id whoever asks, and when."""
    told = f"{tenant}/{subject.of}/{subject.id}/{period.first}/{period.last}"
    return id_of("stl", UUID(bytes=sha256(told.encode()).digest()[:16]))


async def _lines(connection: Any, subject: Subject, among: Sequence[Any]) -> AsyncIterator[list[Line]]:
    cursor = await connection.cursor(
        "select stream, version, number, recorded_at, kind, role, beneficiary, points, amount_fen, credit, clauses, reverses_version,"  # noqa: S608
        f" reverses_number, title_zh, title_en from ledger where tenant = $1 and {_CONDITIONS[subject.of]}"
        " and recorded_at >= $3 and recorded_at < $4 order by recorded_at, position, number",
        *among,
    )
    while rows := await cursor.fetch(LINES_AT_ONCE):
        yield [_line(row) for row in rows]


def _line(row: Any) -> Line:
    deal, reverses = id_of("dea", row["stream"]), row["reverses_version"]
    return Line(
        entry=f"{deal}@{row['version']}",
        number=row["number"],
        deal=deal,
        recorded_at=row["recorded_at"].astimezone(SHANGHAI),
        kind=row["kind"],
        role=row["role"],
        to=row["beneficiary"],
        points=row["points"],
        amount_fen=int(row["amount_fen"]),
        credit=row["credit"],
        clauses=tuple(row["clauses"]),
        reverses=None if reverses is None else (f"{deal}@{reverses}", row["reverses_number"]),
        title=None if row["title_zh"] is None else {"zh": row["title_zh"], "en": row["title_en"]},
    )


# As it is shown, and what proves it


def headed(statement: Statement) -> dict[str, Any]:
    """A statement without its lines."""
    grouped_by = "to" if statement.subject.of == "store" else "credit"
    return {
        "id": statement.id,
        "company": statement.company,
        "of": statement.subject.of,
        "who": statement.subject.id,
        "period": {"from": statement.period.first.isoformat(), "to": statement.period.last.isoformat()},
        "over": statement.over,
        "known_at": statement.known_at and statement.known_at.astimezone(SHANGHAI).isoformat(),
        "position": statement.position,
        "totals": {
            "settled": _amount(statement.settled.amount_fen),
            "adjusted": _amount(statement.adjusted.amount_fen),
            "reversed": _amount(statement.reversed.amount_fen),
            "net": _amount(statement.net.amount_fen),
        },
        "subtotals": [{grouped_by: party, **counted(each)} for party, each in statement.subtotals],
    }


def shown(line: Line) -> dict[str, Any]:
    return {
        "entry": line.entry,
        "number": line.number,
        "deal": line.deal,
        "recorded_at": line.recorded_at.isoformat(),
        "kind": line.kind,
        "role": line.role,
        "title": line.title,
        "to": line.to,
        "points": line.points,
        "amount": _amount(line.amount_fen),
        "credit": line.credit,
        "clauses": list(line.clauses),
        "reverses": None if line.reverses is None else {"entry": line.reverses[0], "number": line.reverses[1]},
    }


def counted(sum: Sum) -> dict[str, Any]:
    return {"lines": sum.lines, "net": _amount(sum.amount_fen)}


def _amount(fen: int) -> dict[str, Any]:
    return {"amount": fen, "currency": "CNY"}


def canonical(value: object) -> bytes:
    """JSON in the one way that RFC 8785 writes what stands in a statement: texts, whole numbers, true and false."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


class Control:
    """Counts lines as they are written: their number, their sum, and the digest of the whole statement, whatever format it is in. That is
    the SHA-256 of the canonical JSON of the head and of each line, a line feed between them."""

    def __init__(self, statement: Statement) -> None:
        self._sum = Sum()
        self._sha256 = sha256(canonical(headed(statement)))

    def count(self, lines: Iterable[Line]) -> None:
        for line in lines:
            self._sum += Sum(1, line.amount_fen)
            self._sha256.update(b"\n" + canonical(shown(line)))

    @property
    def sum(self) -> Sum:
        return self._sum

    @property
    def digest(self) -> str:
        return self._sha256.hexdigest()
