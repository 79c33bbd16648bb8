"""What people and programs read: counts, lists, and the whole story of one lead."""

import json
from typing import Any

from sqlalchemy import Connection, func, select

from core.phone import mask
from store import deliveries
from store.leads import find
from store.tables import attempts, history, leads

LISTED = (
    leads.c.no,
    leads.c.id,
    leads.c.source,
    leads.c.state,
    leads.c.reason,
    leads.c.reasons,
    leads.c.received_at,
    leads.c.due_at,
    leads.c.number,
    leads.c.script,
)


def count_by_state(tx: Connection) -> dict[str, int]:
    return {state: n for state, n in tx.execute(select(leads.c.state, func.count()).group_by(leads.c.state))}


def newest(tx: Connection, limit: int, *, state: str | None = None, source: str | None = None) -> list[dict[str, Any]]:
    """The newest leads, numbers masked."""
    query = select(*LISTED).order_by(leads.c.no.desc()).limit(limit)
    if state:
        query = query.where(leads.c.state == state)
    if source:
        query = query.where(leads.c.source == source)
    rows = [dict(row._mapping) for row in tx.execute(query)]
    for row in rows:
        row["number"] = mask(row["number"]) if row["number"] else ""
        row["reasons"] = json.loads(row["reasons"])
    return rows


def story(tx: Connection, name: str) -> dict[str, Any] | None:
    """Everything about one lead (by id or short number): the lead, its attempts, history, deliveries."""
    lead = find(tx, name)
    if lead is None:
        return None
    tried = select(attempts).where(attempts.c.lead == lead.id).order_by(attempts.c.n)
    went = select(history).where(history.c.lead == lead.id).order_by(history.c.n)
    return {
        "lead": lead,
        "attempts": [dict(row._mapping) for row in tx.execute(tried)],
        "history": [dict(row._mapping) for row in tx.execute(went)],
        "deliveries": deliveries.of_lead(tx, lead.id),
    }
