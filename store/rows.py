"""Rows of the hot path, on the driver's own cursor: SQLAlchemy's way costs 50 microseconds a statement, this one 4.

Everything else about a statement is as ever: the same connection and transaction, the engine's events (on which
fault trials hang), and SQLAlchemy's names for what the driver raises (by which `store.engine` names failures).
"""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import Connection
from sqlalchemy.engine import Dialect
from sqlalchemy.exc import DBAPIError, StatementError

Given = Sequence[Any] | Mapping[str, Any]
MOST = 64  # rows of one statement: so many texts of a statement there can be
AT_ONCE = 64  # pairs looked up by one statement
_DIVISION_BY_ZERO = "22012"  # PostgreSQL's code


class Ask(NamedTuple):
    """A question to be asked along with others: of SQLAlchemy's words, as `select`, or with a list, as `among`.

    On PostgreSQL its values stand in its text, which a server may log: none of them may be a person's."""

    query: Any
    given: Mapping[str, Any] = {}
    wanted: Sequence[str] = ()


class Last(NamedTuple):
    """A statement that goes along with COMMIT. It divides by zero where a row that had to be there is not as it was
    seen; then `missed` is raised."""

    statement: str
    given: Sequence[bytes]
    missed: Exception


class NotCommitted(Exception):
    """The server refused what went along with COMMIT, and so did not come to that."""

    def __init__(self, last: Last, why: Any) -> None:
        super().__init__(str(why))
        self.last, self.why = last, why


class Insert(NamedTuple):
    """Rows for a table, each a value a column; `returning` is what to tell of each."""

    table: str
    columns: tuple[str, ...]
    rows: Sequence[Sequence[Any]]
    returning: tuple[str, ...] = ()


def run(tx: Connection, statement: str, given: Given = ()) -> list[Any]:
    """Run one statement in the driver's own writing of it; its rows as tuples, none where it returns none."""
    return _run(tx, statement, given)[0]


def _run(tx: Connection, statement: str, given: Given | None, send: Callable[[], str] | None = None) -> list[list[Any]]:
    """`send` makes what is sent in place of the statement that those who listen hear."""
    dialect, events = tx.dialect, tx.engine.dispatch
    try:
        cursor = tx.connection.cursor()
        if events.before_cursor_execute:
            for hear in events.before_cursor_execute:
                hear(tx, cursor, statement, given, None, False)
        cursor.execute(send() if send else statement, given)
        rows = [list(cursor.fetchall()) if cursor.description else []]
        while given is None and cursor.nextset():
            rows.append(list(cursor.fetchall()) if cursor.description else [])
        if events.after_cursor_execute:
            for hear in events.after_cursor_execute:
                hear(tx, cursor, statement, given, None, False)
        cursor.close()
    except dialect.loaded_dbapi.Error as why:
        raise _named(tx, statement, why) from why
    return rows


def run_last(tx: Connection, statement: str, given: Sequence[str | int], missed: Exception) -> None:
    """On PostgreSQL: run it along with the transaction's COMMIT, in one round trip. Nothing may be run after it."""
    driver: Any = tx.connection.driver_connection
    cursor = driver.cursor()
    for hear in tx.engine.dispatch.before_cursor_execute:
        hear(tx, cursor, statement, given, None, False)
    # What cannot be written fails here, where the transaction is rolled back.
    driver.last = Last(statement, [str(value).encode(driver.info.encoding) for value in given], missed)


def named_refusal(tx: Connection, refused: NotCommitted) -> Exception:
    """What is to be raised for it."""
    if getattr(refused.why, "sqlstate", "") == _DIVISION_BY_ZERO:
        return refused.last.missed
    return _named(tx, refused.last.statement, refused.why)


def ask_all(tx: Connection, asks: Sequence[Ask], first: str = "", last: str = "") -> list[list[Any]]:
    """The rows of each, in one round trip; asked one after the other, so that what one locks the later ones see: each
    sees what was committed before it began, as if it had been sent by itself. PostgreSQL is told something `first`
    (BEGIN) and `last` (COMMIT), with rows of their own."""
    if not (asks or first or last):
        return []
    if tx.dialect.name == "sqlite":
        return [
            among(tx, one.query, one.wanted) if isinstance(one.query, str) else select(tx, one.query, **one.given)
            for one in asks
        ]
    driver: Any = tx.connection.driver_connection
    made = [_numbered(tx.dialect, one.query) for one in asks]
    given = [[driver.literal(value) for value in of.values(one)] for of, one in zip(made, asks, strict=True)]

    def written() -> str:
        return _together(first, [of.with_values(its) for of, its in zip(made, given, strict=True)], last)

    def executed() -> str:
        names = driver.keep([of.text for of in made])
        return _together(first, [_executing(name, its) for name, its in zip(names, given, strict=True)], last)

    if not driver.keeps:
        return _run(tx, written(), None)
    hears = tx.engine.dispatch.before_cursor_execute or tx.engine.dispatch.after_cursor_execute
    return _run(tx, written() if hears else first, None, executed)


def _together(first: str, statements: Sequence[str], last: str) -> str:
    return "; ".join(filter(None, [first, *statements, last]))


def _executing(name: str, given: Sequence[str]) -> str:
    return f"EXECUTE {name}({', '.join(given)})" if given else f"EXECUTE {name}"


