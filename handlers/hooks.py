"""Senders: /hooks/<source>. Turns a request into a Delivery, whole or not at all, and asks the intake.

`Hooks` answers before Flask is asked, for whatever is plainly a sender's: what a Flask view costs before it does
anything is more than reading, proving and keeping a lead. What is not plain goes through Flask's route below, and is
answered by the same functions.
"""

import time
from collections.abc import Iterable
from typing import Any

from flask import Blueprint, Flask, Response, current_app, request
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Request
from werkzeug.wsgi import get_content_length, get_host, get_input_stream

from core.proofs import authentic
from core.reading.delivery import Delivery
from flow import intake
from flow.gateway import Gateway
from flow.intake import Answer
from handlers import errors, read_off
from handlers.room import FULL, HOOK_THREADS, HOOKS, WAIT_S, Deadlines, Places, Wsgi

blueprint = Blueprint("hooks", __name__)
METHODS = ["POST", "PUT", "PATCH", "GET"]
BODY_S = 15.0  # for a whole body to arrive
OF_ONE_ADDRESS = 8  # bodies that are read at one time before their sender has proved anything

Environ = dict[str, Any]
_UNPROVED = Places(HOOK_THREADS, OF_ONE_ADDRESS)
_DEADLINES = Deadlines()


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
            answer = _answered(gateway, self._app.config["PUBLIC_URL"], environ, *named)
        except Exception as why:
            response = errors.told(why)
        else:
            if answer.status == 200:
                length = str(len(answer.body))
                start_response("200 OK", [("Content-Type", answer.content_type), ("Content-Length", length)])
                return [answer.body]
            response = _response(answer)
        return read_off.later(environ, response)(environ, start_response)


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
    return _response(_answered(gateway, current_app.config["PUBLIC_URL"], request.environ, source, rest))


def _answered(gateway: Gateway, public_url: str, environ: Environ, source: str, rest: str) -> Answer:
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
    body = _body_in_time(environ, current.source.body.max_bytes, proved=proof is not None)
    if isinstance(body, Answer):
        gateway.refusals.count(source, "too_large" if body.status == 413 else "not_whole")
        return body
    return intake.take(gateway, source, head.with_body(body), _now_ms(), proof)


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


def _body_in_time(environ: Environ, limit: int, *, proved: bool) -> bytes | Answer:
    """The body's bytes within `BODY_S`. Who has proved nothing yet shares the few places of his address, or a handful
    of senders that say nothing more would be all that we read."""
    who = environ.get("REMOTE_ADDR") or ""
    if not proved and not _UNPROVED.take(who, WAIT_S):
        return intake.problem(503, FULL, retry_after=1)
    try:
        with _DEADLINES.within(environ.get("gunicorn.socket"), BODY_S) as is_over:
            body = _whole_body(environ, limit)
    finally:
        if not proved:
            _UNPROVED.give_back(who)
    if isinstance(body, Answer) and is_over():
        return intake.problem(408, f"the body did not arrive within {BODY_S:.0f} s; send again")
    return body


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
