"""Whether all who wait for their call get it before people may not be called any more, at the pace of the last hour."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from core import hours
from core.account.caps import TOTALS
from core.durations import HOUR_MS
from flow.gateway import Gateway
from store import caps, figures
from store.engine import Tx


@dataclass(frozen=True)
class Backlog:
    """`waiting` are due and not called; at this pace (calls an hour) the last of them is called at `by`, None where
    nobody was called; `left` of them are not before the first source's hours end, at `closes` (None: never)."""

    waiting: int
    pace: int
    by: int | None
    closes: int | None
    left: int


def of(waiting: int, pace: int, closes: int | None, now: int) -> Backlog:
    by = now + -(-waiting * HOUR_MS // pace) if pace else None
    late = closes is not None and (by is None or by > closes)
    left = waiting - pace * (closes - now) // HOUR_MS if late and closes is not None else 0
    return Backlog(waiting, pace, by, closes, left)


def read(tx: Tx, gateway: Gateway, now: int) -> Backlog | None:
    """None where nobody waits but for the hours to begin."""
    waiting = figures.due_before(tx, gateway.accounts, now + 1)
    if not waiting:
        return None
    pace = sum(one.last_hour for one in caps.rung(tx, TOTALS, now, since=now - HOUR_MS + 1))
    return of(waiting, pace, closes(gateway, now), now)


def closes(gateway: Gateway, now: int) -> int | None:
    """When the first calling hours that are open now end; None where none end."""
    policies = (one.source.policy for name in gateway.sources.names() if (one := gateway.sources.get(name)))
    closings = (hours.next_closing(each.hours, ZoneInfo(each.timezone), now) for each in policies)
    return min((at for at in closings if now < at < hours.NEVER_MS), default=None)
