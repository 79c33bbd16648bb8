"""`flask sources apply`: the differing source files and the policy file into force, at a person's word."""

import sys
from collections.abc import Collection

import click
from flask.cli import with_appcontext

from cli.context import login, the_gateway, the_settings
from cli.words import Command, _, language, ngettext
from config import load
from config.settings import Settings
from config.watch import NO_VALUE
from core.overall import POLICY, Standing
from core.problem_words import in_words
from core.proofs.authentic import unproven
from flow import compare
from flow.gateway import Gateway


@click.command("apply", cls=Command)
@click.argument("names", nargs=-1)
@click.option("--who", default=login, help="Who asks (default: the login name).")
@click.option("--why", default="", help="Why; kept with the versions.")
@with_appcontext
def command(names: tuple[str, ...], who: str, why: str) -> None:
    """Put every valid differing file into force, or those of NAMES (policy.yaml is the policy file's); exit 1 when a
    file is refused.

    The files that the gateway takes by itself are those changed where it runs. This takes the others
    too: an older text, a removed source's file that came back."""
    sys.exit(0 if apply_files(the_gateway(), the_settings(), names, who=who, why=why) else 1)


def apply_files(
    gateway: Gateway, settings: Settings, names: Collection[str] = (), *, who: str = "release", why: str = ""
) -> bool:
    """Take the policy file and every valid differing source file, print what was taken and refused; whether none was
    refused. A policy file with mistakes is refused with all that stands on it."""
    gateway.sources.refresh()
    policy = load.load_policy(settings.policy_file, missed=POLICY in gateway.sources.standing())
    if isinstance(policy, load.Problems):
        click.echo(
            _("%(name)s: refused, and no source can be read without it", name=POLICY) + f"\n{policy.said(language())}",
            err=True,
        )
        return False
    files = load.source_files(settings.sources_dir)
    well = True
    if policy.text and (not names or POLICY in names):
        well = _take(gateway, POLICY, policy, who, why)
    elif POLICY in names:
        click.echo(_("%(name)s: there is no %(file)s; the built-in rules hold", name=POLICY, file=settings.policy_file))
    for name in sorted(set(names or files) - {POLICY}):
        loaded = load.load_file(files[name], policy) if name in files else None
        if isinstance(loaded, load.Loaded):
            well &= _take(gateway, name, loaded, who, why)
        else:
            well = False
            no_file = _("no file %(name)s.yaml in %(folder)s", name=name, folder=settings.sources_dir)
            said = loaded.said(language()) if loaded else no_file
            click.echo(_("%(name)s: refused", name=name) + f"\n{said}", err=True)
    for name in gateway.sources.names() if not names else ():
        if name not in files:
            end = f'flask sources remove {name} --why "..."'
            click.echo(_("%(name)s: stays in force without a file; to end it: %(end)s", name=name, end=end))
    return well


def _take(gateway: Gateway, name: str, loaded: load.Loaded | load.PolicyText, who: str, why: str) -> bool:
    now = gateway.sources.standing().get(name)
    if _stands(now, loaded):
        click.echo(_("%(name)s: version %(n)s stays in force", name=name, n=now.n if now else 0))
        return True
    if isinstance(loaded, load.Loaded) and (missing := unproven(loaded.source, gateway.secrets)):
        click.echo(
            _("%(name)s: refused, for %(why)s", name=name, why=in_words(NO_VALUE.format(missing), language())), err=True
        )
        return False
    taken = gateway.sources.take(name, loaded.text, after=now.n if now else 0, who=who, why=why)
    if taken is None:
        gateway.sources.refresh()
        if _stands(gateway.sources.standing().get(name), loaded):
            click.echo(_("%(name)s: in force; the running gateway has just taken it", name=name))
            return True
        said = _("%(name)s: changed by another process at this very moment; look at it, then apply again", name=name)
        click.echo(said, err=True)
        return False
    again = _(" again, it had been removed") if now and now.removed else ""
    click.echo(_("%(name)s: version %(n)s is in force", name=name, n=taken.n) + again)
    if taken.may_fit:
        fit = ngettext("%(num)d held lead may fit now", "%(num)d held leads may fit now", taken.may_fit)
        click.echo(f"{name}: {fit}: {compare.remap_of(name)}")
    return True


def _stands(now: Standing | None, loaded: load.Loaded | load.PolicyText) -> bool:
    return now is not None and now.digest == loaded.digest and not now.removed
