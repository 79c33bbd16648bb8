"""P1: how many leads a second are taken for good, beside a view that keeps nothing. P1c: what one connection waits."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

from bench import wrk
from bench.databases import KINDS, POSTGRESQL, SQLITE
from bench.gateway import Bare, Gateway, new_folder
from bench.measure import PAIRS, Line, Skip, in_turn, measuring, percentile, spread
from bench.processes import Process

SECONDS = 2
GOAL = {SQLITE: ">= 0.70", POSTGRESQL: ">= 0.60"}
MUST = {SQLITE: "at least 0.55", POSTGRESQL: "at least 0.45"}


def rates() -> Iterator[Line]:
    """Sixteen connections, each closed after its reply, unique leads of 400 bytes. The bare view stands under our own
    worker class; a note says what it gives under gunicorn's, which is the same but for that."""
    for kind in KINDS:
        rate = Line("P1", f"intake, {kind}", "bare Flask view", "leads/s", GOAL[kind])
        p99 = Line("P1", f"its p99, {kind}", "bare view's p99", "ms", "<= 1.5")
        rate.note = MUST[kind]
        with measuring(rate, p99):
            _measure(kind, rate, p99)
        yield rate
        yield p99


def _measure(kind: str, rate: Line, p99: Line) -> None:
    gateway = Gateway(kind, "http://127.0.0.1:9/")
    bare, stock = Bare(gateway.folder), Bare(gateway.folder, worker_class="gthread")
    beside_stock: list[float] = []
    try:
        web = gateway.web()
        stored, taken = gateway.leads(), 0
        seen: dict[str, wrk.Load] = {}
        cpu_ms: dict[str, list[float]] = {gateway.url: [], bare.url: [], stock.url: []}

        def load(url: str, process: Process) -> float:
            used = process.cpu_s()
            seen[url] = wrk.post(url, connections=16, seconds=SECONDS)
            cpu_ms[url].append((process.cpu_s() - used) * 1000 / seen[url].requests)
            return seen[url].rate

        taken += wrk.post(gateway.url, connections=16, seconds=1).requests  # imports, caches, connections
        for view in (bare, stock):
            wrk.post(view.url, connections=16, seconds=1)
        for ours, theirs in in_turn(lambda: load(gateway.url, web), lambda: load(bare.url, bare.process)):
            rate.ours.append(ours)
            rate.ceiling.append(theirs)
            p99.ours.append(seen[gateway.url].p99)
            p99.ceiling.append(seen[bare.url].p99)
            taken += seen[gateway.url].requests
            beside_stock.append(ours / load(stock.url, stock.process))
        times = " / ".join(f"{percentile(each, 0.5):.2f}" for each in cpu_ms.values())
        rate.note += f"; beside the view under gthread {spread(beside_stock)}; processor time {times} ms a request"
        # Requests that were in flight when wrk stopped counting are stored too.
        if gateway.leads() - stored < taken:
            raise RuntimeError(f"{taken} leads were answered with 200, {gateway.leads() - stored} are stored")
    finally:
        stock.end()
        bare.end()
        gateway.end()


def one_connection() -> Iterator[Line]:
    """What durability adds for a sender that is alone: the same gateway on the disk and in memory, where a sync
    costs nothing, against one fdatasync of that disk."""
    memory = Path("/dev/shm")
    added = Line("P1c", "one connection: time added by the disk, SQLite", "one fdatasync", "ms", "<= 2")
    whole = Line("P1c", "one connection: p50 of a stored lead", "bare view's p50", "ms")
    if not memory.is_dir():
        added.not_run = whole.not_run = "no /dev/shm: nothing to compare the disk with"
        yield from (added, whole)
        return
    disk = Gateway(SQLITE, "http://127.0.0.1:9/")
    quick = Gateway(SQLITE, "http://127.0.0.1:9/", folder=new_folder(memory))
    bare = Bare(disk.folder)
    try:
        disk.web()
        quick.web()
        urls = (disk.url, quick.url, bare.url)
        for url in urls:
            wrk.post(url, connections=1, seconds=1)
        for _ in range(PAIRS):
            on_disk, in_memory, nothing = (wrk.post(url, connections=1, seconds=2).p50 for url in urls)
            added.ours.append(on_disk - in_memory)
            added.ceiling.append(_fdatasync_ms(disk.folder))
            whole.ours.append(on_disk)
            whole.ceiling.append(nothing)
    except Skip as why:
        added.not_run = whole.not_run = str(why)
    finally:
        bare.end()
        quick.end()
        disk.end()
    yield from (added, whole)


def _fdatasync_ms(folder: Path, times: int = 300) -> float:
    """The median of appending 4 kB and syncing them."""
    took = []
    file = os.open(folder / "synced", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        for _ in range(times):
            began = time.perf_counter()
            os.write(file, b"x" * 4096)
            os.fdatasync(file)
            took.append((time.perf_counter() - began) * 1000)
    finally:
        os.close(file)
    return percentile(took, 0.5)
