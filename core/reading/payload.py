"""What of a delivery may be kept: its tree and query without the proof, and what the request says of itself.

Expressions see `_request.method`, `.path` (what stood behind the token in the URL), `.query` and
`.headers` beside the sender's own fields. Names that begin so are ours: a sender's own are dropped.

What the proof does not cover stands apart, at `_unsigned`: `proven` is the payload without it, which alone
becomes a call; `as_it_came` has everything in its usual place, for the conditions that stop a lead.
"""

from dataclasses import dataclass
from typing import Any

from core.expressions.expression import Path
from core.proofs.covers import WHOLE, Covers
from core.proofs.proof import FIELD, HEADER, PATH, QUERY, Proof, Spent, form_fields
from core.proofs.token import field_steps
from core.reading import body as bodies
from core.reading.delivery import Delivery
from core.reading.tree import Tree as Read
from core.reading.tree import storable
from core.source import Source

REQUEST, ENVELOPE, ENTITY, ACTION = "_request", "_envelope", "_entity", "_action"
UNSIGNED = "_unsigned"  # fields and `_request` of what the proof does not cover
ELEMENT = "_element"  # a lead that is no object (an id in a list)
UNREADABLE = "_unreadable"  # why the body could not be read, a code of core.reason.WORDS
CALL = "_call"  # what conditions see of the call: `.number` as it would be rung or null, in `test_when` also `.sample`
FETCHED = "_fetched"  # what the owner's CRM answered, by step; a sender's own would let him invent it
OURS = frozenset({REQUEST, UNSIGNED, ENVELOPE, ENTITY, ACTION, ELEMENT, UNREADABLE, FETCHED, CALL})
NEVER_KEPT = frozenset({"authorization", "proxy-authorization", "cookie", "set-cookie"})
UNPROVEN = Proof(False, covers=WHOLE)  # of a handshake, which reads the whole request

Tree = dict[str, Any] | list[Any]


@dataclass(frozen=True)
class Opened:
    """A delivery read. `tree` is the body's, `query` the URL's; where the body is empty both are the
    query's. `problem`: the body cannot be read and `tree` is empty. All of it is covered by the proof;
    `unsigned` is the rest, None where there can be none."""

    tree: Tree
    query: dict[str, Any]
    request: dict[str, Any]
    problem: str | None
    unsigned: dict[str, Any] | None = None

    def with_query(self, element: dict[str, Any]) -> dict[str, Any]:
        """The element's fields, the query's where it has none of that name, and `_request`."""
        fields = {key: value for key, value in (self.query | element).items() if key not in OURS}
        beside = {} if self.unsigned is None else {UNSIGNED: self.unsigned}
        return fields | {REQUEST: self.request} | beside


def opened(delivery: Delivery, source: Source, proof: Proof = UNPROVEN) -> Opened:
    """The delivery without what held its proof and without the paths that the preset calls secret."""
    covers = proof.covers
    read = _covered_tree(delivery, source, covers)
    tree = _kept(read.value, source, proof.spent, FIELD, QUERY if read.kind == "query" else "")
    query = _kept(bodies.query_tree(delivery.query, source.body), source, proof.spent, QUERY)
    request = _request(delivery, query, proof.spent)
    if covers.whole:
        return Opened(tree, query, request, read.problem)
    covered, rest = _parted(request, covers)
    fields = {} if covers.reads_query else query
    if not covers.body and delivery.body.strip():  # a form's other fields
        other = _kept(delivery.tree(source.body).value, source, proof.spent, FIELD)
        fields = fields | other if isinstance(other, dict) else fields
    fields = {key: value for key, value in fields.items() if key not in OURS and key != covers.field}
    return Opened(tree, covered["query"], covered, read.problem, {"fields": fields, REQUEST: rest})


def proven(payload: dict[str, Any]) -> dict[str, Any]:
    """What the proof speaks for: all that may become a call."""
    return {key: value for key, value in payload.items() if key != UNSIGNED} if UNSIGNED in payload else payload


def as_it_came(payload: dict[str, Any]) -> dict[str, Any]:
    """The payload as if its proof covered everything: what is covered, and beside it what is not. Only for
    what may stop a lead (`lead_when`, `test_when`) and for the eye."""
    beside = payload.get(UNSIGNED)
    if not isinstance(beside, dict):
        return payload
    covered, rest = payload.get(REQUEST, {}), beside[REQUEST]
    request = rest | covered | {part: rest[part] | covered.get(part, {}) for part in ("query", "headers")}
    return beside["fields"] | proven(payload) | {REQUEST: request}


def without(tree: Any, path: Path) -> Any:
    """The tree less the value at a plain path (`a.b`); the tree itself is left as it is. A list on the
    way stands for each of its elements. A path that is no plain way down takes nothing away."""
    return _less(tree, path.steps) if path.steps else tree


def _covered_tree(delivery: Delivery, source: Source, covers: Covers) -> Read:
    """What the lead is made of: the whole body, its bytes alone, one field of it, or the query."""
    if covers.whole:
        return delivery.tree(source.body)
    if covers.field:
        (text,), cause = form_fields(delivery.body, covers.field)
        return Read({}, "empty") if cause else bodies.parse_field(text, covers.field, source.body)
    if covers.body and delivery.body.strip():
        return delivery.signed_tree(source.body)
    return bodies.parse(b"", "", delivery.query if covers.reads_query else "", source.body)


def _kept(tree: Any, source: Source, spent: Spent, *places: str) -> Any:
    for place, name in spent:
        if place in places:
            tree = _without_field(tree, name)
    for path in source.secret:
        tree = without(tree, path)
    return tree


def _parted(request: dict[str, Any], covers: Covers) -> tuple[dict[str, Any], dict[str, Any]]:
    """What `_request` may say of a request whose proof covers this much, and the rest of it."""
    headers = request["headers"]
    covered = {"query": request["query"] if covers.reads_query else {}}
    covered["headers"] = {name: value for name, value in headers.items() if name in covers.headers}
    covered |= {
        part: request[part] for part, is_covered in (("method", covers.method), ("path", covers.url)) if is_covered
    }
    rest = {part: value for part, value in request.items() if part not in covered}
    rest["query"] = {} if covers.reads_query else request["query"]
    rest["headers"] = {name: value for name, value in headers.items() if name not in covers.headers}
    return covered, rest


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
