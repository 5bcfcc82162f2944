"""Requests about disputes: opening, stating, ruling, appealing; what would be; and rulings as precedents."""

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field
from starlette.responses import Response

from services.commission.aggregate import dispute as aggregate
from services.commission.aggregate.deal import Deal, concerned
from services.commission.aggregate.dispute import Outcome, moved
from services.commission.aggregate.disputed import Standing
from services.commission.api.asked import ClauseId, EntryId, Readings, Statement
from services.commission.api.corrections import adjusted
from services.commission.api.deals import Adjudicated, adjustments, change, lines_of, sight_of, unknown_in
from services.commission.api.looking import closers_of
from services.commission.api.parts import fen, parts_of
from services.commission.events import (
    Alternative,
    DisputeAppealed,
    DisputeOpened,
    DisputeRuled,
    DisputeStated,
    Effect,
    ExhibitFiled,
    Line,
    Settlement,
)
from services.commission.reactions import Question
from services.commission.views import disputes as views
from services.commission.views import journal
from shared.entry import Entry, id_of
from shared.eventlog import Answer
from shared.identity import post_of
from shared.regulation import Refused, load
from shared.service import Body, Context, Ctx, DealId, DisputeId, Paged, Reason, Routes, Short, json_of
from shared.tenure import ground

routes = Routes()
Entries = Annotated[list[EntryId], Field(max_length=50)]
TERMS_FOLLOW = frozenset({"R-days", "R-holder", "R-client-7"})
"""Readings by which terms ran while they ran: another choice now does not make them run otherwise."""


class OpenDispute(Body):
    id: DisputeId | None = None
    reason: Reason


class State(Body):
    text: Statement
    evidence: Entries = Field(default_factory=list)


class Appeal(Body):
    reason: Reason


class Adopt(Body):
    leave_out: Entries = Field(default_factory=list)
    admit: Entries = Field(default_factory=list)
    readings: Readings = Field(default_factory=dict)

    @property
    def alternative(self) -> Alternative:
        return Alternative(tuple(self.leave_out), tuple(self.admit), dict(self.readings))


class Otherwise(Adopt):
    pack: Short | dict[str, Any] | None = None

    def question(self, dispute: str) -> Question:
        pack = load(self.pack) if isinstance(self.pack, dict) else self.pack
        return Question(pack=pack, alternative=self.alternative, but=dispute)


class WhatIf(Body):
    alternatives: Annotated[list[Otherwise], Field(min_length=1, max_length=8)]


class Rule(Body):
    outcome: Outcome
    lines: Annotated[list[Adjudicated], Field(max_length=100)] = Field(default_factory=list)
    reason: Reason
    clauses: Annotated[list[ClauseId], Field(max_length=20)] = Field(default_factory=list)
    rests_on: Entries = Field(default_factory=list)
    adopt: Adopt | None = None
    digest: Short | None = None


# What parties and rulers do


@routes.command("/v1/deals/{id}:dispute", act="deal.dispute")
async def dispute(ctx: Ctx, id: DealId, body: OpenDispute) -> Response:
    """Opens a dispute about a settled deal (O-4): its id is in the answer."""
    opened = body.id or ctx.new_id("dis")

    def answer(deal: Deal, version: int) -> Answer:
        return Answer(201, json_of({"id": opened, "deal": id, "version": version}))

    facts: dict[str, Any] = {"by": ctx.caller, "named": opened, "reason": body.reason}
    outcome = await parts_of(ctx).deals.change(id, aggregate.dispute, command=ctx.command(), look=closers_of(ctx), answer=answer, **facts)
    return ctx.reply(outcome)


@routes.command("/v1/disputes/{id}:state", act="dispute.state")
async def state(ctx: Ctx, id: DisputeId, body: State) -> Response:
    """Says one's side, and names entries for it (O-4)."""
    deal = await deal_of(ctx, id)

    async def look(state: Deal, at: datetime) -> dict[str, Any]:
        return {**await closers_of(ctx)(state, at), "unknown": await _not_there(ctx, deal, body.evidence)}

    return await _change(ctx, deal, id, aggregate.state, look=look, text=body.text, evidence=tuple(body.evidence))


