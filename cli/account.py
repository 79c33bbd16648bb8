"""`flask pause` and `flask resume`: a person stops the ringing of an account or of one script, and lets it go on."""

from collections.abc import Callable
from typing import Any

import click
from flask.cli import with_appcontext

from cli.context import fail, the_gateway, who_and_why
from cli.stopped import named
from cli.words import Command, _
from flow import pauses
from flow.gateway import Gateway


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
    click.echo(_("%(what)s is paused; flask resume ends it", what=named(account, script)))


@click.command("resume", cls=Command)
@_of_what
@who_and_why
@with_appcontext
def resume(account: str, script: str | None, who: str, why: str) -> None:
    """End a pause, a person's or one that the account made itself; without --script every script's too."""
    gateway = _gateway_with(account)
    if not pauses.resume(gateway, account, who, why, script):
        fail(_("%(what)s is not paused", what=named(account, script)))
    click.echo(_("%(what)s rings again", what=named(account, script)))


def _gateway_with(account: str) -> Gateway:
    gateway = the_gateway()
    if account not in gateway.accounts:
        known = ", ".join(sorted(gateway.accounts))
        fail(_("there is no account %(name)r; there is %(known)s", name=account, known=known))
    return gateway
