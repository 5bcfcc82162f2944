"""Requests to authz: bodies, the one call each makes, answers."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Request
from msgspec import Struct
from pydantic import Field
from starlette.responses import Response

from services.authz import aggregate, views
from services.authz.aggregate import Company, Person
from services.authz.events import Departure
from services.authz.vault import Vault
from shared.calendar import now
from shared.entry import id_of, uuid_of
from shared.eventlog import Streams
from shared.identity import NO_COMPANY, Post, Role, Unauthenticated, post_of, posts_of
from shared.regulation import Refused, in_force
from shared.service import (
    Body,
    Code,
    CompanyId,
    Context,
    Ctx,
    Day,
    Declined,
    Paged,
    PersonId,
    Routes,
    Service,
    Short,
    done,
    entered,
    invalid,
    json_of,
)
from shared.tenure import activations_of

routes = Routes()


class Parts(Struct, frozen=True):
    companies: Streams[Company]
    people: Streams[Person]
    vault: Vault


class Found(Body):
    id: CompanyId | None = None
    name: Short


class Join(Body):
    id: PersonId | None = None
    store: Code | None = None
    team: Code | None = None
    area: Code | None = None
    role: Role = "agent"
    newcomer: bool = False
    phone: Short | None = None
    name: Short | None = None


class Transfer(Body):
    store: Code | None = None
    team: Code | None = None
    area: Code | None = None
    role: Role | None = None


class Leave(Body):
    kind: Departure


class GrantLeave(Body):
    from_: Annotated[Day, Field(alias="from")]
    to: Day
    maintainer: PersonId | None = None


class ApproveLeave(Body):
    from_: Annotated[Day, Field(alias="from")]
    to: Day


class Token(Body):
    person: PersonId | None = None
    head_office: bool = False
    company: CompanyId | None = None


class Contact(Body):
    tenant: CompanyId
    phone: Short
    name: Short | None = None


def _parts(ctx: Context) -> Parts:
    parts: Parts = ctx.parts
    return parts


@routes.command("/v1/companies", act="company.found")
async def found(ctx: Ctx, body: Found) -> Response:
    """Founds a company, a tenant of its own: 201."""
    id = body.id or ctx.new_id("cmp")
    if ctx.tenant not in (NO_COMPANY, uuid_of(id)):
        raise Refused("forbidden", act="company.found")
    outcome = await _parts(ctx).companies.begin(
        id, aggregate.found, command=ctx.command(uuid_of(id)), answer=entered(id, "name"), by=ctx.caller, name=body.name
    )
    return ctx.reply(outcome)


@routes.command("/v1/people", act="person.join")
async def join(ctx: Ctx, body: Join) -> Response:
    """Puts a person into a post: 201 (S-2)."""
    id = body.id or ctx.new_id("psn")
    if await _parts(ctx).companies.read(ctx.tenant, ctx.caller.company) is None:
        raise Refused("unknown_reference", field="company")
    contact = None
    if body.phone is not None:
        contact = await _contact(_parts(ctx).vault, ctx.tenant, body.phone, body.name)
    post = Post(id, body.store, body.team, body.area, body.role, body.newcomer, True, contact)
    outcome = await _parts(ctx).people.begin(
        id, aggregate.join, command=ctx.command(), answer=entered(id, "post"), by=ctx.caller, post=post
    )
    return ctx.reply(outcome)


@routes.command("/v1/people/{id}:transfer", act="person.transfer")
async def transfer(ctx: Ctx, id: PersonId, body: Transfer) -> Response:
    """Gives a person another post from now on (S-4). Without an area it is that of the new store, as its people have it."""
    there = await posts_of(ctx.service.pool, ctx.tenant, store=body.store, in_post=True) if body.store is not None else []
    area = body.area or next((post.area for post in there if post.area is not None), None)
    return await _change(ctx, id, aggregate.transfer, store=body.store, team=body.team, role=body.role, area=area)


@routes.command("/v1/people/{id}:confirm", act="person.confirm")
async def confirm(ctx: Ctx, id: PersonId) -> Response:
    """Ends a probation (C-1)."""
    return await _change(ctx, id, aggregate.confirm)


@routes.command("/v1/people/{id}:leave", act="person.leave")
async def leave(ctx: Ctx, id: PersonId, body: Leave) -> Response:
    """Records a departure; access ends at once (C-1, K-7)."""
    return await _change(ctx, id, aggregate.leave, kind=body.kind)


@routes.command("/v1/people/{id}:grant-leave", act="leave.grant")
async def grant_leave(ctx: Ctx, id: PersonId, body: GrantLeave) -> Response:
    """Grants leave, both days included; it may name a maintainer (C-1, B-1-3-7)."""
    maintainer = await post_of(ctx.service.pool, ctx.tenant, body.maintainer) if body.maintainer else None
    facts = {"first": body.from_, "last": body.to, "maintainer": body.maintainer, "maintainer_post": maintainer}
    return await _change(ctx, id, aggregate.grant_leave, **facts)


@routes.command("/v1/people/{id}:approve-leave", act="leave.approve")
async def approve_leave(ctx: Ctx, id: PersonId, body: ApproveLeave) -> Response:
    """Personnel approves a leave that is longer than the manager may grant alone (C-1)."""
    return await _change(ctx, id, aggregate.approve_leave, first=body.from_, last=body.to, days=await _days_alone(ctx))


async def _days_alone(ctx: Context) -> int:
    """How many days a manager grants alone, by the company's pack (C-1). Refused: no_pack."""
    activations = await activations_of(ctx.service.pool, ctx.tenant)
    days: int = in_force(activations, None, await ctx.service.log.now(ctx.tenant)).binding("C-1").days
    return days


