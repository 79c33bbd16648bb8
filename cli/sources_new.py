"""`flask sources new`: from nothing to an address that works, without a question and without a restart."""

import json
import secrets as entropy
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from urllib.parse import quote

import click
from flask.cli import with_appcontext

from cli.context import fail, the_places
from cli.sources_presets import proof, unknown
from config import examples, load
from config import secrets as secrets_file
from config.settings import Places
from config.yaml_text import parse
from core.source import Policy, Source

# Handshakes that need a secret of their own; of VK's, the sender says what it is.
OWN_HANDSHAKE = {"meta": "its verify token", "vk": "the confirmation string that it shows"}
GIVEN_HANDSHAKE = frozenset({"vk"})
IN_URL = ("query", "path")
CAPS = {  # written out as they hold, so that whoever reads the file sees them
    "calls_per_hour": "what has no room waits; 0 switches a cap off",
    "calls_per_day": "",
    "spend_per_day": "by the provider's (maximum) price",
}


@dataclass(frozen=True)
class Wish:
    """What the owner said on the command line; what is empty, the preset or the default says."""

    script: str
    region: str
    sms: str
    crm: str
    dry_run: bool


@click.command("new")
@click.argument("preset")
@click.argument("name")
@click.option("--script", default="Заявка с сайта", show_default=True, help="The voice script's name at the provider.")
@click.option("--region", default="", help="The country of numbers without +, as two letters; it may be called, too.")
@click.option("--sms", default="", help="An SMS after the call, like: Hello {{ name }}!")
@click.option("--crm", default="", help="Where your CRM answers, for senders that post only an id.")
@click.option("--dry-run", is_flag=True, help="Decide everything, ring nobody, until it is taken out of the file.")
@with_appcontext
def command(preset: str, name: str, script: str, region: str, sms: str, crm: str, dry_run: bool) -> None:
    """Write the source NAME for the sender PRESET, with a fresh secret, and print what to paste where.

    It is live within 2 s where the gateway runs. Asks nothing and needs no settings."""
    if not load.is_name(name):
        raise click.BadParameter("small Latin letters, digits and hyphens, at most 63", param_hint="NAME")
    if preset not in load.preset_names():
        fail(unknown(preset))
    known = examples.preset_source(preset)
    if isinstance(known, load.Problems):
        fail(str(known))
    places = the_places()
    path = places.sources_dir / f"{name}.yaml"
    if path.exists():
        fail(f"{path} is there already; choose another name, or edit it")
    source, wish = known.source, Wish(script, region.upper(), sms, crm, dry_run)
    wanted = _wanted(name, source)
    rules = _rules(places)
    draft = _whole(path, _yaml(name, source, wish, rules, *wanted), places)  # before anything is written
    values = _write_secrets(wanted, source, places.secrets_file)
    text = _yaml(name, source, wish, rules, *values)
    written = _whole(path, text, places)
    _create(path, text)
    _tell(name, written or draft or source, wish, places, values)


def _rules(places: Places) -> Policy:
    """What holds for a source that says nothing."""
    policy = load.load_policy(places.policy_file)
    return policy.policy if isinstance(policy, load.PolicyText) else Policy()


def _whole(path: Path, text: str, places: Places) -> Source | None:
    """The source of the text as written. Ends where an option makes it wrong; None where it only lacks the CRM."""
    policy = load.load_policy(places.policy_file)
    parsed = parse(text.encode(), str(path))
    if isinstance(parsed, load.Problems):
        fail(str(parsed))
    loaded = load.load_text(path.stem, parsed, None if isinstance(policy, load.Problems) else policy)
    if isinstance(loaded, load.Loaded):
        return loaded.source
    if all(item.key.startswith("fetch") for item in loaded.items) and "\nfetch:" not in text:
        return None
    fail(str(loaded))


def _wanted(name: str, source: Source) -> list[str]:
    """Names for the secret of the proof, and for that of a handshake that has one of its own."""
    if source.auth.scheme == "none":
        return []
    return [_env(name, "TOKEN"), *([_env(name, "HANDSHAKE")] if _handshake(source) else [])]


def _write_secrets(wanted: list[str], source: Source, file: Path) -> tuple[str, ...]:
    """A fresh value for each in SECRETS_FILE, but for what only the sender can say; the names they got."""
    given = len(wanted) - (_handshake(source) in GIVEN_HANDSHAKE)
    try:
        made = [secrets_file.add(file, one, entropy.token_urlsafe(18)) for one in wanted[:given]]
    except (OSError, UnicodeDecodeError) as why:
        fail(f"{file} cannot be written ({why}); nothing was changed")
    return tuple(made + wanted[given:])


