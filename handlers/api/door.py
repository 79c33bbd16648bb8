"""The door of /api: who may come in, in whose name, and how a request's parts are read."""

import hmac
import json
from typing import Any

from flask import Request, Response, abort, current_app, request
from flask_smorest import Blueprint
from flask_smorest.arguments import FlaskParser
from marshmallow import Schema, missing
from werkzeug.routing import BaseConverter

from flow.gateway import Gateway
from handlers.errors import problem
from schemas.api_fields import LEAD_NAME, one_line

OPEN = ("/api/docs", "/api/openapi.json")  # they describe; they show nothing
MOST = 8_000_000  # bytes of a request: a pasted delivery may be 4 MB
NOT_WHOLE_JSON = "the body is not one whole JSON object"


class Parser(FlaskParser):
    """Reads JSON and queries; refuses what it does not know instead of passing it over."""

    DEFAULT_UNKNOWN_BY_LOCATION = {**FlaskParser.DEFAULT_UNKNOWN_BY_LOCATION, "query": None}  # noqa: RUF012

    def load_json(self, req: Request, schema: Schema) -> Any:
        body = req.get_data(cache=True)
        if body and not req.is_json:
            abort(415, "send JSON, with the header Content-Type: application/json")
        if not body:
            return missing
        try:
            value = json.loads(body, parse_constant=_refuse)
        except (ValueError, RecursionError):  # also a number of 5,000 digits, and 2,000 levels
            abort(400, NOT_WHOLE_JSON)
        if not isinstance(value, dict):
            abort(400, NOT_WHOLE_JSON)
        return value


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON")


class Part(Blueprint):
    """A part of the API."""

    ARGUMENTS_PARSER = Parser()


class LeadName(BaseConverter):
    """A lead in a path: its id or short number. Nothing else reaches the database."""

    regex = f"(?:{LEAD_NAME})"


def the_gateway() -> Gateway:
    gateway: Gateway = current_app.extensions["gateway"]
    return gateway


def who() -> str:
    """In whose name a change is made: the header X-Operator, else "api"."""
    given = request.headers.get("X-Operator", "").encode("latin-1", "replace").decode("utf-8", "replace")
    return one_line(given)[:100].strip() or "api"


def keep_out() -> Response | None:
    """Before anything else of /api: 401 without the token, also for what is not there."""
    if not _is_api(request.path) or request.path.startswith(OPEN):
        return None
    request.max_content_length = MOST
    given = request.headers.get("Authorization", "").encode("latin-1", "replace")
    scheme, _, token = given.partition(b" ")
    right = current_app.config["API_TOKEN"].encode()
    if hmac.compare_digest(token.strip(), right) and scheme.lower() == b"bearer":
        return None
    refused = problem(401, "send the header Authorization: Bearer <API_TOKEN>")
    refused.headers["WWW-Authenticate"] = 'Bearer realm="api"'
    return refused


def close_after(response: Response) -> Response:
    """What the API says is kept by nobody on the way and is never taken for a page."""
    if _is_api(request.path):
        response.headers.setdefault("Cache-Control", "no-store")
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
    return response


def _is_api(path: str) -> bool:
    return path == "/api" or path.startswith("/api/")
