"""YAML in which every value is the text that stands there, and every key knows its line.

Plain YAML turns `0123` into 83, `NO` into False, `12:30:00` into 45000 and `+79990000001` into an
integer without its plus; a duplicate key wins in silence. Here nothing is typed: the schemas do
that, and say what they expected. Duplicate keys, anchors, aliases, tags, several documents and
empty values are refused.
"""

from dataclasses import dataclass, field
from typing import Any

import yaml
from yaml.events import AliasEvent
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from yaml.reader import ReaderError

from core.problem import Problem, Problems, collect

SIZE = 64_000
Keys = tuple[str, ...]
Place = tuple[str, int]


@dataclass(frozen=True)
class Text:
    """A file's content: objects, lists and texts, and (file, line) of each key by its way down."""

    file: str
    value: dict[str, Any]
    places: dict[Keys, Place] = field(default_factory=dict, repr=False)

    def place(self, keys: Keys) -> Place:
        """File and line of the key, or of the nearest one above it that stands in the text."""
        for end in range(len(keys), 0, -1):
            if keys[:end] in self.places:
                return self.places[keys[:end]]
        return self.file, 0


def parse(raw: bytes, file: str) -> Text | Problems:
    """`file` is the name that problems are reported under. Never raises, whatever the bytes."""
    if len(raw) > SIZE:
        return Problems((Problem(file, 0, "", f"at most {SIZE:,} bytes", f"{len(raw):,}"),))
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        return Problems((Problem(file, line, "", "text in UTF-8", "other bytes"),))
    reading = _Reading(file)
    try:
        node = reading.compose(text)
        value = reading.read(node, ()) if node is not None else None
    except yaml.YAMLError as error:
        return Problems((_syntax_problem(file, text, error),))
    except RecursionError:
        return Problems((Problem(file, 0, "", "values that are less deeply nested"),))
    except (ValueError, OverflowError, IndexError, TypeError, AttributeError):  # PyYAML on "\UFFFFFFFF" and the like
        return Problems((Problem(file, 0, "", "YAML", "characters that do not exist"),))
    if not isinstance(value, dict):
        reading.refuse(1, (), "keys and values", "" if node is not None else "an empty file")
    if reading.problems or not isinstance(value, dict):
        return collect(reading.problems)
    return Text(file, value, reading.places)


class _Reading:
    """One pass over one file."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.problems: list[Problem] = []
        self.places: dict[Keys, Place] = {}

    def refuse(self, line: int, keys: Keys, expected: str, got: str = "", write: str = "") -> None:
        self.problems.append(Problem(self.file, line, ".".join(keys), expected, got, write))

    def compose(self, text: str) -> Node | None:
        loader = _Loader(text, self)
        try:
            return loader.get_single_node()
        finally:
            loader.dispose()

    def read(self, node: Node, keys: Keys) -> Any:
        if isinstance(node, MappingNode):
            return self.read_object(node, keys)
        if isinstance(node, SequenceNode):
            for n, item in enumerate(node.value):
                self.places[(*keys, str(n))] = (self.file, _line(item))
            return [self.read(item, (*keys, str(n))) for n, item in enumerate(node.value)]
        text = node.value
        if not text and node.style is None:
            self.refuse(_line(node), keys, 'a value (an empty text is "")', "nothing")
        if any(sign == "\0" or "\ud800" <= sign <= "\udfff" for sign in text):
            self.refuse(_line(node), keys, "a text without NUL and half characters")
        return text

    def read_object(self, node: MappingNode, keys: Keys) -> dict[str, Any]:
        out: dict[str, Any] = {}
        for key_node, value_node in node.value:
            line = _line(key_node)
            if not isinstance(key_node, ScalarNode) or not key_node.value:
                self.refuse(line, keys, "a plain word as the key (a text that begins with { stands in quotes)")
                continue
            key = key_node.value
            if key in out:
                first = self.places[(*keys, key)][1]
                self.refuse(line, (*keys, key), "each key once", f"it again (first in line {first})")
                continue
            self.places[(*keys, key)] = (self.file, line)
            out[key] = self.read(value_node, (*keys, key))
        return out


class _Loader(yaml.SafeLoader):
    """Composes nodes only, and notes what a settings file has no use for."""

    def __init__(self, text: str, reading: _Reading) -> None:
        super().__init__(text)
        self.reading = reading

    def compose_node(self, parent: Node | None, index: Any) -> Node:
        event = self.peek_event()
        line = event.start_mark.line + 1
        if isinstance(event, AliasEvent):
            self.get_event()
            self.reading.refuse(line, (), "values written out", f"the alias *{event.anchor}")
            return ScalarNode("", "*", event.start_mark, event.end_mark, style='"')
        if event.anchor is not None:
            self.reading.refuse(line, (), "values written out", f"the anchor &{event.anchor}")
            event.anchor = None
        if event.tag is not None:
            self.reading.refuse(line, (), "plain values", f"the tag {event.tag}")
        node: Node = super().compose_node(parent, index)
        return node


def _line(node: Node) -> int:
    return int(node.start_mark.line) + 1


def _syntax_problem(file: str, text: str, error: yaml.YAMLError) -> Problem:
    if isinstance(error, ReaderError):
        return Problem(file, text.count("\n", 0, error.position) + 1, "", "YAML", "a sign that may not stand in it")
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    said = getattr(error, "problem", None) or getattr(error, "context", None) or "another sign"
    expected = "one document" if "document" in str(getattr(error, "context", "")) else "YAML"
    return Problem(file, mark.line + 1 if mark else 0, "", expected, str(said))
