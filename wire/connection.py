"""requests' adapter and urllib3's connection over one `Line`: nothing pooled, nothing tried again, nothing followed."""

import http.client
from http import HTTPStatus
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection
from urllib3.connectionpool import HTTPConnectionPool
from urllib3.util.retry import Retry

from wire.line import Line, NotYet


class Reply(http.client.HTTPResponse):
    """http.client skips `100 Continue` but takes any other 1xx (103 Early Hints) for the reply itself."""

    def begin(self) -> None:
        super().begin()
        while 100 <= self.status < 200 and self.status != HTTPStatus.SWITCHING_PROTOCOLS:
            self.headers = self.msg = None  # type: ignore[assignment]
            super().begin()


class LineConnection(HTTPConnection):
    """urllib3's connection over a `Line`: it gathers the request, then opens the line, then hands it over whole."""

    response_class = Reply

    def __init__(self, host: str, port: int | None = None, *, line: Line, **options: Any) -> None:
        super().__init__(host, port, **options)
        self._line = line
        self._request: list[bytes] | None = None

    def request(self, *args: Any, **options: Any) -> None:
        if self._line.sent:  # whatever a library may come to think of: a line carries one request
            raise RuntimeError("a second request on one line")
        self._request = []
        super().request(*args, **options)
        whole, self._request = b"".join(self._request), None
        self.connect()
        self._line.hand_over(whole)

    def send(self, data: Any) -> None:
        if self._request is None:
            self._line.sendall(data)  # the CONNECT to a proxy, which is not the request
        else:
            self._request.append(data)

    def connect(self) -> None:
        line, route = self._line, self._line.route
        line.dial()
        if route.tls is not None and route.proxy is not None:
            self.set_tunnel(route.host, route.port, route.proxy_headers)
        self.sock = line
        if self._tunnel_host is not None:
            try:
                self._tunnel()
            except (OSError, http.client.HTTPException) as failure:
                why = f"the proxy opened no tunnel to the provider ({line.ended or 'it said no'})"
                raise NotYet("proxy", why) from failure
        if route.tls is not None:
            line.secure(route.tls)


class _OneConnection(HTTPConnectionPool):
    ConnectionCls = LineConnection


class OneLine(HTTPAdapter):
    """An adapter for one request over `line`, to `target` (the path, or the whole address for a forwarding proxy)."""

    def __init__(self, line: Line, target: str) -> None:
        super().__init__(pool_connections=1, pool_maxsize=1, max_retries=Retry(0, read=False))
        self._line, self._target = line, target

    def get_connection_with_tls_context(self, *args: Any, **options: Any) -> HTTPConnectionPool:
        return _OneConnection(self._line.route.host, self._line.route.port, line=self._line)

    def cert_verify(self, *args: Any, **options: Any) -> None:
        """The line's own TLS context verifies, always. (urllib3 would load the authorities anew for each call.)"""

    def request_url(self, *args: Any, **options: Any) -> str:
        return self._target
