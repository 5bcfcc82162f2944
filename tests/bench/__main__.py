"""`make bench`: starts servers of its own and runs every measurement, `bench_*.py`, one after the other; or those that are named."""

from __future__ import annotations

import argparse
import asyncio
import importlib
import tempfile
from pathlib import Path

import asyncpg
import uvloop

from deploy.servers import Postgres

MEASUREMENTS = sorted(path.stem.removeprefix("bench_") for path in Path(__file__).parent.glob("bench_*.py"))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("measurements", nargs="*", metavar="|".join(MEASUREMENTS), help="which of them; all if none is named")
    parser.add_argument("--flush-delay-us", type=int, default=0, metavar="N", help="let every flush of Postgres take so much longer")
    asked = parser.parse_args()
    if unknown := set(asked.measurements) - set(MEASUREMENTS):
        parser.error(f"there is no measurement {' or '.join(sorted(unknown))}: there are {', '.join(MEASUREMENTS)}")
    with tempfile.TemporaryDirectory(prefix="fenyong-bench-") as folder, Postgres(Path(folder) / "postgres") as postgres:
        if asked.flush_delay_us:
            asyncio.run(_delay_flushes(postgres.dsn(), asked.flush_delay_us))
        for name in asked.measurements or MEASUREMENTS:
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:  # the loop that the services run on
                runner.run(importlib.import_module(f"tests.bench.bench_{name}").main(postgres.dsn()))


async def _delay_flushes(dsn: str, delay_us: int) -> None:
    """As a slower disk would: Postgres waits before each flush of its log, whether others commit meanwhile or not."""
    connection = await asyncpg.connect(dsn)
    for setting in (f"commit_delay = {delay_us}", "commit_siblings = 0"):
        await connection.execute(f"alter system set {setting}")
    await connection.execute("select pg_reload_conf()")
    await connection.close()
    print(f"commit_delay = {delay_us} us before every flush")


if __name__ == "__main__":
    main()
