"""What of a delivery may be kept: its tree and query without the proof, and what the request says of itself.

Expressions see `_request.method`, `.path` (what stood behind the token in the URL), `.query` and
`.headers` beside the sender's own fields. Names that begin so are ours: a sender's own are dropped.
"""

from dataclasses import dataclass
from typing import Any

from core.expressions.expression import Path
from core.proofs.proof import FIELD, HEADER, PATH, QUERY, Spent
from core.proofs.token import field_steps
from core.reading import body as bodies
from core.reading.delivery import Delivery
from core.reading.tree import storable
from core.source import Source

REQUEST, ENVELOPE, ENTITY, ACTION = "_request", "_envelope", "_entity", "_action"
ELEMENT = "_element"  # a lead that is no object (an id in a list)
UNREADABLE = "_unreadable"  # why the body could not be read, a code of core.reason.WORDS
CALL = "_call"  # what conditions see of the call: `.number` as it would be rung or null, in `test_when` also `.sample`
FETCHED = "_fetched"  # what the owner's CRM answered, by step; a sender's own would let him invent it
OURS = frozenset({REQUEST, ENVELOPE, ENTITY, ACTION, ELEMENT, UNREADABLE, FETCHED, CALL})
NEVER_KEPT = frozenset({"authorization", "proxy-authorization", "cookie", "set-cookie"})

Tree = dict[str, Any] | list[Any]


@dataclass(frozen=True)
class Opened:
    """A delivery read. `tree` is the body's, `query` the URL's; where the body is empty both are the
    query's. `problem`: the body cannot be read and `tree` is empty."""

    tree: Tree
    query: dict[str, Any]
    request: dict[str, Any]
    problem: str | None

    def with_query(self, element: dict[str, Any]) -> dict[str, Any]:
        """The element's fields, the query's where it has none of that name, and `_request`."""
        fields = {key: value for key, value in (self.query | element).items() if key not in OURS}
        return fields | {REQUEST: self.request}


def opened(delivery: Delivery, source: Source, spent: Spent = ()) -> Opened:
    """The delivery without what held its proof (`spent`) and without the paths that the preset calls secret."""
    read = delivery.tree(source.body)
    query: Any = bodies.query_tree(delivery.query, source.body)
    tree = read.value
    for place, name in spent:
        if place == QUERY:
            query = _without_field(query, name)
        if place == FIELD or (place == QUERY and read.kind == "query"):
            tree = _without_field(tree, name)
    for path in source.secret:
        tree, query = without(tree, path), without(query, path)
    return Opened(tree, query, _request(delivery, query, spent), read.problem)


def without(tree: Any, path: Path) -> Any:
    """The tree less the value at a plain path (`a.b`); the tree itself is left as it is. A list on the
    way stands for each of its elements. A path that is no plain way down takes nothing away."""
    return _less(tree, path.steps) if path.steps else tree


def _less(value: Any, steps: tuple[str, ...]) -> Any:
    step, *rest = steps
    deeper = tuple(rest)
    if isinstance(value, list):
        if not (step.isascii() and step.isdigit()):
            return [_less(item, steps) for item in value]
        at = int(step[:6])
        return value[:at] + [_less(item, deeper) for item in value[at : at + 1] if deeper] + value[at + 1 :]
    if not isinstance(value, dict) or step not in value:
        return value
    if deeper:
        return value | {step: _less(value[step], deeper)}
    return {key: item for key, item in value.items() if key != step}


def _without_field(tree: Any, name: str) -> Any:
    if isinstance(tree, list):
        return [_without_field(element, name) for element in tree]
    steps = field_steps(tree, name)
    return _less(tree, steps) if steps else tree


def _request(delivery: Delivery, query: dict[str, Any], spent: Spent) -> dict[str, Any]:
    dropped = NEVER_KEPT | {name for place, name in spent if place == HEADER}
    headers: dict[str, str] = {}
    for name, value in delivery.headers:
        if name not in dropped:
            headers[name] = f"{headers[name]}, {_text(value)}" if name in headers else _text(value)
    in_path = any(place == PATH for place, _ in spent)
    path = delivery.rest.partition("/")[2] if in_path else delivery.rest
    return {"method": delivery.method, "path": storable(path), "query": query, "headers": headers}


def _text(header: str) -> str:
    """A header's value as its sender meant it: UTF-8 where it is UTF-8."""
    try:
        return storable(header.encode("latin-1").decode("utf-8"))
    except UnicodeError:
        return storable(header)
