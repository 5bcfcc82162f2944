"""Requests about deals: bodies, the one call each makes, answers."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import chain
from typing import Annotated, Any, Literal

from fastapi import Query
from msgspec import structs
from pydantic import Field
from starlette.responses import Response

from services.commission.aggregate import deal as aggregate
from services.commission.aggregate.deal import Deal, State
from services.commission.aggregate.dispute import opens_until
from services.commission.api.asked import Chosen, EntryId
from services.commission.api.corrections import adjusted, corrections_of, entered_before
from services.commission.api.looking import around_of, closers_of, closers_then, seen
from services.commission.api.parts import fen, parts_of
from services.commission.events import Adjustment, Alternative, Kind, Line, NamedFor, Settlement, Terms
from services.commission.reactions import Question
from services.commission.views import deals as views
from services.commission.views import journal
from shared.entry import id_of
from shared.eventlog import Answer, Look
from shared.identity import post_of, posts_of
from shared.regulation import FEES, READINGS, ROLES, in_force, load, shipped
from shared.service import (
    Account,
    Body,
    ClientId,
    Code,
    Context,
    Ctx,
    DealId,
    Instant,
    ListingId,
    Money,
    Paged,
    PersonId,
    Query64,
    Reason,
    Received,
    Routes,
    Short,
    done,
    entered,
    json_of,
)
from shared.tenure import activations_of, ground

routes = Routes()
Fee = Literal["agency", "information", "bank_rebate", "loan_service", "other"]
RoleName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,31}$")]
NamedPeople = Annotated[dict[RoleName, PersonId], Field(max_length=40)]
assert set(FEES) == set(Fee.__args__), "the fees that a report may name are the regulation's"  # type: ignore[attr-defined]


class Report(Body):
    id: DealId | None = None
    listing: ListingId | None = None
    client: ClientId
    closers: Annotated[list[PersonId], Field(min_length=1, max_length=20)]
    fees: dict[Fee, Received]
    kind: Kind = "sale"
    named: NamedPeople = Field(default_factory=dict)
    price: Received | None = None

    @property
    def terms(self) -> Terms:
        fees: dict[str, int] = {kind: money.amount for kind, money in self.fees.items()}
        price_fen = None if self.price is None else self.price.amount
        return Terms(self.listing, self.client, tuple(self.closers), fees, self.kind, None, _named(self.named), price_fen)


class Sign(Report):
    contract: Short | None = None
    signer: PersonId | None = None


class ReportSigned(Body):
    listing: ListingId | None = None
    client: ClientId | None = None
    closers: Annotated[list[PersonId], Field(min_length=1, max_length=20)] | None = None
    fees: dict[Fee, Received] | None = None
    kind: Kind | None = None
    named: NamedPeople | None = None
    price: Received | None = None

    def over(self, terms: Terms) -> Terms:
        """The contract's terms with what the report says otherwise."""
        fees = None if self.fees is None else {kind: money.amount for kind, money in self.fees.items()}
        named = None if self.named is None else _named(self.named)
        price_fen = None if self.price is None else self.price.amount
        said = {"listing": self.listing, "client": self.client, "fees": fees, "kind": self.kind, "named": named, "price_fen": price_fen}
        closers = {} if self.closers is None else {"closers": tuple(self.closers)}
        return structs.replace(terms, **{name: value for name, value in said.items() if value is not None}, **closers)


class SignReported(ReportSigned):
    contract: Short | None = None
    signer: PersonId | None = None


def _named(given: dict[str, str]) -> tuple[NamedFor, ...]:
    """Whom a report names, in the order of roles' names, so that saying it otherwise is the same report."""
    return tuple(NamedFor(role, person) for role, person in sorted(given.items()))


class Attach(Body):
    listing: ListingId


class Why(Body):
    reason: Reason


class PrivateDealing(Body):
    person: PersonId
    reason: Reason


class Adjudicated(Body):
    role: Short
    to: Account
    amount: Money
    credit: Code


class Adjudicate(Body):
    lines: Annotated[list[Adjudicated], Field(min_length=1, max_length=100)]
    reason: Reason


@routes.command("/v1/deals", act="deal.report")
async def report(ctx: Ctx, body: Report) -> Response:
    """Sends a deal report 成交战报: 201; the moment it is recorded is the closing (B-1-2)."""
    id = body.id or ctx.new_id("dea")
    outcome = await parts_of(ctx).deals.begin(
        id,
        aggregate.report,
        command=ctx.command(),
        look=around_of(ctx, body.terms),
        answer=entered(id, "state"),
        by=ctx.caller,
        terms=body.terms,
    )
    return ctx.reply(outcome)


