"""Senders: /hooks/<source>. Turns a request into a Delivery, whole or not at all, and asks the intake.

`Hooks` answers before Flask is asked, for whatever is plainly a sender's: what a Flask view costs before it does
anything is more than reading, proving and keeping a lead. What is not plain goes through Flask's route below, and is
answered by the same functions.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from flask import Blueprint, Flask, Response, current_app, request
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Request
from werkzeug.wsgi import get_content_length, get_host, get_input_stream

from core.proofs import authentic
from core.reading.delivery import Delivery
from flow import intake
from flow.gateway import Gateway
from flow.intake import Answer, Waiting
from handlers import errors

blueprint = Blueprint("hooks", __name__)
HOOKS = "/hooks/"
METHODS = ["POST", "PUT", "PATCH", "GET"]

Environ = dict[str, Any]
Wsgi = Callable[..., Iterable[bytes]]


class Hooks:
    """The senders' door before `app`, which is asked for everything else."""

    def __init__(self, app: Flask, inner: Wsgi) -> None:
        self._app, self._inner = app, inner

    def __call__(self, environ: Environ, start_response: Any) -> Iterable[bytes]:
        named = _named(environ)
        if named is None:
            return self._inner(environ, start_response)
        gateway: Gateway = self._app.extensions["gateway"]
        try:
            gateway.ticker.start()
            begun = _begun(gateway, self._app.config["PUBLIC_URL"], environ, *named)
        except Exception as why:
            return errors.told(why)(environ, start_response)
        if isinstance(begun, Waiting):
            return Later(begun, environ, start_response)
        return _response(begun)(environ, start_response)


class Later:
    """The answer to a delivery that is not stored yet: iterating over it waits. A server that has several of them has
    each take a seat, asks one to lead, and iterates over each when it is told that it is done."""

    def __init__(self, waiting: Waiting, environ: Environ, start_response: Any) -> None:
        self._waiting, self._environ, self._start_response = waiting, environ, start_response
        self.take_seat, self.lead, self.leave = waiting.seated, waiting.lead, waiting.leave

    def __iter__(self) -> Iterator[bytes]:
        try:
            answer = self._waiting.answer()
        except Exception as why:
            yield from errors.told(why)(self._environ, self._start_response)
            return
        if answer.status != 200:
            yield from _response(answer)(self._environ, self._start_response)
            return
        length = str(len(answer.body))
        self._start_response("200 OK", [("Content-Type", answer.content_type), ("Content-Length", length)])
        yield answer.body


def sorts(gateway: Gateway) -> Callable[[str, str], str]:
    """How the server may answer a request of this method and path: many of a source that this process knows together,
    by one thread; the others for /hooks each by a thread, of which they may have a few."""

    def sort(method: str, path: str) -> str:
        if not path.startswith(HOOKS):
            return ""
        source = path[len(HOOKS) :].partition("/")[0]
        return "together" if method in METHODS and gateway.sources.get(source) else "apart"

    return sort


def _named(environ: Environ) -> tuple[str, str] | None:
    """The source and the rest of a path that every reading of it takes for the same, asked for by a sender's method;
    None where Flask's route has to look."""
    path: str = environ.get("PATH_INFO", "")
    if not path.startswith(HOOKS) or environ["REQUEST_METHOD"] not in METHODS or not path.isascii() or "//" in path:
        return None
    source, _, rest = path[len(HOOKS) :].partition("/")
    return (source, rest) if source else None


@blueprint.route("/hooks/<source>", methods=METHODS, strict_slashes=False)
@blueprint.route("/hooks/<source>/<path:rest>", methods=METHODS, strict_slashes=False)
def receive(source: str, rest: str = "") -> Response:
    """One delivery of a sender. HEAD stores nothing; what did not arrive whole is answered 400."""
    gateway: Gateway = current_app.extensions["gateway"]
    if request.method == "HEAD":
        current = gateway.sources.get(source) or gateway.sources.fresh(source)
        return Response(status=200 if current else intake.unknown(gateway, source).status)
    begun = _begun(gateway, current_app.config["PUBLIC_URL"], request.environ, source, rest)
    return _response(begun.wait() if isinstance(begun, Waiting) else begun)


