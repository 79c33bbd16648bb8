"""Exception class -> status and problem body, as RFC 9457 has it: one table."""

import json

import structlog
from flask import Flask, Response
from werkzeug.exceptions import HTTPException

from flow.operate import NoSuchLead, Refused
from flow.trial import NoSuchSource
from store.engine import StoreUnavailable

log = structlog.get_logger()
STATUS: dict[type[Exception], int] = {Refused: 409, NoSuchLead: 404, NoSuchSource: 404, StoreUnavailable: 503}
NOT_AS_DESCRIBED = "the request is not as /api/docs describes it; `errors` names what is wrong"


def problem(status: int, title: str, **more: object) -> Response:
    body = json.dumps({"status": status, "title": title, **more}, ensure_ascii=False)
    return Response(body, status=status, content_type="application/problem+json")


def register(app: Flask) -> None:
    for kind, status in STATUS.items():
        app.register_error_handler(kind, lambda why, status=status: problem(status, str(why)))
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _bug)


def told(why: Exception) -> Response:
    """What Flask's handlers would answer, where it is not Flask that caught it."""
    for kind, status in STATUS.items():
        if isinstance(why, kind):
            return problem(status, str(why))
    return _http(why) if isinstance(why, HTTPException) else _bug(why)


def _http(why: HTTPException) -> Response:
    # What webargs refused in a request, by the place it stood in (json, query) and its name.
    refused = getattr(why, "data", {}).get("messages", {})
    errors = {name: texts for place in refused.values() for name, texts in place.items()}
    title = NOT_AS_DESCRIBED if errors else why.description or why.name
    response = problem(why.code or 500, title, **({"errors": errors} if errors else {}))
    for name, value in why.get_headers():
        if name.lower() in ("allow", "retry-after", "location", "www-authenticate"):
            response.headers[name] = value
    if why.code in (301, 302, 307, 308):
        return Response(status=why.code, headers=dict(response.headers))
    return response


def _bug(why: Exception) -> Response:
    log.exception("bug", kind=type(why).__name__)
    return problem(500, "a mistake of ours; it is in the log. Nothing was stored by this request")
