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
from cli.state_words import state_name
from cli.words import Group, _, language, ngettext
from config import load
from core.overall import Standing
from core.problem_words import in_words
from core.states import STATES
from flow import weak
from flow.in_force import InForceSource
from store import figures
from store import versions as sources


@click.group("sources", cls=Group)
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
