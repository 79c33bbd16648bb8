"""Leads: taking their event keys, storing them, choosing the next one, and moving them.

`move` is the only writer of a lead's state. Order of locks everywhere: lead, number, account.
"""

import json
from collections.abc import Collection
from functools import cache
from typing import Any

from sqlalchemy import BigInteger, Connection, Row, bindparam, case, func, insert, literal_column, select, update
from sqlalchemy.dialects import postgresql, sqlite

from core import states
from core.lead import Lead
from store.tables import delivery_leads, erased_keys, event_keys, history, leads, sources

_COLUMNS = [c for c in leads.c]


class TransitionRefused(Exception):
    """The table of transitions does not hold this move: a bug in the caller."""


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


def next_received(tx: Connection, now: int) -> Lead | None:
    """The newest lead that is due to be mapped, locked; leads another worker holds are passed over."""
    return _lead(tx.execute(_NEXT_RECEIVED, {"now": now}).one_or_none())


def anything_to_ask(tx: Connection, now: int) -> bool:
    """Whether `next_to_ask` may find one; takes no lock."""
    return tx.execute(_TO_ASK, {"now": now}).first() is not None


def next_to_ask(tx: Connection, now: int) -> Lead | None:
    """A due lead whose CRM has to be asked, and may be asked now, locked: the newest, or the oldest where the
    CRM does not answer, so that those that waited too long are seen."""
    return _lead(tx.execute(_NEXT_TO_ASK, {"now": now}).one_or_none())


def next_ready(
    tx: Connection,
    account: str,
    now: int,
    *,
    oldest: bool = False,
    without: Collection[str] = (),
    full: Collection[str] = (),
) -> Lead | None:
    """The account's next lead to ring, locked: a person's rearm first, then the newest due (or the oldest).
    Leads of the scripts `without` and of the sources `full` are passed over."""
    given: dict[str, Any] = {"now": now, "account": account}
    urgent, next_ = _NEXT_URGENT, _OLDEST_READY if oldest else _NEXT_READY
    if without:
        urgent, next_ = (query.where(leads.c.script.not_in(without)) for query in (urgent, next_))
    if full:
        given |= {"full": list(full), "without": list(without)}
        turns = _TURNS_OF_OLDEST if oldest else _TURNS
        return _in_turn(tx, urgent, _TURNS_URGENT, given) or _in_turn(tx, next_, turns, given)
    row = tx.execute(urgent, given).one_or_none()
    if row is None:
        row = tx.execute(next_, given).one_or_none()
    return _lead(row)


def _in_turn(tx: Connection, query: Any, turns: Any, given: dict[str, Any]) -> Lead | None:
    """The query's first lead, sought in the source whose turn it is: those that are full may have any number
    of leads before it in the order, and none of them is looked at."""
    for source in tx.execute(turns, given).scalars().all():
        row = tx.execute(query.where(leads.c.source == source), given).one_or_none()
        if row is not None:  # else another worker holds those of this source
            return _lead(row)
    return None


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
    seen = {"seen_id": lead.id, "seen_state": lead.state, "seen_n": lead.history_n}
    if tx.execute(_moving(frozenset(columns)), {**seen, **columns, "state": target, "history_n": n}).rowcount != 1:
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


def postpone(tx: Connection, lead: Lead, due_at: int, **columns: Any) -> None:
    """A later `due_at` for the same reason: no history row, the state stays."""
    same = update(leads).where(leads.c.id == lead.id, leads.c.history_n == lead.history_n)
    tx.execute(same.values(due_at=due_at, **columns))


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


def stale(tx: Connection, source: str, n: int | None, limit: int) -> list[Lead]:
    """Leads of a source that are ready and that another version mapped, locked; whichever, without `n`."""
    query = select(*_COLUMNS).where(_is(states.READY), leads.c.source == source)
    query = query if n is None else query.where(leads.c.version != n)
    return [Lead(**row._mapping) for row in tx.execute(query.limit(limit).with_for_update(skip_locked=True))]


def ready_of(tx: Connection, numbers: Collection[str], limit: int) -> list[Lead]:
    """Leads of these numbers that wait to be called, locked; those another worker holds are passed over."""
    query = select(*_COLUMNS).where(_is(states.READY), leads.c.number.in_(numbers))
    return [Lead(**row._mapping) for row in tx.execute(query.limit(limit).with_for_update(skip_locked=True))]


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
    return update(leads).where(*seen).values({name: bindparam(name) for name in {"state", "history_n", *columns}})


def _is(state: str) -> Any:
    # Written out, not bound: SQLite takes a partial index only for a condition it can read.
    return leads.c.state == literal_column(f"'{state}'")


def _next(state: str, *order: Any, urgent: int | None = None) -> Any:
    query = select(*_COLUMNS).where(_is(state), leads.c.due_at <= bindparam("now"))
    if urgent is not None:
        query = query.where(leads.c.account == bindparam("account"), leads.c.urgent == literal_column(str(urgent)))
    return query.order_by(*order).limit(1).with_for_update(skip_locked=True)


def _asks(one: int) -> Any:
    return leads.c.asks_crm == literal_column(str(one))


_NEXT_RECEIVED = _next(states.RECEIVED, leads.c.due_at.desc()).where(_asks(0))
_TO_ASK = (
    select(*_COLUMNS)
    .join(sources, sources.c.name == leads.c.source)
    .where(_is(states.RECEIVED), _asks(1), leads.c.due_at <= bindparam("now"), sources.c.ask_at <= bindparam("now"))
    .limit(1)
)
_NEXT_TO_ASK = _TO_ASK.order_by(
    case((sources.c.ask_fails == 0, -leads.c.due_at), else_=leads.c.due_at), leads.c.no
).with_for_update(of=leads, skip_locked=True)
_NEXT_URGENT = _next(states.READY, leads.c.due_at, urgent=1)
_NEXT_READY = _next(states.READY, leads.c.due_at.desc(), leads.c.no.desc(), urgent=0)
_OLDEST_READY = _next(states.READY, leads.c.due_at, leads.c.no, urgent=0)


def _turns(*, urgent: int, newest: bool) -> Any:
    """The sources that are not full and have a lead for this account, the one whose turn it is first."""
    due_at = (
        select((func.max if newest else func.min)(leads.c.due_at))
        .where(_is(states.READY), leads.c.account == bindparam("account"), leads.c.source == sources.c.name)
        .where(leads.c.urgent == literal_column(str(urgent)), leads.c.due_at <= bindparam("now"))
        .where(leads.c.script.not_in(bindparam("without", expanding=True)))
        .scalar_subquery()
    )
    open_ = sources.c.name.not_in(bindparam("full", expanding=True))
    each = select(sources.c.name, due_at.label("due_at")).where(open_).subquery()
    order = each.c.due_at.desc() if newest else each.c.due_at
    return select(each.c.name).where(each.c.due_at.is_not(None)).order_by(order, each.c.name)


_TURNS_URGENT = _turns(urgent=1, newest=False)
_TURNS = _turns(urgent=0, newest=True)
_TURNS_OF_OLDEST = _turns(urgent=0, newest=False)
