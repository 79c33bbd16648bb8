"""/api/leads: the list, one lead, the search by number, and a person's changes."""

from typing import Any

from core.reason import Reason
from flow import bulk, numbers, operate
from flow.operate import NoSuchLead
from handlers.api.door import Part, the_gateway, who
from schemas import changes
from schemas import leads as shapes
from store import queries
from store.queries import Wanted

part = Part("leads", __name__, url_prefix="/api/leads", description="What we made of each event, and its calls")


@part.get("")
@part.arguments(shapes.LeadQuery, location="query")
@part.response(200, shapes.Leads)
def list_(query: dict[str, Any]) -> dict[str, Any]:
    """Leads, newest first

    `next` is the `cursor` of the page after; null at the end."""
    limit, cursor = query.pop("limit"), query.pop("cursor", None)
    return _page(Wanted(**query), limit, cursor)


@part.post("/search")
@part.arguments(shapes.Search)
@part.response(200, shapes.Found)
def search(asked: dict[str, Any]) -> dict[str, Any]:
    """The leads of a phone number, in any spelling

    A number without its country is read in each country that a source in force reads its numbers in."""
    found = numbers.readings(asked["number"], numbers.regions(the_gateway()))
    if isinstance(found, Reason):
        return {"numbers": [], "problem": shapes.told(found), "leads": [], "next": None}
    page = _page(Wanted(numbers=found), asked["limit"], asked.get("cursor"))
    return {"numbers": list(found), "problem": None, **page}


@part.post("/bulk")
@part.arguments(changes.Bulk)
@part.response(200, changes.BulkAnswer)
@part.alt_response(409, "CONFLICT")
def many(asked: dict[str, Any]) -> dict[str, Any]:
    """Cancel, rearm or remap many leads, at most 500 a go

    By default a dry run: it counts what the go would take and changes nothing. Each change is made, and
    refused, by itself. `next` is the `filter.cursor` of the go after."""
    wanted, after = dict(asked["filter"]), asked["filter"].get("cursor")
    wanted.pop("cursor", None)
    gateway = the_gateway()
    planned = bulk.plan(gateway, Wanted(**wanted), asked["do"], after)
    done = bulk.Done(refused=list(planned.refused))
    if not asked["dry_run"]:
        done = bulk.carry_out(gateway, planned, asked["do"], who(), asked["why"], asked["despite"])
    return {
        "dry_run": asked["dry_run"],
        "count": len(planned.leads),
        "sources": planned.sources,
        "kinds": planned.kinds,
        "done": done.changed,
        "refused": done.refused,
        "next": planned.next,
    }


@part.get("/<lead:lead>")
@part.response(200, shapes.Lead)
@part.alt_response(404, "NOT_FOUND")
def one(lead: str) -> dict[str, Any]:
    """One lead, by its id or number, with its payload, attempts and history"""
    return _whole(lead)


@part.post("/<lead:lead>/cancel")
@part.arguments(changes.Change)
@part.response(200, shapes.Lead)
@part.alt_response(404, "NOT_FOUND")
@part.alt_response(409, "CONFLICT")
def cancel(asked: dict[str, Any], lead: str) -> dict[str, Any]:
    """End a lead: it will not be called"""
    return _whole(operate.cancel(the_gateway(), lead, who(), **asked).id)


@part.post("/<lead:lead>/remap")
@part.arguments(changes.Change)
@part.response(200, shapes.Lead)
@part.alt_response(404, "NOT_FOUND")
@part.alt_response(409, "CONFLICT")
def remap(asked: dict[str, Any], lead: str) -> dict[str, Any]:
    """Map a lead again that was never claimed, after its source was mended"""
    return _whole(operate.remap(the_gateway(), lead, who(), **asked).id)


@part.post("/<lead:lead>/rearm")
@part.arguments(changes.Rearm)
@part.response(200, shapes.Lead)
@part.alt_response(404, "NOT_FOUND")
@part.alt_response(409, "CONFLICT")
def rearm(asked: dict[str, Any], lead: str) -> dict[str, Any]:
    """Ring for a lead (again), in a new round, with the named rules set aside"""
    return _whole(operate.rearm(the_gateway(), lead, who(), **asked).id)


@part.post("/<lead:lead>/resolve")
@part.arguments(changes.Resolve)
@part.response(200, shapes.Lead)
@part.alt_response(404, "NOT_FOUND")
@part.alt_response(409, "CONFLICT")
def resolve(asked: dict[str, Any], lead: str) -> dict[str, Any]:
    """Someone looked in the provider's panel: this unknown call was accepted"""
    return _whole(operate.resolve(the_gateway(), lead, who(), **asked).id)


def _page(wanted: Wanted, limit: int, after: tuple[int, int] | None) -> dict[str, Any]:
    store = the_gateway().store
    with store.read() as tx:
        rows, place = queries.page(tx, wanted, limit, after)
        return {"leads": queries.told(tx, rows, store.now_ms(tx)), "next": place}


def _whole(name: str) -> dict[str, Any]:
    store = the_gateway().store
    with store.read() as tx:
        found = queries.whole(tx, name, store.now_ms(tx))
    if found is None:
        raise NoSuchLead("no lead has this id or number")
    return found
