"""What every connection to the database is told when it is opened, and what begins its transactions."""

from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, event, text
from sqlalchemy.exc import ProgrammingError

from store import private, rows
from store.rows import Ask

# The clock comes back with it, for whoever asks for it first. The limits hold for this transaction only: settings of a
# session do not survive a transaction pooler.
_BEGUN = text(
    "SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000 AS bigint), pg_backend_pid(), "
    "set_config('lock_timeout', :lock, true), set_config('statement_timeout', :statement, true), "
    "set_config('idle_in_transaction_session_timeout', :idle, true)"
)
_NOT_KEPT = "26000"  # PostgreSQL's code: by that name it knows no statement


def listen(engine: Engine, path: Path | None) -> None:
    """`path` is SQLite's file, None for PostgreSQL."""
    if path is not None:
        event.listen(engine, "do_connect", partial(private.database, path))
        event.listen(engine, "connect", _sqlite)
        event.listen(engine, "begin", _sqlite_begin)
    else:
        event.listen(engine, "do_connect", _planned)
        event.listen(engine, "connect", _postgresql)
        event.listen(engine, "begin", _postgresql_begin)


def _sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # BEGIN is ours
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.execute("PRAGMA fullfsync = ON")  # macOS; elsewhere without effect
    cursor.execute("PRAGMA checkpoint_fullfsync = ON")
    cursor.execute("PRAGMA foreign_keys = ON")
    if cursor.execute("PRAGMA synchronous").fetchone()[0] != 2:
        raise RuntimeError("SQLite does not keep synchronous=FULL: a power cut could lose accepted leads")
    if cursor.execute("PRAGMA foreign_keys").fetchone()[0] != 1:
        raise RuntimeError("this SQLite has no foreign keys")
    cursor.close()


def _sqlite_begin(connection: Connection) -> None:
    # A read that later writes would fail "locked" at once, whatever the busy time-out.
    reads = connection.get_execution_options().get("reads_only")
    rows.run(connection, "BEGIN" if reads else "BEGIN IMMEDIATE")
    if along := connection.info.pop("along", ()):
        connection.info["told"] = rows.ask_all(connection, along)


def _postgresql_begin(connection: Connection) -> None:
    """The limits go with the BEGIN, and so do the first questions; the COMMIT, too, where those are the only ones."""
    limits, along = connection.info.pop("limits", None), connection.info.pop("along", ())
    last = "COMMIT" if connection.info.pop("alone", False) else ""
    if limits is None:
        rows.run(connection, "BEGIN")
        return
    driver: Any = connection.connection.driver_connection
    asks = [Ask(_BEGUN, dict(zip(("lock", "statement", "idle"), map(str, limits), strict=True))), *along]
    try:
        told = rows.ask_all(connection, asks, first="BEGIN", last=last)
    except ProgrammingError as why:
        if getattr(why.orig, "sqlstate", "") != _NOT_KEPT:
            raise
        driver.rollback()  # what was kept is gone: a table was dropped, say
        told = rows.ask_all(connection, asks, first="BEGIN", last=last)
    _, ((now, pid, *_),), *answers = told
    driver.answered_by(pid)
    connection.info.update(now_ms=int(now), told=answers[: len(along)])


def _planned(_dialect: Any, _record: Any, arguments: Any, named: Any) -> Any:
    from store.planned import PlannedConnection  # with PostgreSQL's driver

    return PlannedConnection.connect(*arguments, **named, autocommit=True)  # BEGIN is ours


def _postgresql(connection: Any, record: Any) -> None:
    notices: list[str] = []

    def keep(diagnostic: Any) -> None:
        if "synchronous" in (diagnostic.message_primary or ""):
            notices.append(diagnostic.message_primary)

    connection.add_notice_handler(keep)
    record.info["notices"] = notices
    if connection.execute("SHOW synchronous_commit").fetchone()[0] == "off":
        connection.execute("SET synchronous_commit = on")
    connection.commit()
