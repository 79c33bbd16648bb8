"""`flask sources presets`: which senders are known, and what each needs."""

import sys

import click
from flask.cli import with_appcontext

from cli.context import fail
from cli.words import Command
from config import examples, load
from config.new_source import unknown
from core.source import Source

CONFIDENCE = {
    "documented": "documented by the sender",
    "seen": "seen in public code, not documented by the sender",
    "guessed": "guessed; try it before you rely on it",
}
SPANS = ((86_400_000, "days"), (3_600_000, "hours"), (60_000, "minutes"))


@click.command("presets", cls=Command)
@click.argument("name", required=False)
@with_appcontext
def command(name: str | None) -> None:
    """The senders that are known, or everything about the preset NAME. Needs no settings."""
    names = load.preset_names()
    if name is not None:
        if name not in names:
            fail(unknown(name))
        names = [name]
    bad = False
    for one in names:
        loaded = examples.preset_source(one)
        if isinstance(loaded, load.Problems):
            bad = True
            click.echo(str(loaded), err=True)
        elif name is None:
            click.echo(f"{one:<18} {loaded.source.confidence:<10}  {loaded.source.title}")
            for need in loaded.source.needs:
                click.echo(f"{'':<18} needs: {need}")
        else:
            _tell(loaded.source)
    if name is None and not bad:
        click.echo("\nMore about one: flask sources presets NAME    Begin with it: flask sources new PRESET NAME")
    sys.exit(1 if bad else 0)


def proof(source: Source) -> str:
    """How the sender proves itself, in words."""
    auth = source.auth
    if auth.scheme == "token":
        at = {"query": "in the URL's query", "path": "in the URL's path", "header": "in the header"}
        where = at.get(auth.place, "in the body's field")
        return f"a token {where}" + ("" if auth.place == "path" else f" `{auth.name}`")
    if auth.scheme == "basic":
        return f"user and password (Basic), user {auth.user or 'of your choice'}"
    if auth.scheme == "hmac":
        return f"a signature in the header {auth.header or '(yours to name)'}"
    return "nothing" if auth.scheme == "none" else f"the sender's own signature ({auth.scheme})"


def _tell(source: Source) -> None:
    mapping = source.mapping
    key = ", ".join(path.text for path in source.event_key) or "none: told by what it says"
    rows = [
        ("title", source.title),
        ("known from", CONFIDENCE.get(source.confidence, source.confidence)),
        *(("needs", need) for need in source.needs),
        ("proof", proof(source)),
        ("phone in", ", ".join(path.text for path in mapping.number.fields)),
        ("phone in text", ", ".join(path.text for path in mapping.number.in_text)),
        ("person in", ", ".join(path.text for path in mapping.person)),
        ("a lead when", source.lead_when.text if source.lead_when else ""),
        ("repeats by", f"{key}, for {_span(source.repeat_window_ms)}"),
        ("behind the URL", ", ".join(source.paths)),
        ("asks the CRM", ", ".join(step.path.text for step in source.fetch.steps) if source.fetch else ""),
        ("examples", ", ".join(example.request for example in source.examples)),
        ("notes", source.notes.strip()),
    ]
    for label, text in rows:
        if text:
            click.echo(f"{label + ':':<15} {text}")
    click.echo(f"\nBegin with it: flask sources new {source.name} NAME")


def _span(ms: int) -> str:
    size, unit = next(((size, unit) for size, unit in SPANS if ms % size == 0), (1000, "s"))
    return f"{ms // size} {unit}"
