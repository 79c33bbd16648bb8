"""What a source's text says about a payload: `Path` reads, `Condition` decides, `Template` writes.

All three are checked when the text is loaded, are frozen, compare by their text, and never raise
when used, whatever the payload. A `field` that is no JMESPath but a plain key (`Телефон`,
`your-phone`, `3`) means that key; `{path: [...]}` spells out deeper ones, `{like: tel-*}` is the first
filled in of the keys that fit.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from core.expressions import jmes
from core.expressions.expression_advice import deep_path, quoted, unquoted_value
from core.expressions.jmes import BadExpression, Failed, NotJmespath
from core.expressions.sms_template import parse_template

__all__ = [
    "MISSING",
    "BadExpression",
    "Condition",
    "Failed",
    "Found",
    "Missing",
    "Path",
    "Template",
    "first",
    "is_empty",
]

STEPS = 32
RENDERED = 2000
# Characters that show a reference was meant as JMESPath; a plain key that holds one is written {path: [...]}.
OPERATORS = re.compile(r"[\[\]{}()|&!<>=@*'\"`$\\]")
PLACEHOLDER = re.compile(r"\s*(?:\{\{?[\w\s.$:|-]+\}?\}|\[\[?[A-Za-z_][\w.:-]*\]\]?|%[A-Za-z_][\w.]*%)\s*")


@dataclass(frozen=True)
class Found:
    """The payload has a value there; it is not null."""

    value: Any


@dataclass(frozen=True)
class Missing:
    """The payload has nothing there, or null."""


MISSING = Missing()


def is_empty(value: Any) -> bool:
    """Whether a sender left the field out: null, blank, an empty object, a list of such, or a variable
    that its own template did not fill in (GetCourse sends a misspelled `{object.phone}` as it stands)."""
    if isinstance(value, str):
        return not value.strip() or PLACEHOLDER.fullmatch(value) is not None
    if isinstance(value, list):  # `[first_name, last_name]` of a payload that has neither
        return all(is_empty(item) for item in value)
    return value is None or value == {}


@dataclass(frozen=True)
class Path:
    """Where a value stands. `steps` are the keys from the top when it is a plain way down, which is
    read without JMESPath (under 1 us); a step of digits also counts into a list. `patterns` are such
    keys where `*` stands for any characters and the case of letters does not matter."""

    text: str
    steps: tuple[str, ...] | None = None
    patterns: tuple[str, ...] | None = None
    _parsed: Any = field(default=None, compare=False, repr=False)

    @classmethod
    def compile(cls, text: str | list[str] | tuple[str, ...]) -> "Path":
        """From a reference's text, or from the keys of `{path: [...]}`. BadExpression when it is neither."""
        if not isinstance(text, str):
            return cls._of_keys(tuple(text))
        text = text.strip()
        if not text or len(text) > jmes.LENGTH:
            raise BadExpression(f"a field of the payload, 1 to {jmes.LENGTH} characters")
        try:
            parsed = jmes.parse(text)
        except NotJmespath:
            return cls._of_plain_key(text)
        return cls(text, _steps(parsed.parsed), None, parsed)

    @classmethod
    def like(cls, keys: tuple[str, ...]) -> "Path":
        """Keys from the top down with `*` in them: the first value that is not empty, in the payload's order."""
        text = cls._of_keys(keys).text
        return cls(text, None, tuple(key.casefold() for key in keys))

    @classmethod
    def _of_keys(cls, keys: tuple[str, ...]) -> "Path":
        if not 0 < len(keys) <= STEPS or not all(isinstance(k, str) and 0 < len(k) <= jmes.LENGTH for k in keys):
            raise BadExpression(f"1 to {STEPS} keys from the top down", "{path: [order, fields, Номер телефона]}")
        return cls(json.dumps(keys, ensure_ascii=False), keys)

    @classmethod
    def _of_plain_key(cls, text: str) -> "Path":
        if OPERATORS.search(text):
            alone = "{path: [" + json.dumps(text, ensure_ascii=False) + "]}"
            raise BadExpression("a JMESPath expression, or the name of a field", alone)
        if deep := deep_path(text):
            raise BadExpression("a way down through keys that are not all plain Latin words", deep)
        return cls(text, (text,))

    @property
    def parsed(self) -> Any:
        """JMESPath's own tree of it; a field of that name alone for a plain key."""
        return (
            self._parsed.parsed if self._parsed is not None else {"type": "field", "value": self.text, "children": []}
        )

    def read(self, payload: Any) -> Found | Missing | Failed:
        """What stands there; null is Missing."""
        if self.patterns is not None:
            return next((Found(value) for value in _fitting(self.patterns, payload) if not is_empty(value)), MISSING)
        value = _walk(self.steps, payload) if self.steps is not None else jmes.search(self._parsed, payload)
        if value is None:
            return MISSING
        return value if isinstance(value, Failed) else Found(value)


