"""P7: memory, and the start from nothing to the first accepted lead. Idle: a worker with nothing to do."""

import json
import os
import shutil
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from bench import p3_speed
from bench.databases import KINDS
from bench.gateway import Bare, Gateway, Twin, new_folder
from bench.measure import PAIRS, Line, measuring
from bench.processes import ROOT, Process, free_port, until

STARTS = PAIRS
IDLE_S = 10.0


def footprints() -> Iterator[Line]:
    """Memory is what the processes really take: pages that they share are counted once."""
    for kind in KINDS:
        memory = Line("P7", f"memory of web and worker, {kind}", "bare view's web alone", "MB", "<= 150", "alone")
        idle = Line("idle", f"an idle worker, {kind}", "one core", "%", "<= 1", "alone")
        with measuring(memory, idle):
            _measure(kind, memory, idle)
        yield from (memory, idle)


def _measure(kind: str, memory: Line, idle: Line) -> None:
    twin = Twin()
    gateway = Gateway(kind, twin.url)
    bare = Bare(gateway.folder)
    try:
        web, worker = gateway.web(), gateway.worker()
        p3_speed.measure(gateway.url, twin, 50, 4)  # not the memory of a gateway that has done nothing yet
        memory.note = f"web {web.memory_mb():.0f}, worker {worker.memory_mb():.0f}; after 200 leads"
        memory.ours.append(web.memory_mb() + worker.memory_mb())
        memory.ceiling.append(bare.process.memory_mb())
        time.sleep(1)
        used = worker.cpu_s()
        time.sleep(IDLE_S)
        idle.ours.append((worker.cpu_s() - used) / IDLE_S * 100)
    finally:
        bare.end()
        gateway.end()
        twin.end()


def starts() -> Iterator[Line]:
    """What `make run` starts, warm: in a copy of the project, so that nobody's own database is touched."""
    line = Line("P7", "`make run` to the first accepted lead", "bare view's start", "s", "<= 3", "alone")
    folder = new_folder()
    try:
        copy = folder / "project"
        _copy_project(copy)
        for n in range(STARTS + 1):
            shutil.rmtree(copy / "var", ignore_errors=True)
            took = _one_start(copy, folder / f"run-{n}.txt")
            began = time.monotonic()
            bare = Bare(folder)
            if n:  # the first one fills the caches
                line.ours.append(took)
                line.ceiling.append(time.monotonic() - began)
            bare.end()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    yield line


def _copy_project(to: Path) -> None:
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listed, cwd=ROOT, capture_output=True, check=True).stdout.decode().split("\0")
    for name in names:
        if name and (ROOT / name).is_file():
            (to / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, to / name)


def _one_start(project: Path, log: Path) -> float:
    """Seconds from the start of everything to the first call that the simulator has accepted."""
    port, token = free_port(), "start-token-0123456789"
    own = {"PORT": str(port), "DEMO_TOKEN": token, "FLASK_SKIP_DOTENV": "1", "PATH": os.environ.get("PATH", "")}
    began = time.monotonic()
    run = Process(["flask", "demo"], own, log, cwd=project)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    body = json.dumps({"id": "first", "name": "Ivan", "phone": "+79990000001"}).encode()
    lead = urllib.request.Request(
        f"http://127.0.0.1:{port}/hooks/demo?token={token}", body, {"Content-Type": "application/json"}
    )

    def succeeds(what: urllib.request.Request | str, wanted: bytes) -> bool:
        try:
            with opener.open(what, timeout=5) as answer:
                return wanted in answer.read()
        except OSError:
            return False

    try:
        until(lambda: succeeds(lead, b"delivery"), 60, "the first lead's reply", every=0.02)
        until(lambda: succeeds(f"http://127.0.0.1:{port + 1}/calls", b"79990000001"), 60, "its call", every=0.02)
        return time.monotonic() - began
    finally:
        run.end()
