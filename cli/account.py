"""`flask pause` and `flask resume`: a person stops the ringing of an account or of one script, and lets it go on."""

from collections.abc import Callable
from typing import Any

import click
from flask.cli import with_appcontext

from cli.columns import plain
from cli.context import fail, the_gateway, who_and_why
from cli.moments import moment
from cli.words import Command, _, language
from core.account.pause import Pause
from core.alarms import WORKER_SEEN_MS
from core.numbers.hiding import hide_numbers
from core.reason import words
from flow import pauses
from flow.gateway import Gateway
from store import accounts, workers


def _of_what(command: Callable[..., Any]) -> Callable[..., Any]:
    command = click.option("--script", help="Only this script of the account, as the lead names it.")(command)
    return click.option("--account", default="main", show_default=True, help="Whose ringing.")(command)


@click.command("pause", cls=Command)
@_of_what
@who_and_why
@with_appcontext
def pause(account: str, script: str | None, who: str, why: str) -> None:
    """Stop ringing within a second, on every worker; leads are still taken and wait."""
    gateway = _gateway_with(account)
    pauses.pause(gateway, account, who, why, script)
    click.echo(_("%(what)s is paused; flask resume ends it", what=_named(account, script)))


@click.command("resume", cls=Command)
@_of_what
@who_and_why
@with_appcontext
def resume(account: str, script: str | None, who: str, why: str) -> None:
    """End a pause, a person's or one that the account made itself; without --script every script's too."""
    gateway = _gateway_with(account)
    if not pauses.resume(gateway, account, who, why, script):
        fail(_("%(what)s is not paused", what=_named(account, script)))
    click.echo(_("%(what)s rings again", what=_named(account, script)))


def say_stopped(gateway: Gateway) -> None:
    """What stops the ringing, a line each: nobody works, or what is paused, with all that is known of it."""
    with gateway.store.read() as tx:
        known, seen, now = accounts.all_accounts(tx), workers.last_seen(tx), gateway.store.now_ms(tx)
    if seen is None or now - seen > WORKER_SEEN_MS:
        click.echo(_("! no worker is running: nobody is rung; start one: flask worker"), err=True)
    for account, record in known.items():
        scripts = [(name, each.pause) for name, each in sorted(record.scripts.items())]
        for script, found in [(None, record.pause), *scripts]:
            if found is not None:
                click.echo(plain(_line(_named(account, script), found)), err=True)


def _line(what: str, found: Pause) -> str:
    since = _("! %(what)s is paused since %(at)s: ", what=what, at=moment(found.since))
    if found.by_person:
        return since + _("%(who)s: %(why)s; flask resume ends it", who=found.who, why=found.why)
    said = _(" (it said: %(said)s)", said=hide_numbers(found.said)) if found.said else ""
    tries = _("one call is trying now") if found.probe else _("one call tries at %(at)s", at=moment(found.until))
    return f"{since}{words(found.cause, {}, language())}{said}; {tries}"


def _gateway_with(account: str) -> Gateway:
    gateway = the_gateway()
    if account not in gateway.accounts:
        known = ", ".join(sorted(gateway.accounts))
        fail(_("there is no account %(name)r; there is %(known)s", name=account, known=known))
    return gateway


def _named(account: str, script: str | None) -> str:
    if script is None:
        return _("account %(account)s", account=account)
    return _("script %(script)r of account %(account)s", script=script, account=account)
