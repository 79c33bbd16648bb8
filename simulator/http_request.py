"""HTTP/1.1 requests out of the bytes that have come so far. Pure: no socket, no clock.

Only what a twin of one POST handler needs: Content-Length and chunked bodies, both capped.
"""

from dataclasses import dataclass

MAX_HEAD = 16 * 1024
MAX_BODY = 256 * 1024
MAX_WIRE = 4 * MAX_BODY  # a chunked body may be mostly framing; more than this is never kept waiting


class Malformed(Exception):
    """The bytes are no request this server reads; `status` is the HTTP status to answer before closing."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


@dataclass(frozen=True, slots=True)
class Head:
    """Everything before the body. `headers` has lower-case names; of a header given twice the last stands."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    close: bool  # the client wants the connection closed after the reply


@dataclass(frozen=True, slots=True)
class Request:
    """A request that has arrived whole."""

    head: Head
    body: bytes


def take_head(buffer: bytearray) -> Head | None:
    """The head at the start of `buffer`, removed from it; None while it is not whole. Raises `Malformed`."""
    end = buffer.find(b"\r\n\r\n")
    if end > MAX_HEAD or (end < 0 and len(buffer) > MAX_HEAD):
        raise Malformed(431, "the request's head is too long")
    if end < 0:
        return None
    first, *lines = bytes(buffer[:end]).decode("latin-1").split("\r\n")
    del buffer[: end + 4]
    words = first.split(" ")
    if len(words) != 3 or not words[2].startswith("HTTP/1."):
        raise Malformed(400, "this is not an HTTP/1.1 request line")
    headers = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon or not name or name != name.strip():
            raise Malformed(400, "a header line is broken")
        headers[name.lower()] = value.strip()
    path, _, query = words[1].partition("?")
    wish = headers.get("connection", "").lower()
    close = "close" in wish or (words[2] == "HTTP/1.0" and "keep-alive" not in wish)
    return Head(words[0], path, query, headers, close)


def take_body(buffer: bytearray, head: Head) -> bytes | None:
    """The body that belongs to `head`, removed from `buffer`; None while it is not whole. Raises `Malformed`."""
    coding = head.headers.get("transfer-encoding", "").lower()
    if coding == "chunked":
        return _take_chunks(buffer)
    if coding:
        raise Malformed(501, "only chunked is understood as a Transfer-Encoding")
    length = head.headers.get("content-length")
    if length is None:
        if head.method in ("POST", "PUT", "PATCH"):
            raise Malformed(411, "a body needs a Content-Length")
        return b""
    if not (length.isascii() and length.isdigit() and len(length) < 12):
        raise Malformed(400, "the Content-Length is no number")
    size = int(length)
    if size > MAX_BODY:
        raise Malformed(413, "the body is too large")
    if len(buffer) < size:
        return None
    body = bytes(buffer[:size])
    del buffer[:size]
    return body


def _take_chunks(buffer: bytearray) -> bytes | None:
    """Reads from the start each time: bodies are small, and nothing has to be remembered between reads."""
    body = bytearray()
    at = 0
    while True:
        end = buffer.find(b"\r\n", at)
        if end < 0:
            return None
        size = _chunk_size(bytes(buffer[at:end]))
        if len(body) + size > MAX_BODY:
            raise Malformed(413, "the body is too large")
        at = end + 2
        if size == 0:
            return _after_last_chunk(buffer, at, bytes(body))
        if len(buffer) < at + size + 2:
            return None
        if buffer[at + size : at + size + 2] != b"\r\n":
            raise Malformed(400, "a chunk is longer than it says")
        body += buffer[at : at + size]
        at += size + 2


def _chunk_size(line: bytes) -> int:
    digits = line.split(b";")[0].strip()
    if not digits or len(digits) > 8 or digits.strip(b"0123456789abcdefABCDEF"):
        raise Malformed(400, "a chunk's size is no number")
    return int(digits, 16)


def _after_last_chunk(buffer: bytearray, at: int, body: bytes) -> bytes | None:
    """Skips trailer lines up to the empty one that ends the request."""
    while True:
        end = buffer.find(b"\r\n", at)
        if end < 0:
            return None
        if end == at:
            del buffer[: end + 2]
            return body
        at = end + 2
