"""`flask leads export`: leads as a table for a spreadsheet, or as JSON lines for a program."""

import csv
import io
import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

import click
from flask.cli import with_appcontext

from cli.context import fail, login, note, the_store
from cli.leads_filters import Looked, filters, read
from cli.moments import bare, utc
from cli.state_words import state_title
from cli.why import why_lines
from cli.words import Command, _, ngettext
from core.csv_cell import amount, phone, safe
from store import queries
from store.engine import Store
from store.personal import Shown, columns_of, exported
from store.queries import Row
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
MOMENTS = ("asked_at", "received_at", "due_at", "called_at", "erased_at")
# What a person looks for comes first; each heading is a text of the catalogue.
EXCEL = {
    "no": "No",
    "received_at": "came",
    "source": "source",
    "person": "name",
    "number": "number",
    "state": "state",
    "why": "why",
    "script": "script",
    "called_at": "called",
    "price": "price, at most",
    "provider_id": "provider's id",
    "attempts": "attempts",
    "sms": "SMS",
    "reason": "reason, its code",
    "erased_at": "data erased",
}


@click.command("export", cls=Command)
@filters
@click.option("--format", "form", type=click.Choice(["csv", "jsonl"]), default="csv", show_default=True)
@click.option("--excel", is_flag=True, help="A table that Excel opens by a double click where decimals have a comma.")
@click.option("--out", type=click.Path(path_type=Path), help="A new file that only its owner can read.")
@click.option("--who", default=login, help="Who asks (default: the login name).")
@with_appcontext
def command(form: str, excel: bool, out: Path | None, who: str, **given: Any) -> None:
    """Write leads, newest first, with whole numbers and names; it is noted who did.

    In a table a cell that a spreadsheet could take for a formula begins with an apostrophe, as every number does.
    With --excel columns and states have their names, times are local, `;` stands between the cells."""
    if excel and form != "csv":
        raise click.UsageError(_("--excel makes a table; leave --format out"))
    store = the_store()
    looked = read(store, **given)
    with _opened(out, with_mark=excel or (form == "csv" and out is not None)) as file:
        note(store, who, "exported", looked.said())
        write: Callable[[TextIO, Iterator[Row]], int] = _jsonl if form == "jsonl" else _excel if excel else _csv
        count = write(file, _rows(store, looked))
    if out is not None:
        told = ngettext("%(num)d lead in %(file)s", "%(num)d leads in %(file)s", count, file=out)
        click.echo(told, err=True)


@contextmanager
def _opened(out: Path | None, *, with_mark: bool) -> Iterator[TextIO]:
    """The file, of mode 0600 and never over another, or the standard output; UTF-8, with a mark that says so to
    Excel. A file that is not whole goes."""
    encoding = "utf-8-sig" if with_mark else "utf-8"
    if out is None:
        text = io.TextIOWrapper(sys.stdout.buffer, encoding=encoding, errors="replace", newline="")
        try:
            yield text
            text.flush()
        finally:
            text.detach()
        return
    try:
        handle = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as why:
        fail(f"{out}: {why.strerror}")
    try:
        with os.fdopen(handle, "w", encoding=encoding, errors="replace", newline="") as file:
            yield file
    except BaseException:
        out.unlink(missing_ok=True)
        raise


def _rows(store: Store, looked: Looked) -> Iterator[Row]:
    """A page a transaction: nothing is held while a slow disk or a pipe takes its time."""
    place: tuple[int, int] | None = None
    while True:
        with store.read() as tx:
            found, place = queries.page_of_states(tx, looked.wanted, looked.states, PAGE, place)
            ids = [row["id"] for row in found]
            tried, ended = queries.last_attempts(tx, ids), queries.ended_by_people(tx, ids)
        yield from (_flat(row, tried.get(row["id"]), ended.get(row["id"])) for row in found)
        if place is None:
            return


def _flat(lead: Row, attempt: Row | None, ended: Row | None) -> Row:
    """A line: of a person's data only what its column lets into a file."""
    why = why_lines(lead, ended)
    lead, last = exported(leads, lead), exported(attempts, attempt or {})
    called = {name: last.get(name) for name in ("outcome", "how", "provider_id", "price")}
    row = {**lead, **called, "attempts": last.get("n", 0), "called_at": last.get("started_at"), "why": "\n".join(why)}
    return {name: row[name] for name in COLUMNS}


def _in_utc(row: Row) -> Row:
    return {**row, **{name: None if row[name] is None else utc(row[name]) for name in MOMENTS}}


def _csv(file: TextIO, rows: Iterator[Row]) -> int:
    table = csv.writer(file, quoting=csv.QUOTE_ALL)
    table.writerow(COLUMNS)
    count = 0
    for count, row in enumerate(map(_in_utc, rows), 1):  # noqa: B007 - how many there were
        table.writerow([_cell(name, row[name]) for name in COLUMNS])
    return count


def _excel(file: TextIO, rows: Iterator[Row]) -> int:
    table = csv.writer(file, delimiter=";", quoting=csv.QUOTE_ALL)
    table.writerow([safe(_(heading)) for heading in EXCEL.values()])
    count = 0
    for count, row in enumerate(rows, 1):  # noqa: B007 - how many there were
        local = {name: None if row[name] is None else bare(row[name]) for name in MOMENTS}
        told = {**row, **local, "state": state_title(row["state"]), "price": amount(row["price"])}
        table.writerow([_cell(name, told[name]) for name in EXCEL])
    return count


def _cell(name: str, value: Any) -> str:
    return phone(value) if name in NUMBERS else safe(value)


def _jsonl(file: TextIO, rows: Iterator[Row]) -> int:
    count = 0
    for count, row in enumerate(map(_in_utc, rows), 1):  # noqa: B007 - how many there were
        file.write(json.dumps(row, ensure_ascii=False) + "\n")
    return count
