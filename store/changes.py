"""Changes of rows on the hot path: on PostgreSQL all those of a commit are one statement, whose text knows neither how
many rows there are nor what stands in them; SQLite makes them one after the other.
"""

import json
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import Connection, LargeBinary, Table
from sqlalchemy.dialects import postgresql

from store import rows


class Change(NamedTuple):
    """Set these `columns` of the rows whose columns `seen` have the values that stand behind those to be set (`values`,
    one row each), where `still` holds of them too. Without `seen` they are new rows.

    It locks rows in no certain order; `sorted_` (PostgreSQL): first in that of the first of `seen`. Rows that others
    lock several of are locked before, or so. `whole`: each of these rows has to be there, or nothing happens. `behind`:
    new rows only of the rows of that table which this go changes, named by the first column."""

    table: Table
    columns: tuple[str, ...]
    values: Sequence[Sequence[Any]]
    seen: tuple[str, ...] = ()
    still: str = ""
    sorted_: bool = False
    whole: bool = False
    behind: Table | None = None


class NotAsSeen(Exception):
    """Rows that had to be there (a lead, mostly) are no longer as they were seen: whoever wants to change them has to
    look again. It says the first of `seen` of each, or of all among which it is."""


def make_last(tx: Connection, changes: Sequence[Change]) -> None:
    """The same as the last of a transaction, which on PostgreSQL goes along with its COMMIT: where a row is not as it
    was seen, it is that which fails, and raises NotAsSeen."""
    some = [one for one in changes if one.values]
    if tx.dialect.name == "sqlite" or not some:
        make(tx, some)
        return
    shapes = tuple(one._replace(values=()) for one in some)
    whole = [one for one in some if one.whole]
    given: list[str | int] = [*map(_as_json, some), *(len(one.values) for one in whole)]
    names = sorted({row[len(one.columns)] for one in whole for row in one.values})
    rows.run_last(tx, _text(shapes, counts=True), given, NotAsSeen(f"one of {', '.join(names)}"))


def make(tx: Connection, changes: Sequence[Change]) -> list[list[Any]]:
    """Of each change, the first of `seen` of the rows that were changed (of new rows, nothing). Raises NotAsSeen: then
    the transaction is to be given up."""
    if tx.dialect.name == "sqlite":
        return [_whole(one, _one_by_one(tx, one)) for one in changes]
    told: list[list[Any]] = [[] for _ in changes]
    some = [(n, one) for n, one in enumerate(changes) if one.values]
    if some:
        shapes = tuple(one._replace(values=(), whole=False) for _, one in some)
        for n, name in rows.run(tx, _text(shapes), [_as_json(one) for _, one in some]):
            told[some[n][0]].append(name)
    return [_whole(one, changed) for one, changed in zip(changes, told, strict=True)]


def _whole(one: Change, changed: list[Any]) -> list[Any]:
    if one.whole and len(changed) != len(one.values):
        raise NotAsSeen(", ".join(sorted({row[len(one.columns)] for row in one.values} - set(changed))))
    return changed


def _one_by_one(tx: Connection, one: Change) -> list[Any]:
    if not one.seen:
        rows.insert(tx, one.table.name, one.columns, one.values)
        return []
    statement = _updating_one(one.table.name, one.columns, one.seen, one.still)
    return [name for row in one.values for (name,) in rows.run(tx, statement, row)]


def _as_json(one: Change) -> str:
    """The rows as one parameter; bytes as their hexadecimal digits."""
    names = (*one.columns, *map(_seen, one.seen))
    dumped = [
        {name: value.hex() if isinstance(value, bytes) else value for name, value in zip(names, row, strict=True)}
        for row in one.values
    ]
    return _encode(dumped)


_encode = json.JSONEncoder(ensure_ascii=False).encode


def _seen(name: str) -> str:
    return f"seen_{name}"


@lru_cache(256)
def _text(changes: tuple[Change, ...], *, counts: bool = False) -> str:
    """One statement of all these changes, whatever their values. Each sees the tables as they were before it. It tells
    what was changed, or `counts` those of which all had to be and fails."""
    parts, told, all_there = [], [], []
    for n, (table, columns, _, seen, still, is_sorted, is_whole, behind) in enumerate(changes):
        given, read = _given_as(table, columns, seen)
        if not seen:
            values = ", ".join(read[name] for name in columns)
            text = f"INSERT INTO {table.name} ({', '.join(columns)}) SELECT {values} FROM {given}"  # noqa: S608
            if behind is not None:
                made = [i for i, one in enumerate(changes) if one.table is behind and one.seen]
                names = " UNION ALL ".join(f"SELECT name FROM made{i}" for i in made)  # noqa: S608
                text += f" WHERE given.{columns[0]} IN ({names})"
        else:
            same = " AND ".join(f"{table.name}.{name} = given.seen_{name}" for name in seen)
            if is_sorted:
                locked = f"ORDER BY {table.name}.{seen[0]} FOR UPDATE OF {table.name}"
                parts.append(f"held{n} AS (SELECT given.* FROM {given} JOIN {table.name} ON {same} {locked})")  # noqa: S608
                given = f"held{n} AS given"
            values = ", ".join(f"{name} = {read[name]}" for name in columns)
            where = f"{same} AND {still}" if still else same
            text = (
                f"UPDATE {table.name} SET {values} FROM {given} WHERE {where} RETURNING {table.name}.{seen[0]} AS name"  # noqa: S608
            )
            told.append(f"SELECT {n}, name FROM made{n}")  # noqa: S608
            if is_whole:
                all_there.append(f"(SELECT count(*) FROM made{n}) = %s")  # noqa: S608
        parts.append(f"made{n} AS ({text})")
    if counts:
        return f"WITH {', '.join(parts)} SELECT 1 / CASE WHEN {' AND '.join(all_there) or 'true'} THEN 1 ELSE 0 END"
    return f"WITH {', '.join(parts)} {' UNION ALL '.join(told) or 'SELECT WHERE false'}"


def _given_as(table: Table, columns: tuple[str, ...], seen: tuple[str, ...]) -> tuple[str, dict[str, str]]:
    """The list of columns of `_as_json` with their types, and how each is read."""
    kinds, read = [], {}
    for name, own in [*zip(columns, columns, strict=True), *((_seen(name), name) for name in seen)]:
        kind = table.c[own].type
        is_bytes = isinstance(kind, LargeBinary)
        kinds.append(f"{name} {'text' if is_bytes else kind.compile(dialect=postgresql.dialect())}")
        read[name] = f"decode(given.{name}, 'hex')" if is_bytes else f"given.{name}"
    return f"json_to_recordset(%s) AS given({', '.join(kinds)})", read


@lru_cache(256)
def _updating_one(table: str, columns: tuple[str, ...], seen: tuple[str, ...], still: str) -> str:
    values = ", ".join(f"{name} = ?" for name in columns)
    same = " AND ".join([f"{name} = ?" for name in seen] + ([still] if still else []))
    return f"UPDATE {table} SET {values} WHERE {same} RETURNING {seen[0]}"  # noqa: S608 - names of ours
