"""Thirty days of leads, a bar a day on the reader's clock; and how many leads usually come at this hour.

All together, the last 24 hours are read from the leads, what lies before them from the hours that the watch counted."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import Any

from flask import current_app

from core.states import ACCEPTED, NEEDS_A_PERSON, ON_THE_WAY
from core.usual import HOURS_OF_WEEK, WEEKS, Usual, learnt
from flow.hourly import HOURLY
from handlers.console import charts
from handlers.console.words import zone
from store import figures, hourly, stamps
from store.engine import Tx

DAYS = 30
HOURS = 24  # that are read from the leads
FORGOTTEN_MS = 7 * 24 * figures.HOUR_MS
MOST_REMEMBERED = 64  # sets of sources, with their readers' zones
SILENT = 3  # leads that should have come: then a source may be silent
KINDS = ("called", "waits", "on purpose", "to decide")  # from the bottom of a bar up
HOUR_MS = figures.HOUR_MS


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
    return _drawn(tx, found, now)


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
    return _drawn(tx, found, now)


def _day(found: list[Day], at: int) -> Day:
    return found[max(0, bisect_right([day.at for day in found], at) - 1)]


def _drawn(tx: Tx, found: list[Day], now: int) -> dict[str, Any]:
    columns = [[(kind, day.kinds[kind]) for kind in KINDS] for day in found]
    top = charts.scale(max(day.kinds.total() for day in found))
    counted = stamps.known(tx).get(HOURLY)
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


def usual(tx: Tx, last: Mapping[str, int], now: int) -> dict[str, Usual]:
    """Source -> how many leads usually come; `last`: when its newest one came. A silence that lasts is not learnt
    from; sources that are silent for longer than a week, or of which too little is known, are left out.

    What was learnt is remembered until the watch counts again: that alone changes it."""
    hour, counted = now - now % HOUR_MS, stamps.known(tx).get(HOURLY)
    ends = {name: min(hour, at - at % HOUR_MS + HOUR_MS) for name, at in last.items() if at > now - FORGOTTEN_MS}
    key = (counted, zone().key, tuple(sorted(ends.items())))
    remembered: dict[Any, dict[str, Usual]] = current_app.extensions.setdefault("usual", {})
    if key not in remembered:
        if len(remembered) >= MOST_REMEMBERED:
            remembered.clear()
        remembered[key] = _learnt(tx, ends, hour)
    return remembered[key]


def _learnt(tx: Tx, ends: Mapping[str, int], hour: int) -> dict[str, Usual]:
    since = hour - WEEKS * HOURS_OF_WEEK * HOUR_MS
    names = list(ends)
    of_week, first = hourly.by_hour_of_week(tx, names, since), hourly.first_hours(tx, names)
    known = {name: learnt(counts, max(since, first[name]), ends[name], zone()) for name, counts in of_week.items()}
    return {name: one for name, one in known.items() if one is not None}


def seems_silent(one: Usual | None, last: int | None, now: int) -> int:
    """How many leads should have come since the last one, where that is enough to be told; else 0."""
    if one is None or last is None:
        return 0
    expected = int(one.between(last, now))
    return expected if expected >= SILENT else 0
