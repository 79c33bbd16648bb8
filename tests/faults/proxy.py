"""A TCP proxy before PostgreSQL that cuts a connection at the very COMMIT of a chosen transaction."""

import contextlib
import re
import socket
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path

from sqlalchemy.engine import make_url

from tests.faults.database import POSTGRESQL, fresh

BEFORE, AFTER = "before", "after"  # the server hears of it, or does not
_KEPT_BY_US = re.compile(rb"PREPARE (\w+) AS ([^\0]*)")
_KEPT_BY_PSYCOPG = re.compile(rb"P.{4}(_pg3_\d+\0)([^\0]+)", re.DOTALL)


class CuttingProxy:
    """Passes bytes both ways on a port of its own. `cut` arms it for one COMMIT."""

    def __init__(self, host: str, port: int) -> None:
        self._server = (host, port)
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=200)
        self.port: int = self._listener.getsockname()[1]
        self.cuts = 0
        self._marker = b""
        self._when = BEFORE
        self._lock = threading.Lock()
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self, marker: bytes, when: str) -> None:
        """Cut the next COMMIT of a transaction that sent `marker`: before the server hears of it, or after it was
        told and before the client hears its answer."""
        with self._lock:
            self._marker, self._when = marker, when

    def close(self) -> None:
        self._listener.close()

    def __enter__(self) -> "CuttingProxy":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:  # closed
                return
            server = socket.create_connection(self._server)
            for pair in (client, server):
                pair.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            line = _Line(self, client, server)
            threading.Thread(target=line.up, daemon=True).start()
            threading.Thread(target=line.down, daemon=True).start()

    def take(self, seen: bool) -> str:
        """Whether, and how, this COMMIT is the one to cut."""
        with self._lock:
            if not seen or not self._marker:
                return ""
            self._marker = b""
            self.cuts += 1
            return self._when

    @property
    def is_armed(self) -> bool:
        with self._lock:
            return bool(self._marker)

    def sees(self, data: bytes, kept: Mapping[bytes, bytes]) -> bool:
        """Whether the statement that is waited for is in it, or the name by which the server keeps it."""
        with self._lock:
            named = (name for name, text in kept.items() if self._marker in text)
            return bool(self._marker) and (self._marker in data or any(name in data for name in named))


@contextlib.contextmanager
def behind_a_proxy(folder: Path) -> Iterator[tuple[CuttingProxy, str]]:
    """A proxy before a fresh database, and the address of the database behind it."""
    direct = make_url(fresh(POSTGRESQL, folder))
    with CuttingProxy(direct.host or "127.0.0.1", direct.port or 5432) as proxy:
        yield proxy, direct.set(host="127.0.0.1", port=proxy.port).render_as_string(hide_password=False)


class _Line:
    """One client's connection."""

    def __init__(self, proxy: CuttingProxy, client: socket.socket, server: socket.socket) -> None:
        self._proxy, self._client, self._server = proxy, client, server
        self._kept: dict[bytes, bytes] = {}  # statements by the names that the server was told
        self._mute = threading.Event()
        self._answered = threading.Event()

    def up(self) -> None:
        seen = False
        with contextlib.suppress(OSError):
            while data := self._client.recv(65536):
                self._kept |= dict(_KEPT_BY_US.findall(data) + _KEPT_BY_PSYCOPG.findall(data))
                seen = seen or self._proxy.sees(data, self._kept)
                if b"COMMIT\0" in data:
                    when = self._proxy.take(seen)
                    if when == AFTER:
                        self._mute.set()
                        self._server.sendall(data)
                        self._answered.wait(5)  # it has been carried out; `down` keeps the answer for itself
                    if when:
                        break
                    seen = False
                self._server.sendall(data)
        self._hang_up()

    def down(self) -> None:
        with contextlib.suppress(OSError):
            while data := self._server.recv(65536):
                if self._mute.is_set():
                    self._answered.set()
                    continue
                self._client.sendall(data)
        self._hang_up()

    def _hang_up(self) -> None:
        for end in (self._client, self._server):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
