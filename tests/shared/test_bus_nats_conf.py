"""The production configuration of NATS: each service speaks in its own name only, and nobody can destroy a stream."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import socket
import subprocess
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import nats
import pytest
from nats.aio.client import Client

import deploy
from deploy.migrate import SERVICES
from deploy.servers import free_port, nats_program
from services.commission.recomputing import Answer, Asked, Chunk, Job, queue
from shared.bus.stream import Stream
from tests.shared.bus_toy import until
from tests.shared.test_bus_message import ENTRY

PASSWORDS = {service: secrets.token_hex(8) for service in SERVICES}


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    number = free_port()
    program = subprocess.Popen(
        [
            *(str(nats_program()), "-c", str(Path(deploy.__file__).with_name("nats.conf"))),
            *("-a", "127.0.0.1", "-p", str(number), "-sd", str(tmp_path_factory.mktemp("store"))),
        ],
        env={**os.environ, **{f"FENYONG_NATS_{service.upper()}": word for service, word in PASSWORDS.items()}},
        stderr=subprocess.DEVNULL,
    )
    try:
        while True:
            assert program.poll() is None, "NATS has ended"
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", number), 1):
                break
        yield number
    finally:
        program.kill()
        program.wait()


@contextlib.asynccontextmanager
async def speaking_as(service: str, port: int) -> AsyncIterator[tuple[Client, list[str]]]:
    """A connection of that service, and what NATS forbade it."""
    forbidden: list[str] = []

    async def note(error: Exception) -> None:
        forbidden.append(str(error))

    client = await nats.connect(f"nats://{service}:{PASSWORDS[service]}@127.0.0.1:{port}", error_cb=note, allow_reconnect=False)
    try:
        yield client, forbidden
    finally:
        await client.close()


async def test_a_service_writes_its_own_stream_and_reads_the_others(port: int) -> None:
    async with speaking_as("listing", port) as (listing, one), speaking_as("client", port) as (client, other):
        stream = Stream(listing, "listing")
        await stream.make()
        entry = msgspec.structs.replace(ENTRY, service="listing")
        assert await stream.append([entry, entry], last=0, seal=None) == 2
        assert [message.data for message in await Stream(client, "listing").page(1)] == [ENTRY.data] * 2
        assert (one, other) == ([], [])


async def test_the_commission_keeps_a_queue_of_deals_to_recompute(port: int) -> None:
    at = datetime(2024, 3, 14, tzinfo=UTC)
    jobs = [Job(Asked(), Chunk(number, "cmp_1", (at, 1), (at, 2), 3, 9)) for number in range(3)]
    async with speaking_as("commission", port) as (one, said), speaking_as("commission", port) as (other, too):
        draining = asyncio.create_task(queue.drained_by(await queue.make(one), answering))
        stream = await queue.make(other)
        await queue.enqueue(stream, "a-run", jobs)
        assert sorted([answer.number async for answer in queue.answers(stream, "a-run", len(jobs))]) == [0, 1, 2]
        draining.cancel()
        await asyncio.wait([draining])
        assert (said, too) == ([], [])


async def answering(job: Job) -> Answer:
    return Answer(job.chunk.number, job.chunk.company, job.chunk.deals, job.chunk.deals, 0, ())


@pytest.mark.parametrize(
    "subject",
    [
        "fenyong.listing.listing.FollowedUp",
        "fenyong.listing.watermark",
        "$JS.API.STREAM.CREATE.FENYONG_LISTING",
        "$JS.API.STREAM.UPDATE.FENYONG_CLIENT",
        "$JS.API.STREAM.DELETE.FENYONG_CLIENT",
        "$JS.API.STREAM.PURGE.FENYONG_CLIENT",
        "$JS.API.STREAM.MSG.DELETE.FENYONG_CLIENT",
        "$JS.API.CONSUMER.MSG.NEXT.FENYONG_RECOMPUTE.recomputers",
        "$SYS.REQ.SERVER.PING",
    ],
)
async def test_a_service_cannot_speak_for_another_nor_destroy_anything(port: int, subject: str) -> None:
    async with speaking_as("client", port) as (client, forbidden):
        await client.publish(subject, b"{}")
        await until(lambda: any("permissions violation" in said.lower() for said in forbidden))


async def test_without_its_password_nobody_gets_in(port: int) -> None:
    async def ignore(error: Exception) -> None: ...

    with pytest.raises((nats.errors.Error, asyncio.TimeoutError)):
        await nats.connect(f"nats://listing:guessed@127.0.0.1:{port}", error_cb=ignore, allow_reconnect=False, max_reconnect_attempts=1)
