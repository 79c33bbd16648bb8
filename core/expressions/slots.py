"""Texts with `{slots}` for ids: the only way in which something that a stranger posted gets into a question to a CRM.

A slot is a reference into the payload (`{data.FIELDS.ID}`), with `| urn_id` where the id is the end of
a LinkedIn urn; `{token}` is the owner's secret. What fills a slot has to look like an id, so no value
can change the host, leave the path, or begin a new header or parameter.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from core.expressions.expression import BadExpression, Failed, Missing, Path, is_empty

SLOT = re.compile(r"\{([^{}]*)\}")
ID = re.compile(r"(?=.*[A-Za-z0-9])[A-Za-z0-9_.:~=-]{1,200}")
URN = re.compile(r"urn:li:[A-Za-z]{1,60}:([A-Za-z0-9_-]{1,120})")
TOKEN = "token"  # noqa: S105 - the name of the slot


@dataclass(frozen=True)
class NothingThere:
    """The payload has no value for a slot."""


@dataclass(frozen=True)
class NoId:
    """What stands there is no id: `slot` is its reference, the value itself is not repeated."""

    slot: str


NOTHING_THERE = NothingThere()


def _urn_id(value: str) -> str:
    """`urn:li:leadGenForm:3162` and `urn:li:versionedLeadGenForm:(urn:li:leadGenForm:3162,1)` are both form
    3162. A value that is no urn is an id already."""
    found = URN.search(value[:500])
    return found[1] if found else value


FILTERS: dict[str, Callable[[str], str]] = {"urn_id": _urn_id}


@dataclass(frozen=True)
class Slot:
    """One reference. `path` None is the token."""

    path: Path | None
    filter: str = ""

    @classmethod
    def compile(cls, text: str) -> "Slot":
        """From what stands between the braces. BadExpression when that is no reference."""
        reference, _, name = text.rpartition("|")
        if name.strip() in FILTERS and reference.strip():
            return cls(Path.compile(reference), name.strip())
        return cls(None) if text.strip() == TOKEN else cls(Path.compile(text))

    def read(self, payload: Any, secret: str) -> str | NothingThere | NoId:
        """The id that stands there, or the secret."""
        if self.path is None:
            return secret
        seen = self.path.read(payload)
        if isinstance(seen, Missing | Failed) or is_empty(seen.value):
            return NOTHING_THERE
        value = FILTERS[self.filter](seen.value) if self.filter and isinstance(seen.value, str) else seen.value
        return value if isinstance(value, str) and ID.fullmatch(value) else NoId(self.path.text)


@dataclass(frozen=True)
class Slotted:
    """A text with slots in it. Compares by its text."""

    text: str
    parts: tuple[str | Slot, ...] = field(default=(), compare=False, repr=False)

    @classmethod
    def compile(cls, text: str) -> "Slotted":
        """BadExpression for a brace without its other, or a slot that is no reference."""
        parts = SLOT.split(text)  # literal, slot, literal, ...
        if any("{" in literal or "}" in literal for literal in parts[::2]):
            raise BadExpression("a text whose every { has its }")
        return cls(text, tuple(Slot.compile(part) if n % 2 else part for n, part in enumerate(parts)))

    @property
    def needs_token(self) -> bool:
        """Whether the secret stands in it."""
        return any(isinstance(part, Slot) and part.path is None for part in self.parts)

    def fill(self, payload: Any, secret: str, *, encode: bool = False) -> str | NothingThere | NoId:
        """The text for this payload. `encode`: as one part of a URL, everything but letters, digits and `-._~`."""
        out: list[str] = []
        for part in self.parts:
            value = part if isinstance(part, str) else part.read(payload, secret)
            if not isinstance(value, str):
                return value
            out.append(quote(value, safe="") if encode and not isinstance(part, str) else value)
        return "".join(out)
