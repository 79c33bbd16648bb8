"""One POST, told exactly: sent and answered, sent and not answered, or provably not sent.

The provider has no idempotency key and no status query, so "was it sent?" must never be a guess.
requests writes the head, once; its session is not used: it would follow redirects (a 307 is POSTed again, with
the key, elsewhere), read proxies, .netrc and CA files from the environment, and take a stale connection from a pool.
"""

import base64
import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from core.ports import Start
from wire.clocks import CLOCKS, Clocks
from wire.exchange import ask, request_of
from wire.line import REPLY_LIMIT, Line, NotYet, Route, Trace

if TYPE_CHECKING:
    import requests

# What requests surely takes as it stands. It is imported, and authorities are read, by whoever sends: not by a command
# that lists leads, nor by a web process.
PLAIN_URL = re.compile(
    r"https?://(?:[a-z0-9-]+\.)*[a-z0-9][a-z0-9-]*(?::[0-9]{1,5})?(?:/[A-Za-z0-9_-][A-Za-z0-9._-]*)*/?"
)
PLAIN_NAME, PLAIN_VALUE = re.compile("[A-Za-z-]+"), re.compile("[!-~](?:[ -~]*[!-~])?")
_STATUS = re.compile(rb"HTTP/1\.[0-9] ([1-9][0-9]{2})(?![0-9])")


@dataclass(frozen=True)
class Sent:
    """The request left and a reply came to its end. `body` is as it came, never decompressed.

    `whole`: the reply's own framing (Content-Length, last chunk) said where it ends. False: only the
    close of the connection ended it, and a cut reply looks the same; what the body proves by itself counts.
    """

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    whole: bool


@dataclass(frozen=True)
class NotSent:
    """Not one byte of the request left. `how`: refused_connection, dns, connect_timeout, tls, proxy, late,
    unreachable; `why` is one sentence without secrets."""

    how: str
    why: str


@dataclass(frozen=True)
class NoAnswer:
    """The request or a part of it left, and no whole reply came. `how`: no_answer, reset, closed, odd_reply.

    `status` is the reply's where its first line came; `body` is what came after its headers, as it came
    (chunk sizes and all), or everything that came where it was no HTTP: evidence for a person, never proof.
    """

    how: str
    status: int | None = None
    body: bytes = b""


class Post:
    """POSTs to one URL with fixed headers. Safe in many threads at once; each call opens and closes its own connection.

    `connect_timeout_ms` bounds all that comes before the first byte (DNS, TCP, proxy, TLS), `total_timeout_ms`
    everything, counted from the call's start. `ca_file` is trusted instead of the shipped
    authorities; `proxy` is http://[user:password@]host[:port]. `trace`, for fault trials, is told
    `connected`, `half_sent`, `sent` and `answered`. Raises ValueError for an address or a header that cannot
    be, without its value.
    """

    def __init__(
        self,
        url: str,
        headers: Mapping[str, str],
        *,
        connect_timeout_ms: int,
        total_timeout_ms: int,
        ca_file: str | None = None,
        proxy: str | None = None,
        clocks: Clocks = CLOCKS,
        trace: Trace | None = None,
    ) -> None:
        self._url, self._headers, self._ca_file = url, headers, ca_file
        self._proxy = None if proxy is None else _proxy(proxy)
        if not _is_plain(url, headers):
            made = _template(url, headers)
            self._url, self._headers = str(made.url), {name: str(value) for name, value in made.headers.items()}
        if ca_file is not None:
            self._route  # noqa: B018 - a file that cannot be read is told now
        self._connect_ms, self._total_ms = connect_timeout_ms, total_timeout_ms
        self._clocks, self._trace = clocks, trace

    @cached_property
    def _head(self) -> tuple[str, dict[str, str]]:
        """What is asked for, and the headers, in the order in which they are sent. A proxy that forwards is told the
        whole address, and reads the headers."""
        made, through = _template(self._url, self._headers), self._route
        headers = {name: str(value) for name, value in made.headers.items()}
        if through.proxy is not None and through.tls is None:
            return str(made.url), {**headers, **through.proxy_headers}
        return made.path_url, headers

    @cached_property
    def _route(self) -> Route:
        parts = urlsplit(self._url)
        tls = tls_context(self._ca_file) if parts.scheme == "https" else None
        port = parts.port or (443 if tls else 80)
        if self._proxy is None:
            return Route(str(parts.hostname), port, tls)
        return Route(str(parts.hostname), port, tls, *self._proxy)

    def send(self, body: bytes, start: Start) -> Sent | NotSent | NoAnswer:
        """One POST of `body`, over by `start` + the total time-out.

        Never raises for what a network can do. Before the first byte a bug may raise; after it nothing but
        the end of the process (KeyboardInterrupt, SystemExit) leaves other than as a value.
        """
        line = Line(self._route, self._clocks, start, self._connect_ms, self._total_ms, self._trace)
        try:
            return self._exchange(line, body)
        except NotYet as stopped:
            return NotSent(stopped.how, stopped.why)
        except Exception:
            if not line.sent:
                raise
            return _no_answer(line)
        finally:
            line.hang_up()

    def _exchange(self, line: Line, body: bytes) -> Sent | NoAnswer:
        target, headers = self._head
        reply = ask(line, "POST", request_of("POST", target, {**headers, "Content-Length": str(len(body))}, body))
        told = reply.whole(REPLY_LIMIT)
        line.at("answered")
        framed = line.ended != "closed"
        if not framed and not told:
            return _no_answer(line)  # nothing but a close: the headers themselves may be cut
        return Sent(reply.status, tuple(reply.headers.items()), told, framed)