def _create(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except OSError as why:
        fail(f"{path} cannot be written ({why.strerror})")


def _yaml(name: str, source: Source, wish: Wish, rules: Policy, secret: str = "", handshake: str = "") -> str:
    """The commented file."""
    quoted = json.dumps  # a JSON text is a YAML text
    lines = [
        f"# {source.title or source.preset}, served at /hooks/{name}. Live within 2 s of being saved.",
        f"# See:  flask sources check {name}  |  flask sources try {name} REQUEST.http  |  docs/sources.md",
        f"preset: {source.preset}",
        "enabled: true          # false: what comes is kept, its leads are held",
    ]
    if wish.dry_run:
        lines.append("dry_run: true          # all is decided, nobody is rung; take this line out to ring")
    if secret:
        lines += ["auth:", f"  secret: env:{secret}   # its value stands in SECRETS_FILE, never here"]
    if handshake:
        lines.append(f"  handshake: env:{handshake}   # {OWN_HANDSHAKE[_handshake(source)]}")
    lines += ["mapping:", f"  script: {quoted(wish.script, ensure_ascii=False)}   # as the provider's panel names it"]
    lines += [
        "  # or by what came:  script: {rules: [{when: \"utm_source == 'vk'\", value: VK}], default: Site}",
    ]
    if wish.region:
        lines.append(f"  number: {{region: {quoted(wish.region)}}}   # of numbers without +")
    field = source.mapping.number.fields[0].text if source.mapping.number.fields else "phone"
    lines.append(f"  # where the phone stands, if elsewhere:  number: {{field: {quoted(field, ensure_ascii=False)}}}")
    if wish.sms:
        lines.append(f"  sms: {{template: {quoted(wish.sms, ensure_ascii=False)}}}")
    else:
        lines.append('  # sms: {template: "Hello {{ name }}, we got your request."}')
    if source.fetch:
        commented = "" if wish.crm else "# "
        base = quoted(wish.crm or "https://portal.example")
        lines += ["# This sender may post only an id; the phone is then asked of your CRM."]
        lines.append(f"{commented}fetch: {{base: {base}, token: env:{_env(name, 'CRM')}}}")
    lines += ["policy:", *([f"  countries: [{quoted(wish.region)}]"] if wish.region else [])]
    lines += [
        f'  {cap}: "{Decimal(getattr(rules, cap)):f}"' + (f"   # {said}" if said else "") for cap, said in CAPS.items()
    ]
    lines += [
        '#   hours: "09:00-20:00"       # at the callee\'s; more in config/policy.example.yaml',
        "#   once_per_number: 24h",
    ]
    return "\n".join(lines) + "\n"


def _tell(name: str, source: Source, wish: Wish, places: Places, values: tuple[str, ...]) -> None:
    say = click.echo
    known = secrets_file.values_of(places.secrets_file) if values else {}
    token = known.get(values[0], "") if values else ""
    auth, url = source.auth, f"{places.public_url}/hooks/{name}"
    if auth.scheme == "token" and auth.place in IN_URL:
        url += f"?{quote(auth.name)}={token}" if auth.place == "query" else f"/{token}"
    say(f"written: {places.sources_dir / f'{name}.yaml'} (live within 2 s where the gateway runs)\n")
    say(f"The URL to paste:\n\n{url}\n")
    if auth.scheme != "none" and not (auth.scheme == "token" and auth.place in IN_URL):
        say(f"Proof: {proof(source)}. The secret:\n\n{token}\n")
        say(f"Where the sender shows a secret of its own, put that into {places.secrets_file} as {values[0]} instead.")
    for need in source.needs:
        say(f"Where: {need}")
    for one in values[1:]:
        what = OWN_HANDSHAKE[_handshake(source)]
        said = f"is {known[one]}" if one in known else f"goes into {places.secrets_file} as {one}=..."
        say(f"To begin, the sender also wants an answer to its check: {what} {said}")
    if source.fetch or (not wish.crm and _asks(source)):
        crm = _env(name, "CRM")
        if not wish.crm:
            say("Still to do, for leads that come as an id only: `fetch` in the file (where your CRM answers), and")
        say(f"your CRM's long-lived token in {places.secrets_file} as {crm}=...")
    if wish.dry_run:
        say("A dry run: nobody is rung until the line `dry_run: true` is taken out of the file.")
    say(f"Check it: flask sources check {name}")


def _asks(source: Source) -> bool:
    known = examples.preset_source(source.preset)
    return isinstance(known, load.Loaded) and known.source.fetch is not None


def _handshake(source: Source) -> str:
    return next((shake.scheme for shake in source.handshakes if shake.scheme in OWN_HANDSHAKE), "")


def _env(name: str, what: str) -> str:
    """A name that the environment may hold: of Latin capitals, digits and underscores, no digit first."""
    base = name.upper().replace("-", "_")
    return f"{'' if base[0].isalpha() else 'SOURCE_'}{base}_{what}"
