"""P8: two web processes and two workers on one PostgreSQL, beside one and one."""

import os
from collections import Counter
from collections.abc import Iterator

from bench import wrk
from bench.databases import POSTGRESQL
from bench.gateway import Gateway, Twin
from bench.measure import Line, in_turn, measuring
from bench.processes import until
from core.states import ON_THE_WAY

SECONDS = 2


def processes() -> Iterator[Line]:
    """Leads taken, mapped, called and recorded a second; nobody is called twice."""
    line = Line("P8", "whole walk, 2 web + 2 workers, PostgreSQL", "1 web + 1 worker", "calls/s", ">= 1.5")
    with measuring(line):
        _measure(line)
    yield line


def _measure(line: Line) -> None:
    houses = [(_gateway(count), Counter[str]()) for count in (2, 1)]
    try:
        two, one = (lambda h=h, seen=seen: _walked(h[0], h[1], seen) for h, seen in houses)
        for ours, ceiling in in_turn(two, one):
            line.ours.append(ours)
            line.ceiling.append(ceiling)
        doubles = sum(times > 1 for _, seen in houses for times in seen.values())
        line.note = (
            f"{os.cpu_count()} cores in all, the generator, the simulator and PostgreSQL on them; doubles {doubles}"
        )
        if doubles:
            raise RuntimeError(f"{doubles} numbers were called twice")
    finally:
        for (gateway, twin), _ in houses:
            gateway.end()
            twin.end()


def _gateway(count: int) -> tuple[Gateway, Twin]:
    twin = Twin()
    gateway = Gateway(POSTGRESQL, twin.url, concurrency=8)
    gateway.web(count)
    for _ in range(count):
        gateway.worker()
    wrk.post(gateway.url, connections=4, seconds=1)
    until(lambda: not _moving(gateway), 60, "the first leads' calls", 0.1)
    return gateway, twin


def _walked(gateway: Gateway, twin: Twin, seen: Counter[str]) -> float:
    """Calls a second from the first lead's call to the last one's."""
    twin.new_calls()
    count = wrk.post(gateway.url, connections=16, seconds=SECONDS).requests
    until(lambda: not _moving(gateway), 120, "the calls", 0.1)
    calls = twin.wait(count, 10)
    seen.update(number for number, _ in calls)
    moments = [at for _, at in calls]
    return len(calls) / (max(moments) - min(moments))


def _moving(gateway: Gateway) -> int:
    return sum(gateway.leads(state) for state in ON_THE_WAY)
