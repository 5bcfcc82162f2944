"""A view that keeps each stream's folded state with the columns that its lists and deadlines ask for. May be dropped and rebuilt."""

from collections.abc import Callable
from typing import Any, Generic, TypeVar

import msgspec

from shared.entry import Entry
from shared.identity import Connection

State = TypeVar("State")


class View(Generic[State]):
    """The table `table(tenant, stream, number, version, state, ...)`. `number` is the position of a stream's first entry: who was first."""

    def __init__(self, table: str, state: Any, evolve: Callable[[Any, Any], State], columns: Callable[[State], dict[str, Any]]) -> None:
        # The table's and columns' names are this code's own, never a caller's.
        self.table = table
        self._read = f"select state from {table} where tenant = $1 and stream = $2"  # noqa: S608
        self._decoder: msgspec.json.Decoder[State] = msgspec.json.Decoder(state)
        self._evolve = evolve
        self._columns = columns

    def state_of(self, kept: bytes) -> State:
        """The state that a row of the table holds."""
        return self._decoder.decode(kept)

    async def project(self, connection: Connection, entry: Entry) -> None:
        before = await connection.fetchval(self._read, entry.tenant, entry.stream)
        state = self._evolve(None if before is None else self.state_of(before), entry.event)
        columns = {"version": entry.version, "state": msgspec.json.encode(state), **self._columns(state)}
        if before is None:
            columns["number"] = entry.position
            places = ", ".join(f"${place}" for place in range(3, 3 + len(columns)))
            sql = f"insert into {self.table} (tenant, stream, {', '.join(columns)}) values ($1, $2, {places})"  # noqa: S608
        else:
            settings = ", ".join(f"{name} = ${place}" for place, name in enumerate(columns, start=3))
            sql = f"update {self.table} set {settings} where tenant = $1 and stream = $2"  # noqa: S608
        await connection.execute(sql, entry.tenant, entry.stream, *columns.values())
