"""The book of packs: one stream for a company, of all packs that were put in force."""

from collections.abc import Mapping
from datetime import datetime

from msgspec import Struct

from services.commission.events import Activated, PackEvent, PackRef
from shared.identity import Caller, allow
from shared.regulation import Activation, Pack, check_activation


class Book(Struct, frozen=True):
    starts: Mapping[str, tuple[datetime, ...]] = {}


def evolve(book: Book | None, event: PackEvent) -> Book:
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
