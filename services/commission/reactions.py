"""What the commission service does when evidence arrives: it settles what waited for it. How a cut is found stands here too."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from tempfile import TemporaryFile
from typing import Any, BinaryIO, Protocol
from uuid import UUID

import asyncpg
from msgspec import Struct, structs

from services.commission import history
from services.commission.aggregate import deal as aggregate
from services.commission.aggregate.deal import Deal
from services.commission.events import Alternative, Cut, PrivateDealingFound, Settlement, Terms
from services.commission.history import alternatives
from services.commission.views import deals, journal, statements
from services.commission.views import statement_files as files
from services.commission.views.statement_files import Asked
from shared.bus import Hearing, Pauses, Watermark
from shared.entry import Entry, Meta, id_of
from shared.eventlog import Command, EventLog, Streams
from shared.regulation import Pack, Refused, in_force, load_shipped
from shared.service import PeerAway, Service
from shared.tenure import activations_of

LOOK_AGAIN_S = 0.02
LOOK_AGAIN_S_MAX = 0.2
ASKED_WITHIN_S = 1.0
"""Who does not say within this how far they are counts as away, this time."""
SOURCES = ("authz", "listing", "client")


class Standings(Protocol):
    """Tells how far a source's log is for a tenant: heard from the broker, or asked for."""

    async def standing(self, source: str, tenant: UUID, closing: datetime, *, anew: bool) -> Watermark | None: ...


