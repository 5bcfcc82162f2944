"""Requests about a client's grade: figures, late payments, the grade and why; and the clients of each grade (G-2 to G-4)."""

from datetime import datetime
from hashlib import sha256
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field, StringConstraints
from starlette.responses import Response

from services.client.aggregate import rating
from services.client.api.clients import seen
from services.client.api.parts import holders_below, parts_of
from services.client.events.grading import Grade, Terms
from services.client.rules import grading as rules
from services.client.views import grades as views
from services.client.views.complaints import deal_is_there
from shared.calendar import SMALLEST
from shared.entry import id_of
from shared.eventlog import Conflict
from shared.problems import GRADED, LOWERED
from shared.regulation import Refused
from shared.service import Body, ClientId, Context, Ctx, Day, DealId, Instant, Paged, Reason, Routes, done, invalid, written
from shared.tenure import COMPANY, ground

routes = Routes()

Year = Annotated[int, Field(ge=1990, le=2199)]
Figure = Annotated[int, Field(ge=0, le=10**15)]
Quarter = Annotated[str, *written(r"(199\d|20\d\d|21\d\d)-Q[1-4]", "2025-Q3")]


class Figures(Body):
    year: Year
    figures: Annotated[dict[Annotated[str, StringConstraints(max_length=40)], Figure], Field(max_length=100)]


class LatePayment(Body):
    due: Day
    paid: Day | None = None
    deal: DealId | None = None


class Mistake(Body):
    number: Annotated[int, Field(ge=1, le=10**6)]
    reason: Reason


@routes.command("/v1/clients/{id}:enter-figures", act="grade.enter_figures")
async def enter_figures(ctx: Ctx, id: ClientId, body: Figures) -> Response:
    """Enters a year's figures of a client, one for each indicator of the company (G-2)."""
    return await _rate(ctx, id, rating.enter_figures, year=body.year, figures=body.figures)


@routes.command("/v1/clients/{id}:record-late-payment", act="grade.record_late_payment")
async def record_late_payment(ctx: Ctx, id: ClientId, body: LatePayment) -> Response:
    """Records that a payment was not made in time; the second in a quarter costs a grade at once (G-3)."""
    there = body.deal is not None and await deal_is_there(ctx.service.pool, ctx.tenant, body.deal)
    return await _rate(ctx, id, rating.record_late_payment, due=body.due, paid=body.paid, deal=body.deal, deal_is_there=there)


@routes.command("/v1/clients/{id}:withdraw-late-payment", act="grade.withdraw_late_payment")
async def withdraw_late_payment(ctx: Ctx, id: ClientId, body: Mistake) -> Response:
    """Takes back one that was recorded by mistake, and gives back what it cost (G-3)."""
    client = await _person_of(ctx, id)
    outcome = await parts_of(ctx).ratings.change(
        _rating_of(client),
        rating.withdraw_late_payment,
        command=ctx.command(),
        answer=done(client, "late_payments"),
        by=ctx.caller,
        number=body.number,
        reason=body.reason,
    )
    return ctx.reply(outcome)


async def _rate(ctx: Context, id: str, decide: Any, **facts: Any) -> Response:
    """The first thing that is said of a client's figures or payments begins its stream."""
    client = await _person_of(ctx, id)
    streams, stream = parts_of(ctx).ratings, _rating_of(client)
    around = await ground(ctx.service.pool, ctx.tenant, ())
    facts |= {"by": ctx.caller, "client": client, "ground": around, "command": ctx.command(), "answer": done(client, "late_payments")}
    try:
        outcome = await streams.begin(stream, decide, **facts)
    except Conflict:
        outcome = await streams.change(stream, decide, **facts)
    return ctx.reply(outcome)


async def _person_of(ctx: Context, id: str) -> str:
    """The first record of this person: a grade is theirs, whichever record is named (A-2.5). Refused: unknown_reference."""
    read = await parts_of(ctx).clients.read(ctx.tenant, id)
    if read is None:
        raise Refused("unknown_reference")
    return read[0].first or id


def _rating_of(client: str) -> str:
    """The stream of what is kept of a client for grading: its id follows from the client's."""
    return id_of("rat", UUID(bytes=sha256(f"rating/{client}".encode()).digest()[:16]))


# -- the grade of one


@routes.query("/v1/clients/{id}/grade", act="grade.read")
async def show(ctx: Ctx, id: ClientId, as_of: Instant | None = None) -> Response:
    """A client's grade at an instant, what it carries, and why it is this one: score, rank, border, tie, late payments (G-2, G-3)."""
    at = as_of or await ctx.service.log.now(ctx.tenant)
    client = (await seen(ctx, id, at))[0].first or id
    rows = await views.history(ctx.service.pool, ctx.tenant, client, at)
    read = await parts_of(ctx).ratings.read(ctx.tenant, _rating_of(client), as_of=as_of)
    current = rows[-1] if rows and (rows[-1]["until"] is None or at < rows[-1]["until"]) else None
    return ctx.show(
        {
            "client": client,
            "at": at,
            **(_ungraded() if current is None else _shown(current)),
            "explained": [] if current is None else _explained(ctx, current),
            "history": [_shown(row) for row in rows],
            "late_payments": [] if read is None else read[0].payments,
            "figures": {} if read is None else read[0].figures,
        }
    )