@routes.command("/v1/deals:sign", act="deal.sign")
async def sign(ctx: Ctx, body: Sign) -> Response:
    """Records the contract of a deal that is not reported yet: 201; until it is, the signature is the closing (B-1-2)."""
    id = body.id or ctx.new_id("dea")
    look = around_of(ctx, body.terms, body.signer)
    facts: dict[str, Any] = {"by": ctx.caller, "terms": body.terms, "contract": body.contract, "signer": body.signer}
    outcome = await parts_of(ctx).deals.begin(id, aggregate.sign, command=ctx.command(), look=look, answer=entered(id, "state"), **facts)
    return ctx.reply(outcome)


@routes.command("/v1/deals/{id}:report", act="deal.report")
async def report_signed(ctx: Ctx, id: DealId, body: ReportSigned) -> Response:
    """Sends the report of a deal that was signed before; what it leaves out stays as in the contract (B-1-2)."""

    async def look(state: Deal, at: datetime) -> dict[str, Any]:
        terms = body.over(state.terms)
        return {**await around_of(ctx, terms, own=id)(state, at), "terms": terms}

    return await change(ctx, id, aggregate.report_signed, look=look)


@routes.command("/v1/deals/{id}:sign", act="deal.sign")
async def sign_reported(ctx: Ctx, id: DealId, body: SignReported) -> Response:
    """Records the contract of a deal that was reported; what it repeats of the report is as it was reported."""

    async def look(state: Deal, at: datetime) -> dict[str, Any]:
        return {**await closers_of(ctx, body.signer)(state, at), "terms": body.over(state.terms)}

    return await change(ctx, id, aggregate.sign_reported, look=look, contract=body.contract, signer=body.signer)


@routes.command("/v1/deals/{id}:attach-listing", act="deal.attach_listing")
async def attach_listing(ctx: Ctx, id: DealId, body: Attach) -> Response:
    """Attaches a listing that was entered after the report (B-1-4-2)."""

    async def look(state: Deal, at: datetime) -> dict[str, Any]:
        around = await around_of(ctx, structs.replace(state.terms, listing=body.listing), own=id)(state, at)
        return {**around, **await closers_of(ctx)(state, at)}

    return await change(ctx, id, aggregate.attach_listing, look=look, listing=body.listing)


@routes.command("/v1/deals/{id}:sign-off", act="deal.sign_off")
async def sign_off(ctx: Ctx, id: DealId, body: Why) -> Response:
    """Accepts a listing that was entered after closing (B-1-4-2)."""

    async def look(state: Deal, at: datetime) -> dict[str, Any]:
        past = await journal.stream(ctx.service.pool, ctx.tenant, state.terms.listing) if state.terms.listing is not None else []
        is_late = any(entry.version == 1 and entry.effective_at > state.closing_time for entry in past)
        return {**await closers_of(ctx)(state, at), "is_late": is_late}

    return await change(ctx, id, aggregate.sign_off, look=look, reason=body.reason)


@routes.command("/v1/deals/{id}:find-private-dealing", act="deal.find_private_dealing")
async def find_private_dealing(ctx: Ctx, id: DealId, body: PrivateDealing) -> Response:
    """Finds private dealing (A-R1, B-1-4-3); of a settled deal it reverses and rebooks."""

    async def look(state: Deal, at: datetime) -> dict[str, Any]:
        around = await closers_of(ctx)(state, at)
        offender = await post_of(ctx.service.pool, ctx.tenant, body.person)
        return {**around, "offender": offender, "pack": in_force(around["ground"].activations, state.terms.store, state.closing_time)}

    answer = await change(ctx, id, aggregate.find_private_dealing, look=look, person=body.person, reason=body.reason)
    read = await parts_of(ctx).deals.read(ctx.tenant, id)
    if read is not None and read[0].outdated:
        await parts_of(ctx).bench.book(ctx.tenant, id, wait_s=ctx.service.settings.evidence_wait_s)
    return answer


@routes.command("/v1/deals/{id}:cancel", act="deal.cancel")
async def cancel(ctx: Ctx, id: DealId, body: Why) -> Response:
    """Cancels the deal: everything is reversed, terms begin anew."""
    return await change(ctx, id, aggregate.cancel, look=closers_of(ctx), reason=body.reason)


async def change(ctx: Context, id: str, decide: Any, *, look: Look, **facts: Any) -> Response:
    """One decision about a deal, answered with what the deal is then."""
    outcome = await parts_of(ctx).deals.change(
        id, decide, command=ctx.command(), look=look, answer=done(id, "state"), by=ctx.caller, **facts
    )
    return ctx.reply(outcome)


