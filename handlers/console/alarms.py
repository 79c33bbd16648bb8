"""What someone should look at: each alarm in words, with what to do; and those of the last week that are over."""

from dataclasses import dataclass
from typing import Any

from flask import render_template
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from core.numbers.hiding import hide_numbers
from handlers.console.door import page, the_gateway
from store import alarms as rows
from store.alarms import Alarm
from store.engine import Tx

WEEK_MS = 7 * 24 * 3_600_000
# name -> what is the matter, what to do, the page to go to
WORDS: dict[str, tuple[Any, Any, str]] = {
    "no_worker": (_l("No worker is seen: nobody is being called"), _l("Start one: flask worker"), ""),
    "database_changed": (
        _l("The database is not the one the workers knew: calls wait"),
        _l("It was restored, cloned or failed over. The workers compare their journals and go on by themselves"),
        "",
    ),
    "leads_waiting": (_l("Leads are due and still wait"), _l("See whether workers run and keep up"), "leads"),
    "paused": (_l("Calls are paused"), _l("See why, then resume"), "policy"),
    "cap_reached": (_l("A cap is reached: leads wait for room"), _l("See what is used, raise it or wait"), "policy"),
    "unknown_calls": (_l("Calls of unknown outcome"), _l("Look in the provider's panel, then decide"), "decide"),
    "refused_proofs": (
        _l("Requests without a right proof"),
        _l("A mistyped token loses leads: check the source's address in the form or CRM"),
        "sources",
    ),
    "broken_files": (
        _l("Source files with mistakes; the version in force stays"),
        _l("See which file and which line"),
        "sources",
    ),
    "broken_sources": (
        _l("Versions of sources that cannot be read here"),
        _l("This machine runs an older release"),
        "sources",
    ),
}
ELSEWHERE = frozenset({"paused", "unknown_calls"})  # the first page shows them in their own places


@dataclass(frozen=True)
class Shown:
    """An alarm in words. `text` is the machine's own, with its numbers hidden."""

    name: str
    title: str
    todo: str
    page: str
    text: str
    since: int | None
    count: int
    cleared: int | None


def shown(alarm: Alarm) -> Shown:
    title, todo, to = WORDS.get(alarm.name, (hide_numbers(alarm.text), "", ""))
    text = hide_numbers(alarm.text)
    return Shown(alarm.name, str(title), str(todo), to, text, alarm.since, alarm.count, alarm.cleared)


def ringing(tx: Tx, without: frozenset[str] = frozenset()) -> list[Shown]:
    """Those that ring, in the order of their weight."""
    found = rows.ringing(tx)
    order = {name: n for n, name in enumerate(WORDS)}
    names = sorted(found.keys() - without, key=lambda name: (order.get(name, len(order)), name))
    return [shown(found[name]) for name in names]


@page("/alarms")
def alarms() -> Any:
    gateway = the_gateway()
    with gateway.store.read() as tx:
        now = gateway.store.now_ms(tx)
        open_ = ringing(tx)
        over = [shown(one) for one in rows.cleared(tx, now - WEEK_MS)]
    return render_template("console/alarms.html", ringing=open_, over=over, nothing=_("All is well."))
