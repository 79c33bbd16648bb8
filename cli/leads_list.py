"""`flask leads list`: the leads that fit, a line each, as a manager asks for them."""

import json
from typing import Any

import click
from flask.cli import with_appcontext

from cli.columns import lines, terminal_width
from cli.context import fail, login, note, the_store, the_zone
from cli.leads_filters import Looked, filters, read
from cli.moments import bare, utc
from cli.state_words import state_name
from cli.stopped import say_stopped
from cli.why import told, why
from cli.words import Command, _
from core.reason import reasons_of
from store import queries
from store.engine import Store
from store.personal import shown
from store.tables import leads

Row = dict[str, Any]
MOST = 1000
NAMED = 100  # leads by their numbers in a line of the audit


@click.command("list", cls=Command)
@filters
@click.option("--limit", type=click.IntRange(1, MOST), default=50, show_default=True, help="At most so many.")
@click.option("--before", type=click.IntRange(1, 2**62), metavar="NO", help="Go on behind this lead of the list.")
@click.option(
    "--json", "as_json", is_flag=True, help="For programs: a JSON object a line, as the API has it, with why."
)
@click.option("--reveal", is_flag=True, help="Whole phone numbers; that you looked is noted.")
@click.option("--who", default=login, help="Who asks (default: the login name).")
@with_appcontext
def command(limit: int, before: int | None, as_json: bool, reveal: bool, who: str, **given: Any) -> None:
    """The leads that fit, newest first, a line each: when it came, state, number, name, source, why.

    Numbers are masked. What is paused, and that nobody rings, is said first."""
    store = the_store()
    looked = read(store, **given)
    rows, more = _found(store, looked, limit, before)
    if reveal and rows:
        _note(store, who, rows)
    if as_json:
        for row in rows:
            click.echo(json.dumps(_for_programs(row, reveal), ensure_ascii=False))
    else:
        say_stopped(store)
        if rows and looked.span():
            click.echo(looked.span(), err=True)
        _say(rows, reveal, looked)
    if more is not None:
        click.echo(_("more: --before %(no)s", no=more), err=True)


def _found(store: Store, looked: Looked, limit: int, before: int | None) -> tuple[list[Row], int | None]:
    """The rows, each with its `why`, and the number of the lead to go on behind."""
    with store.read() as tx:
        after = None if before is None else queries.place_before(tx, before)
        if before is not None and after is None:
            fail(_("no lead has the number %(no)s; --before takes the one that `more:` said", no=before))
        rows, place = queries.page_of_states(tx, looked.wanted, looked.states, limit, after)
        rows = queries.told(tx, rows, looked.now)
        ended = queries.ended_by_people(tx, [row["id"] for row in rows])
    return [{**row, "why": why(row, ended.get(row["id"]))} for row in rows], None if place is None else place[1]


def _note(store: Store, who: str, rows: list[Row]) -> None:
    seen = [str(row["no"]) for row in rows if row["number"]]
    named = ", ".join(seen[:NAMED])
    others = f" (+{len(seen) - NAMED}, № {seen[-1]})" if len(seen) > NAMED else ""
    note(store, who, "number_shown", f"№ {named}{others}")


def _say(rows: list[Row], reveal: bool, looked: Looked) -> None:
    if not rows:
        click.echo(_nobody(looked), err=True)
        return
    heads = (
        _("No"),
        _("came, %(zone)s", zone=the_zone().key),
        _("state"),
        _("number"),
        _("name"),
        _("source"),
        _("why"),
    )
    table = [
        (
            str(row["no"]),
            bare(row["received_at"]),
            state_name(row["state"]),
            (row["number"] if reveal else seen["number"]) or "-",
            (row["person"] if reveal else seen["person"]) or "-",
            row["source"],
            row["why"],
        )
        for row in rows
        for seen in (shown(leads, row),)
    ]
    for line in lines(heads, table, terminal_width(), (None, None, None, None, 24, 24, None)):
        click.echo(line)


def _nobody(looked: Looked) -> str:
    if looked.any_lead:
        return _("no leads")
    if looked.wanted.since is not None and looked.wanted.since > looked.now:
        return _("no lead fits: %(asked)s. That time is still to come", asked=looked.said())
    return _("no lead fits: %(asked)s. Leave one of these out, or look further back", asked=looked.said())


def _for_programs(row: Row, reveal: bool) -> Row:
    """The API's names and shapes; what its readers may not see is masked or left out."""
    seen = shown(leads, row)
    number = row["number"] if reveal else seen["number"]
    whole = {"number": number, "script": row["script"], "sms": row["sms"]} if number and row["script"] else None
    reasons = [{**reason, "text": told(reason)} for reason in reasons_of(row)]
    moments = {name: None if row[name] is None else utc(row[name]) for name in ("asked_at", "received_at", "due_at")}
    kept = {name: row[name] for name in ("id", "no", "source", "account", "state")}
    return {
        **kept,
        "reason": row["reason"] or None,
        "reasons": reasons,
        "why": row["why"],
        "person": (row["person"] if reveal else seen["person"]) or None,
        **moments,
        "mapping_version": row["version"],
        "changed_after_call": bool(row["changed_after_call"]),
        "call": whole,
        "deliveries": row["deliveries"],
    }