class Bench:
    """Where deals are judged: finds the cut of a deal, its evidence and its pack, and lets `history` judge."""

    def __init__(
        self, log: EventLog, deals: Streams[Deal], pool: "asyncpg.Pool[Any]", hearings: Sequence[Hearing], standings: Standings
    ) -> None:
        self._log = log
        self._deals = deals
        self._pool = pool
        self._hearings = [hearing for hearing in hearings if hearing.source != log.service]
        self._standings = standings

    async def judge(self, tenant: UUID, deal: str, wait_s: float = 0.0) -> Settlement | tuple[str, ...]:
        """The settlement of a deal on its evidence as of closing, and as rulings have corrected it. Waits at most `wait_s`; after that, for
        whom."""
        own, _ = await self._log.history(tenant, deal)
        closing = history.closing_of(own)
        deadline = asyncio.get_running_loop().time() + wait_s
        pauses, anew = Pauses(LOOK_AGAIN_S, LOOK_AGAIN_S_MAX), False
        while missing := await self._missing(tenant, closing, anew=anew):
            if asyncio.get_running_loop().time() >= deadline:
                return missing
            await pauses.pause()
            anew = True
        async with self._pool.acquire() as connection:
            entries = await journal.evidence(connection, tenant, own)
            pack = await self._pack(connection, tenant, entries, closing)
        cut = await self._cut(tenant, entries, closing)  # only now: who holds one connection and wants another may wait for ever
        return alternatives.judged_otherwise(history.before_settlement(entries), cut, pack, alternatives.adopted(own))

    async def _missing(self, tenant: UUID, closing: datetime, *, anew: bool) -> tuple[str, ...]:
        """The services whose entries up to the closing are not all here, or that have not yet acted on the others' up to then. `anew`: what
        they had said was not enough, so they are asked."""
        told = await asyncio.gather(*(self._standings.standing(source, tenant, closing, anew=anew) for source in SOURCES))
        marks = dict(zip(SOURCES, told, strict=True))
        late = [source for source, mark in marks.items() if mark is None or mark.instant < closing or not await self._reached(source, mark)]
        if late:
            return tuple(late)
        upto = await self._positions(tenant, closing)
        return tuple(source for source, mark in marks.items() if mark is not None and _lags(mark.heard, upto))

    async def _reached(self, source: str, mark: Watermark) -> bool:
        """Whether journal and views hold all that a source had said by then."""
        return all([await hearing.reached(mark.position, 0.0) for hearing in self._hearings if hearing.source == source])

    async def _positions(self, tenant: UUID, closing: datetime) -> dict[str, int]:
        """Of each service the tenant's last position recorded at or before the closing."""
        own, _ = await self._log.last_position(tenant, closing)
        return {**await journal.positions(self._pool, tenant, list(SOURCES), closing), self._log.service: own}

    async def _cut(self, tenant: UUID, entries: Sequence[Entry], closing: datetime) -> Cut:
        """The positions at closing, and on to what services did later on account of entries before it, and to the deal's own acts."""
        positions = await self._positions(tenant, closing)
        for entry in entries:
            if entry.service == self._log.service or entry.effective_at <= closing:
                positions[entry.service] = max(positions.get(entry.service, 0), entry.position)
        return Cut(closing, dict(sorted(positions.items())))

    async def _pack(self, connection: Any, tenant: UUID, entries: Sequence[Entry], closing: datetime) -> Pack:
        """The pack in force for the closing store at closing. Refused: no_pack."""
        store = history.closing_store_of(history.dossier_of(entries), closing)
        return in_force(await activations_of(connection, tenant), store, closing)

    async def preview(self, tenant: UUID, terms: Terms, *instants: datetime) -> list[Settlement]:
        """The splits if a deal on these terms closed at these instants, by what is journalled now. Without a client, the first closer's
        own. Refused: unknown_reference for a listing or client that was never entered. Writes nothing.
        """
        imagined = history.imagined(tenant, terms, instants[0])
        async with self._pool.acquire() as connection:
            found = (await journal.evidence(connection, tenant, imagined))[len(imagined) :]
            kind = history.kind_of(e for e in found if e.stream_id == terms.listing)
            if kind is None:
                raise Refused("unknown_reference", field="listing")
            if terms.client and not any(e.stream_id == terms.client for e in found):
                raise Refused("unknown_reference", field="client")
            whole, judged = structs.replace(terms, kind=kind), []
            for at in instants:
                entries = [*history.imagined(tenant, whole, at), *found]
                judged.append(history.judged(entries, history.open_cut(at), await self._pack(connection, tenant, entries, at)))
            return judged

    async def replay(self, tenant: UUID, deal: str, question: "Question | None" = None) -> "Replayed":
        """Judges the deal again from the journal, as it was settled, or as a question asks. Writes nothing.

        Where the evidence has been altered so that it makes no sense any more, nothing is judged: the replay says what was altered.
        """
        own, _ = await self._log.history(tenant, deal)
        settled = history.settlement_of(own)
        async with self._pool.acquire() as connection:
            rested_on = [*own, *(await journal.entries(connection, tenant, settled.evidence) if settled is not None else ())]
            altered = history.altered(rested_on, settled) if settled is not None else []
            try:
                found = await journal.evidence(connection, tenant, own)
                judged = await self._judged_again(connection, tenant, own, found, question or Question())
            except Exception:
                if settled is None or not altered:
                    raise
                found, judged = rested_on, history.nothing_of(settled)
        return replayed_of(found, judged, settled, altered)

    async def otherwise(self, tenant: UUID, deal: str, questions: "Sequence[Question]") -> list[Settlement]:
        """A settled deal judged by each of these questions, on one look at its evidence. Writes nothing."""
        own, _ = await self._log.history(tenant, deal)
        async with self._pool.acquire() as connection:
            found = await journal.evidence(connection, tenant, own)
            return [await self._judged_again(connection, tenant, own, found, question) for question in questions]

    async def _judged_again(
        self, connection: Any, tenant: UUID, own: Sequence[Entry], found: Sequence[Entry], question: "Question"
    ) -> Settlement:
        """What another service did on account of an entry was known with that entry."""
        settled, known_at = history.settlement_of(own), question.known_at
        entries = [entry for entry in found if known_at is None or entry.effective_at <= known_at]
        closing = question.as_of or history.closing_of(own)
        as_settled = settled is not None and question.as_of is None and known_at is None
        cut = settled.cut if settled is not None and as_settled else history.open_cut(closing)
        if question.books:
            cut = with_findings(cut, own)
        if not history.can_be_judged(entries, cut):
            raise Refused("nothing_to_judge", at=closing if known_at is None else min(closing, known_at))
        base = alternatives.adopted((e for e in entries if e.service == self._log.service), but=question.but)
        pack = await self._pack_of_replay(connection, tenant, own, entries, closing, question.pack)
        alternatives.refuse_idle(entries, cut, base, question.alternative)
        return alternatives.judged_otherwise(history.before_settlement(entries), cut, pack, alternatives.over(base, question.alternative))

    async def _pack_of_replay(
        self, connection: Any, tenant: UUID, own: Sequence[Entry], entries: Sequence[Entry], closing: datetime, asked: str | Pack | None
    ) -> Pack:
        """The pack that is asked for, by its id or as it is; else the one that the deal was settled under, before rulings."""
        if isinstance(asked, Pack):
            return asked
        settled, readings = history.settlement_of(own), alternatives.adopted(own).readings
        for activation in reversed(await activations_of(connection, tenant)):
            pack = activation.pack
            if pack.id == asked or (asked is None and settled is not None and _digest_under(pack, readings) == settled.pack.digest):
                return pack
        if asked is not None:
            return load_shipped(asked)
        return await self._pack(connection, tenant, entries, closing)

    async def book_what_waits(self) -> int:
        """Books, of all deals, what waits to be booked and can now be judged; how many."""
        return sum([await self.book(tenant, id_of("dea", stream)) for tenant, stream in await deals.awaiting(self._pool)])

    async def book(self, tenant: UUID, deal: str, wait_s: float = 0.0) -> bool:
        """Books what waits for evidence, and what a finding after settlement made outdated, if it can be judged by then."""

        async def look(state: Deal, at: datetime) -> dict[str, Any]:
            return {"judged": await self.judge(tenant, deal, wait_s)}

        outcome = await self._deals.change(deal, aggregate.book, command=Command(tenant, "", Meta()), look=look)
        return outcome.written > 0


