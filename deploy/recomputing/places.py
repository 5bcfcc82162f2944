"""Where the commission's database and the broker are: as the environment says, else those of a folder."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator
from pathlib import Path

from deploy.migrate import role_of
from deploy.servers import Nats, Postgres, as_user


class NothingThere(Exception):
    """There is no database, or no broker; says which, and what to do."""


@contextlib.contextmanager
def database(folder: Path) -> Iterator[str]:
    """The address of commission's database, under the service's own role. Where nothing runs on the folder, its Postgres does meanwhile."""
    told = os.environ.get("FENYONG_DATABASE")
    outside = os.environ.get("FENYONG_POSTGRES")
    if told:
        yield told
        return
    if outside:
        passwords = json.loads((folder / "keys" / "postgres.json").read_text())
        yield as_user(outside, database=role_of("commission"), user=role_of("commission"), password=passwords[role_of("commission")])
        return
    server = Postgres(folder / "postgres")
    if not server.exists:
        zh = f"{folder} 中没有数据。请写明 --folder，或以 FENYONG_DATABASE 给出分佣库的地址。"
        raise NothingThere(
            f"{zh}\nThere is no data in {folder}. Say --folder, or FENYONG_DATABASE, the address of the commission's database."
        )
    running = server.running()
    if running is not None:
        yield as_user(running, database=role_of("commission"), user=role_of("commission"))
        return
    with server:
        yield as_user(server.dsn(), database=role_of("commission"), user=role_of("commission"))


def broker(folder: Path) -> str:
    """The broker's address. Raises NothingThere."""
    found = os.environ.get("FENYONG_NATS") or Nats(folder / "nats").running()
    if found is None:
        zh = f"没有以 {folder} 为数据的消息服务在运行；`fenyong up` 会启动它。或设 FENYONG_NATS。"
        raise NothingThere(f"{zh}\nNo broker runs with its data in {folder}; `fenyong up` starts one. Or say FENYONG_NATS.")
    return found