class _Numbered(NamedTuple):
    """A question in PostgreSQL's own writing of it, with `$1` and so on for these names."""

    text: str
    names: tuple[str, ...]
    fixed: Mapping[str, Any]

    def values(self, one: Ask) -> list[Any]:
        if isinstance(one.query, str):
            return [one.wanted]
        given = {**self.fixed, **one.given}
        return [given[name] for name in self.names]

    def with_values(self, written: Sequence[str]) -> str:
        return re.sub(r"\$(\d+)", lambda found: written[int(found[1]) - 1], self.text)


@lru_cache(512)
def _numbered(dialect: Dialect, query: Any) -> _Numbered:
    if isinstance(query, str):
        return _Numbered(query.format(wanted="= ANY($1)"), ("wanted",), {})
    statement, fixed, _ = _compiled(dialect, query)
    names = tuple(dict.fromkeys(re.findall(r"%\((\w+)\)s", statement)))
    return _Numbered(statement % {name: f"${n}" for n, name in enumerate(names, 1)}, names, fixed)


def select(tx: Connection, query: Any, **given: Any) -> list[Any]:
    """The rows of a query that was written once in SQLAlchemy's words and has no list among its parameters (`given`,
    by their names). Values are the driver's own: SQLite's booleans are 0 and 1."""
    statement, fixed, names = _compiled(tx.dialect, query)
    values = {**fixed, **given} if given else fixed
    return run(tx, statement, values if names is None else tuple(values[name] for name in names))


def among(tx: Connection, statement: str, wanted: Sequence[str], given: Sequence[Any] = ()) -> list[Any]:
    """Run a statement whose places `{wanted}` stand for such a list, as in `id {wanted}`, and whose places `{mark}`
    behind the first of them are of `given`."""
    if not wanted:
        return []
    more = statement.count("{wanted}") - 1
    if tx.dialect.name == "sqlite":
        returned: list[Any] = []
        for start in range(0, len(wanted), AT_ONCE):
            some = wanted[start : start + AT_ONCE]
            text = statement.format(wanted=f"IN ({', '.join('?' * len(some))})", mark="?")
            returned += run(tx, text, [*some, *given, *(list(some) * more)])
        return returned
    return run(tx, statement.format(wanted="= ANY(%s)", mark="%s"), [list(wanted), *given, *([list(wanted)] * more)])


def insert(
    tx: Connection,
    table: str,
    columns: tuple[str, ...],
    rows: Sequence[Sequence[Any]],
    more: str = "",
    given: Sequence[Any] = (),
) -> list[Any]:
    """Insert the rows, at most 64 a statement, each a value a column; what the statements return. `more` follows
    the values (ON CONFLICT, RETURNING), with its own parameters `given`."""
    returned: list[Any] = []
    for start in range(0, len(rows), MOST):
        some = rows[start : start + MOST]
        statement = _inserting(mark_of(tx), table, columns, len(some), more)
        returned += run(tx, statement, [value for row in some for value in row] + list(given))
    return returned


def insert_all(tx: Connection, inserts: Sequence[Insert]) -> list[Any]:
    """Insert into tables that refer to earlier ones; the rows that the last one with `returning` returned. On
    PostgreSQL that is one statement for all of them, as long as none has more than 64 rows."""
    inserts = [one for one in inserts if one.rows]
    if tx.dialect.name == "postgresql" and len(inserts) > 1 and all(len(one.rows) <= MOST for one in inserts):
        shape = tuple((one.table, one.columns, len(one.rows), one.returning) for one in inserts)
        return run(tx, _inserting_all(shape), [value for one in inserts for row in one.rows for value in row])
    returned: list[Any] = []
    for one in inserts:
        more = f"RETURNING {', '.join(one.returning)}" if one.returning else ""
        told = insert(tx, one.table, one.columns, one.rows, more)
        returned = told if more else returned
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


@lru_cache(512)
def _compiled(dialect: Dialect, query: Any) -> tuple[str, dict[str, Any], list[str] | None]:
    compiled = query.compile(dialect=dialect)
    return str(compiled), dict(compiled.params), compiled.positiontup


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


@lru_cache(512)
def _inserting_all(shape: tuple[tuple[str, tuple[str, ...], int, tuple[str, ...]], ...]) -> str:
    """Foreign keys are checked when the whole statement has ended, so the order within it does not matter."""
    parts, told = [], "SELECT WHERE false"
    for table, columns, n, returning in shape:
        named = ", ".join(f"{what} AS r{i}" for i, what in enumerate(returning))
        text = _inserting("%s", table, columns, n, f"RETURNING {named}" if returning else "")
        parts.append(f"into_{table} AS ({text})")
        if returning:
            told = f"SELECT * FROM into_{table}"  # noqa: S608 - names of ours
    return f"WITH {', '.join(parts)} {told}"


def _named(tx: Connection, statement: str, why: Any) -> StatementError:
    """The driver's error by SQLAlchemy's name; a connection that is lost by it is given up."""
    lost = tx.dialect.is_disconnect(why, None, None)
    if lost:
        tx.invalidate(why)
    error = tx.dialect.loaded_dbapi.Error
    return DBAPIError.instance(statement, None, why, error, connection_invalidated=lost, dialect=tx.dialect)
