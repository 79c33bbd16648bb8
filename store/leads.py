"""Leads: taking their event keys, storing them, and moving them.

`apply` is the only writer of a lead's state. Order of locks everywhere: event keys (sorted), totals (only where
a sum is set), account, leads (by id), numbers (ascending); who needs fewer skips, nobody goes back.
"""

import json
from collections.abc import Collection
from dataclasses import replace
from functools import cache
from typing import Any

from sqlalchemy import BigInteger, Connection, Row, bindparam, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from core import states
from core.lead import Lead
from core.move import Move, written
from store.tables import delivery_leads, erased_keys, event_keys, history, leads

_COLUMNS = [c for c in leads.c]


class TransitionRefused(Exception):
    """The table of transitions does not hold this move: a bug in the caller."""


class LeadChanged(Exception):
    """The lead is no longer as it was seen: whoever wants to change it has to look again."""


def _lead(row: Row[Any] | None) -> Lead | None:
    return None if row is None else Lead(**row._mapping)


def get(tx: Connection, lead_id: str, *, lock: bool = False) -> Lead | None:
    """The lead, locked until the transaction ends when `lock` (PostgreSQL; a SQLite writer is alone anyway)."""
    return _lead(tx.execute(_LOCKED if lock else _ONE, {"id": lead_id}).one_or_none())


def find(tx: Connection, name: str, *, lock: bool = False) -> Lead | None:
    """By id, or by the short number people say."""
    if name.isascii() and name.isdigit() and len(name) < 16:
        found = tx.execute(select(leads.c.id).where(leads.c.no == int(name))).scalar_one_or_none()
        return None if found is None else get(tx, found, lock=lock)
    return get(tx, name, lock=lock)


def get_all(tx: Connection, ids: Collection[str]) -> dict[str, Lead]:
    """These leads by their ids, locked in the order of them until the transaction ends."""
    query = select(*_COLUMNS).where(leads.c.id.in_(sorted(ids))).order_by(leads.c.id)
    return {row.id: Lead(**row._mapping) for row in tx.execute(query.with_for_update())}


def apply(tx: Connection, lead: Lead, *moves: Move, at: int) -> Lead:
    """Make these moves of `lead`, as it was seen, one after the other in one write, each with its history
    row; the lead as it is then.

    Raises LeadChanged when the lead is no longer as it was seen, and TransitionRefused for a move that the
    table does not hold; nothing has been written then."""
    after = lead
    columns: dict[str, Any] = {}
    rows = []
    for move in moves:
        if move.quiet:
            columns |= move.columns
            continue
        if not states.allowed(move.transition, after.state, move.target):
            raise TransitionRefused(f"{move.transition}: a lead that is {after.state} cannot become {move.target}")
        now_so: dict[str, Any] = {
            **move.columns,
            "state": move.target,
            "reason": move.reason,
            "reasons": written(move.reasons),
            "history_n": after.history_n + 1,
        }
        rows.append(_history_row(after, move, at))
        columns |= now_so
        after = replace(after, **now_so)
    seen = {"seen_id": lead.id, "seen_state": lead.state, "seen_n": lead.history_n}
    if tx.execute(_moving(frozenset(columns)), {**seen, **columns}).rowcount != 1:
        raise LeadChanged(lead.id)
    if rows:
        tx.execute(_INSERT_HISTORY, rows)
    return replace(lead, **columns)


def _history_row(lead: Lead, move: Move, at: int) -> dict[str, Any]:
    return {
        "lead": lead.id,
        "n": lead.history_n + 1,
        "at": at,
        "transition": move.transition,
        "origin": lead.state,
        "target": move.target,
        "who": move.who,
        "why": move.why,
        "trace": json.dumps(move.trace) if move.trace else "{}",
        "payload": move.old_payload,
    }


def mark_changed_after_call(tx: Connection, lead_id: str) -> None:
    tx.execute(update(leads).where(leads.c.id == lead_id).values(changed_after_call=True))


def take_key(tx: Connection, source: str, key: str, lead_id: str, now: int, window_ms: int) -> str | None:
    """Take an event key for `lead_id`. None when it is ours now, else the id of the lead that has it.

    A key older than its window is a new event's. The window runs from the first delivery."""
    given = {"source": source, "key": key, "lead": lead_id, "first_at": now, "expired": now - window_ms}
    if tx.execute(_taking(tx.dialect.name), given).scalar_one_or_none() == lead_id:
        return None
    # A later statement of this transaction: it sees what the winner of the key has committed.
    return str(tx.execute(_HOLDER, {"of_source": source, "of_key": key}).scalar_one())


def holder(tx: Connection, source: str, key: str) -> str | None:
    """The id of the lead that has this event key."""
    return tx.execute(_HOLDER, {"of_source": source, "of_key": key}).scalar_one_or_none()


def receive(tx: Connection, lead_id: str, values: dict[str, Any], *, at: int) -> bool:
    """Insert a lead as `received` with its first history row; whether there are keys of erased leads."""
    any_erased = tx.execute(
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
    return any_erased is not None


def link(tx: Connection, delivery_id: str, lead_id: str, position: int, kind: str) -> None:
    """Say that this lead stood in this delivery: first, repeat, correction or changed_after_call."""
    tx.execute(_INSERT_LINK, {"delivery": delivery_id, "lead": lead_id, "position": position, "kind": kind})


# The statements of the hot path are built once: building one costs more than running it.
_ONE = select(*_COLUMNS).where(leads.c.id == bindparam("id"))
_LOCKED = _ONE.with_for_update()
_HOLDER = select(event_keys.c.lead).where(
    event_keys.c.source == bindparam("of_source"), event_keys.c.key == bindparam("of_key")
)
# Asked along with the insert: a statement of its own would cost every lead.
_INSERT_LEAD = insert(leads).returning(select(erased_keys.c.lead).limit(1).scalar_subquery())
_INSERT_HISTORY = insert(history)
_INSERT_LINK = insert(delivery_leads)


@cache
def _taking(dialect: str) -> Any:
    flavour = sqlite if dialect == "sqlite" else postgresql
    take = flavour.insert(event_keys)
    return take.on_conflict_do_update(
        index_elements=["source", "key"],
        set_={"lead": take.excluded.lead, "first_at": take.excluded.first_at},
        where=event_keys.c.first_at <= bindparam("expired", type_=BigInteger),
    ).returning(event_keys.c.lead)


@cache
def _moving(columns: frozenset[str]) -> Any:
    """The conditional UPDATE that sets these columns along with the state."""
    seen = (
        leads.c.id == bindparam("seen_id"),
        leads.c.state == bindparam("seen_state"),
        leads.c.history_n == bindparam("seen_n"),
    )
    return update(leads).where(*seen).values({name: bindparam(name) for name in columns})
