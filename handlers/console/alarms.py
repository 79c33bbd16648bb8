"""What someone should look at: each alarm in words, with what to do; and those of the last week that are over."""

import time
from dataclasses import dataclass
from typing import Any

from flask import abort, current_app, redirect, render_template, url_for
from flask_babel import gettext as _

from core.alarm import PAGE, Alarm
from core.alarm_words import of
from core.alarms import ALARMS, WATCH
from core.numbers.hiding import hide_numbers
from core.people import OPERATOR
from flow import alarms as flow_alarms
from flow import people, telling
from flow.alarms import nobody_watches
from handlers.console.door import page, the_gateway, the_user
from handlers.console.forms import text, why_given
from handlers.console.words import language, tomorrow
from store import alarms as rows
from store import quiets, stamps
from store.engine import Tx

WEEK_MS = 7 * 24 * 3_600_000
QUIET_UNTIL = 9  # o'clock of the next morning
PAGES = {  # kind -> where a person goes about it
    "leads_waiting": "leads",
    "paused": "policy",
    "crm_silent": "leads",
    "cap_reached": "policy",
    "cap_near": "policy",
    "unknown_calls": "decide",
    "refused_proofs": "sources",
    "turned_away": "sources",
    "held_rising": "decide",
    "other_person": "decide",
    "held_long": "decide",
    "broken_files": "sources",
    "broken_sources": "sources",
}
ELSEWHERE = frozenset({"paused", "unknown_calls"})  # the first page shows them in their own places


@dataclass(frozen=True)
class Shown:
    """An alarm in words. `text` is the machine's own, with its numbers hidden."""

    kind: str
    subject: str
    grave: bool  # somebody should get up for it
    title: str
    todo: str
    page: str
    text: str
    since: int | None
    count: int
    cleared_at: int | None


def shown(alarm: Alarm) -> Shown:
    said = hide_numbers(alarm.text)
    title, todo = of(alarm.kind, language())
    grave = alarm.severity == PAGE
    to = PAGES.get(alarm.kind, "")
    return Shown(
        alarm.kind, alarm.subject, grave, title or said, todo, to, said, alarm.since, alarm.value, alarm.cleared_at
    )


def ringing(tx: Tx, without: frozenset[str] = frozenset()) -> list[Shown]:
    """Those that ring, the weightiest first; before them, that nobody watches."""
    order = {kind: n for n, kind in enumerate(ALARMS)}
    found = [one for one in rows.ringing(tx).values() if one.kind not in without]
    unwatched = nobody_watches(stamps.known(tx).get(WATCH), the_gateway().store.now_ms(tx))
    found.sort(key=lambda one: (order.get(one.kind, len(order)), one.subject))
    return [shown(one) for one in unwatched + found]


@page("/alarms")
def alarms() -> Any:
    return _page()


def _page(**more: Any) -> Any:
    gateway = the_gateway()
    with gateway.store.read() as tx:
        now = gateway.store.now_ms(tx)
        open_ = ringing(tx)
        taken, quiet = quiets.acknowledged(tx), quiets.holding(tx, now)
        over = [shown(one) for one in rows.cleared(tx, now - WEEK_MS)]
    return render_template(
        "console/alarms.html",
        ringing=open_,
        over=over,
        taken=taken,
        quiet=quiet,
        kinds=set(ALARMS),
        nothing=_("All is well."),
        **more,
    )


@page("/alarms/ack", OPERATOR, post=True)
def acknowledge() -> Any:
    """Somebody takes care of it: it is not told again, and every page says who."""
    kind, subject = text("kind", 100), text("subject", 300)
    if not flow_alarms.acknowledge(the_gateway(), kind, subject, the_user().name):
        abort(404)
    people.note(the_gateway(), the_user().name, "alarm_taken", f"{kind} {subject}".strip())
    return redirect(url_for("console.alarms"), 303)


@page("/alarms/quiet", OPERATOR, post=True)
def be_quiet() -> Any:
    """Nothing is told of it until nine tomorrow morning; the pages show it all the same."""
    gateway, kind, subject, why = the_gateway(), text("kind", 100), text("subject", 300), why_given()
    if kind not in ALARMS:
        abort(404)
    with gateway.store.read() as tx:
        now = gateway.store.now_ms(tx)
    flow_alarms.quiet(gateway, kind, subject, tomorrow(now, QUIET_UNTIL), the_user().name, why)
    people.note(gateway, the_user().name, "alarm_quiet", f"{kind} {subject}".strip(), why)
    return redirect(url_for("console.alarms"), 303)


@page("/alarms/test", OPERATOR, post=True)
def test_channels() -> Any:
    """A message by every channel of the file as it stands now; what came of each stands on the page."""
    gateway = the_gateway()
    help_, _look = current_app.extensions["help"](gateway, current_app.config["SETTINGS"])
    tried = telling.test(help_, time.time_ns() // 1_000_000)
    people.note(gateway, the_user().name, "channels_tested", ", ".join(sorted(tried)))
    return _page(tried=tried, problems=broken.said(language()) if (broken := gateway.broken_alarms) else "")
