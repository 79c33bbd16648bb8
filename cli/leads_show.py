"""`flask leads show`: the whole story of one lead, and what to do about it."""

import click
from flask.cli import with_appcontext

from cli import story
from cli.context import fail, login, note, the_settings, the_store
from cli.stopped import say_stopped
from cli.typed import LEAD
from cli.words import Command, _
from store import accounts, attempts, queries


@click.command("show", cls=Command)
@click.argument("lead", type=LEAD)
@click.option("--reveal", is_flag=True, help="The whole phone number and what came; that you looked is noted.")
@click.option("--who", default=login, help="Who asks (default: the login name).")
@with_appcontext
def command(lead: str, reveal: bool, who: str) -> None:
    """The whole story of a LEAD (its id or short number) in words, and the next lines to type."""
    store = the_store()
    with store.read() as tx:
        found = queries.story(tx, lead)
        if found is not None:
            now = store.now_ms(tx)
            found["lead"] = accounts.with_pause(tx, found["lead"], now)
            settles_at = attempts.settles_after(tx, found["lead"].id)
    if found is None:
        fail(_("no lead has the id or number %(lead)r", lead=lead))
    if reveal:
        note(store, who, "number_shown", f"№ {found['lead'].no}")
    say_stopped(store)
    panel_url = the_settings().console.panel_url
    click.echo(story.tell(found, story.Reading(now, settles_at, reveal, panel_url)))
