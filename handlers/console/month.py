"""Thirty days of leads, a bar a day on the reader's clock.

All together, the last 24 hours are read from the leads, what lies before them from the hours that the watch counted."""

from bisect import bisect_right
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import Any

from core.alarm import Stamp
from core.durations import HOUR_MS
from core.states import ACCEPTED, NEEDS_A_PERSON, ON_THE_WAY
from flow.hourly import HOURLY
from handlers.console import charts
from handlers.console.words import zone
from store import hourly, stamps
from store.engine import Tx

DAYS = 30
HOURS = 24  # that are read from the leads
KINDS = ("called", "waits", "on purpose", "to decide")  # from the bottom of a bar up


@dataclass
class Day:
    """`at`: its first moment. What came in it, by kind; the calls of these leads, and their price."""

    at: int
    kinds: Counter[str] = field(default_factory=Counter)
    calls: int = 0
    spend: Decimal = Decimal(0)


def kind_of(state: str) -> str:
    """A state as the charts colour it."""
    if state in NEEDS_A_PERSON:
        return "to decide"
    if state in ON_THE_WAY:
        return "waits"
    return "called" if state == ACCEPTED else "on purpose"


def live_since(now: int) -> int:
    """The first of the hours that are read from the leads themselves."""
    return now - now % HOUR_MS - (HOURS - 1) * HOUR_MS


def days(now: int) -> list[Day]:
    """The last thirty, this one among them, each from midnight on the reader's clock."""
    today = datetime.fromtimestamp(now / 1000, zone()).date()
    midnights = (datetime.combine(today - timedelta(days=n), time(), zone()) for n in reversed(range(DAYS)))
    return [Day(int(midnight.timestamp() * 1000)) for midnight in midnights]


def together(tx: Tx, names: list[str], now: int, live: list[tuple[str, int, str, int]]) -> dict[str, Any]:
    """All sources; `live` is what `store.overview.by_hour` says of the last 24 hours."""
    found = days(now)
    for hour, state, n in hourly.by_hour(tx, names, found[0].at, live_since(now)):
        _day(found, hour).kinds[kind_of(state)] += n
    for _source, hour, state, n in live:
        _day(found, hour).kinds[kind_of(state)] += n
    return _drawn(found, now, stamps.known(tx).get(HOURLY))


def of_source(tx: Tx, name: str, now: int) -> dict[str, Any]:
    """One source, with its calls and their price; what the watch has not counted yet is counted here, of 24 hours."""
    found, counted = days(now), stamps.known(tx).get(HOURLY)
    since = live_since(now) if counted is None else max(live_since(now), counted.at - counted.at % HOUR_MS)
    rows = hourly.of_source(tx, name, found[0].at, since)
    rows += [(hour, state, one) for (_, hour, state), one in hourly.counted(tx, since, now + 1, name).items()]
    for hour, state, one in rows:
        day = _day(found, hour)
        day.kinds[kind_of(state)] += one.leads
        day.calls += one.calls
        day.spend += one.spend
    return _drawn(found, now, counted)


def _day(found: list[Day], at: int) -> Day:
    return found[max(0, bisect_right([day.at for day in found], at) - 1)]


def _drawn(found: list[Day], now: int, counted: Stamp | None) -> dict[str, Any]:
    columns = [[(kind, day.kinds[kind]) for kind in KINDS] for day in found]
    top = charts.scale(max(day.kinds.total() for day in found))
    return {
        "bars": charts.stacks(columns, top),
        "top": top,
        "days": found,
        "sums": {kind: sum(day.kinds[kind] for day in found) for kind in KINDS},
        "calls": sum(day.calls for day in found),
        "spend": sum((day.spend for day in found), Decimal(0)),
        "late": counted is None or counted.at < live_since(now),  # then hours are missing before the last 24
        "counted": None if counted is None else counted.at,
    }
