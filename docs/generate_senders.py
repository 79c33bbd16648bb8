"""Writes the pages about senders, docs/senders/ and docs/ru/senders/: one a preset and an index of each language.

    python -m docs.generate_senders                  writes the pages that differ
    python -m docs.generate_senders --looked tilda   the texts of tilda were read against its preset as it is now

A page is made of the preset (config/presets/<sender>.yaml), so the two cannot disagree, and of what no preset can
say (docs/sender_texts/<sender>.yaml). `looked` in the latter is a digest of what the preset said when the text
was written: when the preset changes, tests/test_sender_docs.py asks for somebody to read the text again.

Keys of a text: `try`, the example of "Try it"; `crm`, where such a CRM answers; `number`, `rule` and `also`, a field,
a condition and a line for the YAML; `key_among_fields`, "true" where visitors may be able to choose the event key; and
in `en` and `ru`: `title` (ru), `sure` (whence it is known), `steps`, `know` (ru; in English these are the preset's
notes), `cannot`, `why` (of `also`), `tests`.
"""

import sys
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from config import examples, load
from config.yaml_text import parse
from core.source import Source
from docs import sender_curl, sender_facts
from docs.sender_facts import WORDS

ROOT = Path(__file__).parent.parent
TEXTS = ROOT / "docs/sender_texts"
FOLDERS = {"en": ROOT / "docs/senders", "ru": ROOT / "docs/ru/senders"}
TEMPLATES = Environment(
    loader=FileSystemLoader(TEXTS),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    autoescape=False,  # noqa: S701 - what comes of them is Markdown
)


def _scalar(text: str) -> str:
    """A text as YAML, in quotes."""
    return "'" + text.replace("'", "''") + "'" if '"' in text else f'"{text}"'


TEMPLATES.filters["scalar"] = _scalar


def main(arguments: list[str]) -> None:
    """Write what differs; with --looked NAME... note that those texts were read."""
    if arguments[:1] == ["--looked"]:
        for name in arguments[1:]:
            _look(name)
    for path, text in pages().items():
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            print(path.relative_to(ROOT))  # noqa: T201 - what a person at a terminal wants to know


def pages() -> dict[Path, str]:
    """Every page by its path, as it should be. ValueError names a preset or text that cannot be read."""
    made = {}
    names = load.preset_names()
    for language, folder in FOLDERS.items():
        rows = [_facts(name, language) for name in names]
        for row in rows:
            made[folder / f"{row['name']}.md"] = _render(f"page.{language}.j2", row)
        made[folder / "index.md"] = _render(f"index.{language}.j2", {"rows": rows})
    return made


@cache
def source_of(name: str) -> Source:
    """The preset as an owner would use it."""
    loaded = examples.preset_source(name)
    if isinstance(loaded, load.Problems):
        raise ValueError(str(loaded))
    return loaded.source


def text_of(name: str) -> dict[str, Any]:
    """What is written by hand about a sender."""
    path = TEXTS / f"{name}.yaml"
    text = parse(path.read_bytes(), str(path)) if path.is_file() else None
    if not isinstance(text, load.Text):
        raise ValueError(str(text or f"{path} has to be written"))
    return text.value


def _facts(name: str, language: str) -> dict[str, Any]:
    source, text, words = source_of(name), text_of(name), WORDS[language]
    secrets = sender_facts.secret_names(source)
    known = load.read_preset(name)
    base = known.value.get("fetch", {}).get("base", "") if isinstance(known, load.Text) else ""
    return {
        "name": name,
        "source": source,
        "title": text[language].get("title", source.title),
        "confidence": words[source.confidence],
        "text": text[language],
        "common": {"rule": "", "number": "", "also": "", "crm": base, "key_among_fields": "", **text},
        "number": _number(text, known),
        "base": base,
        "secrets": secrets,
        "proof": sender_facts.proof(source, words),
        "needs": sender_facts.needs(source, words),
        "url": "http://127.0.0.1:8000/hooks/my-" + name + sender_facts.token_in_url(source),
        "phone": sender_facts.fields(source, source.mapping.number.fields + source.mapping.number.in_text, words),
        "person": sender_facts.fields(source, source.mapping.person, words),
        "repeat": sender_facts.repeat(source, words),
        "unsigned": sender_facts.covered(source, words),
        "reply": sender_facts.reply(source, words),
        "several": words["yes"] if sender_facts.several(source) else "",
        "fetch": sender_facts.fetch(source, words),
        "outcomes": sender_facts.outcomes(source, words),
        "trial": sender_curl.trial(source, text["try"]),
        "example": f"{sender_curl.FOLDER}/{text['try']}",
    }


def _number(text: dict[str, Any], preset: Any) -> list[str]:
    """The fields of a phone to write, each as YAML: the text's, then the preset's own, whose list they replace."""
    if not text.get("number"):
        return []
    own = yaml.safe_load(text["number"])
    shipped = preset.value["mapping"]["number"].get("field", []) if isinstance(preset, load.Text) else []
    wanted = [*_listed(own), *_listed(shipped)]
    return [_flow(field) for at, field in enumerate(wanted) if field not in wanted[:at]]


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _flow(value: Any) -> str:
    line = yaml.safe_dump(value, default_flow_style=True, allow_unicode=True, width=10_000)
    return line.removesuffix("\n").removesuffix("\n...")


def _render(template: str, facts: dict[str, Any]) -> str:
    return TEMPLATES.get_template(template).render(facts).rstrip("\n") + "\n"


def _look(name: str) -> None:
    path = TEXTS / f"{name}.yaml"
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if not line.startswith("looked:")]
    at = next(n for n, line in enumerate(lines) if not line.startswith("#"))
    lines.insert(at, f'looked: "{sender_facts.looked_at(name)}"')
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
