"""The line to the provider: one TCP or TLS connection for one request, that knows whether its first byte left.

The class of an exception proves nothing: libraries raise the same ones before and after the
other side has read the request. What proves it is `Line.sent`, set immediately before the first byte of
the request line is handed to the socket. Everything that fails earlier is a `NotYet`.
"""

import errno
import io
import logging
import socket
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from core.ports import Start
from wire.clocks import Clocks
from wire.lookup import addresses

Trace = Callable[[str], None]
REPLY_LIMIT = 64 * 1024  # bytes read of one reply, its status line and headers included


class NotYet(Exception):
    """Not one byte of the request has left; `how` as in `core.outcome`, `why` one sentence without secrets."""

    def __init__(self, how: str, why: str) -> None:
        super().__init__(why)
        self.how = how
        self.why = why


@dataclass(frozen=True)
class Route:
    """Where a request goes: through `proxy` (host, port) where there is one; `tls` None means plain http."""

    host: str
    port: int
    tls: ssl.SSLContext | None = field(default=None, repr=False)
    proxy: tuple[str, int] | None = None
    proxy_headers: dict[str, str] = field(default_factory=dict, repr=False)


class Line(io.RawIOBase):
    """What http.client takes for its socket: each wait lasts at most until the deadline, the reply is capped.

    Owns the real socket and closes it only in `hang_up`: http.client closes its own end before the body is read.
    """

    def __init__(
        self,
        route: Route,
        clocks: Clocks,
        start: Start,
        connect_ms: int,
        total_ms: int,
        trace: Trace | None,
        reply_limit: int = REPLY_LIMIT,
    ) -> None:
        self.route = route
        self.trace = trace
        self.sent = False  # the first byte of the request may have left
        self.ended = ""  # what stopped the reading or the sending: no_answer, reset, closed, odd_reply
        self.heard = bytearray()  # all that came, as it came
        self._clocks = clocks
        self._reply_limit = reply_limit
        self._end, self._wall_end = start.boot + total_ms / 1000, start.wall + total_ms / 1000
        self._until = min(clocks.boot() + connect_ms / 1000, self._end)
        self._socket: socket.socket | None = None

    def left(self) -> float:
        """Seconds until the present stage must be over: the connection first, then the whole exchange."""
        return self._until - self._clocks.boot()

    def is_late(self) -> bool:
        """By either clock: the first does not see what an administrator set, the second jumps."""
        return self._clocks.boot() >= self._end or self._clocks.wall() >= self._wall_end

    # Opening -----------------------------------------------------------------------------------------

    def dial(self) -> None:
        """A TCP connection to the first address that answers. Raises NotYet."""
        host, port = self.route.proxy or (self.route.host, self.route.port)
        how, whom = ("proxy", "the proxy") if self.route.proxy else ("", "the provider")
        if self.left() <= 0:
            raise NotYet("late", "the time for this call was over before it was dialled")
        try:
            found = addresses(host, port, self.left())
        except TimeoutError as failure:
            raise NotYet(how or "dns", f"the address of {whom} was not found in time") from failure
        except OSError as failure:
            raise NotYet(how or "dns", f"the address of {whom} was not found: {failure.strerror}") from failure
        try:
            self._socket = self._first_of(found)
        except ConnectionRefusedError as failure:
            raise NotYet(how or "refused_connection", f"{whom} refused the connection") from failure
        except TimeoutError as failure:
            raise NotYet(how or "connect_timeout", f"{whom} did not take the connection in time") from failure
        except OSError as failure:
            raise NotYet(how or "unreachable", f"{whom} cannot be reached: {failure.strerror}") from failure

    def _first_of(self, found: list[Any]) -> socket.socket:
        problem = OSError(errno.EADDRNOTAVAIL, "the name has no address")
        for tried, (family, kind, proto, address) in enumerate(found):
            dialled = None
            try:
                dialled = socket.socket(family, kind, proto)
                # An address that swallows packets leaves time for the ones after it.
                dialled.settimeout(max(self.left() / (len(found) - tried), 0.001))
                dialled.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                dialled.connect(address)
                return dialled
            except OSError as failure:
                problem = failure
                if dialled is not None:
                    dialled.close()
        raise problem

    def secure(self, tls: ssl.SSLContext) -> None:
        """The TLS handshake. Raises NotYet."""
        assert self._socket is not None
        self._socket.settimeout(max(self.left(), 0.001))
        try:
            self._socket = tls.wrap_socket(self._socket, server_hostname=self.route.host.rstrip("."))
        except ssl.SSLCertVerificationError as failure:
            raise NotYet("tls", f"the provider's certificate is not trusted: {failure.verify_message}") from failure
        except TimeoutError as failure:
            raise NotYet("connect_timeout", "the TLS handshake was not done in time") from failure
        except OSError as failure:
            why = getattr(failure, "reason", None) or failure.strerror
            raise NotYet("tls", f"the TLS handshake failed: {why}") from failure

    def certificate(self) -> Mapping[str, object]:
        """The other side's, after a trusted handshake, as the standard library tells it. Raises NotYet."""
        assert self.route.tls is not None
        self.secure(self.route.tls)
        assert isinstance(self._socket, ssl.SSLSocket)
        return self._socket.getpeercert() or {}

    # The request -------------------------------------------------------------------------------------

    def hand_over(self, request: bytes) -> None:
        """The whole request, if it is not too late; from here on its fate is unknown until a reply proves it.

        Raises NotYet; after the first byte OSError, with `ended` set.
        """
        assert self._socket is not None
        self.at("connected")
        self.ended = ""
        self.heard.clear()  # a proxy's word is not the reply
        self._until = self._end
        if self.is_late():
            raise NotYet("late", "the time for this call was over before its first byte")
        self.sent = True
        if self.trace is None:
            self.sendall(request)
        else:
            self.sendall(request[: len(request) // 2])
            self.at("half_sent")
            self.sendall(request[len(request) // 2 :])
        self.at("sent")

    def at(self, stage: str) -> None:
        """For the fault trials, which end the process here."""
        if self.trace is not None:
            self.trace(stage)

    # What http.client asks of a socket ----------------------------------------------------

    def sendall(self, data: bytes) -> None:
        """All of `data` within the time left (one deadline for the whole call, not for each packet)."""
        assert self._socket is not None
        self._socket.settimeout(max(self.left(), 0.001))
        try:
            self._socket.sendall(data)
        except TimeoutError:
            self.ended = "no_answer"
            raise
        except OSError:
            self.ended = "reset"
            raise

    def makefile(self, mode: str) -> io.BufferedReader:
        return io.BufferedReader(self)

    def settimeout(self, seconds: float | None) -> None:
        """Ignored: the deadline is the line's own."""

    def close(self) -> None:
        """Ignored: see `hang_up`."""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        """One read. Raises OSError, with `ended` set, when nothing more will come or be taken."""
        assert self._socket is not None
        room = memoryview(buffer)[: self._reply_limit - len(self.heard)]
        if not room:
            self.ended = "odd_reply"
            raise OSError("the reply is longer than we read")
        try:
            count = self._receive(self._socket, room)
        except (TimeoutError, BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError) as failure:
            self.ended = "no_answer"
            raise TimeoutError("no answer in time") from failure
        except OSError:
            self.ended = "reset"
            raise
        if count == 0:
            self.ended = "closed"
        self.heard += room[:count]
        return count

    def _receive(self, opened: socket.socket, room: memoryview) -> int:
        left = self.left()
        if left > 0:
            opened.settimeout(left)
            try:
                return opened.recv_into(room)
            except TimeoutError:
                left = 0
        # Past the deadline, perhaps by hours (a frozen owner): what has already come may be the proof.
        # It is taken without waiting; a line that goes on dripping ends at its first pause.
        opened.settimeout(0)
        return opened.recv_into(room)

    def hang_up(self) -> None:
        """Closes the real socket; never raises."""
        opened, self._socket = self._socket, None
        if opened is not None:
            try:
                opened.close()
            except OSError as failure:
                logging.getLogger(__name__).debug("closing failed: %s", failure.strerror)
