"""Leads: storing them, and moving them.

`apply` is the only writer of a lead's state. Order of locks everywhere: event keys (sorted), totals (only where
a sum is set), account, leads (by id), numbers (ascending); who needs fewer skips, nobody goes back.
"""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import fields, replace
from functools import cache
from typing import Any

from sqlalchemy import Connection, bindparam, select, update

from core import states
from core.lead import Lead
from core.move import Move, written
from store import changes, rows
from store.changes import Change
from store.rows import Ask
from store.tables import history, leads

# In the order of the value's own fields, so that a row is one: see `of_row`.
COLUMNS = tuple(leads.c[field.name] for field in fields(Lead))
_FLAG = [column.name for column in COLUMNS].index("changed_after_call")  # a number on SQLite
_HISTORY = ("lead", "n", "at", "transition", "origin", "target", "who", "why", "trace", "payload")
Link = tuple[str, str, int, str]  # delivery, lead, position, kind: first, repeat, correction or changed_after_call


class TransitionRefused(Exception):
    """The table of transitions does not hold this move: a bug in the caller."""


def of_row(row: Sequence[Any]) -> Lead:
    """The lead of a row that the driver gave, in the order of `COLUMNS`."""
    values = list(row)
    values[_FLAG] = bool(values[_FLAG])
    return Lead(*values)


def get(tx: Connection, lead_id: str, *, lock: bool = False) -> Lead | None:
    """The lead, locked until the transaction ends when `lock` (PostgreSQL; a SQLite writer is alone anyway)."""
    found = rows.select(tx, _LOCKED if lock else _ONE, id=lead_id)
    return of_row(found[0]) if found else None


def find(tx: Connection, name: str, *, lock: bool = False) -> Lead | None:
    """By id, or by the short number people say."""
    if name.isascii() and name.isdigit() and len(name) < 16:
        found = tx.execute(select(leads.c.id).where(leads.c.no == int(name))).scalar_one_or_none()
        return None if found is None else get(tx, found, lock=lock)
    return get(tx, name, lock=lock)


def get_all(tx: Connection, ids: Collection[str], *, waits: bool = True) -> dict[str, Lead]:
    """These leads by their ids, locked in the order of them until the transaction ends. Those that somebody holds are
    waited for, or left out where it does not wait."""
    found = rows.among(tx, _of_ids(tx.dialect.name == "sqlite", waits), sorted(ids))
    return {lead.id: lead for lead in map(of_row, found)}


def locking(is_sqlite: bool, ids: Collection[str]) -> Ask:
    """The question that does so, and waits."""
    return Ask(_of_ids(is_sqlite, waits=True), wanted=sorted(ids))


def apply(tx: Connection, lead: Lead, *moves: Move, at: int) -> Lead:
    """Make these moves of `lead`, as it was seen, one after the other in one write, each with its history
    row; the lead as it is then.

    Raises NotAsSeen when the lead is no longer as it was seen, and TransitionRefused for a move that the
    table does not hold; nothing has been written then."""
    return apply_all(tx, [(lead, moves)], at=at)[lead.id]


def apply_all(
    tx: Connection,
    moved: Iterable[tuple[Lead, Sequence[Move]]],
    *,
    at: int,
    beside: Sequence[Change] = (),
    last: bool = False,
) -> dict[str, Lead]:
    """The same for several leads, each named once. The leads as they are then, by id.

    `beside` are changes of other rows, made in the same breath (on PostgreSQL in the same statement); NotAsSeen is
    raised for them, too. `last`: nothing of this transaction follows; then NotAsSeen may be raised by its COMMIT."""
    after: dict[str, Lead] = {}
    alike: dict[tuple[str, ...], list[list[Any]]] = defaultdict(list)
    story: list[list[Any]] = []
    for lead, moves in moved:
        columns, its_own = _made(lead, moves, at)
        names = tuple(sorted(columns))
        alike[names].append([*(columns[name] for name in names), lead.id, lead.state, lead.history_n])
        story += its_own
        after[lead.id] = replace(lead, **columns)
    own = [Change(leads, names, given, _SEEN, whole=True) for names, given in alike.items()]
    made = [*beside, *own, Change(history, _HISTORY, story, behind=leads)]
    make = changes.make_last if last else changes.make
    make(tx, made)
    return after


def _made(lead: Lead, moves: Sequence[Move], at: int) -> tuple[dict[str, Any], list[list[Any]]]:
    """The columns that these moves set, and their history rows."""
    after = lead
    columns: dict[str, Any] = {}
    story = []
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
        story.append(list(_history_row(after, move, at).values()))
        columns |= now_so
        after = replace(after, **now_so)
    return columns, story


def _history_row(lead: Lead, move: Move, at: int) -> dict[str, Any]:
    """Its columns in the order of `_HISTORY`."""
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


def receive(
    tx: Connection,
    received: Sequence[dict[str, Any]],
    *,
    at: int,
    stood_in: Sequence[rows.Insert] = (),
    links: Sequence[Link] = (),
) -> tuple[dict[str, int], bool]:
    """Insert leads as `received`, with the deliveries they stood in (`store.deliveries.of`) and what links them. The
    number people say of each lead, by its id, and whether there are keys of erased leads."""
    given = [(*(lead[name] for name in RECEIVED_WITH), states.RECEIVED, at, at, 1) for lead in received]
    new = rows.Insert("leads", (*RECEIVED_WITH, "state", "received_at", "due_at", "history_n"), given, _NUMBERS)
    linked = rows.Insert("delivery_leads", ("delivery", "lead", "position", "kind"), links)
    returned = rows.insert_all(tx, [*stood_in, new, linked])
    return {lead: no for lead, no, _ in returned}, any(erased is not None for *_, erased in returned)


def receipt(lead: Lead) -> dict[str, Any]:
    """The first row of a lead's history: that it was received. It is stored nowhere else than in the lead."""
    move = Move("receive", states.RECEIVED, who="web")
    return _history_row(replace(lead, state=states.NEW, history_n=0), move, lead.received_at)


# The statements of the hot path are built once: building one costs more than running it.
_ONE = select(*COLUMNS).where(leads.c.id == bindparam("id"))
_LOCKED = _ONE.with_for_update()
_SEEN = ("id", "state", "history_n")
# What a lead is received with, and what is said of it then. Whether any key of an erased lead is kept is asked along
# with the insert: a statement of its own would cost every lead.
RECEIVED_WITH = ("id", "source", "account", "event_key", "digest", "payload", "asks_crm")
_NUMBERS = ("id", "no", "(SELECT lead FROM erased_keys LIMIT 1)")


@cache
def _of_ids(is_sqlite: bool, waits: bool) -> str:
    names = ", ".join(column.name for column in COLUMNS)
    lock = "" if is_sqlite else " FOR UPDATE" if waits else " FOR UPDATE SKIP LOCKED"
    return f"SELECT {names} FROM leads WHERE id {{wanted}} ORDER BY id{lock}"  # noqa: S608 - names of ours
