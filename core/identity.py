"""Which leads a delivery holds, and which of them came before.

Each lead is told by its event key where the sender gives one, else by the digest of what it says.
Both leave out what changes from one attempt of the sender's to the next.
"""

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from core.expressions.expression import Found, Path, is_empty
from core.proofs.proof import Proof
from core.reading.delivery import Delivery
from core.reading.payload import ACTION, ELEMENT, ENTITY, ENVELOPE, UNREADABLE, Opened, Tree, opened, proven, without
from core.source import Source, Split

LONGEST_KEY = 500  # characters; a longer one is told by its own digest (an index entry has its limits)
UNFILLED = re.compile(r"\{[^{}]*\}")  # `order-{object.id}`: the sender's template was not filled in
NO_ID = frozenset({"null", "undefined", "none", "nan"})  # what scripts write where they have nothing


@dataclass(frozen=True)
class Piece:
    """One lead of a delivery. `digest` is 64 hex characters over what it says and its proof covers;
    `event_key` is the JSON array of the key's parts (ASCII), None where the sender gave no usable one.
    `problem` is the code of why the body could not be read; the payload then holds the query, the request
    and the same code."""

    payload: dict[str, Any] = field(repr=False)
    digest: str
    event_key: str | None = None
    problem: str | None = None


def split(delivery: Delivery, source: Source, proof: Proof) -> tuple[Piece, ...]:
    """The leads in the order in which they stand in the delivery, without anything that held the proof.

    Empty for an authentic request whose proof covers no data at all: someone checks the address. Never raises."""
    read = opened(delivery, source, proof)
    if read.problem:
        # Two bodies that nobody can read are the same only when their bytes are.
        digest = hashlib.sha256(delivery.body + b"\0" + canonical(read.query)).hexdigest()
        payload = read.with_query({}) | {UNREADABLE: read.problem}
        return (Piece(payload, digest, event_key(source, payload), read.problem),)
    if not read.tree and not read.query:
        return ()
    return tuple(_piece(source, read, element, own) for element, own in _elements(read.tree, source.splits))


def event_key(source: Source, payload: dict[str, Any]) -> str | None:
    """The JSON array of the key's parts, None unless every part is a text with something in it."""
    payload = proven(payload)
    parts = [found.value if isinstance(found := path.read(payload), Found) else None for path in source.event_key]
    if not parts or not all(_is_id(part) for part in parts):
        return None
    key = json.dumps([str(part).strip() for part in parts])
    return key if len(key) <= LONGEST_KEY else json.dumps([hashlib.sha256(key.encode()).hexdigest()])


def payload_text(piece: Piece) -> str:
    """The payload as it is stored: JSON in ASCII, so that no database meets a sign it cannot keep."""
    return _TEXT.encode(piece.payload)


def canonical(value: Any) -> bytes:
    """The one way to write this value: JSON in ASCII, keys sorted, no blanks."""
    return _CANONICAL.encode(value).encode("ascii")


# Made once: making one costs as much as writing a short payload with it.
_TEXT = json.JSONEncoder(ensure_ascii=True, separators=(",", ":"))
_CANONICAL = json.JSONEncoder(ensure_ascii=True, sort_keys=True, separators=(",", ":"))


def _piece(source: Source, read: Opened, element: Any, own: dict[str, Any]) -> Piece:
    fields = element if isinstance(element, dict) else {}
    payload = read.with_query(fields) | own
    if fields is not element:
        payload[ELEMENT] = element
    said, query = element, read.query
    for path in source.volatile:
        said, query = without(said, path), without(query, path)
    digest = hashlib.sha256(canonical([said, query])).hexdigest()
    return Piece(payload, digest, event_key(source, payload))


def _is_id(part: Any) -> bool:
    return (
        isinstance(part, str) and not is_empty(part) and not UNFILLED.search(part) and part.strip().lower() not in NO_ID
    )


def _elements(tree: Tree, splits: tuple[Split, ...]) -> Iterator[tuple[Any, dict[str, Any]]]:
    """(element, `_envelope` and its like) of each lead. Where no split finds any: each of a top-level
    list, or the whole tree as one lead."""
    found: dict[int, tuple[list[Any], Split]] = {}
    for one in splits:
        for key, elements in _found(one, tree):
            found.setdefault(key, (elements, one))
    if not found:
        yield from ((element, {}) for element in (tree if isinstance(tree, list) else [tree]))
        return
    order: list[int] = []
    envelope = _less_found(tree, frozenset(found), order)
    made = [key for key in found if key not in order]
    if made or not isinstance(envelope, dict):
        # What an expression made anew cannot be told from the rest of the tree: only plain values stay.
        envelope = {k: v for k, v in tree.items() if not isinstance(v, dict | list)} if isinstance(tree, dict) else {}
    for key in order + made:
        elements, one = found[key]
        own = {ENVELOPE: envelope, ENTITY: one.entity, ACTION: one.action}
        if one.beside is None:
            yield from ((element, own) for element in elements)
            continue
        objects = _by_id(one.beside, one.by, tree)
        own[ENVELOPE] = without(envelope, one.beside)
        for element in elements:
            fields = objects.get(element) if isinstance(element, str) else None
            yield (element, own) if fields is None else (fields, own | {ELEMENT: element})


def _by_id(beside: Path, by: str, tree: Tree) -> dict[str, dict[str, Any]]:
    """The objects at `beside`, each under the id of the lead that it belongs to."""
    seen = beside.read(tree)
    objects = seen.value if isinstance(seen, Found) and isinstance(seen.value, list) else []
    return {one[by]: one for one in objects if isinstance(one, dict) and isinstance(one.get(by), str)}


def _found(one: Split, tree: Tree) -> Iterator[tuple[int, list[Any]]]:
    """What stands at the split's path, by identity, because JMESPath hands out the tree's own objects:
    each object alone, a list of plain values (ids) as a whole, an object of numbered ones as a list."""
    seen = one.each.read(tree)
    value = seen.value if isinstance(seen, Found) else []
    if isinstance(value, dict):
        numbered = bool(value) and all(k.isdigit() and isinstance(v, dict) for k, v in value.items())
        value = list(value.values()) if numbered else [value]
    if not isinstance(value, list):
        return
    if all(isinstance(element, dict) for element in value):
        yield from ((id(element), [element]) for element in value)
    else:
        yield id(value), value


def _less_found(value: Any, found: frozenset[int], order: list[int]) -> Any:
    """The tree without what was found, whose keys are put into `order` as they are met; None for a found one."""
    if not isinstance(value, dict | list):
        return value
    if id(value) in found:
        order.append(id(value))
        return None
    if isinstance(value, list):
        return [less for item in value if (less := _less_found(item, found, order)) is not None or item is None]
    kept = {key: (_less_found(item, found, order), item) for key, item in value.items()}
    return {key: less for key, (less, item) in kept.items() if less is not None or item is None}
