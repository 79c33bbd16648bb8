"""`flask leads export`: leads as a table for a spreadsheet, or as JSON lines for a program."""

import csv
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, TextIO

import click
from flask.cli import with_appcontext

from cli.context import fail, the_gateway
from cli.leads_bulk import MOMENTS, ms
from cli.story import moment
from core.csv_cell import phone, safe
from core.reason import words
from core.states import STATES
from flow.gateway import Gateway
from store import queries
from store.personal import Shown, columns_of, exported
from store.queries import Row, Wanted
from store.tables import attempts, leads

PAGE = 500
# The reasons are told in words, as `why`.
PERSONAL = tuple(name for name, says in columns_of(leads).items() if says.exported and name != "reasons")
NUMBERS = tuple(name for name in PERSONAL if columns_of(leads)[name].shown is Shown.MASKED)
COLUMNS = (
    *("no", "id", "source", "account", "state", "reason", "why", *PERSONAL, "script", "asked_at"),
    *("received_at", "due_at", "version", "changed_after_call", "erased_at"),
    *("attempts", "called_at", "outcome", "how", "provider_id", "price"),
)


@click.command("export")
@click.option("--source", default="", help="Of this source only.")
@click.option("--state", type=click.Choice(STATES), help="In this state only.")
@click.option("--since", type=click.DateTime(MOMENTS), help="Received at or after this time, UTC.")
@click.option("--until", type=click.DateTime(MOMENTS), help="Received before this time, UTC.")
@click.option("--format", "form", type=click.Choice(["csv", "jsonl"]), default="csv", show_default=True)
@click.option("--out", type=click.Path(path_type=Path), help="A new file that only its owner can read.")
@with_appcontext
def command(
    source: str, state: str | None, since: datetime | None, until: datetime | None, form: str, out: Path | None
) -> None:
    """Write leads, newest first, with whole numbers and names.

    In CSV a cell that a spreadsheet could take for a formula begins with an apostrophe, as every number does."""
    gateway = the_gateway()
    wanted = Wanted(state=state or "", source=source, since=ms(since), until=ms(until))
    with _opened(out, "utf-8-sig" if form == "csv" else "utf-8") as file:
        count = (_csv if form == "csv" else _jsonl)(file, _rows(gateway, wanted))
    if out is not None:
        click.echo(f"{count} leads in {out}", err=True)


@contextmanager
def _opened(out: Path | None, encoding: str) -> Iterator[TextIO]:
    """The file, of mode 0600 and never over another, or the standard output. A file that is not whole goes."""
    if out is None:
        yield sys.stdout
        return
    try:
        handle = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as why:
        fail(f"{out}: {why.strerror}")
    try:
        with os.fdopen(handle, "w", encoding=encoding, newline="") as file:
            yield file
    except BaseException:
        out.unlink(missing_ok=True)
        raise


def _rows(gateway: Gateway, wanted: Wanted) -> Iterator[Row]:
    """A page a transaction: nothing is held while a slow disk or a pipe takes its time."""
    place: tuple[int, int] | None = None
    while True:
        with gateway.store.read() as tx:
            found, place = queries.page(tx, wanted, PAGE, place)
            tried = queries.last_attempts(tx, [row["id"] for row in found])
        yield from (_flat(row, tried.get(row["id"])) for row in found)
        if place is None:
            return


def _flat(lead: Row, attempt: Row | None) -> Row:
    """A line: of a person's data only what its column lets into a file."""
    lead, last = exported(leads, lead), exported(attempts, attempt or {})
    reasons = [words(reason["code"], reason["params"]) for reason in json.loads(lead["reasons"])]
    called = {name: last.get(name) for name in ("outcome", "how", "provider_id", "price")}
    row = {
        **lead,
        **called,
        "attempts": last.get("n", 0),
        "called_at": last.get("started_at"),
        "why": "\n".join(reasons),
    }
    for name in ("asked_at", "received_at", "due_at", "called_at", "erased_at"):
        row[name] = None if row[name] is None else moment(row[name])
    return {name: row[name] for name in COLUMNS}


def _csv(file: TextIO, rows: Iterator[dict[str, Any]]) -> int:
    table, count = csv.writer(file, quoting=csv.QUOTE_ALL), 0
    table.writerow(COLUMNS)
    for row in rows:
        table.writerow([phone(row[name]) if name in NUMBERS else safe(row[name]) for name in COLUMNS])
        count += 1
    return count


def _jsonl(file: TextIO, rows: Iterator[dict[str, Any]]) -> int:
    count = 0
    for row in rows:
        file.write(json.dumps(row, ensure_ascii=False) + "\n")
        count += 1
    return count
