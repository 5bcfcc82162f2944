"""Whole stacks for tests, each on a copy of one cluster whose databases are made and migrated once for all workers."""

from __future__ import annotations

import asyncio
import fcntl
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from deploy.migrate import SERVICES, prepare
from deploy.servers import Postgres
from deploy.stack import Stack

NewStack = Callable[..., Stack]


@pytest.fixture(scope="session")
async def cluster(tmp_path_factory: pytest.TempPathFactory) -> Postgres:
    """A stopped server with the services' databases, for stories."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "cluster"
    folder.mkdir(exist_ok=True)
    made, server = folder / "made", Postgres(folder / "postgres")
    with (folder / "lock").open("w") as lock:
        await asyncio.to_thread(fcntl.flock, lock, fcntl.LOCK_EX)
        if not made.exists():
            with server:
                await asyncio.gather(*(prepare(server.dsn(), service, story=True) for service in SERVICES))
            made.touch()
    return server


@pytest.fixture(scope="session")
def new_stack(cluster: Postgres) -> NewStack:
    """`new_stack(folder, replicas=2)`: a Stack that has not been started, with a setter of the story's clock."""

    def new(folder: Path, **how: Any) -> Stack:
        stack = Stack(folder, story=True, **how)
        assert stack.postgres is not None, "it starts its own Postgres"
        stack.postgres.begin_as(cluster)
        return stack

    return new
