"""`make bench`: every row against its own ceiling, on loopback, with the simulator.

Prints the table and writes bench/results.json beside it. Says of a row that could not run why not.
"""

import argparse
import json
import os
import platform
import signal
import statistics
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path

from bench import (
    p1_intake,
    p2_peers,
    p3_speed,
    p4_dispatch,
    p5_big,
    p6_backlog,
    p7_footprint,
    p8_processes,
    p9_one_worker,
    p10_budget,
    pages,
    silent,
)
from bench.measure import Line, Skip, spread
from bench.measure import shown as short
from bench.processes import ROOT
from store import place

ROWS: dict[str, Callable[[], Iterator[Line]]] = {
    "P1": p1_intake.rates,
    "P1c": p1_intake.one_connection,
    "P2": p2_peers.peers,
    "P3": p3_speed.speeds,
    "P4": p4_dispatch.rates,
    "P6": p6_backlog.fresh_leads,
    "P7": p7_footprint.footprints,
    "start": p7_footprint.starts,
    "P8": p8_processes.processes,
    "P9": p9_one_worker.ceilings,
    "P10": p10_budget.budget,
    "silent": silent.sockets,
}
LONG = {"P5": p5_big.big, "pages": pages.pages}  # with --big only: they fill a million leads
RESULTS = ROOT / "bench" / "results.json"
HEAD = ("row", "what", "measured", "its ceiling", "", "ratio", "goal", "")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.run", description=__doc__)
    parser.add_argument("--rows", default="", help=f"a few of {','.join(ROWS | LONG)}, with commas; all without it")
    parser.add_argument(
        "--big", action="store_true", help="also P5 and pages: a million leads are stored first (minutes)"
    )
    given = parser.parse_args()
    wanted = [name for name in given.rows.split(",") if name] or [*ROWS, *(LONG if given.big else ())]
    unknown = [name for name in wanted if name not in ROWS | LONG]
    if unknown:
        parser.error(f"no row {', '.join(unknown)}; there are {', '.join(ROWS | LONG)}")
    # What was started is ended when this process ends, also by a signal.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    print(header(), flush=True)
    lines = []
    for name in wanted:
        began = time.monotonic()
        for line in _lines(name):
            lines.append(line)
            print(shown(line), flush=True)
        print(f"<!-- {name}: {time.monotonic() - began:.0f} s -->", file=sys.stderr, flush=True)
    RESULTS.write_text(json.dumps({"header": header(), "lines": [as_json(line) for line in lines]}, indent=1) + "\n")
    return 0


def _lines(name: str) -> Iterator[Line]:
    """A row that fails is said in the table, and ends no other row."""
    try:
        yield from (ROWS | LONG)[name]()
    except Skip as why:
        yield Line(name, "", "", "", not_run=str(why))
    except Exception as why:
        traceback.print_exc()
        yield Line(name, "", "", "", not_run=f"failed: {type(why).__name__}: {_last_line(why)}")


def _last_line(why: Exception) -> str:
    return (str(why).strip().splitlines() or [""])[-1]


def header() -> str:
    """The machine, its load and the code, then the table's head."""
    described = subprocess.run(
        ["git", "describe", "--always", "--dirty"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    commit = described.stdout.strip() or "no git"
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    facts = (
        f"{time.strftime('%Y-%m-%d %H:%M')}, commit {commit}, {os.cpu_count()} cores ({_processor()}), "
        f"{_memory_gb():.0f} GB, disk {_disk(ROOT)}, {platform.system()} {platform.release()}, "
        f"Python {platform.python_version()}; load at the start {load}"
    )
    return f"{facts}\n\n| {' | '.join(HEAD)} |\n|{' --- |' * len(HEAD)}"


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    except OSError:
        return "unknown"
    return platform.machine()


def _memory_gb() -> float:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30


def _disk(folder: Path) -> str:
    try:
        return place.file_system(folder, Path("/proc/mounts").read_text()) or "unknown"
    except OSError:
        return "unknown"


def shown(line: Line) -> str:
    """One line of the table."""
    if line.not_run:
        cells: tuple[str, ...] = (line.row, line.what, "", line.against, "", "", line.goal, f"not run: {line.not_run}")
        return f"| {' | '.join(cells)} |"
    middle = statistics.median(line.ours)
    own = f"{short(middle)} {line.unit}"
    ceiling = f"{short(statistics.median(line.ceiling))} {line.unit}" if line.ceiling else ""
    unit = "" if line.by == "ratio" else f" {line.unit}"
    met = {True: "kept", False: "missed", None: ""}[line.met()]
    words = "; ".join(word for word in (met, line.note) if word)
    compared = spread(line.compared()) + unit
    return f"| {' | '.join((line.row, line.what, own, line.against, ceiling, compared, line.goal + unit, words))} |"


def as_json(line: Line) -> dict[str, object]:
    return {**asdict(line), "compared": line.compared(), "met": line.met()}


if __name__ == "__main__":
    sys.exit(main())
