"""What may be decided about the disputes over a deal (O-4). They are part of its stream, so that a ruling and its booking are one."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from fractions import Fraction
from typing import Literal

from msgspec import structs

from services.commission.aggregate.deal import Deal, concerned, gets, parties, refuse_cancelled
from services.commission.aggregate.disputed import Dispute
from services.commission.events import (
    Adjustment,
    Alternative,
    DealEvent,
    DisputeAppealed,
    DisputeOpened,
    DisputeRuled,
    DisputeStated,
    Effect,
    ExhibitFiled,
    Line,
    Rebooked,
    Settlement,
)
from shared.calendar import term_end
from shared.identity import Caller, Post, allow
from shared.money import WHOLE, points_text
from shared.regulation import Pack, Refused, in_force
from shared.tenure import Ground

Outcome = Literal["upheld", "corrected", "rejected"]


def dispute(deal: Deal, *, by: Caller, named: str, reason: str, ground: Ground, at: datetime) -> list[DealEvent]:
    """O-4: somebody concerned, or a manager of the store, disputes a deal that was settled, within the term that began when it was."""
    refuse_cancelled(deal)
    if deal.settlement is None:  # before who asks: until then nobody can tell who is party to it
        raise Refused("not_settled", "O-4", state=deal.state)
    allow(by, "deal.dispute", own=by.person in concerned(deal), over=_closers(deal, ground))
    pack, until = opens_until(deal, ground)
    if at >= until:
        raise Refused("dispute_too_late", "O-4", pack=pack, days=pack.binding("O-4").days, until=until)
    return [DisputeOpened(by.person, named, reason, at)] if named not in deal.disputes else []


def opens_until(deal: Deal, ground: Ground) -> tuple[Pack, datetime]:
    """O-4: the pack in force for the closing store when the deal was booked, and the first instant too late to dispute it."""
    assert deal.booked_at is not None, "a deal is disputed after it was booked"
    pack = in_force(ground.activations, deal.terms.store, deal.booked_at)
    return pack, term_end(deal.booked_at, pack.binding("O-4").days, pack.reading("R-days"))


def appeals_until(deal: Deal, dispute: Dispute, ground: Ground) -> tuple[Pack, datetime]:
    """O-4: the pack in force when the first instance ruled, and the first instant too late to take it to the second."""
    assert dispute.ruled_at is not None, "an appeal follows a ruling"
    pack = in_force(ground.activations, deal.terms.store, dispute.ruled_at)
    return pack, term_end(dispute.ruled_at, pack.binding("O-4").appeal_days, pack.reading("R-days"))


def state(
    deal: Deal, *, by: Caller, named: str, text: str, evidence: tuple[str, ...], unknown: Sequence[str], ground: Ground, at: datetime
) -> list[DealEvent]:
    """O-4: somebody concerned says their side, as often as they like until the last ruling, and names entries for it."""
    _allow_speaking("dispute.state", deal, by, ground)
    _refuse_over(deal, named)
    _refuse_unknown_entries(unknown, "evidence")
    return [DisputeStated(by.person, named, text, evidence, at)]


def may_file(deal: Deal, *, by: Caller, named: str, ground: Ground) -> None:
    """O-4: who may say their side may put files in evidence for it, until the last ruling. Refused: forbidden, already_ruled."""
    _allow_speaking("dispute.file_exhibit", deal, by, ground)
    _refuse_over(deal, named)


def file_exhibit(
    deal: Deal,
    *,
    by: Caller,
    named: str,
    exhibit: str,
    name: str,
    sha256: str,
    media_type: str,
    size_bytes: int,
    at_most: int,
    ground: Ground,
    at: datetime,
) -> list[DealEvent]:
    """O-4: puts a file in evidence, the same one once in a dispute, and of each person `at_most` so many."""
    may_file(deal, by=by, named=named, ground=ground)
    exhibits = deal.disputes[named].exhibits
    first = next((one for one in exhibits if one.sha256 == sha256), None)
    if first is not None:
        raise Refused("exhibit_filed_already", "O-4", first=first.id, by=first.by)
    if sum(one.by == by.person for one in exhibits) >= at_most:
        raise Refused("too_many_exhibits", "O-4", at_most=at_most)
    return [ExhibitFiled(by.person, named, exhibit, name, sha256, media_type, size_bytes, at)]


def appeal(deal: Deal, *, by: Caller, named: str, reason: str, ground: Ground, at: datetime) -> list[DealEvent]:
    """O-4: somebody concerned takes the first ruling to the company, within its term, once."""
    _allow_speaking("dispute.appeal", deal, by, ground)
    _refuse_over(deal, named)
    disputed = deal.disputes[named]
    if disputed.instance == 0:
        raise Refused("not_ruled", "O-4")
    if disputed.appealed:
        return []
    _refuse_late_second(deal, disputed, ground, at)
    return [DisputeAppealed(by.person, named, reason, at)]


def rule(
    deal: Deal,
    *,
    by: Caller,
    named: str,
    outcome: Outcome,
    lines: tuple[Adjustment, ...],
    reason: str,
    unknown: Sequence[str],
    ground: Ground,
    at: datetime,
    clauses: tuple[str, ...] = (),
    rests_on: tuple[str, ...] = (),
    unknown_entries: Sequence[str] = (),
    adopts: Alternative | None = None,
    judged: Settlement | None = None,
) -> list[DealEvent]:
    """O-4: the area manager rules first, the company second; never a party, nor who has spoken in it or ruled on it before.

    A correction adds lines that sum to zero, or adopts an alternative, which is `judged`: then what was settled is reversed and booked
    anew with it, and what the first instance had added is taken back.
    """
    disputed = deal.disputes[named]
    instance = may_be_ruled(deal, by=by, named=named, gaining={line.to for line in lines} | gets(judged), ground=ground, at=at)
    if unknown:
        raise Refused("unknown_reference", "O-4", field="lines")
    _refuse_unknown_entries(unknown_entries, "rests_on")
    _refuse_unfit(outcome, lines, adopts)
    ruled = DisputeRuled(by.person, named, instance, outcome, lines, reason, at, clauses, rests_on)
    if adopts is None:
        return [structs.replace(ruled, effect=effect_of(deal, lines))]
    assert judged is not None, "what a ruling adopts has been judged"
    return _adopted(deal, disputed, ruled, adopts, judged)


def _adopted(deal: Deal, disputed: Dispute, ruled: DisputeRuled, adopts: Alternative, judged: Settlement) -> list[DealEvent]:
    assert deal.settlement is not None, "a deal was settled before it was disputed"
    back = tuple(Adjustment(line.role, line.to, -line.amount_fen, line.credit) for line in disputed.added)
    effect = _added((*moved(deal.settlement.lines, judged.lines), *effect_of(deal, back)))
    if not effect:
        raise Refused("correction_changes_nothing", "O-4")
    return [
        structs.replace(ruled, lines=back, adopts=adopts, effect=effect),
        Rebooked(ruled.by, "ruling", judged, ruled.at),
    ]


def may_be_ruled(deal: Deal, *, by: Caller, named: str, ground: Ground, at: datetime, gaining: Iterable[str] = ()) -> Literal[1, 2]:
    """O-4: the instance in which the caller may rule on a dispute now. Refused: forbidden, conflict_of_interest, already_ruled, ..."""
    disputed = deal.disputes[named]
    instance: Literal[1, 2] = 2 if disputed.instance else 1
    ruled_by = {disputed.ruled_by} if disputed.instance == 1 else set()
    concerned = parties(deal) | set(gaining) | {disputed.by, *disputed.voices} | ruled_by
    act = "deal.rule" if instance == 1 else "deal.rule_second"
    allow(by, act, stores=(deal.terms.store,), over=_closers(deal, ground)[:1], party=by.person in concerned)
    _refuse_over(deal, named)
    if instance == 2 and not disputed.appealed:
        _refuse_late_second(deal, disputed, ground, at)
    return instance


def _allow_speaking(act: str, deal: Deal, by: Caller, ground: Ground) -> None:
    allow(by, act, own=by.person in concerned(deal), over=_closers(deal, ground))


def _closers(deal: Deal, ground: Ground) -> list[Post | None]:
    return [ground.post(person) for person in deal.terms.closers]


def _refuse_over(deal: Deal, named: str) -> None:
    refuse_cancelled(deal)
    if deal.disputes[named].instance == 2:
        raise Refused("already_ruled", "O-4")


def _refuse_late_second(deal: Deal, disputed: Dispute, ground: Ground, at: datetime) -> None:
    pack, until = appeals_until(deal, disputed, ground)
    if at >= until:
        raise Refused("ruling_stands", "O-4", pack=pack, days=pack.binding("O-4").appeal_days, until=until)


def _refuse_unknown_entries(unknown: Sequence[str], field: str) -> None:
    if unknown:
        raise Refused("unknown_reference", "O-4", field=field)


def _refuse_unfit(outcome: Outcome, lines: tuple[Adjustment, ...], adopts: Alternative | None) -> None:
    """A ruling moves money in one way or in none; one that corrects does, one that rejects does not."""
    ways = bool(lines) + (adopts is not None)
    if ways not in {"corrected": (1,), "rejected": (0,), "upheld": (0, 1)}[outcome]:
        raise Refused("lines_do_not_fit_ruling", "O-4")
    if (total := sum(line.amount_fen for line in lines)) != 0:
        raise Refused("adjudication_not_zero", "A-1.N7", sum_fen=total)


# What a correction moves


def effect_of(deal: Deal, lines: Iterable[Adjustment]) -> tuple[Effect, ...]:
    """What added lines move: their fen, and the points of the base that these are."""
    base_fen = deal.settlement.base_fen if deal.settlement is not None else 0
    return _added(Effect(line.role, line.to, _points_of(line.amount_fen, base_fen), line.amount_fen) for line in lines)


def _points_of(amount_fen: int, base_fen: int) -> str:
    return points_text(Fraction(amount_fen * WHOLE, base_fen) if base_fen else Fraction(0))


def moved(before: Iterable[Line], after: Iterable[Line]) -> tuple[Effect, ...]:
    """What somebody has more in a role by the one lines than by the other; nothing where they are alike. In the order of lines."""
    less = (Effect(line.role, line.to, points_text(-Fraction(line.points)), -line.amount_fen) for line in before)
    return _added((*less, *(Effect(line.role, line.to, line.points, line.amount_fen) for line in after)))


def _added(effects: Iterable[Effect]) -> tuple[Effect, ...]:
    sums: dict[tuple[str, str], tuple[Fraction, int]] = {}
    for effect in effects:
        points, fen = sums.get((effect.role, effect.to), (Fraction(0), 0))
        sums[effect.role, effect.to] = (points + Fraction(effect.points), fen + effect.amount_fen)
    return tuple(Effect(role, to, points_text(points), fen) for (role, to), (points, fen) in sums.items() if points or fen)
