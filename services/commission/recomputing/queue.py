"""The same work as a queue: jobs in a JetStream stream that any number of workers drain, their answers in another.

A job is handed to one worker and stays in the stream until its answer is stored. A worker that dies is forgotten after a while, and its job
handed to another; an answer that comes twice is stored once. Nothing of it is a record: with NATS' store lost, one asks again.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Final

import msgspec
import nats
import nats.errors
import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerConfig, RetentionPolicy, StreamConfig

from services.commission.recomputing.answering import Recomputer
from services.commission.recomputing.asking import Answer, Job, Plan
from shared.bus.broker import stay_connected
from shared.bus.condition import database_is_away
from shared.bus.together import together

JOBS = "FENYONG_RECOMPUTE"
ANSWERS = "FENYONG_RECOMPUTED"
# Five tokens: what has four is an entry of the log, and stands in the service's own stream.
_JOBS = "fenyong.commission.recompute.jobs."
_ANSWERS = "fenyong.commission.recompute.answers."
_WORKERS = "recomputers"
_KEPT_S = 7 * 24 * 3600.0
_KNOWN_AGAIN_S = 3600.0
"""For so long a job or an answer that comes again is known by its id."""
AGAIN_AFTER_S: Final = float(os.environ.get("FENYONG_RECOMPUTE_AGAIN_AFTER_S", "60"))
"""A worker that has not answered for so long is taken for dead."""
_IN_HAND = 3
"""Jobs that a worker has at once: one that it works on, one whose answer is being stored, and one that waits, so that it never does."""
_AT_ONCE = 100
_LOOK_AGAIN_S = 5.0

log = structlog.get_logger("recompute")


async def ask(url: str, run: str, asked: AsyncIterator[Plan | Job], say: Callable[[Answer], None]) -> None:
    """Puts all jobs in, and says their answers as they come."""
    client = await nats.connect(url, error_cb=_complain)
    try:
        stream = await make(client)
        jobs = [what async for what in asked if isinstance(what, Job)]
        await enqueue(stream, run, jobs)
        async for answer in answers(stream, run, len(jobs)):
            say(answer)
    finally:
        await client.close()


async def drain(url: str, recomputer: Callable[[], AbstractAsyncContextManager[Recomputer]]) -> None:
    """Answers jobs for ever, over as many connections as it takes. While the database is away a job is handed out again later."""

    async def work(client: Client) -> None:
        try:
            async with recomputer() as bench:
                await drained_by(await make(client), bench.answer)
        except Exception as fault:
            if database_is_away(fault):
                raise OSError("the database is away") from fault
            raise

    await stay_connected(url, "recomputer", work)


async def _complain(fault: Exception) -> None:
    log.warning("broker error", error=repr(fault))


async def make(client: Client) -> JetStreamContext:
    """The two streams and the workers' common place in the first, made if they are not there."""
    stream = client.jetstream()
    rest: dict[str, Any] = {"max_age": _KEPT_S, "duplicate_window": _KNOWN_AGAIN_S}
    await stream.add_stream(StreamConfig(JOBS, subjects=[f"{_JOBS}*"], retention=RetentionPolicy.WORK_QUEUE, **rest))
    await stream.add_stream(StreamConfig(ANSWERS, subjects=[f"{_ANSWERS}*"], retention=RetentionPolicy.LIMITS, **rest))
    await stream.add_consumer(JOBS, ConsumerConfig(durable_name=_WORKERS, ack_policy=AckPolicy.EXPLICIT, ack_wait=AGAIN_AFTER_S))
    return stream


async def enqueue(stream: JetStreamContext, run: str, jobs: Sequence[Job]) -> None:
    """Puts jobs in; those of this run that are there already, or were lately, are left as they are."""
    for first in range(0, len(jobs), _AT_ONCE):
        await asyncio.gather(*(_put(stream, _JOBS + run, run, job.chunk.number, job) for job in jobs[first : first + _AT_ONCE]))


async def answers(stream: JetStreamContext, run: str, jobs: int) -> AsyncIterator[Answer]:
    """The answers of a run as they come, those that are there first, each once; ends when there is one to each job."""
    seen: set[int] = set()
    subscription = await stream.subscribe(_ANSWERS + run, stream=ANSWERS, ordered_consumer=True)
    try:
        while len(seen) < jobs:
            try:
                message = await subscription.next_msg(_LOOK_AGAIN_S)
            except nats.errors.TimeoutError:
                continue
            answer = _ANSWER(message.data)
            if answer.number not in seen:
                seen.add(answer.number)
                yield answer
    finally:
        await subscription.unsubscribe()


async def drained_by(stream: JetStreamContext, answer: Callable[[Job], Awaitable[Answer]]) -> None:
    """Answers one job after another, for ever. An answer is stored before its job is done with, while others are taken and answered."""
    turn = asyncio.Lock()

    async def in_turn(job: Job) -> Answer:
        async with turn:
            return await answer(job)

    await together(*[_drained_by(stream, in_turn) for _ in range(_IN_HAND)])


async def _drained_by(stream: JetStreamContext, answer: Callable[[Job], Awaitable[Answer]]) -> None:
    subscription = await stream.pull_subscribe_bind(_WORKERS, JOBS)
    while True:
        try:
            (message,) = await subscription.fetch(1, _LOOK_AGAIN_S)
        except nats.errors.TimeoutError:
            continue
        await _answered(stream, message, answer)


async def _answered(stream: JetStreamContext, message: Msg, answer: Callable[[Job], Awaitable[Answer]]) -> None:
    try:
        job = _JOB(message.data)
    except ValueError as fault:
        log.error("no job", error=str(fault))
        await message.term()
        return
    run = message.subject.removeprefix(_JOBS)
    await _put(stream, _ANSWERS + run, run, job.chunk.number, await answer(job))
    await message.ack_sync()


async def _put(stream: JetStreamContext, subject: str, run: str, number: int, what: Job | Answer) -> None:
    await stream.publish(subject, msgspec.json.encode(what), headers={"Nats-Msg-Id": f"{run}:{number}"})


_JOB = msgspec.json.Decoder(Job).decode
_ANSWER = msgspec.json.Decoder(Answer).decode
