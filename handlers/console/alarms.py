"""What someone should look at: each alarm in words, with what to do; and those of the last week that are over."""

from dataclasses import dataclass
from typing import Any

from flask import render_template
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from core.alarms import PAGE, Alarm
from core.numbers.hiding import hide_numbers
from handlers.console.door import page, the_gateway
from store import alarms as rows
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
    "broken_accounts": (
        _l("Account files with mistakes: their leads wait or are held"),
        _l("Mend the file, then start everything again"),
        "",
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

    kind: str
    grave: bool  # somebody should get up for it
    title: str
    todo: str
    page: str
    text: str
    since: int | None
    count: int
    cleared_at: int | None


def shown(alarm: Alarm) -> Shown:
    text = hide_numbers(alarm.text)
    title, todo, to = WORDS.get(alarm.kind, (text, "", ""))
    grave = alarm.severity == PAGE
    return Shown(alarm.kind, grave, str(title), str(todo), to, text, alarm.since, alarm.value, alarm.cleared_at)


def ringing(tx: Tx, without: frozenset[str] = frozenset()) -> list[Shown]:
    """Those that ring, the weightiest first."""
    order = {kind: n for n, kind in enumerate(WORDS)}
    found = [one for one in rows.ringing(tx).values() if one.kind not in without]
    return [shown(one) for one in sorted(found, key=lambda one: (order.get(one.kind, len(order)), one.subject))]


@page("/alarms")
def alarms() -> Any:
    gateway = the_gateway()
    with gateway.store.read() as tx:
        now = gateway.store.now_ms(tx)
        open_ = ringing(tx)
        over = [shown(one) for one in rows.cleared(tx, now - WEEK_MS)]
    return render_template("console/alarms.html", ringing=open_, over=over, nothing=_("All is well."))
