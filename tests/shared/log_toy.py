"""A toy aggregate for the tests of the log: rooms that are opened, noted upon and closed. As a program it writes, so that two can race."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import asyncpg
import msgspec

from shared.entry import Codec
from shared.eventlog import Answer, Claim, Command, EventLog, Streams

TENANT = UUID("0190a0a0-0000-7000-8000-000000000001")
OTHER_TENANT = UUID("0190a0a0-0000-7000-8000-000000000002")
NOON = datetime(2025, 3, 1, 4, tzinfo=UTC)  # in Shanghai


class Opened(msgspec.Struct, frozen=True):
    number: str
    at: datetime


class Noted(msgspec.Struct, frozen=True):
    text: str
    at: datetime
    lapses_at: datetime | None = None


class Closed(msgspec.Struct, frozen=True):
    number: str
    at: datetime


CODEC = Codec("toys", room=("roo", Opened | Noted | Closed))


class Room(msgspec.Struct, frozen=True):
    number: str
    notes: tuple[str, ...] = ()
    turns_at: datetime | None = None
    is_open: bool = True


def evolve(room: Room | None, event: Opened | Noted | Closed) -> Room:
    if room is None:
        assert isinstance(event, Opened)
        return Room(event.number)
    match event:
        case Noted(text=text, lapses_at=lapses_at):
            return msgspec.structs.replace(room, notes=(*room.notes, text), turns_at=lapses_at)
        case Closed():
            return msgspec.structs.replace(room, is_open=False)
        case Opened():
            return msgspec.structs.replace(room, is_open=True)


def claims_of(room: Room | None, event: Opened | Noted | Closed) -> Iterable[Claim]:
    match event:
        case Opened(number=number):
            yield Claim("number", number)
        case Closed(number=number):
            yield Claim("number", number, release=True)
        case Noted():
            pass


def open_room(*, at: datetime, number: str) -> list[Opened]:
    return [Opened(number, at)]


def note(room: Room, *, at: datetime, text: str) -> list[Noted]:
    return [Noted(text, at)]


def close(room: Room, *, at: datetime) -> list[Closed]:
    return [Closed(room.number, at)]


def command(key: str | None = None, *, fingerprint: bytes = b"", caller: str = "agent", tenant: UUID = TENANT) -> Command:
    return Command(tenant, caller, key=key, fingerprint=fingerprint, caller=caller)


def versioned(room: Any, version: int) -> Answer:
    return Answer(201, f"{room.number} {version}".encode())


@asynccontextmanager
async def running(dsn: str) -> AsyncIterator[EventLog]:
    async with asyncpg.create_pool(dsn, min_size=1, max_size=8) as pool:
        log = EventLog("toys", CODEC, pool=pool, dsn=dsn)
        await log.start()
        try:
            yield log
        finally:
            await log.stop()


def rooms_of(log: EventLog) -> Streams[Room]:
    return Streams(log, "roo", evolve, claims_of)


async def write_notes(dsn: str, rooms: list[str], notes: int) -> None:
    """Notes in the same rooms as another process does, each as often as it takes."""
    async with running(dsn) as log:
        for n in range(notes):
            await asyncio.gather(*(_insist(log, room, f"{n}") for room in rooms))


async def _insist(log: EventLog, room: str, text: str) -> None:
    verdict = "version"
    while verdict == "version":
        entries, at = await log.history(TENANT, room)
        verdict = (await log.append(TENANT, room, len(entries), [Noted(text, at)], command=command())).verdict
    assert verdict == "done"


if __name__ == "__main__":
    asyncio.run(write_notes(sys.argv[1], sys.argv[3:], int(sys.argv[2])))
