"""The leads of a list as a table for a spreadsheet: whole numbers and names, so for owners, and it is noted."""

import csv
import io
from collections.abc import Iterator
from typing import Any

from flask import Response, request

from core.csv_cell import amount, phone, safe
from core.people import OWNER
from flow import people
from handlers.console.door import page, the_gateway, the_user
from handlers.console.leads import known_filters, wanted_by
from handlers.console.shown import state_name, why
from handlers.console.words import moment
from store import queries
from store.queries import Row, Wanted

A_PAGE, MOST = 500, 100_000
COLUMNS = ("no", "received_at", "source", "state", "why", "person", "number", "script", "price")


@page("/leads.csv", OWNER, post=True)
def leads_csv() -> Any:
    """The filters of the list, at most 100,000 lines. A cell that a spreadsheet could take for a formula begins with
    an apostrophe, as every number does; semicolons and a mark of the encoding, as Excel wants them."""
    filters = known_filters({name: request.form.get(name, "") for name in ("source", "state", "period")})
    with the_gateway().store.read() as tx:
        wanted = wanted_by(filters, the_gateway().store.now_ms(tx))
    people.note(the_gateway(), the_user().name, "exported", ", ".join(filters.values()))
    lines = list(_lines(wanted))
    answer = Response(["\ufeff", *lines], content_type="text/csv; charset=utf-8")
    answer.headers["Content-Disposition"] = "attachment; filename=leads.csv"
    return answer


def _lines(wanted: Wanted) -> Iterator[str]:
    yield _line(list(COLUMNS))
    place: tuple[int, int] | None = None
    for _ in range(MOST // A_PAGE):
        with the_gateway().store.read() as tx:
            found, place = queries.page(tx, wanted, A_PAGE, place)
            tried = queries.last_attempts(tx, [row["id"] for row in found])
        for row in found:
            yield _line(_cells(row, tried.get(row["id"])))
        if place is None:
            return


def _cells(row: Row, attempt: Row | None) -> list[str]:
    told = {
        **row,
        "received_at": moment(row["received_at"]),
        "state": state_name(row["state"]),
        "why": why(row),
        "price": amount((attempt or {}).get("price")),
    }
    return [phone(told[name]) if name == "number" else safe(told[name]) for name in COLUMNS]


def _line(cells: list[str]) -> str:
    out = io.StringIO()
    csv.writer(out, delimiter=";", quoting=csv.QUOTE_ALL).writerow(cells)
    return out.getvalue()
