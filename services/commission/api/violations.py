"""Requests about violations: what was proposed, on what evidence, and what becomes of it."""

import re
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Annotated, Any, Final, Literal, get_args

from fastapi import Depends, Query
from msgspec import structs
from pydantic import Field
from starlette.responses import Response

from services.commission.aggregate import finding
from services.commission.aggregate import violation as aggregate
from services.commission.aggregate.finding import Kind
from services.commission.aggregate.violation import State
from services.commission.api.asked import ClauseId, EntryId
from services.commission.api.parts import fen, parts_of
from services.commission.views import journal, violations
from shared.calendar import end_of_day, start_of_day
from shared.entry import Entry
from shared.eventlog import Conflict
from shared.identity import post_of, posts_of
from shared.regulation import Pack, Refused
from shared.service import Body, Context, Ctx, Day, Paged, PersonId, Query64, Reason, Routes, ViolationId, done, entered
from shared.tenure import Ground, ground

routes = Routes()
STATES: Final = get_args(State)
_ENTRY = re.compile(r"[a-z]{3}_\w{26}@\d+")


class Wanted:
    """Whose violations are asked for, and of which days: of both the first and the last."""

    def __init__(
        self, person: PersonId | None = None, from_: Annotated[Day | None, Query(alias="from")] = None, to: Day | None = None
    ) -> None:
        self.person = person
        self.since = start_of_day(from_) if from_ is not None else None
        self.before = end_of_day(to) if to is not None else None

    async def people(self, ctx: Context) -> list[str] | None:
        """Of these people; None: of anyone."""
        people = await _below(ctx)
        if self.person is None:
            return people
        return [self.person] if people is None or self.person in people else []


class Why(Body):
    reason: Reason


class Propose(Body):
    id: ViolationId | None = None
    person: PersonId
    kind: Kind
    evidence: Annotated[list[EntryId], Field(min_length=1, max_length=50)]
    reason: Reason
    serious: bool = False


class DecideAppeal(Body):
    outcome: Literal["uphold", "drop"]
    reason: Reason


@routes.command("/v1/violations", act="violation.propose")
async def propose(ctx: Ctx, body: Propose) -> Response:
    """Proposes what a manager found and no rule did, on the entries it is seen in: 201; somebody else answers it."""
    id = body.id or ctx.new_id("vio")
    await ctx.service.caught_up()

    async def look(state: object, at: datetime) -> dict[str, Any]:
        around = await ground(ctx.service.pool, ctx.tenant, (body.person,))
        person = around.post(body.person)
        if person is None:
            raise Refused("unknown_reference", field="person")
        pack = around.pack_of(body.person, at)
        found = finding.found(body.kind, person, serious=body.serious, evidence=tuple(body.evidence), pack=pack)
        if found is not None:
            found = aggregate.counted(found, await violations.earlier(ctx.service.pool, ctx.tenant, body.person, body.kind), pack)
        there = {entry.id for entry in await journal.entries(ctx.service.pool, ctx.tenant, body.evidence)}
        return {"ground": around, "found": found, "unknown": [named for named in body.evidence if named not in there]}

    facts: dict[str, Any] = {"by": ctx.caller, "kind": body.kind, "reason": body.reason}
    outcome = await parts_of(ctx).violations.begin(
        id, aggregate.propose, command=ctx.command(), look=look, answer=entered(id, "state", "dismissal"), **facts
    )
    return ctx.reply(outcome)


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
        facts["ground"] = around = await ground(ctx.service.pool, ctx.tenant, (proposal.violation.person,))
        if decide is not aggregate.decide_appeal:
            facts["pack"] = _pack_when_found(around, row)
    facts |= {"by": ctx.caller, "proposal": proposal, "command": ctx.command(), "answer": done(id, "state", "dismissal")}
    streams = parts_of(ctx).violations
    try:
        outcome = await streams.begin(id, decide, **facts)
    except Conflict:
        outcome = await streams.change(id, decide, **facts)
    return ctx.reply(outcome)


@routes.query("/v1/violations", act="violation.read")
async def find(
    ctx: Ctx,
    page: Paged,
    wanted: Annotated[Wanted, Depends()],
    state: State | None = None,
    clause: ClauseId | None = None,
    kind: Query64 | None = None,
) -> Response:
    """Violations in the order of recording: one's own, those of people below, for an auditor the company's."""
    among: dict[str, Any] = {"people": await wanted.people(ctx), "since": wanted.since, "until": wanted.before}
    rows = await violations.found(ctx.service.pool, ctx.tenant, page.after, page.limit + 1, state=state, clause=clause, kind=kind, **among)
    as_shown = await _counting(ctx, rows)
    return ctx.show_page(page, rows, at=violations.standing_at, as_shown=as_shown)


@routes.query("/v1/violations/by-person", act="violation.read")
async def by_person(ctx: Ctx, page: Paged, wanted: Annotated[Wanted, Depends()]) -> Response:
    """Of each person whom one sees: how many violations were found in a period, in which state they are, and the fines."""
    after = str(page.after[0]) if page.after is not None else None
    among: dict[str, Any] = {"people": await wanted.people(ctx), "since": wanted.since, "until": wanted.before}
    rows = await violations.by_person(ctx.service.pool, ctx.tenant, after, page.limit + 1, **among)
    return ctx.show_page(page, rows, at=lambda row: (row["person"],), as_shown=_summed)


def _summed(row: Any) -> dict[str, Any]:
    return {
        "person": row["person"],
        "states": {state: row[state] for state in STATES},
        "fines_open": fen(row["open_fen"]),
        "fines_standing": fen(row["standing_fen"]),
        "dismissal": row["dismissal"],
        "forfeits_pay": row["forfeits_pay"],
    }


async def _counting(ctx: Context, rows: Iterable[Any]) -> Callable[[Any], dict[str, Any]]:
    """Shows rows; of those not answered yet, dismissal as it would be confirmed now, by what they repeat (A-2.13, A-2.14)."""
    people = {row["person"] for row in rows if row["state"] == "proposed"}
    around = await ground(ctx.service.pool, ctx.tenant, people)

    def shown(row: Any) -> dict[str, Any]:
        proposal = violations.proposal_of(row)
        earlier = [structs.asdict(one) for one in proposal.earlier]
        if row["state"] != "proposed":
            return {**_shown(row), "earlier": earlier}
        meant = aggregate.counted(proposal.violation, proposal.earlier, _pack_when_found(around, row))
        return {**_shown(row), "dismissal": meant.dismissal, "earlier": earlier}

    return shown


def _pack_when_found(around: Ground, row: Any) -> Pack | None:
    """The pack in force for the person's store when it was found. None: none was, for they have moved to where there was none yet."""
    try:
        return around.pack_of(row["person"], row["recorded_at"])
    except Refused:
        return None


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
        **(await _counting(ctx, [row]))(row),
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
    if stream.startswith(("dea_", "vio_")):
        entries, _ = await ctx.service.log.history(ctx.tenant, stream)
    else:
        entries = await journal.stream(ctx.service.pool, ctx.tenant, stream)
    return next((entry for entry in entries if entry.version == int(version)), None)


def _told(entry: Entry) -> dict[str, Any]:
    """An entry as evidence: what, by whom and when; with its words, if it has any."""
    words = {name: getattr(entry.event, name) for name in ("text", "reason") if getattr(entry.event, name, None)}
    return {"entry": entry.id, "type": entry.type, "by": entry.meta.by, "recorded_at": entry.recorded_at, **words}
