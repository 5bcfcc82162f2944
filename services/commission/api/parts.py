"""What the endpoints of commission work with, and how money is shown."""

from typing import Any

from services.commission.aggregate import book
from services.commission.aggregate.deal import Deal
from services.commission.aggregate.violation import Violation
from services.commission.reactions import Bench
from shared.eventlog import Streams
from shared.service import (
    Context,
)


class Parts:
    """What the endpoints work with."""

    def __init__(self, deals: Streams[Deal], packs: Streams[book.Book], violations: Streams[Violation], bench: Bench) -> None:
        self.deals = deals
        self.packs = packs
        self.violations = violations
        self.bench = bench


def parts_of(ctx: Context) -> Parts:
    parts: Parts = ctx.parts
    return parts


def fen(amount: int) -> dict[str, Any]:
    """An amount in fen as it is shown."""
    return {"amount": amount, "currency": "CNY"}
