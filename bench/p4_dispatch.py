"""P4: calls a second to a provider that takes 100 ms, two commits a call, beside the bare `requests` loop."""

import threading
import time
from collections.abc import Iterator

import requests

from bench.databases import KINDS
from bench.filling import copies
from bench.gateway import Gateway, Twin
from bench.measure import Line, Skip, in_turn
from bench.processes import until

IN_FLIGHT = (1, 8, 32, 128)
SLOW_MS = 100
SECONDS = 2.0
TEMPLATE_NUMBER = "79001112233"


def rates() -> Iterator[Line]:
    """Leads that are due already: the worker claims, calls and records each."""
    for kind in KINDS:
        for width in IN_FLIGHT:
            goal = ">= 0.95" if width == 128 else ">= 0.98"
            what = f"dispatch, {width} in flight, {kind}"
            line = Line("P4", what, "`requests` on bare threads, no database", "calls/s", goal)
            try:
                with_walk(kind, width, line)
            except Skip as why:
                line.not_run = str(why)
            yield line


def with_walk(kind: str, width: int, line: Line) -> None:
    twin = Twin(f"slow:{SLOW_MS}")
    gateway = Gateway(kind, twin.url, concurrency=width)
    try:
        template = called_lead(gateway)
        gateway.worker()
        count = max(10, int(width * SECONDS * 1000 / SLOW_MS))
        done = 0

        def ours() -> float:
            nonlocal done
            dispatched = drain(gateway, twin, template, first=done + 1, count=count)
            done += count
            return dispatched

        drain(gateway, twin, template, first=10_000_000, count=max(4, 2 * width))  # warm
        for mine, bare in in_turn(ours, lambda: bare_loop(twin, width, count)):
            line.ours.append(mine)
            line.ceiling.append(bare)
    finally:
        gateway.end()
        twin.end()


def called_lead(gateway: Gateway) -> str:
    """The id of one lead that came in, was called and accepted: what the others are copied from."""
    web, worker = gateway.web(1), gateway.worker()
    gateway.send("template", TEMPLATE_NUMBER)
    until(lambda: gateway.leads("accepted") == 1, 30, "the first lead's call")
    web.end()
    worker.end()
    with gateway.store.read() as tx:
        return str(tx.exec_driver_sql("SELECT id FROM leads").scalar_one())


def drain(gateway: Gateway, twin: Twin, template: str, *, first: int, count: int) -> float:
    """Calls a second over so many leads that became due at once, from the first call read to the last one's end."""
    twin.new_calls()
    copies(gateway.store, template, count, first=first, state="ready", due_at=int(time.time() * 1000))
    gateway.bell.ring()
    return _rate([at for _, at in twin.wait(count, 120)])


def bare_loop(twin: Twin, width: int, count: int) -> float:
    """The same calls by threads that share a counter and keep nothing."""
    twin.new_calls()
    left = list(range(count))

    def call_each() -> None:
        while True:
            try:
                n = left.pop()
            except IndexError:
                return
            call = {"number": str(79_700_000_000 + n), "script": "Bench"}
            requests.post(twin.url, json=call, headers={"Authorization": "bench-key"}, timeout=20).raise_for_status()

    threads = [threading.Thread(target=call_each) for _ in range(width)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    return _rate([at for _, at in twin.wait(count, 60)])


def _rate(moments: list[float]) -> float:
    return len(moments) / (max(moments) - min(moments) + SLOW_MS / 1000)
