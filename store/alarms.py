"""Alarms as rows: raised once, counted while they ring, cleared when all has been well for a while."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from sqlalchemy import Connection, delete, insert, select, update

from core.alarm import Alarm
from core.telling import GREW, grew
from store import rows
from store.tables import alarms
from store.upsert import upsert

Key = tuple[str, str]
_GREW = {"reminders": GREW, "acked_at": None, "acked_by": ""}
_COLUMNS = [alarms.c[name] for name in Alarm.__dataclass_fields__]


def ringing(tx: Connection) -> dict[Key, Alarm]:
    """The alarms that ring at this moment, by kind and subject."""
    return {alarm.key: alarm for alarm, calm_since in _open(tx) if calm_since is None}


def standing(tx: Connection) -> dict[Key, Alarm]:
    """Those that have been raised and not cleared: they ring, or were quiet for a few minutes only."""
    return {alarm.key: alarm for alarm, _ in _open(tx)}


def cleared(tx: Connection, since: int, limit: int = 100) -> list[Alarm]:
    """Those that were cleared since then, the newest first."""
    query = select(*_COLUMNS).where(alarms.c.cleared_at >= since)
    return [Alarm(**row._mapping) for row in tx.execute(query.order_by(alarms.c.cleared_at.desc()).limit(limit))]


def keep(tx: Connection, found: Iterable[Alarm], now: int, calm_ms: int = 0) -> tuple[list[Alarm], list[Alarm]]:
    """Make the rows say what rings now; those raised and those cleared by this very call. One that is not found any
    more is cleared when it has been calm for so long: what comes and goes is one alarm. One that grew is told anew."""
    wanted = {alarm.key: alarm for alarm in found}
    open_ = _open(tx)
    known = {alarm.key: alarm for alarm, _ in open_}
    ring = {alarm.key for alarm, calm_since in open_ if calm_since is None}
    raised = [alarm for key, alarm in sorted(wanted.items()) if key not in known and _raise(tx, alarm, now)]
    for key in wanted.keys() & known.keys():
        if key not in ring or not same(wanted[key], known[key]):
            alarm = wanted[key]
            anew = _GREW if grew(alarm.kind, known[key].severity, alarm.severity) else {}
            said = {"text": alarm.text, "value": alarm.value, "severity": alarm.severity}
            _change(tx, key, **said, calm_since=None, **anew)
    for key in ring - wanted.keys():
        _change(tx, key, calm_since=now)
    over = update(alarms).where(alarms.c.cleared_at.is_(None), alarms.c.calm_since <= now - calm_ms)
    keys = {(row.kind, row.subject) for row in tx.execute(over.values(cleared_at=now).returning(*_COLUMNS))}
    return raised, [known[key] for key in sorted(keys)]


@dataclass(frozen=True)
class Stood:
    """An alarm's time: from when its trouble began until it was calm, or until now."""

    kind: str
    subject: str
    since: int
    until: int


def spans(tx: Connection, kinds: Iterable[str], after: int, now: int) -> list[Stood]:
    """When alarms of these kinds stood, of those that did after that moment, the oldest first."""
    stood = rows.among(tx, _STOOD, sorted(kinds), [after])
    return [
        Stood(kind, subject, since, next((at for at in ends if at is not None), now))
        for kind, subject, since, *ends in stood
    ]


_STOOD = """SELECT kind, subject, since, calm_since, cleared_at FROM alarms
WHERE kind {wanted} AND (cleared_at IS NULL OR cleared_at >= {mark}) ORDER BY id"""


def note(tx: Connection, alarm: Alarm, now: int) -> None:
    """Write down one that is over already: nobody was there to raise it."""
    written = replace(alarm, raised_at=now, cleared_at=now)
    tx.execute(insert(alarms).values({column.name: getattr(written, column.name) for column in _COLUMNS}))


def forget_old(tx: Connection, before: int) -> None:
    """Alarms that were cleared before that time."""
    tx.execute(delete(alarms).where(alarms.c.cleared_at < before))


def same(one: Alarm, other: Alarm) -> bool:
    """Whether two looks at a trouble say the same of it."""
    return (one.text, one.value, one.severity) == (other.text, other.value, other.severity)


_OPEN = select(*_COLUMNS, alarms.c.calm_since).where(alarms.c.cleared_at.is_(None))


def _open(tx: Connection) -> list[tuple[Alarm, int | None]]:
    """Those that are not cleared, each with the moment since when it has been calm."""
    return [(Alarm(*row), calm_since) for *row, calm_since in rows.select(tx, _OPEN)]


def _raise(tx: Connection, alarm: Alarm, now: int) -> bool:
    """Two processes may see the same at once: the open row is one, and one of them raised it."""
    written = replace(alarm, since=now if alarm.since is None else alarm.since, raised_at=now)
    row = upsert(tx.dialect.name, alarms).values({column.name: getattr(written, column.name) for column in _COLUMNS})
    return tx.execute(row.on_conflict_do_nothing().returning(alarms.c.id)).one_or_none() is not None


def _change(tx: Connection, key: Key, **columns: object) -> bool:
    kind, subject = key
    one = update(alarms).where(alarms.c.kind == kind, alarms.c.subject == subject, alarms.c.cleared_at.is_(None))
    return tx.execute(one.values(**columns)).rowcount == 1
