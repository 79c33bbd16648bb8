"""`flask sources`: the owner's forms and CRMs, from a preset to what is in force."""

from typing import ClassVar

import click

from cli.commands import OnDemand
from cli.words import Group


class Sources(OnDemand, Group):
    where: ClassVar = {
        name: f"cli.sources_{name}:command" for name in ("presets", "new", "check", "try", "apply", "list", "remove")
    }


@click.group("sources", cls=Sources)
def command() -> None:
    """The owner's forms and CRMs: presets, new, check, try, apply, list, remove."""
