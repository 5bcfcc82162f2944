"""Migrations are applied once, in order, by one process, and never rewritten."""

from __future__ import annotations

import asyncio
from pathlib import Path

import asyncpg
import pytest

from deploy.migrate import MigrationChanged, migrate
from tests.databases import NewDatabase


@pytest.fixture
def written(tmp_path: Path) -> Path:
    (tmp_path / "toy").mkdir()
    (tmp_path / "toy" / "001_first.sql").write_text("create table one (braces jsonb default '{}'); grant select on one to {role};")
    (tmp_path / "toy" / "002_second.sql").write_text("create table two (); create table three ();")
    return tmp_path


async def test_each_file_is_applied_once_and_in_order(database: NewDatabase, written: Path) -> None:
    toy = await database("toy")
    names = {"role": "fenyong_toy"}
    assert await migrate(toy.owner_dsn, folders=["toy"], names=names, root=written) == ["toy/001_first.sql", "toy/002_second.sql"]
    assert await migrate(toy.owner_dsn, folders=["toy"], names=names, root=written) == []
    connection = await asyncpg.connect(toy.dsn)
    try:
        assert await connection.fetch("select * from one") == []
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.fetch("select * from two")
    finally:
        await connection.close()


async def test_replicas_that_start_together_migrate_once(database: NewDatabase, written: Path) -> None:
    toy = await database("toy")
    once = [migrate(toy.owner_dsn, folders=["toy"], names={"role": "fenyong_toy"}, root=written) for _ in range(3)]
    assert sorted(map(len, await asyncio.gather(*once))) == [0, 0, 2]


async def test_an_edited_file_is_refused_and_a_failing_one_leaves_nothing(database: NewDatabase, written: Path) -> None:
    toy = await database("toy")
    names = {"role": "fenyong_toy"}
    (written / "toy" / "002_second.sql").write_text("create table two (); select nonsense;")
    with pytest.raises(asyncpg.UndefinedColumnError):
        await migrate(toy.owner_dsn, folders=["toy"], names=names, root=written)
    (written / "toy" / "002_second.sql").write_text("create table two ();")
    assert await migrate(toy.owner_dsn, folders=["toy"], names=names, root=written) == ["toy/002_second.sql"]
    (written / "toy" / "001_first.sql").write_text("create table one ();")
    with pytest.raises(MigrationChanged, match="001_first"):
        await migrate(toy.owner_dsn, folders=["toy"], names=names, root=written)


async def test_no_service_may_enter_anothers_database(database: NewDatabase) -> None:
    ours, theirs = await database("toy"), await database("listing")
    connection = await asyncpg.connect(ours.dsn)
    await connection.close()
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await asyncpg.connect(ours.dsn.replace(ours.name, theirs.name))
