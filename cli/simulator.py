"""`flask simulator`: the provider's twin, which rings nobody."""

import sys

import click

from simulator.server import serve


@click.command("simulator")
@click.option("--port", type=click.IntRange(0, 65535), default=8001, show_default=True, help="0: any free one.")
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--key", help="The API key it knows (default: it takes any).")
@click.option("--behaviour", default="accept", show_default=True, help="What it does; GET / lists all.")
@click.option("--behave-for", type=click.IntRange(0), help="For the first N calls only.")
@click.option("--log", help="A file that gets one JSON line a call, before it is answered.")
@click.option("--quiet", is_flag=True, help="No line per call.")
def command(
    port: int, host: str, key: str | None, behaviour: str, behave_for: int | None, log: str | None, quiet: bool
) -> None:
    """Run a faithful twin of the voice provider; needs no settings. GET /calls shows what it rang."""
    sys.exit(serve(host, port, quiet=quiet, key=key, behaviour=behaviour, behave_for=behave_for, log=log))
