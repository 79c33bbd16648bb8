"""`flask leads erase`: a person asks that their data goes; `flask leads erasures`: that it was done."""

import sys

import click
from flask.cli import with_appcontext

from cli.context import fail, the_gateway, who_and_why
from cli.moments import moment
from cli.words import Command, _, language
from core.reason import Reason, words
from flow import erase, numbers
from store import erasure


@click.command("erase", cls=Command)
@click.argument("number")
@who_and_why
@with_appcontext
def command(number: str, who: str, why: str) -> None:
    """Erase the data of every lead of NUMBER (in any spelling; `-` reads it from the standard input).

    What waits is cancelled, and a record is kept that tells neither number nor name; nor should --why.
    The do-not-call list is left as it is."""
    gateway = the_gateway()
    text = sys.stdin.readline().strip() if number == "-" else number
    found = numbers.one(text, numbers.regions(gateway))
    if isinstance(found, Reason):
        fail(words(found.code, found.params, language()))
    done = erase.erase_person(gateway, found, who, why)
    click.echo(
        _(
            "erasure %(id)s: %(leads)s leads and %(deliveries)s deliveries erased",
            id=done.id,
            leads=done.leads,
            deliveries=done.deliveries,
        )
    )
    if done.failed:
        told = ", ".join(str(one) for one in done.failed)
        click.echo(_("not erased, for a mistake of ours that the log names: %(leads)s", leads=told), err=True)
    if done.left:
        told = ", ".join(str(one) for one in done.left)
        fail(
            _(
                "left as they are, because their last call may still come to light: %(leads)s; ask again in 11 minutes",
                leads=told,
            )
        )
    if done.failed:
        sys.exit(1)


@click.command("erasures", cls=Command)
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True)
@with_appcontext
def erasures(limit: int) -> None:
    """The newest records of erasures: when, by whom, why, how much, and the number's keyed digest."""
    gateway = the_gateway()
    with gateway.store.read() as tx:
        rows = erasure.records(tx, limit)
    for row in rows:
        much = _("%(leads)s leads, %(deliveries)s deliveries", leads=row["leads"], deliveries=row["deliveries"])
        click.echo(
            f"{row['id']:>4}  {moment(row['at'])}  {much}  {row['number_hash'][:16]}  {row['who']}: {row['why']}"
        )
    if not rows:
        click.echo(_("nobody asked"))
