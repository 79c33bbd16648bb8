"""Figures of the last hours: leads, calls, money, and how quickly people are called."""

from collections import Counter
from decimal import Decimal
from typing import Any

from core.durations import HOUR_MS
from flow.gateway import Gateway
from store import figures


def last_hours(gateway: Gateway, hours: int) -> dict[str, Any]:
    """The last `hours` hours, the present one among them, each from its full hour on. Times in milliseconds,
    money as decimal text, waits in seconds."""
    with gateway.store.read() as tx:
        now = gateway.store.now_ms(tx)
        since = now - now % HOUR_MS - (hours - 1) * HOUR_MS
        arrived = figures.leads_per_hour(tx, since)
        tried = figures.calls_per_hour(tx, since)
        called, half, most = figures.waits(tx, since)
    calls: Counter[int] = Counter()
    outcomes: Counter[str] = Counter()
    spend: dict[int, Decimal] = {}
    for hour, outcome, price, n in tried:
        outcomes[outcome] += n
        calls[hour] += n if figures.may_have_rung(outcome) else 0
        spend[hour] = spend.get(hour, Decimal(0)) + price * n
    starts = range(since, now + 1, HOUR_MS)
    return {
        "since": since,
        "until": now,
        "hours": [
            {"hour": at, "leads": arrived.get(at, 0), "calls": calls[at], "spend": _money(spend.get(at))}
            for at in starts
        ],
        "leads": sum(arrived.values()),
        "calls": calls.total(),
        "outcomes": dict(outcomes),
        "spend": _money(sum(spend.values(), Decimal(0))),
        "speed_to_call": {"leads": called, "p50": _seconds(half), "p95": _seconds(most)},
    }


def _money(sum_: Decimal | None) -> str:
    return format(sum_ or Decimal(0), "f")


def _seconds(ms: int | None) -> float | None:
    return None if ms is None else ms / 1000
