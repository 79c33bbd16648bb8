"""P4: calls a second to a provider that takes 100 ms, two commits a call, beside the bare `requests` loop."""

import itertools
import threading
import time
from collections.abc import Iterator
from functools import partial

import requests

from bench.databases import KINDS
from bench.filling import copies
from bench.gateway import Gateway, Twin
from bench.measure import Line, in_turn, measuring
from bench.processes import until

IN_FLIGHT = (1, 8, 32, 128)
SLOW_MS = 100
SECONDS = 1.5
TEMPLATE_NUMBER = "79001112233"
WARM = 10_000_000  # what is called before a measurement is numbered from here


def rates() -> Iterator[Line]:
    """Leads that are due already: the worker claims, calls and records each."""
    for kind in KINDS:
        lines = [
            Line(
                "P4",
                f"dispatch, {width} in flight, {kind}",
                "`requests` on bare threads, no database",
                "calls/s",
                ">= 0.95" if width == 128 else ">= 0.98",
            )
            for width in IN_FLIGHT
        ]
        with measuring(*lines):
            _measure(kind, lines)
        yield from lines


def _measure(kind: str, lines: list[Line]) -> None:
    twin = Twin(f"slow:{SLOW_MS}")
    gateway = Gateway(kind, twin.url)
    numbers = itertools.count(1, 10_000)
    try:
        template = called_lead(gateway)
        for width, line in zip(IN_FLIGHT, lines, strict=True):
            count = max(10, int(width * SECONDS * 1000 / SLOW_MS))
            worker = gateway.worker(width)
            drain(gateway, twin, template, first=WARM + next(numbers), count=max(4, 2 * width))
            ours = partial(_drained, gateway, twin, template, numbers, count)
            for mine, bare in in_turn(ours, partial(bare_loop, twin, width, count)):
                line.ours.append(mine)
                line.ceiling.append(bare)
            worker.end()
    finally:
        gateway.end()
        twin.end()


def _drained(gateway: Gateway, twin: Twin, template: str, numbers: Iterator[int], count: int) -> float:
    return drain(gateway, twin, template, first=next(numbers), count=count)


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
