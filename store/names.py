"""A part of a person's name as both databases find it, in small or capital letters of any alphabet.

SQLite's LIKE knows the case of a to z alone, and what PostgreSQL's lower() knows depends on how its database was made.
So each letter is looked for in all its forms; `ё` and `е` are one letter, as people type them."""

import re
from typing import Any, cast

from sqlalchemy import ColumnElement, false

_SAME = {"е": "ё", "ё": "е"}
_LIKES_OWN = re.compile(r"[!%_]")
WORDS = 10  # more are not looked for


def has_words(column: Any, text: str, dialect: str) -> list[ColumnElement[bool]]:
    """Conditions: each word of the text stands somewhere in the column, as a part of a word or more."""
    readable = "".join(sign if sign.isprintable() else " " for sign in text)
    words = readable.split()[:WORDS]
    if not words:
        return [false()]
    if dialect == "sqlite":
        return [_in_sqlite(column, word) for word in words]
    return [column.op("~")("".join(map(_regex, word))) for word in words]


def _in_sqlite(column: Any, word: str) -> ColumnElement[bool]:
    """Letters of a to z by LIKE, which takes a quarter of GLOB's time."""
    if word.isascii():
        as_it_stands = _LIKES_OWN.sub(r"!\g<0>", word)
        found: ColumnElement[bool] = column.like(f"%{as_it_stands}%", escape="!")
        return found
    return cast("ColumnElement[bool]", column.op("GLOB")(f"*{''.join(map(_glob, word))}*"))


def _forms(sign: str) -> str:
    low = sign.lower()
    known = {form for one in (sign, low, _SAME.get(low, low)) for form in (one, one.lower(), one.upper())}
    return "".join(sorted(form for form in known if len(form) == 1))


def _glob(sign: str) -> str:
    forms = _forms(sign)
    return f"[{forms}]" if len(forms) > 1 or sign in "*?[" else sign


def _regex(sign: str) -> str:
    forms = _forms(sign)
    if len(forms) > 1:
        return f"[{forms}]"
    return sign if sign.isalnum() else f"\\{sign}"
