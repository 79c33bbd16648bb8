"""Puts a lead into any state for the store's tests."""

from sqlalchemy import update

from core.lead import Lead
from store import leads
from store.ids import new_id
from store.tables import leads as table

AT = 1_764_061_200_000


def receive(tx, lead_id: str) -> None:
    values = {"id": lead_id, "source": "shop", "account": "main", "digest": "d" * 64, "payload": "{}"}
    leads.receive(tx, [{**values, "event_key": None, "asks_crm": 0}], at=AT)


def lead_in(tx, state: str = "received", **columns) -> Lead:
    lead_id = new_id()
    receive(tx, lead_id)
    tx.execute(update(table).where(table.c.id == lead_id).values(state=state, **columns))
    lead = leads.get(tx, lead_id)
    assert lead is not None
    return lead
