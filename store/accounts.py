"""The accounts' rows: pace, what ended calls taught about each (`core.account.trouble`), the calls in flight.

The row named `TOTALS` (empty) is nobody's account: it is what claims lock where a sum over all accounts is set.
"""

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, replace
from typing import Any

from sqlalchemy import Connection, bindparam, or_, select

from core.account.caps import TOTALS
from core.account.pause import Pause, Script
from core.account.trouble import AccountNow, InFlight, Trouble, named, pauses_of, waits_for
from core.as_kept import as_kept
from core.lead import Lead
from core.reason import words
from core.states import READY
from store import caps, changes, rows
from store.changes import Change
from store.rows import Ask
from store.tables import accounts, attempts, workers

ALIVE_MS = 3_000  # workers check in each second; what a killed one left open counts no longer than this


def lock(tx: Connection, account: str) -> AccountNow:
    """The account as it stands, locked until the transaction ends. It comes before leads and numbers in the order
    of locks, the totals' row before any account."""
    found = rows.ask_all(tx, [locking(account)])[0] or _made(tx, account)
    next_at, *known = found[0]
    return AccountNow(next_at, _trouble(known))


def _made(tx: Connection, account: str) -> list[Any]:
    rows.insert(tx, "accounts", ("name",), [(account,)], "ON CONFLICT DO NOTHING")
    return rows.ask_all(tx, [locking(account)])[0]


def asks(account: str, *, totals: bool) -> list[Ask]:
    """What an account is read of, for `of`, in this order: locked, after the totals' row where a sum over all accounts
    is set (then their claims come one after the other); then, in a later statement, its open calls."""
    locked = [TOTALS, account] if totals else [account]
    return [*map(locking, locked), Ask(_OPEN, {"account": account})]


def of(
    tx: Connection, account: str, told: Sequence[Sequence[Any]], owner: str, now: int, over: Collection[str] = ()
) -> AccountNow:
    """The account of these answers, with the calls in flight, those of them that `owner` began apart. The attempts
    `over` (ids) are in flight no more."""
    *locked, open_ = told
    if not all(locked):  # the first claim of all
        for name in [TOTALS, account][-len(locked) :]:
            lock(tx, name)
        return of(tx, account, rows.ask_all(tx, asks(account, totals=len(locked) > 1)), owner, now, over)
    next_at, *known = locked[-1][0]
    alive = [of for id, of, seen_at in open_ if id not in over and (seen_at is None or seen_at > now - ALIVE_MS)]
    return AccountNow(next_at, _trouble(known), InFlight(len(alive), alive.count(owner)))


def locking(account: str) -> Ask:
    return Ask(_LOCK, {"account": account})


def locking_unless_calm(account: str) -> Ask:
    """No row where all is well with the account and each of its scripts."""
    return Ask(_LOCK_UNLESS_CALM, {"account": account})


def record_of(told: Sequence[Sequence[Any]]) -> Trouble | None:
    """The record of a locked account."""
    return _trouble(told[0][1:]) if told else None


def write(tx: Connection, account: str, trouble: Trouble, next_at: int | None = None) -> None:
    """The record of an account that this transaction has locked, and its pace where that has moved on."""
    changes.make(tx, [writing(account, trouble, next_at)])


def writing(account: str, trouble: Trouble, next_at: int | None = None) -> Change:
    """The change that does so."""
    values: dict[str, Any] = {name: getattr(trouble, name) for name in Trouble.__dataclass_fields__}
    values["pause"] = trouble.pause and json.dumps(asdict(trouble.pause), ensure_ascii=False)
    values["scripts"] = json.dumps({name: asdict(s) for name, s in trouble.scripts.items()}, ensure_ascii=False)
    if next_at is not None:
        values["next_at"] = next_at
    return Change(accounts, tuple(values), [(*values.values(), account)], ("name",))


def all_accounts(tx: Connection) -> dict[str, Trouble]:
    """Every account that ever rang or was paused."""
    return {name: _trouble(known) for name, *known in rows.select(tx, _ALL)}


def what_is_paused(tx: Connection) -> dict[str, str]:
    """Accounts and scripts that are paused, each with the cause in words that anyone may read."""
    known = all_accounts(tx)
    return {
        named(account, script): words(pause.cause, {})
        for account in sorted(known)
        for script, pause in pauses_of(known[account])
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
        name: Script(tuple(of["numbers"]), of["pause"] and as_kept(Pause, of["pause"]))
        for name, of in json.loads(scripts_text).items()
    }
    pause = as_kept(Pause, json.loads(pause_text)) if pause_text else None
    values = [*plain, pause, scripts]
    return Trouble(*values)


_RECORD = tuple(accounts.c[name] for name in Trouble.__dataclass_fields__)
_ALL = select(accounts.c.name, *_RECORD).where(accounts.c.name != TOTALS)
_LOCK = select(accounts.c.next_at, *_RECORD).where(accounts.c.name == bindparam("account")).with_for_update()
_WORRIED = or_(
    accounts.c.pause.is_not(None),
    accounts.c.unsent > 0,
    accounts.c.recent.contains("u"),
    accounts.c.allowed.is_not(None),
    accounts.c.scripts != "{}",
)
_LOCK_UNLESS_CALM = _LOCK.where(_WORRIED)
_OPEN = (
    select(attempts.c.id, attempts.c.owner, workers.c.seen_at)
    .select_from(attempts.outerjoin(workers, workers.c.id == attempts.c.owner))
    .where(
        attempts.c.outcome.is_(None),
        # Not a bare column: SQLite would walk every attempt of the account instead of the few that are open.
        attempts.c.account.concat("") == bindparam("account"),
    )
)
