"""Everything that alarms are of and that the database knows, read once."""

from collections.abc import Iterable

from sqlalchemy import Connection, select

from core.alarm import UNSTORED, Facts, FullCap, Share
from core.alarms import NEWEST_CALLS, STUCK_MS, WAITS_MS, WORKER_SEEN_MS
from core.durations import HOUR_MS
from core.overall import POLICY
from store import accounts, alarms, caps, figures, outbox, overview, stamps, workers
from store import epoch as epochs
from store.tables import epoch, in_force

NEWEST = 50  # leads of a source, among which the held ones are counted
MONTH_MS = 28 * 24 * HOUR_MS
LOOKED_BACK_MS = 6 * HOUR_MS  # at calls that came late
EXPLAINS = ("no_watch", "no_worker", "database_changed")  # why any lead was called late
PAUSED, CAP_REACHED = "paused", "cap_reached"  # the same of an account, and of a source; the totals' cap has no subject


def facts(tx: Connection, whose: Iterable[str], now: int) -> Facts:
    """`whose` leads may wait: those accounts, and all that ever rang."""
    rang = accounts.all_accounts(tx)
    names = {*whose, *rang}
    unknown, unknown_since = figures.unknowns(tx)
    stuck, stuck_since = figures.overdue(tx, now - STUCK_MS)
    full = caps.reached(tx)
    resting = figures.resting(rang, full)
    since = now - now % HOUR_MS - HOUR_MS
    refused = tuple((source, hour, n) for source, hour, _, n in figures.refused_per_hour(tx, since))
    beside = figures.refused_beside(tx, since)
    not_stored = sum(beside.pop(UNSTORED, {}).values())
    return Facts(
        now=now,
        worker_seen=workers.last_able(tx),
        unwritable_journals=workers.unwritable_journals(tx, now - WORKER_SEEN_MS),
        other_database_since=epochs.suspect_since(tx),
        late=figures.due_before(tx, names, now - WAITS_MS, resting).total(),
        late_since=min(figures.oldest_due(tx, names, now, resting).values(), default=None),
        stuck=stuck,
        stuck_since=stuck_since,
        accounts=rang,
        full=tuple(map(_full, full)),
        unknown=unknown,
        unknown_since=unknown_since,
        refused_hours=refused,
        right_requests={source: figures.requests_since(tx, source, since) for source in {one[0] for one in refused}},
        turned_away=_summed(beside),
        not_stored=not_stored,
        waited=_waited(tx, now),
        held=tuple(_held(tx, name, now) for name in _sources(tx)),
        stamps=stamps.known(tx),
        database_since=tx.execute(select(epoch.c.opened_at)).scalar_one_or_none(),
        dead_channels=outbox.dead(tx),
    )


def _full(row: caps.Reached) -> FullCap:
    return FullCap(row.source, row.whose, row.cap, row.limit, row.since, row.until, row.line)


def _waited(tx: Connection, now: int) -> tuple[int, ...]:
    """Of leads that came after whatever explains that others waited: for all of them, or for those of one account or
    one source."""
    explained = alarms.spans(tx, (*EXPLAINS, PAUSED, CAP_REACHED), now - LOOKED_BACK_MS, now)
    since = max([now - LOOKED_BACK_MS, *(one.until for one in explained if one.kind in EXPLAINS or not one.subject)])
    if since >= now:
        return ()
    of_accounts, of_sources = (
        {one.subject: one.until for one in explained if one.kind == kind and one.until > since}
        for kind in (PAUSED, CAP_REACHED)
    )
    return tuple(overview.newest_waits(tx, since, NEWEST_CALLS, of_accounts, of_sources))


def _held(tx: Connection, source: str, now: int) -> Share:
    return Share(source, *figures.held_share(tx, source, NEWEST, now - MONTH_MS))


def _sources(tx: Connection) -> list[str]:
    query = select(in_force.c.name).where(in_force.c.removed.is_(False), in_force.c.name != POLICY)
    return list(tx.execute(query.order_by(in_force.c.name)).scalars())


def _summed(beside: dict[str, dict[str, int]]) -> dict[str, int]:
    found: dict[str, int] = {}
    for counts in beside.values():
        for source, count in counts.items():
            found[source] = found.get(source, 0) + count
    return found
