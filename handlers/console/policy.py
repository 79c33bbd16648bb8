"""Rules and caps: what holds for each source and over all of them, how much is used, and which accounts are paused."""

from collections.abc import Mapping
from typing import Any

from flask import render_template

from core.account.caps import TOTALS, Caps, Left, is_capped
from core.source import Policy
from flow import caps
from flow.gateway import Gateway
from handlers.console import frame
from handlers.console.door import page, the_gateway
from handlers.console.leads import titles
from store import caps as counts
from store.engine import Tx

CAPS = ("calls_per_hour", "calls_per_day", "spend_per_day")


@page("/policy")
def policy() -> Any:
    gateway = the_gateway()
    with gateway.store.read() as tx:
        now = gateway.store.now_ms(tx)
        used = {name: _used(tx, name, rules, now) for name, rules in _rules(gateway).items()}
        over_all = _used(tx, TOTALS, gateway.totals, now)
        reached = counts.reached(tx)
        stopped = frame.read(tx, gateway, now).stopped
    return render_template(
        "console/policy.html",
        rules=_rules(gateway),
        used=used,
        over_all=over_all,
        totals=gateway.totals,
        reached=reached,
        pauses=stopped,
        accounts=sorted(gateway.accounts),
        titles=titles(),
        caps=CAPS,
        clock_of=clock_of,
    )


def _rules(gateway: Gateway) -> dict[str, Policy]:
    known = {name: gateway.sources.get(name) for name in gateway.sources.names()}
    return {name: one.source.policy for name, one in known.items() if one is not None}


def _used(tx: Tx, scope: str, each: Caps, now: int) -> Mapping[str, Left]:
    return {one.cap: one for one in caps.left(tx, scope, each, "", now)} if is_capped(each) else {}


def clock_of(minutes: int) -> str:
    """09:00 of minutes since midnight."""
    return f"{minutes // 60:02}:{minutes % 60:02}"
