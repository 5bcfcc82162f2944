"""The table of posts that every service keeps from what authz says."""

from __future__ import annotations

from datetime import datetime
from typing import Any, TypeAlias
from uuid import UUID

import asyncpg
import msgspec
from asyncpg.pool import PoolConnectionProxy

from shared.entry import Entry, id_of, uuid_of
from shared.identity.people import Post

Connection: TypeAlias = "asyncpg.Connection[Any] | PoolConnectionProxy[Any] | asyncpg.Pool[Any]"


async def keep_post(connection: Connection, tenant: UUID, post: Post, told: Entry | None = None) -> None:
    """Writes a person's post into the view, over the one before; with the entry that told it, also into what `post_at` reads."""
    if told is not None:
        await connection.execute(
            "insert into posts_past (tenant, person, since, position, post) values ($1, $2, $3, $4, $5) on conflict do nothing",
            tenant, uuid_of(post.person), told.effective_at, told.position, msgspec.json.encode(post),
        )  # fmt: skip
    await connection.execute(
        "insert into posts (tenant, person, store, team, area, role, newcomer, in_post, contact)"
        " values ($1, $2, $3, $4, $5, $6, $7, $8, $9)"
        " on conflict (tenant, person) do update set store = excluded.store, team = excluded.team, area = excluded.area,"
        " role = excluded.role, newcomer = excluded.newcomer, in_post = excluded.in_post, contact = excluded.contact",
        tenant, uuid_of(post.person), post.store, post.team, post.area, post.role, post.newcomer, post.in_post, post.contact,
    )  # fmt: skip


async def post_of(connection: Connection, tenant: UUID, person: str) -> Post | None:
    """The person's post as heard so far; None if this company has nobody of that id."""
    posts = await posts_of(connection, tenant, person=person)
    return posts[0] if posts else None


async def post_at(connection: Connection, tenant: UUID, person: str, cause: Entry) -> Post | None:
    """The person's post when an entry of another service was recorded, for acts that are heard of only after it has changed; the earliest
    if they joined later. Of posts told at that very instant, those count that the entry's writer had heard."""
    kept: bytes | None = await connection.fetchval(
        "select post from posts_past where tenant = $1 and person = $2"
        " order by (since, position) <= ($3, $4) desc, abs(extract(epoch from since - $3)), position desc limit 1",
        tenant, uuid_of(person), cause.effective_at, cause.meta.after.get("authz", 0),
    )  # fmt: skip
    return msgspec.json.decode(kept, type=Post) if kept is not None else None


async def left_since(connection: Connection, tenant: UUID, holder: str) -> datetime | None:
    """Since when somebody has left, as heard here; None if they have not, or are an account."""
    if not holder.startswith("psn_"):
        return None
    row = await connection.fetchrow(
        "select since, post from posts_past where tenant = $1 and person = $2 order by since desc, position desc limit 1",
        tenant, uuid_of(holder),
    )  # fmt: skip
    return None if row is None or msgspec.json.decode(row["post"], type=Post).in_post else row["since"]


async def posts_of(
    connection: Connection,
    tenant: UUID,
    *,
    person: str | None = None,
    store: str | None = None,
    team: str | None = None,
    area: str | None = None,
    role: str | None = None,
    contact: str | None = None,
    in_post: bool | None = None,
) -> list[Post]:
    """The company's posts that match everything given, in the order the people's ids were made; empty if nobody does."""
    given = {
        "person": uuid_of(person) if person is not None else None,
        "store": store, "team": team, "area": area, "role": role, "contact": contact, "in_post": in_post,
    }  # fmt: skip
    wanted = {column: value for column, value in given.items() if value is not None}
    conditions = "".join(f" and {column} = ${number}" for number, column in enumerate(wanted, start=2))
    rows = await connection.fetch(  # the conditions are our own column names
        "select person, store, team, area, role, newcomer, in_post, contact from posts where tenant = $1" + conditions + " order by person",  # noqa: S608
        tenant,
        *wanted.values(),
    )
    return [Post(**{**row, "person": id_of("psn", row["person"])}) for row in rows]
