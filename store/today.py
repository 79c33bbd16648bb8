"""What has been counted since the day began (UTC), for those who count on: Prometheus takes a figure that falls for
one that began anew, so each of these only grows until the next day begins, and says the same to whoever asks.

Each walks over index ranges, so costs what came since then. How a lead stands is not here: that may be taken back.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, select

from core.durations import DAY_MS
from store import versions
from store.tables import attempts, deliveries, leads

STORED = "stored"


@dataclass(frozen=True)
class Spread:
    """How many durations were no longer than each bound, how many there were, and their sum in milliseconds."""

    within: tuple[int, ...]
    count: int
    sum_ms: int


@dataclass(frozen=True)
class Today:
    deliveries: Mapping[tuple[str, str], int]  # by source and what became of them: `stored`, or why it was refused
    spent: Mapping[str, Decimal]  # by source
    called: Mapping[str, Spread]  # by source
    answered: Mapping[str, Spread]  # by account


def read(tx: Connection, names: Sequence[str], now: int, to_call: Sequence[int], to_answer: Sequence[int]) -> Today:
    """Of these sources, with the spreads' bounds in milliseconds."""
    since = now - now % DAY_MS
    taken = {(name, STORED): n for name, n in stored(tx, names, since).items()}
    refused = {(name, cause): n for name, cause, n in versions.refused(tx, since)}
    return Today(
        taken | refused,
        spent(tx, names, since),
        called(tx, names, since, to_call),
        answered(tx, since, to_answer),
    )


def stored(tx: Connection, names: Sequence[str], since: int) -> dict[str, int]:
    """Source -> its deliveries that were stored, of each of these; nothing of an index is read but their ranges."""
    query = select(deliveries.c.source, func.count()).where(deliveries.c.received_at >= since)
    query = query.where(deliveries.c.source.in_(names)).group_by(deliveries.c.source)
    return {**dict.fromkeys(names, 0), **{source: n for source, n in tx.execute(query)}}


def spent(tx: Connection, names: Sequence[str], since: int) -> dict[str, Decimal]:
    """Source -> the price of its calls that began. Money is added up here: SQLite knows no decimals."""
    kind = (attempts.c.source, attempts.c.price)
    query = select(*kind, func.count()).where(attempts.c.source.in_(names), attempts.c.started_at >= since)
    query = query.where(attempts.c.price.is_not(None))
    found = dict.fromkeys(names, Decimal(0))
    for source, price, n in tx.execute(query.group_by(*kind)):
        found[source] += Decimal(price) * n
    return found


def answered(tx: Connection, since: int, bounds: Sequence[int]) -> dict[str, Spread]:
    """Account -> how long its provider took, from the claim to the whole reply, of calls that began and had one."""
    took = attempts.c.ended_at - attempts.c.started_at
    query = select(attempts.c.account, *_spread(took, bounds))
    query = query.where(attempts.c.started_at >= since, attempts.c.http_status.is_not(None))
    return dict(_spreads(tx, query.group_by(attempts.c.account)))


def called(tx: Connection, names: Sequence[str], since: int, bounds: Sequence[int]) -> dict[str, Spread]:
    """Source -> how long its leads waited from their arrival to their first call, of first calls that began."""
    wait = attempts.c.started_at - leads.c.received_at
    query = select(attempts.c.source, *_spread(wait, bounds)).join(leads, leads.c.id == attempts.c.lead)
    query = query.where(attempts.c.source.in_(names), attempts.c.started_at >= since, attempts.c.n == 1)
    return dict(_spreads(tx, query.group_by(attempts.c.source)))


def _spread(duration: ColumnElement[int], bounds: Sequence[int]) -> list[ColumnElement[Any]]:
    return [*(func.count().filter(duration <= bound) for bound in bounds), func.count(), func.sum(duration)]


def _spreads(tx: Connection, query: Any) -> Iterator[tuple[str, Spread]]:
    for name, *within, count, total in tx.execute(query):
        yield name, Spread(tuple(within), count, int(total))
