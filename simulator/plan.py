"""A plan: what one request is answered with, made before a byte of it leaves.

It is made first so that it can be written down first: the log names the answer of a process that is then killed.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus

KEEP, CLOSE, RESET, HANG = "keep", "close", "reset", "hang"
JSON = "application/json; charset=utf-8"
HTML = "text/html; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Ring:
    """A request the provider finds right: what it would answer an ordinary one with."""

    number: str
    id: str
    price: str
    close: bool

    def fields(self) -> dict[str, object]:
        return {"result": "ok", "id": self.id, "number": self.number, "price": self.price}


@dataclass(frozen=True, slots=True)
class Plan:
    """`steps` are (seconds to wait before, bytes), performed in order, then `end`: keep (the connection stays,
    unless the client asked otherwise), close, reset (RST) or hang (silence until the client gives up).
    `rung`: the provider has taken the call, whatever it says; `answered` is for people and the call list."""

    steps: Iterable[tuple[float, bytes]]
    answered: str
    status: int | None = None
    end: str = KEEP
    rung: bool = False


def dump(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "backslashreplace")


def http(
    status: int, body: bytes, kind: str = JSON, *, close: bool = False, extra: Mapping[str, str] | None = None
) -> bytes:
    """A whole HTTP/1.1 reply. `extra` headers replace those of the same name."""
    try:
        phrase = HTTPStatus(status).phrase
    except ValueError:
        phrase = "Unknown"
    headers = {"Content-Type": kind, "Content-Length": str(len(body)), "Connection": "close" if close else "keep-alive"}
    lines = "".join(f"{name}: {value}\r\n" for name, value in (headers | dict(extra or {})).items() if value)
    return f"HTTP/1.1 {status} {phrase}\r\n{lines}\r\n".encode("latin-1") + body


def refused(text: object, *, close: bool, status: int = 200) -> Plan:
    """The provider's own no."""
    body = dump({"result": "error", "error_code": text})
    return Plan(((0, http(status, body, close=close)),), f"error: {text}", status)


def page(status: int, *, close: bool, rung: bool = False, extra: Mapping[str, str] | None = None) -> Plan:
    """An HTML page under `status`, as a proxy or a web server in front of the provider would send it."""
    body = f"<html><head><title>{status}</title></head><body><h1>{status}</h1></body></html>".encode()
    wire = http(status, body, HTML, close=close, extra=extra)
    return Plan(((0, wire),), f"{status}, a page", status, CLOSE if close else KEEP, rung)
