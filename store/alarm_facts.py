"""Everything that alarms are of and that the database knows, read once."""

from collections.abc import Collection, Iterable, Mapping, Sequence

from sqlalchemy import Connection, select

from core.account.pause import all_paused
from core.account.trouble import Trouble, is_our_own
from core.alarm import UNSTORED, Facts, FullCap, Share
from core.alarms import STUCK_MS, WAITS_MS, WORKER_SEEN_MS
from core.durations import HOUR_MS, MINUTE_MS
from core.outcome import NOT_SENT, Outcome
from core.overall import POLICY
from store import accounts, caps, explained, figures, outbox, stamps, versions, workers
from store import epoch as epochs
from store.tables import epoch, in_force

NEWEST = 50  # leads of a source, among which the held ones are counted
MONTH_MS = 28 * 24 * HOUR_MS
UNSENT_MS = 10 * MINUTE_MS
TOLD_ELSEWHERE = frozenset({"journal"})  # of what is not sent


def facts(tx: Connection, whose: Iterable[str], without: Collection[str], now: int) -> Facts:
    """`whose` leads may wait: those accounts, and all that ever rang, but for those `without` which it is known."""
    rang = accounts.all_accounts(tx)
    names = {*whose, *rang} - set(without)
    worker_seen, other_since = workers.last_able(tx, now), epochs.suspect_since(tx)
    unknown, unknown_since = figures.unknowns(tx)
    stuck, stuck_since = figures.overdue(tx, now - STUCK_MS)
    full, crms, before = caps.reached(tx), versions.silent_crms(tx), explained.stood(tx, now)
    resting = explained.with_what_rested(figures.resting(rang, full, crms), before, now)
    anew = explained.all_begins_anew(before, worker_seen, other_since, now)
    begun = figures.attempts_since(tx, now - UNSENT_MS)
    since = now - now % HOUR_MS - HOUR_MS
    refused = tuple((source, hour, n) for source, hour, _, n in figures.refused_per_hour(tx, since))
    beside = figures.refused_beside(tx, since)
    not_stored = sum(beside.pop(UNSTORED, {}).values())
    return Facts(
        now=now,
        worker_seen=worker_seen,
        unwritable_journals=workers.unwritable_journals(tx, now - WORKER_SEEN_MS, now),
        other_database_since=other_since,
        late=0 if anew else figures.due_before(tx, names, now - WAITS_MS, resting).total(),
        late_since=min(figures.oldest_due(tx, names, now, resting).values(), default=None),
        stuck=stuck,
        stuck_since=stuck_since,
        accounts=rang,
        asked_for=_asked_for(tx, rang),
        crms=crms,
        begun=sum(n for *_, n in begun),
        unsent=_unsent(begun),
        full=tuple(map(_full, full)),
        unknown=unknown,
        unknown_since=unknown_since,
        refused_hours=refused,
        right_requests={source: figures.requests_since(tx, source, since) for source in {one[0] for one in refused}},
        turned_away=_summed(beside),
        not_stored=not_stored,
        waited=explained.waits(tx, before, now),
        held=tuple(_held(tx, name, now) for name in _sources(tx)),
        stamps=stamps.known(tx),
        database_since=tx.execute(select(epoch.c.opened_at)).scalar_one_or_none(),
        dead_channels=outbox.dead(tx),
    )


def _full(row: caps.Reached) -> FullCap:
    return FullCap(row.source, row.whose, row.cap, row.limit, row.since, row.until, row.line)


def _asked_for(tx: Connection, known: Mapping[str, Trouble]) -> frozenset[tuple[str, str]]:
    """(account, script) of those paused that a lead waits for."""
    paused = {account: scripts for account, of in known.items() if (scripts := all_paused(of.scripts))}
    return frozenset((name, script) for name in paused for script in paused[name] & figures.asked_for(tx, name))


def _unsent(begun: Sequence[tuple[str, str, int]]) -> dict[str, int]:
    """How -> calls that we gave up before a byte left, but for what the provider's trouble or a journal explains."""
    own = ((how, n) for kind, how, n in begun if kind == NOT_SENT and is_our_own(Outcome(kind, how)))
    return {how: n for how, n in own if how not in TOLD_ELSEWHERE}


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