def _ungraded() -> dict[str, Any]:
    return {"grade": None, "since": None, "until": None, "terms": None, "graded": None, "lowered": []}


def _shown(row: Any) -> dict[str, Any]:
    place = views.place_of(row["place"])
    terms = _terms(row)
    return {
        "grade": terms.grade,
        "since": row["since"],
        "until": row["until"],
        "terms": _carried(terms),
        "graded": {"grading": id_of("grd", row["grading"]), "year": row["year"], **place_shown(place)},
        "lowered": row["lost"],
    }


def _terms(row: Any) -> Terms:
    step: int = row["step"]
    return views.terms_of(row["grades"])[step]


def _carried(terms: Terms) -> dict[str, Any]:
    return {
        "fee_discount_percent": terms.fee_discount_percent,
        "payment_days": terms.payment_days,
        "prepaid": terms.prepaid,
        "priority": terms.priority,
    }


def place_shown(place: Any) -> dict[str, Any]:
    """A place of a grading, and how it came to its grade."""
    return {
        "score": place.score,
        "rank": place.rank,
        "tied": place.tied,
        "grade": place.grade,
        "last": place.last,
        "raised": place.raised,
        "figures": place.figures,
    }


def _explained(ctx: Context, row: Any) -> list[str]:
    """The same in the reader's language: one sentence for the grading, one for each quarter that cost a grade."""
    place, grades = views.place_of(row["place"]), views.terms_of(row["grades"])
    facts: dict[str, object] = {"year": row["year"], "score": place.score, "rank": place.rank, "of": row["of"]}
    facts |= {"last": place.last, "grade": place.grade, "tied": place.tied if place.tied > 1 else None}
    facts |= {"raised": place.rank + place.tied - 1 - place.last if place.raised else None}
    step = next(step for step, terms in enumerate(grades) if terms.grade == place.grade)
    lowered = [min(step + lost, len(grades) - 1) for lost in range(1, len(row["lost"]) + 1)]
    told = [GRADED.said(ctx.language, facts)]
    return told + [
        LOWERED.said(ctx.language, {"quarter": quarter, "grade": grades[lower].grade})
        for quarter, lower in zip(row["lost"], lowered, strict=True)
    ]


# -- the clients of a grade


@routes.query("/v1/grades", act="grade.read")
async def find(
    ctx: Ctx,
    page: Paged,
    which: Literal["all", "unvisited"] = "all",
    grade: Grade | None = None,
    quarter: Quarter | None = None,
) -> Response:
    """Clients with a grade in the order of priority: one's own, those below, for the service manager everyone's. `unvisited`: those that
    are to be called on each quarter and were not yet in this one, or were not in the `quarter` named (G-4)."""
    pool, now = ctx.service.pool, await ctx.service.log.now(ctx.tenant)
    asked = quarter or rules.quarter_of(now)
    if rules.quarter_ends(asked) > rules.quarter_ends(rules.quarter_of(now)):
        raise invalid(("/query/quarter", "out_of_range"))
    at = min(now, rules.quarter_ends(asked) - SMALLEST)
    care = (await ground(pool, ctx.tenant, ())).pack_of(COMPANY, at).binding("G-4")
    wanted = {name for name in views.GRADES if which == "all" or care.visited[name]} & ({grade} if grade else set(views.GRADES))
    rows = await views.found(
        pool, ctx.tenant, now, ctx.caller.person, await holders_below(ctx),
        at=at, steps=[views.GRADES.index(name) for name in wanted], quarter=asked, channels=care.visits, uncalled=which == "unvisited",
        after=None if page.after is None else (int(page.after[0]), int(page.after[1])), limit=page.limit + 1,
    )  # fmt: skip
    due = rules.quarter_ends(asked)
    return ctx.show_page(page, rows, at=lambda row: (row["step"], row["ordinal"]), as_shown=lambda row: _in_list(row, due, care.visited))


def _in_list(row: Any, due: datetime, visited: dict[Grade, bool]) -> dict[str, Any]:
    shown = _shown(row)
    return {
        "client": id_of("cli", row["client"]),
        "number": row["number"],
        "holder": row["held_by"],
        "grade": shown["grade"],
        "since": shown["since"],
        "terms": shown["terms"],
        "score": shown["graded"]["score"],
        "lowered": shown["lowered"],
        "visited_at": row["called_at"],
        "visit_until": due if visited[shown["grade"]] else None,
    }
