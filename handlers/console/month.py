"""The last 24 hours, and thirty days of leads, a bar a day on the reader's clock.

Hours that the watch has counted since they were over are read from there; others of the last 24 from the leads."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import Any

from flask import current_app

from core.durations import DAY_MS, HOUR_MS
from core.states import ACCEPTED, NEEDS_A_PERSON, ON_THE_WAY
from flow.hourly import counted_at
from handlers.console import charts
from handlers.console.words import zone
from store import hourly
from store import overview as last_hours
from store.engine import Tx
from store.hourly import Figures

DAYS = 30
HOURS = 24  # that may be read from the leads
Came = list[tuple[str, int, str, int]]  # source, start of the hour, state, leads
Counted = tuple[int, str, Figures]  # which of the days, state, what came
KINDS = ("called", "waits", "on purpose", "to decide")  # from the bottom of a bar up


@dataclass
class Day:
    """`at`: its first moment. What came in it, by kind; the calls of these leads, and their price."""

    at: int
    kinds: Counter[str] = field(default_factory=Counter)
    calls: int = 0
    spend: Decimal = Decimal(0)

    def add(self, state: str, one: Figures) -> None:
        self.kinds[kind_of(state)] += one.leads
        self.calls += one.calls
        self.spend += one.spend


def kind_of(state: str) -> str:
    """A state as the charts colour it."""
    if state in NEEDS_A_PERSON:
        return "to decide"
    if state in ON_THE_WAY:
        return "waits"
    return "called" if state == ACCEPTED else "on purpose"


@dataclass(frozen=True)
class Window:
    """The last 24 hours by the clock's hours, from `first` on; those before `live` were counted, at `counted`."""

    now: int
    first: int
    live: int
    counted: int | None

    @property
    def hours(self) -> list[int]:
        return [self.first + n * HOUR_MS for n in range(HOURS)]


def window(tx: Tx, now: int) -> Window:
    first, counted = now - now % HOUR_MS - (HOURS - 1) * HOUR_MS, counted_at(tx, now)
    return Window(now, first, first if counted is None else max(first, counted - counted % HOUR_MS), counted)


def came_in(tx: Tx, names: list[str], window: Window) -> Came:
    """What came to these sources in the last 24 hours."""
    counted = hourly.of_sources(tx, names, window.first, window.live) if window.live > window.first else []
    return counted + last_hours.by_hour(tx, names, window.live)


def days(now: int) -> list[Day]:
    """The last thirty, this one among them, each from midnight on the reader's clock."""
    today = datetime.fromtimestamp(now / 1000, zone()).date()
    midnights = (datetime.combine(today - timedelta(days=n), time(), zone()) for n in reversed(range(DAYS)))
    return [Day(int(midnight.timestamp() * 1000)) for midnight in midnights]


def together(tx: Tx, names: list[str], window: Window, came: Came) -> dict[str, Any]:
    """All sources, without calls and price; `came` is what came to them in the window. What was counted is read once
    for as long as nobody counts anew, which is minutes."""
    found = days(window.now)
    key = (tuple(names), found[0].at, window.first, window.counted)
    kept: dict[Any, list[Counted]] = current_app.extensions.setdefault("month", {})
    if key not in kept:
        kept.clear()
        kept[key] = _counted(tx, names, found, window.first, money=False)
    for nth, state, one in kept[key]:
        found[nth].add(state, one)
    for _source, hour, state, n in came:
        _put(found, hour, state, Figures(n))
    return _drawn(found, window)


def of_source(tx: Tx, name: str, now: int) -> dict[str, Any]:
    """One source, with its calls and their price."""
    of_now = window(tx, now)
    found = days(now)
    for nth, state, figures in _counted(tx, [name], found, of_now.live):
        found[nth].add(state, figures)
    for (_, hour, state), one in hourly.counted(tx, of_now.live, now + 1, name).items():
        _put(found, hour, state, one)
    return _drawn(found, of_now)


def _counted(tx: Tx, names: list[str], found: list[Day], until: int, *, money: bool = True) -> list[Counted]:
    """What was counted of these days until then. Days of 24 hours are one query, however many; summer time begins and
    ends with a day that has another length."""
    begin, told = 0, []
    for end in range(1, len(found) + 1):
        if end < len(found) and found[end].at - found[end - 1].at == DAY_MS:
            continue
        last = found[end].at if end < len(found) else until
        for nth, state, one in hourly.by_day(tx, names, found[begin].at, min(last, until), money=money):
            told.append((min(begin + nth, end - 1), state, one))
        begin = end
    return told


def _put(found: list[Day], hour: int, state: str, one: Figures) -> None:
    next((day for day in reversed(found) if day.at <= hour), found[0]).add(state, one)


def _drawn(found: list[Day], window: Window) -> dict[str, Any]:
    columns = [[(kind, day.kinds[kind]) for kind in KINDS] for day in found]
    top = charts.scale(max(day.kinds.total() for day in found))
    return {
        "bars": charts.stacks(columns, top),
        "top": top,
        "days": found,
        "sums": {kind: sum(day.kinds[kind] for day in found) for kind in KINDS},
        "calls": sum(day.calls for day in found),
        "spend": sum((day.spend for day in found), Decimal(0)),
        "late": window.counted is None or window.counted < window.first,  # then hours are missing before the last 24
        "counted": window.counted,
    }
