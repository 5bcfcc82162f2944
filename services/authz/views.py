"""Companies and posts, for reading and lists. May be dropped and rebuilt from the log."""

from services.authz.events import Confirmed, Founded, Joined, Left, Transferred
from shared import identity
from shared.entry import Entry
from shared.identity import Connection


async def project(connection: Connection, entry: Entry) -> None:
    match entry.event:
        case Joined(post=post) | Transferred(post=post) | Confirmed(post=post) | Left(post=post):
            await identity.keep_post(connection, entry.tenant, post)
        case Founded(name=name):
            await connection.execute(
                "insert into companies (tenant, number, name) values ($1, $2, $3) on conflict (tenant) do nothing",
                entry.tenant,
                entry.position,
                name,
            )
