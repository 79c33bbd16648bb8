"""`flask sources apply`: the differing source files and the policy file into force, at a person's word."""

import sys
from collections.abc import Collection

import click
from flask.cli import with_appcontext

from cli.context import login, the_gateway, the_settings
from config import load
from config.settings import Settings
from config.watch import NO_VALUE
from core.overall import POLICY, Standing
from core.proofs.authentic import unproven
from flow import compare
from flow.gateway import Gateway


@click.command("apply")
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
        click.echo(f"{POLICY}: refused, and no source can be read without it\n{policy}", err=True)
        return False
    files = load.source_files(settings.sources_dir)
    well = True
    if policy.text and (not names or POLICY in names):
        well = _take(gateway, POLICY, policy, who, why)
    elif POLICY in names:
        click.echo(f"{POLICY}: there is no {settings.policy_file}; the built-in rules hold")
    for name in sorted(set(names or files) - {POLICY}):
        loaded = load.load_file(files[name], policy) if name in files else None
        if isinstance(loaded, load.Loaded):
            well &= _take(gateway, name, loaded, who, why)
        else:
            well = False
            click.echo(f"{name}: refused\n{loaded or f'no file {name}.yaml in {settings.sources_dir}'}", err=True)
    for name in gateway.sources.names() if not names else ():
        if name not in files:
            end = f'flask sources remove {name} --why "..."'
            click.echo(f"{name}: stays in force without a file; to end it: {end}")
    return well


def _take(gateway: Gateway, name: str, loaded: load.Loaded | load.PolicyText, who: str, why: str) -> bool:
    now = gateway.sources.standing().get(name)
    if _stands(now, loaded):
        click.echo(f"{name}: version {now.n if now else 0} stays in force")
        return True
    if isinstance(loaded, load.Loaded) and (missing := unproven(loaded.source, gateway.secrets)):
        click.echo(f"{name}: refused, for {NO_VALUE.format(missing)}", err=True)
        return False
    taken = gateway.sources.take(name, loaded.text, after=now.n if now else 0, who=who, why=why)
    if taken is None:
        gateway.sources.refresh()
        if _stands(gateway.sources.standing().get(name), loaded):
            click.echo(f"{name}: in force; the running gateway has just taken it")
            return True
        click.echo(f"{name}: changed by another process at this very moment; look at it, then apply again", err=True)
        return False
    click.echo(
        f"{name}: version {taken.n} is in force" + (" again, it had been removed" if now and now.removed else "")
    )
    if taken.may_fit:
        click.echo(f"{name}: {compare.may_fit(name, taken.may_fit)}")
    return True


def _stands(now: Standing | None, loaded: load.Loaded | load.PolicyText) -> bool:
    return now is not None and now.digest == loaded.digest and not now.removed
