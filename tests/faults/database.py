"""The databases of the trials: a SQLite file, a schema on the suite's PostgreSQL, or a cluster of the trial's own."""

import atexit
import contextlib
import fcntl
import functools
import os
import secrets
import shutil
import signal
import sqlite3
import subprocess
import tempfile
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import psycopg

from store import migrate
from store.engine import Store
from tests import databases
from tests.ports import free_port

SQLITE, POSTGRESQL = "sqlite", "postgresql"
KINDS = (SQLITE, POSTGRESQL)
_migrating = threading.Lock()  # the migrations' library keeps its state in globals


def fresh(kind: str, folder: Path) -> str:
    """The address of a migrated database that nobody else uses."""
    if kind == SQLITE:
        with _migrating:
            return databases.new_file(folder)
    if not Cluster.can_be_made():
        with _migrating:
            return databases.new_schema()
    with _migrating:
        cluster = _roomy()
    return cluster.database(f"trial_{secrets.token_hex(6)}")


@functools.cache
def _roomy() -> "Cluster":
    """One server for all trials of this run: several houses at once have more connections than the suite's allows."""
    cluster = Cluster(max_connections="400")
    atexit.register(cluster.__exit__)
    return cluster


def can_have(kind: str) -> bool:
    return kind == SQLITE or Cluster.can_be_made() or databases.postgresql_server() is not None


def rows(url: str, query: str) -> list[tuple]:
    """What a query finds, asked past our own code."""
    if url.startswith("sqlite:///"):
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"), timeout=20)) as file:
            return file.execute(query).fetchall()
    with psycopg.connect(url, connect_timeout=5) as connection:
        return connection.execute(query).fetchall()


def is_free(url: str) -> bool:
    """Whether nobody holds SQLite's one write lock, or stands first in the queue before it. PostgreSQL has none."""
    if not url.startswith("sqlite:///"):
        return True
    path = url.removeprefix("sqlite:///")
    with open(f"{path}-writers", "ab") as queue, closing(sqlite3.connect(path, timeout=0.3)) as file:
        file.isolation_level = None
        try:
            fcntl.flock(queue, fcntl.LOCK_EX | fcntl.LOCK_NB)
            file.execute("BEGIN IMMEDIATE")
            file.execute("ROLLBACK")
        except (BlockingIOError, sqlite3.OperationalError):
            return False
        return True


