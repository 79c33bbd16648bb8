"""What should happen by itself (a backup, the watch): when it last did, and how it went."""

from sqlalchemy import Connection, select
from sqlalchemy.dialects import postgresql, sqlite

from core.alarm import Stamp
from store.tables import stamps


def put(tx: Connection, name: str, stamp: Stamp) -> None:
    flavour = sqlite if tx.dialect.name == "sqlite" else postgresql
    values = {"at": stamp.at, "well": stamp.well, "said": stamp.said}
    row = flavour.insert(stamps).values(name=name, **values)
    tx.execute(row.on_conflict_do_update(index_elements=["name"], set_=values))


def known(tx: Connection) -> dict[str, Stamp]:
    """Each by its name."""
    return {row.name: Stamp(row.at, row.well, row.said) for row in tx.execute(select(stamps))}
