"""What was told of alarms: read and written together with the outbox."""

from collections.abc import Iterable, Mapping

from sqlalchemy import Connection, or_, select, update

from core.telling import Row
from store.tables import alarms

_COLUMNS = [alarms.c[name] for name in Row.__dataclass_fields__]


def rows(tx: Connection) -> list[Row]:
    """Those that stand, and those that are over and still have to be told of; the oldest first. Locked: of two who
    would tell of them at once the second sees what the first one has told."""
    open_, told = alarms.c.cleared_at.is_(None), alarms.c.told_at.is_not(None)
    query = (
        select(*_COLUMNS)
        .where(or_(open_, told & alarms.c.over_told.is_(False)))
        .order_by(alarms.c.id)
        .with_for_update()
    )
    return [Row(**row._mapping) for row in tx.execute(query)]


def first(tx: Connection, ids: Iterable[int], now: int) -> None:
    tx.execute(update(alarms).where(alarms.c.id.in_(list(ids))).values(told_at=now, reminders=0))


def again(tx: Connection, reminders: Mapping[int, int]) -> None:
    """Alarm's id -> how many of its reminders are behind."""
    for one, count in reminders.items():
        tx.execute(update(alarms).where(alarms.c.id == one).values(reminders=count))


def over(tx: Connection, ids: Iterable[int]) -> None:
    tx.execute(update(alarms).where(alarms.c.id.in_(list(ids))).values(over_told=True))
