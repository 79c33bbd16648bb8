"""The databases of the suite: SQLite files, and schemas `test_<random>` on one PostgreSQL server.

The server is TEST_DATABASE_URL, else one started here in memory, else user postgres on 127.0.0.1:5432."""

import atexit
import contextlib
import functools
import os
import secrets
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any, ClassVar

import psycopg
import pytest
from psycopg.pq import ExecStatus, TransactionStatus
from sqlalchemy import Engine

from store import migrate, opening
from store.engine import Store
from store.patient import PATIENCE_S
from store.planned import PlannedConnection
from store.tables import meta
from tests.ports import free_port

CI = bool(os.environ.get("CI"))
MEMORY = Path("/dev/shm")
ROOM_BYTES = 1 << 30
USUAL = "postgresql://postgres@127.0.0.1:5432/postgres"
# Runs the server until our end of its pipe is closed, by whatever ends us; then nothing of it is left.
ENDS_WITH_US = '"$@" & server=$!; cat >/dev/null; kill -INT $server; wait $server; rm -rf "$0"'


def roomy_memory() -> bool:
    """Whether there is a folder in memory that holds what a run of the suite writes (a container may have 64 MB)."""
    if not os.access(MEMORY, os.W_OK):
        return False
    room = os.statvfs(MEMORY)
    return room.f_bavail * room.f_frsize >= ROOM_BYTES


@functools.cache
def postgresql_server() -> str | None:
    """The address of a server, without a schema; None when none can be had. One of our own in memory comes before one
    that is there: a commit that a disk has to sync takes most of a test's time."""
    named = os.environ.get("TEST_DATABASE_URL")
    if named:
        psycopg.connect(named, connect_timeout=30).close()
        return named
    found = (_own_server() if roomy_memory() else None) or _usual_server() or _own_server()
    if found is None and CI:
        raise RuntimeError("CI must not skip PostgreSQL, and no server was found or could be started")
    return found


def is_promised() -> bool:
    """Whether a server can probably be had; none is started for the answer."""
    return bool(os.environ.get("TEST_DATABASE_URL") or _initdb() or _usual_server())


def share_server() -> None:
    """Whatever processes we start use our server too."""
    if url := postgresql_server():
        os.environ["TEST_DATABASE_URL"] = url


def _usual_server() -> str | None:
    with contextlib.suppress(psycopg.Error):
        psycopg.connect(USUAL, connect_timeout=3).close()
        return USUAL
    return None


def _initdb() -> str | None:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return str(found[-1]) if found else shutil.which("initdb")


@functools.cache
def _own_server() -> str | None:
    """A server that nothing outlives: unsynced, and gone with this process, however that ends."""
    initdb = _initdb()
    if initdb is None:
        return None
    folder = Path(tempfile.mkdtemp(prefix="gateway-pg-", dir=MEMORY if roomy_memory() else None))
    user = "postgres" if os.geteuid() == 0 else None
    if user is not None:
        try:
            shutil.chown(folder, user)
        except LookupError:  # PostgreSQL does not run as root, and there is nobody else
            return None
    port = free_port()
    data = folder / "data"
    made = [initdb, "-D", data, "-U", "postgres", "-A", "trust", "-N", "-E", "UTF8", "--locale=C"]
    subprocess.run(made, check=True, capture_output=True, user=user, cwd=folder)
    settings = {"fsync": "off", "full_page_writes": "off", "max_wal_size": "128MB", "listen_addresses": "127.0.0.1"}
    server = [Path(initdb).parent / "postgres", "-D", data, "-p", str(port), "-k", folder]
    server += [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
    watched = subprocess.Popen(
        ["sh", "-c", ENDS_WITH_US, folder, *server],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # a Ctrl-C is for us
        user=user,
        cwd=folder,
    )

    def end() -> None:
        watched.communicate(timeout=20)

    atexit.register(end)
    url = f"postgresql://postgres@127.0.0.1:{port}/postgres"
    for _ in range(600):
        with contextlib.suppress(psycopg.Error):
            psycopg.connect(url, connect_timeout=30).close()
            return url
        with contextlib.suppress(subprocess.TimeoutExpired):
            watched.wait(0.1)
            return None
    return None


def empty_schema() -> str:
    """The address of a schema without a table; it is dropped when the process ends."""
    url = postgresql_server()
    assert url is not None
    name = f"test_{secrets.token_hex(6)}"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f'CREATE SCHEMA "{name}"')
    atexit.register(_drop, url, name)
    return f"{url}?options=-csearch_path%3D{name}"


def new_schema() -> str:
    """The address of a fresh, migrated schema; it is dropped when the process ends."""
    address = empty_schema()
    store = Store(address)
    migrate.upgrade(store)
    store.dispose()
    return address


class Kept(PlannedConnection):
    """A connection that the next store takes over where this one's has closed it: to begin another server process
    costs a test more than what it asks. Whatever was set on it is as new."""

    _idle: ClassVar[dict[str, list["Kept"]]] = {}
    _where = ""

    @classmethod
    def of(cls, _dialect: Any, _record: Any, arguments: Any, named: Any) -> "Kept":
        where = repr([arguments, *((name, value) for name, value in sorted(named.items()) if name != "context")])
        idle = cls._idle.setdefault(where, [])
        while idle:
            one = idle.pop()
            if one.pgconn.exec_(b"DISCARD ALL").status == ExecStatus.COMMAND_OK:
                return one._as_new()
            one.finish()
        one = cls.connect(*arguments, **named, autocommit=True)
        one._where = where
        return one

    def close(self) -> None:
        idle = self._idle.get(self._where, [])
        if self.pgconn.transaction_status != TransactionStatus.IDLE or len(idle) >= 4:
            super().close()
        elif self not in idle:
            idle.append(self)

    def _as_new(self) -> "Kept":
        self._notice_handlers.clear()
        self._names.clear()
        self._prepared = type(self._prepared)()
        self.keeps, self.prepare_threshold, self.patience_s = False, None, PATIENCE_S
        return self

    def finish(self) -> None:
        super().close()


AS_SHIPPED = opening._planned


def share_between_tests() -> None:
    """From here on a statement is compiled once a kind of database, and not once a store, and a server process serves
    one test after the other."""
    listen, known = opening.listen, {}

    def listening(engine: Engine, path: Path | None) -> None:
        listen(engine, path)
        # A dialect knows its schema, which a file has one of.
        kind = "sqlite" if path is not None else str(engine.url)
        first = known.setdefault(kind, engine)
        if first is engine:
            return
        if getattr(first.dialect, "server_version_info", None):  # it knows its server
            engine.dialect.initialize = lambda connection: None
            engine.dialect, engine._compiled_cache = first.dialect, first._compiled_cache
        else:
            known[kind] = engine

    opening.listen, opening._planned = listening, Kept.of


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
        """Raises where a test has left another release's tables to those after it."""
        stands = self._connection.execute("SELECT version_num FROM alembic_version").fetchone()
        self._connection.close()
        assert stands == (migrate.head(),), "a test migrated the schema that all share: give it one of its own"


def _drop(url: str, name: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f'DROP SCHEMA IF EXISTS "{name}" CASCADE')


KINDS = ["sqlite", "postgresql"]


def of_kind(kind: str, folder: Path) -> str:
    """The address of a fresh, migrated database of this kind; the test is skipped where there can be none."""
    if kind == "sqlite":
        return new_file(folder)
    if postgresql_server() is None:
        pytest.skip("no PostgreSQL")
    return new_schema()


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
