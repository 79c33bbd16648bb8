"""Rules and caps: what holds for each source and over all of them, how much is used, and which accounts are paused."""

from typing import Any

from flask import render_template

from core.account.caps import TOTALS
from core.source import Policy
from flow.gateway import Gateway
from handlers.console import backlog, frame
from handlers.console.door import page, the_gateway
from handlers.console.leads import titles
from store import caps as counts

CAPS = ("calls_per_hour", "calls_per_day", "spend_per_day")


@page("/policy")
def policy() -> Any:
    gateway = the_gateway()
    with gateway.store.read() as tx:
        now = gateway.store.now_ms(tx)
        used = {name: counts.used_by_cap(tx, name, rules, now) for name, rules in _rules(gateway).items()}
        over_all = counts.used_by_cap(tx, TOTALS, gateway.totals, now)
        reached = counts.reached(tx)
        waits = backlog.read(tx, gateway, now)
        around = frame.read(tx, gateway, now)
    stopped = around.stopped
    whole = {one.account for one in stopped if one.script is None}
    return render_template(
        "console/policy.html",
        rules=_rules(gateway),
        used=used,
        over_all=over_all,
        totals=gateway.totals,
        reached=reached,
        backlog=waits,
        pauses=stopped,
        all_stopped=around.all_stopped,
        some_stopped=len(whole),
        accounts=sorted(gateway.accounts),
        titles=titles(),
        caps=CAPS,
        clock_of=clock_of,
    )


def _rules(gateway: Gateway) -> dict[str, Policy]:
    known = {name: gateway.sources.get(name) for name in gateway.sources.names()}
    return {name: one.source.policy for name, one in known.items() if one is not None}


def clock_of(minutes: int) -> str:
    """09:00 of minutes since midnight."""
    return f"{minutes // 60:02}:{minutes % 60:02}"
