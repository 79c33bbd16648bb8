"""/api/do-not-call: the numbers that nobody rings."""

from typing import Any

from flask import abort

from core.reason import Reason, words
from flow import do_not_call as listed
from flow import numbers
from handlers.api.door import Part, the_gateway, who
from schemas import do_not_call as shapes
from store import do_not_call

part = Part("do-not-call", __name__, url_prefix="/api/do-not-call", description="The numbers that nobody rings")


@part.get("")
@part.arguments(shapes.DoNotCallQuery, location="query")
@part.response(200, shapes.DoNotCall)
def list_(query: dict[str, Any]) -> dict[str, Any]:
    """The list, newest first"""
    with the_gateway().store.read() as tx:
        rows, place = do_not_call.page(tx, query["limit"], query.get("cursor"))
    return {"do_not_call": rows, "next": place}


@part.post("")
@part.arguments(shapes.DoNotCallChange)
@part.response(200, shapes.DoNotCallAdded)
@part.alt_response(409, "CONFLICT")
def add(asked: dict[str, Any]) -> dict[str, Any]:
    """Never ring a number again, whoever sends it

    Its leads that wait are suppressed at once; a call that is on its way is not taken back."""
    number, gateway = _number(asked["number"]), the_gateway()
    added = listed.add(gateway, {number: asked["why"]}, who())
    with gateway.store.read() as tx:
        entry = do_not_call.find(tx, listed.names(gateway, number))
    if entry is None:
        abort(409, "the number was taken off the list at this very moment")
    return {**entry, "new": bool(added.new), "suppressed": added.suppressed}


@part.delete("")
@part.arguments(shapes.DoNotCallChange)
@part.response(204)
@part.alt_response(404, "NOT_FOUND")
@part.alt_response(409, "CONFLICT")
def remove(asked: dict[str, Any]) -> None:
    """Take a number off the list

    Leads that it suppressed stay so; a person may rearm them."""
    if not listed.remove(the_gateway(), _number(asked["number"]), who(), asked["why"]):
        abort(404, "this number is not on the list")


def _number(text: str) -> str:
    found = numbers.one(text, numbers.regions(the_gateway()))
    if isinstance(found, Reason):
        abort(409, words(found.code, found.params))
    return found