class Cluster:
    """A PostgreSQL of the trial's own, which it may restart: synced, on a free port of this machine."""

    @staticmethod
    def tool(name: str) -> str | None:
        found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
        return str(found[-1]) if found else shutil.which(name)

    @classmethod
    def can_be_made(cls) -> bool:
        if cls.tool("initdb") is None or cls.tool("pg_ctl") is None:
            return False
        return os.geteuid() != 0 or shutil.which("runuser") is not None

    def __init__(self, environment: Callable[[Path], dict[str, str]] = lambda folder: {}, **settings: str) -> None:
        """`environment`: what the server's processes get beside ours, made in its folder, which they can read."""
        self.folder = Path(tempfile.mkdtemp(prefix="gateway-trial-pg-"))
        self.environment = environment(self.folder)
        self._data = self.folder / "data"
        self._as_postgres: list[str] = []
        if os.geteuid() == 0:
            shutil.chown(self.folder, "postgres")
            self._as_postgres = ["runuser", "-u", "postgres", "--"]
        self.port = free_port()
        self._run("initdb", "-D", str(self._data), "-U", "postgres", "-A", "trust", "-N")
        settings = {"port": str(self.port), "unix_socket_directories": f"'{self.folder}'", **settings}
        with open(self._data / "postgresql.conf", "a", encoding="utf-8") as file:
            file.writelines(f"{name} = {value}\n" for name, value in settings.items())
        self.start()

    def __enter__(self) -> "Cluster":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def start(self) -> None:
        self._ctl("start")

    def stop(self) -> None:
        """As when the server's machine is lost."""
        self._ctl("stop", "-m", "immediate")

    def restart(self) -> None:
        """As after a crash of the server."""
        self._ctl("restart", "-m", "immediate")

    def setting(self, name: str, value: str) -> None:
        """Another value from now on, in every session."""
        with psycopg.connect(self._url("postgres"), autocommit=True) as connection:
            connection.execute(f"ALTER SYSTEM SET {name} = {value}")
            connection.execute("SELECT pg_reload_conf()")

    def pids(self) -> list[int]:
        """The server and all that it forked (Linux)."""
        server = int((self._data / "postmaster.pid").read_text().splitlines()[0])
        children = Path(f"/proc/{server}/task/{server}/children").read_text().split()
        return [server, *map(int, children)]

    def freeze(self) -> None:
        """From here on it says nothing more; the kernel still takes what it is sent. The server first, so that it forks
        nobody meanwhile."""
        for _ in range(2):
            for pid in self.pids():
                os.kill(pid, signal.SIGSTOP)

    def go_on(self) -> None:
        for pid in reversed(self.pids()):
            os.kill(pid, signal.SIGCONT)

    def stop_cleanly(self) -> None:
        self._ctl("stop", "-m", "fast")

    def keep_copy(self) -> None:
        """A cold copy of the stopped server's files."""
        self._copy(self._data, self.folder / "copy")

    def put_copy_back(self) -> None:
        self._copy(self.folder / "copy", self._data)

    def begin_standby(self) -> None:
        """An asynchronous standby on a port of its own, which follows at once."""
        standby = self.folder / "standby"
        self._run("pg_basebackup", "-D", str(standby), "-h", "127.0.0.1", "-p", str(self.port), "-U", "postgres", "-R")
        with open(standby / "postgresql.conf", "a", encoding="utf-8") as file:
            file.write(f"port = {free_port()}\n")
        self._run("pg_ctl", "-D", str(standby), "-l", str(self.folder / "standby.log"), "-w", "-t", "60", "start")

    def stop_standby(self) -> None:
        self._run("pg_ctl", "-D", str(self.folder / "standby"), "-w", "-t", "60", "stop", "-m", "fast")

    def promote_standby(self) -> None:
        """The standby takes the lost server's place, with what it had."""
        standby = self.folder / "standby"
        with open(standby / "postgresql.conf", "a", encoding="utf-8") as file:
            file.write(f"port = {self.port}\n")
        self._data = standby
        self.start()
        self._ctl("promote")

    def _copy(self, source: Path, target: Path) -> None:
        shutil.rmtree(target, ignore_errors=True)
        subprocess.run(["cp", "-a", str(source), str(target)], check=True)

    def database(self, name: str = "postgres") -> str:
        """The address of one of its databases, migrated; made where it is another one than the first."""
        if name != "postgres":
            with psycopg.connect(self._url("postgres"), autocommit=True) as connection:
                connection.execute(f'CREATE DATABASE "{name}"')
        store = Store(self._url(name))
        with _migrating:
            migrate.upgrade(store)
        store.dispose()
        return self._url(name)

    def copied(self, name: str, other: str) -> str:
        """The address of a copy of one of its databases; whoever was connected to it is not any more."""
        with psycopg.connect(self._url("postgres"), autocommit=True) as connection:
            for _ in range(20):
                connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
                with contextlib.suppress(psycopg.errors.ObjectInUse):
                    connection.execute(f'CREATE DATABASE "{other}" TEMPLATE "{name}"')
                    break
        return self._url(other)

    def _url(self, name: str) -> str:
        return f"postgresql://postgres@127.0.0.1:{self.port}/{name}"

    def _ctl(self, *arguments: str) -> None:
        self._run("pg_ctl", "-D", str(self._data), "-l", str(self.folder / "log"), "-w", "-t", "60", *arguments)

    def _run(self, tool: str, *arguments: str) -> None:
        # No pipes: the server that pg_ctl starts would keep them open for ever.
        command = [*self._as_postgres, str(self.tool(tool)), *arguments]
        environment = {**os.environ, **self.environment}
        none = subprocess.DEVNULL
        subprocess.run(command, check=True, stdout=none, stderr=none, cwd="/", env=environment)
