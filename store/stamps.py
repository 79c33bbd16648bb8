"""What should happen by itself (a backup, the watch): when it last did, and how it went."""

from sqlalchemy import Connection, select

from core.alarm import Stamp
from store.tables import stamps
from store.upsert import upsert


def put(tx: Connection, name: str, stamp: Stamp) -> None:
    values = {"at": stamp.at, "well": stamp.well, "said": stamp.said}
    row = upsert(tx.dialect.name, stamps).values(name=name, **values)
    tx.execute(row.on_conflict_do_update(index_elements=["name"], set_=values))


def known(tx: Connection) -> dict[str, Stamp]:
    """Each by its name."""
    return {row.name: Stamp(row.at, row.well, row.said) for row in tx.execute(select(stamps))}
