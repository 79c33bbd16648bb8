"""P3: from the sender's first move to the POST read by the provider; web and worker are two processes.

Beside it P3L (`bench.least`): the least that keeps the laws, one process that does the same commits and no more."""

import json
import socket
import threading
import time
from collections.abc import Iterator
from functools import partial
from urllib.parse import urlsplit

from bench.databases import KINDS
from bench.gateway import Gateway, Least, Twin
from bench.measure import Line, in_turn, measuring, percentile
from bench.processes import until

RATES = {50: 2.0, 300: 1.0}  # leads a second, and for how many seconds at a time
THREADS = 24


def speeds() -> Iterator[Line]:
    """Leads at a steady pace, each on a connection of its own, against the same client before the script P3L."""
    for kind in KINDS:
        lines = [line for rate in RATES for line in _lines(kind, rate)]
        with measuring(*lines):
            with_walk(kind, lines)
        yield from lines


def _lines(kind: str, rate: int) -> tuple[Line, Line]:
    p50 = Line("P3", f"speed to call at {rate}/s, p50, {kind}", "P3L, the least that keeps the laws", "ms")
    p99 = Line("P3", f"its p99, {rate}/s, {kind}", "its own p50", "ms")
    if rate == 50:
        p50.goal, p99.goal = "<= 2.5", "<= 4"
    return p50, p99


def with_walk(kind: str, lines: list[Line], gateway: Gateway | None = None, twin: Twin | None = None) -> None:
    """Fill the lines, two a rate. A gateway and a simulator that already run are left running."""
    own_twin = twin or Twin()
    own = gateway or Gateway(kind, own_twin.url, concurrency=16)
    least = Least(kind, own_twin.url)
    try:
        if gateway is None:
            own.web()
            own.worker()
        # Warm, so that the first pair is like the others.
        measure(own.url, own_twin, 50, 1.0)
        measure(least.url, own_twin, 50, 1.0)
        for n, (rate, seconds) in enumerate(RATES.items()):
            p50, p99 = lines[2 * n : 2 * n + 2]
            seen: dict[str, list[float]] = {}

            walk = partial(_p50, seen, own.url, own_twin, rate, seconds)
            for ours, bare in in_turn(walk, partial(_p50, seen, least.url, own_twin, rate, seconds)):
                p50.ours.append(ours)
                p50.ceiling.append(bare)
                p99.ours.append(percentile(seen[own.url], 0.99))
                p99.ceiling.append(ours)
    finally:
        least.end()
        if gateway is None:
            own.end()
        if twin is None:
            own_twin.end()


def _p50(seen: dict[str, list[float]], url: str, twin: Twin, rate: int, seconds: float) -> float:
    seen[url] = measure(url, twin, rate, seconds)
    return percentile(seen[url], 0.5)


_sent_so_far = 0
_counting = threading.Lock()


def measure(url: str, twin: Twin, rate: float, seconds: float) -> list[float]:
    """Milliseconds from each send to its call, at `rate` a second. Raises TimeoutError where one is not rung."""
    global _sent_so_far
    count = int(rate * seconds)
    with _counting:
        first, _sent_so_far = _sent_so_far, _sent_so_far + count
    twin.new_calls()
    sent: dict[str, float] = {}
    failed: list[Exception] = []
    start = time.monotonic() + 0.05

    def send_each(own: int) -> None:
        try:
            for n in range(own, count, THREADS):
                time.sleep(max(0.0, start + n / rate - time.monotonic()))
                number = str(79_500_000_000 + first + n)
                sent[number] = time.time()
                post(url, number)
        except Exception as why:
            failed.append(why)

    threads = [threading.Thread(target=send_each, args=(own,)) for own in range(min(THREADS, count))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(seconds + 60)
    if failed:
        raise failed[0]
    called: dict[str, float] = {}

    def all_called() -> bool:
        called.update(twin.new_calls())  # others' calls too: a backlog may drain meanwhile
        return sent.keys() <= called.keys()

    until(all_called, 60, f"the calls of {count} leads", every=0.05)
    return [(called[number] - at) * 1000 for number, at in sent.items()]


def post(url: str, number: str, patience_s: float = 20.0) -> None:
    """One lead POSTed on a connection of its own. Raises RuntimeError when it is not answered 200, OSError when it is
    not answered."""
    parts = urlsplit(url)
    content = {"id": f"speed-{number}", "name": "Ivan Petrov", "phone": f"+{number}", "comment": "x" * 280}
    body = json.dumps(content).encode()
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    head = (
        f"POST {target} HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Type: application/json\r\n"
        f"Authorization: bench-key\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    with socket.create_connection((str(parts.hostname), int(parts.port or 80)), timeout=patience_s) as line:
        line.sendall(head.encode() + body)
        reply = b""
        while piece := line.recv(65536):
            reply += piece
    if reply[8:12] != b" 200":
        raise RuntimeError(f"answered {reply[:40]!r}")