def _no_answer(line: Line) -> NoAnswer:
    """What the line heard, told as far as it can be trusted. Never raises."""
    rest, status = bytes(line.heard), None
    while first := _STATUS.match(rest):
        status = int(first[1])
        _, _, rest = rest.partition(b"\r\n\r\n")
        if status >= 200:  # before it stood what is only informational
            break
    return NoAnswer(line.ended or "odd_reply", status, rest)


def _is_plain(url: str, headers: Mapping[str, str]) -> bool:
    """Whether the address and the headers are surely ones that can be."""
    if not PLAIN_URL.fullmatch(url) or int(urlsplit(url).netloc.partition(":")[2] or 0) > 65535:
        return False
    return all(PLAIN_NAME.fullmatch(name) and PLAIN_VALUE.fullmatch(value) for name, value in headers.items())


def _template(url: str, headers: Mapping[str, str]) -> "requests.PreparedRequest":
    import requests

    try:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username is not None or parts.fragment:
            raise ValueError
        parts.port  # noqa: B018  (raises ValueError for a port that cannot be)
        template = requests.Request("POST", url, headers={"Host": parts.netloc, **headers}).prepare()
    except ValueError:  # requests' own errors are ValueErrors too, and hold the value
        expected = "http(s)://host[:port]/path without user or fragment, and printable headers"
        raise ValueError(f"expected {expected}") from None
    template.headers.update({"Accept-Encoding": "identity", "Connection": "close"})
    return template


def _proxy(proxy: str) -> tuple[tuple[str, int], dict[str, str]]:
    """Where it is, and what it wants to be told. Raises ValueError without the value."""
    headers: dict[str, str] = {}
    try:
        through = urlsplit(proxy)
        if through.scheme != "http" or not through.hostname:
            raise ValueError
        if through.username is not None:
            known = f"{unquote(through.username)}:{unquote(through.password or '')}".encode("latin-1")
            headers["Proxy-Authorization"] = f"Basic {base64.b64encode(known).decode()}"
        return (through.hostname, through.port or 80), headers
    except ValueError:  # what cannot be encoded is one too, and holds the value
        raise ValueError("expected the proxy as http://[user:password@]host[:port]") from None


def tls_context(ca_file: str | None) -> ssl.SSLContext:
    """Built once, and never changed while calls use it. Deaf to SSL_CERT_FILE, SSL_CERT_DIR and SSLKEYLOGFILE."""
    from requests.certs import where as shipped_authorities

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    try:
        context.load_verify_locations(ca_file or shipped_authorities())
    except OSError as failure:
        why = failure.strerror or "no certificates in it"
        raise ValueError(f"expected a file of authorities that can be read: {why}") from None
    return context
