"""The eventsourcing library's own recorder test cases on our log, and one of its applications reading it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from typing import Any
from uuid import UUID

import pytest
from eventsourcing.application import Application
from eventsourcing.domain import DomainEventProtocol
from eventsourcing.persistence import ApplicationRecorder, Mapper
from eventsourcing.tests import persistence as library

from shared.entry import EntryMapper, Placed, new_id, uuid_of
from tests.databases import NewDatabase
from tests.shared.log_recorder import BlockingRecorder
from tests.shared.log_toy import CODEC, Noted, Opened, Room, command, evolve, note, open_room, rooms_of, running

CASES = [
    (library.ApplicationRecorderTestCase, "test_insert_select"),
    (library.ApplicationRecorderTestCase, "test_performance"),
    (library.ApplicationRecorderTestCase, "test_concurrent_no_conflicts"),
    (library.ApplicationRecorderTestCase, "test_concurrent_throughput"),
    (library.AggregateRecorderTestCase, "test_insert_and_select"),
    (library.AggregateRecorderTestCase, "test_performance"),
]


class AggregatesOnly(BlockingRecorder):
    """An aggregate recorder says nothing of positions."""

    def insert_events(self, *args: Any, **kwargs: Any) -> None:
        super().insert_events(*args, **kwargs)


@pytest.mark.parametrize(("case", "name"), CASES, ids=lambda value: value if isinstance(value, str) else value.__name__)
async def test_the_librarys_case(database: NewDatabase, case: Any, name: str) -> None:
    own = await database("toys")
    recorder_class = AggregatesOnly if case is library.AggregateRecorderTestCase else BlockingRecorder
    recorder = await asyncio.to_thread(recorder_class, own.dsn, first=0)

    class OnOurLog(case):  # type: ignore[misc]
        INITIAL_VERSION = 0

        def create_recorder(self) -> BlockingRecorder:
            return recorder

    try:
        await asyncio.to_thread(OnOurLog(name).debug)
    finally:
        await asyncio.to_thread(recorder.close)


class OurRooms(Application[UUID]):
    """An application of the library that opens our log; it has no way to write."""

    def __init__(self, recorder: BlockingRecorder) -> None:
        self.opened = recorder
        super().__init__()

    def construct_mapper(self) -> Mapper[UUID]:
        return EntryMapper(CODEC)

    def construct_recorder(self) -> ApplicationRecorder:
        return self.opened


def project(room: Any, events: Iterable[DomainEventProtocol[UUID]]) -> Any:
    for placed in events:
        assert isinstance(placed, Placed)
        room = evolve(room, placed.event)
    return room


@pytest.fixture
def recorders() -> Iterator[list[BlockingRecorder]]:
    made: list[BlockingRecorder] = []
    yield made
    for recorder in made:
        recorder.close()


async def test_an_application_of_the_library_reads_our_log(database: NewDatabase, recorders: list[BlockingRecorder]) -> None:
    own = await database("toys")
    async with running(own.dsn) as log:
        id = new_id("roo")
        await rooms_of(log).begin(id, open_room, command=command(), number="101")
        await rooms_of(log).change(id, note, command=command(), text="damp")
        begun, changed = await log.read(0, 10)
    recorders.append(await asyncio.to_thread(BlockingRecorder, own.dsn))

    def read() -> tuple[Any, list[Any], list[int]]:
        with OurRooms(recorders[0]) as rooms:
            room = rooms.repository.get(uuid_of(id), projector_func=project)
            events = [placed.event for placed in rooms.events.get(uuid_of(id)) if isinstance(placed, Placed)]
            return room, events, [notification.id for notification in rooms.notification_log.select(1, 10)]

    room, events, positions = await asyncio.to_thread(read)
    assert room == Room("101", ("damp",))
    assert events == [Opened("101", begun.at), Noted("damp", changed.at)]
    assert positions == [1, 2]