@routes.command("/v1/deals/{id}:settle", act="deal.settle")
async def settle(ctx: Ctx, id: DealId) -> Response:
    """Settles the deal as it stood at closing (O-5): 200; 202 if it has to wait for evidence, with whom it waits for."""
    bench, wait_s = parts_of(ctx).bench, ctx.service.settings.evidence_wait_s

    async def look(state: Deal, at: datetime) -> dict[str, Any]:
        closers = list((await closers_then(ctx, state)).values())
        aggregate.may_be_settled(state, by=ctx.caller, closers=closers)
        return {"closers": closers, "judged": await bench.judge(ctx.tenant, id, wait_s)}

    def answer(deal: Deal, version: int) -> Answer:
        waits = deal.state == "awaiting_evidence"
        shown = {"id": id, "version": version, "state": deal.state, **({"awaits": deal.awaits} if waits else {})}
        return Answer(202 if waits else 200, json_of(shown))

    outcome = await parts_of(ctx).deals.change(id, aggregate.settle, command=ctx.command(), look=look, answer=answer, by=ctx.caller)
    return ctx.reply(outcome)


@routes.command("/v1/deals/{id}:adjudicate", act="deal.adjudicate")
async def adjudicate(ctx: Ctx, id: DealId, body: Adjudicate) -> Response:
    """Adds lines that sum to zero, with a reason (A-1.N7)."""
    lines = adjustments(body.lines)

    async def look(state: Deal, at: datetime) -> dict[str, Any]:
        return await unknown_in(ctx, lines)

    return await change(ctx, id, aggregate.adjudicate, look=look, lines=lines, reason=body.reason)


def adjustments(lines: Iterable[Adjudicated]) -> tuple[Adjustment, ...]:
    """Lines as they are booked."""
    return tuple(Adjustment(line.role, line.to, line.amount.amount, line.credit) for line in lines)


async def unknown_in(ctx: Context, lines: Iterable[Adjustment]) -> dict[str, Any]:
    """Beneficiaries of lines who are nobody of this company."""
    known = (await ground(ctx.service.pool, ctx.tenant, [line.to for line in lines])).posts
    return {"unknown": [line.to for line in lines if line.to not in known and line.to != "company"]}


@routes.query("/v1/deals", act="deal.read")
async def find(ctx: Ctx, page: Paged, state: State | None = None, wants_sign_off: bool = False) -> Response:
    """Deals by number: those the caller is party to, those of people and the store below them, an auditor's are all. `wants_sign_off`:
    those whose listing was entered after the closing and waits for an area manager (B-1-4-2)."""
    people, stores = await sight_of(ctx)
    after = int(page.after[0]) if page.after is not None else 0
    asked: dict[str, Any] = {"state": state, "wants_sign_off": wants_sign_off, "after": after, "limit": page.limit + 1}
    rows = await views.found(ctx.service.pool, ctx.tenant, people, stores, **asked)
    return ctx.show_page(page, rows, at=lambda row: (row["number"],), as_shown=_in_list)


async def sight_of(ctx: Context) -> tuple[list[str] | None, list[str] | None]:
    """Whose deals the caller may see: of these people, or of these stores; None, None: all."""
    if ctx.may():
        return None, None
    posts = await posts_of(ctx.service.pool, ctx.tenant) if ctx.caller.post.role != "agent" else []
    below = [post for post in posts if ctx.may(over=(post,))]
    return [ctx.caller.person, *(post.person for post in below)], sorted({post.store for post in below if post.store})


def _in_list(row: Any) -> dict[str, Any]:
    return {
        "id": id_of("dea", row["stream"]),
        "number": row["number"],
        "state": "settled" if row["standing"] == "outdated" else row["standing"],
        "store": row["store"],
        "listing": row["listing"],
        "client": row["client"],
        "wants_sign_off": row["wants_sign_off"],
    }


