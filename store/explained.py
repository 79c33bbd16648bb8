"""What explains that leads wait, or were called late, and tells so itself: what stands, or stood until a moment ago.

Whatever waited then is rung one after the other when it is over: nobody is told of that anew."""

from collections.abc import Sequence

from sqlalchemy import Connection

from core.account.caps import TOTALS
from core.alarms import NEWEST_CALLS, WAITS_MS, is_missed, paused_by
from core.durations import HOUR_MS
from store import alarms, overview
from store.alarms import Stood
from store.figures import Resting

LOOKED_BACK_MS = 6 * HOUR_MS  # at calls that came late
PAUSED, CAP_REACHED, CRM_SILENT = "paused", "cap_reached", "crm_silent"  # why some leads wait
NO_WATCH, NO_WORKER, DATABASE_CHANGED = "no_watch", "no_worker", "database_changed"  # why all do


def stood(tx: Connection, now: int) -> list[Stood]:
    """When alarms stood by which it is explained, in the last hours."""
    kinds = (NO_WATCH, NO_WORKER, DATABASE_CHANGED, PAUSED, CAP_REACHED, CRM_SILENT)
    return alarms.spans(tx, kinds, now - LOOKED_BACK_MS, now)


def with_what_rested(resting: Resting, before: Sequence[Stood], now: int) -> Resting:
    """What makes leads wait, or did until a minute ago; `before` as `stood` tells it."""
    accounts, full, crms = dict(resting.accounts), set(resting.full), set(resting.crms)
    for one in before:
        if one.until <= now - WAITS_MS:
            continue
        if one.kind == PAUSED:
            account, script = paused_by(one.subject)
            others = accounts.get(account, frozenset())
            accounts[account] = None if script is None or others is None else others | {script}
        elif one.kind == CAP_REACHED:
            full.add(one.subject or TOTALS)
        elif one.kind == CRM_SILENT:
            crms.add(one.subject)
    return Resting(accounts, frozenset(full), frozenset(crms))


def all_begins_anew(before: Sequence[Stood], worker_seen: int | None, other_since: int | None, now: int) -> bool:
    """Whether nobody was rung at all until a minute ago, and now somebody is."""
    over = {NO_WORKER: not is_missed(worker_seen, now), DATABASE_CHANGED: other_since is None}
    return all(over.values()) and any(one.kind in over and one.until > now - WAITS_MS for one in before)


def waits(tx: Connection, before: Sequence[Stood], now: int) -> tuple[int, ...]:
    """Milliseconds from lead to first call, of the newest calls of leads that came after whatever explains that others
    waited: for all of them, or for those of one account, script or source."""
    of_some = [one for one in before if one.kind == PAUSED or (one.kind in (CAP_REACHED, CRM_SILENT) and one.subject)]
    since = max([now - LOOKED_BACK_MS, *(one.until for one in before if one not in of_some)])
    if since >= now:
        return ()
    later = [
        ((*paused_by(one.subject), None) if one.kind == PAUSED else (None, None, one.subject), one.until)
        for one in of_some
        if one.until > since
    ]
    return tuple(overview.newest_waits(tx, since, NEWEST_CALLS, dict(later)))
