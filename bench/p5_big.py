"""P5: intake, speed and dispatch on a database with a million leads, beside the same on an empty one."""

import time
from collections.abc import Callable, Iterator

from bench import p3_speed, wrk
from bench.databases import KINDS
from bench.filling import copies
from bench.gateway import Gateway, Twin
from bench.measure import Line, in_turn, measuring, percentile
from bench.p4_dispatch import SLOW_MS, called_lead, drain

STORED, WAITING = 1_000_000, 100_000
LATER_MS = 8 * 3600 * 1000  # they wait as over a night
WIDTH = 16


def big() -> Iterator[Line]:
    """A million called leads and a hundred thousand that wait; both databases run side by side."""
    for kind in KINDS:
        lines = [
            Line("P5", f"intake, a million leads stored, {kind}", "the same, empty", "leads/s", ">= 0.9"),
            Line("P5", f"speed to call at 50/s, p50, {kind}", "the same, empty", "ms", "<= 1.11"),
            Line("P5", f"dispatch, 16 in flight, {kind}", "the same, empty", "calls/s", ">= 0.9"),
        ]
        with measuring(*lines):
            _measure(kind, lines)
        yield from lines


def _measure(kind: str, lines: list[Line]) -> None:
    twins = Twin(f"slow:{SLOW_MS}"), Twin(f"slow:{SLOW_MS}")
    full, empty = (Gateway(kind, twin.url, concurrency=WIDTH) for twin in twins)
    try:
        templates = [called_lead(each) for each in (full, empty)]
        began = time.monotonic()
        copies(full.store, templates[0], STORED, first=20_000_000, state="accepted", due_at=0)
        later = int(time.time() * 1000) + LATER_MS
        copies(full.store, templates[0], WAITING, first=30_000_000, state="ready", due_at=later)
        lines[0].note = f"filled in {time.monotonic() - began:.0f} s"
        workers = [each.worker() for each in (full, empty)]
        done = iter(range(1, 10_000_000, 10_000))
        drains = (
            lambda g=g, t=t, lead=lead: drain(g, t, lead, first=next(done), count=10 * WIDTH)
            for g, t, lead in zip((full, empty), twins, templates, strict=True)
        )
        _fill(lines[2], *drains)
        for each in (full, empty):
            each.web()
        _fill(lines[1], *(lambda g=g, t=t: _speed(g, t) for g, t in zip((full, empty), twins, strict=True)))
        for worker in workers:
            worker.end()
        for each in (full, empty):
            wrk.post(each.url, connections=16, seconds=1)
        _fill(lines[0], *(lambda g=g: wrk.post(g.url, connections=16, seconds=2).rate for g in (full, empty)))
    finally:
        full.end()
        empty.end()
        for twin in twins:
            twin.end()


def _fill(line: Line, ours: Callable[[], float], ceiling: Callable[[], float]) -> None:
    for full, empty in in_turn(ours, ceiling):
        line.ours.append(full)
        line.ceiling.append(empty)


def _speed(gateway: Gateway, twin: Twin) -> float:
    return percentile(p3_speed.measure(gateway.url, twin, 50, 2), 0.5)
