"""Two processes of one service write at once, and whoever reads on misses nothing."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from shared.entry import Entry, new_id
from shared.eventlog import EventLog
from tests.databases import NewDatabase
from tests.shared.log_toy import TENANT, command, open_room, rooms_of, running

ROOMS, NOTES = 8, 40


async def writing(dsn: str, rooms: list[str]) -> int:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.shared.log_toy", dsn, str(NOTES), *rooms, cwd=Path(__file__).parents[2]
    )
    return await process.wait()


async def read_on(log: EventLog, until: int) -> list[Entry]:
    """All entries, read as they come: always those beyond the last one seen."""
    seen: list[Entry] = []
    while len(seen) < until:
        seen += await log.read(seen[-1].position if seen else 0, 7)
    return seen


async def test_two_writers_leave_no_gap_for_a_reader(database: NewDatabase) -> None:
    own = await database("toys")
    async with running(own.dsn) as log:
        rooms = [new_id("roo") for _ in range(ROOMS)]
        for n, room in enumerate(rooms):
            await rooms_of(log).begin(room, open_room, command=command(), number=f"{n}")
        total = ROOMS + 2 * ROOMS * NOTES
        async with asyncio.timeout(90):
            seen, *codes = await asyncio.gather(read_on(log, total), writing(own.dsn, rooms), writing(own.dsn, rooms))
        assert codes == [0, 0]
        assert [entry.position for entry in seen] == list(range(1, total + 1))
        assert await log.read(total, 10) == []
        times = [entry.recorded_at for entry in seen]
        assert times == sorted(times)
        for room in rooms:
            entries, _ = await log.history(TENANT, room)
            assert [entry.version for entry in entries] == list(range(1, 2 * NOTES + 2))
