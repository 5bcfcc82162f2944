"""Requests about clients' files: what keeps them up, and the lists to work off (K-2 to K-10)."""

from collections import Counter, defaultdict
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field
from starlette.responses import Response

from services.client import aggregate, rules
from services.client.aggregate import Client
from services.client.api.parts import change_client, holders_below
from services.client.events import Channel, Finding, Level, Source
from services.client.views import files as views
from services.client.views.clients import CLIENTS
from shared.entry import id_of
from shared.identity import posts_of
from shared.service import Body, ClientId, Context, Ctx, Day, Paged, PersonId, Reason, Routes, Text

routes = Routes()

Wished = Annotated[str, Field(max_length=200)]


class Amend(Body):
    floor: Wished | None = None
    area: Wished | None = None
    orientation: Wished | None = None
    price: Wished | None = None
    needs: Wished | None = None
    source: Source | None = None


class SetLevel(Body):
    level: Level


class Planned(Body):
    on: Day | None = None
    what: Text | None = None


class Checking(Body):
    finding: Literal["sound", "wanting"]
    note: Reason


class Lost(Body):
    on: Day | None = None
    reason: Text | None = None
    chosen: Text | None = None


class Why(Body):
    reason: Reason


class Important(Body):
    important: bool = True


class Agent(Body):
    agent: PersonId


class Told(Body):
    channel: Channel
    note: Reason


class Excuse(Body):
    finding: Finding
    reason: Reason


@routes.command("/v1/clients/{id}:amend", act="client.amend")
async def amend(ctx: Ctx, id: ClientId, body: Amend) -> Response:
    """Adds to what is known of a client, or puts it right (K-2)."""
    given = {name: getattr(body, name) for name in ("floor", "area", "orientation", "price", "needs")}
    return await change_client(ctx, id, aggregate.amend, given=given, source=body.source)


@routes.command("/v1/clients/{id}:set-level", act="client.set_level")
async def set_level(ctx: Ctx, id: ClientId, body: SetLevel) -> Response:
    """Says how keen the client is, which sets when the next contact is due (K-3)."""
    return await change_client(ctx, id, aggregate.set_level, level=body.level)


@routes.command("/v1/clients/{id}:plan", act="client.plan")
async def plan(ctx: Ctx, id: ClientId, body: Planned) -> Response:
    """Plans the next contact (K-2)."""
    return await change_client(ctx, id, aggregate.plan, on=body.on, what=body.what)


@routes.command("/v1/clients/{id}:check", act="client.check")
async def check(ctx: Ctx, id: ClientId, body: Checking) -> Response:
    """A manager checks the file, and says what to do (K-2)."""
    return await change_client(ctx, id, aggregate.check, finding=body.finding, note=body.note)


@routes.command("/v1/clients/{id}:hand-over", act="client.hand_over")
async def hand_over(ctx: Ctx, id: ClientId) -> Response:
    """The home was handed over; the follow-up after signing ends (K-2)."""
    return await change_client(ctx, id, aggregate.hand_over)


@routes.command("/v1/clients/{id}:reopen", act="client.reopen")
async def reopen(ctx: Ctx, id: ClientId) -> Response:
    """Takes a client up again who was given up, or whose home was handed over (K-4)."""
    return await change_client(ctx, id, aggregate.reopen)


@routes.command("/v1/clients/{id}:report-loss", act="client.report_loss")
async def report_loss(ctx: Ctx, id: ClientId, body: Lost) -> Response:
    """Reports a client lost: when, why, what was chosen instead; the manager accepts it or not (K-4)."""
    return await change_client(ctx, id, aggregate.report_loss, on=body.on, reason=body.reason, chosen=body.chosen)


@routes.command("/v1/clients/{id}:accept-loss", act="client.accept_loss")
async def accept_loss(ctx: Ctx, id: ClientId) -> Response:
    """The manager gives the client up (K-4)."""
    return await change_client(ctx, id, aggregate.accept_loss)


@routes.command("/v1/clients/{id}:return-loss", act="client.return_loss")
async def return_loss(ctx: Ctx, id: ClientId, body: Why) -> Response:
    """The manager does not; the agent goes on (K-4)."""
    return await change_client(ctx, id, aggregate.return_loss, reason=body.reason)


@routes.command("/v1/clients/{id}:mark-important", act="client.mark_important")
async def mark_important(ctx: Ctx, id: ClientId, body: Important) -> Response:
    """Marks a client important, or no longer: such a one has several agents in contact (K-8)."""
    return await change_client(ctx, id, aggregate.mark_important, important=body.important)


@routes.command("/v1/clients/{id}:add-contact", act="client.add_contact")
async def add_contact(ctx: Ctx, id: ClientId, body: Agent) -> Response:
    """Puts another agent in contact with the client (K-8)."""
    return await change_client(ctx, id, aggregate.add_contact, names=(body.agent,), agent=body.agent)


