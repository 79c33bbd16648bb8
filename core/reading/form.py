"""Forms: pairs, urlencoded or as they stand, and keys in PHP's brackets unfolded to a tree."""

import re
from binascii import unhexlify
from collections.abc import Iterable
from typing import Any

from core.reading.media import decode
from core.reading.tree import MAX_DEPTH, MAX_KEYS, Unreadable

_BRACKETED = re.compile(r"([^\[]+)((?:\[[^\[\]]*\])+)")
_STEP = re.compile(r"\[([^\[\]]*)\]")
_INDEX = re.compile(r"0|[1-9][0-9]{0,8}")
_PERCENTS = re.compile(rb"(?:%[0-9A-Fa-f]{2})+")
_WHITE = re.compile(rb"[ \t\r\n]")
_AND_A_NAME = re.compile(rb"&(?=[^=&<>\"{}\r\n]{1,200}=)")
_LINE_WITH_A_NAME = re.compile(rb"\r?\n(?=[^=&<>\"{}\r\n]{1,200}=)")
_MAX_STEPS = 10 * MAX_KEYS  # of all keys together; the deepest real ones (amoCRM) have eight each


def pairs(raw: bytes, *charsets: str) -> list[tuple[str, str]]:
    """The pairs of a form in their order, decoded. A key without `=` has an empty value. Raises Unreadable for
    more than 1,000 of them, before any is decoded."""
    return [(decode(key, *charsets), decode(value, *charsets)) for key, value in pairs_of_bytes(raw)]


def pairs_of_bytes(raw: bytes) -> list[tuple[bytes, bytes]]:
    """The same as the very bytes that were meant, for who proves them. A form that was never urlencoded (it has
    blanks or line ends, and nothing behind a percent sign) is taken as it stands: a `+` is a plus, an `&` or a line end
    parts fields only where another name and `=` follow."""
    never_encoded = _WHITE.search(raw) is not None and _PERCENTS.search(raw) is None
    if raw.count(b"&") >= MAX_KEYS:
        raise Unreadable("body_too_many_fields")
    parts = _plain_parts(raw) if never_encoded else raw.split(b"&")
    if len(parts) > MAX_KEYS:
        raise Unreadable("body_too_many_fields")
    halves = (part.partition(b"=") for part in parts)
    if never_encoded:
        return [(key.strip(), value.strip()) for key, _, value in halves if key.strip()]
    return [(_unquoted(key), _unquoted(value)) for key, _, value in halves if key]


def _plain_parts(raw: bytes) -> list[bytes]:
    parts = _AND_A_NAME.split(raw)
    return parts if len(parts) > 1 else _LINE_WITH_A_NAME.split(raw)


def nest(fields: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """The fields as a tree: `a[b][0][c]` unfolds, `a[]` counts on, a plain key given twice is a list,
    and of `a=1&a[b]=2` the later wins, as in PHP. Lists stand as objects with the keys 0..n-1 until
    `core.reading.tree.settle`. A key whose brackets are not whole is a plain key. Raises Unreadable."""
    root = _Node()
    left = _MAX_STEPS
    for key, value in fields:
        first, *deeper = steps(key)
        left -= 1 + len(deeper)
        if left < 0:
            raise Unreadable("body_too_many_values")
        if deeper:
            root.put([first, *deeper], value)
        else:
            root.add(first, value)
    return root


def steps(key: str) -> list[str]:
    """The steps of a key: `order[fields][Номер телефона]` has three, `your-phone` one; `[]` is an empty step."""
    if key.count("[") >= MAX_DEPTH:
        raise Unreadable("body_too_deep")
    whole = _BRACKETED.fullmatch(key)
    return [whole[1], *_STEP.findall(whole[2])] if whole else [key]


class _Node(dict[str, Any]):
    """An object under construction that knows its next free index, as a PHP array does."""

    def __init__(self) -> None:
        super().__init__()
        self.free = 0

    def put(self, path: list[str], value: str) -> None:
        node = self
        *way, last = path
        for step in way:
            step = step or str(node.free)
            child = node.get(step)
            if not isinstance(child, _Node):
                child = _Node()
                node.set(step, child)
            node = child
        node.set(last or str(node.free), value)

    def add(self, key: str, value: str) -> None:
        before = self.get(key)
        if isinstance(before, list):
            before.append(value)
        else:
            self.set(key, [before, value] if isinstance(before, str) else value)

    def set(self, step: str, value: Any) -> None:
        self[step] = value
        if _INDEX.fullmatch(step):
            self.free = max(self.free, int(step) + 1)


def _unquoted(raw: bytes) -> bytes:
    # urllib's unquote_to_bytes takes 80 ms for 256 kB of `%`; runs at once take 20 ms at worst.
    return _PERCENTS.sub(lambda run: unhexlify(run[0].replace(b"%", b"")), raw.replace(b"+", b" "))
