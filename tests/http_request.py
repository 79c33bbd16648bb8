"""Request files (`tests/requests/*.http`) as deliveries: request line, headers, blank line, body bytes."""

from dataclasses import replace
from pathlib import Path

from core.reading.delivery import Delivery

FOLDER = Path(__file__).parent / "requests"
HOST = "https://leads.example.test"


def delivery(
    method: str = "POST",
    rest: str = "",
    query: str = "",
    headers: tuple[tuple[str, str], ...] = (),
    body: bytes = b"",
    source: str = "form",
    remote: str = "192.0.2.7",
) -> Delivery:
    """A delivery to `/hooks/<source>`, as the web makes it."""
    url = f"{HOST}/hooks/{source}" + (f"/{rest}" if rest else "") + (f"?{query}" if query else "")
    lower = tuple((name.lower(), value) for name, value in headers)
    return Delivery(method, lower, query, rest, body, url, remote)


def read(name: str) -> Delivery:
    """The request file of that name; its path is `/<anything>/<source>[/<rest>]`."""
    head, _, body = (FOLDER / f"{name}.http").read_bytes().partition(b"\r\n\r\n")
    line, *lines = head.decode("utf-8").split("\r\n")
    method, target, _ = line.split(" ")
    path, _, query = target.partition("?")
    source, _, rest = path.strip("/").partition("/")[2].partition("/")
    headers = tuple((key, value.strip()) for key, _, value in (one.partition(":") for one in lines))
    return delivery(method, rest, query, headers, body, source)


def with_header(request: Delivery, name: str, *values: str) -> Delivery:
    """The same request with exactly these values of one header: none strips it, two give it twice."""
    others = tuple((key, value) for key, value in request.headers if key != name)
    return remade(request, headers=others + tuple((name, value) for value in values))


def remade(request: Delivery, **changes: object) -> Delivery:
    """The same request with other parts."""
    return replace(request, **changes)
