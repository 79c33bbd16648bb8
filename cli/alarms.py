"""`flask alarms`: what rings, that somebody takes care of it, quiet for planned works, and a test of the channels."""

import re
import sys
import time

import click
from flask import current_app
from flask.cli import with_appcontext

from cli.columns import plain
from cli.context import fail, login, the_gateway, the_settings
from cli.moments import moment
from cli.words import Group, _, language
from core.alarm import Alarm
from core.alarm_words import WORDS
from core.alarms import ALARMS
from core.telling import TOLD_KINDS
from flow import alarms, telling

FOR = re.compile(r"([1-9][0-9]{0,3})([mhd])")
MS = {"m": 60_000, "h": 3_600_000, "d": 86_400_000}


@click.group("alarms", cls=Group)
def command() -> None:
    """What someone should look at: list, ack, quiet, test."""


@command.command("list")
@with_appcontext
def list_() -> None:
    """What rings now, the weightiest first, then what was over in the last day."""
    found = alarms.told(the_gateway())
    for one in found:
        click.echo(plain(_line(one)))
    if not found:
        click.echo(_("all is well"))


def _line(one: Alarm) -> str:
    """What is the matter with what it is about; in Russian what to do as well, for its own text is English."""
    name = f"{one.kind} {one.subject}".strip()
    text = one.text
    if language() == "ru" and one.kind in WORDS:
        text = ". ".join(WORDS[one.kind]["ru"])
    since = _("since %(at)s", at=moment(one.since)) if one.since else _("since when is not known")
    over = _("; over at %(at)s", at=moment(one.cleared_at)) if one.cleared_at else ""
    return f"{'' if one.cleared_at else '! '}{one.severity} {name}: {text} ({since}{over})"


@command.command("ack")
@click.argument("kind", type=click.Choice(list(ALARMS)))
@click.argument("subject", default="")
@click.option("--who", default=login, help="Who takes care (default: the login name).")
@with_appcontext
def ack(kind: str, subject: str, who: str) -> None:
    """You take care of an alarm: no reminder comes any more; that it is over is still told."""
    if not alarms.acknowledge(the_gateway(), kind, subject, who):
        asked = f"{kind} {subject}".rstrip()
        fail(_("no alarm %(asked)s rings that nobody takes care of; see: flask alarms list", asked=asked))
    what = f"{kind} {subject}".rstrip()
    click.echo(_("%(who)s takes care of %(what)s", who=who, what=what))


@command.command("quiet")
@click.argument("kind", type=click.Choice(["all", *TOLD_KINDS]))
@click.argument("subject", default="")
@click.option("--for", "span", required=True, help="How long: 30m, 2h, 1d.")
@click.option("--why", required=True, help="Why; it is kept.")
@click.option("--who", default=login, help="Who asks (default: the login name).")
@with_appcontext
def quiet(kind: str, subject: str, span: str, why: str, who: str) -> None:
    """Tell nobody of a kind (or of all) for a while: planned works. It is raised and listed all the same."""
    found = FOR.fullmatch(span)
    if found is None:
        fail(_("--for: expected a time like 30m, 2h or 1d, got %(span)r", span=span))
    gateway = the_gateway()
    with gateway.store.read() as tx:
        until = gateway.store.now_ms(tx) + int(found[1]) * MS[found[2]]
    alarms.quiet(gateway, kind, subject, until, who, why)
    what = f"{kind} {subject}".rstrip()
    click.echo(_("nobody is told of %(what)s until %(at)s", what=what, at=moment(until)))


@command.command("test")
@with_appcontext
def test() -> None:
    """Send a message by every channel now and say what came of each."""
    gateway = the_gateway()
    help_, _stamp = current_app.extensions["help"](gateway, the_settings())
    if problems := gateway.broken_alarms:
        click.echo(problems.said(language()), err=True)
    if not help_.channels:
        fail(_("no channel is set up: write config/alarms.yaml (there is config/alarms.example.yaml)"))
    tried = telling.test(help_, int(time.time() * 1000))
    for name, (came, took_ms) in tried.items():
        well = _("ok") if came.well else _("FAILED")
        click.echo(f"{name}: {well}: {came.said} ({took_ms} ms)")
    if problems or not all(came.well for came, _took in tried.values()):
        sys.exit(1)
