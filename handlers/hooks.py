"""Senders: /hooks/<source>. Turns a request into a Delivery, whole or not at all, and asks the intake."""

import time
from dataclasses import replace

from flask import Blueprint, Response, current_app, request
from werkzeug.exceptions import HTTPException

from core.proofs import authentic
from core.reading.delivery import Delivery
from flow import intake
from flow.gateway import Gateway
from flow.intake import Answer
from handlers.room import FULL, HOOK_THREADS, WAIT_S, Deadlines, Places

blueprint = Blueprint("hooks", __name__)
METHODS = ["POST", "PUT", "PATCH", "GET"]
BODY_S = 15.0  # for a whole body to arrive
OF_ONE_ADDRESS = 8  # bodies that are read at one time before their sender has proved anything

_UNPROVED = Places(HOOK_THREADS, OF_ONE_ADDRESS)
_DEADLINES = Deadlines()


@blueprint.route("/hooks/<source>", methods=METHODS, strict_slashes=False)
@blueprint.route("/hooks/<source>/<path:rest>", methods=METHODS, strict_slashes=False)
def receive(source: str, rest: str = "") -> Response:
    """One delivery of a sender. HEAD stores nothing; what did not arrive whole is answered 400."""
    gateway: Gateway = current_app.extensions["gateway"]
    current = gateway.sources.get(source) or gateway.sources.fresh(source)
    if request.method == "HEAD":
        return Response(status=200 if current else intake.unknown(gateway, source).status)
    if current is None:
        return _response(intake.unknown(gateway, source))
    encoding = request.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding not in ("", "identity"):
        gateway.refusals.count(source, "encoding")
        return _response(intake.problem(415, f"Content-Encoding {encoding[:40]!r} is not taken; send it as it is"))
    head = _head(rest)
    proof = None if current.removed else authentic.check_head(head, current.source, gateway.secrets, _now_ms())
    if proof is not None and not proof.ok:
        return _response(intake.refuse(gateway, source, proof))
    body = _body_in_time(current.source.body.max_bytes, proved=proof is not None)
    if isinstance(body, Answer):
        gateway.refusals.count(source, "too_large" if body.status == 413 else "not_whole")
        return _response(body)
    return _response(intake.take(gateway, source, replace(head, body=body), _now_ms(), proof))


def _now_ms() -> int:
    return int(time.time() * 1000)


def _head(rest: str) -> Delivery:
    """The delivery before its body is read."""
    return Delivery(
        method=request.method,
        headers=tuple((name.lower(), value) for name, value in request.headers),
        query=request.query_string.decode("latin-1"),
        rest=rest.strip("/"),
        body=b"",
        url=_public_url(),
        remote=request.remote_addr or "",
    )


def _body_in_time(limit: int, *, proved: bool) -> bytes | Answer:
    """The body's bytes within `BODY_S`. Who has proved nothing yet shares the few places of his address, or a handful
    of senders that say nothing more would be all that we read."""
    who = request.remote_addr or ""
    if not proved and not _UNPROVED.take(who, WAIT_S):
        return intake.problem(503, FULL, retry_after=1)
    try:
        with _DEADLINES.within(request.environ.get("gunicorn.socket"), BODY_S) as is_over:
            body = _whole_body(limit)
    finally:
        if not proved:
            _UNPROVED.give_back(who)
    if isinstance(body, Answer) and is_over():
        return intake.problem(408, f"the body did not arrive within {BODY_S:.0f} s; send again")
    return body


def _whole_body(limit: int) -> bytes | Answer:
    """The body's bytes; an Answer when they are too many or did not arrive whole.

    Werkzeug cuts a chunked body at its limit and takes a body that ends early as it is, both without
    a word: the one sign more than the limit, and the comparison with Content-Length, tell them."""
    announced = request.content_length
    if (announced or 0) > limit:
        return _too_large(limit)
    request.max_content_length = limit + 1
    try:
        body = request.get_data(cache=True)
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


def _too_large(limit: int) -> Answer:
    return intake.problem(413, f"larger than the {limit} bytes that this source may send at once")


def _public_url() -> str:
    """The address as the sender wrote and signed it: PUBLIC_URL, then path and query byte for byte."""
    base = current_app.config["PUBLIC_URL"] or f"{request.scheme}://{request.host}"
    environ = request.environ
    raw = environ.get("RAW_URI") or environ.get("REQUEST_URI") or request.full_path.rstrip("?")
    return base + (raw if raw.startswith("/") else "/" + raw.split("/", 3)[-1])


def _response(answer: Answer) -> Response:
    response = Response(answer.body, status=answer.status, content_type=answer.content_type)
    if answer.retry_after is not None:
        response.headers["Retry-After"] = str(answer.retry_after)
    return response
