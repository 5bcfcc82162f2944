"""Whoever answers for chunks: reads them, judges their deals again, compares."""

from functools import lru_cache
from itertools import chain
from resource import RUSAGE_SELF, getrusage
from typing import Any
from uuid import UUID

import asyncpg
import msgspec

from services.commission import history
from services.commission.events import Alternative, Settlement
from services.commission.history import alternatives
from services.commission.recomputing.asking import Answer, Chunks, Difference, Job, Plan
from services.commission.recomputing.comparing import amounts_differing, differing, failing, unproven
from services.commission.recomputing.reading import Deal, Reading, Settled, chunks, read, staff_of
from services.commission.rules import Split
from shared.entry import uuid_of
from shared.regulation import Activation, Pack, Refused, in_force, load
from shared.tenure import activations_of

CHUNK = 500
"""Deals in a chunk: enough that a statement for all of them costs little for each, few enough to hold at once."""


class Recomputer:
    """Answers for chunks over one connection, in transactions that may not write. Keeps what it knows of the company it was asked about
    last: its staff and its packs."""

    def __init__(self, connection: "asyncpg.Connection[Any]") -> None:
        self._connection = connection
        self._company: UUID | None = None
        self._staff = history.Staff()
        self._activations: tuple[Activation, ...] = ()
        self._packs: dict[str, Pack] = {}

    async def plan(self, plan: Plan) -> Chunks:
        """What to ask for. Refused: unknown_reference, for a pack that neither comes with the product nor was ever activated."""
        async with self.reading():
            return await chunks(self._connection, plan)

    async def answer(self, job: Job) -> Answer:
        asked, chunk = job.asked, job.chunk
        async with self.reading():
            await self._know(uuid_of(chunk.company))
            reading = await read(self._connection, chunk, asked)
        assert not isinstance(asked.pack, str), "a pack that was named is given whole in the plan"
        other = _loaded(msgspec.json.encode(asked.pack)) if asked.pack is not None else None
        found = [self._compared(reading, deal, other, asked.digests) for deal in reading.deals]
        differences = tuple(chain.from_iterable(found))
        same, peak_kib = sum(not each for each in found), getrusage(RUSAGE_SELF).ru_maxrss
        return Answer(chunk.number, chunk.company, len(found), same, reading.cancelled, differences, peak_kib)

    def reading(self) -> Any:
        return self._connection.transaction(isolation="repeatable_read", readonly=True)

    async def _know(self, company: UUID) -> None:
        if company == self._company:
            return
        self._staff = await staff_of(self._connection, company)
        self._activations = await activations_of(self._connection, company)
        self._packs = {each.pack.digest: each.pack for each in self._activations}
        self._company = company

    def _compared(self, reading: Reading, deal: Deal, other: Pack | None, digests: bool) -> list[Difference]:
        settled_fen = 0
        try:
            settled = reading.settled(deal, self._staff, whole=digests)
            settled_fen = settled.settlement.base_fen
            adopted = alternatives.adopted(settled.own)
            pack = other or self._pack_of(settled, adopted)
            if other is not None:
                return amounts_differing(deal.id, settled.settlement.lines, _split(settled, pack, adopted))
            if digests:
                return _proven(deal.id, settled, pack, adopted)
            return differing(deal.id, settled.settlement, _split(settled, pack, adopted))
        except Exception as fault:  # evidence that makes no sense any more fails in as many ways; the deal is told of, and the others go on
            return [failing(deal.id, settled_fen, fault.code if isinstance(fault, Refused) else type(fault).__name__)]

    def _pack_of(self, deal: Settled, adopted: Alternative) -> Pack:
        """The pack that a deal was settled under, before rulings read it otherwise; if that is gone, the one in force at its closing."""
        digest = deal.settlement.pack.digest
        if digest in self._packs:
            return self._packs[digest]
        for pack in self._packs.values():
            if pack.reading_otherwise(adopted.readings).digest == digest:
                return pack
        closing = deal.settlement.cut.instant
        return in_force(self._activations, history.closing_store_of(deal.dossier, closing), closing)


def _split(deal: Settled, pack: Pack, adopted: Alternative) -> Split | Settlement:
    cut = deal.settlement.cut
    if adopted == alternatives.AS_IT_WAS:
        return history.split_of(deal.dossier, cut, pack)
    return alternatives.judged_otherwise(list(deal.dossier.entries()), cut, pack, adopted)


def _proven(id: str, deal: Settled, pack: Pack, adopted: Alternative) -> list[Difference]:
    """To the byte: that lines, facts and fingerprints are what was settled."""
    settled, cut = deal.settlement, deal.settlement.cut
    assert isinstance(settled, Settlement), "whoever asks for digests has all of a settlement read"
    if adopted == alternatives.AS_IT_WAS:
        judged = history.judged_on(deal.dossier, cut, pack)
    else:
        judged = alternatives.judged_otherwise(list(deal.dossier.entries()), cut, pack, adopted)
    if judged.digest == settled.digest == history.digest_of(settled):
        return []
    altered = [entry for entry, was in settled.evidence.items() if judged.evidence.get(entry) != was]
    return differing(id, settled, judged) or [unproven(id, settled, altered)]


@lru_cache(maxsize=8)
def _loaded(document: bytes) -> Pack:
    return load(msgspec.json.decode(document))
