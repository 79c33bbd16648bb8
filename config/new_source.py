"""A new source's file and its secrets: from a wish to an address that works."""

import difflib
import json
import secrets as entropy
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

from config import examples, load
from config import secrets as secrets_file
from config.yaml_text import parse
from core.new_source import CannotMake, Made, Wish
from core.source import Policy, Source

# Handshakes that need a secret of their own; of VK's, the sender says what it is.
OWN_HANDSHAKE = {"meta": "its verify token", "vk": "the confirmation string that it shows"}
GIVEN_HANDSHAKE = frozenset({"vk"})
PAGE = "new"  # of the console, where a source of this name could not be looked at
CAPS = {  # written out as they hold, so that whoever reads the file sees them
    "calls_per_hour": "what has no room waits; 0 switches a cap off",
    "calls_per_day": "",
    "spend_per_day": "by the provider's (maximum) price",
}


def make(wish: Wish, sources_dir: Path, policy_file: Path, file_of_secrets: Path) -> Made:
    """Write the source's file, and a fresh secret for its proof into SECRETS_FILE. Raises CannotMake; a file that
    would have a mistake is refused before anything is written."""
    if not load.is_name(wish.name) or wish.name == PAGE:
        raise CannotMake("name", "a name has small Latin letters, digits and hyphens, at most 63")
    if wish.preset not in load.preset_names():
        raise CannotMake("preset", unknown(wish.preset))
    preset = examples.preset_source(wish.preset)
    if isinstance(preset, load.Problems):
        raise CannotMake("wrong", preset)
    path = sources_dir / f"{wish.name}.yaml"
    if path.exists():
        raise CannotMake("exists", f"{path} is there already; choose another name, or edit it")
    policy = load.load_policy(policy_file)
    known = policy if isinstance(policy, load.PolicyText) else None
    rules = known.policy if known else Policy()  # what holds for a source that says nothing
    wanted = _wanted(wish.name, preset.source)
    _whole(path, yaml_of(wish, preset.source, rules, *wanted), known)
    values = _write_secrets(wanted, preset.source, file_of_secrets)
    text = yaml_of(wish, preset.source, rules, *values)
    loaded = _whole(path, text, known)
    _create(path, text)
    source = loaded.source if loaded else None
    named = source or replace(preset.source, name=wish.name)
    return Made(str(path), source, preset.source, named, loaded.text if loaded else "", values)


def unknown(name: str) -> str:
    """What to say of a preset that is not there."""
    near = difflib.get_close_matches(name, load.preset_names(), n=1)
    return f"no preset is called {name!r}" + (f"; did you mean {near[0]}?" if near else "; see: flask sources presets")


def _whole(path: Path, text: str, policy: load.PolicyText | None) -> load.Loaded | None:
    """The text as it would be read. None where it only lacks the CRM."""
    parsed = parse(text.encode(), str(path))
    if isinstance(parsed, load.Problems):
        raise CannotMake("wrong", parsed)
    loaded = load.load_text(path.stem, parsed, policy)
    if isinstance(loaded, load.Loaded):
        return loaded
    if all(item.key.startswith("fetch") for item in loaded.items) and "\nfetch:" not in text:
        return None
    raise CannotMake("wrong", loaded)


def _wanted(name: str, source: Source) -> list[str]:
    """Names for the secret of the proof, and for that of a handshake that has one of its own."""
    if source.auth.scheme == "none":
        return []
    return [env_name(name, "TOKEN"), *([env_name(name, "HANDSHAKE")] if handshake_of(source) else [])]


def _write_secrets(wanted: list[str], source: Source, file: Path) -> dict[str, str]:
    """A fresh value for each in SECRETS_FILE, but for what only the sender can say, which is empty here."""
    given = len(wanted) - (handshake_of(source) in GIVEN_HANDSHAKE)
    made = {}
    try:
        for one in wanted[:given]:
            value = entropy.token_urlsafe(18)
            made[secrets_file.add(file, one, value)] = value
    except (OSError, UnicodeDecodeError) as why:
        raise CannotMake("unwritable", f"{file} cannot be written ({why}); nothing was changed") from why
    return made | dict.fromkeys(wanted[given:], "")


def _create(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError as why:
        raise CannotMake("exists", f"{path} is there already; choose another name, or edit it") from why
    except OSError as why:
        raise CannotMake("unwritable", f"{path} cannot be written ({why.strerror})") from why


def yaml_of(wish: Wish, source: Source, rules: Policy, secret: str = "", handshake: str = "") -> str:
    """The commented file."""
    name, quoted = wish.name, json.dumps  # a JSON text is a YAML text
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
        lines.append(f"  handshake: env:{handshake}   # {OWN_HANDSHAKE[handshake_of(source)]}")
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
        lines.append(f"{commented}fetch: {{base: {base}, token: env:{env_name(name, 'CRM')}}}")
    lines += ["policy:", *([f"  countries: [{quoted(wish.region)}]"] if wish.region else [])]
    lines += [
        f'  {cap}: "{Decimal(getattr(rules, cap)):f}"' + (f"   # {said}" if said else "") for cap, said in CAPS.items()
    ]
    lines += [
        '#   hours: "09:00-20:00"       # at the callee\'s; more in config/policy.example.yaml',
        "#   once_per_number: 24h",
    ]
    return "\n".join(lines) + "\n"


def handshake_of(source: Source) -> str:
    """The scheme of the sender's check where that needs a secret of its own; else empty."""
    return next((shake.scheme for shake in source.handshakes if shake.scheme in OWN_HANDSHAKE), "")


def env_name(name: str, what: str) -> str:
    """A name that the environment may hold: of Latin capitals, digits and underscores, no digit first."""
    base = name.upper().replace("-", "_")
    return f"{'' if base[0].isalpha() else 'SOURCE_'}{base}_{what}"
