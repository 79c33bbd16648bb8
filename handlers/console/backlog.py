"""Whether all who wait for their call get it before people may not be called any more, at the pace of the last hour:
that of their own account. Those that wait for a pause, or for room under a cap, are told of in their own places."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from core import hours
from core.durations import HOUR_MS
from flow.gateway import Gateway
from store import accounts, figures
from store.engine import Tx

UNMAPPED = ""  # leads that have no account yet


@dataclass(frozen=True)
class Backlog:
    """`waiting` are due and not called, `standing` of them of accounts that called nobody in the last hour, in which
    somebody was `called`; the last of the others is called at `by`, None where there is none; `left` of all are not
    before the first hours of their sources end, at `closes` (None: never)."""

    waiting: int
    standing: int
    called: bool
    by: int | None
    closes: int | None
    left: int


def of(waiting: Mapping[str, int], pace: Mapping[str, int], closes: int | None, now: int) -> Backlog:
    """By account, how many wait and the calls of the last hour; what is unmapped goes at the pace of all, behind all
    that are mapped and go."""
    pace = {**pace, UNMAPPED: sum(pace.values())}
    going = {name: count for name, count in waiting.items() if count and pace.get(name)}
    last = {**going, UNMAPPED: sum(going.values())}  # which place the last one has
    ends = [now + -(-last[name] * HOUR_MS // pace[name]) for name in going]
    standing, left = sum(waiting.values()) - sum(going.values()), 0
    if closes is not None:
        late = (min(count, last[name] - pace[name] * (closes - now) // HOUR_MS) for name, count in going.items())
        left = standing + sum(max(0, count) for count in late)
    return Backlog(sum(waiting.values()), standing, pace[UNMAPPED] > 0, max(ends, default=None), closes, left)


def read(tx: Tx, gateway: Gateway, now: int) -> Backlog | None:
    """None where nobody waits but for the hours to begin, for a pause to end or for room."""
    known = accounts.all_accounts(tx)
    resting = figures.resting_now(tx, known)
    waiting = figures.due_before(tx, {*gateway.account_names(), *known}, now + 1, resting)
    if not waiting.total():
        return None
    names = gateway.sources.names() if waiting[UNMAPPED] else figures.sources_due(tx, +waiting, now, resting)
    return of(waiting, figures.called_since(tx, now - HOUR_MS + 1, now), closes(gateway, names, now), now)


def closes(gateway: Gateway, names: Iterable[str], now: int) -> int | None:
    """When the first calling hours that are open now end, of those of these sources that ring people; None where none
    end."""
    known = (one.source for name in names if (one := gateway.sources.get(name)))
    policies = (source.policy for source in known if source.enabled and not source.dry_run)
    closings = (hours.next_closing(each.hours, ZoneInfo(each.timezone), now) for each in policies)
    return min((at for at in closings if now < at < hours.NEVER_MS), default=None)
