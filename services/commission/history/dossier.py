"""The evidence of a deal, sorted by whose it is; and what of it is within a cut.

An entry belongs to the cut if it counts from the cut's instant or before and stands no further than the cut's position of its
service. Only acts on the deal itself, and the entry of a listing that was attached late, count although they came after.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from functools import cached_property
from typing import Final

from msgspec import Struct

from services.authz import events as authz
from services.client import events as client
from services.commission import events as own
from services.commission import rules
from services.commission.events import Cut, Terms
from services.commission.history.naming import accounts_named, names_in
from services.commission.history.proving import fingerprint
from services.commission.history.staff import Known, Place, Staff
from services.commission.history.terms import terms_of
from shared.entry import Entry, uuid_of

SERVICES: Final = ("authz", "listing", "client", "commission")
NO_END: Final = 2**53 - 1  # the largest position that JSON carries exactly


class Dossier(Struct, frozen=True):
    """What there is on a deal: its own entries, its listing's, those of every record of its client, each in the order of recording; and
    the staff, which may be the whole company's."""

    deal: Sequence[Entry]
    listing: Sequence[Entry]
    client: Sequence[Entry]
    staff: Staff

    def entries(self) -> Iterator[Entry]:
        """All of it, as it may have been found together."""
        yield from (*self.deal, *self.listing, *self.client, *self.staff.entries())


def dossier_of(entries: Iterable[Entry]) -> Dossier:
    """Entries that were found together, sorted by whose they are."""
    found: dict[str, list[Entry]] = {"commission": [], "listing": [], "client": [], "authz": []}
    for entry in entries:
        found[entry.service].append(entry)
    return Dossier(found["commission"], found["listing"], found["client"], Staff(sorted(found["authz"], key=lambda e: e.position)))


def belongs(entry: Entry, cut: Cut) -> bool:
    """Whether an entry is within a cut: it counts from its instant or before (that very instant included), and had been seen."""
    return entry.event is not None and entry.effective_at <= cut.instant and entry.position <= cut.positions.get(entry.service, 0)


class Bearing(Struct, frozen=True, dict=True):
    """Those of a deal's evidence that bear on it: its own acts, its listing's and client's entries within the cut, the people whom these
    name, and those posted around them. Who is named only by what came later is left out, so that nothing later changes what was judged.

    `late`: the entry of a listing that was attached to the deal and entered after the cut.
    """

    cut: Cut
    terms: Terms
    deal: Sequence[Entry]
    listing: Sequence[Entry]
    late: Entry | None
    client: Sequence[Entry]
    staff: Staff

    @cached_property
    def people(self) -> dict[str, Known]:
        """The people named, and whom the entries about these name."""
        names: set[str] = set()
        for entry in (*self.deal, *self.listing, *self.client, *([self.late] if self.late is not None else [])):
            names_in(entry.event, names)
        return self.staff.named(names, self.cut)

    def places(self) -> set[Place]:
        """Where the people named have been, and whose accounts have held the listing: who was posted there matters too."""
        accounts = accounts_named((*self.listing, *([self.late] if self.late is not None else [])))
        teams: set[Place] = {("team", team) for team in accounts}
        return teams.union(_NO_AREA, *[known.around for known in self.people.values()])

    def around(self) -> dict[str, Known]:
        """Those posted where the people named have been: to their teams, or to the head of their stores and areas."""
        return {person: known for person, known in self.staff.around(self.places(), self.cut).items() if person not in self.people}

    def fingerprints(self) -> dict[str, str]:
        """Of every entry within the cut, by its id, in the order of ids."""
        told = {e.id: fingerprint(e) for e in (*(e for e in self.deal if belongs(e, self.cut)), *self.listing, *self.client)}
        within = [notice for known in self.people.values() for notice in known.within]
        around = [notice for known in self.around().values() for notice in known.within if notice.post is not None]
        return dict(sorted({**told, **{notice.id: notice.fingerprint for notice in (*around, *within)}}.items()))


_NO_AREA: Final[frozenset[Place]] = frozenset({("area", "")})


def bearing(dossier: Dossier, cut: Cut) -> Bearing:
    deal = [e for e in dossier.deal if e.position <= cut.positions.get("commission", 0)]
    terms = terms_of(deal)
    listing, client = _within(dossier.listing, "listing", cut), _within(dossier.client, "client", cut)
    return Bearing(cut, terms, deal, listing, _late(dossier.listing, terms.listing, cut), client, dossier.staff)


def _within(entries: Sequence[Entry], service: str, cut: Cut) -> list[Entry]:
    """The same as `belongs`, for many of one service."""
    instant, upto = cut.instant, cut.positions.get(service, 0)
    return [e for e in entries if e.position <= upto and e.event is not None and e.effective_at <= instant]


def _late(entries: Sequence[Entry], attached: str | None, cut: Cut) -> Entry | None:
    stream = uuid_of(attached) if attached is not None else None
    return next((e for e in entries if e.version == 1 and e.stream == stream and not belongs(e, cut)), None)


def can_be_judged(entries: Iterable[Entry], cut: Cut) -> bool:
    """Whether by a cut there was a deal at all: a report or contract, its client, and closers in the company."""
    entries = list(entries)
    told = [e for e in entries if isinstance(e.event, own.Signed | own.Reported) and e.position <= cut.positions.get("commission", 0)]
    if not told:
        return False
    terms = terms_of(e for e in entries if e.service == "commission")
    there = {e.stream_id for e in entries if isinstance(e.event, client.Entered | authz.Joined) and belongs(e, cut)}
    return {terms.client, *terms.closers} <= there


def closing_store_of(dossier: Dossier, closing: datetime) -> str:
    """The store of the first-named closer at closing; `company` if they are in none."""
    chief = terms_of(dossier.deal).closers[0]
    standing = dossier.staff.person(chief, open_cut(closing)).standing
    assert standing is not None, "a closer is in the company"
    return standing.store or rules.COMPANY


def open_cut(instant: datetime) -> Cut:
    """A cut by time alone: all that is journalled and counts from the instant or before."""
    return Cut(instant.astimezone(UTC), dict.fromkeys(SERVICES, NO_END))
