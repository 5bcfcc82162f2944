"""Each half year every file is looked through; what is found is put right, or excused by a manager (K-9)."""

from datetime import datetime

from services.client import rules
from services.client.aggregate.client import Client
from services.client.events import Event, Examined, Finding, FindingExcused
from shared.identity import Caller, allow
from shared.regulation import Refused
from shared.tenure import Ground, holder_at


def examine(client: Client, *, ground: Ground, at: datetime) -> list[Event]:
    """K-9: looks the file through once in each half year that begins after its entry, and puts on record what is wanting, be it nothing.
    What is closed is not looked at."""
    file, half = client.file, rules.half_of(at)
    if file.closed or half <= file.half:
        return []
    found = rules.findings(
        ground.pack_of(holder_at(client.stands, at), at),
        source=file.source,
        level=file.level,
        is_planned=file.plan is not None,
        is_checked=file.check is not None,
        is_duplicate=client.first is not None,
        last_contact=file.last_contact,
        at=at,
    )
    return [Examined(half, found, at)]


def excuse(client: Client, *, by: Caller, finding: Finding, reason: str, ground: Ground, at: datetime) -> list[Event]:
    """K-9: a manager above lets a finding be, for a reason; never who looks after the client."""
    holder = holder_at(client.stands, at)
    allow(by, "client.excuse", over=ground.named(holder, client.recorder), party=by.person in (holder, *client.file.contacts))
    if finding not in client.file.findings:
        raise Refused("finding_not_open", "K-9", finding=finding)
    return [FindingExcused(by.person, finding, reason, at)]