@routes.query("/v1/leaves", act="leave.read")
async def leaves(ctx: Ctx, page: Paged, lacking: views.Lacking | None = None) -> Response:
    """Leaves in the order in which they were granted: one's own, those of people below, for personnel everyone's; `lacking`: those that
    want personnel's `approval`, or a `handover` to somebody (C-1)."""
    posts = await posts_of(ctx.service.pool, ctx.tenant)
    people = None if ctx.may() else [post.person for post in posts if ctx.may(own=post.person == ctx.caller.person, over=(post,))]
    rows = await views.leaves(
        ctx.service.pool, ctx.tenant, people, days=await _days_alone(ctx), lacking=lacking,
        after=int(page.after[0]) if page.after is not None else 0, limit=page.limit + 1,
    )  # fmt: skip
    return ctx.show_page(page, rows, at=lambda row: (row["number"],), as_shown=_leave)


def _leave(row: Any) -> dict[str, Any]:
    return {
        "person": id_of("psn", row["person"]),
        "from": row["first"],
        "to": row["last"],
        "days": row["days"],
        "maintainer": row["maintainer"],
        "granted_by": row["granted_by"],
        "granted_at": row["granted_at"],
        "needs_approval": row["needs_approval"],
        "approved_by": row["approved_by"],
        "approved_at": row["approved_at"],
    }


async def _change(ctx: Context, id: str, decide: object, **facts: object) -> Response:
    outcome = await _parts(ctx).people.change(id, decide, command=ctx.command(), answer=done(id, "post"), by=ctx.caller, **facts)  # type: ignore[arg-type]
    return ctx.reply(outcome)


@routes.query("/v1/people", act="person.read")
async def find(
    ctx: Ctx,
    page: Paged,
    store: Code | None = None,
    team: Code | None = None,
    role: Role | None = None,
    newcomer: bool | None = None,
    in_post: bool = True,
) -> Response:
    """People in post, or those who have left, in the order in which their ids were made; by store, team, role, and whether in probation."""
    rows = await views.people(
        ctx.service.pool, ctx.tenant, store=store, team=team, role=role, newcomer=newcomer, in_post=in_post,
        after=None if page.after is None else str(page.after[0]), limit=page.limit + 1,
    )  # fmt: skip
    return ctx.show_page(page, rows, at=lambda row: (id_of("psn", row["person"]),), as_shown=_in_list)


def _in_list(row: Any) -> dict[str, Any]:
    shown = {name: row[name] for name in ("store", "team", "area", "role", "newcomer", "in_post")}
    return {"id": id_of("psn", row["person"]), **shown}


@routes.query("/v1/people/{id}", act="person.read")
async def show(ctx: Ctx, id: PersonId) -> Response:
    """A person's post. Names and phones are in the vault, and not shown here. How somebody left is for those above and personnel (C-1)."""
    read = await _parts(ctx).people.read(ctx.tenant, id)
    if read is None:
        raise Refused("unknown_reference")
    person, version = read
    shown: dict[str, Any] = {"id": id, "post": person.post}
    if person.departed is not None and ctx.may("leave.read", own=ctx.caller.person == id, over=(person.post,)):
        shown["left"] = person.departed
    return ctx.show(shown, version=version)


@routes.open("POST", "/v1/tokens")
async def token(request: Request, body: Token) -> Response:
    """The development issuer: a token for a person in post, or for head office. There only if the service was started for development."""
    service: Service = request.app.state.service
    if not service.settings.development:
        raise Declined("not_found")
    if body.person is None and not body.head_office:
        raise invalid(("/person", "missing"))
    tenant = uuid_of(body.company) if body.company is not None else None
    if body.person is not None:
        await _in_post(service.parts, tenant, body.person)
    lives_s, now_s = service.settings.token_lives_s, int(now().timestamp())
    position = await service.pool.fetchval("select coalesce(max(position), 0) from log") if body.person else 0
    made = service.keys.mint(sub=body.person or "hq", tenant=tenant, now_s=now_s, lives_s=lives_s, position=position)
    return Response(
        json_of({"token": made, "expires_in_s": lives_s}), 201, media_type="application/json", headers={"cache-control": "no-store"}
    )


async def _in_post(parts: Parts, tenant: UUID | None, person: str) -> None:
    if tenant is None:
        raise invalid(("/company", "missing"))
    read = await parts.people.read(tenant, person)
    if read is None:
        raise Refused("unknown_reference", field="person")
    if not read[0].post.in_post:
        raise Refused("forbidden", act="person.read", whose="in_post")


@routes.open("POST", "/internal/contacts")
async def contact(request: Request, body: Contact) -> Response:
    """The vault's reference for a phone, for the other services only: 422 for what is no phone."""
    service: Service = request.app.state.service
    if not service.keys.is_internal(request.headers.get("authorization")):
        raise Unauthenticated
    given = await _contact(service.parts.vault, uuid_of(body.tenant), body.phone, body.name)
    return Response(json_of({"contact": given}), media_type="application/json")


async def _contact(vault: Vault, tenant: UUID, phone: str, name: str | None) -> str:
    try:
        return await vault.contact(tenant, phone, name)
    except ValueError:
        raise invalid(("/phone", "malformed_phone")) from None
