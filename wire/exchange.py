"""One HTTP exchange over a `Line`: requests has written the head, http.client reads the reply. Nothing is pooled,
nothing tried again, nothing followed."""

import http.client
from collections.abc import Mapping
from http import HTTPStatus

from wire.line import Line, NotYet


class Reply(http.client.HTTPResponse):
    """http.client skips `100 Continue` but takes any other 1xx (103 Early Hints) for the reply itself; of two lengths
    it takes the first, and of a body cut short it says nothing."""

    def begin(self) -> None:
        super().begin()
        while 100 <= self.status < 200 and self.status != HTTPStatus.SWITCHING_PROTOCOLS:
            self.headers = self.msg = None  # type: ignore[assignment]
            super().begin()
        lengths = {each.strip() for all_ in self.headers.get_all("Content-Length", ()) for each in all_.split(",")}
        if len(lengths) > 1 and not self.chunked:
            raise http.client.HTTPException("two lengths")

    def whole(self, limit: int) -> bytes:
        """Its body as it came, never decompressed. Raises HTTPException where it ends too early, OSError as the line
        does."""
        pieces = []
        while piece := self.read1(limit):
            pieces.append(piece)
        if self.length:
            raise http.client.IncompleteRead(b"", self.length)
        return b"".join(pieces)


def request_of(method: str, target: str, headers: Mapping[str, str], body: bytes = b"") -> bytes:
    """The bytes of a request; the headers are ones that requests has checked."""
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"{method} {target} HTTP/1.1\r\n{head}\r\n".encode("latin-1") + body


def ask(line: Line, method: str, request: bytes) -> Reply:
    """The reply to this request, its headers read. Raises NotYet, and what may happen once something has left."""
    if line.sent:  # whatever we may come to think of: a line carries one request
        raise RuntimeError("a second request on one line")
    route = line.route
    line.dial()
    if route.tls is not None:
        if route.proxy is not None:
            _open_tunnel(line)
        line.secure(route.tls)
    line.hand_over(request)
    return _reply(line, method)


def _open_tunnel(line: Line) -> None:
    """The CONNECT to a proxy, which is not the request."""
    route = line.route
    there = f"[{route.host}]:{route.port}" if ":" in route.host else f"{route.host}:{route.port}"
    try:
        line.sendall(request_of("CONNECT", there, {"Host": there, **route.proxy_headers}))
        status = _reply(line, "CONNECT").status
    except (OSError, http.client.HTTPException) as failure:
        raise NotYet("proxy", f"the proxy opened no tunnel to the provider ({line.ended or 'no HTTP'})") from failure
    if status != HTTPStatus.OK:
        raise NotYet("proxy", "the proxy opened no tunnel to the provider (it said no)")


def _reply(line: Line, method: str) -> Reply:
    reply = Reply(line, method=method)  # type: ignore[arg-type]
    reply.begin()
    return reply
