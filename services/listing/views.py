"""Listings as they are, for reading, lists and deadlines. May be dropped and rebuilt from the log."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Literal
from uuid import UUID

from msgspec import Struct, structs

from services.authz import events as authz
from services.commission import events as commission
from services.listing.aggregate import Listing, endings, evolve
from services.listing.events import AttemptFound, FollowedUp, House, Refuted
from services.listing.rules import Candidate
from shared import identity
from shared.conduct import substance
from shared.entry import Entry, id_of
from shared.identity import Connection
from shared.tenure import WARNED_BEFORE, keep_activation
from shared.view import View


async def project(connection: Connection, entry: Entry) -> None:
    match entry.event:
        case authz.Joined(post=post) | authz.Transferred(post=post) | authz.Confirmed(post=post) | authz.Left(post=post):
            await identity.keep_post(connection, entry.tenant, post, entry)
        case commission.Activated(document=document, store=store, start=start, at=at):
            await keep_activation(connection, entry.tenant, document, store, start, at)
        case FollowedUp(team=team, text=text, at=at):
            await LISTINGS.project(connection, entry)
            if team is not None:
                await connection.execute(
                    "insert into team_follow_ups (tenant, team, at, stream, version, text) values ($1, $2, $3, $4, $5, $6)"
                    " on conflict do nothing",
                    entry.tenant, team, at, entry.stream, entry.version, substance(text),
                )  # fmt: skip
        case Refuted(follow_up=int() as meant):  # counts as not made, so no later one is canned after it
            await LISTINGS.project(connection, entry)
            await connection.execute(
                "delete from team_follow_ups where tenant = $1 and stream = $2 and version = $3", entry.tenant, entry.stream, meant
            )
        case AttemptFound():
            pass
        case _ if entry.service == "listing":
            await LISTINGS.project(connection, entry)


def _columns(listing: Listing) -> dict[str, Any]:
    stands = listing.stands
    return {
        "kind": listing.kind,
        "recorder": listing.recorder,
        "correct": listing.correct,
        "status": listing.status,
        "concealed_by": listing.concealed_by,
        "concealed_until": listing.concealed_until,
        "holder": stands[0].holder,
        "until": stands[0].until,
        "next_holder": stands[1].holder if len(stands) > 1 else None,
        "next_until": stands[1].until if len(stands) > 1 else None,
        "last_holder": stands[2].holder if len(stands) > 2 else None,
        "turns_at": turns_at(listing),
        "entered_at": listing.entered_at,
    }


BEGINNING = datetime.min.replace(tzinfo=UTC)
"""Before everything: what will end from there on has not ended yet."""


def turns_at(listing: Listing) -> datetime | None:
    """When there is next something to announce: a lapse, the end of a concealment, or a day before, that they will come."""
    holders = [stand.holder for stand in listing.stands]
    announced = holders.index(listing.announced) if listing.announced in holders else 0
    concealed = [listing.concealed_until, listing.stands[0].until] if listing.concealed_by is not None else []
    running = structs.replace(listing, stands=listing.stands[announced:])
    warnings = [ending.until - WARNED_BEFORE for ending in endings(running, BEGINNING)]
    return min((instant for instant in (running.stands[0].until, *concealed, *warnings) if instant is not None), default=None)


LISTINGS = View("listings", Listing, evolve, _columns)


async def due(connection: Connection, limit: int) -> list[tuple[UUID, UUID]]:
    """Tenant and stream of listings with a lapse to announce, the longest due first; costs what is due, not what there is."""
    rows = await connection.fetch(
        "select tenant, stream from listings where turns_at <= (select greatest(clock_timestamp(), max(now)) from story_clock)"
        " and turns_at <= now_of(tenant) order by turns_at limit $1",
        limit,
    )
    return [(row["tenant"], row["stream"]) for row in rows]


async def number_of(connection: Connection, tenant: UUID, stream: UUID) -> int | None:
    """The listing's number 房源编号, given in the order of recording (B-2-1): its entry's position in the log."""
    number: int | None = await connection.fetchval("select number from listings where tenant = $1 and stream = $2", tenant, stream)
    return number


async def held_or_concealed_by(connection: Connection, tenant: UUID, person: str) -> list[UUID]:
    """The streams of listings in whose running course this person comes first, or that they conceal, in the order of their numbers."""
    rows = await connection.fetch(
        "select stream from listings where tenant = $1 and (holder = $2 or concealed_by = $2) order by number", tenant, person
    )
    return [row["stream"] for row in rows]


async def held_by_anyone(connection: Connection, tenant: UUID, after: int, limit: int) -> list[tuple[int, UUID]]:
    """Number and stream of listings that someone else than the company holds or held last, by their numbers after `after`."""
    rows = await connection.fetch(
        "select number, stream from listings where tenant = $1 and number > $2 and holder <> 'company' order by number limit $3",
        tenant, after, limit,
    )  # fmt: skip
    return [(row["number"], row["stream"]) for row in rows]


async def alike(connection: Connection, tenant: UUID, team: str | None, stream: UUID, since: datetime | None) -> list[tuple[str, str]]:
    """Id and substance of a team's follow-ups since an instant on its listings but this one, the latest first; without either none."""
    if team is None or since is None:
        return []
    rows = await connection.fetch(
        "select stream, version, text from team_follow_ups where tenant = $1 and team = $2 and at >= $3 and stream <> $4"
        " order by at desc, version desc limit 1000",
        tenant, team, since, stream,
    )  # fmt: skip
    return [(f"{id_of('lst', row['stream'])}@{row['version']}", row["text"]) for row in rows]


