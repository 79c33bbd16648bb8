"""Is this the database we knew? Its identity, and what it forgot when it is not.

A failover to a stale standby, a restored backup or a cloned file brings back a database that has
forgotten committed attempts. Every claim asks `check` first, in its own transaction. On another
identity nobody claims until the journals have been compared and the new epoch is open.
"""

import os
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, bindparam, case, func, insert, select, text, update

from core.policy import Ring
from core.states import WAITING
from store import rows
from store.engine import Store, StoreUnavailable
from store.ids import new_id
from store.journal import Entry, Journal
from store.rows import Ask
from store.tables import epoch, forgotten_calls, leads, workers

RECENT_MS = 60_000  # a worker that was alive so shortly before may have sent calls that are forgotten


NONE_BEGUN = "the database has no epoch: run the release command (flask release)"


class NoEpoch(StoreUnavailable):
    """None was ever begun, or its row is gone: nothing is claimed until `release` has begun one."""

    def __init__(self) -> None:
        super().__init__(NONE_BEGUN)


class OtherDatabase(Exception):
    """The database is not the one this epoch was opened on: nothing is claimed until it is settled."""


@dataclass(frozen=True)
class Epoch:
    """The epoch's row, and whether the database is still the one it was opened on."""

    store: str
    identity: str
    found: str  # the database's identity now
    claims: int
    suspect_since: int
    alive_at: int  # when any worker last looked at this database, before it was suspect
    knows_last: bool  # whether it knows the last call that this process wrote down

    @property
    def holds(self) -> bool:
        return self.identity == self.found

    @property
    def restarted_only(self) -> bool:
        """Whether nothing but the server's start is another one."""
        return self.identity.rpartition(":")[0] == self.found.rpartition(":")[0] and self.identity.count(":") > 1


# Behind a transaction pooler too these are told by the server that runs this very transaction.
# The last part alone changes with a plain restart; the oids with a dump that was put back.
_POSTGRESQL = """(SELECT system_identifier FROM pg_control_system())
 || ':' || (SELECT oid FROM pg_database WHERE datname = current_database())
 || ':' || 'epoch'::regclass::oid
 || ':' || left(pg_walfile_name(pg_current_wal_lsn()), 8)
 || ':' || (extract(epoch FROM pg_postmaster_start_time()) * 1000000)::bigint"""
# In the order of the fields of `Epoch`.
_READ_POSTGRESQL = text(f"SELECT store, identity, {_POSTGRESQL} AS found, claims, suspect_since, alive_at FROM epoch")  # noqa: S608
_COUNT_CLAIMS = update(epoch).values(claims=epoch.c.claims + bindparam("more")).returning(epoch.c.claims)
_KNOWN = (
    "SELECT id FROM attempts WHERE id {wanted}",
    "SELECT attempt FROM forgotten_calls WHERE attempt {wanted}",
)
ASKS = 1 + len(_KNOWN)
_READ_SQLITE = text("SELECT store, identity, '', claims, suspect_since, alive_at FROM epoch")


def file_identity(store: Store) -> str:
    """A SQLite file's device and inode, as its path leads to them now."""
    if store.path is None:
        raise ValueError("only a SQLite database is a file")
    found = os.stat(store.path)
    return f"{found.st_dev}:{found.st_ino}"


def asks(store: Store, journal: Journal) -> list[Ask]:
    """What the epoch is read of, for `of` (so many are `ASKS`): its row with the database's identity, and this
    process's own last call."""
    last = [] if journal.last is None else [journal.last.attempt]
    return [Ask(_READ_SQLITE if store.is_sqlite else _READ_POSTGRESQL), *(Ask(query, wanted=last) for query in _KNOWN)]


def of(store: Store, told: Sequence[Sequence[Any]]) -> Epoch:
    """The epoch of these answers. Raises NoEpoch where none was ever begun: `begin` has to come before the first
    backup, or that backup could not be told from a new database."""
    found, *known = told
    if not found:
        raise NoEpoch
    row = Epoch(*[*found[0], any(known)])
    return replace(row, found=file_identity(store)) if store.is_sqlite else row


