"""The tree of a parsed body: what every reader makes, and the bounds that every tree keeps.

A tree holds only dict, list, str, True, False and None. Numbers are text, so that an id of 19
digits and `id == '1'` behave alike in JSON and in forms.
"""

import re
from dataclasses import dataclass
from typing import Any

MAX_DEPTH = 32  # containers inside each other
MAX_VALUES = 5_000  # scalars and containers of one tree
MAX_KEYS = 1_000  # pairs of one form, parts of one multipart body

# PostgreSQL's text and jsonb refuse both, SQLite refuses surrogates.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


@dataclass(frozen=True)
class Tree:
    """What a delivery's body says. `problem` is a code of `core.reason.WORDS`: the body cannot be
    read, and `value` is empty. `kind` is json, form, multipart, xml, query or empty (no data at all)."""

    value: dict[str, Any] | list[Any]
    kind: str
    problem: str | None = None


class Unreadable(Exception):
    """The body cannot be read; `code` says why. It never leaves `core.reading.body`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def storable(text: str) -> str:
    """The text with NUL and lone surrogates, which no database takes, replaced by U+FFFD."""
    if text.isascii() and "\0" not in text:  # as most are: known at once, without a look at each character
        return text
    return _UNSTORABLE.sub("\ufffd", text)


def settle(value: Any) -> dict[str, Any] | list[Any]:
    """A clean copy of what a reader made, within the bounds.

    Texts are storable; an object whose keys are exactly 0..n-1 is a list (at the top only where each
    is an object: `0=a&1=b` are fields, `0[phone]=..&1[phone]=..` are leads). Raises Unreadable.
    """
    if not isinstance(value, dict | list):
        raise Unreadable("body_not_object")
    settled = _Walk().copy(value, 1)
    if isinstance(settled, dict) and all(isinstance(v, dict) for v in settled.values()):
        settled = _listed(settled)
    return settled


class _Walk:
    def __init__(self) -> None:
        self.left = MAX_VALUES

    def copy(self, value: Any, depth: int) -> Any:
        self.left -= 1
        if self.left < 0:
            raise Unreadable("body_too_many_values")
        if isinstance(value, str):
            return storable(value)
        if not isinstance(value, dict | list):
            return value
        if depth > MAX_DEPTH:
            raise Unreadable("body_too_deep")
        if isinstance(value, list):
            return [self.copy(item, depth + 1) for item in value]
        copied: dict[str, Any] = {}
        for key, item in value.items():
            if isinstance(item, str) and self.left > 0:  # most are: a call less for each
                self.left -= 1
                copied[storable(key)] = storable(item)
            else:
                copied[storable(key)] = self.copy(item, depth + 1)
        if len(copied) < len(value):
            raise Unreadable("body_duplicate_keys")
        return copied if depth == 1 else _listed(copied)


def _listed(node: dict[str, Any]) -> dict[str, Any] | list[Any]:
    if "0" not in node:
        return node
    keys = [str(n) for n in range(len(node))]
    return [node[key] for key in keys] if all(key in node for key in keys) else node
