"""`flask sources`: the owner's forms and CRMs, from a preset to what is in force."""

import click
from flask.cli import with_appcontext

from cli import moments
from cli.context import fail, the_gateway, the_places, who_and_why
from cli.sources_apply import command as apply
from cli.sources_check import command as check
from cli.sources_new import command as new
from cli.sources_presets import command as presets
from cli.sources_try import command as try_
from config import load
from core.overall import Standing
from core.states import STATES
from flow import weak
from flow.in_force import InForceSource
from store import figures
from store import versions as sources


@click.group("sources")
def command() -> None:
    """The owner's forms and CRMs: presets, new, check, try, apply, list, remove."""


for _part in (presets, new, check, try_, apply):
    command.add_command(_part)


@command.command("list")
@with_appcontext
def list_() -> None:
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
            f"version {row.n} since {moments.moment(row.since)}",
            f"preset {current.source.preset}" if current else "cannot be read by this release",
            f"last lead {moments.moment(last.get(name))}",
            ", ".join(f"{of[state]} {state}" for state in STATES if of.get(state)) or "no leads",
        ]
        if said := weakness.get(name):
            facts.append(f"WEAK: {said}")
        if name not in files and not row.removed:
            facts.append("no file here")
        click.echo(f"{name}: {'; '.join(facts)}")
    for name in sorted(files.keys() - standing.keys()):
        click.echo(f"{name}: a file only, never in force; see: flask sources check")
    if not standing and not files:
        click.echo("no sources yet; begin with: flask sources presets")


def _mode(row: Standing, current: InForceSource | None) -> str:
    if row.removed or current is None:
        return "removed" if row.removed else "on"
    if not current.source.enabled:
        return "off"
    return "DRY RUN, rings nobody" if current.source.dry_run else "on"


@command.command("remove")
@click.argument("name")
@who_and_why
@with_appcontext
def remove(name: str, who: str, why: str) -> None:
    """End the source NAME: its address answers 503, and the worker holds its waiting leads.

    Its file stays where it is; delete it too, or the next release or `apply` takes it again."""
    gateway = the_gateway()
    with gateway.store.write() as tx:
        if not sources.remove(tx, name, who=who, why=why, now=gateway.store.now_ms(tx)):
            fail(f"no source called {name!r} is in force")
        waiting = sources.waiting(tx, name)
    gateway.log.info("source_removed", source=name, who=who)
    click.echo(f"{name} is removed" + (f"; the worker will hold {waiting} waiting leads" if waiting else ""))
    path = the_places().sources_dir / f"{name}.yaml"
    if path.exists():
        click.echo(f"its file is still there; delete it, or the next release takes it again: rm {path}")