@routes.query("/v1/deals/{id}", act="deal.read")
async def show(ctx: Ctx, id: DealId) -> Response:
    """A deal with the lines of its settlement, each with its clauses and the entries it rests on (what was adjudicated before it stands at
    their end, at no points), what was booked anew since, and what everyone gets net."""
    deal, version = await seen(ctx, id)
    entries = (await ctx.service.log.history(ctx.tenant, id))[0][:version]
    settlement = deal.settled
    shown: dict[str, Any] = {
        "id": id,
        "state": deal.state,
        "kind": deal.terms.kind,
        "listing": deal.terms.listing,
        "client": deal.terms.client,
        "closers": deal.terms.closers,
        "named": {each.role: each.person for each in deal.terms.named},
        "price": None if deal.terms.price_fen is None else fen(deal.terms.price_fen),
        "fees": {kind: fen(amount) for kind, amount in deal.terms.fees.items()},
        "reported_by": deal.reporter,
        "store": deal.terms.store,
        "late_listing": deal.attached,
        "signed_off": deal.signed_off,
        "closing_time": deal.closing_time,
        "base": None,
        "lines": [],
        "adjudicated": adjusted(deal.adjustments),
        "corrections": corrections_of(entries),
        "net": [{"to": to, "amount": fen(amount)} for to, amount in aggregate.net(deal).items()],
        "notes": [],
        "disputes": [{"id": named, "state": disputed.standing} for named, disputed in deal.disputes.items()],
    }
    if settlement is not None:
        shown |= {
            "disputable_until": opens_until(deal, await ground(ctx.service.pool, ctx.tenant, ()))[1],
            "closing_time": settlement.closing_time,
            "pack": settlement.pack,
            "rounding": "largest_remainder",
            "roles": await _titles(ctx, settlement),
            **_booking(settlement, entered_before(entries)),
            "rebooked": None if deal.settlement in (None, settlement) else _booking(deal.settlement),
        }
    return ctx.show(shown, version=version)


def _booking(settlement: Settlement, entered: Sequence[Line] = ()) -> dict[str, Any]:
    """What a settlement books, and what it was judged on. What was settled is never edited: a correction is a booking beside it."""
    return {
        "base": fen(settlement.base_fen),
        "lines": lines_of((*settlement.lines, *entered)),
        "notes": settlement.notes,
        "cut": settlement.cut,
        "digest": settlement.digest,
    }


async def _titles(ctx: Context, settlement: Settlement) -> dict[str, Mapping[str, str]]:
    """What the pack of a split calls roles of its own, in both languages; nothing where all are the regulation's."""
    if all(line.role in ROLES for line in settlement.lines):
        return {}
    activated = (activation.pack for activation in await activations_of(ctx.service.pool, ctx.tenant))
    packs = chain(activated, (load(path) for path in shipped() if path.stem == settlement.pack.id))
    named = next((pack.roles.values() for pack in packs if pack.digest == settlement.pack.digest), ())
    return {role.name: role.title for role in named}


def lines_of(lines: Iterable[Line]) -> list[dict[str, Any]]:
    """Lines as they are shown: points as exact fractions, amounts in fen."""
    return [
        {
            "role": line.role,
            "to": line.to,
            "points": line.points,
            "amount": fen(line.amount_fen),
            "credit": line.credit,
            "clauses": line.clauses,
            "evidence": line.evidence,
            "by_analogy": line.by_analogy,
        }
        for line in lines
    ]


@routes.query("/v1/deals/{id}/replay", act="deal.read")
async def replay(
    ctx: Ctx,
    id: DealId,
    as_of: Instant | None = None,
    known_at: Instant | None = None,
    pack: Query64 | None = None,
    reading: Annotated[list[Chosen] | None, Query(max_length=len(READINGS))] = None,
    without: Annotated[list[EntryId] | None, Query(max_length=50)] = None,
    admit: Annotated[list[EntryId] | None, Query(max_length=50)] = None,
) -> Response:
    """The deal judged again from the journal: timeline, facts, lines, the difference to what was settled. Writes nothing."""
    deal, _ = await seen(ctx, id)
    readings = dict(chosen.split(":", 1) for chosen in reading or ())
    question = Question(as_of, known_at, pack, Alternative(tuple(without or ()), tuple(admit or ()), readings))
    replayed = await parts_of(ctx).bench.replay(ctx.tenant, id, question)
    settlement = replayed.settlement
    shown = {
        "deal": id,
        "state": deal.state,
        "as_of": as_of,
        "known_at": known_at,
        "closing_time": settlement.closing_time,
        "pack": settlement.pack,
        "cut": settlement.cut,
        "timeline": replayed.timeline,
        "facts": settlement.facts,
        "base": fen(settlement.base_fen),
        "lines": lines_of(settlement.lines),
        "notes": settlement.notes,
        "violations": [{"kind": one.kind, "clause": one.clause, "person": one.person} for one in settlement.violations],
        "roles": await _titles(ctx, settlement),
        "digest": settlement.digest,
        "settled": {"digest": deal.settlement.digest, "lines": lines_of(deal.settlement.lines)} if deal.settlement else None,
        "difference": [{"role": role, "to": to, "settled": fen(was), "replayed": fen(now)} for role, to, was, now in replayed.difference],
        "altered": replayed.altered,
        "same": replayed.same,
    }
    return ctx.show(shown)
