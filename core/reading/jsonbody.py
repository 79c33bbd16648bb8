"""JSON text to a tree, with every trap of the standard parser closed."""

import json
from collections.abc import Callable
from typing import Any, NoReturn

from core.reading.tree import MAX_VALUES, Unreadable


def read(text: str) -> Any:
    """What the JSON says, with numbers as the text they were written in and raw line breaks inside
    strings allowed (templates of Yandex Forms and UIS do not escape them).

    A key given twice with two different values is refused: which of two phone numbers was meant
    cannot be known. Raises Unreadable and nothing else.
    """
    # An object takes two characters at least, each of its members five: a short text cannot hold too many.
    decoder = _SHORT if len(text) <= 2 * MAX_VALUES else _decoder(_Objects().make)
    try:
        return decoder.decode(text)
    except RecursionError:
        raise Unreadable("body_too_deep") from None
    except ValueError:
        raise Unreadable("body_not_json") from None


def _decoder(make: Callable[[list[tuple[str, Any]]], dict[str, Any]]) -> json.JSONDecoder:
    return json.JSONDecoder(
        parse_int=str,  # a 5,000-digit integer raises ValueError in int()
        parse_float=str,
        parse_constant=_no_constant,
        object_pairs_hook=make,
        strict=False,
    )


def _no_constant(_name: str) -> NoReturn:
    raise Unreadable("body_not_json")  # NaN and Infinity are no JSON


class _Objects:
    """Makes objects and counts their members, so that a huge body is given up early."""

    def __init__(self) -> None:
        self.left = MAX_VALUES

    def make(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        self.left -= len(pairs) + 1
        if self.left < 0:
            raise Unreadable("body_too_many_values")
        return _make(pairs)


def _make(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs) and any(made[key] != value for key, value in pairs):
        raise Unreadable("body_duplicate_keys")
    return made


_SHORT = _decoder(_make)
