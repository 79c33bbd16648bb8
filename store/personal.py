"""What a column says of people's data where it is declared, and the three that obey it: erasure, screens, export.

Every column of text or bytes says `info=personal(...)`, or `info=not_personal(why)`; numbers and moments are
nobody's unless they say so. A test finds a column that says nothing.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cache
from typing import Any

from sqlalchemy import Column, LargeBinary, Table

from core.erasing import erased
from core.numbers.hiding import hide_numbers, mask

Keyed = Callable[[str], str]


class After(Enum):
    """What erasure leaves of a value."""

    NULL = "nothing (NULL)"
    EMPTY = "nothing (empty)"
    OBJECT = "nothing (`{}`)"
    EVIDENCE = "its shape and our own words"  # JSON: `core.erasing.erased`
    DIGEST = "its keyed digest"
    NO_ROW = "nothing: the row goes"
    WHOLE = "all of it"  # and `why` says why that must be


class Shown(Enum):
    """What a page or a list for people's eyes shows of it. Programs, who asked with a key, are told all of it."""

    MASKED = "masked"  # a phone number
    HIDDEN = "its numbers hidden"  # a text that may hold one
    WHOLE = "whole"
    NOTHING = "no"


@dataclass(frozen=True)
class Personal:
    """The column holds, or may hold, a person's data. `digest_in`: the column that keeps its keyed digest."""

    after: After
    shown: Shown = Shown.NOTHING
    exported: bool = False
    digest_in: str = ""
    why: str = ""


@dataclass(frozen=True)
class NotPersonal:
    why: str


def personal(
    after: After, shown: Shown = Shown.NOTHING, *, exported: bool = False, digest_in: str = "", why: str = ""
) -> dict[str, Any]:
    """A column's `info`."""
    return {"people": Personal(after, shown, exported, digest_in, why)}


def not_personal(why: str) -> dict[str, Any]:
    """A column's `info`."""
    return {"people": NotPersonal(why)}


ID = not_personal("an id that we made")
NAME = not_personal("the owner's name of a source, an account, a script or a machine")
WORD = not_personal("a word of ours, or a figure")
RECORD = not_personal("what an operator did and why: the record of it has to stay")
DIGEST = not_personal("a digest under DIGEST_KEY: nobody can read a person out of it")
OWNERS = not_personal("the owner's own text")


def says(column: Column[Any]) -> Personal | None:
    """What a column says of people's data; None where it holds nobody's."""
    found = column.info.get("people")
    return found if isinstance(found, Personal) else None


@cache
def columns_of(table: Table) -> Mapping[str, Personal]:
    """The table's columns that hold people's data."""
    return {column.name: found for column in table.c if (found := says(column)) is not None}


def shown(table: Table, row: Mapping[str, Any]) -> dict[str, Any]:
    """The row for people's eyes: numbers masked, and without what is not shown at all."""
    found, of = dict(row), columns_of(table)
    for name in of.keys() & found.keys():
        if of[name].shown is Shown.NOTHING:
            del found[name]
        elif of[name].shown is Shown.MASKED:
            found[name] = mask(found[name]) if found[name] else ""
        elif of[name].shown is Shown.HIDDEN and found[name]:
            found[name] = hide_numbers(found[name])
    return found


def exported(table: Table, row: Mapping[str, Any]) -> dict[str, Any]:
    """The row without what may not stand in a file of leads."""
    of = columns_of(table)
    return {name: value for name, value in row.items() if name not in of or of[name].exported}


def erasable(table: Table) -> dict[str, Personal]:
    """The table's columns that erasure writes over."""
    stay = (After.NO_ROW, After.WHOLE)
    return {name: one for name, one in columns_of(table).items() if one.after not in stay}


def has_to_be_read(one: Personal) -> bool:
    """Whether what is left of a value depends on the value."""
    return one.digest_in != "" or one.after in (After.EVIDENCE, After.DIGEST)


def left(table: Table, row: Mapping[str, Any], keyed: Keyed) -> dict[str, Any]:
    """Column -> what erasure leaves in it; `row` holds at least the columns that have to be read."""
    values: dict[str, Any] = {}
    for name, one in erasable(table).items():
        if one.digest_in:
            values[one.digest_in] = None if row[name] is None else keyed(row[name])
        if one.after is After.EVIDENCE:
            values[name] = json.dumps(erased(json.loads(row[name])))
        elif one.after is After.DIGEST:
            values[name] = None if row[name] is None else keyed(row[name])
        elif one.after is After.EMPTY:
            values[name] = b"" if isinstance(table.c[name].type, LargeBinary) else ""
        else:
            values[name] = {After.NULL: None, After.OBJECT: "{}"}[one.after]
    return values
