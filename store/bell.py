"""The bell between web and worker: a hint that something is due, rung after the commit.

Losing a ring costs at most the worker's one-second poll. On SQLite each worker listens on a
datagram socket of its own in the run directory beside the database; on PostgreSQL on LISTEN.
"""

import contextlib
import errno
import hashlib
import os
import select
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg

from store import private
from store.engine import Store
from store.patient import CONNECT, PatientConnection

Say = Callable[[str], None]


class _Waiter:
    """Waiting on what the network says and on `poke`, which wakes this process only."""

    def __init__(self, say: Say) -> None:
        self._say = say
        self._poked, self._poke = socket.socketpair()
        self._poked.setblocking(False)
        self._poke.setblocking(False)

    def poke(self) -> None:
        """Wake `wait` in this process, from any thread."""
        with contextlib.suppress(BlockingIOError):  # it is awake already
            self._poke.send(b"!")

    def _wait(self, heard: Any, ms: int) -> bool:
        """True when `heard` (a socket or file number, None: nothing to hear) is readable."""
        listening = [self._poked] if heard is None else [self._poked, heard]
        ready = select.select(listening, [], [], max(0, ms) / 1000)[0]
        if self._poked in ready:
            _drain(self._poked)
        return heard is not None and heard in ready

    def close(self) -> None:
        self._poked.close()
        self._poke.close()


def _drain(readable: socket.socket) -> None:
    try:
        while readable.recv(4096):
            continue
    except BlockingIOError:
        return


class SocketBell(_Waiter):
    """Datagram sockets `bell-*.sock` in one directory, beside the database they are bound to."""

    def __init__(self, directory: Path, say: Say) -> None:
        super().__init__(say)
        self.directory = directory
        self._out = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._out.setblocking(False)
        self._in: socket.socket | None = None
        self._name: Path | None = None

    def listen(self) -> None:
        """Bind this process's own socket. Where that is impossible it is said once, and the poll serves."""
        name = self.directory / f"bell-{os.getpid()}-{os.urandom(3).hex()}.sock"
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        listener.setblocking(False)
        try:
            private.folder(self.directory)
            listener.bind(str(name))
        except OSError as why:
            listener.close()
            self._say(f"the bell cannot be bound ({why.strerror or why}); leads are seen by the poll, within a second")
            return
        self._in, self._name = listener, name

    def ring(self) -> None:
        for path in self._listeners():
            try:
                self._out.sendto(b"!", path)
            except OSError as why:
                if why.errno == errno.ECONNREFUSED:  # a killed worker's socket
                    Path(path).unlink(missing_ok=True)

    def _listeners(self) -> list[str]:
        try:
            return [e.path for e in os.scandir(self.directory) if e.name.startswith("bell-")]
        except OSError:  # nobody has listened yet
            return []

    def wait(self, ms: int) -> bool:
        if not self._wait(self._in, ms) or self._in is None:
            return False
        _drain(self._in)
        return True

    def close(self) -> None:
        super().close()
        self._out.close()
        if self._in is not None and self._name is not None:
            self._in.close()
            self._name.unlink(missing_ok=True)


class ListenBell(_Waiter):
    """LISTEN/NOTIFY on connections of their own, on a channel named after the schema.

    Rings are sent by one thread, so that no request waits for them, and coalesced. A listener that
    does not hear its own NOTIFY is deaf behind a transaction pooler, without an error: it says so."""

    def __init__(self, url: str, channel: str, say: Say) -> None:
        super().__init__(say)
        self._url = url
        self._channel = channel
        self._listener: psycopg.Connection | None = None
        self._listens = False
        self._retry_at = 0.0
        self._due = threading.Event()
        self._thread: threading.Thread | None = None
        self._closed = False

    def listen(self) -> None:
        self._listens = True
        self._connect()

    def _connect(self) -> None:
        try:
            connection = PatientConnection.connect(self._url, autocommit=True, **CONNECT)
            connection.execute(f'LISTEN "{self._channel}"')
            # Rung from another connection: a pooler may run both of ours on one server process.
            with PatientConnection.connect(self._url, autocommit=True, **CONNECT) as other:
                other.execute(f'NOTIFY "{self._channel}"')
            if not list(connection.notifies(timeout=1, stop_after=1)):
                self._say("the bell is deaf (a transaction pooler?): set DATABASE_DIRECT_URL; the poll serves")
                connection.close()
                self._listens = False
                return
            self._listener = connection
        except psycopg.Error as why:
            self._lose(why)

    def _lose(self, why: Exception) -> None:
        if self._listener is not None:
            self._listener.close()
        self._listener = None
        self._retry_at = time.monotonic() + 2
        self._say(f"the bell's connection is gone ({type(why).__name__}); the poll serves until it is back")

    def wait(self, ms: int) -> bool:
        if self._listener is None and self._listens and time.monotonic() >= self._retry_at:
            self._connect()
        if self._listener is None:
            return self._wait(None, ms)
        try:
            if not self._wait(self._listener.fileno(), ms):
                return False
            return bool(list(self._listener.notifies(timeout=0)))
        except (psycopg.Error, OSError) as why:
            self._lose(why)
            return False

    def ring(self) -> None:
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._notify, name="bell", daemon=True)
            self._thread.start()
        self._due.set()

    def _notify(self) -> None:
        connection: psycopg.Connection | None = None
        while not self._closed:
            self._due.wait()
            self._due.clear()
            try:
                if connection is None:
                    connection = PatientConnection.connect(self._url, autocommit=True, **CONNECT)
                connection.execute(f'NOTIFY "{self._channel}"')
            except psycopg.Error:  # the poll serves; the next ring tries again
                if connection is not None:
                    connection.close()
                connection = None

    def close(self) -> None:
        self._closed = True
        self._due.set()
        super().close()
        if self._listener is not None:
            self._listener.close()


def run_dir(store: Store, configured: str) -> Path | None:
    """Where a process writes what is not in the database: RUN_DIR, else beside the SQLite file. None where
    it is named after the store's own id, which the database has to tell first."""
    if configured:
        return Path(configured)
    return Path(f"{store.path}.run") if store.path is not None else None


def open_bell(store: Store, configured_run_dir: str, direct_url: str, say: Say) -> SocketBell | ListenBell:
    """The bell of this database and schema. Touches neither network nor disk yet."""
    directory = run_dir(store, configured_run_dir)
    if store.is_sqlite and directory is not None:
        return SocketBell(directory, say)
    url = direct_url or store.url.render_as_string(hide_password=False)
    # The schema comes with the address, where it is not the usual one.
    schema = hashlib.sha256(str(store.url.query.get("options", "")).encode()).hexdigest()[:12]
    return ListenBell(url.replace("postgresql+psycopg://", "postgresql://"), f"leads:{schema}", say)
