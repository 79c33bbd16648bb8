"""Many leads at once: copies of one real lead, row by row, made by the database itself."""

from collections.abc import Mapping
from types import MappingProxyType

from sqlalchemy import Table
from sqlalchemy.engine import Connection

from core.durations import DAY_MS
from store.engine import Store
from store.tables import attempts, deliveries, delivery_leads, event_keys, history, leads

NUMBERS = 79_000_000_000  # a copy's number is this and its own count
WORTH_ANALYZING = 10_000
A_BATCH = 20_000  # a server that is silent for 8 s is taken for gone
Span = tuple[int, int]
EMPTY: Mapping[str, str] = MappingProxyType({})
TIMES = frozenset({"at", "received_at", "asked_at", "first_at", "started_at", "deadline_at", "ended_at"})


def copies(
    store: Store, template: str, count: int, *, first: int, state: str, due_at: int, also: Mapping[str, str] = EMPTY
) -> None:
    """`count` copies of the lead `template`, which has been called, numbered from `first`.

    Their numbers, keys and ids are their own. `accepted`: as the template is, attempt and all, spread over the
    days before; `ready`: as it was before its claim, due since `due_at`; `received`: as it came, likewise. `also`:
    what else a copy has of its own, column -> SQL over its number `i`, in every table that has such a column."""
    end = first + count
    step = max(1, 30 * DAY_MS // count)
    past = {name: f'"{name}" - CAST({end} - i AS bigint) * {step}' for name in TIMES}
    for begin in range(first, end, A_BATCH):
        with store.write() as tx:
            _copy_all(tx, template, (begin, min(end, begin + A_BATCH)), state, due_at, {**past, **also})
    if count >= WORTH_ANALYZING:
        with store.write(lock_ms=0, statement_ms=0) as tx:
            for table in (deliveries, leads, delivery_leads, event_keys, history, attempts):
                tx.exec_driver_sql(f"ANALYZE {table.name}")


def _copy_all(tx: Connection, template: str, span: Span, state: str, due_at: int, also: Mapping[str, str]) -> None:
    """A batch: of every table that has something of a lead."""
    called = state == "accepted"
    delivery = tx.exec_driver_sql(f"SELECT delivery FROM delivery_leads WHERE lead = '{template}'").scalar_one()
    known = tx.exec_driver_sql(f"SELECT number, event_key FROM leads WHERE id = '{template}'").one()
    own = {
        "number": f"CAST({NUMBERS} + i AS text)",
        "event_key": """'["bench-' || CAST(i AS text) || '"]'""",
        "payload": f"replace(payload, '{known.number}', CAST({NUMBERS} + i AS text))",
        "lead": "'lead-' || CAST(i AS text)",
        "delivery": "'delivery-' || CAST(i AS text)",
        **also,
    }
    _copy(tx, deliveries, f"id = '{delivery}'", span, {**own, "id": own["delivery"]})
    ready = {"state": "'ready'", "claims": "0", "history_n": "2", "due_at": str(due_at)}
    if called:
        ready = {"due_at": own["received_at"].replace("received_at", "due_at")}
    if state == "received":
        unmapped = ("version", "number", "script", "sms", "person", "asked_at")
        ready |= {"state": "'received'", "history_n": "1", **dict.fromkeys(unmapped, "NULL")}
    _copy(tx, leads, f"id = '{template}'", span, {**own, "id": own["lead"], **ready}, without="no")
    _copy(tx, delivery_leads, f"lead = '{template}'", span, own)
    _copy(tx, event_keys, f"lead = '{template}'", span, {**own, "key": own["event_key"]})
    if state != "received":
        _copy(tx, history, f"lead = '{template}'" + ("" if called else " AND n <= 2"), span, own)
    if called:
        _copy(tx, attempts, f"lead = '{template}'", span, {**own, "id": "'attempt-' || CAST(i AS text)"})


def _copy(tx: Connection, table: Table, where: str, span: Span, own: Mapping[str, str], without: str = "") -> None:
    first, end = span
    columns = [column.name for column in table.columns if column.name != without]
    values = [own.get(name, f'"{name}"') for name in columns]
    names = ", ".join(f'"{name}"' for name in columns)
    tx.exec_driver_sql(
        f"WITH RECURSIVE counted(i) AS (SELECT {first} UNION ALL SELECT i + 1 FROM counted WHERE i + 1 < {end}) "
        f"INSERT INTO {table.name} ({names}) SELECT {', '.join(values)} FROM {table.name}, counted WHERE {where}"
    )
