"""Attempts: the evidence that a POST may have left, written before its first byte.

An attempt without an outcome is open; its owner closes it, or any worker does once its deadline
is past. The number's lock is free exactly when no open attempt holds it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, func, select, update

from core import outcome as outcomes
from core.outcome import Outcome
from core.ports import Call
from store import changes, rows
from store.changes import Change
from store.rows import Ask
from store.tables import attempts, number_locks


@dataclass(frozen=True)
class Attempt:
    """One POST of a call, counted from 1 within its lead."""

    id: str
    lead: str
    n: int
    round: int
    account: str
    call: Call
    deadline_at: int
    source: str = ""  # under whose caps it counts


def lock_numbers(tx: Connection, numbers: Mapping[str, str]) -> frozenset[str]:
    """Take these numbers, each for an attempt (id -> number), over all accounts; the attempts that have theirs
    now. Of two attempts for one number the first has it.

    The condition reads the lock's own column: a waiting PostgreSQL statement keeps its old snapshot,
    and a sub-query on attempts let both claims win. In ascending order, as whoever takes several."""
    firsts = {number: attempt for attempt, number in reversed(list(numbers.items()))}
    if not firsts:
        return frozenset()
    locked = rows.insert(tx, "number_locks", ("number", "attempt"), sorted(firsts.items()), _IF_FREE)
    return frozenset(attempt for (attempt,) in locked)


def free_numbers(tx: Connection, numbers: Mapping[str, str]) -> None:
    """Free the numbers that these attempts (id -> number) hold."""
    changes.make(tx, [freeing(numbers)])


def freeing(numbers: Mapping[str, str]) -> Change:
    """The change that does so; numbers that are held by others stay theirs."""
    held = [(None, number, attempt) for attempt, number in numbers.items()]
    return Change(number_locks, ("attempt",), held, ("number", "attempt"), sorted_=True)


def open_all(tx: Connection, opened: Sequence[Attempt], owner: str, now: int) -> None:
    """Write the attempts. The database refuses a second one of a round that may already have rung."""
    changes.make(tx, [opening(opened, owner, now)])


def opening(opened: Sequence[Attempt], owner: str, now: int) -> Change:
    """The change that does so."""
    given = [
        (
            attempt.id,
            attempt.lead,
            attempt.n,
            attempt.round,
            attempt.account,
            attempt.source,
            attempt.call.number,
            attempt.call.script,
            attempt.call.sms,
            owner,
            now,
            attempt.deadline_at,
        )
        for attempt in opened
    ]
    return Change(attempts, _OPENED, given)


def counts(tx: Connection, leads: Sequence[str]) -> dict[str, int]:
    """How many attempts each of these leads has had; those without any are left out."""
    if not leads:
        return {}
    return dict(rows.among(tx, "SELECT lead, max(n) FROM attempts WHERE lead {wanted} GROUP BY lead", leads))


def close(tx: Connection, attempt_id: str, outcome: Outcome, now: int) -> bool:
    """Write how the attempt ended; False when it was already closed (its owner was late)."""
    return bool(close_all(tx, [(attempt_id, outcome)], now))


def close_all(tx: Connection, ended: Sequence[tuple[str, Outcome]], now: int) -> frozenset[str]:
    """Write how these attempts (ids) ended; those that were still open."""
    return frozenset(changes.make(tx, [closing(ended, now, whole=False)])[0])


def closing(ended: Sequence[tuple[str, Outcome]], now: int, *, whole: bool) -> Change:
    """The change that does so; `whole`: all of them are open."""
    given = [_ending(attempt_id, outcome, now) for attempt_id, outcome in ended]
    return Change(attempts, _ENDS, given, ("id",), "attempts.outcome IS NULL", whole=whole)


def asking_open(attempt_ids: Sequence[str]) -> Ask:
    """Those of these attempts that are open; it stays so while their leads are locked, as whoever closes one locks its
    lead first."""
    return Ask("SELECT id FROM attempts WHERE id {wanted} AND outcome IS NULL", wanted=attempt_ids)


def prove(tx: Connection, attempt_id: str, outcome: Outcome, now: int) -> bool:
    """Write a late proof over `unknown`; False where the attempt had another outcome."""
    given = [_ending(attempt_id, outcome, now)]
    still = f"attempts.outcome = '{outcomes.UNKNOWN}'"
    return bool(changes.make(tx, [Change(attempts, _ENDS, given, ("id",), still)])[0])


def _ending(attempt_id: str, outcome: Outcome, now: int) -> tuple[Any, ...]:
    """Its values in the order of `_ENDS`, then the attempt."""
    return (
        now,
        outcome.kind,
        outcome.how,
        outcome.irregular,
        outcome.http_status,
        outcome.provider_id,
        None if outcome.price is None else str(outcome.price),
        outcome.error,
        outcome.reply or None,
        attempt_id,
    )


def overdue(tx: Connection, before: int, limit: int = 100) -> list[tuple[str, str, str]]:
    """Open attempts whose deadline was before that time: (attempt, lead, number)."""
    query = (
        select(attempts.c.id, attempts.c.lead, attempts.c.number)
        .where(attempts.c.outcome.is_(None), attempts.c.deadline_at < before)
        .order_by(attempts.c.deadline_at)
        .limit(limit)
    )
    return [tuple(row) for row in tx.execute(query)]


# When the first of the open attempts is over.
FIRST_DEADLINE = Ask(select(func.min(attempts.c.deadline_at)).where(attempts.c.outcome.is_(None)))


def settles_after(tx: Connection, lead_id: str) -> int | None:
    """The latest deadline among this lead's attempts that are open or `unknown`; None without one."""
    return settle_after(tx, [lead_id]).get(lead_id)


