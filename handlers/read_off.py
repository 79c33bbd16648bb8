"""What a sender still sends after its answer is read off, before the line may be closed or used again.

A line that is closed with bytes unread is reset, and a reset destroys an answer that has not been read yet: a sender
that sends its whole body first would see a broken line where we said 413 (RFC 9112, 9.6)."""

from functools import partial
from threading import Timer
from typing import IO, Any

from flask import Flask, Response, request
from werkzeug.wsgi import get_content_length

from handlers.room import Line, Places, end_reading

MOST_BYTES = 8 << 20
MOST_S = 5.0
AT_ONCE = 8
PIECE = 1 << 16

_READING = Places(AT_ONCE)


def register(app: Flask) -> None:
    app.after_request(lambda response: later(request.environ, response))


def later(environ: dict[str, Any], response: Response) -> Response:
    """Only who refuses leaves a body unread. Behind another server than gunicorn nothing is done."""
    line = environ.get("gunicorn.socket")
    if line is not None and response.status_code >= 400 and _has_body(environ):
        response.call_on_close(partial(_if_there_is_room, environ["wsgi.input"], line))
    return response


def _if_there_is_room(body: IO[bytes], line: Line) -> None:
    """Each holds a thread for up to `MOST_S`: beyond `AT_ONCE` of them nothing more is waited for, by the server
    either, which would wait for the rest for up to 5 s, and then 2 s in the one thread that accepts lines."""
    if not _READING.take():
        end_reading(line)
        return
    try:
        read_off(body, line)
    finally:
        _READING.give_back()


def _has_body(environ: dict[str, Any]) -> bool:
    return bool(get_content_length(environ)) or "HTTP_TRANSFER_ENCODING" in environ


def read_off(body: IO[bytes], line: Line, most_bytes: int = MOST_BYTES, most_s: float = MOST_S) -> int:
    """How many bytes were thrown away: all that is left of `body`, or what came of it within the bounds.

    The end of the time is the end of what is read from `line`: a time-out of each read would be begun anew by every
    byte of a sender that drips."""
    end = Timer(most_s, end_reading, (line,))
    end.daemon = True
    end.start()
    read = 0
    try:
        while read < most_bytes and (piece := body.read(PIECE)):
            read += len(piece)
    except OSError:  # the sender has gone, or what it sends is no chunked body: there is nothing more to read
        return read
    finally:
        end.cancel()
    return read
