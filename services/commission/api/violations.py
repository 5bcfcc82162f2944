"""Requests about violations: what was proposed, on what evidence, and what becomes of it."""

import re
from typing import Any, Literal

from starlette.responses import Response

from services.commission.aggregate import violation as aggregate
from services.commission.aggregate.violation import State
from services.commission.api.parts import fen, parts_of
from services.commission.views import journal, violations
from shared.entry import Entry
from shared.eventlog import Conflict
from shared.identity import post_of, posts_of
from shared.regulation import Refused
from shared.service import Body, Context, Ctx, Paged, PersonId, Query64, Reason, Routes, ViolationId, done
from shared.tenure import ground

routes = Routes()
_ENTRY = re.compile(r"[a-z]{3}_\w{26}@\d+")


class Why(Body):
    reason: Reason


class DecideAppeal(Body):
    outcome: Literal["uphold", "drop"]
    reason: Reason


@routes.command("/v1/violations/{id}:confirm", act="violation.confirm")
async def confirm(ctx: Ctx, id: ViolationId) -> Response:
    """Confirms what was proposed: a manager above the person concerned."""
    return await _answer(ctx, id, aggregate.confirm)


@routes.command("/v1/violations/{id}:drop", act="violation.drop")
async def drop(ctx: Ctx, id: ViolationId, body: Why) -> Response:
    """Drops it, for a reason."""
    return await _answer(ctx, id, aggregate.drop, reason=body.reason)


@routes.command("/v1/violations/{id}:appeal", act="violation.appeal")
async def appeal(ctx: Ctx, id: ViolationId, body: Why) -> Response:
    """Appeals against one's own confirmed violation: the next higher rank decides."""
    return await _answer(ctx, id, aggregate.appeal, reason=body.reason)


@routes.command("/v1/violations/{id}:decide-appeal", act="violation.decide_appeal")
async def decide_appeal(ctx: Ctx, id: ViolationId, body: DecideAppeal) -> Response:
    """Upholds a violation or drops it on appeal; that is final."""
    outcome = "upheld" if body.outcome == "uphold" else "dropped"
    return await _answer(ctx, id, aggregate.decide_appeal, outcome=outcome, reason=body.reason)


async def _answer(ctx: Context, id: str, decide: Any, **facts: Any) -> Response:
    """The first answer begins the violation's stream; who comes second finds it begun."""
    row = await _seen(ctx, id)
    proposal = violations.proposal_of(row)
    if decide is not aggregate.appeal:
        facts["ground"] = await ground(ctx.service.pool, ctx.tenant, (proposal.violation.person,))
    facts |= {"by": ctx.caller, "proposal": proposal, "command": ctx.command(), "answer": done(id, "state")}
    streams = parts_of(ctx).violations
    try:
        outcome = await streams.begin(id, decide, **facts)
    except Conflict:
        outcome = await streams.change(id, decide, **facts)
    return ctx.reply(outcome)


@routes.query("/v1/violations", act="violation.read")
async def find(
    ctx: Ctx, page: Paged, state: State | None = None, person: PersonId | None = None, clause: Query64 | None = None
) -> Response:
    """Violations in the order of recording: one's own, those of people below, for an auditor the company's."""
    people = await _below(ctx)
    if person is not None:
        people = [person] if people is None or person in people else []
    rows = await violations.found(ctx.service.pool, ctx.tenant, page.after, page.limit + 1, people=people, state=state, clause=clause)
    return ctx.show_page(page, rows, at=violations.standing_at, as_shown=_shown)


async def _below(ctx: Context) -> list[str] | None:
    """Whose violations the caller may see; None: everyone's."""
    if ctx.may():
        return None
    posts = await posts_of(ctx.service.pool, ctx.tenant) if ctx.caller.post.role != "agent" else []
    return [ctx.caller.person, *(post.person for post in posts if ctx.may(over=(post,)) and post.person != ctx.caller.person)]


@routes.query("/v1/violations/{id}", act="violation.read")
async def show(ctx: Ctx, id: ViolationId) -> Response:
    """A violation with the entries it rests on and what was said to it so far."""
    row = await _seen(ctx, id)
    read = await parts_of(ctx).violations.read(ctx.tenant, id)
    answered, version = read if read is not None else (None, 0)
    shown = {
        **_shown(row),
        "state": answered.state if answered is not None else "proposed",
        "answers": answered.answers if answered is not None else [],
        "evidence": await _evidence(ctx, row),
    }
    return ctx.show(shown, version=version)


async def _seen(ctx: Context, id: str) -> Any:
    """The violation's row, if the caller may see it: it is their own, or of someone below them. Else it is unknown."""
    row = await violations.one(ctx.service.pool, ctx.tenant, id)
    if row is not None:
        post = await post_of(ctx.service.pool, ctx.tenant, row["person"])
        if ctx.may("violation.read", own=row["person"] == ctx.caller.person, over=(post,)):
            return row
    raise Refused("unknown_reference")


def _shown(row: Any) -> dict[str, Any]:
    return {
        "id": row["id"],
        "clause": row["clause"],
        "kind": row["kind"],
        "person": row["person"],
        "fine": fen(row["fine_fen"]) if row["fine_fen"] is not None else None,
        "dismissal": row["dismissal"],
        "forfeits_pay": row["forfeits_pay"],
        "state": row["state"],
        "proposed_by": row["proposed_by"],
        "evidence": row["evidence"],
        "recorded_at": row["recorded_at"],
        "answered_at": row["answered_at"],
    }


async def _evidence(ctx: Context, row: Any) -> list[dict[str, Any]]:
    """The entry that proposes it, the act that it was found in, and what it was compared with (`likeness` says how alike)."""
    finding = await _entry(ctx, row["evidence"])
    named = getattr(getattr(finding and finding.event, "violation", None), "evidence", ())
    ids = [*_cause(finding), row["evidence"], *(name for name in named if _ENTRY.fullmatch(name))]
    likeness = next((name for name in named if name.endswith("%")), None)
    found = [entry for id in dict.fromkeys(ids) if (entry := await _entry(ctx, id)) is not None]
    return [{**_told(entry), **({"likeness": likeness} if likeness and entry.id in named else {})} for entry in found]


def _cause(finding: Entry | None) -> list[str]:
    """Listings and clients record the act just before what was found in it."""
    if finding is None or finding.version == 1 or finding.service == "commission":
        return []
    return [f"{finding.stream_id}@{finding.version - 1}"]


async def _entry(ctx: Context, id: str) -> Entry | None:
    stream, _, version = id.partition("@")
    if stream.startswith("dea_"):
        entries, _ = await ctx.service.log.history(ctx.tenant, stream)
    else:
        entries = await journal.stream(ctx.service.pool, ctx.tenant, stream)
    return next((entry for entry in entries if entry.version == int(version)), None)


def _told(entry: Entry) -> dict[str, Any]:
    """An entry as evidence: what, by whom and when; with its words, if it has any."""
    words = {name: getattr(entry.event, name) for name in ("text", "reason") if getattr(entry.event, name, None)}
    return {"entry": entry.id, "type": entry.type, "by": entry.meta.by, "recorded_at": entry.recorded_at, **words}