@routes.command("/v1/disputes/{id}:appeal", act="dispute.appeal")
async def appeal(ctx: Ctx, id: DisputeId, body: Appeal) -> Response:
    """Takes the first ruling to the company (O-4)."""
    return await _change(ctx, await deal_of(ctx, id), id, aggregate.appeal, look=closers_of(ctx), reason=body.reason)


@routes.command("/v1/disputes/{id}:rule", act="deal.rule")
async def rule(ctx: Ctx, id: DisputeId, body: Rule) -> Response:
    """Rules on a dispute: first the area manager, then the company (O-4). What it adopts is judged again, and booked."""
    deal, lines = await deal_of(ctx, id), adjustments(body.lines)
    adopts = body.adopt.alternative if body.adopt is not None else None

    async def look(state: Deal, at: datetime) -> dict[str, Any]:
        around = await closers_of(ctx)(state, at)
        aggregate.may_be_ruled(state, by=ctx.caller, named=id, ground=around["ground"], at=at)
        unknown = {**await unknown_in(ctx, lines), "unknown_entries": await _not_there(ctx, deal, body.rests_on)}
        return {**around, **unknown, "judged": await _judged(ctx, deal, id, adopts, body.digest)}

    said: dict[str, Any] = {"outcome": body.outcome, "lines": lines, "reason": body.reason, "adopts": adopts}
    rests: dict[str, Any] = {"clauses": tuple(body.clauses), "rests_on": tuple(body.rests_on)}
    return await change(ctx, deal, aggregate.rule, look=look, named=id, **said, **rests)


async def _judged(ctx: Context, deal: str, dispute: str, adopts: Alternative | None, shown: str | None) -> Settlement | None:
    """What a ruling adopts, judged again; refused, if it is not what the ruler was shown."""
    if adopts is None:
        return None
    [judged] = await parts_of(ctx).bench.otherwise(ctx.tenant, deal, [Question(alternative=adopts, but=dispute, books=True)])
    if shown is not None and judged.digest != shown:
        raise Refused("not_as_shown", "O-4", digest=judged.digest)
    return judged


async def _change(ctx: Context, deal: str, dispute: str, decide: Any, **facts: Any) -> Response:
    """A decision in a dispute, answered with where that stands then."""

    def answer(state: Deal, version: int) -> Answer:
        return Answer(200, json_of({"id": dispute, "deal": deal, "version": version, "state": state.disputes[dispute].standing}))

    outcome = await parts_of(ctx).deals.change(deal, decide, command=ctx.command(), answer=answer, by=ctx.caller, named=dispute, **facts)
    return ctx.reply(outcome)


async def deal_of(ctx: Context, dispute: str) -> str:
    await ctx.service.caught_up()
    deal = await views.deal_of(ctx.service.pool, ctx.tenant, dispute)
    if deal is None:
        raise Refused("unknown_reference")
    return deal


async def _not_there(ctx: Context, deal: str, ids: Iterable[str]) -> list[str]:
    """Those among entries that are neither the deal's own nor anybody's in this company."""
    wanted = list(ids)
    found = {entry.id for entry in await _found(ctx, deal, wanted)}
    return [id for id in wanted if id not in found]


async def _found(ctx: Context, deal: str, ids: Iterable[str]) -> list[Entry]:
    wanted = set(ids)
    if not wanted:
        return []
    own, _ = await ctx.service.log.history(ctx.tenant, deal)
    others = await journal.entries(ctx.service.pool, ctx.tenant, wanted)
    return [entry for entry in (*own, *others) if entry.id in wanted]


# What would be


@routes.command("/v1/disputes/{id}:what-if", act="dispute.what_if")
async def what_if(ctx: Ctx, id: DisputeId, body: WhatIf) -> Response:
    """The deal judged by up to eight alternatives, side by side with what was settled, in points and fen. Has no effect."""
    deal_id, deal, version = await seen(ctx, id)
    assert deal.settlement is not None, "what is disputed was settled"
    asked = [alternative.question(id) for alternative in body.alternatives]
    judged = await parts_of(ctx).bench.otherwise(ctx.tenant, deal_id, asked)
    settled = deal.settlement
    shown = {
        "dispute": id,
        "deal": deal_id,
        "settled": _split(settled),
        "alternatives": [
            {**_asked(alternative), **_split(split), **_otherwise(alternative, settled, split)}
            for alternative, split in zip(body.alternatives, judged, strict=True)
        ],
        "side_by_side": _side_by_side(settled, judged),
    }
    return ctx.show(shown, version=version)


