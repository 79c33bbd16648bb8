"""P6: a fresh lead while a backlog drains after an outage, beside a fresh lead on an idle gateway."""

import time
from collections.abc import Iterator

from bench import p3_speed
from bench.databases import KINDS
from bench.filling import copies
from bench.gateway import Gateway, Twin
from bench.measure import Line, measuring, percentile
from bench.p4_dispatch import SLOW_MS, called_lead
from bench.processes import until
from core.states import ON_THE_WAY

BACKLOG = 500
ROUNDS = 5
RATE, SECONDS = 10, 1.5
WIDTH = 16


def fresh_leads() -> Iterator[Line]:
    """The pace is off: what is shown is whether a fresh lead queues behind old ones."""
    for kind in KINDS:
        line = Line("P6", f"fresh lead while a backlog drains, p50, {kind}", "idle gateway", "ms", "<= 2")
        line.note = f"{WIDTH} in flight, all busy for {SLOW_MS} ms each: one is free every {SLOW_MS / WIDTH:.0f} ms"
        with measuring(line):
            _measure(kind, line)
        yield line


def _measure(kind: str, line: Line) -> None:
    twin = Twin(f"slow:{SLOW_MS}")
    gateway = Gateway(kind, twin.url, concurrency=WIDTH)
    try:
        template = called_lead(gateway)
        gateway.web()
        gateway.worker()
        p3_speed.measure(gateway.url, twin, RATE, 1)
        for n in range(ROUNDS):
            idle = percentile(p3_speed.measure(gateway.url, twin, RATE, SECONDS), 0.5)
            old = int(time.time() * 1000) - 3_600_000
            copies(gateway.store, template, BACKLOG, first=1 + n * BACKLOG, state="ready", due_at=old)
            gateway.bell.ring()
            time.sleep(0.3)
            busy = percentile(p3_speed.measure(gateway.url, twin, RATE, SECONDS), 0.5)
            if not gateway.leads("ready"):
                line.note = f"the backlog of {BACKLOG} was gone before the fresh leads were"
            line.ours.append(busy)
            line.ceiling.append(idle)
            until(lambda: not any(map(gateway.leads, ON_THE_WAY)), 120, "the backlog's end", 0.1)
    finally:
        gateway.end()
        twin.end()