def settle_after(tx: Connection, lead_ids: Sequence[str]) -> dict[str, int]:
    """The same of many: those leads that have one."""
    return dict(rows.among(tx, _SETTLE, lead_ids))


_SETTLE = (
    "SELECT lead, max(deadline_at) FROM attempts WHERE lead {wanted} "  # noqa: S608 - a word of ours
    f"AND (outcome IS NULL OR outcome = '{outcomes.UNKNOWN}') GROUP BY lead"
)


def name_unknown(tx: Connection, lead_id: str, provider_id: str) -> None:
    """Keep the provider's id that a person found for the lead's newest unknown attempt."""
    newest = select(func.max(attempts.c.n)).where(attempts.c.lead == lead_id).scalar_subquery()
    tx.execute(
        update(attempts)
        .where(attempts.c.lead == lead_id, attempts.c.n == newest, attempts.c.outcome == outcomes.UNKNOWN)
        .values(provider_id=provider_id)
    )


def newest_start(tx: Connection, lead_id: str) -> int | None:
    """When the lead's newest attempt began, in milliseconds; None without any."""
    return tx.execute(select(func.max(attempts.c.started_at)).where(attempts.c.lead == lead_id)).scalar_one_or_none()


def exists(tx: Connection, attempt_id: str) -> bool:
    return bool(rows.select(tx, _EXISTS, id=attempt_id))


def may_have_rung(tx: Connection, lead_id: str, round_: int) -> bool:
    """Whether the lead has an attempt of this round that is not proven unsent."""
    query = select(attempts.c.id).where(
        attempts.c.lead == lead_id,
        attempts.c.round == round_,
        (attempts.c.outcome.is_(None)) | (attempts.c.outcome != outcomes.NOT_SENT),
    )
    return tx.execute(query.limit(1)).one_or_none() is not None


_IF_FREE = (
    "ON CONFLICT (number) DO UPDATE SET attempt = excluded.attempt WHERE number_locks.attempt IS NULL RETURNING attempt"
)
_OPENED = (
    "id",
    "lead",
    "n",
    "round",
    "account",
    "source",
    "number",
    "script",
    "sms",
    "owner",
    "started_at",
    "deadline_at",
)
_ENDS = ("ended_at", "outcome", "how", "irregular", "http_status", "provider_id", "price", "error", "reply")
_EXISTS = select(attempts.c.id).where(attempts.c.id == bindparam("id"))
