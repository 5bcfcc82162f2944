"""A violation that lies in what was refused: it has a stream of its own."""

from collections.abc import Iterable
from datetime import datetime

from services.listing.aggregate.entering import repeated
from services.listing.aggregate.listing import violation_claim
from services.listing.events import AttemptFound
from shared.eventlog import Claim
from shared.regulation import Pack


def attempted_phone(*, person: str, ordinal: int, pack: Pack, at: datetime) -> list[AttemptFound]:
    """A-2.13: the attempt to enter an agent's phone as the owner's; the entry itself was refused. A repeat proposes dismissal."""
    return [AttemptFound(repeated("agent_phone_as_owner", "A-2.13", person, ordinal, pack), ordinal, at)]


def evolve_attempt(attempt: AttemptFound | None, event: AttemptFound) -> AttemptFound:
    return event


def claims_of_attempt(attempt: AttemptFound | None, event: AttemptFound) -> Iterable[Claim]:
    yield violation_claim(event.violation, event.ordinal)
