"""`flask sources remove`: the end of one."""

import click
from flask.cli import with_appcontext

from cli.context import fail, the_gateway, the_places, who_and_why
from cli.words import Command, _, ngettext
from store import versions as sources


@click.command("remove", cls=Command)
@click.argument("name")
@who_and_why
@with_appcontext
def command(name: str, who: str, why: str) -> None:
    """End the source NAME: its address answers 503, and the worker holds its waiting leads.

    Its file stays where it is; delete it too, or the next release or `apply` takes it again."""
    gateway = the_gateway()
    with gateway.store.write() as tx:
        if not sources.remove(tx, name, who=who, why=why, now=gateway.store.now_ms(tx)):
            fail(_("no source called %(name)r is in force", name=name))
        waiting = sources.waiting(tx, name)
    gateway.log.info("source_removed", source=name, who=who)
    held = ngettext(
        "; the worker will hold %(num)d waiting lead", "; the worker will hold %(num)d waiting leads", waiting
    )
    click.echo(_("%(name)s is removed", name=name) + (held if waiting else ""))
    path = the_places().sources_dir / f"{name}.yaml"
    if path.exists():
        click.echo(_("its file is still there; delete it, or the next release takes it again: rm %(path)s", path=path))
