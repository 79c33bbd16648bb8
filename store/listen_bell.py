"""PostgreSQL's bell: see `store.bell`."""

import threading
import time

import psycopg

from store.bell import Say, Waiter
from store.patient import CONNECT, PatientConnection


class ListenBell(Waiter):
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
