"""What stops the ringing, for whoever looks at leads: nobody works, or can; or what is paused."""

from collections.abc import Iterator

import click

from cli.columns import plain
from cli.moments import moment
from cli.words import _, language
from core.account.pause import Pause
from core.account.trouble import pauses_of
from core.alarms import WORKER_SEEN_MS
from core.numbers.hiding import hide_numbers
from core.reason import words
from store import accounts, workers
from store.engine import Store, Tx


def say_stopped(store: Store) -> None:
    """A line each, with all that is known of it."""
    with store.read() as tx:
        now = store.now_ms(tx)
        known, lines = accounts.all_accounts(tx), list(_without_workers(tx, now))
    for account, record in known.items():
        lines += [_line(named(account, script), found, now) for script, found in pauses_of(record)]
    for line in lines:
        click.echo(plain(line), err=True)


def _without_workers(tx: Tx, now: int) -> Iterator[str]:
    """Why no worker rings anybody; nothing where one can."""
    since = now - WORKER_SEEN_MS
    if (workers.last_seen(tx, now) or 0) < since:
        yield _("! no worker is running: nobody is rung; start one: flask worker")
    elif (workers.last_able(tx, now) or 0) < since:
        what = _("! no dispatch journal can be written: nobody is rung; make room on its disk or mend RUN_DIR: ")
        found = workers.unwritable_journals(tx, since, now)
        yield what + "; ".join(f"{machine}: {why}" for machine, why in sorted(found.items()))


def _line(what: str, found: Pause, now: int) -> str:
    since = _("! %(what)s is paused since %(at)s: ", what=what, at=moment(found.since))
    if found.by_person:
        return since + _("%(who)s: %(why)s; flask resume ends it", who=found.who, why=found.why)
    said = _(" (it said: %(said)s)", said=hide_numbers(found.said)) if found.said else ""
    return f"{since}{words(found.cause, {}, language())}{said}; {_tries(found, now)}"


def _tries(found: Pause, now: int) -> str:
    if not found.rests(now):
        return _("the next lead that is due tries")
    return _("one call is trying now") if found.probe else _("one call tries at %(at)s", at=moment(found.until))


def named(account: str, script: str | None) -> str:
    if script is None:
        return _("account %(account)s", account=account)
    return _("script %(script)r of account %(account)s", script=script, account=account)
