"""Leads: taking their event keys, storing them, choosing the next one, and moving them.

`move` is the only writer of a lead's state. Order of locks everywhere: lead, number, account.
"""

import json
from typing import Any

from sqlalchemy import Connection, Row, bindparam, insert, literal_column, select, update
from sqlalchemy.dialects import postgresql, sqlite

from core import states
from core.lead import Lead
from store.tables import delivery_leads, event_keys, history, leads

_COLUMNS = [c for c in leads.c]


class TransitionRefused(Exception):
    """The table of transitions does not hold this move: a bug in the caller, or an operator's wish that the state forbids."""


def _lead(row: Row[Any] | None) -> Lead | None:
    return None if row is None else Lead(**row._mapping)


def get(tx: Connection, lead_id: str, *, lock: bool = False) -> Lead | None:
    """The lead, locked until the transaction ends when `lock` (PostgreSQL; a SQLite writer is alone anyway)."""
    query = select(*_COLUMNS).where(leads.c.id == lead_id)
    return _lead(tx.execute(query.with_for_update() if lock else query).one_or_none())


def find(tx: Connection, name: str, *, lock: bool = False) -> Lead | None:
    """By id, or by the short number people say."""
    if name.isascii() and name.isdigit() and len(name) < 16:
        found = tx.execute(select(leads.c.id).where(leads.c.no == int(name))).scalar_one_or_none()
        return None if found is None else get(tx, found, lock=lock)
    return get(tx, name, lock=lock)


def next_received(tx: Connection, now: int) -> Lead | None:
    """The newest lead that is due to be mapped, locked; leads another worker holds are passed over."""
    return _lead(tx.execute(_NEXT_RECEIVED, {"now": now}).one_or_none())


def next_ready(tx: Connection, account: str, now: int, *, oldest: bool = False) -> Lead | None:
    """The account's next lead to ring, locked: a person's rearm first, then the newest due (or the oldest)."""
    given = {"now": now, "account": account}
    row = tx.execute(_NEXT_URGENT, given).one_or_none()
    if row is None:
        row = tx.execute(_OLDEST_READY if oldest else _NEXT_READY, given).one_or_none()
    return _lead(row)


def move(
    tx: Connection,
    lead: Lead,
    transition: str,
    target: str,
    *,
    at: int,
    who: str,
    why: str = "",
    trace: dict[str, Any] | None = None,
    old_payload: str | None = None,
    **columns: Any,
) -> bool:
    """Move `lead`, as it was seen, and write the history row in the same transaction.

    False when the lead is no longer as it was seen; nothing has been written then. Raises
    TransitionRefused for a move that the table does not hold. `columns` are set along with the state.
    """
    if not states.allowed(transition, lead.state, target):
        raise TransitionRefused(f"{transition}: a lead that is {lead.state} cannot become {target}")
    n = lead.history_n + 1
    done = tx.execute(
        update(leads)
        .where(leads.c.id == lead.id, leads.c.state == lead.state, leads.c.history_n == lead.history_n)
        .values(state=target, history_n=n, **columns)
    )
    if done.rowcount != 1:
        return False
    tx.execute(
        _INSERT_HISTORY,
        {
            "lead": lead.id,
            "n": n,
            "at": at,
            "transition": transition,
            "origin": lead.state,
            "target": target,
            "who": who,
            "why": why,
            "trace": json.dumps(trace) if trace else "{}",
            "payload": old_payload,
        },
    )
    return True


def postpone(tx: Connection, lead: Lead, due_at: int) -> None:
    """A later `due_at` for the same reason: no history row, the state stays."""
    tx.execute(update(leads).where(leads.c.id == lead.id, leads.c.history_n == lead.history_n).values(due_at=due_at))


def mark_changed_after_call(tx: Connection, lead_id: str) -> None:
    tx.execute(update(leads).where(leads.c.id == lead_id).values(changed_after_call=True))


def take_key(tx: Connection, source: str, key: str, lead_id: str, now: int, window_ms: int) -> str | None:
    """Take an event key for `lead_id`. None when it is ours now, else the id of the lead that has it.

    A key older than its window is a new event's. The window runs from the first delivery."""
    flavour = sqlite if tx.dialect.name == "sqlite" else postgresql
    claim = flavour.insert(event_keys).values(source=source, key=key, lead=lead_id, first_at=now)
    claim = claim.on_conflict_do_update(
        index_elements=["source", "key"],
        set_={"lead": claim.excluded.lead, "first_at": claim.excluded.first_at},
        where=event_keys.c.first_at <= now - window_ms,
    ).returning(event_keys.c.lead)
    if tx.execute(claim).scalar_one_or_none() == lead_id:
        return None
    # A later statement of this transaction: it sees what the winner of the key has committed.
    query = select(event_keys.c.lead).where(event_keys.c.source == source, event_keys.c.key == key)
    return str(tx.execute(query).scalar_one())


def receive(tx: Connection, lead_id: str, values: dict[str, Any], *, at: int) -> int:
    """Insert a lead as `received` with its first history row; its `no`."""
    no = tx.execute(
        _INSERT_LEAD,
        {"id": lead_id, "state": states.RECEIVED, "received_at": at, "due_at": at, "history_n": 1, **values},
    ).scalar_one()
    tx.execute(
        _INSERT_HISTORY,
        {
            "lead": lead_id,
            "n": 1,
            "at": at,
            "transition": "receive",
            "origin": states.NEW,
            "target": states.RECEIVED,
            "who": "web",
            "why": "",
            "trace": "{}",
            "payload": None,
        },
    )
    return int(no)


def link(tx: Connection, delivery_id: str, lead_id: str, position: int, kind: str) -> None:
    """Say that this lead stood in this delivery: first, repeat, correction or changed_after_call."""
    tx.execute(_INSERT_LINK, {"delivery": delivery_id, "lead": lead_id, "position": position, "kind": kind})


def stale(tx: Connection, source: str, n: int, limit: int) -> list[Lead]:
    """Waiting leads of a source that another version mapped, locked."""
    query = (
        select(*_COLUMNS)
        .where(leads.c.state == states.READY, leads.c.source == source, leads.c.version != n)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return [Lead(**row._mapping) for row in tx.execute(query)]


_INSERT_LEAD = insert(leads).returning(leads.c.no)
_INSERT_HISTORY = insert(history)
_INSERT_LINK = insert(delivery_leads)


def _is(state: str) -> Any:
    # Written out, not bound: SQLite takes a partial index only for a condition it can read.
    return leads.c.state == literal_column(f"'{state}'")


def _next(state: str, *order: Any, urgent: int | None = None) -> Any:
    query = select(*_COLUMNS).where(_is(state), leads.c.due_at <= bindparam("now"))
    if urgent is not None:
        query = query.where(leads.c.account == bindparam("account"), leads.c.urgent == literal_column(str(urgent)))
    return query.order_by(*order).limit(1).with_for_update(skip_locked=True)


_NEXT_RECEIVED = _next(states.RECEIVED, leads.c.due_at.desc())
_NEXT_URGENT = _next(states.READY, leads.c.due_at, urgent=1)
_NEXT_READY = _next(states.READY, leads.c.due_at.desc(), leads.c.no.desc(), urgent=0)
_OLDEST_READY = _next(states.READY, leads.c.due_at, leads.c.no, urgent=0)
