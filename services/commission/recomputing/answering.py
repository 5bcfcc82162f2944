"""Whoever answers for chunks: reads them, judges their deals again, compares."""

from collections.abc import Sequence
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
TOGETHER = 20
"""Deals that are taken through each step together: a processor does so few of one kind faster than one of each kind after the other."""


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
        groups = (reading.deals[first : first + TOGETHER] for first in range(0, len(reading.deals), TOGETHER))
        found = [each for deals in groups for each in self._compared(reading, deals, other, asked.digests)]
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

    def _compared(self, reading: Reading, deals: Sequence[Deal], other: Pack | None, digests: bool) -> list[list[Difference]]:
        """What differs, for each deal."""
        settled: list[Settled] = []
        try:
            settled += [reading.settled(deal, self._staff, whole=digests) for deal in deals]
            adopted = [alternatives.adopted(each.own) for each in settled]
            packs = [other or self._pack_of(each, how) for each, how in zip(settled, adopted, strict=True)]
            asked = list(zip(settled, packs, adopted, strict=True))
            if digests and other is None:
                return [_proven(deal.id, *each) for deal, each in zip(deals, asked, strict=True)]
            judged = list(zip(deals, settled, _splits(asked), strict=True))
            if other is not None:
                return [amounts_differing(deal.id, each.settlement.lines, split) for deal, each, split in judged]
            return [differing(deal.id, each.settlement, split) for deal, each, split in judged]
        except Exception as fault:  # evidence that makes no sense any more fails in as many ways; the deal is told of, and the others go on
            if len(deals) > 1:
                return [found for deal in deals for found in self._compared(reading, [deal], other, digests)]
            settled_fen = settled[0].settlement.base_fen if settled else 0
            return [[failing(deals[0].id, settled_fen, fault.code if isinstance(fault, Refused) else type(fault).__name__)]]

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


def _splits(asked: Sequence[tuple[Settled, Pack, Alternative]]) -> list[Split | Settlement]:
    plain = [(deal.dossier, deal.settlement.cut, pack) for deal, pack, adopted in asked if adopted == alternatives.AS_IT_WAS]
    as_it_was = iter(history.splits_of(plain))
    return [next(as_it_was) if adopted == alternatives.AS_IT_WAS else _otherwise(deal, pack, adopted) for deal, pack, adopted in asked]


def _otherwise(deal: Settled, pack: Pack, adopted: Alternative) -> Settlement:
    return alternatives.judged_otherwise(list(deal.dossier.entries()), deal.settlement.cut, pack, adopted)


def _proven(id: str, deal: Settled, pack: Pack, adopted: Alternative) -> list[Difference]:
    """To the byte: that lines, facts and fingerprints are what was settled."""
    settled, cut = deal.settlement, deal.settlement.cut
    assert isinstance(settled, Settlement), "whoever asks for digests has all of a settlement read"
    judged = history.judged_on(deal.dossier, cut, pack) if adopted == alternatives.AS_IT_WAS else _otherwise(deal, pack, adopted)
    if judged.digest == settled.digest == history.digest_of(settled):
        return []
    altered = [entry for entry, was in settled.evidence.items() if judged.evidence.get(entry) != was]
    return differing(id, settled, judged) or [unproven(id, settled, altered)]


@lru_cache(maxsize=8)
def _loaded(document: bytes) -> Pack:
    return load(msgspec.json.decode(document))
