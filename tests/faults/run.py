"""`make faults`: every trial at its full length; prints the table, writes it as JSON and Markdown.
`make faults-short`: what each change has to pass, in under three minutes.

python -m tests.faults.run [T3 ...] [--short] [--database sqlite|postgresql] [--write FOLDER]
"""

import argparse
import functools
import json
import logging
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import structlog

from tests.faults import database
from tests.faults.all_trials import TRIALS
from tests.faults.trial import Row, Trial, carry_out

COLUMNS = ("trial", "database", "faults", "acks", "calls", "doubles", "losses", "unknown", "price", "s")


# Most of a trial is waiting: for deadlines, for kills, for processes to start. In the short form the longest begin.
SHORT_JOBS = 4
LONGEST = ("T3", "T19 says so", "ends alone", "T10 standby", "T2")
SHORT_CALLS = 300  # fewer show that the trials are blind

say = functools.partial(print, flush=True)


def main(arguments: list[str] | None = None) -> int:
    given = _parser().parse_args(arguments)
    wanted = {name.upper() for name in given.trials}
    if unknown := wanted - {one.name.upper() for one in TRIALS}:
        say("no such trial:", *sorted(unknown), "- there are:", *(one.name for one in TRIALS), file=sys.stderr)
        return 2
    # The one trial that runs in this process must not write between the lines of the table.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    say(line(dict(zip(COLUMNS, COLUMNS, strict=True))))
    with (
        tempfile.TemporaryDirectory(prefix="gateway-faults-") as folder,
        ThreadPoolExecutor(given.jobs or (SHORT_JOBS if given.short else 1)) as pool,
    ):
        planned = list(plan(wanted, short=given.short, only=given.database))
        if given.short:
            planned.sort(key=lambda one: one[0].name not in LONGEST)

        def run(number: int) -> Row:
            one, kind, scale = planned[number]
            row = carry_out(one, kind, Path(folder) / str(number), scale)
            tell(row)
            return row

        rows = list(pool.map(run, range(len(planned))))
    if given.write:
        where = Path(given.write)
        where.mkdir(parents=True, exist_ok=True)
        told = about() | {"rows": [asdict(row) for row in rows]}
        (where / "faults.json").write_text(json.dumps(told, indent=1, ensure_ascii=False), encoding="utf-8")
        (where / "faults.md").write_text(table(rows) + "\n", encoding="utf-8")
    bad = [row for row in rows if row.problems]
    say(f"\n{len(rows)} rows, {len(bad)} with problems, {sum(row.skipped for row in rows)} skipped; {machine()}")
    calls = sum(row.calls for row in rows)
    blind = given.short and not wanted and given.database is None and calls < SHORT_CALLS
    if blind:
        say(f"BLIND: {calls} calls in all trials, not {SHORT_CALLS}")
    return 1 if bad or blind or not rows else 0


def plan(wanted: set[str], *, short: bool, only: str | None) -> Iterator[tuple[Trial, str, dict]]:
    """The trials to run, each with its database and its scale."""
    for one in TRIALS:
        scale = one.short if short else one.long
        if scale is None or (wanted and one.name.upper() not in wanted):
            continue
        for kind in one.databases:
            if only in (None, kind) and database.can_have(kind) and (kind in one.short_on or not short):
                yield one, kind, scale


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make faults", description=__doc__)
    parser.add_argument("trials", nargs="*", metavar="TRIAL", help="which (default: all)")
    parser.add_argument("--short", action="store_true", help="the form that make faults-short runs")
    parser.add_argument("--database", choices=database.KINDS)
    parser.add_argument("--jobs", type=int, help=f"how many at a time (default: 1; short: {SHORT_JOBS})")
    parser.add_argument("--write", metavar="FOLDER", help="write faults.json and faults.md there, too")
    return parser


def cells(row: Row) -> dict[str, object]:
    return {**asdict(row), "s": round(row.seconds)}


def line(values: dict) -> str:
    widths = (12, 10, 7, 7, 7, 7, 7, 7, 6, 5)
    return " ".join(str(values[name]).ljust(width) for name, width in zip(COLUMNS, widths, strict=True))


def tell(row: Row) -> None:
    say(line(cells(row)), row.title + (f"; {row.note}" if row.note else ""))
    for problem in row.problems:
        say("    PROBLEM:", problem)


def table(rows: Iterable[Row]) -> str:
    """The rows as Markdown, for `docs/reliability.md`."""
    head = "| trial | what | database | faults | acks | calls | doubles | losses | unknown | never sent | s |"
    out = [head, "|" + " --- |" * 11]
    for row in rows:
        what = row.title + (f" ({row.note})" if row.note else "")
        values = (row.trial, what, row.database, row.faults, row.acks, row.calls)
        ends = (row.doubles, row.losses, row.unknown, row.price, round(row.seconds))
        out.append("| " + " | ".join(str(value) for value in values + ends) + " |")
    return "\n".join(out)


def about() -> dict[str, str]:
    return {"at": datetime.now(UTC).isoformat(timespec="seconds"), "commit": commit(), "machine": machine()}


def commit() -> str:
    asked = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
    return asked.stdout.strip() or "unknown"


def machine() -> str:
    return f"{os.cpu_count()} cores, {platform.system()} {platform.release()}, Python {platform.python_version()}"


if __name__ == "__main__":
    began = time.monotonic()
    code = main()
    say(f"{time.monotonic() - began:.0f} s")
    sys.exit(code)
