"""Silent sockets: connections that say nothing, or half a request, while others want to be answered."""

import contextlib
import itertools
import resource
import socket
import threading
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

from bench import p3_speed
from bench.databases import SQLITE
from bench.gateway import Gateway
from bench.measure import Line, percentile

SILENT = 500
ROUNDS = 5
GOOD = 20
PATIENCE_S = 5.0
_numbers = itertools.count(79_600_000_000)
HALF = b"POST /hooks/bench HTTP/1.1\r\nHost: gateway\r\nContent-Le"


def sockets() -> Iterator[Line]:
    """Without a proxy in front. Two kinds: not one byte; half a header."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < SILENT + 200:
        yield Line("silent", f"{SILENT} silent sockets", "", "", not_run=f"this shell allows {hard} open files only")
        return
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, SILENT + 200), hard))
    for name, words in (("silent", b""), ("half a header", HALF)):
        line = Line(
            "silent", f"good leads beside {SILENT} sockets, {name}", "none of them there", "% answered", ">= 1.0"
        )
        _measure(words, line)
        yield line


def _measure(words: bytes, line: Line) -> None:
    gateway = Gateway(SQLITE, "http://127.0.0.1:9/")
    worst = []
    try:
        gateway.web()
        _answered(gateway.url)
        for _ in range(ROUNDS):
            quiet, _ = _answered(gateway.url)
            with contextlib.ExitStack() as opened:
                for _ in range(SILENT):
                    opened.enter_context(_one(gateway.url, words))
                time.sleep(0.2)
                beside, slowest = _answered(gateway.url)
            worst.append(slowest)
            line.ours.append(beside)
            line.ceiling.append(quiet)
            time.sleep(0.3)
    finally:
        gateway.end()
    line.note = f"within {PATIENCE_S:g} s; slowest {percentile(worst, 0.5):.2f} s (up to {max(worst):.2f})"


def _one(url: str, words: bytes) -> socket.socket:
    parts = urlsplit(url)
    line = socket.create_connection((str(parts.hostname), int(parts.port or 80)), timeout=5)
    line.sendall(words)
    return line


def _answered(url: str) -> tuple[float, float]:
    """(per cent of GOOD leads that were answered 200 in time, the slowest in seconds)."""
    took: list[float] = []

    def send(number: int) -> None:
        began = time.monotonic()
        with contextlib.suppress(OSError, RuntimeError):  # not answered: it is missing from `took`
            p3_speed.post(url, str(number), PATIENCE_S)
            took.append(time.monotonic() - began)

    threads = [threading.Thread(target=send, args=(next(_numbers),)) for _ in range(GOOD)]
    for thread in threads:
        thread.start()
        time.sleep(0.05)
    for thread in threads:
        thread.join(PATIENCE_S + 5)
    return len(took) / GOOD * 100, max(took, default=PATIENCE_S)
