"""The judgement: a deal's evidence split under a pack, with all that proves it."""

from collections.abc import Iterable, Sequence

import msgspec
from msgspec import structs

from services.commission import rules
from services.commission.events import Cut, Line, PackRef, Settlement
from services.commission.history.closing import as_it_stood, in_full
from services.commission.history.dossier import Dossier, bearing, dossier_of
from services.commission.history.proving import digest_of
from services.commission.rules import Split
from shared.entry import Entry
from shared.regulation import Pack


def judged(entries: Iterable[Entry], cut: Cut, pack: Pack) -> Settlement:
    """The split of a deal under a pack, with all that proves it. The digest is the SHA-256 of the RFC 8785 bytes of the rest."""
    return judged_on(dossier_of(entries), cut, pack)


def judged_on(dossier: Dossier, cut: Cut, pack: Pack) -> Settlement:
    """The same on a dossier, whose staff may serve many deals."""
    bears = bearing(dossier, cut)
    facts = in_full(as_it_stood(bears, pack.asks))
    split = rules.split(facts, pack)
    settlement = Settlement(
        closing_time=cut.instant,
        pack=PackRef(pack.id, pack.version, pack.digest),
        cut=cut,
        facts=rules.document_of(facts),
        evidence=bears.fingerprints(),
        base_fen=split.base_fen,
        lines=lines_of(split),
        notes=split.notes,
        violations=split.violations,
        digest="",
    )
    return structs.replace(settlement, digest=digest_of(settlement))


def splits_of(asked: Sequence[tuple[Dossier, Cut, Pack]]) -> list[Split]:
    """Splits alone, without what proves them: a fraction of the work, for whoever judges many deals, step by step for all. They look up
    what they ask about."""
    facts = [as_it_stood(bearing(dossier, cut), pack.asks) for dossier, cut, pack in asked]
    return [rules.split(each, pack) for each, (_, _, pack) in zip(facts, asked, strict=True)]


def lines_of(split: Split) -> tuple[Line, ...]:
    """The lines as they are settled: points as text."""
    return msgspec.convert(rules.document_of(split)["lines"], tuple[Line, ...])


def nothing_of(settlement: Settlement) -> Settlement:
    """What is left of a judgement whose evidence makes no sense any more: no facts, no lines."""
    return structs.replace(settlement, facts={}, evidence={}, base_fen=0, lines=(), notes=(), violations=(), digest="")


def difference(settled: Iterable[Line], replayed: Iterable[Line]) -> list[tuple[str, str, int, int]]:
    """Role, beneficiary, fen as settled and fen as replayed, wherever the two differ; in the order of lines."""
    sums: dict[tuple[str, str], list[int]] = {}
    for column, lines in enumerate((settled, replayed)):
        for line in lines:
            sums.setdefault((line.role, line.to), [0, 0])[column] += line.amount_fen
    return [(role, to, was, now) for (role, to), (was, now) in sums.items() if was != now]
