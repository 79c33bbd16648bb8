"""INSERT ... ON CONFLICT, which both databases' dialects have under the same names."""

from typing import Any

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite


def upsert(dialect: str, table: Table) -> Any:
    """An INSERT that knows `on_conflict_do_update` and `on_conflict_do_nothing`."""
    return (sqlite if dialect == "sqlite" else postgresql).insert(table)
