"""Which workers are alive, and the pace of each account."""

import os
from functools import cache
from typing import Any

from sqlalchemy import BigInteger, Connection, bindparam, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from store.engine import this_machine
from store.tables import accounts, workers


def check_in(tx: Connection, worker_id: str, run: str, started_at: int, now: int) -> None:
    """Say that this worker is alive; `run` is the id of the directory where its journal lies."""
    flavour = sqlite if tx.dialect.name == "sqlite" else postgresql
    row = flavour.insert(workers).values(
        id=worker_id, host=this_machine(), pid=os.getpid(), started_at=started_at, seen_at=now, run=run
    )
    tx.execute(row.on_conflict_do_update(index_elements=["id"], set_={"seen_at": row.excluded.seen_at}))


def check_out(tx: Connection, worker_id: str) -> None:
    """It ends cleanly. The row stays: its journal may be asked for when the database goes back."""
    tx.execute(update(workers).where(workers.c.id == worker_id).values(ended=True))


def last_seen(tx: Connection) -> int | None:
    """When any worker last looked at this database, in milliseconds."""
    return tx.execute(select(func.max(workers.c.seen_at)).where(workers.c.ended.is_(False))).scalar_one_or_none()


def take_turn(tx: Connection, account: str, now: int, rate: float) -> bool:
    """Take this moment of the account's pace; False when another worker has it.

    `rate` is calls started per second by all workers together; 0 is unlimited. The account's row
    stays locked until the transaction ends, so it comes last in the order of locks."""
    if rate <= 0:
        return True
    gap = max(1, round(1000 / rate))
    given = {"name": account, "next_at": now + gap, "now": now}
    return tx.execute(_taking_turn(tx.dialect.name), given).one_or_none() is not None


@cache
def _taking_turn(dialect: str) -> Any:
    flavour = sqlite if dialect == "sqlite" else postgresql
    take = flavour.insert(accounts)
    return take.on_conflict_do_update(
        index_elements=["name"],
        set_={"next_at": take.excluded.next_at},
        where=accounts.c.next_at <= bindparam("now", type_=BigInteger),
    ).returning(accounts.c.name)
