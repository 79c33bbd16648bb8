"""`flask sources`: look at the source files and put them into force."""

import sys
from pathlib import Path

import click
from flask import current_app
from flask.cli import with_appcontext

from cli.commands import the_house, the_settings
from config import load
from config.settings import ROOT, Settings
from flow.house import House
from store import sources


@click.group("sources")
def command() -> None:
    """The owner's forms and CRMs: check, apply, list."""


@command.command("check")
@with_appcontext
def check() -> None:
    """Find every problem of every source file. Needs no settings."""
    settings: Settings | None = current_app.config.get("SETTINGS")
    folder = settings.sources_dir if settings else ROOT / "config/sources"
    policy_file = settings.policy_file if settings else ROOT / "config/policy.yaml"
    policy = load.load_policy(policy_file)
    if isinstance(policy, load.Problems):
        click.echo(str(policy))
        sys.exit(1)
    bad = False
    found = load.load_dir(folder, policy)
    for name, loaded in found.items():
        if isinstance(loaded, load.Problems):
            bad = True
            click.echo(str(loaded))
            continue
        click.echo(f"{name}: ok")
        if unheeded := load.not_enforced(loaded.text):
            click.echo(f"{name}: not enforced yet: {', '.join(unheeded)}")
    if not found:
        click.echo(f"no source files in {_short(folder)}")
    sys.exit(1 if bad else 0)


@command.command("apply")
@with_appcontext
def apply() -> None:
    """Put every valid differing file into force; exit 1 when a file is refused."""
    sys.exit(0 if apply_files(the_house(), the_settings()) else 1)


@command.command("list")
@with_appcontext
def list_() -> None:
    """The sources in force and their versions."""
    house = the_house()
    house.sources.refresh()
    for name in house.sources.names():
        current = house.sources.get(name)
        if current is not None:
            off = "" if current.source.enabled else ", off"
            click.echo(f"{name}: version {current.n}, preset {current.source.preset}{off}")


def apply_files(house: House, settings: Settings) -> bool:
    """Take every valid differing file, print what was taken and refused; whether none was refused."""
    policy = load.load_policy(settings.policy_file)
    if isinstance(policy, load.Problems):
        click.echo(str(policy), err=True)
        return False
    well = True
    for name, loaded in load.load_dir(settings.sources_dir, policy).items():
        if isinstance(loaded, load.Problems):
            well = False
            click.echo(f"{name}: refused\n{loaded}", err=True)
        else:
            click.echo(f"{name}: {_take(house, name, loaded)}")
    house.sources.refresh()
    return well


def _take(house: House, name: str, loaded: load.Loaded) -> str:
    with house.store.write() as tx:
        now = house.store.now_ms(tx)
        newest = sources.newest(tx, name)
        current = sources.in_force(tx, name)
        if current is not None and current.digest == sources.text_digest(loaded.text):
            return f"version {current.n} stays in force"
        n = sources.put_in_force(tx, name, loaded.text, after=newest, who="apply", now=now)
    return "changed by another process at this moment; apply again" if n is None else f"version {n} is in force"


def _short(path: Path) -> str:
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)