def _begun(gateway: Gateway, public_url: str, environ: Environ, source: str, rest: str) -> Answer | Waiting:
    current = gateway.sources.get(source) or gateway.sources.fresh(source)
    if current is None:
        return intake.unknown(gateway, source)
    encoding = environ.get("HTTP_CONTENT_ENCODING", "identity").strip().lower()
    if encoding not in ("", "identity"):
        gateway.refusals.count(source, "encoding")
        return intake.problem(415, f"Content-Encoding {encoding[:40]!r} is not taken; send it as it is")
    head = _head(environ, public_url, rest)
    proof = None if current.removed else authentic.check_head(head, current.source, gateway.secrets, _now_ms())
    if proof is not None and not proof.ok:
        return intake.refuse(gateway, source, proof)
    body = _whole_body(environ, current.source.body.max_bytes)
    if isinstance(body, Answer):
        gateway.refusals.count(source, "too_large" if body.status == 413 else "not_whole")
        return body
    return intake.begin(gateway, source, head.with_body(body), _now_ms(), proof)


def _now_ms() -> int:
    return int(time.time() * 1000)


def _head(environ: Environ, public_url: str, rest: str) -> Delivery:
    """The delivery before its body is read."""
    return Delivery(
        method=environ["REQUEST_METHOD"].upper(),
        headers=tuple(_headers(environ)),
        query=environ.get("QUERY_STRING", ""),
        rest=rest.strip("/"),
        body=b"",
        url=_public_url(environ, public_url),
        remote=environ.get("REMOTE_ADDR") or "",
    )


def _headers(environ: Environ) -> Iterable[tuple[str, str]]:
    for name, value in environ.items():
        if name.startswith("HTTP_"):
            if name not in ("HTTP_CONTENT_TYPE", "HTTP_CONTENT_LENGTH"):
                yield name[5:].replace("_", "-").lower(), value
        elif name in ("CONTENT_TYPE", "CONTENT_LENGTH") and value:
            yield name.replace("_", "-").lower(), value


def _whole_body(environ: Environ, limit: int) -> bytes | Answer:
    """The body's bytes; an Answer when they are too many or did not arrive whole.

    A chunked body has no length that was announced, and a server takes a body that ends early as it is, without a
    word: the one byte more than the limit, and the comparison with Content-Length, tell them."""
    announced = get_content_length(environ)
    if (announced or 0) > limit:
        return _too_large(limit)
    try:
        body = _read(environ, announced, limit + 1)
    except HTTPException:
        raise
    except TimeoutError as why:  # of the server
        return intake.problem(408, f"{why}; send again")
    except Exception as why:  # the server's own: a chunk that is none, a body that breaks off
        return intake.problem(400, f"the body did not arrive whole ({type(why).__name__}); send again")
    if len(body) > limit:
        return _too_large(limit)
    if announced is not None and len(body) != announced:
        text = f"the body did not arrive whole: {announced} bytes announced, {len(body)} came; send again"
        return intake.problem(400, text)
    return body


def _read(environ: Environ, announced: int | None, most: int) -> bytes:
    """At most so many bytes of what there is to read."""
    stream = environ["wsgi.input"] if environ.get("wsgi.input_terminated") else get_input_stream(environ)
    body: bytes = stream.read(most)
    while body and len(body) != announced and len(body) < most and (more := stream.read(most - len(body))):
        body += more
    return body


def _too_large(limit: int) -> Answer:
    return intake.problem(413, f"larger than the {limit} bytes that this source may send at once")


def _public_url(environ: Environ, base: str) -> str:
    """The address as the sender wrote and signed it: PUBLIC_URL, then path and query byte for byte."""
    base = base or f"{environ['wsgi.url_scheme']}://{get_host(environ)}"
    raw: str = environ.get("RAW_URI") or environ.get("REQUEST_URI") or Request(environ).full_path.rstrip("?")
    return base + (raw if raw.startswith("/") else "/" + raw.split("/", 3)[-1])


def _response(answer: Answer) -> Response:
    response = Response(answer.body, status=answer.status, content_type=answer.content_type)
    if answer.retry_after is not None:
        response.headers["Retry-After"] = str(answer.retry_after)
    return response
