"""Which workers are alive."""

import functools
import os
from collections.abc import Sequence

from sqlalchemy import Connection, Executable, delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from store.engine import this_machine
from store.tables import workers


def check_in(tx: Connection, worker_id: str, run: str, started_at: int, now: int, journal: str = "") -> None:
    """Say that this worker is alive; `run` is the id of the directory where its journal lies, `journal` why that cannot
    be written (empty: it can)."""
    given = {"id": worker_id, "host": this_machine(), "pid": os.getpid(), "run": run, "journal": journal}
    tx.execute(_put(tx.dialect.name), {**given, "started_at": started_at, "seen_at": now})


@functools.cache  # each second of each worker
def _put(dialect: str) -> Executable:
    row = (sqlite if dialect == "sqlite" else postgresql).insert(workers)
    again = {"seen_at": row.excluded.seen_at, "journal": row.excluded.journal}
    return row.on_conflict_do_update(index_elements=["id"], set_=again)


def check_out(tx: Connection, worker_id: str) -> None:
    """It ends cleanly. The row stays: its journal may be asked for when the database goes back."""
    tx.execute(update(workers).where(workers.c.id == worker_id).values(ended=True))


def last_seen(tx: Connection) -> int | None:
    """When any worker last looked at this database, in milliseconds."""
    return tx.execute(select(func.max(workers.c.seen_at)).where(workers.c.ended.is_(False))).scalar_one_or_none()


def unwritable_journals(tx: Connection, since: int) -> dict[str, str]:
    """Machine -> why a worker on it, seen since then, cannot write its journal, so that it rings nobody."""
    query = select(workers.c.host, workers.c.journal).where(workers.c.journal != "", workers.c.seen_at >= since)
    return {row.host: row.journal for row in tx.execute(query.where(workers.c.ended.is_(False)))}


def forget_runs(tx: Connection, runs: Sequence[str]) -> None:
    """The journals of these run directories are lost, and what came of it is settled."""
    tx.execute(delete(workers).where(workers.c.run.in_(runs)))


def forget_old(tx: Connection, before: int) -> None:
    """Workers that were last seen before that time."""
    tx.execute(delete(workers).where(workers.c.seen_at < before))