def read(store: Store, journal: Journal, tx: Connection) -> Epoch:
    """The same, asked in this transaction."""
    return of(store, rows.ask_all(tx, asks(store, journal)))


def check(store: Store, journal: Journal, seen: Epoch) -> None:
    """Raises OtherDatabase where it is not the database that we knew."""
    if not is_ours(store, journal, seen):
        raise OtherDatabase(seen.found)


def is_ours(store: Store, journal: Journal, seen: Epoch) -> bool:
    """The identity is the epoch's, this run directory was compared with no other copy of the database since, this
    process's own last call is still known and, on SQLite, no claim is missing that the run directory knows of."""
    forgot_last = journal.last is not None and journal.last.store == seen.store and not seen.knows_last
    if not seen.holds or forgot_last:  # known without the directory, which may be unreadable
        return False
    if journal.served(seen.store) not in (seen.found, ""):
        return False
    return not store.is_sqlite or seen.claims >= journal.highest(seen.store)


def store_id(store: Store) -> str:
    """The database's own random id."""
    with store.read() as tx:
        found = tx.execute(select(epoch.c.store)).scalar_one_or_none()
    if found is None:
        raise NoEpoch
    return found


def has_begun(tx: Connection) -> bool:
    """Whether there is an epoch at all."""
    return tx.execute(select(epoch.c.one)).first() is not None


def begin(store: Store, tx: Connection) -> None:
    """The first epoch of a new database, with its own random id; nothing where there is one."""
    if tx.execute(select(epoch.c.one)).one_or_none() is not None:
        return
    identity = file_identity(store) if store.is_sqlite else tx.execute(text(f"SELECT {_POSTGRESQL}")).scalar_one()
    values = {"one": 1, "store": new_id(), "identity": identity, "opened_at": store.now_ms(tx)}
    tx.execute(insert(epoch), values)


def count_claims(tx: Connection, claims: int) -> int:
    """Count so many claims on SQLite, where writers are alone; the number of the last."""
    ((counted,),) = rows.select(tx, _COUNT_CLAIMS, more=claims)
    return int(counted)


def suspect(tx: Connection, found: str, now: int) -> None:
    """Note since when the database has been another one, and when it was last looked at before: by no worker whose row
    a clock that was ahead has dated, or those of today would count as long gone, and their journals not be missed.

    Where it is replaced once more before its epoch was opened, nobody has looked at it as ours meanwhile: what is
    missed is still missed."""
    by_now = workers.c.seen_at <= now + RECENT_MS
    seen_at = select(func.coalesce(func.max(workers.c.seen_at), 0)).where(by_now).scalar_subquery()
    alive_at = case((epoch.c.suspect != "", epoch.c.alive_at), else_=seen_at)
    new = update(epoch).where(epoch.c.suspect != found)
    newest = func.coalesce(select(func.max(leads.c.received_at)).scalar_subquery(), 0)
    if tx.execute(new.values(suspect=found, suspect_since=now, suspect_newest=newest, alive_at=alive_at)).rowcount:
        tx.execute(update(workers).values(recovered=""))  # of another time: a copy put back may have the same identity


def suspect_since(tx: Connection) -> int | None:
    """Since when the database has been another one, in milliseconds; None while it is ours."""
    return tx.execute(select(epoch.c.suspect_since).where(epoch.c.suspect_since > 0)).scalar_one_or_none()


def forgotten(tx: Connection, entries: Sequence[Entry]) -> list[Entry]:
    """Those of which the database has neither the attempt nor the memory."""
    names = [entry.attempt for entry in entries]
    known: set[str] = set()
    for query in _KNOWN:
        if len(known) < len(names):
            known |= {one for (one,) in rows.among(tx, query, names)}
    return [entry for entry in entries if entry.attempt not in known]


