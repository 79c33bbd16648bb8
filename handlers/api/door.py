"""The door of /api: who may come in, in whose name, and how a request's parts are read."""

import hmac
import json
from typing import Any

from flask import Request, Response, abort, current_app, g, request
from flask_smorest import Blueprint
from flask_smorest.arguments import FlaskParser
from marshmallow import Schema, missing
from werkzeug.routing import BaseConverter

from core.numbers.hiding import hide_in
from core.people import CONFIGURE, OPERATE, READ, scope_covers
from flow import people
from flow.gateway import Gateway
from handlers.api.wrong_tokens import WrongTokens
from handlers.errors import problem
from schemas.api_fields import LEAD_NAME, one_line
from schemas.leads import LANGUAGE

OPEN = ("/api/docs", "/api/openapi.json")  # they describe; they show nothing
MOST = 8_000_000  # bytes of a request: a pasted delivery may be 4 MB
API = "api"  # the name of API_TOKEN
READING = ("/search", "/try")  # POSTs that change nothing
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
    """In whose name a change is made: the header X-Operator, with the token's name behind it; else that name."""
    given = request.headers.get("X-Operator", "").encode("latin-1", "replace").decode("utf-8", "replace")
    name = one_line(given)[:100].strip()
    token: str = g.token_name
    return token if not name else name if token == API else f"{name} ({token})"


def keep_out() -> Response | None:
    """Before anything else of /api: 401 without a token, also for what is not there; 403 for one whose scope is
    too small. `API_TOKEN` may everything, a named token of the console what its scope says."""
    if not _is_api(request.path) or request.path.startswith(OPEN):
        return None
    request.max_content_length = MOST
    LANGUAGE.set(request.accept_languages.best_match(("en", "ru"), "en") or "en")
    found = token_of(request)
    if found is None:
        refused = problem(401, "send the header Authorization: Bearer <API_TOKEN>")
        refused.headers["WWW-Authenticate"] = 'Bearer realm="api"'
        return refused
    g.token_name, g.scope = found
    needed = READ if request.method in ("GET", "HEAD", "OPTIONS") or request.path.endswith(READING) else OPERATE
    if not scope_covers(g.scope, needed):
        return problem(403, f"this token's scope is {g.scope}; this needs {needed}")
    return None


def token_of(asked: Request) -> tuple[str, str] | None:
    """(name, scope) of the token that a request came with; None without a right one. Too many wrong ones from one
    address end the request with 429."""
    given = asked.headers.get("Authorization", "").encode("latin-1", "replace")
    scheme, _, token = given.partition(b" ")
    found = _owner_of(token.strip()) if scheme.lower() == b"bearer" else None
    if found is None and token.strip() and not _wrong_tokens().one_more(asked.remote_addr or ""):
        abort(429, "too many wrong tokens; come back later with a right one")
    return found


def _wrong_tokens() -> WrongTokens:
    counted: WrongTokens = current_app.extensions.setdefault("wrong_tokens", WrongTokens())
    return counted


def _owner_of(token: bytes) -> tuple[str, str] | None:
    """(name, scope) of whom the token is."""
    if hmac.compare_digest(token, current_app.config["API_TOKEN"].encode()):
        return API, CONFIGURE
    return people.token_of(the_gateway(), token.decode("latin-1"))


def hide(response: Response) -> Response:
    """Who may only read sees no whole number, wherever in the answer it stands."""
    if not _is_api(request.path):
        return response
    if g.get("scope") == READ and response.is_json:
        response.set_data(json.dumps(hide_in(response.get_json()), ensure_ascii=False))
    elif g.get("scope") == READ and request.path.endswith("/body"):
        return problem(403, f"this token's scope is {READ}; the bytes as they came need {OPERATE}")
    return response


def close_after(response: Response) -> Response:
    """What the API says is kept by nobody on the way and is never taken for a page."""
    if _is_api(request.path):
        response.headers.setdefault("Cache-Control", "no-store")
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
    return response


def _is_api(path: str) -> bool:
    return path == "/api" or path.startswith("/api/")