def _asked(alternative: Otherwise) -> dict[str, Any]:
    return {
        "asked": {
            "leave_out": alternative.leave_out,
            "admit": alternative.admit,
            "readings": alternative.readings,
            "pack": alternative.pack if isinstance(alternative.pack, str) else (alternative.pack or {}).get("id"),
        }
    }


def _split(split: Settlement) -> dict[str, Any]:
    return {
        "pack": split.pack,
        "base": fen(split.base_fen),
        "lines": lines_of(split.lines),
        "notes": split.notes,
        "violations": [{"kind": one.kind, "clause": one.clause, "person": one.person} for one in split.violations],
        "digest": split.digest,
    }


def _otherwise(alternative: Otherwise, settled: Settlement, split: Settlement) -> dict[str, Any]:
    difference = moved(settled.lines, split.lines)
    recorded = alternative.pack is not None or not TERMS_FOLLOW.isdisjoint(alternative.readings)
    return {
        "difference": _effects(difference),
        "beneficiaries": _effects(moved(*(_by_beneficiary(one.lines) for one in (settled, split))), without="role"),
        "remarks": ["terms_as_recorded"] if recorded else [],
        "same": not difference and split.base_fen == settled.base_fen,
    }


def _by_beneficiary(lines: Iterable[Line]) -> list[Line]:
    return [Line("", line.to, line.points, line.amount_fen, "") for line in lines]


def _effects(effects: Iterable[Effect], without: str = "") -> list[dict[str, Any]]:
    """What somebody has more, or less, in points and fen."""
    rows = ({"role": one.role, "to": one.to, "points": one.points, "amount": fen(one.amount_fen)} for one in effects)
    return [{name: value for name, value in row.items() if name != without} for row in rows]


def _side_by_side(settled: Settlement, judged: Iterable[Settlement]) -> list[dict[str, Any]]:
    """A row for each role and beneficiary that there is in any column; who has nothing in a column has nought there."""
    columns = [{(one.role, one.to): one for one in moved((), split.lines)} for split in (settled, *judged)]
    rows = dict.fromkeys(key for column in columns for key in column)
    cells = {key: [_cell(column.get(key)) for column in columns] for key in rows}
    return [{"role": role, "to": to, "settled": row[0], "alternatives": row[1:]} for (role, to), row in cells.items()]


def _cell(effect: Effect | None) -> dict[str, Any]:
    return {"points": effect.points if effect else "0", "amount": fen(effect.amount_fen if effect else 0)}


# Reads


async def seen(ctx: Context, id: str) -> tuple[str, Deal, int]:
    """The dispute's deal, if the caller may see it: who is concerned, those above the closers, an auditor. Else it is unknown."""
    deal_id = await deal_of(ctx, id)
    read = await parts_of(ctx).deals.read(ctx.tenant, deal_id)
    assert read is not None, "a dispute is about a deal"
    deal, version = read
    over = [await post_of(ctx.service.pool, ctx.tenant, person) for person in deal.terms.closers]
    if not ctx.may(own=ctx.caller.person in concerned(deal), over=over, stores=(deal.terms.store,)):
        raise Refused("unknown_reference")
    return deal_id, deal, version


@routes.query("/v1/disputes", act="dispute.read")
async def find(ctx: Ctx, page: Paged, state: Standing | None = None, deal: DealId | None = None) -> Response:
    """Disputes in the order of their opening: of one's own deals, and of those below."""
    people, stores = await sight_of(ctx)
    after = int(page.after[0]) if page.after is not None else 0
    rows = await views.found(ctx.service.pool, ctx.tenant, people, stores, deal=deal, state=state, after=after, limit=page.limit + 1)
    return ctx.show_page(page, rows, at=lambda row: (row["number"],), as_shown=_in_list)


def _in_list(row: Any) -> dict[str, Any]:
    return {
        "id": id_of("dis", row["dispute"]),
        "deal": id_of("dea", row["deal"]),
        "by": row["by"],
        "opened_at": row["opened_at"],
        "store": row["store"],
        "state": row["standing"],
    }


