"""The first page: five questions, in the order in which they matter."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from flask import render_template, request

from core.account import forecast
from core.account.caps import Rung, unpriced, used
from core.account.forecast import Forecast
from flow import silence
from handlers.console import backlog, cases, charts, month
from handlers.console.alarms import ELSEWHERE, ringing
from handlers.console.door import page, the_gateway
from handlers.console.leads import GOAL_MS, titles
from handlers.console.month import KINDS, Came, Window, kind_of
from handlers.console.words import zone_hour
from store import caps, figures, hourly_calls, inbox
from store import overview as last_hours
from store.engine import Tx
from store.hourly_calls import Calls
from store.overview import Waits

TOP_CASES = 4


@page("/")
def overview() -> Any:
    gateway = the_gateway()
    with gateway.store.read() as tx:
        now = gateway.store.now_ms(tx)
        names, window = list(gateway.sources.names()), month.window(tx, now)
        came, calls = month.came_in(tx, names, window), hourly_calls.kept(tx, window.first, window.live)
        of_month = request.args.get("chart") == "month"
        return render_template(
            "console/overview.html",
            any_lead=inbox.newest_no(tx) > 0,
            alarms=ringing(tx, ELSEWHERE),
            cases=cases.grouped(inbox.causes(tx))[:TOP_CASES],
            speed=_speed(tx, window, calls),
            backlog=backlog.read(tx, gateway, now),
            money=_money(tx, window, calls),
            chart=None if of_month else _chart(came, window),
            month=month.together(tx, names, window, came) if of_month else None,
            sources=_sources(tx, came, window),
            goal=GOAL_MS,
            titles=titles(),
        )


def _speed(tx: Tx, window: Window, calls: Mapping[int, Calls]) -> dict[str, Any]:
    """Half and 95 of a hundred of the first calls that no rule made wait, and the latter by hour."""
    each = {hour: one.waits for hour, one in calls.items()} | last_hours.waits(tx, window.live, window.now + 1)
    known = (each.get(hour, Waits()) for hour in window.hours)
    points = [charts.part_of(waits, 95) if waits.total() >= charts.FEWEST else None for waits in known]
    top = max([2 * GOAL_MS, *(point for point in points if point is not None)])
    whole = sum(each.values(), Waits())
    return {
        "calls": whole.total(),
        "half": charts.part_of(whole, 50) if whole else None,
        "most": charts.part_of(whole, 95) if whole else None,
        "slow": sum(n for wait, n in whole.items() if wait > GOAL_MS),
        "lines": charts.lines(points, top),
        "dots": charts.dots(points, top),
        "goal_y": round(100 - 100 * GOAL_MS / top, 2),
    }


def _money(tx: Tx, window: Window, calls: Mapping[int, Calls]) -> dict[str, Any]:
    """What counts against the totals, of the last hour and day; caps of 0 are off."""
    rung = hourly_calls.rung(tx, calls, window.live, window.now)
    prices = caps.reservations(tx, unpriced(rung), window.now)
    counted = used(rung, prices)
    totals = the_gateway().totals
    most = totals.spend_per_day
    return {
        "spent": counted.spent,
        "forecast": _forecast(rung, prices, calls, counted.spent, window.now),
        "spend_cap": most,
        "part": int(min(Decimal(100), 100 * counted.spent / most)) if most else 0,
        "hour": counted.last_hour,
        "hour_cap": totals.calls_per_hour,
        "day": counted.last_day,
        "day_cap": totals.calls_per_day,
    }


def _forecast(
    rung: Iterable[Rung], prices: Mapping[str, Decimal], calls: Mapping[int, Calls], spent: Decimal, now: int
) -> Forecast | None:
    """None where the calling hours do not end, or nobody was called in the last hour."""
    gateway, an_hour = the_gateway(), forecast.pace(rung, prices)
    until = backlog.closes(gateway, gateway.sources.names(), now)
    if until is None or not an_hour:
        return None
    known = defaultdict(Decimal, prices)  # an hour may have been counted while a call was open that is priced now
    by_hour = {hour: one.spent(known) for hour, one in calls.items()}
    found = forecast.foresee(spent, an_hour, by_hour, gateway.totals.spend_per_day, now, until)
    return replace(found, spent=Decimal(round(found.spent)))  # nobody foresees kopecks


def _chart(came: Came, window: Window) -> dict[str, Any]:
    counts: Counter[tuple[int, str]] = Counter()
    for _source, hour, state, n in came:
        counts[hour, kind_of(state)] += n
    hours = window.hours
    columns = [[(kind, counts[hour, kind]) for kind in KINDS] for hour in hours]
    top = charts.scale(max(sum(n for _, n in column) for column in columns))
    return {
        "bars": charts.stacks(columns, top),
        "top": top,
        "hours": [zone_hour(hour) for hour in hours],
        "rows": [(zone_hour(hour), dict(column)) for hour, column in zip(hours, columns, strict=True)],
        "sums": {kind: sum(counts[hour, kind] for hour in hours) for kind in KINDS},
    }


def _sources(tx: Tx, came: Came, window: Window) -> list[dict[str, Any]]:
    """A row for each source in force: first those from which leads are missing, then by their last lead, the oldest
    first."""
    gateway, last = the_gateway(), figures.last_leads(tx)
    names, silent = gateway.sources.names(), {one.source: one for one in silence.look(gateway, tx, window.now)}
    kinds: dict[str, Counter[str]] = defaultdict(Counter)
    each: dict[str, Counter[int]] = defaultdict(Counter)
    for source, hour, state, n in came:
        kinds[source][kind_of(state)] += n
        each[source][hour] += n
    rows: list[dict[str, Any]] = [
        {
            "name": name,
            "last": last.get(name),
            "bars": charts.spark([each[name][hour] for hour in window.hours]),
            "leads": kinds[name].total(),
            "kinds": kinds[name],
            "silent": silent.get(name),
        }
        for name in names
    ]
    return sorted(rows, key=lambda row: (not (row["silent"] and row["silent"].rings), row["last"] or 0))
