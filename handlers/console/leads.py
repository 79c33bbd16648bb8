"""The list of leads: filters stand in the URL, pages go on behind a place, and nobody's number stands in either."""

import re
from collections import Counter
from typing import Any

from flask import abort, redirect, render_template, request, url_for

from core.durations import HOUR_MS
from core.numbers.sealed import opened, seal
from core.reason import Reason
from core.states import RECEIVED, STATES
from flow import numbers
from handlers.console import month
from handlers.console.door import page, the_gateway
from handlers.console.forms import numbers as forms_numbers
from handlers.console.forms import text
from handlers.console.shown import reason
from schemas.source import NAME
from store import hourly_calls, queries, search
from store.queries import Wanted

A_PAGE = 50
GOAL_MS = 5_000  # from a lead to its call
PERIODS = {"24h": 24, "7d": 7 * 24, "30d": 30 * 24, "": 0}  # hours; empty: any time
FILTERS = ("state", "source", "period", "who")  # of the URL; `who` is a sealed number


@page("/leads")
def leads() -> Any:
    """The newest leads that fit the filters of the URL."""
    gateway, asked, filters = the_gateway(), request.args, filters_asked()
    with gateway.store.read() as tx:
        now = gateway.store.now_ms(tx)
        rows, place = queries.page(tx, wanted_by(filters, now), A_PAGE, _place(asked.get("after", "")))
        told = queries.told(tx, rows, now)
        attempts = queries.last_attempts(tx, [row["id"] for row in rows])
        of_a_day = filters.get("period") == "24h" and "who" not in filters
        counts = search.count_states(tx, now - 24 * HOUR_MS, filters.get("source", "")) if of_a_day else {}
    more = _more("console.leads", place, **filters)
    return _listed(told, attempts, counts=counts, filters=filters, more=more, is_newest="after" not in asked)


def _listed(rows: list[dict[str, Any]], attempts: dict[str, dict[str, Any]], **more: Any) -> str:
    """The page of these leads; `more`: what is not as on a page without filters, the only one of its kind."""
    usual: dict[str, Any] = {"counts": {}, "filters": {}, "more": None, "looked_for": "", "problem": ""}
    among = {"periods": list(PERIODS), "states": list(STATES), "sources": titles()}
    return render_template("console/leads.html", rows=rows, attempts=attempts, **among, **(usual | more))


def filters_asked() -> dict[str, str]:
    """The filters of the URL, as they stand there; 404 for what is none."""
    return known_filters({name: request.args.get(name, "") for name in FILTERS})


def known_filters(said: dict[str, str]) -> dict[str, str]:
    """Those that say something; 404 for what is no filter."""
    filters = {name: value for name, value in said.items() if value}
    known = filters.get("period", "") in PERIODS and filters.get("state", RECEIVED) in STATES
    known = known and bool(re.fullmatch(NAME, filters.get("source", "any")))  # each link of the page repeats it
    if not known or ("who" in filters and opened(filters["who"], the_gateway().digest_key) is None):
        abort(404)
    return filters


def wanted_by(filters: dict[str, str], now: int) -> Wanted:
    """The same for the store."""
    hours = PERIODS[filters.get("period", "")]
    numbers = opened(filters["who"], the_gateway().digest_key) if "who" in filters else None
    since = now - hours * HOUR_MS if hours else None
    return Wanted(filters.get("state", ""), filters.get("source", ""), since=since, numbers=numbers or ())


def _more(of: str, place: tuple[int, int] | None, **filters: Any) -> str | None:
    return None if place is None else url_for(of, **filters, after=f"{place[0]}.{place[1]}")


def _place(text_: str) -> tuple[int, int] | None:
    if not text_:
        return None
    parts = text_.split(".")
    if len(parts) != 2 or not all(part.isascii() and part.isdigit() and len(part) < 16 for part in parts):
        abort(404)
    return int(parts[0]), int(parts[1])


def titles() -> dict[str, str]:
    """What each source is called: its title, with its name behind it where another has the same; else its name."""
    sources = the_gateway().sources
    known = {name: sources.get(name) for name in sources.names()}
    titled = {name: one.source.title if one else "" for name, one in known.items()}
    how_many = Counter(titled.values())
    return {
        name: name if not title else title if how_many[title] == 1 else f"{title} ({name})"
        for name, title in titled.items()
    }


@page("/leads/late")
def late() -> Any:
    """Leads of the last 24 hours that no rule made wait and that were called later than the goal, the newest call
    first. Hours that were counted and had none are passed over."""
    gateway, behind = the_gateway(), _place(request.args.get("after", ""))
    with gateway.store.read() as tx:
        now = gateway.store.now_ms(tx)
        window = month.window(tx, now)
        counted = hourly_calls.kept(tx, window.first, window.live)
        quiet = {hour for hour, calls in counted.items() if not any(wait > GOAL_MS for wait in calls.waits)}
        start = _behind_quiet(behind or (now + 1, 0), quiet)
        found, place = search.called_late(tx, GOAL_MS, window.first, start, A_PAGE)
        if place is not None and _behind_quiet(place, quiet)[0] <= window.first:
            place = None
        rows = queries.told(tx, found, now)
        attempts = queries.last_attempts(tx, [row["id"] for row in rows])
    return _listed(rows, attempts, more=_more("console.late", place), is_newest=behind is None, late=GOAL_MS)


def _behind_quiet(place: tuple[int, int], quiet: set[int]) -> tuple[int, int]:
    """The same place, or the end of the newest hour before it that is not one of these."""
    at, no = place
    while not no and (hour := (at - 1) - (at - 1) % HOUR_MS) in quiet:
        at = hour
    return at, no


@page("/leads/find", post=True)
def find() -> Any:
    """A number in any spelling, a lead's number, or a name. A number leads to an address that hides it; what is
    neither is looked for as a name, and its page has no address."""
    gateway, what = the_gateway(), text("what", 200)
    if not what:
        return redirect(url_for("console.leads"), 303)
    plain = what.lstrip("№#Nn ").replace(" ", "")
    if plain.isascii() and plain.isdigit() and len(plain) < 10:
        with gateway.store.read() as tx:
            known = search.is_no(tx, int(plain))
        if known:
            return redirect(url_for("console.lead", lead=plain), 303)
    among = numbers.regions(gateway)
    found = numbers.readings(what, among)
    if not isinstance(found, Reason):
        return redirect(url_for("console.leads", who=seal(found, gateway.digest_key)), 303)
    with gateway.store.read() as tx:
        now = gateway.store.now_ms(tx)
        before = next(iter(forms_numbers("before")), None)
        found_by_name, more_before = search.by_name(tx, what, A_PAGE, before)
        rows = queries.told(tx, found_by_name, now)
        attempts = queries.last_attempts(tx, [row["id"] for row in rows])
    problem = reason({"code": found.code, "params": found.params}) if any(sign.isdigit() for sign in what) else ""
    is_newest = before is None
    return _listed(rows, attempts, more_before=more_before, is_newest=is_newest, looked_for=what, problem=problem)
