"""The text parts of a multipart/form-data body (Jotform). Files are passed over."""

import re

from werkzeug.sansio.multipart import Data, Epilogue, Field, File, MultipartDecoder, NeedData, RequestEntityTooLarge

from core.reading.media import decode
from core.reading.tree import MAX_KEYS, Unreadable

_CHUNK = 4_096
_MAX_HELD = 2 * _CHUNK  # what the decoder may hold back: the headers of one part, and a chunk
_MAX_BOUNDARY = 200
_FIRST_LINE = re.compile(rb"\s*--([^\r\n]{1,200}?)[ \t]*\r?\n")


def boundary_of(body: bytes) -> bytes:
    """The boundary that the body itself begins with, for senders whose Content-Type does not name it; else empty."""
    first = _FIRST_LINE.match(body[:1_000])
    return first[1] if first and b"content-disposition" in body[:1_000].lower() else b""


def fields(body: bytes, boundary: bytes, *charsets: str) -> list[tuple[str, str]]:
    """Names and texts of the parts that are no files, in their order. A body that does not end with
    its last boundary was cut and is refused. Raises Unreadable and nothing else."""
    if not 0 < len(boundary) <= _MAX_BOUNDARY:
        raise Unreadable("body_bad_multipart")
    if body.count(b"\n--" + boundary) > MAX_KEYS + 1:  # the first boundary may have a line before it, the last has
        raise Unreadable("body_too_many_fields")
    decoder = MultipartDecoder(boundary, max_form_memory_size=_MAX_HELD, max_parts=MAX_KEYS)
    try:
        return _read(decoder, body, charsets)
    except RequestEntityTooLarge:
        raise Unreadable("body_too_many_fields") from None
    except ValueError:
        raise Unreadable("body_bad_multipart") from None


def _read(decoder: MultipartDecoder, body: bytes, charsets: tuple[str, ...]) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    name: str | None = None
    content = bytearray()
    # In chunks, so that the decoder's cap is one of a part's headers and not of the whole body.
    chunks: list[bytes | None] = [body[at : at + _CHUNK] for at in range(0, len(body), _CHUNK)]
    for chunk in (*chunks, None):
        decoder.receive_data(chunk)
        while not isinstance(event := decoder.next_event(), NeedData | Epilogue):
            if isinstance(event, Field | File):
                name = event.name if isinstance(event, Field) else None
                content.clear()
            elif isinstance(event, Data) and name:
                content += event.data
                if not event.more_data:
                    found.append((name, decode(bytes(content), *charsets)))
    return found
