"""`flask sources list`: what is in force, and what became of it."""

import click
from flask.cli import with_appcontext

from cli import moments
from cli.context import the_gateway, the_places
from cli.state_words import state_name
from cli.words import Command, _, language
from config import load
from core.overall import Standing
from core.problem_words import in_words
from core.states import STATES
from flow import weak
from flow.in_force import InForceSource
from store import figures
from store import versions as sources


@click.command("list", cls=Command)
@with_appcontext
def command() -> None:
    """Every source: its version, since when, its newest lead and how many are in which state."""
    gateway = the_gateway()
    with gateway.store.read() as tx:
        standing = sources.sources_standing(tx)
        counts, last = figures.counts_by_source(tx), figures.last_leads(tx)
    files, weakness = load.source_files(the_places().sources_dir), weak.known(gateway)
    for name, row in sorted(standing.items()):
        current = gateway.sources.get(name)
        of = counts.get(name, {})
        facts = [
            _mode(row, current),
            _("version %(n)s since %(at)s", n=row.n, at=moments.moment(row.since)),
            _("preset %(name)s", name=current.source.preset) if current else _("cannot be read by this release"),
            _("last lead %(at)s", at=moments.moment(last.get(name))),
            ", ".join(f"{of[state]} {state_name(state)}" for state in STATES if of.get(state)) or _("no leads"),
        ]
        if said := weakness.get(name):
            facts.append(_("WEAK: %(said)s", said=in_words(said, language())))
        if name not in files and not row.removed:
            facts.append(_("no file here"))
        click.echo(f"{name}: {'; '.join(facts)}")
    for name in sorted(files.keys() - standing.keys()):
        click.echo(_("%(name)s: a file only, never in force; see: flask sources check", name=name))
    if not standing and not files:
        click.echo(_("no sources yet; begin with: flask sources presets"))


def _mode(row: Standing, current: InForceSource | None) -> str:
    if row.removed or current is None:
        return _("no longer in force") if row.removed else _("switched on")
    if not current.source.enabled:
        return _("switched off")
    return _("DRY RUN, rings nobody") if current.source.dry_run else _("switched on")