@dataclass(frozen=True)
class Condition:
    """A JMESPath expression taken as yes or no: null, false, "", [] and {} are no."""

    text: str
    _parsed: Any = field(default=None, compare=False, repr=False)

    @classmethod
    def compile(cls, text: str) -> "Condition":
        """BadExpression with the text to write instead where quotes are missing or of the wrong kind."""
        text = text.strip()
        try:
            parsed = jmes.parse(text)
        except NotJmespath as error:
            if better := _mended(quoted(text)):
                raise BadExpression(
                    "names that are not plain Latin words in double quotes, texts in single", better
                ) from None
            raise BadExpression(f"a JMESPath condition like utm_source == 'vk' ({error})") from None
        if unquoted_value(parsed.parsed, text):
            expected = "the text compared with in single quotes (another field is written @.name)"
            raise BadExpression(expected, _mended(text))
        return cls(text, parsed)

    @property
    def parsed(self) -> Any:
        """JMESPath's own tree of it."""
        return self._parsed.parsed

    def holds(self, payload: Any) -> bool | Failed:
        """Whether the payload fits. Failed counts as no and is named in the lead's reasons."""
        value = jmes.search(self._parsed, payload)
        if isinstance(value, Failed):
            return value
        return not (value is None or value is False or value in ("", [], {}))


@dataclass(frozen=True)
class Template:
    """An SMS text with `{{ names }}` in it. `parts` are its literal texts and its slots (keys from
    the top, the default); nothing of Jinja runs when it is rendered."""

    text: str
    parts: tuple[str | tuple[tuple[str, ...], str], ...] = field(default=(), compare=False, repr=False)

    @classmethod
    def compile(cls, text: str) -> "Template":
        """BadExpression for anything but text, names, keys of names and a constant `default`."""
        return cls(text, parse_template(text))

    def render(self, payload: Any, tame: Callable[[Any, str], str]) -> str:
        """The text for this payload, stripped, at most 2,000 characters. `tame(value, default)` makes each
        stranger's value harmless; a missing or empty one is its default."""
        out: list[str] = []
        for part in self.parts:
            if isinstance(part, str):
                out.append(part)
                continue
            keys, default = part
            value = payload if keys[0] == "_payload" else _walk(keys[:1], payload)
            value = _walk(keys[1:], value)
            out.append(default if is_empty(value) else tame(value, default))
        return "".join(out)[:RENDERED].strip()

    def without_values(self) -> str:
        """The owner's own words, with a blank where a value would stand."""
        return "".join(part if isinstance(part, str) else " " for part in self.parts)


def first(paths: Iterable[Path], payload: Any) -> tuple[Path | None, Any, list[tuple[Path, Failed]]]:
    """The first of `paths` that is not empty: (path, its value, the failures met on the way);
    (None, None, failures) when all are empty."""
    failures: list[tuple[Path, Failed]] = []
    for path in paths:
        seen = path.read(payload)
        if isinstance(seen, Failed):
            failures.append((path, seen))
        elif isinstance(seen, Found) and not is_empty(seen.value):
            return path, seen.value, failures
    return None, None, failures


def _mended(text: str) -> str:
    """`text` with every compared word in single quotes; "" when it is no condition even then."""
    for _ in range(jmes.LENGTH):
        try:
            better = unquoted_value(jmes.parse(text).parsed, text)
        except (NotJmespath, BadExpression):
            return ""
        if not better:
            return text
        text = better
    return ""


def _steps(node: dict[str, Any]) -> tuple[str, ...] | None:
    """The keys of a plain way down (`a.b.c`); None for any other expression."""
    if node["type"] == "field":
        return (node["value"],)
    if node["type"] == "subexpression":
        below = [_steps(child) for child in node["children"]]
        if all(part is not None for part in below):
            return tuple(key for part in below if part for key in part)
    return None


def _fitting(patterns: tuple[str, ...], value: Any) -> Iterator[Any]:
    """The values under all keys that fit, in the payload's order."""
    if not patterns:
        yield value
    elif isinstance(value, dict):
        for key, below in value.items():
            if fnmatchcase(key.casefold(), patterns[0]):
                yield from _fitting(patterns[1:], below)


def _walk(steps: tuple[str, ...], value: Any) -> Any:
    for step in steps:
        if isinstance(value, dict):
            value = value.get(step)
        elif isinstance(value, list) and step.isascii() and step.isdigit() and len(step) < 7 and int(step) < len(value):
            value = value[int(step)]
        else:
            return None
    return value
