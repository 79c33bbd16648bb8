"""`flask sources new`: from nothing to an address that works, without a question and without a restart."""

import click
from flask.cli import with_appcontext

from cli.context import fail, the_places
from cli.sources_presets import proof
from cli.words import Command, _, language
from config import load, new_source, preset_words
from config.new_source import OWN_HANDSHAKE, env_name, handshake_of
from config.settings import Places
from core.new_source import DEFAULT_SCRIPT, CannotMake, Made, Wish, address, stands_in_url
from core.problem_words import in_words


@click.command("new", cls=Command)
@click.argument("preset")
@click.argument("name")
@click.option("--script", default=DEFAULT_SCRIPT, show_default=True, help="The voice script's name at the provider.")
@click.option("--region", default="", help="The country of numbers without +, as two letters; it may be called, too.")
@click.option("--sms", default="", help="An SMS after the call, like: Hello {{ name }}!")
@click.option("--crm", default="", help="Where your CRM answers, for senders that post only an id.")
@click.option("--dry-run", is_flag=True, help="Decide everything, ring nobody, until it is taken out of the file.")
@with_appcontext
def command(preset: str, name: str, script: str, region: str, sms: str, crm: str, dry_run: bool) -> None:
    """Write the source NAME for the sender PRESET, with a fresh secret, and print what to paste where.

    It is live within 2 s where the gateway runs. Asks nothing and needs no settings."""
    if not load.is_name(name):
        raise click.BadParameter(_("small Latin letters, digits and hyphens, at most 63"), param_hint="NAME")
    places = the_places()
    wish = Wish(preset, name, script, region.upper(), sms, crm, dry_run)
    try:
        made = new_source.make(wish, places.sources_dir, places.policy_file, places.secrets_file)
    except CannotMake as why:
        fail(why.said(language()))
    _tell(made, wish, places)


def _tell(made: Made, wish: Wish, places: Places) -> None:
    say, names = click.echo, list(made.secrets)
    source = made.named
    token = made.secrets[names[0]] if names else ""
    say(_("written: %(file)s (live within 2 s where the gateway runs)", file=made.file) + "\n")
    say(_("The URL to paste:") + f"\n\n{address(places.public_url, source, token)}\n")
    if source.auth.scheme != "none" and not stands_in_url(source):
        say(_("Proof: %(proof)s. The secret:", proof=proof(source)) + f"\n\n{token}\n")
        where = {"file": places.secrets_file, "name": names[0]}
        say(_("Where the sender shows a secret of its own, put that into %(file)s as %(name)s instead.", **where))
    for need in preset_words.needs_of(source, language()):
        say(_("Where: %(need)s", need=need))
    for one in names[1:]:
        what, value = in_words(OWN_HANDSHAKE[handshake_of(source)], language()), made.secrets[one]
        goes = _("goes into %(file)s as %(name)s=...", file=places.secrets_file, name=one)
        said = _("is %(value)s", value=value) if value else goes
        say(_("To begin, the sender also wants an answer to its check: %(what)s %(said)s", what=what, said=said))
    if source.fetch or (not wish.crm and made.preset.fetch):
        if not wish.crm:
            say(_("Still to do, for leads that come as an id only: `fetch` in the file (where your CRM answers), and"))
        crm = {"file": places.secrets_file, "name": env_name(wish.name, "CRM")}
        say(_("your CRM's long-lived token in %(file)s as %(name)s=...", **crm))
    if wish.dry_run:
        say(_("A dry run: nobody is rung until the line `dry_run: true` is taken out of the file."))
    say(_("Check it: flask sources check %(name)s", name=wish.name))
