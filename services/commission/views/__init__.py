"""The journal of everyone's entries, and deals and violations as they are. All but the journal may be dropped and rebuilt."""

from services.authz import events as authz
from services.client import events as client
from services.commission.events import Activated, PrivateDealingFound, Proposed, Settled, ViolationEvent
from services.commission.views import courses, deals, disputes, journal, ledger, violations
from services.listing import events as listing
from shared import identity
from shared.entry import Entry
from shared.identity import Connection
from shared.tenure import keep_activation


async def project(connection: Connection, entry: Entry) -> None:
    if entry.service == "commission":
        await _project_own(connection, entry)
        return
    await courses.keep(connection, entry)
    match entry.event:
        case authz.Joined(post=post) | authz.Transferred(post=post) | authz.Confirmed(post=post) | authz.Left(post=post):
            await identity.keep_post(connection, entry.tenant, post)
            await journal.keep_names(connection, entry, post)
        case client.Viewed():
            await journal.keep_viewing(connection, entry, entry.event)
        case client.Entered(duplicate_of=first) if first is not None:
            await journal.keep_name(connection, entry, "record", first)
        case listing.ViolationFound() | listing.AttemptFound() | client.ViolationFound():
            await violations.keep(connection, entry, [entry.event.violation])


async def _project_own(connection: Connection, entry: Entry) -> None:
    match entry.event:
        case Activated(document=document, store=store, start=start, at=at):
            await keep_activation(connection, entry.tenant, document, store, start, at)
            return
        case Proposed():
            await violations.keep_proposal(connection, entry, entry.event)
            return
        case event if isinstance(event, ViolationEvent):
            await violations.keep_answer(connection, entry)
            return
        case Settled(settlement=settlement):
            await violations.keep(connection, entry, settlement.violations)
        case PrivateDealingFound(violation=violation) if violation is not None:
            await violations.keep(connection, entry, [violation])
    await disputes.keep(connection, entry)
    await ledger.keep(connection, entry)
    await deals.DEALS.project(connection, entry)
