"""Deliveries: one HTTP request from a source each, with its bytes as they came."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from store import rows
from store.tables import deliveries, delivery_leads

_COLUMNS = ("id", "source", "received_at", "method", "query", "headers", "body", "digest", "problem")


@dataclass(frozen=True)
class Kept:
    """A delivery as it is kept. `query` and `headers` are JSON and come without the proof; `problem` says why the
    body could not be read."""

    id: str
    source: str
    method: str
    query: str
    headers: str
    body: bytes
    digest: str
    problem: str


def of(kept: Sequence[Kept], *, at: int) -> rows.Insert:
    """The rows of deliveries that came at this moment."""
    given = [
        (one.id, one.source, at, one.method, one.query, one.headers, one.body, one.digest, one.problem) for one in kept
    ]
    return rows.Insert("deliveries", _COLUMNS, given)


def of_lead(tx: Connection, lead_id: str) -> list[dict[str, Any]]:
    """The deliveries a lead stood in, oldest first: id, received_at, kind."""
    query = (
        select(deliveries.c.id, deliveries.c.received_at, delivery_leads.c.kind)
        .join(delivery_leads, delivery_leads.c.delivery == deliveries.c.id)
        .where(delivery_leads.c.lead == lead_id)
        .order_by(deliveries.c.received_at, deliveries.c.id, delivery_leads.c.position)
    )
    return [dict(row._mapping) for row in tx.execute(query)]
