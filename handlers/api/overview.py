"""/api/stats and /api/alarms: how it goes, and what someone should look at."""

from typing import Any

from flow import alarms, stats
from handlers.api.door import Part, the_gateway
from schemas import overview as shapes

part = Part("overview", __name__, url_prefix="/api", description="How it goes, and what to look at")


@part.get("/stats")
@part.arguments(shapes.StatsQuery, location="query")
@part.response(200, shapes.Stats)
def figures(query: dict[str, Any]) -> dict[str, Any]:
    """Leads, calls, money and speed of the last hours"""
    return stats.last_hours(the_gateway(), query["hours"])


@part.get("/alarms")
@part.response(200, shapes.Alarms)
def ringing() -> dict[str, Any]:
    """What someone should look at now; empty when all is well"""
    return {"alarms": alarms.told(the_gateway())}
