"""Rows of the hot path, on the driver's own cursor: SQLAlchemy's way costs 50 microseconds a statement, this one 4.

Everything else about a statement is as ever: the same connection and transaction, the engine's events (on which
fault trials hang), and SQLAlchemy's names for what the driver raises (by which `store.engine` names failures).
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError, StatementError

Given = Sequence[Any]
MOST = 64  # rows of one statement: so many texts of a statement there can be
AT_ONCE = 64  # pairs looked up by one statement


def run(tx: Connection, statement: str, given: Given = ()) -> list[Any]:
    """Run one statement in the driver's own writing of it; its rows as tuples, none where it returns none."""
    dialect, events = tx.dialect, tx.dispatch
    try:
        cursor = tx.connection.cursor()
        for hear in events.before_cursor_execute:
            hear(tx, cursor, statement, given, None, False)
        cursor.execute(statement, given)
        rows = list(cursor.fetchall()) if cursor.description else []
        for hear in events.after_cursor_execute:
            hear(tx, cursor, statement, given, None, False)
        cursor.close()
    except dialect.loaded_dbapi.Error as why:
        raise _named(tx, statement, why) from why
    return rows


def insert(
    tx: Connection, table: str, columns: tuple[str, ...], rows: Sequence[Given], more: str = "", given: Given = ()
) -> list[Any]:
    """Insert the rows, at most 64 a statement, each a value a column; what the statements return. `more` follows
    the values (ON CONFLICT, RETURNING), with its own parameters `given`."""
    returned: list[Any] = []
    for start in range(0, len(rows), MOST):
        some = rows[start : start + MOST]
        statement = _inserting(mark_of(tx), table, columns, len(some), more)
        returned += run(tx, statement, [value for row in some for value in row] + list(given))
    return returned


def by_pairs(
    tx: Connection, table: str, columns: str, by: tuple[str, str], pairs: Sequence[tuple[str, str]]
) -> list[Any]:
    """These columns of the rows whose two key columns are one of these pairs, found by the index of the key.

    From the pairs to the table: for `(a, b) IN (VALUES ...)` SQLite reads the whole table."""
    returned: list[Any] = []
    for start in range(0, len(pairs), AT_ONCE):
        some = pairs[start : start + AT_ONCE]
        returned += run(
            tx, _by_pairs(mark_of(tx), table, columns, by, len(some)), [part for pair in some for part in pair]
        )
    return returned


def mark_of(tx: Connection) -> str:
    """How the driver marks a parameter."""
    return "?" if tx.dialect.name == "sqlite" else "%s"


@lru_cache(256)
def _by_pairs(mark: str, table: str, columns: str, by: tuple[str, str], n: int) -> str:
    wanted = ", ".join([f"({mark}, {mark})"] * n)
    same = f"{table}.{by[0]} = wanted.column1 AND {table}.{by[1]} = wanted.column2"
    return f"SELECT {columns} FROM (VALUES {wanted}) AS wanted CROSS JOIN {table} WHERE {same}"  # noqa: S608 - ours


@lru_cache(512)
def _inserting(mark: str, table: str, columns: tuple[str, ...], n: int, more: str) -> str:
    row = "(" + ", ".join([mark] * len(columns)) + ")"
    text = f"INSERT INTO {table} ({', '.join(columns)}) VALUES {', '.join([row] * n)}"  # noqa: S608 - names of ours
    return f"{text} {more}" if more else text


def _named(tx: Connection, statement: str, why: Any) -> StatementError:
    """The driver's error by SQLAlchemy's name; a connection that is lost by it is given up."""
    lost = tx.dialect.is_disconnect(why, None, None)
    if lost:
        tx.invalidate(why)
    error = tx.dialect.loaded_dbapi.Error
    return DBAPIError.instance(statement, None, why, error, connection_invalidated=lost, dialect=tx.dialect)
