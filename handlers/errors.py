"""Exception class -> status and problem body, as RFC 9457 has it: one table."""

import json

import structlog
from flask import Flask, Response
from werkzeug.exceptions import HTTPException

from flow.operate import NoSuchLead, Refused
from store.engine import StoreUnavailable

log = structlog.get_logger()
STATUS: dict[type[Exception], int] = {Refused: 409, NoSuchLead: 404, StoreUnavailable: 503}


def problem(status: int, title: str, **more: object) -> Response:
    body = json.dumps({"status": status, "title": title, **more}, ensure_ascii=False)
    return Response(body, status=status, content_type="application/problem+json")


def register(app: Flask) -> None:
    for kind, status in STATUS.items():
        app.register_error_handler(kind, lambda why, status=status: problem(status, str(why)))
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _bug)


def _http(why: HTTPException) -> Response:
    response = problem(why.code or 500, why.description or why.name)
    for name, value in why.get_headers():
        if name.lower() in ("allow", "retry-after", "location", "www-authenticate"):
            response.headers[name] = value
    if why.code in (301, 302, 307, 308):
        return Response(status=why.code, headers=dict(response.headers))
    return response


def _bug(why: Exception) -> Response:
    log.exception("bug", kind=type(why).__name__)
    return problem(500, "a mistake of ours; it is in the log. Nothing was stored by this request")
