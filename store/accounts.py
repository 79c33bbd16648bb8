"""The accounts' rows: pace, what ended calls taught about each (`core.account.trouble`), the calls in flight.

The row named `TOTALS` (empty) is nobody's account: it is what claims lock where a sum over all accounts is set.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, replace
from typing import Any

from sqlalchemy import Connection, bindparam, case, func, select

from core.account.caps import TOTALS
from core.account.pause import Pause, Script
from core.account.trouble import AccountNow, InFlight, Trouble, pauses_of, waits_for
from core.lead import Lead
from core.reason import words
from core.states import READY
from store import caps, rows
from store.tables import accounts, attempts, workers

ALIVE_MS = 3_000  # workers check in each second; what a killed one left open counts no longer than this


def lock(tx: Connection, account: str) -> AccountNow:
    """The account as it stands, locked until the transaction ends; the calls in flight are counted by a later
    statement (`in_flight`). It comes before leads and numbers in the order of locks."""
    found = rows.select(tx, _LOCK, account=account)
    if not found:
        rows.insert(tx, "accounts", ("name",), [(account,)], "ON CONFLICT DO NOTHING")
        found = rows.select(tx, _LOCK, account=account)
    next_at, *known = found[0]
    return AccountNow(next_at, _trouble(known))


def lock_totals(tx: Connection) -> None:
    """Before any account: claims of all accounts come one after the other where a sum over them is set."""
    lock(tx, TOTALS)


def in_flight(tx: Connection, account: str, owner: str, now: int) -> InFlight:
    """The open calls of the account, and those of them that `owner` began."""
    ((total, own),) = rows.select(tx, _OPEN, account=account, owner=owner, alive=now - ALIVE_MS)
    return InFlight(total, int(own))


def record(tx: Connection, account: str) -> Trouble:
    """The account's record as it stands, without a lock."""
    found = rows.select(tx, _READ, account=account)
    return _trouble(found[0]) if found else Trouble()


def write(tx: Connection, account: str, trouble: Trouble, next_at: int | None = None) -> None:
    """The record of an account that this transaction has locked, and its pace where that has moved on."""
    values: dict[str, Any] = {name: getattr(trouble, name) for name in Trouble.__dataclass_fields__}
    values["pause"] = trouble.pause and json.dumps(asdict(trouble.pause), ensure_ascii=False)
    values["scripts"] = json.dumps({name: asdict(s) for name, s in trouble.scripts.items()}, ensure_ascii=False)
    if next_at is not None:
        values["next_at"] = next_at
    rows.update(tx, accounts, tuple(values), ("name",), [(*values.values(), account)])


def all_accounts(tx: Connection) -> dict[str, Trouble]:
    """Every account that ever rang or was paused."""
    query = select(accounts.c.name, *_RECORD).where(accounts.c.name != TOTALS)
    return {name: _trouble(known) for name, *known in tx.execute(query)}


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


def _trouble(known: Sequence[Any]) -> Trouble:
    """Of the values of `_RECORD`."""
    *plain, pause_text, scripts_text = known
    if scripts_text is None:  # no call yet
        return Trouble()
    scripts = {
        name: Script(tuple(of["numbers"]), of["pause"] and Pause(**of["pause"]))
        for name, of in json.loads(scripts_text).items()
    }
    pause = Pause(**json.loads(pause_text)) if pause_text else None
    values = [*plain, pause, scripts]
    return Trouble(*values)


_RECORD = tuple(accounts.c[name] for name in Trouble.__dataclass_fields__)
_READ = select(*_RECORD).where(accounts.c.name == bindparam("account"))
_LOCK = select(accounts.c.next_at, *_RECORD).where(accounts.c.name == bindparam("account")).with_for_update()
_OPEN = (
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
)
