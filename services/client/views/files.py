"""Lists of files to work off: contacts due and overdue, what lacks a plan or a check, losses, important clients, successors, findings."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from services.client.events import Finding
from services.client.views.clients import HOLDER
from shared.identity import Connection

Which = Literal[
    "due", "overdue", "without_plan", "without_check", "losses", "given_up", "important", "too_few_agents", "without_successor", "findings"
]

_IN_CONTACT = (
    f"cardinality(contacts) + case when {HOLDER} like 'psn%' and {HOLDER} is distinct from left_by and not contacts @> array[{HOLDER}]"
    " then 1 else 0 end"
)
"""K-8: how many agents are in contact at $2; an account is none, nor is who has left."""

_WHICH: dict[Which, tuple[str, str]] = {
    "due": ("due > $2", "due"),
    "overdue": ("due <= $2", "due"),
    "without_plan": ("lacks_plan", "to_timestamp(0)"),
    "without_check": ("lacks_check", "to_timestamp(0)"),
    "losses": ("loss_reported_at is not null", "loss_reported_at"),
    "given_up": ("given_up", "to_timestamp(0)"),
    "important": ("agents_min is not null", "to_timestamp(0)"),
    "too_few_agents": (f"{_IN_CONTACT} < agents_min", "to_timestamp(0)"),
    "without_successor": ("left_by is not null", "left_at"),
    "findings": ("findings <> '{}' and ($9::text is null or findings @> array[$9])", "to_timestamp(0)"),
}
"""Each list's condition, and what it is ordered by before the number: the soonest due, the longest waiting first. All but those given up
have to be open besides."""


async def found(
    connection: Connection,
    tenant: UUID,
    now: datetime,
    which: Which,
    person: str,
    below: Sequence[str] | None,
    *,
    of: str | None,
    finding: Finding | None,
    after: tuple[datetime, int] | None,
    limit: int,
) -> list[Any]:
    """Files of a list: those that `person` holds or is in contact with, and those whose holder or recorder is among `below` (None:
    everyone's); only what `of` looks after, if they are named. With `since`, what the list is ordered by, and `held_by` at `now`."""
    condition, order = _WHICH[which]
    openness = "not is_open" if which == "given_up" else "is_open"
    rows: list[Any] = await connection.fetch(
        f"select * from (select stream, number, version, state, {HOLDER} as held_by, {order} as since from clients"  # noqa: S608
        f" where tenant = $1 and {openness} and {condition}"
        f" and ($4::text[] is null or {HOLDER} = $3 or contacts @> array[$3] or {HOLDER} = any($4) or recorder = any($4))"
        f" and ($5::text is null or {HOLDER} = $5 or contacts @> array[$5]) and $9::text is not distinct from $9) as list"
        " where $6::timestamptz is null or (since, number) > ($6, $7) order by since, number limit $8",
        tenant, now, person, None if below is None else list(below), of,
        None if after is None else after[0], 0 if after is None else after[1], limit, finding,
    )  # fmt: skip
    return rows


async def examined(connection: Connection, tenant: UUID, now: datetime, half: str) -> list[Any]:
    """K-9: of the files that the check of a half year looked at, for each holder at `now`: how many, how many of them are in order,
    and of each finding how often it was found and how often it is open still. Closed files are counted no more."""
    rows: list[Any] = await connection.fetch(
        f"select {HOLDER} as held_by, found, findings, count(*) as files from clients"  # noqa: S608
        " where tenant = $1 and half = $3 and is_open and examined group by 1, 2, 3",
        tenant, now, half,
    )  # fmt: skip
    return rows
