"""The first page: what needs a person, how many leads are where, and the addresses that senders post to."""

from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, Response, current_app, render_template, request

from core.reason import words
from core.states import STATES
from flow import alarms
from flow.gateway import Gateway
from store import accounts as trouble
from store import queries

blueprint = Blueprint("home", __name__, static_folder="static/home", static_url_path="/static")
PAUSED = "paused"


@blueprint.get("/")
def home() -> Response:
    """Alarms, counts by state, the newest leads, and the sources' addresses without their tokens."""
    gateway: Gateway = current_app.extensions["gateway"]
    with gateway.store.read() as tx:
        counts = queries.count_by_state(tx)
        newest = queries.newest(tx, 20, now=gateway.store.now_ms(tx))
        paused = trouble.what_is_paused(tx)
    base = current_app.config["PUBLIC_URL"] or request.host_url.rstrip("/")
    page = render_template(
        "home.html",
        states=[(state, counts.get(state, 0), of.needs_person) for state, of in STATES.items()],
        leads=[_shown(row) for row in newest],
        # What is paused has lines of its own, with the command that ends it.
        alarms=[alarm for alarm in alarms.ringing(gateway) if alarm.name != PAUSED],
        paused=paused,
        sources=[(name, f"{base}/hooks/{name}") for name in gateway.sources.names()],
        api_docs="/api/docs",
    )
    response = Response(page, content_type="text/html; charset=utf-8")
    response.headers["Content-Security-Policy"] = "default-src 'none'; style-src 'self'; frame-ancestors 'none'"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "no-store"
    return response


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    """A lead's line: the number masked already, the reason in words."""
    received = datetime.fromtimestamp(row["received_at"] / 1000, UTC)
    first = next(iter(row["reasons"]), None)
    why = words(first["code"], first["params"]) if first else words(row["reason"], {}) if row["reason"] else ""
    person = STATES[row["state"]].needs_person
    return {**row, "received": received.strftime("%Y-%m-%d %H:%M:%S"), "why": why, "person_needed": person}
