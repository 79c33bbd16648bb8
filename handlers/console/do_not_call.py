"""The numbers that nobody rings: look, add one, take one off, bring a file of them."""

import csv
from typing import Any

from flask import abort, flash, make_response, redirect, render_template, request, url_for
from flask_babel import ngettext
from werkzeug.wrappers import Response

from core.numbers import number_list
from core.people import OPERATOR
from core.reason import Reason
from flow import do_not_call as listed
from flow import numbers, people
from flow.operate import NoSuchLead
from handlers.console.door import page, the_gateway, the_user
from handlers.console.forms import text, why_given
from handlers.console.shown import reason
from store import do_not_call as rows
from store import queries

A_PAGE = 50
ERRORS_SHOWN = 50
BATCH = 500


@page("/do-not-call")
def do_not_call() -> Any:
    return _list()


def _list(status: int = 200, problem: str = "", errors: list[tuple[int, str]] | None = None) -> Any:
    with the_gateway().store.read() as tx:
        found, place = rows.page(tx, A_PAGE, _place())
    more = None if place is None else url_for("console.do_not_call", after=f"{place[0]}.{place[1]}")
    body = render_template("console/do_not_call.html", rows=found, more=more, problem=problem, errors=errors or [])
    return make_response(body, status)


def _place() -> tuple[int, int] | None:
    parts = request.args.get("after", "").split(".")
    if parts == [""]:
        return None
    if len(parts) != 2 or not all(part.isascii() and part.isdigit() and len(part) < 16 for part in parts):
        abort(404)
    return int(parts[0]), int(parts[1])


@page("/do-not-call/add", OPERATOR, post=True)
def add_number() -> Any:
    """One number, in any spelling; what waits for it is stopped at once."""
    gateway = the_gateway()
    found = numbers.one(text("number", 100), numbers.regions(gateway))
    if isinstance(found, Reason):
        return _list(409, reason({"code": found.code, "params": found.params}))
    return _add(found, url_for("console.do_not_call"))


@page("/leads/<lead:lead>/never", OPERATOR, post=True)
def never_call(lead: str) -> Any:
    """The number of a lead."""
    with the_gateway().store.read() as tx:
        story = queries.story(tx, lead)
    if story is None or not story["lead"].number:
        raise NoSuchLead(lead)
    return _add(story["lead"].number, url_for("console.lead", lead=story["lead"].no))


def _add(number: str, back: str) -> Response:
    gateway, who, why = the_gateway(), the_user().name, why_given()
    added = listed.add(gateway, {number: why}, who)
    people.note(gateway, who, "do_not_call_added", "", why)
    _say(added.new, added.suppressed)
    return redirect(back, 303)


def _say(new: int, suppressed: int) -> None:
    stopped = ngettext("%(num)d waiting lead is stopped.", "%(num)d waiting leads are stopped.", suppressed)
    added = ngettext("%(num)d number is new on the list.", "%(num)d numbers are new on the list.", new)
    flash(f"{added} {stopped}")


@page("/do-not-call/<int:no>/remove", OPERATOR, post=True)
def remove_number(no: int) -> Any:
    """Off the list; leads that it stopped stay so, a person may rearm them."""
    gateway, who, why = the_gateway(), the_user().name, why_given()
    with gateway.store.read() as tx:
        number = rows.number_of(tx, no)
    if number is None or not listed.remove(gateway, number, who, why):
        abort(404)
    people.note(gateway, who, "do_not_call_removed", "", why)
    return redirect(url_for("console.do_not_call"), 303)


@page("/do-not-call/import", OPERATOR, post=True)
def import_numbers() -> Any:
    """A file of numbers: what can be read is added, each line that cannot is named."""
    gateway, who, why = the_gateway(), the_user().name, why_given()
    file = request.files.get("file")
    try:
        lines = list(number_list.lines(file.read() if file else b""))
    except csv.Error:
        lines = []
    whys, errors, among = {}, [], numbers.regions(gateway)
    for line in lines:
        found = numbers.one(line.number, among)
        if isinstance(found, Reason):
            errors.append((line.n, reason({"code": found.code, "params": found.params})))
        else:
            whys[found] = " ".join(line.why.split())[:300] or why
    new = suppressed = 0
    taken = list(whys.items())
    for start in range(0, len(taken), BATCH):
        added = listed.add(gateway, dict(taken[start : start + BATCH]), who)
        new, suppressed = new + added.new, suppressed + added.suppressed
    people.note(gateway, who, "do_not_call_imported", str(len(whys)), why)
    _say(new, suppressed)
    if not errors and whys:
        return redirect(url_for("console.do_not_call"), 303)
    return _list(200, errors=[*errors[:ERRORS_SHOWN], *([(0, "")] if not lines else [])])