def with_findings(cut: Cut, own: Sequence[Entry]) -> Cut:
    """The cut that a deal was settled on, and on to a finding after it that has not been booked yet."""
    later = [e.position for e in own if isinstance(e.event, PrivateDealingFound) and e.position > cut.positions.get(e.service, 0)]
    return structs.replace(cut, positions={**cut.positions, own[0].service: max(later)}) if later else cut


def _digest_under(pack: Pack, readings: Mapping[str, str]) -> str:
    return pack.reading_otherwise(readings).digest


def _lags(heard: dict[str, int], upto: dict[str, int]) -> bool:
    return any(heard[source] < position for source, position in upto.items() if source in heard)


class Question(Struct, frozen=True):
    """What a deal is judged again by: another instant, what was known by then, another pack (its id, or as it is), an alternative. What
    rulings have adopted holds besides, but for those of the dispute `but`, which the alternative is about. `books`: to be booked, so that
    findings count that have not been booked yet."""

    as_of: datetime | None = None
    known_at: datetime | None = None
    pack: str | Pack | None = None
    alternative: Alternative = alternatives.AS_IT_WAS
    but: str | None = None
    books: bool = False


class Replayed(Struct, frozen=True):
    """A deal judged again. `altered`: entries that are not what the settlement rested on; `same`: the bytes are those that were settled."""

    settlement: Settlement
    timeline: list[history.Told]
    difference: list[tuple[str, str, int, int]]
    altered: list[str]
    same: bool


def replayed_of(entries: Sequence[Entry], judged: Settlement, settled: Settlement | None, altered: list[str]) -> Replayed:
    difference = history.difference(settled.lines, judged.lines) if settled is not None else []
    same = settled is not None and settled.digest == judged.digest and not altered
    return Replayed(judged, history.timeline(entries, judged), difference, altered, same)


class Copyist:
    """Makes statements that take longer than anybody waits, one after the other; `write` draws one up and writes it to a file."""

    def __init__(self, service: Service, write: "Callable[[asyncpg.Pool[Any], UUID, Asked, BinaryIO], Awaitable[object]]") -> None:
        self._service = service
        self._write = write

    async def make_next(self) -> int:
        """The one that waits longest; how many that were. What cannot be made now was begun in vain."""
        begun = await files.begin(self._service.pool)
        if begun is None:
            return 0
        tenant, file = begun
        if not await self._is_booked(tenant, file.asked.position):
            return 1
        with TemporaryFile() as out:
            await self._write(self._service.pool, tenant, file.asked, out)
            await files.keep(self._service.pool, tenant, file.id, out)
        return 1

    async def _is_booked(self, tenant: UUID, position: int) -> bool:
        """Whether the ledger has all that was recorded up to there; waits a while if it is being built anew."""
        behind = await self._service.reached({self._service.name: position})
        return behind is None and await statements.is_whole(self._service.pool, tenant, position)


class Surveyor:
    """Tells how far a source stands for a tenant: by the watermark that was heard, else by asking the source itself."""

    def __init__(self, service: Service) -> None:
        self._service = service

    async def standing(self, source: str, tenant: UUID, closing: datetime, *, anew: bool) -> Watermark | None:
        marks = self._service.watermarks
        told = await self._service.pool.fetchval("select exists (select from story_clock where tenant = $1)", tenant)
        mark = marks.latest(source, tenant if told else None) if marks is not None else None
        if mark is not None and mark.instant > closing and not anew:
            return mark
        if not self._service.settings.pull and marks is not None:
            return mark
        try:
            async with asyncio.timeout(ASKED_WITHIN_S):
                asked = await self._service.peers.standing(source, tenant)
        except (PeerAway, TimeoutError):
            return mark
        return Watermark(source, tenant, asked.position, asked.instant, asked.heard)
