"""`flask leads show`: the whole story of one lead, and what to do about it."""

import click
from flask.cli import with_appcontext

from cli import account, story
from cli.context import fail, login, the_gateway, the_settings
from cli.typed import LEAD
from cli.words import Command, _
from flow import people
from store import accounts, attempts, queries


@click.command("show", cls=Command)
@click.argument("lead", type=LEAD)
@click.option("--reveal", is_flag=True, help="The whole phone number and what came; that you looked is noted.")
@click.option("--who", default=login, help="Who asks (default: the login name).")
@with_appcontext
def command(lead: str, reveal: bool, who: str) -> None:
    """The whole story of a LEAD (its id or short number) in words, and the next lines to type."""
    gateway = the_gateway()
    with gateway.store.read() as tx:
        found = queries.story(tx, lead)
        if found is not None:
            now = gateway.store.now_ms(tx)
            found["lead"] = accounts.with_pause(tx, found["lead"], now)
            settles_at = attempts.settles_after(tx, found["lead"].id)
    if found is None:
        fail(_("no lead has the id or number %(lead)r", lead=lead))
    if reveal:
        people.note(gateway, who, "number_shown", f"№ {found['lead'].no}", "", "command")
    account.say_stopped(gateway)
    panel_url = the_settings().console.panel_url
    click.echo(story.tell(found, story.Reading(now, settles_at, reveal, panel_url)))