@routes.command("/v1/clients/{id}:remove-contact", act="client.remove_contact")
async def remove_contact(ctx: Ctx, id: ClientId, body: Agent) -> Response:
    """An agent is in contact no longer (K-8)."""
    return await change_client(ctx, id, aggregate.remove_contact, agent=body.agent)


@routes.command("/v1/clients/{id}:tell-successor", act="client.tell_successor")
async def tell_successor(ctx: Ctx, id: ClientId, body: Told) -> Response:
    """The client was told that their agent has left, and who looks after them now (K-10)."""
    return await change_client(ctx, id, aggregate.tell_successor, channel=body.channel, note=body.note)


@routes.command("/v1/clients/{id}:excuse", act="client.excuse")
async def excuse(ctx: Ctx, id: ClientId, body: Excuse) -> Response:
    """A manager lets a finding of the half-yearly check be (K-9)."""
    return await change_client(ctx, id, aggregate.excuse, finding=body.finding, reason=body.reason)


# Lists


@routes.query("/v1/files", act="client.read")
async def find(
    ctx: Ctx, page: Paged, which: views.Which = "due", agent: PersonId | None = None, finding: Finding | None = None
) -> Response:
    """Files to work off: one's own, those below; `which`: contacts `due` and `overdue`, files `without_plan` or `without_check`, `losses`
    to answer, clients `given_up`, `important` ones and those with `too_few_agents`, clients `without_successor` or not told of one,
    `findings` of the half-yearly check. The soonest due and the longest waiting first."""
    now, below = await ctx.service.log.now(ctx.tenant), await holders_below(ctx)
    rows = await views.found(
        ctx.service.pool, ctx.tenant, now, which, ctx.caller.person, below,
        of=agent, finding=finding, after=place_of(page), limit=page.limit + 1,
    )  # fmt: skip
    return ctx.show_page(page, rows, at=lambda row: (row["since"].isoformat(), row["number"]), as_shown=lambda row: _in_list(row, now))


def place_of(page: Paged) -> tuple[datetime, int] | None:
    """Where a page of a list goes on that is ordered by an instant and the number."""
    return None if page.after is None else (datetime.fromisoformat(str(page.after[0])), int(page.after[1]))


def _in_list(row: Any, now: datetime) -> dict[str, Any]:
    client = CLIENTS.state_of(row["state"])
    head = {"id": id_of("cli", row["stream"]), "number": row["number"], "kind": client.kind, "recorder": client.recorder}
    return {**head, "holder": row["held_by"], **file_shown(client, row["held_by"], now)}


def file_shown(client: Client, holder: str, now: datetime) -> dict[str, Any]:
    """What a reader of a file sees of it besides what is known of the client."""
    file, due = client.file, client.file.next_due
    return {
        "source": file.source,
        "first_contact": file.first_contact,
        "last_contact": file.last_contact,
        "level": file.level,
        "due": due,
        "overdue": due is not None and now >= due,
        "plan": file.plan,
        "check": file.check,
        "loss_report": file.report,
        "closed": file.closed,
        "important": file.agents_min is not None,
        "in_contact": sorted(rules.in_contact(holder, file.contacts, file.left_by)),
        "agents_min": file.agents_min,
        "left_by": file.left_by,
        "findings": file.findings,
    }


@routes.query("/v1/file-checks", act="client.read")
async def checks(ctx: Ctx) -> Response:
    """The check of this half year, store by store: how many files it looked at, what it found, and what of that is open (K-9)."""
    now, below = await ctx.service.log.now(ctx.tenant), await holders_below(ctx)
    half = rules.half_of(now)
    stores: dict[str, list[Any]] = defaultdict(list)
    store_of = await _stores(ctx)
    for row in await views.examined(ctx.service.pool, ctx.tenant, now, half):
        if below is None or row["held_by"] in below or row["held_by"] == ctx.caller.person:
            stores[store_of.get(row["held_by"], "company")].append(row)
    told = [_checked(name, rows) for name, rows in sorted(stores.items())]
    return ctx.show({"half": half, "until": rules.next_half_begins(half), "stores": told})


async def _stores(ctx: Context) -> dict[str, str]:
    """The store of every person, and of every team's account, that has one."""
    posts = [post for post in await posts_of(ctx.service.pool, ctx.tenant) if post.store is not None]
    teams = {f"team:{post.team}": str(post.store) for post in posts if post.team is not None}
    return {**teams, **{post.person: str(post.store) for post in posts}}


def _checked(store: str, rows: list[Any]) -> dict[str, Any]:
    found: Counter[str] = Counter()
    still_open: Counter[str] = Counter()
    for row in rows:
        found.update(dict.fromkeys(row["found"], row["files"]))
        still_open.update(dict.fromkeys(row["findings"], row["files"]))
    in_order = sum(row["files"] for row in rows if not row["findings"])
    return {"store": store, "files": sum(row["files"] for row in rows), "in_order": in_order, "found": found, "open": still_open}
