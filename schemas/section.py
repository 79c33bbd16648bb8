"""The machinery of our YAML schemas: sections of known keys, and refusals that say what to write.

A refused value is a ValidationError whose message is a `Wrong`: what was expected, what stood
there, and the text to write instead. `problems_of` lays all of them out by their way down.
"""

import difflib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from marshmallow import EXCLUDE, Schema, ValidationError, fields, post_load, validates_schema

T = TypeVar("T")
Keys = tuple[str, ...]
PLAIN = re.compile(r"[^\W_](?:[\w -]*\w)?")  # what stands in YAML without quotes, as text
REFERENCES = ("path", "like")  # what says where a value stands, beside a field's bare name


@dataclass(frozen=True)
class Wrong:
    """One refused value. `got` never holds a secret. `write` is the value to write instead, or whole
    lines (`key: value`)."""

    expected: str
    got: str = ""
    write: str = ""


def refusal(expected: str, value: Any = None, write: str = "") -> ValidationError:
    """The error to raise. `value` is what stood there; an object or a list is only named."""
    if value is None or value == "":
        got = "" if value is None else "nothing"
    elif isinstance(value, str):
        got = value if len(value) <= 60 else value[:57] + "..."
    else:
        got = "a list" if isinstance(value, list) else "an object"
    return ValidationError([Wrong(expected, got, write)])


def in_yaml(text: str) -> str:
    """The text as a quoted YAML scalar, readable with either kind of quotes in it."""
    if '"' not in text and "\\" not in text:
        return f'"{text}"'
    return "'" + text.replace("'", "''") + "'"


def in_flow(value: Any) -> str:
    """A text, list or object as it is written within one line of YAML."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {in_flow(below)}" for key, below in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(in_flow, value)) + "]"
    return str(value) if PLAIN.fullmatch(str(value)) else in_yaml(str(value))


def nearest(word: str, words: Iterable[str]) -> str:
    """The one of `words` that was probably meant; "" when none is near."""
    return next(iter(difflib.get_close_matches(word, list(words), n=1, cutoff=0.6)), "")


def problems_of(errors: Any, keys: Keys = ()) -> Iterator[tuple[Keys, Wrong]]:
    """Every refused value of a ValidationError's messages with its way down."""
    if isinstance(errors, Mapping):
        for key, below in errors.items():
            yield from problems_of(below, keys if key == "_schema" else (*keys, str(key)))
    elif isinstance(errors, list | tuple):
        for below in errors:
            yield from problems_of(below, keys)
    else:
        yield keys, errors if isinstance(errors, Wrong) else Wrong(str(errors))


def as_field(value: dict[str, Any]) -> dict[str, Any] | None:
    """The object with its `path` or `like` under `field`, where somebody wrote it beside; None where nobody did."""
    found = [key for key in REFERENCES if key in value]
    if "field" in value or len(found) != 1:
        return None
    return {"field": {found[0]: value[found[0]]}} | {key: below for key, below in value.items() if key != found[0]}


def each(named: Iterable[tuple[str, Any]], load: Callable[[str, Any], T]) -> list[T]:
    """What `load` makes of each name and value; every refused one is told, by its name."""
    out, wrong = [], {}
    for name, value in named:
        try:
            out.append(load(name, value))
        except ValidationError as error:
            wrong[name] = error.messages
    if wrong:
        raise ValidationError(wrong)
    return out


def numbered(items: Iterable[Any]) -> Iterator[tuple[str, Any]]:
    return ((str(n), item) for n, item in enumerate(items))


class Section(Schema):
    """An object of known keys, made into what `makes` says. Unknown ones are refused, with the one that was meant."""

    makes: Callable[..., Any] = dict

    class Meta:
        unknown = EXCLUDE  # refused below, with advice

    error_messages = {"type": "keys and values"}  # noqa: RUF012 - marshmallow's own way

    @validates_schema(pass_original=True, skip_on_field_errors=False)
    def refuse_unknown(self, data: Any, original: Any, **_: Any) -> None:
        known = {field.data_key or name for name, field in self.fields.items()}
        wrong: dict[str, list[Wrong]] = {}
        for key in original if isinstance(original, Mapping) else ():
            if key not in known:
                meant = nearest(key, known)
                expected = "a known key" if meant else "one of " + ", ".join(sorted(known))
                wrong[key] = [Wrong(expected, key, f"{meant}:" if meant else "")]
        if wrong:
            raise ValidationError(wrong)

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> Any:
        return self.makes(**data)


def read(section: Section, text: dict[str, Any]) -> tuple[Any, list[tuple[Keys, Wrong]]]:
    """What the section makes of the text, or None with every problem and its way down. Never raises."""
    try:
        return section.load(text), []
    except ValidationError as error:
        return None, list(problems_of(error.messages))


class Value(fields.Field):
    """A value of our own kind; null and missing are told in our words."""

    default_error_messages = {"required": "a value", "null": "a value"}  # noqa: RUF012


class Part(fields.Nested):
    """An object inside an object. `short` is the key that a bare text was probably meant for."""

    def __init__(self, section: type[Section], short: str = "", **kw: Any) -> None:
        super().__init__(section, **kw)
        self.short = short

    def _deserialize(self, value: Any, attr: Any, data: Any, partial: Any = None, **kw: Any) -> Any:
        if not isinstance(value, dict):
            bare = self.short and isinstance(value, str)
            raise refusal("keys and values", value, f"{{{self.short}: {in_yaml(value)}}}" if bare else "")
        if self.short == "field" and (meant := as_field(value)):
            raise refusal("the way to the value under `field`", value, in_flow(meant))
        return super()._deserialize(value, attr, data, partial=partial, **kw)


class Parts(Value):
    """A list of objects, or a single one: a tuple of what `section` makes."""

    def __init__(self, section: type[Section], **kw: Any) -> None:
        super().__init__(**kw)
        self.section = section

    def _deserialize(self, value: Any, attr: Any, data: Any, **_: Any) -> tuple[Any, ...]:
        if isinstance(value, dict):
            return (self.section().load(value),)
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            raise refusal("a list of objects", value)
        return tuple(each(numbered(value), lambda _n, item: self.section().load(item)))
