"""The first page: how many leads are where, and the addresses that senders post to."""

from flask import Blueprint, Response, current_app, render_template, request

from core.states import NEEDS_A_PERSON, STATES
from flow.house import House
from store import queries, trouble

blueprint = Blueprint("home", __name__)


@blueprint.get("/")
def home() -> Response:
    """Counts by state and the sources' addresses, without their tokens."""
    house: House = current_app.extensions["house"]
    with house.store.read() as tx:
        counts = queries.count_by_state(tx)
        newest = queries.newest(tx, 20, now=house.store.now_ms(tx))
        paused = trouble.what_is_paused(tx)
    base = current_app.config["PUBLIC_URL"] or request.host_url.rstrip("/")
    page = render_template(
        "home.html",
        states=[(state, counts.get(state, 0), state in NEEDS_A_PERSON) for state in STATES],
        leads=newest,
        paused=paused,
        sources=[(name, f"{base}/hooks/{name}") for name in house.sources.names()],
    )
    response = Response(page, content_type="text/html; charset=utf-8")
    response.headers["Content-Security-Policy"] = "default-src 'none'; style-src 'self' 'unsafe-inline'"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "no-store"
    return response
