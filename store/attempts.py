"""Attempts: the evidence that a POST may have left, written before its first byte.

An attempt without an outcome is open; its owner closes it, or any worker does once its deadline
is past. The number's lock is free exactly when no open attempt holds it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import Connection, bindparam, func, insert, select, text, update

from core import outcome as outcomes
from core.outcome import Outcome
from core.ports import Call
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
    given: dict[str, str] = {}
    for n, (number, attempt) in enumerate(sorted(firsts.items())):
        given |= {f"n{n}": number, f"a{n}": attempt}
    return frozenset(row[0] for row in tx.execute(_locking(len(firsts)), given))


def free_numbers(tx: Connection, numbers: Mapping[str, str]) -> None:
    """Free the numbers that these attempts (id -> number) hold."""
    ordered = sorted(numbers.items(), key=lambda pair: pair[1])
    if ordered:
        tx.execute(_FREE, [{"of_attempt": attempt, "of_number": number} for attempt, number in ordered])


def open_all(tx: Connection, opened: Sequence[Attempt], owner: str, now: int) -> None:
    """Write the attempts. The database refuses a second one of a round that may already have rung."""
    rows = [
        {
            "id": attempt.id,
            "lead": attempt.lead,
            "n": attempt.n,
            "round": attempt.round,
            "account": attempt.account,
            "source": attempt.source,
            "number": attempt.call.number,
            "script": attempt.call.script,
            "sms": attempt.call.sms,
            "owner": owner,
            "started_at": now,
            "deadline_at": attempt.deadline_at,
        }
        for attempt in opened
    ]
    if rows:
        tx.execute(_INSERT, rows)


def counts(tx: Connection, leads: Sequence[str]) -> dict[str, int]:
    """How many attempts each of these leads has had; those without any are left out."""
    if not leads:
        return {}
    return {row.lead: row.n for row in tx.execute(_COUNTS, {"leads": list(leads)})}


def close(tx: Connection, attempt_id: str, outcome: Outcome, now: int) -> bool:
    """Write how the attempt ended; False when it was already closed (its owner was late)."""
    return _write(tx, _CLOSE, attempt_id, outcome, now)


def prove(tx: Connection, attempt_id: str, outcome: Outcome, now: int) -> bool:
    """Write a late proof over `unknown`; False where the attempt had another outcome."""
    return _write(tx, _PROVE, attempt_id, outcome, now)


def _write(tx: Connection, statement: Any, attempt_id: str, outcome: Outcome, now: int) -> bool:
    given = {
        "of": attempt_id,
        "ended_at": now,
        "outcome": outcome.kind,
        "how": outcome.how,
        "irregular": outcome.irregular,
        "http_status": outcome.http_status,
        "provider_id": outcome.provider_id,
        "price": None if outcome.price is None else str(outcome.price),
        "error": outcome.error,
        "reply": outcome.reply or None,
    }
    return bool(tx.execute(statement, given).rowcount == 1)


def overdue(tx: Connection, before: int, limit: int = 100) -> list[tuple[str, str, str]]:
    """Open attempts whose deadline was before that time: (attempt, lead, number)."""
    query = (
        select(attempts.c.id, attempts.c.lead, attempts.c.number)
        .where(attempts.c.outcome.is_(None), attempts.c.deadline_at < before)
        .order_by(attempts.c.deadline_at)
        .limit(limit)
    )
    return [tuple(row) for row in tx.execute(query)]


def settles_after(tx: Connection, lead_id: str) -> int | None:
    """The latest deadline among this lead's attempts that are open or `unknown`; None without one."""
    return tx.execute(
        select(func.max(attempts.c.deadline_at)).where(
            attempts.c.lead == lead_id,
            (attempts.c.outcome.is_(None)) | (attempts.c.outcome == outcomes.UNKNOWN),
        )
    ).scalar_one_or_none()


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
    return tx.execute(_EXISTS, {"id": attempt_id}).one_or_none() is not None


def may_have_rung(tx: Connection, lead_id: str, round_: int) -> bool:
    """Whether the lead has an attempt of this round that is not proven unsent."""
    query = select(attempts.c.id).where(
        attempts.c.lead == lead_id,
        attempts.c.round == round_,
        (attempts.c.outcome.is_(None)) | (attempts.c.outcome != outcomes.NOT_SENT),
    )
    return tx.execute(query.limit(1)).one_or_none() is not None


@cache
def _locking(count: int) -> Any:
    rows = ", ".join(f"(:n{n}, :a{n})" for n in range(count))
    return text(
        f"INSERT INTO number_locks (number, attempt) VALUES {rows} "  # noqa: S608 - names of parameters only
        "ON CONFLICT (number) DO UPDATE SET attempt = excluded.attempt WHERE number_locks.attempt IS NULL "
        "RETURNING attempt"
    )


def _ending(still: Any) -> Any:
    names = ("ended_at", "outcome", "how", "irregular", "http_status", "provider_id", "price", "error", "reply")
    one = update(attempts).where(attempts.c.id == bindparam("of"), still)
    return one.values({name: bindparam(name) for name in names})


# The statements of the hot path are built once: building one costs more than running it.
_INSERT = insert(attempts)
_COUNTS = (
    select(attempts.c.lead, func.max(attempts.c.n).label("n"))
    .where(attempts.c.lead.in_(bindparam("leads", expanding=True)))
    .group_by(attempts.c.lead)
)
_EXISTS = select(attempts.c.id).where(attempts.c.id == bindparam("id"))
_CLOSE = _ending(attempts.c.outcome.is_(None))
_PROVE = _ending(attempts.c.outcome == outcomes.UNKNOWN)
_FREE = (
    update(number_locks)
    .where(number_locks.c.number == bindparam("of_number"), number_locks.c.attempt == bindparam("of_attempt"))
    .values(attempt=None)
)
