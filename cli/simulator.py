"""`flask simulator`: the provider's twin, which rings nobody."""

import sys

import click

from simulator.__main__ import main


@click.command("simulator", context_settings={"ignore_unknown_options": True, "help_option_names": []})
@click.argument("options", nargs=-1, type=click.UNPROCESSED)
def command(options: tuple[str, ...]) -> None:
    """Run a faithful twin of the voice provider; needs no settings (--help lists its behaviours)."""
    sys.exit(main(list(options)))
