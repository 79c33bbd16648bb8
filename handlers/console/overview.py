"""The first page: five questions, in the order in which they matter."""

from collections import Counter, defaultdict
from decimal import Decimal
from typing import Any

from flask import render_template, request

from core.account.caps import TOTALS, unpriced, used
from core.durations import HOUR_MS
from flow import silence
from handlers.console import cases, charts, month
from handlers.console.alarms import ELSEWHERE, ringing
from handlers.console.door import page, the_gateway
from handlers.console.leads import titles
from handlers.console.month import HOURS, KINDS, kind_of
from handlers.console.words import zone_hour
from store import caps, figures, inbox
from store import overview as last_day
from store.engine import Tx

TOP_CASES = 4
GOAL_MS = 5_000


@page("/")
def overview() -> Any:
    gateway = the_gateway()
    with gateway.store.read() as tx:
        now = gateway.store.now_ms(tx)
        first, names = month.live_since(now), list(gateway.sources.names())
        hours = [first + n * HOUR_MS for n in range(HOURS)]
        came = last_day.by_hour(tx, names, first)
        of_month = request.args.get("chart") == "month"
        return render_template(
            "console/overview.html",
            any_lead=inbox.newest_no(tx) > 0,
            alarms=ringing(tx, ELSEWHERE),
            cases=cases.grouped(inbox.pending(tx))[:TOP_CASES],
            speed=_speed(tx, hours),
            money=_money(tx, now),
            chart=None if of_month else _chart(came, hours),
            month=month.together(tx, names, now, came) if of_month else None,
            sources=_sources(tx, came, hours, now),
            goal=GOAL_MS,
            titles=titles(),
        )


def _speed(tx: Tx, hours: list[int]) -> dict[str, Any]:
    """Half and 95 of a hundred of the first calls that no rule made wait, and the latter by hour."""
    waits = last_day.waits(tx, hours[0])
    each: dict[int, list[int]] = defaultdict(list)
    for at, wait in waits:
        each[at - at % HOUR_MS].append(wait)
    points = [charts.part_of(each[hour], 95) if len(each[hour]) >= charts.FEWEST else None for hour in hours]
    top = max([2 * GOAL_MS, *(point for point in points if point is not None)])
    whole = [wait for _, wait in waits]
    return {
        "calls": len(whole),
        "half": charts.part_of(whole, 50) if whole else None,
        "most": charts.part_of(whole, 95) if whole else None,
        "slow": sum(wait > GOAL_MS for wait in whole),
        "lines": charts.lines(points, top),
        "goal_y": round(100 - 100 * GOAL_MS / top, 2),
    }


def _money(tx: Tx, now: int) -> dict[str, Any]:
    """What counts against the totals, of the last hour and day; caps of 0 are off."""
    rung = caps.rung(tx, TOTALS, now)
    counted = used(rung, caps.reservations(tx, unpriced(rung), now))
    totals = the_gateway().totals
    most = totals.spend_per_day
    return {
        "spent": counted.spent,
        "spend_cap": most,
        "part": int(min(Decimal(100), 100 * counted.spent / most)) if most else 0,
        "hour": counted.last_hour,
        "hour_cap": totals.calls_per_hour,
        "day": counted.last_day,
        "day_cap": totals.calls_per_day,
    }


def _chart(came: list[tuple[str, int, str, int]], hours: list[int]) -> dict[str, Any]:
    counts: Counter[tuple[int, str]] = Counter()
    for _source, hour, state, n in came:
        counts[hour, kind_of(state)] += n
    columns = [[(kind, counts[hour, kind]) for kind in KINDS] for hour in hours]
    top = charts.scale(max(sum(n for _, n in column) for column in columns))
    return {
        "bars": charts.stacks(columns, top),
        "top": top,
        "hours": [zone_hour(hour) for hour in hours],
        "rows": [(zone_hour(hour), dict(column)) for hour, column in zip(hours, columns, strict=True)],
        "sums": {kind: sum(counts[hour, kind] for hour in hours) for kind in KINDS},
    }


def _sources(tx: Tx, came: list[tuple[str, int, str, int]], hours: list[int], now: int) -> list[dict[str, Any]]:
    """A row for each source in force: first those from which leads are missing, then by their last lead, the oldest
    first."""
    gateway, last = the_gateway(), figures.last_leads(tx)
    names, silent = gateway.sources.names(), {one.source: one for one in silence.look(gateway, tx, now)}
    rows = []
    for name in names:
        kinds: Counter[str] = Counter()
        each: Counter[int] = Counter()
        for source, hour, state, n in came:
            if source == name:
                kinds[kind_of(state)] += n
                each[hour] += n
        top = max([1, *each.values()])
        bars = charts.stacks([[("came", each[hour])] for hour in hours], top)
        row: dict[str, Any] = {
            "name": name,
            "last": last.get(name),
            "bars": bars,
            "leads": kinds.total(),
            "kinds": kinds,
        }
        row["silent"] = silent.get(name)
        rows.append(row)
    return sorted(rows, key=lambda row: (not (row["silent"] and row["silent"].rings), row["last"] or 0))
