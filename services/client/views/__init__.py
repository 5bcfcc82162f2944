"""Clients and visits as they are, for reading, lists and deadlines; and which listings may be shown. May be dropped and rebuilt from the
logs."""

from services.authz import events as authz
from services.client.events import Event, VisitEvent
from services.client.views import clients, visits
from services.commission import events as commission
from services.listing import events as listing
from shared import identity
from shared.entry import Entry
from shared.identity import Connection
from shared.tenure import keep_activation


async def project(connection: Connection, entry: Entry) -> None:
    match entry.event:
        case authz.Joined(post=post) | authz.Transferred(post=post) | authz.Confirmed(post=post) | authz.Left(post=post):
            await identity.keep_post(connection, entry.tenant, post)
        case commission.Activated(document=document, store=store, start=start):
            await keep_activation(connection, entry.tenant, document, store, start)
        case listing.Entered(correct=correct) | listing.Completed(correct=correct):
            await connection.execute(
                "insert into listings_heard (tenant, stream, correct) values ($1, $2, $3)"
                " on conflict (tenant, stream) do update set correct = listings_heard.correct or excluded.correct",
                entry.tenant,
                entry.stream,
                correct,
            )
        case event if isinstance(event, VisitEvent):
            await visits.VISITS.project(connection, entry)
        case event if isinstance(event, Event):
            await clients.CLIENTS.project(connection, entry)
