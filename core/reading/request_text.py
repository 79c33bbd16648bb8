"""A request written out as text (a `.http` file, or what a person pasted) as the delivery it stands for."""

import re

from core.reading.delivery import Delivery

REQUEST_LINE = re.compile(rb"([A-Z]{3,7}) ([!-\xff]+) HTTP/[0-9]\.[0-9]")
BLANK_LINE = re.compile(rb"\r?\n\r?\n")


def read(raw: bytes) -> Delivery:
    """Request line, headers, blank line, body bytes; line ends of either kind. The path is
    `/hooks/<source>[/<rest>]` or any two steps. ValueError where there is no request line."""
    blank = BLANK_LINE.search(raw)
    head, body = (raw[: blank.start()], raw[blank.end() :]) if blank else (raw, b"")
    first, *lines = head.splitlines() or [b""]
    line = REQUEST_LINE.fullmatch(first)
    if line is None:
        raise ValueError("no request line like `POST /hooks/shop HTTP/1.1`")
    method, target = line[1].decode("ascii"), line[2].decode("latin-1")
    pairs = (one.decode("latin-1").partition(":") for one in lines)
    headers = tuple((name.strip().lower(), value.strip()) for name, colon, value in pairs if colon)
    path, _, query = target.partition("?")
    rest = path.strip("/").partition("/")[2].partition("/")[2]
    host = next((value for name, value in headers if name == "host"), "leads.example")
    return Delivery(method, headers, query, rest, body, f"https://{host}{target}")
