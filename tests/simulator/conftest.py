import http.client
import json
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from simulator.server import Simulator

PATIENCE = 60.0


@dataclass(frozen=True)
class Reply:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def fields(self) -> dict[str, object]:
        return json.loads(self.body)


class Client:
    """Asks one simulator, each time over a connection of its own."""

    def __init__(self, sim: Simulator, key: str = "k") -> None:
        self.sim, self.key = sim, key

    def request(self, method: str, path: str, body: bytes = b"", **headers: str) -> Reply:
        connection = http.client.HTTPConnection("127.0.0.1", self.sim.port, timeout=PATIENCE)
        try:
            connection.request(method, path, body or None, {name.replace("_", "-"): v for name, v in headers.items()})
            reply = connection.getresponse()
            names = {name.lower(): value for name, value in reply.getheaders()}
            return Reply(reply.status, names, reply.read())
        finally:
            connection.close()

    def post(self, fields: object, **headers: str) -> Reply:
        """One POST to the handler, with no credentials but those given."""
        body = fields if isinstance(fields, bytes) else json.dumps(fields).encode()
        return self.request("POST", "/api/lido/send/", body, **({"Content_Type": "application/json"} | headers))

    def ring(self, script: str = "Заявка", number: str = "79990000001", **more: object) -> Reply:
        return self.post({"number": number, "script": script} | more, Authorization=self.key)

    def wire(self, script: str = "Заявка", number: str = "79990000001") -> bytes:
        """The bytes of a POST, its connection to be closed after the reply."""
        body = json.dumps({"number": number, "script": script}).encode()
        head = (
            "POST /api/lido/send/ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
            "Content-Type: application/json\r\n"
            f"Authorization: {self.key}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.sim.port), timeout=PATIENCE)

    def raw(self, sent: bytes) -> bytes:
        """Sends bytes and reads until the other side closes. Raises ConnectionResetError for an RST."""
        with self.connect() as sock:
            sock.sendall(sent)
            return read_all(sock)


def read_all(sock: socket.socket) -> bytes:
    parts = []
    while part := sock.recv(65536):
        parts.append(part)
    return b"".join(parts)


@pytest.fixture
def sim() -> Iterator[Simulator]:
    with Simulator(key="k") as started:
        yield started


@pytest.fixture
def client(sim: Simulator) -> Client:
    return Client(sim)


@pytest.fixture
def client_of() -> Callable[[Simulator], Client]:
    return Client
