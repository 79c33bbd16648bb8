"""Taking people's data out of leads and deliveries. What stays: states, histories with who and why,
outcomes, prices, and keyed digests of the number and of the event key, so that a repeat is still one.
What goes from a column, each column says itself (`store.personal`).
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar

from sqlalchemy import (
    Column,
    Connection,
    Table,
    bindparam,
    collate,
    delete,
    exists,
    insert,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, ProgrammingError

from core import outcome as outcomes
from core import states
from core.lead import Lead
from store import rows
from store.keys import Key
from store.personal import After, Keyed, columns_of, erasable, has_to_be_read, left
from store.tables import (
    attempts,
    deliveries,
    delivery_leads,
    erased_keys,
    erasures,
    event_keys,
    forgotten_calls,
    leads,
    meta,
    number_locks,
)
from store.upsert import upsert

T = TypeVar("T")

# The columns by which rows of other tables hang on a lead: what is a person's in them goes with it.
HANGING = tuple(
    column
    for table in meta.sorted_tables
    for column in table.c
    if any(key.column is leads.c.id for key in column.foreign_keys)
)


@dataclass(frozen=True)
class Since:
    """Moments in milliseconds: keys taken after `keys` still tell a repeat, calls after `rings` still keep
    others from ringing the number."""

    keys: int
    rings: int


def begin(tx: Connection) -> None:
    """Before anything is erased in a transaction: SQLite overwrites what it frees."""
    if tx.dialect.name == "sqlite":
        tx.exec_driver_sql("PRAGMA secure_delete = ON")


def apart(tx: Connection, all_of: Sequence[T], act: Callable[[Sequence[T]], None]) -> list[tuple[T, Exception]]:
    """Act on all of them; where that fails, on each by itself, so that one that cannot be erased stops no other. What
    could not be done, and why; what the database itself cannot do is raised."""
    if not all_of or _done(tx, all_of, act) is None:
        return []
    tried = [(one, _done(tx, [one], act)) for one in all_of]
    return [(one, why) for one, why in tried if why is not None]


def _done(tx: Connection, some: Sequence[T], act: Callable[[Sequence[T]], None]) -> Exception | None:
    """In a savepoint of its own: all of it, or nothing and why."""
    try:
        with tx.begin_nested():
            act(some)
    except DBAPIError as why:
        if not isinstance(why, IntegrityError | DataError | ProgrammingError):
            raise
        return why
    except Exception as why:
        return why
    return None


def old_leads(tx: Connection, before: int, rings_since: int, limit: int, but: Collection[str] = ()) -> list[Lead]:
    """The oldest leads received before then that wait for nothing and rang nobody lately, locked; none of `but`."""
    late = exists().where(
        attempts.c.lead == leads.c.id, or_(attempts.c.started_at > rings_since, attempts.c.outcome.is_(None))
    )
    whole = leads.c.erased_at.is_(None) & text(f"leads.state != '{states.RECEIVED}'")  # as its partial index says it
    due = whole & (leads.c.received_at < before) & leads.c.state.not_in(states.ON_THE_WAY) & ~late
    due = due & leads.c.id.not_in(but) if but else due
    query = select(leads.c.id).where(due).order_by(leads.c.received_at).limit(limit)
    ids = [row.id for row in tx.execute(query)]
    if not ids:
        return []
    lock_keys(tx, ids)
    still = select(*leads.c).where(leads.c.id.in_(ids), due).with_for_update(of=leads, skip_locked=True)
    return [Lead(**row._mapping) for row in tx.execute(still)]


def lock_keys(tx: Connection, lead_ids: Sequence[str]) -> None:
    """Before these leads are locked, as intake does: keys first, in the order of their characters."""
    if tx.dialect.name != "sqlite":
        query = select(event_keys.c.key).where(event_keys.c.lead.in_(lead_ids))
        order = (collate(event_keys.c.key, "C"), collate(event_keys.c.source, "C"))  # store.keys.in_order
        tx.execute(query.order_by(*order).with_for_update()).all()


def old_deliveries(tx: Connection, before: int, limit: int, but: Collection[str] = ()) -> list[str]:
    """Ids of the oldest deliveries received before then whose leads are all erased; none of `but`."""
    query = select(deliveries.c.id).where(deliveries.c.erased_at.is_(None), deliveries.c.received_at < before)
    query = query if not but else query.where(deliveries.c.id.not_in(but))
    query = query.where(~_has_whole_lead()).order_by(deliveries.c.received_at).limit(limit)
    return [row.id for row in tx.execute(query.with_for_update(of=deliveries, skip_locked=True))]


def erase_leads(tx: Connection, found: Sequence[Lead], keyed: Keyed, since: Since, now: int) -> None:
    """Take everything of a person's out of these leads, which are locked, and out of what hangs on them."""
    if not found:
        return
    ids = [lead.id for lead in found]
    _guard(tx, ids, keyed, since)
    _write_over(tx, leads.c.id, ids, keyed, erased_at=now)
    for column in HANGING:
        if erasable(column.table):
            _write_over(tx, column, ids, keyed)
        if any(says.after is After.NO_ROW for says in columns_of(column.table).values()):
            tx.execute(delete(column.table).where(column.in_(ids)))
    numbers = [lead.number for lead in found if lead.number]
    tx.execute(delete(number_locks).where(number_locks.c.number.in_(numbers), number_locks.c.attempt.is_(None)))


