"""Alarms as rows: raised once, counted while they ring, cleared when all is well again."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, select, update
from sqlalchemy.dialects import postgresql, sqlite

from store.tables import alarms


@dataclass(frozen=True)
class Alarm:
    """`since` and `cleared` in milliseconds, `since` None where it cannot be known; `count` of what the
    text speaks of; `cleared` None while it rings."""

    name: str
    text: str
    since: int | None
    count: int
    cleared: int | None = None


def ringing(tx: Connection) -> dict[str, Alarm]:
    """The alarms that have been raised and not cleared, by name."""
    found = tx.execute(select(alarms).where(alarms.c.cleared_at.is_(None)))
    return {row.name: _alarm(row) for row in found}


def cleared(tx: Connection, since: int, limit: int = 100) -> list[Alarm]:
    """Those that were cleared since then, the newest first."""
    query = select(alarms).where(alarms.c.cleared_at >= since).order_by(alarms.c.cleared_at.desc()).limit(limit)
    return [_alarm(row) for row in tx.execute(query)]


def _alarm(row: Row[Any]) -> Alarm:
    values = row._mapping  # a row's own `count` is a method
    return Alarm(values["name"], values["text"], values["since"], values["count"], values["cleared_at"])


def keep(tx: Connection, now_ringing: Iterable[Alarm], now: int) -> tuple[list[str], list[str]]:
    """Make the rows say what rings now; the names raised and the names cleared by this very call."""
    wanted = {alarm.name: alarm for alarm in now_ringing}
    known = ringing(tx)
    flavour = sqlite if tx.dialect.name == "sqlite" else postgresql
    raised = []
    for name in sorted(wanted.keys() - known.keys()):
        alarm = wanted[name]
        since = now if alarm.since is None else alarm.since
        row = flavour.insert(alarms).values(name=name, text=alarm.text, since=since, count=alarm.count)
        # Two processes may see the same at once: the open row is one.
        done = row.on_conflict_do_nothing().returning(alarms.c.id)
        if tx.execute(done).one_or_none() is not None:
            raised.append(name)
    for name in sorted(wanted.keys() & known.keys()):
        if (wanted[name].text, wanted[name].count) != (known[name].text, known[name].count):
            _change(tx, name, text=wanted[name].text, count=wanted[name].count)
    gone = [name for name in sorted(known.keys() - wanted.keys()) if _change(tx, name, cleared_at=now)]
    return raised, gone


def _change(tx: Connection, name: str, **columns: object) -> bool:
    one = update(alarms).where(alarms.c.name == name, alarms.c.cleared_at.is_(None)).values(**columns)
    return tx.execute(one).rowcount == 1
