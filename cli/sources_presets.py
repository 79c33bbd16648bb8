"""`flask sources presets`: which senders are known, and what each needs."""

import sys

import click
from flask.cli import with_appcontext

from cli.context import fail
from cli.words import Command, _, language
from config import examples, load, preset_words
from config.new_source import unknown
from core.problem_words import in_words
from core.source import Source

# Each is a text of the catalogue.
CONFIDENCE = {
    "documented": "documented by the sender",
    "seen": "seen in public code, not documented by the sender",
    "guessed": "guessed; try it before you rely on it",
}
SHORTLY = {name: name for name in CONFIDENCE}
PLACES = {
    "query": "a token in the URL's query",
    "path": "a token in the URL's path",
    "header": "a token in the header",
    "field": "a token in the body's field",
}
SPANS = ((86_400_000, "days"), (3_600_000, "hours"), (60_000, "minutes"), (1000, "s"))


@click.command("presets", cls=Command)
@click.argument("name", required=False)
@with_appcontext
def command(name: str | None) -> None:
    """The senders that are known, or everything about the preset NAME. Needs no settings."""
    names = load.preset_names()
    if name is not None:
        if name not in names:
            fail(in_words(unknown(name), language()))
        names = [name]
    bad = False
    for one in names:
        loaded = examples.preset_source(one)
        if isinstance(loaded, load.Problems):
            bad = True
            click.echo(loaded.said(language()), err=True)
        elif name is None:
            known = _(SHORTLY[loaded.source.confidence]).ljust(max(len(_(text)) for text in SHORTLY))
            click.echo(f"{one:<18} {known}  {preset_words.title_of(loaded.source, language())}")
            for need in preset_words.needs_of(loaded.source, language()):
                click.echo(f"{'':<18} {_('needs')}: {need}")
        else:
            _tell(loaded.source)
    if name is None and not bad:
        more, begin = _("More about one:"), _("Begin with it:")
        click.echo(f"\n{more} flask sources presets NAME    {begin} flask sources new PRESET NAME")
    sys.exit(1 if bad else 0)


def proof(source: Source) -> str:
    """How the sender proves itself, in words."""
    auth = source.auth
    if auth.scheme == "token":
        return _(PLACES.get(auth.place, PLACES["field"])) + ("" if auth.place == "path" else f" `{auth.name}`")
    if auth.scheme == "basic":
        return _("user and password (Basic), user %(name)s", name=auth.user or _("of your choice"))
    if auth.scheme == "hmac":
        return _("a signature in the header %(name)s", name=auth.header or _("(yours to name)"))
    return _("nothing") if auth.scheme == "none" else _("the sender's own signature (%(scheme)s)", scheme=auth.scheme)


def _tell(source: Source) -> None:
    mapping = source.mapping
    key = ", ".join(path.text for path in source.event_key) or _("none: told by what it says")
    rows = [
        (_("title"), preset_words.title_of(source, language())),
        (_("known from"), _(CONFIDENCE.get(source.confidence, source.confidence))),
        *((_("needs"), need) for need in preset_words.needs_of(source, language())),
        (_("proof"), proof(source)),
        (_("phone in"), ", ".join(path.text for path in mapping.number.fields)),
        (_("phone in text"), ", ".join(path.text for path in mapping.number.in_text)),
        (_("person in"), ", ".join(path.text for path in mapping.person)),
        (_("a lead when"), source.lead_when.text if source.lead_when else ""),
        (_("repeats by"), _("%(key)s, for %(span)s", key=key, span=_span(source.repeat_window_ms))),
        (_("behind the URL"), ", ".join(source.paths)),
        (_("asks the CRM"), ", ".join(step.path.text for step in source.fetch.steps) if source.fetch else ""),
        (_("examples"), ", ".join(example.request for example in source.examples)),
        (_("notes"), preset_words.notes_of(source, language())),
    ]
    width = max(len(label) for label, _text in rows) + 1
    for label, text in rows:
        if text:
            click.echo(f"{label + ':':<{width}} {text}")
    click.echo("\n" + _("Begin with it:") + f" flask sources new {source.name} NAME")


def _span(ms: int) -> str:
    size, unit = next((size, unit) for size, unit in SPANS if ms % size == 0)
    return f"{ms // size} {_(unit)}"
