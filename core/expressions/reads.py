"""Which places of a payload an expression looks at, as far as its text tells."""

from collections.abc import Iterator
from typing import Any

from core.expressions.expression import Condition, Path, Template

Way = tuple[str, ...]
REQUEST = "_request"  # told also where an expression has left the top


def reads(expression: Path | Condition | Template) -> frozenset[Way]:
    """The keys from the top down of every place that is read, each as far down as the text says. What is
    read inside elements of a list is told by the list."""
    if isinstance(expression, Template):
        return frozenset(keys for keys, _ in (part for part in expression.parts if not isinstance(part, str)))
    if isinstance(expression, Path) and (expression.steps or expression.patterns):
        return frozenset({expression.steps or expression.patterns or ()})
    found: set[Way] = set()
    found.update(_told(_walk(expression.parsed, (), found)))
    return frozenset(found)


def _told(way: Way | None) -> Iterator[Way]:
    if way:
        yield way


def _walk(node: Any, at: Way | None, found: set[Way]) -> Way | None:
    """Where the node's value stands; None where it is none of the payload's own places. What is read on
    the way there goes into `found`."""
    if not isinstance(node, dict):  # a slice's numbers
        return None
    kind, below = node["type"], node["children"]
    if kind == "field":
        return (REQUEST,) if at is None and node["value"] == REQUEST else None if at is None else (*at, node["value"])
    if kind in ("current", "identity"):
        return at
    if kind in ("subexpression", "pipe", "index_expression"):
        for child in below:
            at = at if child["type"] == "index" else _walk(child, at, found)
        return at
    inside = kind in ("projection", "value_projection", "filter_projection", "flatten")
    for n, child in enumerate(below):
        found.update(_told(_walk(child, None if inside and n else at, found)))
    return None
