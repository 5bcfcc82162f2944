"""The whole of Fenyong on this machine: servers, four services as processes of their own, the front; for `fenyong up`, cases and tests."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import secrets
import shutil
import socket
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from deploy.children import Child, DidNotStart, Process, program
from deploy.front import envoy_config, envoy_program
from deploy.migrate import OWNER, SERVICES, VAULT, prepare, role_of
from deploy.nursery import NURSERY
from deploy.servers import Nats, Postgres, as_user, free_port, short_folder
from shared.identity import make_keys

HOST = "127.0.0.1"
_PORTS_TRIED = 50
_HERE = Path(__file__).parent.parent
_FINISH_WITHIN_S = 8  # for requests that were accepted before a stop
_KEEP_ALIVE_S = 75  # longer than the front keeps an idle connection


class Stack:
    """Everything in one folder, on loopback and Unix sockets. Start and stop it in the main thread, whose end ends it all.

    `port` is the first that is tried, without it any free one; `replicas` of each service; `broker=False` leaves the services to pull
    from each other, `pull=False` to hear from NATS alone; `story=True` gives the databases the setter of the story's clock. `postgres`
    and `nats` are addresses of servers outside, the first under a role that may create roles and databases. `apps` replaces what a
    service runs.
    """

    def __init__(
        self,
        folder: Path,
        *,
        replicas: int = 1,
        sweeper: bool = True,
        broker: bool = True,
        pull: bool = True,
        story: bool = False,
        development: bool = True,
        port: int | None = None,
        postgres: str | None = None,
        nats: str | None = None,
        apps: Mapping[str, str] | None = None,
        say: Callable[[str], None] = lambda line: None,
    ) -> None:
        self.folder = folder.resolve()
        self.port = 0
        self._wanted_port = port
        self._replicas, self._sweeper, self._pull, self._story, self._development = replicas, sweeper, pull, story, development
        self.postgres = None if postgres else Postgres(self.folder / "postgres")
        self.nats = None if nats or not broker else Nats(self.folder / "nats")
        self._outside_postgres, self._outside_nats = postgres, nats if broker else None
        self._apps = {service: f"services.{service}.app:app" for service in SERVICES} | dict(apps or {})
        self._say = say
        self._passwords: dict[str, str] = {}
        self._run = self.folder / "run"
        self._children: dict[tuple[str, int], Child] = {}
        self._front: Child | None = None
        self._watch: asyncio.Task[None] | None = None

    # -- where things are

    @property
    def address(self) -> str:
        """The one address of the API."""
        return f"http://{HOST}:{self.port}"

    @property
    def keys(self) -> Path:
        """The folder of the keys that were made at the first start."""
        return self.folder / "keys"

    @property
    def numbers(self) -> range:
        """The numbers of each service's replicas, from 1."""
        return range(1, self._replicas + 1)

    @property
    def sockets(self) -> dict[str, list[Path]]:
        """Each service's replicas, where they listen."""
        return {service: [self._socket(service, replica) for replica in self.numbers] for service in SERVICES}

    def dsn(self, service: str) -> str:
        """The owner's address of a service's database."""
        return as_user(self._admin_dsn(), database=role_of(service), user=OWNER, password=self._passwords.get(OWNER))

    def pid(self, service: str, replica: int = 1) -> int:
        return self._children[service, replica].pid

    def log_of(self, service: str, replica: int = 1) -> Path:
        """The file of a replica's log lines, over all its restarts."""
        return self.folder / "logs" / f"{service}-{replica}.log"

    # -- life

    async def start(self) -> None:
        """Returns when the front answers and every service is ready. DidNotStart says what is not; nothing is left running then."""
        try:
            await self._start()
        except BaseException:
            await self.stop()
            raise

    async def _start(self) -> None:
        (self.folder / "logs").mkdir(parents=True, exist_ok=True, mode=0o700)
        self._run = short_folder(self.folder / "run")
        make_keys(self.keys)
        self._start_servers()
        self._passwords = self._kept_passwords() if self._outside_postgres else {}
        await asyncio.gather(*(prepare(self._admin_dsn(), service, story=self._story, passwords=self._passwords) for service in SERVICES))
        self._say("starting the four services and the front")
        self._children = {(service, replica): self._child(service, replica) for service in SERVICES for replica in self.numbers}
        await asyncio.gather(self._start_front(), *(child.start() for child in self._children.values()))
        self._watch = asyncio.create_task(self._keep_servers(), name="keeper of the servers")

    def _start_servers(self) -> None:
        if self.postgres:
            self._say("starting PostgreSQL" + ("" if self.postgres.exists else " (the first start makes its cluster)"))
            self.postgres.start()
        if self.nats:
            self._say("starting NATS")
            self.nats.start()

    async def _start_front(self) -> None:
        """On the wanted port or the next free one; tried again on another if somebody takes it at the last moment."""
        for last in (False, False, True):
            self.port = _port_from(self.port + 1 if self.port else self._wanted_port)
            self._front = self._front_child()
            try:
                await self._front.start()
            except DidNotStart:
                await self._front.stop()
                if last:
                    raise
            else:
                break
        if self._wanted_port not in (None, self.port):
            self._say(f"port {self._wanted_port} is taken, so it is {self.port}")

    async def stop(self) -> None:
        """Services first, which finish what they accepted, then the front, NATS and Postgres."""
        if self._watch:
            self._watch.cancel()
        await asyncio.gather(*(child.stop() for child in self._children.values()))
        if self._front:
            await self._front.stop()
        for server in (self.nats, self.postgres):
            if server:
                await asyncio.to_thread(server.stop)
        if self._run.parent != self.folder:
            shutil.rmtree(self._run, ignore_errors=True)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self.stop()

    # -- faults

    async def kill(self, service: str, replica: int = 1) -> tuple[int, int]:
        """SIGKILL; returns the number of the process that died and of the one in its place, which is ready."""
        return await self._children[service, replica].kill()

    async def ready(self, service: str, replica: int = 1) -> None:
        """Waits until a replica is."""
        await self._children[service, replica].ready()

    def stop_nats(self, *, wipe: bool) -> None:
        """The broker goes away, with all that it had stored if `wipe`."""
        assert self.nats, "this stack runs no NATS of its own"
        self.nats.stop()
        if wipe:
            self.nats.wipe()

    def start_nats(self) -> None:
        """It comes back at the same address."""
        assert self.nats, "this stack runs no NATS of its own"
        self.nats.start()

    # -- parts

    def _socket(self, service: str, replica: int) -> Path:
        return self._run / f"{service}-{replica}.sock"

    def _admin_dsn(self) -> str:
        if self._outside_postgres:
            return self._outside_postgres
        assert self.postgres
        return self.postgres.dsn()

    def _kept_passwords(self) -> dict[str, str]:
        """Of the roles on a server outside; made once, readable by us alone. Our own server lets in whoever may enter its folder."""
        file = self.keys / "postgres.json"
        if not file.exists():
            file.touch(mode=0o600)
            file.write_text(json.dumps({role: secrets.token_urlsafe(24) for role in (OWNER, VAULT, *map(role_of, SERVICES))}))
        passwords: dict[str, str] = json.loads(file.read_text())
        return passwords

    def _child(self, service: str, replica: int) -> Child:
        listens = self._socket(service, replica)
        options = ["--no-access-log", "--no-server-header", "--log-level", "warning", "--timeout-keep-alive", str(_KEEP_ALIVE_S)]
        options += ["--timeout-graceful-shutdown", str(_FINISH_WITHIN_S)]
        log, environment = self.log_of(service, replica), self._environment(service, replica)
        options = ["--uds", str(listens), *options]

        async def spawn() -> Process:
            return await NURSERY.raise_one(self._apps[service], options, environment, log, _HERE)

        return Child(f"{service}-{replica}", spawn, log=log, ready=lambda: _answers(listens, "/readyz"))

    def _environment(self, service: str, replica: int) -> dict[str, str]:
        """A replica talks to the others' replica of the same number; its own role is all that it gets of the database."""
        peers = {peer: f"unix:{self._socket(peer, replica)}" for peer in SERVICES if peer != service}
        told = {
            "database": self._role_dsn(service, role_of(service)),
            "nats": self.nats.url if self.nats else self._outside_nats or "",
            "keys": str(self.keys),
            "peers": json.dumps(peers),
            "pull": json.dumps(self._pull),
            "sweeper": json.dumps(self._sweeper),
            "development": json.dumps(self._development),
            "replica": str(replica),
            "log": "json",
        }
        if service == "authz":
            told["vault"] = self._role_dsn(service, VAULT)
        return os.environ | {f"FENYONG_{name.upper()}": value for name, value in told.items()}

    def _role_dsn(self, service: str, role: str) -> str:
        return as_user(self._admin_dsn(), database=role_of(service), user=role, password=self._passwords.get(role))

    def _front_child(self) -> Child:
        upstreams = {service: [f"unix:{socket}" for socket in sockets] for service, sockets in self.sockets.items()}
        config = self.folder / "front.json"
        config.write_text(json.dumps(envoy_config(host=HOST, port=self.port, upstreams=upstreams), indent=1))
        command = [str(envoy_program()), "-c", str(config), "--disable-hot-restart", "--concurrency", "1", "--log-level", "warning"]
        log = self.folder / "logs" / "front.log"
        spawn = program(command, environment=os.environ, log=log, folder=_HERE)
        return Child("front", spawn, log=log, ready=lambda: _answers(self.port, "/", status=404))

    async def _keep_servers(self) -> None:
        """A server that crashed is started again; one that was stopped on purpose is not."""
        pause_s = 0.2
        while True:
            await asyncio.sleep(pause_s)
            pause_s = 0.2
            for server in (self.postgres, self.nats):
                if server and server.has_crashed:
                    self._say(f"{server.name} ended by itself; starting it again")
                    try:
                        server.start()
                    except DidNotStart as why:
                        self._say(str(why))
                        pause_s = 10.0


def _port_from(wanted: int | None) -> int:
    """The first loopback port from the wanted one on that nobody listens on; any if none is wanted."""
    for port in range(wanted, wanted + _PORTS_TRIED) if wanted else ():
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((HOST, port))
            return port
    return free_port()


async def _answers(where: Path | int, target: str, *, status: int = 200) -> bool:
    """Whether a GET at a Unix socket or a loopback port is answered with this status."""
    try:
        async with asyncio.timeout(2):
            opening = asyncio.open_connection(HOST, where) if isinstance(where, int) else asyncio.open_unix_connection(str(where))
            reader, writer = await opening
            try:
                writer.write(f"GET {target} HTTP/1.1\r\nHost: fenyong\r\nConnection: close\r\n\r\n".encode())
                first = (await reader.readline()).split()
                return len(first) > 1 and first[1] == str(status).encode()
            finally:
                writer.close()
    except (OSError, TimeoutError):
        return False
