"""Deliveries: one HTTP request from a source each, with its bytes as they came."""

import hashlib
import json
from typing import Any

from sqlalchemy import Connection, insert, select

from store.tables import deliveries, delivery_leads

_INSERT = insert(deliveries)


def add(
    tx: Connection,
    delivery_id: str,
    *,
    source: str,
    at: int,
    method: str,
    query: dict[str, Any],
    headers: dict[str, str],
    body: bytes,
    problem: str,
) -> None:
    """Store a delivery. `query` and `headers` come without the proof."""
    tx.execute(
        _INSERT,
        {
            "id": delivery_id,
            "source": source,
            "received_at": at,
            "method": method,
            "query": json.dumps(query),
            "headers": json.dumps(headers),
            "body": body,
            "digest": hashlib.sha256(body).hexdigest(),
            "problem": problem,
        },
    )


def of_lead(tx: Connection, lead_id: str) -> list[dict[str, Any]]:
    """The deliveries a lead stood in, oldest first: id, received_at, kind."""
    query = (
        select(deliveries.c.id, deliveries.c.received_at, delivery_leads.c.kind)
        .join(delivery_leads, delivery_leads.c.delivery == deliveries.c.id)
        .where(delivery_leads.c.lead == lead_id)
        .order_by(deliveries.c.received_at, deliveries.c.id, delivery_leads.c.position)
    )
    return [dict(row._mapping) for row in tx.execute(query)]
