"""P9: how many leads a second one worker keeps up with, without caps and pace; the provider answers at once."""

import itertools
import time
from collections.abc import Iterator

from bench.databases import POSTGRESQL, SQLITE
from bench.filling import copies
from bench.gateway import Gateway, Twin
from bench.measure import Line, measuring
from bench.p4_dispatch import called_lead
from bench.processes import until

GOALS = {SQLITE: 250, POSTGRESQL: 200}  # leads a second
RATES = (50, 100, 150, 200, 250, 300, 400, 500)
SECONDS = 3.0
EACH_S = 0.1  # so often leads come, all of that time at once: as intake stores them in groups
BEHIND_S = 1.0  # it has fallen behind when more wait than come in this time
WIDTH = 32
ROUNDS = 3


def ceilings() -> Iterator[Line]:
    """Leads as they come (received, not mapped yet) at a rate that rises until more and more of them wait."""
    for kind, goal in GOALS.items():
        line = Line("P9", f"one worker keeps up with, {kind}", "", "leads/s", f">= {goal}", by="alone")
        line.note = f"rates tried: {', '.join(map(str, RATES))}; the bench itself puts the leads into the database"
        with measuring(line):
            _measure(kind, line)
        yield line


def _measure(kind: str, line: Line) -> None:
    twin = Twin()
    gateway = Gateway(kind, twin.url, concurrency=WIDTH)
    numbers = itertools.count(1, 100_000)
    try:
        template = called_lead(gateway)
        gateway.worker()
        _waiting_after(gateway, template, RATES[0], next(numbers), 1.0)  # warm
        for _ in range(ROUNDS):
            kept = 0
            for rate in RATES:
                waiting = _waiting_after(gateway, template, rate, next(numbers), SECONDS)
                until(lambda: not gateway.leads("received") + gateway.leads("ready"), 120, "the backlog's end", 0.1)
                if waiting > rate * BEHIND_S:
                    break
                kept = rate
            line.ours.append(kept)
    finally:
        gateway.end()
        twin.end()


def _waiting_after(gateway: Gateway, template: str, rate: int, first: int, seconds: float) -> int:
    """Let so many come a second; how many wait at the end."""
    begun, many = time.monotonic(), int(rate * EACH_S)
    for n in range(int(seconds / EACH_S)):
        time.sleep(max(0.0, begun + n * EACH_S - time.monotonic()))
        now = int(time.time() * 1000)
        copies(gateway.store, template, many, first=first + n * many, state="received", due_at=now)
        gateway.bell.ring()
    return gateway.leads("received") + gateway.leads("ready")
