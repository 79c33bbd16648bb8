"""The API as a whole: its parts, its OpenAPI at /api/openapi.json, its page at /api/docs."""

from flask import Blueprint, Flask, Response, render_template
from flask_smorest import Api

from handlers.api import deliveries, do_not_call, door, leads, overview, sources
from schemas.api_fields import LEAD_NAME
from schemas.overview import Problem

PARTS = (leads.part, deliveries.part, sources.part, do_not_call.part, overview.part)
TITLE = "Lead-to-call gateway"
ABOUT = """Leads that came, what became of each, and a person's way on.

Send `Authorization: Bearer <token>` with every request: `API_TOKEN`, or a token made in the console, which may what
its scope says (read: phone numbers are masked; operate; configure). `X-Operator: <name>` says in whose name a change
is made. `text` of a reason is English, or Russian with `Accept-Language: ru`. Times are RFC 3339 in UTC, money is
decimal text, phone numbers are whole. Every error is `application/problem+json`: 400 is no JSON, 401 no token, 403 a
token whose scope is too small, 404 not there, 405 not this method, 409 the lead's state or what changed since forbids
it, 415 not sent as JSON, 422 not as described here (`errors` names each field), 503 the database is away."""
# The page is ours alone: nothing from elsewhere, no script or frame of anyone else's.
CSP = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
docs = Blueprint(
    "api_page", __name__, url_prefix="/api/docs", static_folder="../static/swagger", static_url_path="/assets"
)


class _Api(Api):
    """flask-smorest's own errors are not problem+json: `handlers.errors` answers them, and the
    description says so."""

    ERROR_SCHEMA = Problem

    def _register_error_handlers(self) -> None:
        """`handlers.errors.register` has."""

    def _register_responses(self) -> None:
        self.DEFAULT_RESPONSE_CONTENT_TYPE = "application/problem+json"
        super()._register_responses()
        del self.DEFAULT_RESPONSE_CONTENT_TYPE


def register(app: Flask) -> None:
    """Put the API under /api, behind its token (`API_TOKEN` of the app's config)."""
    app.url_map.converters["lead"] = door.LeadName
    api = _Api(
        app,
        spec_kwargs={
            "title": TITLE,
            "version": "1",
            "openapi_version": "3.1.0",
            "info": {"description": ABOUT},
            "security": [{"token": []}],
        },
    )
    api.spec.components.security_scheme("token", {"type": "http", "scheme": "bearer"})
    api.register_converter(door.LeadName, lambda _: {"type": "string", "pattern": f"^({LEAD_NAME})$"})
    for part in PARTS:
        api.register_blueprint(part)
    # What marshmallow cannot say in a description: exactly one of its two keys; `again` only with `seen`.
    api.spec.components.schemas["Try"] |= {"minProperties": 1, "maxProperties": 1}
    not_again = {"properties": {"again": {"const": False}}}
    api.spec.components.schemas["Rearm"] |= {"anyOf": [{"required": ["seen"]}, not_again]}
    described = api.spec.to_dict()
    app.add_url_rule("/api/openapi.json", "api_openapi", lambda: described)
    app.register_blueprint(docs)
    app.before_request(door.keep_out)
    app.after_request(door.close_after)
    app.after_request(door.hide)


@docs.get("")
def page() -> Response:
    """The description to read and to try out, from our own files."""
    response = Response(render_template("api_docs.html", title=TITLE), content_type="text/html; charset=utf-8")
    response.headers["Content-Security-Policy"] = CSP
    return response
