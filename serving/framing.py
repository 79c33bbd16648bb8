"""Where a body ends, found while its bytes arrive: only a look, for it is gunicorn's own reader that reads it."""

from typing import Any

from gunicorn.http.body import ChunkedReader
from gunicorn.http.unreader import Unreader

STEP = 4096  # a chunk of one byte is cut off what stands here
LONG = 1 << 14  # bytes of a size's line, or of trailers, that would be looked at anew with each byte


class Framing:
    """`ended` once the whole body has passed, or once what has passed can be no body; `least`: bytes that it has."""

    ended = False
    least = 0

    def pass_over(self, data: bytes) -> bytes:
        """The next bytes; what of them comes behind the body."""
        raise NotImplementedError


class Length(Framing):
    """A body whose length was announced."""

    def __init__(self, length: int) -> None:
        self.least = self._left = length
        self.ended = length == 0

    def pass_over(self, data: bytes) -> bytes:
        rest = data[self._left :]
        self._left -= len(data) - len(rest)
        self.ended = self._left == 0
        return rest


class _Nothing(Exception):
    """The line of a chunk is not whole."""


class _Look(Unreader):
    """Holds nothing but what it was given."""

    def chunk(self, size_hint: int | None = None) -> bytes:
        raise _Nothing


class Chunks(Framing):
    """A body in chunks. The lines of their sizes and the trailers are read by gunicorn's own functions."""

    def __init__(self, request: Any) -> None:
        self._reader = ChunkedReader(request, _Look())
        self._line = b""  # of the next size, as far as it has come
        self._left = 0  # of this chunk
        self._between = False  # two bytes end a chunk

    def pass_over(self, data: bytes) -> bytes:
        if self.ended:
            return data
        for start in range(0, len(data), STEP):
            rest = self._pass(data[start : start + STEP])
            if self.ended:
                return rest + data[start + STEP :]
        return b""

    def _pass(self, data: bytes) -> bytes:
        passed = min(self._left, len(data))
        self._left -= passed
        data = self._line + data[passed:]
        self._line = b""
        while data and not self._left:
            if self._between:
                if len(data) < 2:
                    break
                self.ended = data[:2] != b"\r\n"
                if self.ended:
                    return b""
                self._between, data = False, data[2:]
                continue
            look = _Look()
            try:
                size, rest = self._reader.parse_chunk_size(look, data)
            except _Nothing:
                self.ended = len(data) > LONG
                break
            except Exception:
                self.ended = True
                return b""
            if not size:
                self.ended = True
                return look.take_buffered()
            self._between = True
            self._left = max(0, size - len(rest))
            data = rest[size:]
        self._line = data
        return b""