async def places_of(connection: Connection, tenant: UUID, person: str) -> dict[int, UUID]:
    """Which of a person's places for concealment are taken, and by which listing: from the claims, which are never behind."""
    rows = await connection.fetch(
        "select key, stream from claims where tenant = $1 and kind = 'concealment' and key like $2", tenant, f"{person}/%"
    )
    return {int(row["key"].partition("/")[2]): row["stream"] for row in rows}


async def violations_of(connection: Connection, tenant: UUID, kind: str, person: str) -> int:
    """How many violations of a kind whose repeats count a person has, from the claims, which are never behind."""
    count: int = await connection.fetchval(
        "select count(*) from claims where tenant = $1 and kind = 'violation' and key like $2", tenant, f"{kind}/{person}/%"
    )
    return count


async def entered_by(connection: Connection, tenant: UUID, people: Sequence[str], since: datetime) -> list[Candidate]:
    """What these people recorded since an instant, in the order of numbers, but what was found to be a duplicate already (A-2.14)."""
    rows = await connection.fetch(
        "select stream, number, state from listings where tenant = $1 and recorder = any($2) and entered_at >= $3 order by number",
        tenant, people, since,
    )  # fmt: skip
    told = [(id_of("lst", row["stream"]), row["number"], LISTINGS.state_of(row["state"])) for row in rows]
    return [
        Candidate(id, number, it.kind, it.house, it.owner, it.draft, it.missing, it.entered_at, it.recorder)
        for id, number, it in told
        if not it.duplicate
    ]


Which = Literal["mine", "pool", "ending", "lapsed", "left_behind", "all"]

_HOLDER = (
    "case when until is null or until > $2 then holder when next_until is null or next_until > $2 then next_holder else last_holder end"
)
_CONCEALED = "(concealed_by is not null and (concealed_until is null or concealed_until > $2) and (until is null or until > $2))"
_WHICH: dict[Which, str] = {
    "mine": "holder = $4 and (until is null or until > $2)",
    "pool": f"{_HOLDER} = any($5)",
    "ending": "holder = $4 and until > $2 and until <= $2 + interval '1 day'",
    "lapsed": "holder = $4 and until <= $2",
    "left_behind": f"{_HOLDER} = any($10)",
    "all": "true",
}


class Sight(Struct, frozen=True):
    """Who looks: themselves, the accounts they may claim from, and whose concealed listings they see besides (None: everyone's). `left`:
    who of those below has left, whose listings are to be shared out (A-2.11)."""

    person: str
    accounts: tuple[str, ...]
    below: tuple[str, ...] | None
    left: tuple[str, ...]


async def found(
    connection: Connection,
    tenant: UUID,
    now: datetime,
    which: Which,
    sight: Sight,
    *,
    kind: str | None,
    status: str | None,
    after: int,
    limit: int,
) -> list[Any]:
    """Listings of a sort that may be seen, in the order of their numbers after `after`; `held_by` is who holds at `now`. Empty if none."""
    rows: list[Any] = await connection.fetch(
        f"select stream, number, kind, recorder, status, correct, version, state, {_HOLDER} as held_by, {_CONCEALED} as concealed"  # noqa: S608
        f" from listings where tenant = $1 and number > $3 and {_WHICH[which]}"
        " and ($6::text is null or kind = $6) and ($7::text is null or status = $7)"
        f" and (not {_CONCEALED} or $8::text[] is null or holder = $4 or recorder = $4 or holder = any($8) or recorder = any($8))"
        " and $5::text[] is not null and $10::text[] is not null order by number limit $9",
        tenant, now, after, sight.person, list(sight.accounts), kind, status, None if sight.below is None else list(sight.below), limit,
        list(sight.left),
    )  # fmt: skip
    return rows


def house_of(row: Any) -> House:
    return LISTINGS.state_of(row["state"]).house
