"""A stand-in for the owner's CRM on a real socket: it answers, limits, hangs, drips, lies and redirects."""

import json
import socket
import threading

LIMIT = b'{"error":"QUERY_LIMIT_EXCEEDED","error_description":"Too many requests"}'


def says(value, status=200, headers=()):
    """A whole reply. `value` is made JSON unless it is bytes."""
    body = value if isinstance(value, bytes) else json.dumps(value, ensure_ascii=False).encode()
    lines = [f"HTTP/1.1 {status} Said", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


class Crm:
    """Listens on 127.0.0.1. `pages` maps a path (without its query) to a reply, a list of replies
    (the last stays), or a function of the connection. `asked` holds (method, target, headers, body) of every request,
    `accepted` counts connections, `meeting` the requests that wait for their answer.
    """

    def __init__(self, pages=None):
        self.pages = dict(pages or {})
        self.asked, self.accepted = [], 0
        self.meeting = 0  # requests being answered now
        self.met = threading.Event()  # at least one was asked
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._open = []
        threading.Thread(target=self._serve, daemon=True).start()

    @property
    def targets(self):
        return [target for _, target, _, _ in self.asked]

    def hang(self, connection):
        """Takes the question and never answers."""
        self._ended.wait()

    def drip(self, connection):
        """A byte now and then, so that no read by itself is too slow."""
        for byte in says({"id": "1" * 5000}):
            connection.sendall(bytes([byte]))
            if self._ended.wait(0.05):
                return

    def _serve(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with self._lock:
                self.accepted += 1
                self._open.append(connection)
            threading.Thread(target=self._meet, args=(connection,), daemon=True).start()

    def _meet(self, connection):
        try:
            request = _request(connection)
            with self._lock:
                self.asked.append(request)
                self.meeting += 1
                self.met.set()
            page = self.pages.get(request[1].partition("?")[0], says({}, 404))
            if isinstance(page, list):
                page = page.pop(0) if len(page) > 1 else page[0]
            if callable(page):
                page(connection)
            else:
                connection.sendall(page)
        except OSError:
            self._ended.is_set()  # the other side went away, as it may
        finally:
            with self._lock:
                self.meeting -= 1
            connection.close()

    def let_go(self):
        """Whoever hangs or drips ends, without an answer."""
        self._ended.set()

    def close(self):
        self.let_go()
        self._listener.shutdown(socket.SHUT_RDWR)  # else the thread that accepts takes one more
        self._listener.close()
        for connection in self._open:
            connection.close()


def _request(connection):
    came = b""
    while b"\r\n\r\n" not in came:
        piece = connection.recv(65536)
        if not piece:
            raise OSError("no request")
        came += piece
    head, _, body = came.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    while len(body) < int(headers.get("content-length", 0)):
        body += connection.recv(65536)
    method, target, _ = first.split(" ")
    return method, target, headers, body
