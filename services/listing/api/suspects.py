"""Requests about suspects: what looks like deliberate duplicates and junk, for managers to find (A-2.14)."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from starlette.responses import Response

from services.listing import rules, views
from services.listing.rules import Candidate, Suspect
from shared.identity import Post, posts_of
from shared.regulation import Activation, Refused, in_force
from shared.service import Code, Context, Ctx, Paged, Routes
from shared.tenure import activations_of

routes = Routes()
Place = tuple[str, int, str]
"""Where a suspect stands in the list: its team, what it lacks of 100 percent, its entries."""


@routes.query("/v1/suspects", act="suspect.read")
async def find(ctx: Ctx, page: Paged, team: Code | None = None) -> Response:
    """The suspects among what each team below entered in the days of its pack: by team, the most suspect first. What was found to be a
    duplicate already is none any more."""
    now = await ctx.service.log.now(ctx.tenant)
    after: Place = ("", 0, "") if page.after is None else (str(page.after[0]), int(page.after[1]), str(page.after[2]))
    activations = await activations_of(ctx.service.pool, ctx.tenant)
    rows: list[tuple[Place, Suspect]] = []
    for name, members in _teams(await _below(ctx), team):
        if name >= after[0] and len(rows) <= page.limit:
            rows += [row for row in await _of_team(ctx, name, members, activations, now) if row[0] > after]
    return ctx.show_page(page, rows[: page.limit + 1], at=lambda row: row[0], as_shown=_shown)


async def _below(ctx: Context) -> list[Post]:
    return [post for post in await posts_of(ctx.service.pool, ctx.tenant) if ctx.may(over=(post,))]


def _teams(posts: Sequence[Post], wanted: str | None) -> Iterator[tuple[str, list[Post]]]:
    """Teams by name, with those who are in them now; who is in none stands alone."""
    teams: dict[str, list[Post]] = defaultdict(list)
    for post in posts:
        teams[post.team or post.person].append(post)
    yield from sorted((name, members) for name, members in teams.items() if wanted in (None, name))


async def _of_team(
    ctx: Context, name: str, members: Sequence[Post], activations: Sequence[Activation], now: datetime
) -> list[tuple[Place, Suspect]]:
    here = next((post for post in members if post.in_post), members[0])
    try:
        pack = in_force(activations, here.store, now)
    except Refused:
        return []  # where no pack is in force there is no rule to be suspected by
    since = rules.suspected_since(pack, now)
    if since is None:
        return []
    entries = await views.entered_by(ctx.service.pool, ctx.tenant, [post.person for post in members], since)
    found = [(_place(name, suspect), suspect) for suspect in rules.suspects(pack, entries, now)]
    return sorted(found, key=lambda row: row[0])


def _place(team: str, suspect: Suspect) -> Place:
    first_two = (f"{entry.number:012}" for entry in suspect.entries[:2])
    return team, 100 - suspect.percent, " ".join([*first_two, suspect.why])


def _shown(row: tuple[Place, Suspect]) -> dict[str, Any]:
    (team, _, _), suspect = row
    meant = suspect.entries if suspect.why == "unfinished" else suspect.entries[1:]
    return {
        "clause": "A-2.14",
        "why": suspect.why,
        "percent": suspect.percent,
        "team": None if team.startswith("psn_") else team,
        "listings": [_listing(entry) for entry in suspect.entries],
        "evidence": [f"{entry.id}@1" for entry in suspect.entries],
        "next": [{"act": "listing.find_duplicate", "post": f"/v1/listings/{entry.id}:find-duplicate"} for entry in meant],
    }


def _listing(entry: Candidate) -> dict[str, Any]:
    return {
        "id": entry.id,
        "number": entry.number,
        "kind": entry.kind,
        "house": entry.house,
        "recorder": entry.recorder,
        "entered_at": entry.entered_at,
        "missing": entry.missing,
    }
