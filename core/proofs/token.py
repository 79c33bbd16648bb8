"""The shared secret itself: in the URL's query or path, in a header or in a field; or HTTP Basic.

For senders that sign nothing. A token given more than once must be right every time.
"""

import re
from typing import Any

from core.proofs.proof import (
    FIELD,
    HEADER,
    MALFORMED,
    MISSING,
    PATH,
    QUERY,
    WRONG,
    Proof,
    any_same,
    as_bytes,
    from_base64,
    one_header,
    wire_bytes,
)
from core.reading.delivery import Delivery
from core.source import Source

BEARER = re.compile(r"bearer +", re.IGNORECASE)
BASIC = re.compile(r"basic +", re.IGNORECASE)


def prove(delivery: Delivery, source: Source, keys: tuple[bytes, ...], now_ms: int) -> Proof:
    """`auth.place` says where the token stands and `auth.name` what it is called there (a field's name
    may be `a[b]` or `a.b`; the path has none: it is the first part after the source's own URL)."""
    place, name = source.auth.place, source.auth.name
    given, cause = PLACES[place](delivery, source)
    spent = ((place, name.lower() if place == HEADER else name),)
    # Each is compared with every live secret; where there is none, an empty one is: the same work.
    right = all([any_same((one,), keys) for one in given or [b""]])
    if not given or b"" in given:
        return Proof(False, cause or MISSING, spent=spent)
    return Proof(True, spent=spent) if right else Proof(False, WRONG, spent=spent)


def prove_basic(delivery: Delivery, source: Source, keys: tuple[bytes, ...], now_ms: int) -> Proof:
    """HTTP Basic with `auth.user` and the secret as its password."""
    spent = ((HEADER, "authorization"),)
    value, cause = one_header(delivery, "authorization")
    scheme = BASIC.match(value)
    given = from_base64(value[scheme.end() :].strip()) if scheme else None
    expected = [as_bytes(source.auth.user) + b":" + key for key in keys]
    right = any_same((given or b"",), expected)
    if given is None:
        return Proof(False, cause or MALFORMED, spent=spent)
    return Proof(True, spent=spent) if right else Proof(False, WRONG, spent=spent)


def _in_query(delivery: Delivery, source: Source) -> tuple[list[bytes], str]:
    return [as_bytes(value) for name, value in delivery.query_pairs if name == source.auth.name], ""


def _in_path(delivery: Delivery, source: Source) -> tuple[list[bytes], str]:
    return [as_bytes(delivery.rest.split("/")[0])], ""


def _in_header(delivery: Delivery, source: Source) -> tuple[list[bytes], str]:
    values = [value.strip() for value in delivery.headers_all(source.auth.name.lower())]
    if source.auth.name.lower() == "authorization":
        values = [BEARER.sub("", value, count=1) if BEARER.match(value) else value for value in values]
    return [wire_bytes(value) for value in values], ""


def _in_field(delivery: Delivery, source: Source) -> tuple[list[bytes], str]:
    tree = delivery.tree(source.body).value
    elements = tree if isinstance(tree, list) else [tree]  # each object of a top-level list brings its own
    given: list[bytes] = []
    for element in elements:
        found = _texts(field_at(element, source.auth.name))
        if found is None:
            return [], MALFORMED
        given += found or [b""]
    return given, ""


def field_at(tree: Any, name: str) -> Any:
    """The value of the field called `name`: a key as it stands, else the way down that `a[b]` or `a.b` names."""
    value = tree
    for step in field_steps(tree, name):
        value = value.get(step) if isinstance(value, dict) else None
    return value


def field_steps(tree: Any, name: str) -> tuple[str, ...]:
    """The keys from the top under which the field called `name` stands."""
    if isinstance(tree, dict) and name in tree:
        return (name,)
    return tuple(step for step in re.split(r"[.\[\]]+", name) if step)


def _texts(value: Any) -> list[bytes] | None:
    """The token or tokens in a field (one given twice is a list); None where it cannot be one."""
    if value is None:
        return []
    values = value if isinstance(value, list) else [value]
    return [as_bytes(one) for one in values] if all(isinstance(one, str) for one in values) else None


PLACES = {QUERY: _in_query, PATH: _in_path, HEADER: _in_header, FIELD: _in_field}
