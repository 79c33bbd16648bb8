"""The leads that wait for a person, and how many there are; by the index `leads_by_state`."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, case, func, literal_column, select, union_all

from core.lead import Lead
from core.states import HELD, NEEDS_A_PERSON, READY
from store import rows
from store.leads import COLUMNS, of_row
from store.rows import Ask
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
    return int(rows.select(tx, _COUNT)[0][0])


def waiting(tx: Connection, account: str, script: str | None = None) -> int:
    """How many leads of this account, or of this script of it, wait to be called, at most 1,000."""
    if script is None:
        return int(rows.select(tx, _WAITING, account=account)[0][0])
    return int(rows.select(tx, _WAITING_OF_SCRIPT, account=account, script=script)[0][0])


def pending(tx: Connection) -> list[Row]:
    """The leads themselves, without their payloads: by state, the oldest first, at most 1,000 of each."""
    return [dict(zip(_PENDING_COLUMNS, row, strict=True)) for query in _PENDING for row in rows.select(tx, query)]


def causes(tx: Connection) -> list[Row]:
    """The same leads counted by their cause: `n` of a state, reason and source, since when the first of them waits
    (`received_at`), and the least of their numbers (`no`). `have_call`: the call of each is whole; `claims`: the
    fewest that one of them has had."""
    told = rows.ask_all(tx, [Ask(query) for query in _CAUSES])
    return [dict(zip(_CAUSE_COLUMNS, row, strict=True)) for each in told for row in each]


def of_causes(tx: Connection, wanted: Sequence[Row], limit: int) -> list[Lead]:
    """The leads that wait for one of these causes, which are all of one state; the oldest first."""
    if not wanted:
        return []
    known = {(row["reason"], row["reasons"], row["source"]) for row in wanted}
    sources = {row["source"] for row in wanted}
    given = [wanted[0]["state"], *(sources if len(sources) == 1 else ())]
    query = _OF_CAUSES[len(given) - 1]
    found = map(of_row, rows.among(tx, query, sorted({row["reasons"] for row in wanted}), [*given, limit]))
    fitting = [lead for lead in found if (lead.reason, lead.reasons, lead.source) in known]
    return sorted(fitting, key=lambda lead: (lead.received_at, lead.no))[:limit]


def _few(state: str) -> Any:
    # Written out, not bound: SQLite takes a partial index only for a condition it can read.
    return select(literal_column("1")).where(leads.c.state == literal_column(f"'{state}'")).limit(MOST)


def _by_cause(state: str) -> Any:
    names = ("state", "reason", "reasons", "source", "received_at", "no", "claims")
    has_call = case(((leads.c.number != "") & (leads.c.script != ""), 1), else_=0).label("has_call")
    few = select(*(leads.c[name] for name in names), has_call)
    some = few.where(leads.c.state == state).order_by(leads.c.received_at, leads.c.no).limit(MOST).subquery()
    cause = [some.c[name] for name in ("state", "reason", "reasons", "source")]
    least = [func.min(some.c[name]) for name in ("received_at", "no", "has_call", "claims")]
    return select(*cause, func.count(), *least).group_by(*cause)


_COUNT = select(func.count()).select_from(
    union_all(*(select(literal_column("1")).select_from(_few(state).subquery()) for state in ORDER)).subquery()
)
_OF_ACCOUNT = _few(READY).where(leads.c.account == bindparam("account"))
_WAITING = select(func.count()).select_from(_OF_ACCOUNT.subquery())
_OF_SCRIPT = _OF_ACCOUNT.where(leads.c.script == bindparam("script"))
_WAITING_OF_SCRIPT = select(func.count()).select_from(_OF_SCRIPT.subquery())
_PENDING = [
    select(*_COLUMNS).where(leads.c.state == state).order_by(leads.c.received_at, leads.c.no).limit(MOST)
    for state in ORDER
]
_CAUSE_COLUMNS = ("state", "reason", "reasons", "source", "n", "received_at", "no", "have_call", "claims")
_CAUSES = [_by_cause(state) for state in ORDER]
_OF_CAUSES = [
    f"SELECT {', '.join(column.name for column in COLUMNS)} FROM leads WHERE reasons {{wanted}} AND state = {{mark}} "  # noqa: S608 - names of ours
    f"{more}ORDER BY received_at, no LIMIT {{mark}}"
    for more in ("", "AND source = {mark} ")
]


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
    return int(rows.select(tx, _NEWEST)[0][0])


_NEWEST = select(func.coalesce(func.max(leads.c.no), 0))
