"""Which workers are alive."""

import os
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, delete, func, select, text, update

from core.durations import CLOCKS_DIFFER_MS
from store import rows
from store.engine import Store, this_machine
from store.rows import Ask
from store.tables import workers
from store.upsert import upsert

BEHIND_MS, AHEAD_MS = 5_000, 60_000  # of a database that only crashed, of a clock that was ahead


def check_in(tx: Connection, worker_id: str, run: str, started_at: int, now: int, journal: str = "") -> None:
    """Say that this worker is alive; `run` is the id of the directory where its journal lies, `journal` why that cannot
    be written (empty: it can)."""
    given = (worker_id, this_machine(), os.getpid(), run, journal, started_at, now)
    rows.insert(tx, "workers", _CHECKED_IN, [given], _AGAIN)


_CHECKED_IN = ("id", "host", "pid", "run", "journal", "started_at", "seen_at")
_AGAIN = "ON CONFLICT (id) DO UPDATE SET seen_at = excluded.seen_at, journal = excluded.journal"


def unsynced(store: Store) -> list[Ask]:
    """To go along with a transaction that says no more than that a worker lives: PostgreSQL need not sync it. Whoever
    claims after it syncs it, too; otherwise half a second of that is lost with the server."""
    return [] if store.is_sqlite else [_UNSYNCED]


_UNSYNCED = Ask(text("SELECT set_config('synchronous_commit', 'off', true)"))


def runs(store: Store) -> list[Ask]:
    """(run directory, when a worker of it was last seen), of all there are rows of; to go along, too. Which are recent
    cannot be asked by the newest of them: a clock that was ahead may have dated it. A SQLite file has one machine."""
    return [] if store.is_sqlite else [_RUNS]


_RUNS = Ask(select(workers.c.run, func.max(workers.c.seen_at)).where(workers.c.run != "").group_by(workers.c.run))


def miss(tx: Connection, noted: Mapping[str, int], alive_at: int, now: int) -> None:
    """Run directories whose workers were seen (`noted`) when this database was last looked at, or later, and of which
    it knows nothing so new: it went back, and their journals are missed as if it knew of them."""
    newest = select(workers.c.run, func.max(workers.c.seen_at).label("at")).group_by(workers.c.run)
    known = {row.run: row.at for row in tx.execute(newest)}
    for run, at in noted.items():
        if not alive_at <= at <= now + AHEAD_MS or at <= known.get(run, 0) + BEHIND_MS:
            continue
        row = {"id": f"missed-{run}", "host": "", "pid": 0, "started_at": alive_at, "seen_at": alive_at, "run": run}
        put = upsert(tx.dialect.name, workers).values(row)
        tx.execute(put.on_conflict_do_update(index_elements=["id"], set_={"seen_at": alive_at, "recovered": ""}))


def check_out(tx: Connection, worker_id: str) -> None:
    """It ends cleanly. The row stays: its journal may be asked for when the database goes back."""
    tx.execute(update(workers).where(workers.c.id == worker_id).values(ended=True))


def last_seen(tx: Connection, now: int) -> int | None:
    """When any worker last looked at this database, in milliseconds. One dated ahead, by a clock that has been set back
    since, was not seen then."""
    return tx.execute(select(func.max(workers.c.seen_at)).where(*_seen(now))).scalar_one_or_none()


def last_able(tx: Connection, now: int) -> int | None:
    """The same of those that can write their journal, and so ring."""
    able = select(func.max(workers.c.seen_at)).where(*_seen(now), workers.c.journal == "")
    return tx.execute(able).scalar_one_or_none()


def how_many(tx: Connection, since: int, now: int) -> int:
    """How many looked at this database since then."""
    seen = select(func.count()).where(*_seen(now), workers.c.seen_at >= since)
    return int(tx.execute(seen).scalar_one())


def unwritable_journals(tx: Connection, since: int, now: int) -> dict[str, str]:
    """Machine -> why a worker on it, seen since then, cannot write its journal, so that it rings nobody."""
    query = select(workers.c.host, workers.c.journal).where(workers.c.journal != "", workers.c.seen_at >= since)
    return {row.host: row.journal for row in tx.execute(query.where(*_seen(now)))}


def _seen(now: int) -> tuple[Any, Any]:
    return workers.c.ended.is_(False), workers.c.seen_at <= now + CLOCKS_DIFFER_MS


def forget_runs(tx: Connection, runs: Sequence[str]) -> None:
    """The journals of these run directories are lost, and what came of it is settled."""
    tx.execute(delete(workers).where(workers.c.run.in_(runs)))


def forget_old(tx: Connection, before: int) -> None:
    """Workers that were last seen before that time."""
    tx.execute(delete(workers).where(workers.c.seen_at < before))
