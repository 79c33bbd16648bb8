"""`make faults`: every trial at its full length; prints the table and writes it as JSON.

    python -m tests.faults.run [T3 ...] [--short] [--database sqlite|postgresql] [--json FILE]
"""

import argparse
import json
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from tests.faults import database
from tests.faults.all_trials import TRIALS
from tests.faults.trial import Row, carry_out

COLUMNS = ("trial", "database", "faults", "acks", "calls", "doubles", "losses", "unknown", "price", "s")


def main(arguments: list[str] | None = None) -> int:
    given = _parser().parse_args(arguments)
    wanted = {name.upper() for name in given.trials}
    if unknown := wanted - {one.name.upper() for one in TRIALS}:
        print("no such trial:", *sorted(unknown), "- there are:", *(one.name for one in TRIALS), file=sys.stderr)
        return 2
    rows: list[Row] = []
    print(line(dict(zip(COLUMNS, COLUMNS, strict=True))), flush=True)
    with tempfile.TemporaryDirectory(prefix="gateway-faults-") as folder:
        for one in TRIALS:
            if wanted and one.name.upper() not in wanted:
                continue
            scale = one.short if given.short else one.long
            for kind in one.databases:
                if scale is None or given.database not in (None, kind) or not database.can_have(kind):
                    continue
                place = Path(folder) / f"{one.name}-{kind}".replace(" ", "-")
                rows.append(carry_out(one, kind, place, scale))
                tell(rows[-1])
    if given.json:
        Path(given.json).write_text(json.dumps(about() | {"rows": [asdict(row) for row in rows]}, indent=1))
    bad = [row for row in rows if row.problems]
    print(f"\n{len(rows)} rows, {len(bad)} with problems, {sum(row.skipped for row in rows)} skipped; {machine()}")
    return 1 if bad or not rows else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make faults", description=__doc__)
    parser.add_argument("trials", nargs="*", metavar="TRIAL", help="which (default: all)")
    parser.add_argument("--short", action="store_true", help="the form that make test runs")
    parser.add_argument("--database", choices=database.KINDS)
    parser.add_argument("--json", metavar="FILE", help="write the rows there, too")
    return parser


def cells(row: Row) -> dict[str, object]:
    return {**asdict(row), "s": round(row.seconds)}


def line(values: dict) -> str:
    widths = (10, 10, 7, 7, 7, 7, 7, 7, 6, 5)
    return " ".join(str(values[name]).ljust(width) for name, width in zip(COLUMNS, widths, strict=True))


def tell(row: Row) -> None:
    print(line(cells(row)), row.title + (f"; {row.note}" if row.note else ""), flush=True)
    for problem in row.problems:
        print("    PROBLEM:", problem, flush=True)


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
    import os

    return f"{os.cpu_count()} cores, {platform.system()} {platform.release()}, Python {platform.python_version()}"


if __name__ == "__main__":
    began = time.monotonic()
    code = main()
    print(f"{time.monotonic() - began:.0f} s")
    sys.exit(code)
