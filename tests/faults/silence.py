"""A TCP proxy before PostgreSQL that goes silent: it takes every byte, acknowledges it, and passes nothing on.

So does a server that is frozen, or a pooler that answers for a dead one: no keepalive notices."""

import contextlib
import socket
import threading


class SilentProxy:
    """Passes bytes both ways on a port of its own while `silent` is not set. A line that met silence stays mute."""

    def __init__(self, host: str, port: int) -> None:
        self._server = (host, port)
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=200)
        self.port: int = self._listener.getsockname()[1]
        self.silent = threading.Event()
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> "SilentProxy":
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:  # closed
                return
            server = socket.create_connection(self._server)
            mute = threading.Event()
            for ends in ((client, server), (server, client)):
                threading.Thread(target=self._pass_on, args=(*ends, mute), daemon=True).start()

    def _pass_on(self, come: socket.socket, go: socket.socket, mute: threading.Event) -> None:
        with contextlib.suppress(OSError):
            while data := come.recv(65536):
                if self.silent.is_set():
                    mute.set()
                if not mute.is_set():
                    go.sendall(data)
        for end in (come, go):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
