"""Hours that are over, counted from the leads: what charts of many days are read from.

A row is only what the leads say now: whatever is counted again comes out the same, and a lead that is decided weeks
later moves between its hour's rows when that hour is next counted."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, Numeric, cast, delete, func, select

from core.durations import DAY_MS, HOUR_MS
from core.outcome import NOT_SENT
from core.states import STATES
from store import rows
from store.tables import attempts, hourly, leads
from store.upsert import upsert

Key = tuple[str, int, str]  # source, start of the hour, state


@dataclass
class Figures:
    leads: int = 0
    calls: int = 0
    spend: Decimal = Decimal(0)


def counted(tx: Connection, first: int, end: int, source: str = "") -> dict[Key, Figures]:
    """What came (to one source) from `first` until before `end`, as the leads and their attempts say it."""
    hour = (leads.c.received_at - leads.c.received_at % HOUR_MS).label("hour")
    came = (leads.c.received_at >= first) & (leads.c.received_at < end)
    came = came & (leads.c.source == source) if source else came
    found: dict[Key, Figures] = defaultdict(Figures)
    # Each state is named, so that one source's are read out of `leads_by_source_state` alone.
    query = select(leads.c.source, hour, leads.c.state, func.count()).where(came, leads.c.state.in_(STATES))
    for source, at, state, n in tx.execute(query.group_by(leads.c.source, hour, leads.c.state)):
        found[source, at, state].leads = n
    query = select(leads.c.source, hour, leads.c.state, attempts.c.price, func.count()).where(came)
    query = query.join(attempts, attempts.c.lead == leads.c.id)
    query = query.where(attempts.c.outcome.is_(None) | (attempts.c.outcome != NOT_SENT))
    query = query.group_by(leads.c.source, hour, leads.c.state, attempts.c.price)
    for source, at, state, price, n in tx.execute(query):
        found[source, at, state].calls += n
        found[source, at, state].spend += Decimal(price or 0) * n
    return dict(found)


def kept(tx: Connection, first: int, end: int) -> dict[Key, Figures]:
    """The rows of these hours."""
    query = select(hourly).where(hourly.c.hour >= first, hourly.c.hour < end)
    return {
        (row.source, row.hour, row.state): Figures(row.leads, row.calls, Decimal(row.spend))
        for row in tx.execute(query)
    }


def keep(tx: Connection, now: dict[Key, Figures], before: dict[Key, Figures]) -> None:
    """Make the rows say what is so now, where `before` said otherwise. Two who do it at once do no harm."""
    changed = [(key, one) for key, one in sorted(now.items()) if before.get(key) != one]
    if changed:
        row: Any = upsert(tx.dialect.name, hourly)
        figures = {name: row.excluded[name] for name in ("leads", "calls", "spend")}
        row = row.on_conflict_do_update(index_elements=["source", "hour", "state"], set_=figures)
        tx.execute(row, [_row(key, one) for key, one in changed])
    for source, hour, state in sorted(before.keys() - now.keys()):
        this = (hourly.c.source == source) & (hourly.c.hour == hour) & (hourly.c.state == state)
        tx.execute(delete(hourly).where(this))


def _row(key: Key, one: Figures) -> dict[str, Any]:
    named = dict(zip(("source", "hour", "state"), key, strict=True))
    return {**named, "leads": one.leads, "calls": one.calls, "spend": format(one.spend, "f")}


def forget_old(tx: Connection, before: int) -> None:
    tx.execute(delete(hourly).where(hourly.c.hour < before))


def of_sources(tx: Connection, names: Sequence[str], since: int, until: int) -> list[tuple[str, int, str, int]]:
    """(source, start of the hour, state, leads) of the hours from `since` until before `until`."""
    return [tuple(row) for row in rows.among(tx, _OF_SOURCES, names, [since, until])]


_OF_SOURCES = "SELECT source, hour, state, leads FROM hourly WHERE source {wanted} AND hour >= {mark} AND hour < {mark}"


def by_day(
    tx: Connection, names: Sequence[str], since: int, until: int, *, money: bool = True
) -> list[tuple[int, str, Figures]]:
    """(which 24 hours from `since` on, state, what came) of these sources together, of hours before `until`. Calls and
    spend only where `money` is wanted: adding them up costs as much as all the rest."""
    nth = ((hourly.c.hour - since) // DAY_MS).label("nth")
    spend = func.sum(cast(hourly.c.spend, Numeric(asdecimal=False)))  # SQLite adds no decimals: rounded below
    query = select(nth, hourly.c.state, func.sum(hourly.c.leads), *((func.sum(hourly.c.calls), spend) if money else ()))
    query = query.where(hourly.c.source.in_(names))
    found = tx.execute(query.where(hourly.c.hour >= since, hourly.c.hour < until).group_by(nth, hourly.c.state))
    return [(n, state, _sums(*sums)) for n, state, *sums in found]


def _sums(came: int, calls: int = 0, spend: float = 0) -> Figures:
    return Figures(int(came), int(calls), round(Decimal(spend), 6))
