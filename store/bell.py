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
from collections.abc import Callable
from pathlib import Path
from typing import Any

from core.ports import Bell
from store import private
from store.engine import Store

Say = Callable[[str], None]


class Waiter:
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


class SocketBell(Waiter):
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


def run_dir(store: Store, configured: str) -> Path | None:
    """Where a process writes what is not in the database: RUN_DIR, else beside the SQLite file. None where
    it is named after the store's own id, which the database has to tell first."""
    if configured:
        return Path(configured)
    return Path(f"{store.path}.run") if store.path is not None else None


def open_bell(store: Store, configured_run_dir: str, direct_url: str, say: Say) -> Bell:
    """The bell of this database and schema. Touches neither network nor disk yet."""
    directory = run_dir(store, configured_run_dir)
    if store.is_sqlite and directory is not None:
        return SocketBell(directory, say)
    from store.listen_bell import ListenBell  # with PostgreSQL's driver

    url = direct_url or store.url.render_as_string(hide_password=False)
    # The schema comes with the address, where it is not the usual one.
    schema = hashlib.sha256(str(store.url.query.get("options", "")).encode()).hexdigest()[:12]
    return ListenBell(url.replace("postgresql+psycopg://", "postgresql://"), f"leads:{schema}", say)
