"""Clients, visits, grades and complaints as they are, for reading, lists and deadlines; and which listings and deals there are. May be
dropped and rebuilt from the logs."""

from services.authz import events as authz
from services.client.events import ComplaintEvent, DealFell, DealStands, Event, GradingEvent, RatingEvent, VisitEvent
from services.client.views import clients, complaints, fees, grades, visits
from services.commission import events as commission
from services.listing import events as listing
from shared import identity
from shared.entry import Entry
from shared.identity import Connection
from shared.tenure import keep_activation


async def project(connection: Connection, entry: Entry) -> None:
    match entry.event:
        case authz.Joined(post=post) | authz.Transferred(post=post) | authz.Confirmed(post=post) | authz.Left(post=post):
            await identity.keep_post(connection, entry.tenant, post, entry)
        case commission.Activated(document=document, store=store, start=start, at=at):
            await keep_activation(connection, entry.tenant, document, store, start, at)
        case listing.Entered(correct=correct) | listing.Completed(correct=correct):
            await connection.execute(
                "insert into listings_heard (tenant, stream, correct) values ($1, $2, $3)"
                " on conflict (tenant, stream) do update set correct = listings_heard.correct or excluded.correct",
                entry.tenant,
                entry.stream,
                correct,
            )
        case commission.Signed(terms=terms) | commission.Reported(terms=terms):
            await complaints.keep_deal(connection, entry.tenant, entry.stream_id)
            await fees.keep(connection, entry, terms)
        case commission.Cancelled():
            await fees.drop(connection, entry)
        case _ if entry.service == "client":
            await _project_own(connection, entry)


async def _project_own(connection: Connection, entry: Entry) -> None:
    match entry.event:
        case event if isinstance(event, VisitEvent):
            await visits.VISITS.project(connection, entry)
        case event if isinstance(event, RatingEvent):
            await grades.keep_rating(connection, entry)
        case event if isinstance(event, GradingEvent):
            await grades.keep_grading(connection, entry)
        case event if isinstance(event, ComplaintEvent):
            await complaints.COMPLAINTS.project(connection, entry)
        case event if isinstance(event, Event):
            await clients.CLIENTS.project(connection, entry)
            await grades.keep_call(connection, entry)
            if isinstance(event, DealStands | DealFell):
                await complaints.keep_deal(connection, entry.tenant, event.deal)
