"""What arrived as a tree whose values can be picked: each with what a click on it writes."""

import json
from dataclasses import dataclass
from typing import Any

from core import field_setup
from core.field_setup import Way, Written
from core.numbers import phone
from core.numbers.hiding import hide_numbers

MOST = 300
LONGEST = 80
OURS = ("_request", "_envelope", "_unsigned", "_fetched")  # what we noted of the request: folded


@dataclass(frozen=True)
class Leaf:
    """A value of a payload. `shown` has its numbers hidden; `is_phone`: it reads as a number that could be rung."""

    way: Way
    shown: str
    is_phone: bool
    written: Written

    @property
    def name(self) -> str:
        return hide_numbers(" › ".join(self.way))

    @property
    def is_ours(self) -> bool:
        return self.way[0] in OURS


def leaves(payload: Any, region: str) -> list[Leaf]:
    """Every plain value, in the payload's order, at most 300."""
    found: list[tuple[Way, Any]] = []
    _collect(payload, (), found)
    return [_leaf(payload, way, value, region) for way, value in found]


def _collect(value: Any, way: Way, found: list[tuple[Way, Any]]) -> None:
    if len(found) >= MOST:
        return
    if isinstance(value, dict | list):
        steps = value.items() if isinstance(value, dict) else ((str(n), item) for n, item in enumerate(value))
        for step, below in steps:
            _collect(below, (*way, str(step)), found)
    elif way:
        found.append((way, value))


def _leaf(payload: Any, way: Way, value: Any, region: str) -> Leaf:
    shown = hide_numbers(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))
    is_phone = way[0] not in OURS and phone.read(value, region).number is not None
    cut = shown if len(shown) <= LONGEST else shown[:LONGEST] + "…"
    written = field_setup.written(payload, way, value)
    if hide_numbers(written.condition) != written.condition:  # a number is no kind of lead, and would stand in the page
        written = Written(written.reference, "", written.sms)
    return Leaf(way, cut or "–", is_phone, written)
