"""Moments that something waits for, where the clock that named them has been set back since.

What happened (arrivals, calls, history) keeps the moment that was written: nobody knows the right one, and it may be
the later clock that is wrong. Pauses, paces and caps look for themselves at what lies too far ahead.
"""

from collections.abc import Sequence

from sqlalchemy import Connection, func, literal_column, select, update

from core import states
from core.account.pause import LONGEST_TRY
from core.durations import DAY_MS
from store.rows import Ask
from store.tables import alarm_messages, alarms, attempts, epoch, leads, workers

_SEEN = select(func.max(workers.c.seen_at))
_TO_MAP = select(func.max(leads.c.due_at)).where(
    leads.c.state == literal_column(f"'{states.RECEIVED}'"), leads.c.asks_crm == literal_column("0")
)
_SET_BACK, _LEAPT = select(epoch.c.set_back_from), select(epoch.c.leapt_to)
NEWEST = Ask(select(*(each.scalar_subquery() for each in (_SEEN, _TO_MAP, _SET_BACK, _LEAPT))))


def newest_of(told: Sequence[Sequence[int | None]]) -> int:
    """The newest moment that certainly had come when it was written, in milliseconds: a worker was alive, a lead was
    due to be mapped, or the clock was set back from it; of the answer to `NEWEST`. Each is a seek in an index, or a few
    rows."""
    return max(at or 0 for at in told[0][:3])


def set_back_from(told: Sequence[Sequence[int | None]]) -> int:
    """What the clock that was last set back had come to, in milliseconds; 0: nothing that is told of one."""
    return told[0][2] or 0


def leapt_to(told: Sequence[Sequence[int | None]]) -> int:
    """Where the clock came to when it last leapt by a day or more, in milliseconds; 0: it never did."""
    return told[0][3] or 0


def note_set_back(tx: Connection, newest: int) -> None:
    """The clock is behind this moment, which it knew: nobody forgets it who starts before all is looked at again."""
    tx.execute(update(epoch).where(epoch.c.set_back_from < newest).values(set_back_from=newest))


def note_leap(tx: Connection, now: int) -> None:
    """The clock leapt to this moment; whoever starts after it knows that, too."""
    tx.execute(update(epoch).values(leapt_to=now))


def look_again(tx: Connection, now: int, limit: int) -> int:
    """Make leads that wait for a moment due now, at most `limit`: where it has not come, the rules name it anew. How
    many there were; those that somebody holds are passed over."""
    waits = leads.c.state.in_(states.WAITING) & (leads.c.due_at > now)
    found = list(tx.execute(select(leads.c.no).where(waits).limit(limit).with_for_update(skip_locked=True)).scalars())
    if found:
        tx.execute(update(leads).where(leads.c.no.in_(found)).values(due_at=now))
    return len(found)


def bring_near(tx: Connection, now: int) -> None:
    """What else is waited for lies no further ahead than it may. A worker that the wrong clock dated was seen when one
    of the others last was, at the earliest: now would say that it has looked at this database, which may have been put
    back, and that whoever has not is long gone and need not be missed."""
    latest = now + LONGEST_TRY
    seen_at = tx.execute(select(func.max(workers.c.seen_at)).where(workers.c.seen_at <= now)).scalar_one()
    seen_at = now - DAY_MS if seen_at is None else seen_at  # before whatever was noted since the clock is right
    tx.execute(update(attempts).where(attempts.c.deadline_at > latest).values(deadline_at=latest))
    tx.execute(update(epoch).where(epoch.c.suspect_since > now).values(suspect_since=now))
    # As the workers' below: one that is missed is told by how long before this moment it was last seen.
    tx.execute(update(epoch).where(epoch.c.alive_at > now).values(alive_at=seen_at))
    tx.execute(update(epoch).where(epoch.c.set_back_from > now).values(set_back_from=now))
    unsent = alarm_messages.c.ended_at.is_(None) & (alarm_messages.c.due_at > now)
    tx.execute(update(alarm_messages).where(unsent).values(due_at=now))
    tx.execute(update(alarms).where(alarms.c.calm_since > now).values(calm_since=now))
    tx.execute(update(workers).where(workers.c.seen_at > now).values(seen_at=seen_at))
