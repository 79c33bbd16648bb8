"""/api/deliveries: the requests of senders, as they came."""

from typing import Any

from flask import Response, abort

from handlers.api.door import Part, the_gateway
from schemas import deliveries as shapes
from store import queries

part = Part("deliveries", __name__, url_prefix="/api/deliveries", description="The requests of senders, as they came")
NONE = "no delivery has this id"


@part.get("")
@part.arguments(shapes.DeliveryQuery, location="query")
@part.response(200, shapes.Deliveries)
def list_(query: dict[str, Any]) -> dict[str, Any]:
    """Deliveries, newest first, without their bodies"""
    limit, cursor = query.pop("limit"), query.pop("cursor", None)
    with the_gateway().store.read() as tx:
        rows, place = queries.page_of_deliveries(tx, limit, cursor, **query)
    return {"deliveries": rows, "next": place}


@part.get("/<uuid:delivery>")
@part.response(200, shapes.Delivery)
@part.alt_response(404, "NOT_FOUND")
def one(delivery: object) -> dict[str, Any]:
    """One delivery, without its body"""
    with the_gateway().store.read() as tx:
        found = queries.delivery(tx, str(delivery))
    return found or abort(404, NONE)


@part.get("/<uuid:delivery>/body")
@part.response(200, {"type": "string", "format": "binary"}, content_type="text/plain")
@part.alt_response(404, "NOT_FOUND")
def body(delivery: object) -> Response:
    """The bytes of its body, as they came

    They may hold the sender's token, where it sends that in the body. Served as a file that no browser
    opens, because a stranger wrote it."""
    with the_gateway().store.read() as tx:
        found = queries.body(tx, str(delivery))
    if found is None:
        abort(404, NONE)
    response = Response(found, content_type="text/plain")
    response.headers["Content-Disposition"] = f'attachment; filename="{delivery}.txt"'
    return response
