"""Who holds, until when, and who after; and what a decision knows of the people and packs around it.

A course is worked out once, by the service that decides, and travels in the event: whoever reads it knows the holder at any
instant without a rule and without a sweeper. Holders are people (`psn_...`), a team's account (`team:G1`) or `company`.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct, structs

from shared import identity, regulation
from shared.entry import Entry
from shared.identity import Connection, Post
from shared.regulation import Activation, Pack

COMPANY = "company"
WARNED_BEFORE = timedelta(days=1)
"""How long before the end of a term it is announced."""


class Stand(Struct, frozen=True, omit_defaults=True):
    """`holder` holds while an instant is before `until` (None: without end); `clause` names the rule that ends it."""

    holder: str
    until: datetime | None = None
    clause: str | None = None


Stands = tuple[Stand, ...]


def stand_at(stands: Stands, at: datetime) -> Stand:
    """The part of a course in which `at` falls. A lapse comes before acts at the same instant."""
    return stands[terms_ended(stands, at)]


def terms_ended(stands: Stands, at: datetime) -> int:
    """How many terms of a course have ended by `at`: the place in it of who holds then."""
    for place, stand in enumerate(stands):
        if stand.until is None or at < stand.until:
            return place
    raise AssertionError("the last of a course is without end")


def holder_at(stands: Stands, at: datetime) -> str:
    return stand_at(stands, at).holder


def has_lapsed(stands: Stands, at: datetime) -> bool:
    """Whether a term of this course has ended by `at`."""
    return stands[0].until is not None and at >= stands[0].until


def ends_soon(until: datetime, at: datetime) -> bool:
    """Whether an end is near enough to be announced, and has not come."""
    return until - WARNED_BEFORE <= at < until


def stopped(stands: Stands, at: datetime) -> Stands:
    """The course when terms stop at `at`: who holds then goes on holding."""
    return (Stand(holder_at(stands, at)),)


def not_before(stands: Stands, at: datetime) -> Stands:
    """The course with its first lapse no earlier than `at` (a refutation never makes a lapse of the past)."""
    first = stands[0]
    if first.until is None or first.until >= at:
        return stands
    return (Stand(first.holder, at, first.clause), *stands[1:])


class Ground(Struct, frozen=True):
    """The posts of everyone a decision names, accounts included, and the packs that have been activated."""

    posts: Mapping[str, Post]
    activations: tuple[Activation, ...]

    def post(self, holder: str) -> Post | None:
        return self.posts.get(holder)

    def named(self, *holders: str) -> tuple[Post, ...]:
        """The posts of those among these holders that have one."""
        return tuple(post for holder in holders if (post := self.posts.get(holder)) is not None)

    def pack_of(self, holder: str, at: datetime) -> Pack:
        """The pack in force at `at` for the holder's store (the company's for the company's account). Refused: no_pack."""
        post = self.posts.get(holder)
        return regulation.in_force(self.activations, post.store if post else None, at)


async def ground(connection: Connection, tenant: UUID, names: Iterable[str | None], cause: Entry | None = None) -> Ground:
    """What a decision about these people and accounts stands on, as this service has heard it by now. What an entry of another service
    caused stands on the posts of that instant, whatever was heard of first; only, who has left since has left."""
    posts: dict[str, Post] = {}
    for name in {n for n in names if n is not None and n != COMPANY}:
        post = await _post_of(connection, tenant, name)
        if post is not None and cause is not None and (then := await _post_at(connection, tenant, name, cause)) is not None:
            post = structs.replace(then, in_post=post.in_post)
        if post is not None:
            posts[name] = post
    return Ground(posts, await activations_of(connection, tenant))


def looking(
    connection: Connection, tenant: UUID, *names: str | None, cause: Entry | None = None
) -> Callable[[Any, datetime], Awaitable[dict[str, Any]]]:
    """The `look` of a decision about something that is held: the ground under its holders, its recorder and who else is named."""

    async def look(state: Any, at: datetime) -> dict[str, Any]:
        held = () if state is None else (*(stand.holder for stand in state.stands), state.recorder)
        return {"ground": await ground(connection, tenant, (*held, *names), cause)}

    return look


async def keep_activation(
    connection: Connection, tenant: UUID, document: Mapping[str, Any], store: str | None, start: datetime, at: datetime | None = None
) -> None:
    """Keeps a pack's activation, recorded `at` (None: ever since), where `ground` finds it. A pack that was activated is kept as it is,
    whatever a later check would say."""
    await connection.execute(
        "insert into activations (tenant, store, start, document, recorded_at) values ($1, $2, $3, $4, $5) on conflict do nothing",
        tenant,
        store or "",
        start,
        msgspec.json.encode(document),
        at,
    )


async def activations_of(connection: Connection, tenant: UUID) -> tuple[Activation, ...]:
    """Every activation of a company, in the order of their beginnings."""
    rows = await connection.fetch("select store, start, document, recorded_at from activations where tenant = $1 order by start", tenant)
    return tuple(Activation(_pack(row["document"]), row["start"], row["store"] or None, row["recorded_at"]) for row in rows)


@lru_cache(maxsize=256)
def _pack(document: bytes) -> Pack:
    return regulation.load(msgspec.json.decode(document))


async def _post_at(connection: Connection, tenant: UUID, name: str, cause: Entry) -> Post | None:
    return None if name.startswith("team:") else await identity.post_at(connection, tenant, name, cause)


async def _post_of(connection: Connection, tenant: UUID, name: str) -> Post | None:
    """A person's post; of a team's account the place where the team is, None if nobody has ever been in it."""
    if not name.startswith("team:"):
        return await identity.post_of(connection, tenant, name)
    team = name.removeprefix("team:")
    members = await identity.posts_of(connection, tenant, team=team)
    member = next((m for m in members if m.in_post), members[0] if members else None)
    return Post(person=name, store=member.store, team=team, area=member.area) if member else None