@routes.query("/v1/disputes/{id}", act="dispute.read")
async def show(ctx: Ctx, id: DisputeId) -> Response:
    """A dispute with all that was said in it, the entries that it was rested on, and its rulings with what they moved."""
    deal_id, deal, version = await seen(ctx, id)
    own, _ = await ctx.service.log.history(ctx.tenant, deal_id)
    said = [entry for entry in own if getattr(entry.event, "dispute", None) == id]
    disputed = deal.disputes[id]
    around = await ground(ctx.service.pool, ctx.tenant, ())
    shown = {
        "id": id,
        "deal": deal_id,
        "state": disputed.standing,
        "by": disputed.by,
        "opened_at": disputed.opened_at,
        "appeals_until": aggregate.appeals_until(deal, disputed, around)[1] if disputed.instance == 1 else None,
        "said": [_told(entry) for entry in said],
        "evidence": await _evidence(ctx, deal_id, said),
    }
    return ctx.show(shown, version=version)


def _told(entry: Entry) -> dict[str, Any]:
    """One thing that was said in a dispute, in its order."""
    about = {"entry": entry.id, "by": entry.meta.by, "at": entry.recorded_at}
    match entry.event:
        case DisputeOpened(reason=reason):
            return {"what": "opened", **about, "text": reason}
        case DisputeStated(text=text, evidence=evidence):
            return {"what": "stated", **about, "text": text, "evidence": evidence}
        case ExhibitFiled() as filed:
            return {"what": "filed", **about, "exhibit": filed.exhibit, **_file(filed)}
        case DisputeAppealed(reason=reason):
            return {"what": "appealed", **about, "text": reason}
        case DisputeRuled() as ruled:
            return {"what": "ruled", **about, "text": ruled.reason, **_ruling(ruled)}
    raise AssertionError(f"{entry.type} says nothing in a dispute")


def _file(filed: ExhibitFiled) -> dict[str, Any]:
    return {"name": filed.name, "media_type": filed.media_type, "size_bytes": filed.size_bytes, "sha256": filed.sha256}


def _ruling(ruled: DisputeRuled) -> dict[str, Any]:
    return {
        "instance": ruled.instance,
        "outcome": ruled.outcome,
        "clauses": ruled.clauses,
        "evidence": ruled.rests_on,
        "lines": adjusted(ruled.lines),
        "adopts": ruled.adopts,
        "effect": _effects(ruled.effect),
    }


async def _evidence(ctx: Context, deal: str, said: Iterable[Entry]) -> list[dict[str, Any]]:
    """The entries that were named: what, by whom and when. Words of the deal's own evidence only: what else the company has is not shown
    by being named."""
    named = [id for entry in said for id in (*getattr(entry.event, "evidence", ()), *getattr(entry.event, "rests_on", ()))]
    found = {entry.id: entry for entry in await _found(ctx, deal, named)}
    own, _ = await ctx.service.log.history(ctx.tenant, deal)
    streams = {entry.stream for entry in await journal.evidence(ctx.service.pool, ctx.tenant, own)} if found else set()
    return [_named(found[id], in_deal=found[id].stream in streams) for id in dict.fromkeys(named) if id in found]


def _named(entry: Entry, *, in_deal: bool) -> dict[str, Any]:
    words = {name: getattr(entry.event, name) for name in ("text", "reason") if in_deal and getattr(entry.event, name, None)}
    return {"entry": entry.id, "type": entry.type, "by": entry.meta.by, "recorded_at": entry.recorded_at, **words}


@routes.query("/v1/precedents", act="precedent.read")
async def precedents(
    ctx: Ctx, page: Paged, clause: ClauseId | None = None, outcome: Literal["upheld", "corrected", "rejected"] | None = None
) -> Response:
    """Rulings, the latest first, by the clause that they cite: the outcome, the reasons, and what they moved, by role. It names nobody."""
    before = int(page.after[0]) if page.after is not None else None
    rows = await views.precedents(ctx.service.pool, ctx.tenant, clause=clause, outcome=outcome, before=before, limit=page.limit + 1)
    return ctx.show_page(page, rows, at=lambda row: (row["position"],), as_shown=_precedent)


def _precedent(row: Any) -> dict[str, Any]:
    return {
        "dispute": id_of("dis", row["dispute"]),
        "deal": id_of("dea", row["deal"]),
        "instance": row["instance"],
        "last": row["last"],
        "outcome": row["outcome"],
        "clauses": row["clauses"],
        "reason": row["reason"],
        "effect": _effects(views.effect_of(row), without="to"),
        "ruled_at": row["ruled_at"],
    }
