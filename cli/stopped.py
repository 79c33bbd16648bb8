"""What stops the ringing, for whoever looks at leads: nobody works, or what is paused."""

import click

from cli.columns import plain
from cli.moments import moment
from cli.words import _, language
from core.account.pause import Pause
from core.alarms import WORKER_SEEN_MS
from core.numbers.hiding import hide_numbers
from core.reason import words
from store import accounts, workers
from store.engine import Store


def say_stopped(store: Store) -> None:
    """A line each, with all that is known of it."""
    with store.read() as tx:
        known, now = accounts.all_accounts(tx), store.now_ms(tx)
        seen = workers.last_seen(tx, now)
    if seen is None or now - seen > WORKER_SEEN_MS:
        click.echo(_("! no worker is running: nobody is rung; start one: flask worker"), err=True)
    for account, record in known.items():
        scripts = [(name, each.pause) for name, each in sorted(record.scripts.items())]
        for script, found in [(None, record.pause), *scripts]:
            if found is not None:
                click.echo(plain(_line(named(account, script), found)), err=True)


def _line(what: str, found: Pause) -> str:
    since = _("! %(what)s is paused since %(at)s: ", what=what, at=moment(found.since))
    if found.by_person:
        return since + _("%(who)s: %(why)s; flask resume ends it", who=found.who, why=found.why)
    said = _(" (it said: %(said)s)", said=hide_numbers(found.said)) if found.said else ""
    tries = _("one call is trying now") if found.probe else _("one call tries at %(at)s", at=moment(found.until))
    return f"{since}{words(found.cause, {}, language())}{said}; {tries}"


def named(account: str, script: str | None) -> str:
    if script is None:
        return _("account %(account)s", account=account)
    return _("script %(script)r of account %(account)s", script=script, account=account)
