"""The databases of the suite: SQLite files, and schemas `test_<random>` on one PostgreSQL server.

The server is TEST_DATABASE_URL, else user postgres on 127.0.0.1:5432, else one started here."""

import atexit
import contextlib
import functools
import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
from pathlib import Path

import psycopg

from store import migrate
from store.engine import Store
from store.tables import meta

CI = bool(os.environ.get("CI"))
MEMORY = Path("/dev/shm")
ROOM_BYTES = 1 << 30


def roomy_memory() -> bool:
    """Whether there is a folder in memory that holds what a run of the suite writes (a container may have 64 MB)."""
    if not os.access(MEMORY, os.W_OK):
        return False
    room = os.statvfs(MEMORY)
    return room.f_bavail * room.f_frsize >= ROOM_BYTES


@functools.cache
def postgresql_server() -> str | None:
    """The address of a server, without a schema; None when none can be had."""
    named = os.environ.get("TEST_DATABASE_URL")
    for url in [named] if named else ["postgresql://postgres@127.0.0.1:5432/postgres"]:
        try:
            psycopg.connect(url, connect_timeout=3).close()
            return url
        except psycopg.Error:
            if named:
                raise
    return _own_server()


def _own_server() -> str | None:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb")) if Path("/usr/lib/postgresql").is_dir() else []
    initdb = str(found[-1]) if found else shutil.which("initdb")
    if initdb is None:
        return None
    folder = Path(tempfile.mkdtemp(prefix="gateway-pg-"))
    as_postgres: list[str] = []
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres")
        as_postgres = ["runuser", "-u", "postgres", "--"]
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    data = folder / "data"
    subprocess.run(
        [*as_postgres, initdb, "-D", data, "-U", "postgres", "-A", "trust", "-N"], check=True, capture_output=True
    )
    server = subprocess.Popen(
        [
            *as_postgres,
            str(Path(initdb).parent / "postgres"),
            "-D",
            data,
            "-p",
            str(port),
            "-k",
            folder,
            "-c",
            "fsync=off",
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )

    def end() -> None:
        server.send_signal(signal.SIGINT)
        server.wait(20)
        shutil.rmtree(folder, ignore_errors=True)

    atexit.register(end)
    url = f"postgresql://postgres@127.0.0.1:{port}/postgres"
    for _ in range(100):
        with contextlib.suppress(psycopg.Error):
            psycopg.connect(url, connect_timeout=3).close()
            return url
        with contextlib.suppress(subprocess.TimeoutExpired):
            server.wait(0.1)
            return None
    return None


def new_schema() -> str:
    """The address of a fresh, migrated schema; it is dropped when the process ends."""
    url = postgresql_server()
    assert url is not None
    name = f"test_{secrets.token_hex(6)}"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f'CREATE SCHEMA "{name}"')
    atexit.register(_drop, url, name)
    address = f"{url}?options=-csearch_path%3D{name}"
    store = Store(address)
    migrate.upgrade(store)
    store.dispose()
    return address


class Schema:
    """A migrated schema that one test after the other has to itself, and the connection that empties it between them.

    A commit of `empty` is not synced: whoever comes next sees it all the same."""

    def __init__(self) -> None:
        self.url = new_schema()
        self._connection = psycopg.connect(self.url, autocommit=True)
        self._connection.execute("SET synchronous_commit = off")
        # Faster than TRUNCATE, which makes each table's file anew.
        self._statements = "; ".join(f'DELETE FROM "{table.name}"' for table in reversed(meta.sorted_tables))

    def empty(self) -> None:
        self._connection.execute(self._statements)

    def close(self) -> None:
        self._connection.close()


def _drop(url: str, name: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f'DROP SCHEMA IF EXISTS "{name}" CASCADE')


@functools.cache
def _template() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "leads.db"
        store = Store(f"sqlite:///{path}")
        migrate.upgrade(store)
        with store.read() as tx:
            tx.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        store.dispose()
        return path.read_bytes()


def new_file(folder: Path) -> str:
    """The address of a fresh, migrated SQLite file."""
    path = folder / "leads.db"
    path.write_bytes(_template())
    return f"sqlite:///{path}"
