"""What a loop says of the world it needs: one log line when it changes, none while it stays.

Loops of the bus outlive a stopped Postgres and a stopped NATS. While one is away they try again, with growing pauses, and keep silent:
a machine that is down for an hour is two lines in the log, not seven thousand.
"""

import asyncio

import asyncpg
import nats.errors
import structlog
from prometheus_client import Counter

BROKER_TROUBLE: tuple[type[Exception], ...] = (nats.errors.Error, OSError)  # a TimeoutError is an OSError

ALARMS = Counter("fenyong_bus_alarms", "What should not be on the bus: forged, unreadable, out of order", ["source", "why"])
PARKED = Counter("fenyong_parked", "Entries parked because they failed", ["service", "source"])

_GOOD_BYE = "another operation (2) is in progress"  # 2 is the state of a connection that has been told why it ends
_DATABASE_AWAY: tuple[type[Exception], ...] = (
    OSError,  # refused, reset, no socket file yet, timed out (a TimeoutError is one)
    asyncpg.PostgresConnectionError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.CannotConnectNowError,
    asyncpg.IdleSessionTimeoutError,
    asyncpg.TooManyConnectionsError,
)


def database_is_away(error: BaseException) -> bool:
    """Whether the error says that Postgres cannot be reached just now, rather than that a statement was wrong."""
    if isinstance(error, asyncpg.InterfaceError):  # one class for our own mistakes and for a connection that has gone
        return "closed" in str(error) or "closing" in str(error)
    if isinstance(error, asyncpg.InternalClientError):  # it has said good-bye, and has not hung up yet
        return _GOOD_BYE in str(error)
    return isinstance(error, _DATABASE_AWAY)


class Condition:
    """The present condition of one thing (a lease, a connection, a feed); a change is said once, at the level its kind deserves."""

    def __init__(self, subject: str, **names: str) -> None:
        self._log = structlog.get_logger("bus").bind(**names)
        self._subject = subject
        self._now: str | None = None

    @property
    def now(self) -> str | None:
        return self._now

    def well(self, condition: str, **facts: object) -> None:
        self._change(condition, "info", facts)

    def ill(self, condition: str, **facts: object) -> None:
        self._change(condition, "warning", facts)

    def _change(self, condition: str, level: str, facts: dict[str, object]) -> None:
        if condition == self._now:
            return
        self._now = condition
        getattr(self._log, level)(f"{self._subject} {condition}", **facts)


class Pauses:
    """Growing pauses between attempts, from `first_s` doubling to `last_s`; `over()` begins anew once something worked."""

    def __init__(self, first_s: float = 0.02, last_s: float = 1.0) -> None:
        self._first_s, self._last_s, self._next_s = first_s, last_s, first_s

    def over(self) -> None:
        self._next_s = self._first_s

    def next_s(self) -> float:
        now_s, self._next_s = self._next_s, min(self._next_s * 2, self._last_s)
        return now_s

    async def pause(self) -> None:
        await asyncio.sleep(self.next_s())
