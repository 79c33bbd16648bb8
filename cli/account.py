"""`flask pause` and `flask resume`: a person stops the ringing of an account or of one script, and lets it go on."""

from collections.abc import Callable
from typing import Any

import click
from flask.cli import with_appcontext

from cli.context import fail, the_gateway, who_and_why
from cli.story import moment
from core.account.pause import Pause
from core.account.trouble import pauses_of
from core.numbers.hiding import hide_numbers
from core.reason import words
from flow import pauses
from flow.gateway import Gateway
from store import accounts


def _of_what(command: Callable[..., Any]) -> Callable[..., Any]:
    command = click.option("--script", help="Only this script of the account, as the lead names it.")(command)
    return click.option("--account", default="main", show_default=True, help="Whose ringing.")(command)


@click.command("pause")
@_of_what
@who_and_why
@with_appcontext
def pause(account: str, script: str | None, who: str, why: str) -> None:
    """Stop ringing within a second, on every worker; leads are still taken and wait."""
    gateway = _gateway_with(account)
    pauses.pause(gateway, account, who, why, script)
    click.echo(f"{_named(account, script)} is paused; flask resume ends it")


@click.command("resume")
@_of_what
@who_and_why
@with_appcontext
def resume(account: str, script: str | None, who: str, why: str) -> None:
    """End a pause, a person's or one that the account made itself; without --script every script's too."""
    gateway = _gateway_with(account)
    if not pauses.resume(gateway, account, who, why, script):
        fail(f"{_named(account, script)} is not paused")
    click.echo(f"{_named(account, script)} rings again")


def say_paused(gateway: Gateway) -> None:
    """What is paused, a line each, with all that is known of it."""
    with gateway.store.read() as tx:
        known = accounts.all_accounts(tx)
    for account, record in known.items():
        for what, found in pauses_of(record, account):
            click.echo(_line(what, found))


def _line(what: str, found: Pause) -> str:
    said = f" (it said: {hide_numbers(found.said)})" if found.said else ""
    if found.by_person:
        return f"! {what} is paused since {moment(found.since)}: {found.who}: {found.why}; flask resume ends it"
    tries = "one call is trying now" if found.probe else f"one call tries at {moment(found.until)}"
    return f"! {what} is paused since {moment(found.since)}: {words(found.cause, {})}{said}; {tries}"


def _gateway_with(account: str) -> Gateway:
    gateway = the_gateway()
    if account not in gateway.accounts:
        fail(f"there is no account {account!r}; there is {', '.join(sorted(gateway.accounts))}")
    return gateway


def _named(account: str, script: str | None) -> str:
    return f"account {account}" if script is None else f"script {script!r} of account {account}"
