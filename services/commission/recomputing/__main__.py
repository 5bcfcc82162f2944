"""A process that recomputes. It is asked on its standard input, one JSON document a line, and answers on its standard output.

    python -m services.commission.recomputing                what is asked, at once
    python -m services.commission.recomputing queue RUN      what is asked, but by whoever drains the queue
    python -m services.commission.recomputing drain          what stands in the queue, until it is told to stop

`FENYONG_DATABASE` is commission's, which it only reads; `FENYONG_NATS` is the broker.
"""

import asyncio
import gc
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import msgspec
import uvloop

from services.commission.recomputing.answering import Recomputer
from services.commission.recomputing.asking import Answer, Chunks, Job, Plan, Refusal
from shared.regulation import Refused

_READ_ONLY = {"default_transaction_read_only": "on", "application_name": "fenyong recompute"}


def main() -> None:
    # What a chunk is made of goes with it, without cycles: the collector need hardly look, and between chunks finds little to look at.
    gc.freeze()
    gc.set_threshold(1_000_000, 10, 1000)
    match sys.argv[1:]:
        case []:
            uvloop.run(_answer())
        case ["queue", run]:
            from services.commission.recomputing import queue  # here, since whoever is asked directly needs no broker, and starts sooner

            uvloop.run(queue.ask(os.environ["FENYONG_NATS"], run, asked(), say))
        case ["drain"]:
            from services.commission.recomputing import queue

            uvloop.run(queue.drain(os.environ["FENYONG_NATS"], recomputer))
        case _:
            sys.exit(__doc__)


@asynccontextmanager
async def recomputer() -> AsyncIterator[Recomputer]:
    connection = await asyncpg.connect(os.environ["FENYONG_DATABASE"], server_settings=_READ_ONLY)
    try:
        yield Recomputer(connection)
    finally:
        await connection.close()


async def _answer() -> None:
    async with recomputer() as bench:
        async for what in asked():
            say(await _answered(bench, what))


async def _answered(bench: Recomputer, what: Plan | Job) -> Chunks | Answer | Refusal:
    try:
        return await (bench.plan(what) if isinstance(what, Plan) else bench.answer(what))
    except Refused as refused:
        return Refusal(refused.code, refused.facts)


async def asked() -> AsyncIterator[Plan | Job]:
    decode = msgspec.json.Decoder(Plan | Job).decode
    while line := await asyncio.to_thread(sys.stdin.buffer.readline):
        yield decode(line)


def say(what: Chunks | Answer | Refusal) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(what) + b"\n")
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
