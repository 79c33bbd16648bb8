"""Bringing a database to this code's tables, and telling whether it is there."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from store.engine import Store

_HERE = Path(__file__).parent / "migrations"
_ONE_MIGRATOR = 7_051_934  # PostgreSQL's advisory lock: two machines may start `release` at once


def config(connection: Connection | None = None) -> Config:
    made = Config()
    made.set_main_option("script_location", str(_HERE))
    made.attributes["connection"] = connection
    return made


def head() -> str:
    """The newest migration this code knows."""
    return str(ScriptDirectory(str(_HERE)).get_current_head())


def upgrade(store: Store) -> tuple[str | None, str]:
    """Run the missing migrations in one transaction; (before, after)."""
    with store.write() as tx:
        if not store.is_sqlite:
            tx.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_ONE_MIGRATOR})")
        before = MigrationContext.configure(tx).get_current_revision()
        if before != head():
            command.upgrade(config(tx), "head")
    return before, head()


def is_current(tx: Connection) -> bool:
    return MigrationContext.configure(tx).get_current_revision() == head()