def remember(tx: Connection, entry: Entry) -> None:
    """Keep a call whose lead is gone as a guard of its number and of its event's key."""
    tx.execute(
        insert(forgotten_calls),
        {
            "attempt": entry.attempt,
            "source": entry.source,
            "event_key": entry.event_key,
            "account": entry.account,
            "number_hash": entry.number_hash,
            "script": entry.script,
            "at": entry.at,
        },
    )


def forgotten_rings(tx: Connection, number_hash: str, since: int) -> tuple[Ring, ...]:
    """Calls to this number since then (milliseconds) whose leads the database has forgotten."""
    query = select(forgotten_calls.c.script, func.max(forgotten_calls.c.at).label("at")).where(
        forgotten_calls.c.number_hash == number_hash,
        forgotten_calls.c.at > since,
    )
    found = tx.execute(query.group_by(forgotten_calls.c.script))
    return tuple(Ring(row.at, row.script, "", 0) for row in found)


def forgotten_event(tx: Connection, source: str, events: Collection[str]) -> bool:
    """Whether a lead of this event, by whatever stands for it, was called before the database forgot it."""
    query = select(forgotten_calls.c.attempt).where(
        forgotten_calls.c.source == source, forgotten_calls.c.event_key.in_(events)
    )
    return tx.execute(query.limit(1)).one_or_none() is not None


def recovered(tx: Connection, worker_id: str, identity: str) -> None:
    """This worker has compared every journal of its run directory with the database of this identity."""
    tx.execute(update(workers).where(workers.c.id == worker_id).values(recovered=identity))


def missing_runs(tx: Connection, seen: Epoch) -> list[str]:
    """Run directories that workers used when this database was last alive, not compared yet.

    A worker that ended cleanly wrote its end as the last thing: where the server was only started anew and
    still knows of that end, it has forgotten nothing of this worker."""
    waiting = select(workers.c.run).where(
        workers.c.recovered != seen.found, workers.c.run != "", workers.c.seen_at >= seen.alive_at - RECENT_MS
    )
    if seen.restarted_only:
        waiting = waiting.where(workers.c.ended.is_(False))
    done = select(workers.c.run).where(workers.c.recovered == seen.found)
    return sorted(set(tx.execute(waiting).scalars()) - set(tx.execute(done).scalars()))


def open_next(tx: Connection, before: Epoch, now: int) -> bool:
    """Open the new epoch, or say that the old one is whole again; False when another worker has just done it."""
    done = tx.execute(
        update(epoch)
        .where(epoch.c.identity == before.identity)
        .values(identity=before.found, suspect="", suspect_since=0, opened_at=now)
    )
    return done.rowcount == 1


def raise_claims(tx: Connection, claims: int) -> None:
    """Bring the count of claims up to what the journals' mark knows."""
    tx.execute(update(epoch).where(epoch.c.claims < claims).values(claims=claims))


def until_loss(tx: Connection, suspect_since: int) -> int:
    """Leads that came until then may have been called before this database went back: until that was noticed; where a
    clock that was ahead had dated some of those that were there, until the newest of them. Asked later, when that clock
    would be right again, they would seem to have come since."""
    return max(suspect_since, tx.execute(select(epoch.c.suspect_newest)).scalar_one())


def lost_calls_before(tx: Connection) -> int:
    """Calls made until then (milliseconds) may be missing here, and so is the journal that knew of them; 0: none."""
    return tx.execute(select(epoch.c.lost_at)).scalar_one_or_none() or 0


def calls_are_lost(tx: Connection, before: int) -> None:
    """Remember that calls made until then may be missing."""
    tx.execute(update(epoch).where(epoch.c.lost_at < before).values(lost_at=before))


def waiting_leads(tx: Connection, before: int, limit: int) -> list[str]:
    """Ids of leads that came up to that time and still wait to be called."""
    query = select(leads.c.id).where(leads.c.state.in_(WAITING), leads.c.received_at <= before)
    return [row.id for row in tx.execute(query.limit(limit))]
