"""The accounts' rows: what ended calls taught about each (`core.account.trouble`), and the calls in flight."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from typing import Any

from sqlalchemy import Connection, Row, bindparam, case, func, select, true, update
from sqlalchemy.dialects import postgresql, sqlite

from core.account.pause import Pause, Script
from core.account.trouble import InFlight, Trouble, pauses_of, waits_for
from core.lead import Lead
from core.reason import words
from core.states import READY
from store import caps
from store.tables import accounts, attempts, workers

ALIVE_MS = 3_000  # workers check in each second; what a killed one left open counts no longer than this


@dataclass(frozen=True)
class Look:
    """An account as it stands: no call may start before `next_at`, in milliseconds."""

    next_at: int
    trouble: Trouble
    calls: InFlight


def look(tx: Connection, account: str, owner: str, now: int) -> Look:
    """The account and the calls in flight, without a lock; `owner` is the worker that asks."""
    row = tx.execute(_LOOK, {"account": account, "owner": owner, "alive": now - ALIVE_MS}).one()
    return Look(row.next_at or 0, _trouble(row), InFlight(row.total, row.own))


def lock(tx: Connection, account: str) -> Trouble:
    """The account's record, locked until the transaction ends: the last in the order of locks."""
    row = tx.execute(_LOCK, {"account": account}).one_or_none()
    if row is None:
        flavour = sqlite if tx.dialect.name == "sqlite" else postgresql
        tx.execute(flavour.insert(accounts).values(name=account).on_conflict_do_nothing())
        row = tx.execute(_LOCK, {"account": account}).one()
    return _trouble(row)


def write(tx: Connection, account: str, trouble: Trouble) -> None:
    """The record of an account that this transaction has locked."""
    values = {column.name: getattr(trouble, column.name) for column in _RECORD}
    values["pause"] = trouble.pause and json.dumps(asdict(trouble.pause), ensure_ascii=False)
    values["scripts"] = json.dumps({name: asdict(s) for name, s in trouble.scripts.items()}, ensure_ascii=False)
    tx.execute(update(accounts).where(accounts.c.name == account).values(**values))


def all_accounts(tx: Connection) -> dict[str, Trouble]:
    """Every account that ever rang or was paused."""
    return {row.name: _trouble(row) for row in tx.execute(select(accounts.c.name, *_RECORD))}


def what_is_paused(tx: Connection) -> dict[str, str]:
    """Accounts and scripts that are paused, each with the cause in words that anyone may read."""
    known = all_accounts(tx)
    return {
        what: words(pause.cause, {}) for account in sorted(known) for what, pause in pauses_of(known[account], account)
    }


def say_paused(tx: Connection, rows: Iterable[dict[str, Any]], now: int) -> None:
    """Give rows of leads that are due, and wait for a pause or a cap only, that `reason` and `reasons` (JSON):
    it is written on no lead, or a pause would be a write for each of them."""
    waiting = [row for row in rows if row["state"] == READY and row["due_at"] <= now]
    known, full = (all_accounts(tx), caps.reached(tx)) if waiting else ({}, ())
    for row in waiting:
        reason = waits_for(known.get(row["account"], Trouble()), row["account"], row["script"])
        reason = reason or caps.waits_for(full, row["source"])
        if reason is not None:
            noted = [r for r in json.loads(row["reasons"]) if r["code"] != row["reason"]]
            row["reason"], row["reasons"] = reason.code, json.dumps([asdict(reason), *noted])


def with_pause(tx: Connection, lead: Lead, now: int) -> Lead:
    """The same for one lead."""
    row = asdict(lead)
    say_paused(tx, [row], now)
    return replace(lead, reason=row["reason"], reasons=row["reasons"])


def _trouble(row: Row[Any]) -> Trouble:
    if row.scripts is None:  # no call yet
        return Trouble()
    scripts = {
        name: Script(known["refused"], known["pause"] and Pause(**known["pause"]))
        for name, known in json.loads(row.scripts).items()
    }
    pause = Pause(**json.loads(row.pause)) if row.pause else None
    return Trouble(row.recent, row.unsent, row.allowed, row.since, row.wait, pause, scripts)


_RECORD = tuple(accounts.c[name] for name in Trouble.__dataclass_fields__)
_LOCK = select(*_RECORD).where(accounts.c.name == bindparam("account")).with_for_update()
_open = (
    select(
        func.count().label("total"),
        func.coalesce(func.sum(case((attempts.c.owner == bindparam("owner"), 1), else_=0)), 0).label("own"),
    )
    .select_from(attempts.outerjoin(workers, workers.c.id == attempts.c.owner))
    .where(
        attempts.c.outcome.is_(None),
        # Not a bare column: SQLite would walk every attempt of the account instead of the few that are open.
        attempts.c.account.concat("") == bindparam("account"),
        workers.c.seen_at.is_(None) | (workers.c.seen_at > bindparam("alive")),
    )
    .subquery()
)
_LOOK = select(_open.c.total, _open.c.own, accounts.c.next_at, *_RECORD).select_from(
    _open.outerjoin(accounts, (accounts.c.name == bindparam("account")) & true())
)
