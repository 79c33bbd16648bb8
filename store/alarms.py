"""Alarms as rows: raised once, counted while they ring, cleared when all is well again; and the facts they are of."""

from collections.abc import Iterable
from dataclasses import replace

from sqlalchemy import Connection, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite

from core.alarms import HOUR_MS, WAITS_MS, Alarm, Facts, FullCap
from store import accounts, caps, epoch, figures, workers
from store.tables import alarms

Key = tuple[str, str]
_COLUMNS = [alarms.c[name] for name in Alarm.__dataclass_fields__]


def facts(tx: Connection, whose: Iterable[str], now: int) -> Facts:
    """Everything that alarms are of and that the database knows; `whose` leads may wait: those accounts, and all
    that ever rang."""
    rang = accounts.all_accounts(tx)
    names = {*whose, *rang}
    unknown, unknown_since = figures.unknowns(tx)
    refused = figures.refused_per_hour(tx, now - now % HOUR_MS - HOUR_MS)
    return Facts(
        now=now,
        worker_seen=workers.last_seen(tx),
        other_database_since=epoch.suspect_since(tx),
        late=figures.due_before(tx, names, now - WAITS_MS),
        late_since=min(figures.oldest_due(tx, names, now).values(), default=None),
        accounts=rang,
        full=tuple(FullCap(row.whose, row.cap, row.limit, row.since) for row in caps.reached(tx)),
        unknown=unknown,
        unknown_since=unknown_since,
        refused_hours=tuple((source, hour, n) for source, hour, _, n in refused),
    )


def ringing(tx: Connection) -> dict[Key, Alarm]:
    """The alarms that have been raised and not cleared, by kind and subject."""
    found = tx.execute(select(*_COLUMNS).where(alarms.c.cleared_at.is_(None)))
    rows = [Alarm(**row._mapping) for row in found]
    return {alarm.key: alarm for alarm in rows}


def cleared(tx: Connection, since: int, limit: int = 100) -> list[Alarm]:
    """Those that were cleared since then, the newest first."""
    query = select(*_COLUMNS).where(alarms.c.cleared_at >= since)
    return [Alarm(**row._mapping) for row in tx.execute(query.order_by(alarms.c.cleared_at.desc()).limit(limit))]


def keep(tx: Connection, now_ringing: Iterable[Alarm], now: int) -> tuple[list[Alarm], list[Alarm]]:
    """Make the rows say what rings now; those raised and those cleared by this very call."""
    wanted = {alarm.key: alarm for alarm in now_ringing}
    known = ringing(tx)
    raised = [alarm for key, alarm in sorted(wanted.items()) if key not in known and _raise(tx, alarm, now)]
    for key in wanted.keys() & known.keys():
        if not same(wanted[key], known[key]):
            alarm = wanted[key]
            _change(tx, key, text=alarm.text, value=alarm.value, severity=alarm.severity)
    gone = [known[key] for key in sorted(known.keys() - wanted.keys()) if _change(tx, key, cleared_at=now)]
    return raised, gone


def forget_old(tx: Connection, before: int) -> None:
    """Alarms that were cleared before that time."""
    tx.execute(delete(alarms).where(alarms.c.cleared_at < before))


def same(one: Alarm, other: Alarm) -> bool:
    """Whether two looks at a trouble say the same of it."""
    return (one.text, one.value, one.severity) == (other.text, other.value, other.severity)


def _raise(tx: Connection, alarm: Alarm, now: int) -> bool:
    """Two processes may see the same at once: the open row is one, and one of them raised it."""
    flavour = sqlite if tx.dialect.name == "sqlite" else postgresql
    written = replace(alarm, since=now if alarm.since is None else alarm.since, raised_at=now)
    row = flavour.insert(alarms).values({column.name: getattr(written, column.name) for column in _COLUMNS})
    return tx.execute(row.on_conflict_do_nothing().returning(alarms.c.id)).one_or_none() is not None


def _change(tx: Connection, key: Key, **columns: object) -> bool:
    kind, subject = key
    one = update(alarms).where(alarms.c.kind == kind, alarms.c.subject == subject, alarms.c.cleared_at.is_(None))
    return tx.execute(one.values(**columns)).rowcount == 1
