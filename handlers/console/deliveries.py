"""The requests of senders, as they came: repeats, and what could not be read."""

from typing import Any

from flask import Response, abort, render_template, request, url_for

from core.people import OPERATOR
from flow import people
from handlers.console.door import page, the_gateway, the_user
from handlers.console.leads import titles
from store import queries

A_PAGE = 50


@page("/deliveries", OPERATOR)
def deliveries() -> Any:
    source = request.args.get("source", "")
    at, _dot, delivery_id = request.args.get("after", "").partition(".")
    if at and not (at.isascii() and at.isdigit() and len(at) < 16):
        abort(404)
    after = (int(at), delivery_id) if at else None
    with the_gateway().store.read() as tx:
        rows, place = queries.page_of_deliveries(tx, A_PAGE, after, source=source)
    more = (
        None if place is None else url_for("console.deliveries", source=source or None, after=f"{place[0]}.{place[1]}")
    )
    return render_template("console/deliveries.html", rows=rows, more=more, sources=titles(), source=source)


@page("/deliveries/<uuid:delivery>/body", OPERATOR, post=True)
def delivery_body(delivery: object) -> Any:
    """The bytes as they came, as a file that no browser opens; the audit keeps who took them."""
    with the_gateway().store.read() as tx:
        body = queries.body(tx, str(delivery))
    if body is None:
        abort(404)
    people.note(the_gateway(), the_user().name, "body_taken", str(delivery))
    answer = Response(body, content_type="text/plain; charset=utf-8")
    answer.headers["Content-Disposition"] = f"attachment; filename={delivery}.txt"
    return answer
