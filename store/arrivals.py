"""When a source's leads came: by the hour, and the newest ones. Each is read from `leads_by_source` alone."""

from collections.abc import Sequence

from sqlalchemy import Connection, bindparam, func, select

from core.durations import HOUR_MS
from store import rows
from store.rows import Ask
from store.tables import leads


def by_hour(tx: Connection, source: str, since: int, until: int) -> dict[int, int]:
    """Start of the hour -> leads that came in it."""
    hour = (leads.c.received_at - leads.c.received_at % HOUR_MS).label("hour")
    mine = (leads.c.source == source) & (leads.c.received_at >= since) & (leads.c.received_at < until)
    return {at: n for at, n in tx.execute(select(hour, func.count()).where(mine).group_by(hour))}


def newest(tx: Connection, sources: Sequence[str], count: int) -> dict[str, list[int]]:
    """When the newest leads of each came, the newest first."""
    told = rows.ask_all(tx, [Ask(_NEWEST, {"source": source, "count": count}) for source in sources])
    return {source: [at for (at,) in its] for source, its in zip(sources, told, strict=True)}


# Written once: each page that lists sources asks for every one of them.
_NEWEST = (
    select(leads.c.received_at)
    .where(leads.c.source == bindparam("source"))
    .order_by(leads.c.received_at.desc(), leads.c.no.desc())
    .limit(bindparam("count"))
)
