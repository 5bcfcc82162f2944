"""`make bench`: starts servers of its own and runs every measurement, `bench_*.py`, one after the other."""

from __future__ import annotations

import asyncio
import importlib
import tempfile
from pathlib import Path

import uvloop

from deploy.servers import Postgres


def main() -> None:
    modules = sorted(path.stem for path in Path(__file__).parent.glob("bench_*.py"))
    with tempfile.TemporaryDirectory(prefix="fenyong-bench-") as folder, Postgres(Path(folder) / "postgres") as postgres:
        for module in modules:
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:  # the loop that the services run on
                runner.run(importlib.import_module(f"tests.bench.{module}").main(postgres.dsn()))


if __name__ == "__main__":
    main()
