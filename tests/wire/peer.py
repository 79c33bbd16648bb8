"""A provider on a bare socket that does to each connection what its script says."""

import shutil
import socket
import ssl
import struct
import subprocess
import threading

import pytest


class Peer:
    """Listens on 127.0.0.1; reads each connection's request (unless `reads` is False), then runs `script(connection)`.

    `requests` holds the whole requests read, `accepted` counts connections, `done` is released as each one ends.
    """

    def __init__(self, script, reads=True, tls=None):
        self.script, self.reads, self.tls = script, reads, tls
        self.requests, self.problems, self.accepted, self.done = [], [], 0, threading.Semaphore(0)
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port = self._listener.getsockname()[1]
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}/api/lido/send/"
        self._open = []
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.accepted += 1
            self._open.append(connection)
            threading.Thread(target=self._meet, args=(connection,), daemon=True).start()

    def _meet(self, connection):
        try:
            if self.tls:
                connection = self.tls.wrap_socket(connection, server_side=True)
                self._open.append(connection)
            if self.reads:
                self.requests.append(read_request(connection))
            self.script(connection)
        except OSError as failure:
            self.problems.append(failure)  # the other side went away, as it may
        finally:
            connection.close()
            self.done.release()

    def close(self):
        self._listener.close()
        for connection in self._open:
            connection.close()


def read_request(connection):
    """One request with its whole body; what came so far when the other side closes."""
    came = b""
    while b"\r\n\r\n" not in came:
        piece = connection.recv(65536)
        if not piece:
            return came
        came += piece
    head, _, body = came.partition(b"\r\n\r\n")
    length = next((int(v.split(b":")[1]) for v in head.split(b"\r\n") if v.lower().startswith(b"content-length:")), 0)
    while len(body) < length:
        piece = connection.recv(65536)
        if not piece:
            break
        body += piece
    return head + b"\r\n\r\n" + body


def reset(connection):
    """Ends the connection with RST."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


@pytest.fixture
def peer():
    """`peer(script)` or `peer(raw reply bytes)`: a listening Peer, closed after the test."""
    peers = []

    def listen(script, **options):
        raw = script
        made = Peer((lambda connection: connection.sendall(raw)) if isinstance(raw, bytes) else script, **options)
        peers.append(made)
        return made

    yield listen
    for made in peers:
        made.close()


@pytest.fixture
def reset_connection():
    return reset


@pytest.fixture
def hang():
    """A script that never answers and ends when the other side closes."""
    return lambda connection: connection.recv(1)


@pytest.fixture
def refused_port():
    """A port that nobody listens on, held so that nobody else takes it."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


@pytest.fixture
def deaf_port():
    """A port whose backlog is full: a connection to it is never made and never refused."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(0)
    waiting = []
    for _ in range(8):
        knock = socket.socket()
        knock.setblocking(False)
        knock.connect_ex(listener.getsockname())
        waiting.append(knock)
    yield listener.getsockname()[1]
    for knock in [*waiting, listener]:
        knock.close()


@pytest.fixture(scope="session")
def certificate(tmp_path_factory):
    """`certificate(names)` -> (certificate file, key file), self-signed for these subjectAltNames."""
    if shutil.which("openssl") is None:
        pytest.skip("needs the openssl command: apt install openssl")
    folder = tmp_path_factory.mktemp("certificates")

    def make(names):
        stem = folder / "".join(c if c.isalnum() else "_" for c in names)
        cert, key = f"{stem}.crt", f"{stem}.key"
        command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=test"
        subprocess.run(
            [*command.split(), "-addext", f"subjectAltName={names}", "-keyout", key, "-out", cert],
            check=True,
            capture_output=True,
        )
        return cert, key

    return make


@pytest.fixture
def tls(certificate):
    """`tls(names)` -> (server's context, its certificate as a file of authorities)."""

    def make(names="IP:127.0.0.1"):
        cert, key = certificate(names)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(cert, key)
        return context, cert

    return make
