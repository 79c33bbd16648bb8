"""Bringing a database to this code's tables, and telling whether it is there."""

import functools
import hashlib
import re
import time
from pathlib import Path

from sqlalchemy import Connection, MetaData, column, inspect, select
from sqlalchemy import table as named
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine import Dialect
from sqlalchemy.schema import CreateIndex, CreateTable

from store.engine import Busy, Store
from store.tables import meta

_HERE = Path(__file__).parent / "migrations"
_LATER = re.compile(r"\d{4}_\w+")  # how every migration after the first is called, counted from 0002
_NAMED = re.compile(r'^revision = "(\w+)"', re.MULTILINE)
_VERSION = named("alembic_version", column("version_num"))
LOCK_MS, PAUSE_S, PATIENCE_S = 300, 0.3, 120.0  # the first is less than PostgreSQL's deadlock_timeout, a second
_ONE_MIGRATOR = 7_051_934  # PostgreSQL's advisory lock: two machines may start `release` at once


class OtherTables(Exception):
    """The database holds tables from which no migration leads to this code's. Its text says what to do."""


@functools.cache
def head() -> str:
    """The newest migration this code knows: told by its file, without the library that runs it."""
    newest = max((_HERE / "versions").glob("[0-9]*.py"), key=lambda path: path.name)
    named = _NAMED.search(newest.read_text(encoding="utf-8"))
    return named[1] if named else f"tables_{fingerprint(meta)}"


def upgrade(store: Store, patience_s: float = PATIENCE_S) -> tuple[str | None, str]:
    """Run the missing migrations in one transaction; (before, after). Raises OtherTables, and changes nothing then.

    A database that a later release brought further stays as it is: this code lives with it. The gateway may go on
    meanwhile: a migration that has to wait for a table, which whoever comes waits behind, lets it go soon and begins
    anew. So it is never one of two that wait for each other, and nobody else is given up for it. Busy after so long."""
    end = time.monotonic() + patience_s
    while True:
        try:
            return _upgrade(store)
        except Busy:
            if time.monotonic() >= end:
                raise
        time.sleep(PAUSE_S)


def _upgrade(store: Store) -> tuple[str | None, str]:
    with store.write(lock_ms=LOCK_MS, statement_ms=0) as tx:  # an index on a million leads takes its time
        if not store.is_sqlite:
            tx.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_ONE_MIGRATOR})")
        if later := _later(tx):
            return later, later
        before = _known_revision(tx)
        if before != head():
            _run(tx)
    return before, head()


def _run(tx: Connection) -> None:
    from alembic import command  # a tenth of a second, which `release` alone pays
    from alembic.config import Config

    made = Config()
    made.set_main_option("script_location", str(_HERE))
    made.attributes["connection"] = tx
    command.upgrade(made, "head")


def is_current(tx: Connection) -> bool:
    """Whether this code may work on the database: its migrations are done, or those of a later release."""
    return _stands(tx) == [head()] or _later(tx) is not None


def _stands(tx: Connection) -> list[str]:
    """The migrations at which the database stands: one, or none where it never had any."""
    if not inspect(tx).has_table(_VERSION.name):
        return []
    return [str(name) for name in tx.execute(select(_VERSION.c.version_num)).scalars()]


def _later(tx: Connection) -> str | None:
    """The migration of a later release at which the database stands: its number is higher than ours, and, as
    migrations only add, everything of ours is there."""
    stands = _stands(tx)
    if len(stands) != 1 or not _LATER.fullmatch(stands[0]) or (_LATER.fullmatch(head()) and stands[0] <= head()):
        return None
    there = inspect(tx)
    tables = set(there.get_table_names())
    for table in meta.sorted_tables:
        if table.name not in tables or not set(table.columns.keys()) <= {
            c["name"] for c in there.get_columns(table.name)
        }:
            return None
    return stands[0]


def _known_revision(tx: Connection) -> str | None:
    """The migration at which the database stands, None for an empty one."""
    from alembic.script import ScriptDirectory

    stands = _stands(tx)
    known = {script.revision for script in ScriptDirectory(str(_HERE)).walk_revisions()}
    if len(stands) == 1 and stands[0] in known:
        return stands[0]
    ours = sorted(meta.tables.keys() & set(inspect(tx).get_table_names()))
    if not stands and not ours:
        return None
    what = (
        f"stands at {', '.join(stands)}" if stands else f"has tables of ours ({', '.join(ours[:3])}) and no migration"
    )
    raise OtherTables(
        f"the database {what}, and no way leads from there to this code's {head()}: "
        "go back to the code that made it, or name a new database in DATABASE_URL and run flask release again"
    )


def written_out(tables: MetaData, dialect: Dialect) -> list[str]:
    """The statements that make them on an empty database, in order."""
    made = [CreateTable(table).compile(dialect=dialect) for table in tables.sorted_tables]
    indexes = [index for table in tables.sorted_tables for index in table.indexes]
    return [*map(str, made), *sorted(str(CreateIndex(index).compile(dialect=dialect)) for index in indexes)]


def fingerprint(tables: MetaData) -> str:
    """Eight characters that tell one state of the tables from another: the statements that make them, as a digest."""
    return hashlib.sha256("\n".join(written_out(tables, postgresql.dialect())).encode()).hexdigest()[:8]
