"""The last 24 hours as the console's first page shows them: each a walk over one index range."""

from typing import Any

from sqlalchemy import Connection, Float, cast, func, select

from core.account.caps import HOUR_MS
from store.tables import attempts, history, leads


def by_hour(tx: Connection, since: int) -> list[tuple[str, int, str, int]]:
    """(source, start of the hour, state, leads) of what came since then; by `leads_by_arrival`."""
    hour = (leads.c.received_at - leads.c.received_at % HOUR_MS).label("hour")
    query = select(leads.c.source, hour, leads.c.state, func.count()).where(leads.c.received_at >= since)
    return [tuple(row) for row in tx.execute(query.group_by(leads.c.source, hour, leads.c.state))]


Part = tuple[int, int, tuple[int, ...]]


def speeds(tx: Connection, since: int, parts: tuple[float, ...], *, by_hours: bool) -> list[Part]:
    """(start of the hour, calls, the given parts of a whole of the waits in ms) of first calls that no rule made
    wait; one row for all of it (hour 0) where not `by_hours`. By `attempts_by_start`."""
    hour: Any = (attempts.c.started_at - attempts.c.started_at % HOUR_MS) if by_hours else attempts.c.n * 0
    wait = attempts.c.started_at - leads.c.received_at
    ordered = (
        select(
            hour.label("hour"),
            wait.label("wait"),
            func.row_number().over(partition_by=hour, order_by=wait).label("place"),
            func.count().over(partition_by=hour).label("calls"),
        )
        .join(leads, leads.c.id == attempts.c.lead)
        .where(attempts.c.started_at >= since, attempts.c.n == 1, _NO_RULE)
        .subquery()
    )
    at = [func.min(ordered.c.wait).filter(ordered.c.place >= cast(ordered.c.calls, Float) * part) for part in parts]
    query = select(ordered.c.hour, func.max(ordered.c.calls), *at).group_by(ordered.c.hour).order_by(ordered.c.hour)
    return [(row[0], row[1], tuple(row[2:])) for row in tx.execute(query)]


def slower(tx: Connection, since: int, goal_ms: int) -> int:
    """How many of those calls began later than the goal."""
    query = select(func.count()).select_from(attempts).join(leads, leads.c.id == attempts.c.lead)
    late = attempts.c.started_at - leads.c.received_at > goal_ms
    return int(tx.execute(query.where(attempts.c.started_at >= since, attempts.c.n == 1, late, _NO_RULE)).scalar_one())


# A lead that no rule made wait was due when it was mapped, however late that was.
_NO_RULE = (
    select(history.c.n)
    .where(history.c.lead == leads.c.id, history.c.transition == "map", history.c.at >= leads.c.due_at)
    .correlate(leads)
    .exists()
)
