"""The leads that wait for a person, and how many there are; by the index `leads_by_state`."""

from typing import Any

from sqlalchemy import Connection, func, literal_column, select, union_all

from core.states import HELD, NEEDS_A_PERSON, READY
from store import rows
from store.tables import history, leads

Row = dict[str, Any]
ORDER = tuple(reversed(NEEDS_A_PERSON))  # what may have rung comes first
MOST = 1000  # of each state are looked at; a page says "1,000+"
_PENDING_COLUMNS: tuple[str, ...] = (
    "id",
    "no",
    "source",
    "account",
    "state",
    "reason",
    "reasons",
    "received_at",
    "person",
    "number",
    "script",
    "history_n",
    "claims",
    "erased_at",
)
_COLUMNS = [leads.c[name] for name in _PENDING_COLUMNS]


def count(tx: Connection) -> int:
    """How many wait for a person; of each state no more than 1,000 are counted."""
    return int(tx.execute(_COUNT).scalar_one())


def waiting(tx: Connection) -> int:
    """How many wait to be called, at most 1,000."""
    return int(tx.execute(_WAITING).scalar_one())


def pending(tx: Connection) -> list[Row]:
    """The leads themselves, without their payloads: by state, the oldest first, at most 1,000 of each."""
    return [dict(zip(_PENDING_COLUMNS, row, strict=True)) for query in _PENDING for row in rows.select(tx, query)]


def causes(tx: Connection) -> list[Row]:
    """The same leads counted by their cause: `n` of a state, reason and source, since when the first of them waits
    (`received_at`), and the least of their numbers (`no`)."""
    return [dict(zip(_CAUSE_COLUMNS, row, strict=True)) for query in _CAUSES for row in rows.select(tx, query)]


def _few(state: str) -> Any:
    # Written out, not bound: SQLite takes a partial index only for a condition it can read.
    return select(literal_column("1")).where(leads.c.state == literal_column(f"'{state}'")).limit(MOST)


def _by_cause(state: str) -> Any:
    few = select(*(leads.c[name] for name in ("state", "reason", "reasons", "source", "received_at", "no")))
    some = few.where(leads.c.state == state).order_by(leads.c.received_at, leads.c.no).limit(MOST).subquery()
    cause = [some.c[name] for name in ("state", "reason", "reasons", "source")]
    return select(*cause, func.count(), func.min(some.c.received_at), func.min(some.c.no)).group_by(*cause)


_COUNT = select(func.count()).select_from(
    union_all(*(select(literal_column("1")).select_from(_few(state).subquery()) for state in ORDER)).subquery()
)
_WAITING = select(func.count()).select_from(_few(READY).subquery())
_PENDING = [
    select(*_COLUMNS).where(leads.c.state == state).order_by(leads.c.received_at, leads.c.no).limit(MOST)
    for state in ORDER
]
_CAUSE_COLUMNS = ("state", "reason", "reasons", "source", "n", "received_at", "no")
_CAUSES = [_by_cause(state) for state in ORDER]


def held_since(tx: Connection) -> list[tuple[str, str, int]]:
    """(source, reason, since when it is held) of the held leads, the 1,000 that came first."""
    return [(source, reason, at) for source, reason, at in tx.execute(_HELD_SINCE)]


_newest = (history.c.lead == leads.c.id) & (history.c.n == leads.c.history_n)
_HELD_SINCE = (
    select(leads.c.source, leads.c.reason, history.c.at)
    .join(history, _newest)
    .where(leads.c.state == HELD)
    .order_by(leads.c.received_at, leads.c.no)
    .limit(MOST)
)


def newest_no(tx: Connection) -> int:
    """The number of the newest lead; 0 before the first."""
    return int(tx.execute(select(func.coalesce(func.max(leads.c.no), 0))).scalar_one())
