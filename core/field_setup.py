"""Which field becomes the call, as a form: what one would write for a value that was clicked. Pure.

A line of the form is a reference as `core.expressions.expression.Path` takes it; keys that are no plain words are
written as a JSON list from the top, `["order", "Номер телефона"]`, and patterns as `{"like": ["tel-*"]}`.
"""

import json
from dataclasses import dataclass
from typing import Any

from core.expressions.expression import BadExpression, Condition, Found, Path, Template
from core.source import Source

Way = tuple[str, ...]


@dataclass(frozen=True)
class Setup:
    """What the form holds, as lines. `rules` are (condition, script); an empty condition is no rule."""

    number: tuple[str, ...] = ()
    rules: tuple[tuple[str, str], ...] = ()
    default: str = ""
    sms: str = ""


@dataclass(frozen=True)
class Written:
    """What a click on a value writes: `reference` for the number, `condition` for a script, `sms` for its text;
    empty where the value cannot be told so."""

    reference: str
    condition: str = ""
    sms: str = ""


def setup_of(source: Source) -> Setup:
    """The form as the source has it now."""
    mapping = source.mapping
    return Setup(
        number=tuple(line_of(path) for path in mapping.number.fields),
        rules=tuple((rule.when.text, rule.value) for rule in mapping.script.rules),
        default=mapping.script.default or "",
        sms=mapping.sms.text if mapping.sms else "",
    )


def is_simple(source: Source) -> bool:
    """Whether the form can say all that the source says of its script; where the form's own field chooses among
    allowed scripts, only the whole text can."""
    return not source.mapping.script.fields


def line_of(path: Path) -> str:
    """The line of the form that means this reference."""
    return json.dumps({"like": json.loads(path.text)}, ensure_ascii=False) if path.patterns is not None else path.text


def value_of(line: str) -> str | dict[str, Any]:
    """What stands in the file for a line. Raises BadExpression."""
    line = line.strip()
    if line[:1] not in ("[", "{"):
        Path.compile(line)
        return line
    try:
        found = json.loads(line)
    except ValueError:
        found = None
    if isinstance(found, list):
        Path.compile(found)
        return {"path": found}
    if isinstance(found, dict) and isinstance(found.get("like"), list):
        return {"like": found["like"]}
    Path.compile(line)  # a JMESPath expression may begin with a bracket, too
    return line


def path_of(line: str) -> Path:
    """The reference that a line means. Raises BadExpression."""
    value = value_of(line)
    if isinstance(value, str):
        return Path.compile(value)
    return Path.compile(value["path"]) if "path" in value else Path.like(tuple(value["like"]))


def written(payload: Any, way: Way, value: Any) -> Written:
    """What to write for the value that stands at `way` in the payload: the shortest that reads it back."""
    reference = next((line for line in _references(way) if _reads(line, payload) == Found(value)), "")
    condition = next((text for text in _conditions(way, value) if _holds(text, payload)), "")
    plain = ".".join(way)
    sms = "{{ " + plain + " }}"
    return Written(reference, condition, sms if _writes(sms, payload, value) else "")


def _references(way: Way) -> tuple[str, ...]:
    keys = json.dumps(list(way), ensure_ascii=False)
    plain = all(step.isascii() and step.isidentifier() for step in way)
    return (".".join(way), keys) if plain or len(way) == 1 else (keys,)


def _conditions(way: Way, value: Any) -> tuple[str, ...]:
    if not isinstance(value, str) or not value.strip() or len(value) > 80 or "\n" in value:
        return ()
    steps = ""
    for step in way:
        if step.isdigit():
            steps += f"[{step}]"
            continue
        named = step if step.isascii() and step.isidentifier() else json.dumps(step, ensure_ascii=False)
        steps += ("." if steps else "") + named
    said = value.replace("\\", "\\\\").replace("'", "\\'")
    return (f"{steps} == '{said}'",)


def _reads(line: str, payload: Any) -> Any:
    try:
        return path_of(line).read(payload)
    except BadExpression:
        return None


def _holds(text: str, payload: Any) -> bool:
    try:
        return Condition.compile(text).holds(payload) is True
    except BadExpression:
        return False


def _as_it_is(value: Any, default: str) -> str:
    return str(value)


def _writes(text: str, payload: Any, value: Any) -> bool:
    if not isinstance(value, str):
        return False
    try:
        return value.strip() != "" and Template.compile(text).render(payload, _as_it_is).strip() == value.strip()
    except BadExpression:
        return False