def _write_over(tx: Connection, by: Column[Any], ids: Sequence[str], keyed: Keyed, **more: int) -> None:
    """Leave in the table's rows, where the column is one of these ids, what its columns say."""
    table = by.table
    rows = tx.execute(select(*_to_read(table)).where(by.in_(ids))).all()
    if rows:
        keys = [{f"of_{key.name}": row._mapping[key.name] for key in table.primary_key} for row in rows]
        over = [{**key, **left(table, dict(row._mapping), keyed), **more} for key, row in zip(keys, rows, strict=True)]
        tx.execute(_writing(table, frozenset(over[0]) - frozenset(keys[0])), over)


def _to_read(table: Table) -> list[Column[Any]]:
    return [*table.primary_key, *(table.c[name] for name, says in erasable(table).items() if has_to_be_read(says))]


@cache
def _writing(table: Table, names: frozenset[str]) -> Any:
    this = (key == bindparam(f"of_{key.name}") for key in table.primary_key)
    return update(table).where(*this).values({name: bindparam(name) for name in names})


def _guard(tx: Connection, ids: Sequence[str], keyed: Keyed, since: Since) -> None:
    """What still has to tell a repeat, or keep a number from being rung, goes on as keyed digests."""
    keys = tx.execute(select(*event_keys.c).where(event_keys.c.lead.in_(ids))).all()
    young = [
        {"source": row.source, "digest": keyed(row.key), "lead": row.lead, "first_at": row.first_at}
        for row in keys
        if row.first_at > since.keys
    ]
    if young:
        tx.execute(_keeping(tx.dialect.name), young)
    rang = (attempts.c.outcome == outcomes.ACCEPTED) | (attempts.c.outcome == outcomes.UNKNOWN)
    query = select(attempts, leads.c.source.label("of_source"), leads.c.event_key, leads.c.digest)
    query = query.join(leads, leads.c.id == attempts.c.lead)
    late = tx.execute(query.where(attempts.c.lead.in_(ids), rang, attempts.c.started_at > since.rings)).all()
    guards = [
        {
            "attempt": row.id,
            "source": row.of_source,
            "event_key": "",  # `erased_keys` tells its event, for as long as its window is
            "account": row.account,
            "number_hash": keyed(row.number),
            "script": row.script,
            "at": row.started_at,
        }
        for row in late
    ]
    if guards:
        tx.execute(_guarding(tx.dialect.name), guards)


def erase_deliveries(tx: Connection, ids: Sequence[str], keyed: Keyed, now: int) -> None:
    """Take everything of a person's out of these deliveries."""
    _write_over(tx, deliveries.c.id, ids, keyed, erased_at=now)


def deliveries_of(tx: Connection, lead_ids: Sequence[str]) -> list[str]:
    """Ids of the deliveries these leads stood in that are not erased yet."""
    query = select(deliveries.c.id).join(delivery_leads, delivery_leads.c.delivery == deliveries.c.id).distinct()
    query = query.where(delivery_leads.c.lead.in_(lead_ids), deliveries.c.erased_at.is_(None))
    return [row.id for row in tx.execute(query)]


def holders(tx: Connection, keys: Collection[Key]) -> dict[Key, tuple[str, int]]:
    """The erased leads that these keys (a source and the key's digest) were of, each with when it took it."""
    found = rows.by_pairs(tx, "erased_keys", "source, digest, lead, first_at", ("source", "digest"), list(keys))
    return {(source, digest): (lead, at) for source, digest, lead, at in found}


def forget_old(tx: Connection, before: int) -> None:
    """Digests that can guard nothing any more."""
    tx.execute(delete(erased_keys).where(erased_keys.c.first_at < before))
    tx.execute(delete(forgotten_calls).where(forgotten_calls.c.at < before))


def record(tx: Connection, who: str, why: str, number_hash: str, now: int) -> int:
    """Write that a person's data is being erased; the record's number."""
    values = {"at": now, "who": who, "why": why, "number_hash": number_hash, "leads": 0, "deliveries": 0}
    return int(tx.execute(insert(erasures).returning(erasures.c.id), values).scalar_one())


def count(tx: Connection, erasure: int, of_leads: int, of_deliveries: int) -> None:
    """Add to a record how much was erased."""
    more = {"leads": erasures.c.leads + of_leads, "deliveries": erasures.c.deliveries + of_deliveries}
    tx.execute(update(erasures).where(erasures.c.id == erasure).values(more))


def records(tx: Connection, limit: int) -> list[dict[str, Any]]:
    """The newest records."""
    return [dict(row._mapping) for row in tx.execute(select(erasures).order_by(erasures.c.id.desc()).limit(limit))]


def _has_whole_lead() -> Any:
    return exists().where(
        delivery_leads.c.delivery == deliveries.c.id,
        delivery_leads.c.lead == leads.c.id,
        leads.c.erased_at.is_(None),
    )


@cache
def _keeping(dialect: str) -> Any:
    """A key may be an erased lead's already, whose window is over: the newest counts."""
    keep = upsert(dialect, erased_keys)
    newest = {"lead": keep.excluded.lead, "first_at": keep.excluded.first_at}
    return keep.on_conflict_do_update(
        index_elements=["source", "digest"], set_=newest, where=erased_keys.c.first_at < keep.excluded.first_at
    )


@cache
def _guarding(dialect: str) -> Any:
    """A recovery may have remembered the call already."""
    return upsert(dialect, forgotten_calls).on_conflict_do_nothing()
