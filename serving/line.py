"""One connection: the bytes that came of it, until a request of it is whole, and those that wait to be sent.

gunicorn's own parser reads the request. It is begun anew with each piece of a head, and only asked for a body that is
there: nobody waits in it."""

import contextlib
import io
import socket
import time
from collections.abc import Callable
from typing import Any

from gunicorn.http.body import LengthReader
from gunicorn.http.message import Request
from gunicorn.http.unreader import Unreader

from serving.framing import Chunks, Framing, Length
from serving.outbox import Outbox

PIECE = 1 << 16
LARGE = 1 << 18  # bytes of a body that wait here; what is larger is read by a thread
LONG = 1 << 13  # bytes of a head
HEAD_S, BODY_S, DISCARD_S = 10.0, 15.0, 5.0
MOST_DISCARDED = 8 << 20
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class NotYet(Exception):
    """What is wanted has not arrived."""


class Gone(Exception):
    """The other end has, and nothing is owed to it."""


class Arrived(Unreader):
    """What gunicorn's parser reads: the bytes that are here, and what `more` gets when they are used up."""

    def __init__(self, more: Callable[[], bytes]) -> None:
        super().__init__()
        self._more = more

    def chunk(self, size_hint: int | None = None) -> bytes:
        return self._more()

    def put(self, data: bytes) -> None:
        self.buf.seek(0, io.SEEK_END)
        self.buf.write(data)


class Line:
    """A connection and its present request. `receive` is for the loop alone, which waits for nothing; a thread that has
    been given the line has it for itself."""

    def __init__(self, cfg: Any, sock: socket.socket, client: Any, server: Any) -> None:
        self.cfg, self.sock, self.client, self.server = cfg, sock, client, server
        self.address: str = client[0] if isinstance(client, tuple) else ""
        self.out = Outbox(sock)
        self.count = 0
        self.deadline = time.monotonic() + HEAD_S
        self._begin(b"")

    def _begin(self, head: bytes) -> None:
        self.head = bytearray(head)  # of the next request, as far as it has come
        self._look_at = 0  # bytes of it, before it is looked at again
        self.input = Arrived(self._no_more)
        self.request: Any = None
        self.failure: Exception | None = None  # what is wrong with the head
        self.ended = False  # the other end says nothing more
        self.late = False  # its time is over
        self.framing: Framing | None = None
        self.size = 0  # bytes that have come since its head
        self.behind = False  # some of them stand behind its body

    # For the loop.

    def receive(self) -> bool:
        """Take what has come; whether somebody can work on the request. Raises Gone."""
        try:
            data = self.sock.recv(PIECE, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return False
        except OSError as why:
            raise Gone from why
        self.ended = not data
        if self.request is not None:
            self._more_of_body(data)
        elif self.ended:
            raise Gone
        else:
            if not self.head:
                self.deadline = time.monotonic() + HEAD_S
            self.head += data
            if len(self.head) >= self._look_at or b"\r\n\r\n" in self.head[-len(data) - 3 :]:
                self.parse()
        return self.is_ready()

    def parse(self) -> None:
        """Look whether the head is whole; what is wrong with it is for the thread that answers."""
        self.input.buf = io.BytesIO(self.head)
        try:
            self.request = request = Request(self.cfg, self.input, self.client, self.count + 1)
        except NotYet:
            # Of a long one that drips each byte would have it read anew.
            self._look_at = len(self.head) * 9 // 8 if len(self.head) > LONG else 0
            return
        except Exception as why:
            self.failure = why
            return
        self.count += 1
        self.head = bytearray()
        self.deadline = time.monotonic() + BODY_S
        reader = request.body.reader
        self.framing = Length(reader.length) if isinstance(reader, LengthReader) else Chunks(request)
        self._count(self.input.buf.getvalue())
        if request._expected_100_continue:
            request._expected_100_continue = False  # gunicorn would say it when nobody waits for it any more
            if not self.is_ready():
                with contextlib.suppress(OSError):  # is seen when it is read from
                    self.out.sendall(CONTINUE)
                    self.out.flush()

    def _more_of_body(self, data: bytes) -> None:
        self.input.put(data)
        self._count(data)

    def _count(self, data: bytes) -> None:
        assert self.framing is not None
        self.size += len(data)
        self.behind = bool(self.framing.pass_over(data))

    def is_whole(self) -> bool:
        return self.framing is not None and self.framing.ended

    def is_large(self) -> bool:
        return self.framing is not None and not self.framing.ended and max(self.framing.least, self.size) > LARGE

    def is_ready(self) -> bool:
        over = self.request is not None and (self.ended or self.late)
        return over or self.failure is not None or self.is_whole() or self.is_large()

    def said_anything(self) -> bool:
        return bool(self.head) or self.request is not None

    def held(self) -> int:
        """Bytes that wait here."""
        return len(self.head) + self.size + len(self.out)

    # For the thread that answers.

    def _no_more(self) -> bytes:
        """While the loop has the line nothing more is to be had; a thread waits for the rest of a large body."""
        if self.request is None:
            raise NotYet
        left = self.deadline - time.monotonic()
        if self.ended or self.is_whole():
            return b""
        if self.late or left <= 0:
            raise TimeoutError(f"the body did not arrive within {BODY_S:.0f} s")
        self.sock.settimeout(left)
        try:
            data = self.sock.recv(PIECE)
        except TimeoutError:
            self.late = True
            return self._no_more()
        finally:
            self.sock.settimeout(None)
        self.ended = not data
        self._count(data)
        return data

    # When it has been answered.

    def next(self) -> bool:
        """Begin the next request with what has come behind this one; whether where it begins is known."""
        if not self.is_whole():
            self.input.take_buffered()
            return not self.ended
        body = self.request.body
        try:
            while not body.failed and body.read(PIECE):
                continue
        except Exception:  # a chunk that is none, which the application has not read
            return False
        if body.failed:
            return False
        self._begin(self.input.take_buffered())
        if self.head:
            self.parse()
        return True

    def discard(self) -> bool:
        """Throw away what still comes of a body that nobody wants; whether the next request has begun. Raises Gone."""
        data = self._read_off()
        framing = self.framing
        assert framing is not None
        rest = framing.pass_over(data)
        if not framing.ended:
            return False
        self._begin(rest)
        if rest:
            self.parse()
        return True

    def drain(self) -> None:
        """Throw away what comes before the line may be closed. Raises Gone when it may."""
        self._read_off()

    def _read_off(self) -> bytes:
        try:
            data = self.sock.recv(PIECE, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return b""
        except OSError as why:
            raise Gone from why
        self.size += len(data)
        if not data or self.size > MOST_DISCARDED:
            raise Gone
        return data

    def is_silent(self) -> bool:
        """Whether its sender has said all that it announced, so that nothing is reset when it is closed."""
        if not self.is_whole() or self.behind or not self.request.should_close():
            return False
        try:
            return not self.sock.recv(1, socket.MSG_DONTWAIT | socket.MSG_PEEK)
        except BlockingIOError:
            return True
        except OSError:  # reset already
            return True
