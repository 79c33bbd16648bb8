"""Figures over many leads and attempts: what sources, stats, alarms and metrics show.

Each looks at an index or at a window of time, so it stays quick however long the gateway has run.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from functools import lru_cache
from types import MappingProxyType
from typing import Any, NamedTuple

from sqlalchemy import Connection, and_, bindparam, func, literal_column, select, text

from core import outcome as outcomes
from core import states
from core.account.caps import TOTALS
from core.account.trouble import Trouble, stopped
from core.durations import HOUR_MS
from core.proofs.proof import CAUSES
from store import caps, due, rows, versions
from store.caps import COUNTS, Reached
from store.tables import attempts, deliveries, history, leads, refused_proofs, sources

_MOMENT: Any = bindparam("moment")
OPEN = "open"  # an attempt on its way


class Resting(NamedTuple):
    """What makes leads that are due wait, and tells so itself: account -> its scripts that are paused, None where all
    of it is; the sources whose cap is reached, `TOTALS` for that of all; and those whose CRM does not answer."""

    accounts: Mapping[str, frozenset[str] | None] = MappingProxyType({})
    full: frozenset[str] = frozenset()
    crms: frozenset[str] = frozenset()


class Going(NamedTuple):
    """An account that rings, but for these scripts of it and these full sources."""

    account: str
    scripts: tuple[str, ...]
    full: tuple[str, ...]


NOTHING_RESTS = Resting()


def resting(known: Mapping[str, Trouble], full: Iterable[Reached], crms: Iterable[str]) -> Resting:
    """What these accounts, the caps that are reached and the CRMs (of these sources) that fail make wait."""
    return Resting(stopped(known), frozenset(one.source for one in full), frozenset(crms))


def resting_now(tx: Connection, known: Mapping[str, Trouble]) -> Resting:
    """The same with the caps and CRMs as they stand."""
    return resting(known, caps.reached(tx), versions.silent_crms(tx))


def counts_by_source(tx: Connection) -> dict[str, dict[str, int]]:
    """Source -> state -> leads."""
    found: dict[str, dict[str, int]] = {}
    query = select(leads.c.source, leads.c.state, func.count()).group_by(leads.c.source, leads.c.state)
    for source, state, n in tx.execute(query):
        found.setdefault(source, {})[state] = n
    return found


def last_leads(tx: Connection) -> dict[str, int]:
    """Source -> when its newest lead came, in milliseconds; sources without any are left out."""
    return {name: at for name, at in rows.select(tx, _LAST_LEADS) if at is not None}


_LAST_LEADS = select(
    sources.c.name, select(func.max(leads.c.received_at)).where(leads.c.source == sources.c.name).scalar_subquery()
)


def leads_per_hour(tx: Connection, since: int) -> dict[int, int]:
    """Start of the hour in milliseconds -> leads that arrived in it."""
    hour = (leads.c.received_at - leads.c.received_at % HOUR_MS).label("hour")
    query = select(hour, func.count()).where(leads.c.received_at >= since).group_by(hour)
    return {at: n for at, n in tx.execute(query)}


def calls_per_hour(tx: Connection, since: int) -> list[tuple[int, str, Decimal, int]]:
    """(start of the hour, outcome or `open`, price, attempts), by their start. Money is added up by the
    reader: SQLite knows no decimals."""
    hour = (attempts.c.started_at - attempts.c.started_at % HOUR_MS).label("hour")
    query = select(hour, attempts.c.outcome, attempts.c.price, func.count()).where(attempts.c.started_at >= since)
    query = query.group_by(hour, attempts.c.outcome, attempts.c.price)
    return [(at, outcome or OPEN, Decimal(price or 0), n) for at, outcome, price, n in tx.execute(query)]


def waits(tx: Connection, since: int) -> tuple[int, int | None, int | None]:
    """Of the leads that arrived since then and were called: how many, and the 50th and 95th of a hundred
    of the times from arrival to the first attempt's start, in milliseconds."""
    wait = (attempts.c.started_at - leads.c.received_at).label("wait")
    joined = select(wait).join(leads, leads.c.id == attempts.c.lead)
    joined = joined.where(attempts.c.n == 1, leads.c.received_at >= since)
    count = int(tx.execute(select(func.count()).select_from(joined.subquery())).scalar_one())
    if not count:
        return 0, None, None
    ordered = joined.order_by(wait)
    half, most = (int(tx.execute(ordered.offset((count * p - 1) // 100).limit(1)).scalar_one()) for p in (50, 95))
    return count, half, most


def attempts_since(tx: Connection, since: int) -> list[tuple[str, str, int]]:
    """(outcome or `open`, how, attempts) of those started since then."""
    kind = (attempts.c.outcome, attempts.c.how)
    query = select(*kind, func.count()).where(attempts.c.started_at >= since).group_by(*kind)
    return [(outcome or OPEN, how, n) for outcome, how, n in tx.execute(query)]


def oldest_due(tx: Connection, accounts: Iterable[str], now: int, resting: Resting = NOTHING_RESTS) -> dict[str, int]:
    """received and ready -> the earliest `due_at` of the leads that are due and wait so; left out where none does.
    Nothing is `ready` in what is `resting`."""
    found: dict[str, int] = {}
    going, crms = _going(accounts, resting), tuple(sorted(resting.crms))
    (row,) = rows.select(tx, _oldest_due(going, crms), now=now)
    for (state, *_), at in zip(_waiting(going, crms), row, strict=True):
        if at is not None:
            found[state] = min(at, found.get(state, at))
    return found


@lru_cache(64)
def _oldest_due(going: tuple[Going, ...], crms: tuple[str, ...]) -> Any:
    first = select(func.min(leads.c.due_at)).where(leads.c.due_at <= bindparam("now"))
    return select(*(first.where(one).scalar_subquery() for *_, one in _waiting(going, crms)))


def due_before(tx: Connection, accounts: Iterable[str], moment: int, resting: Resting = NOTHING_RESTS) -> Counter[str]:
    """Account -> how many leads were due before that moment and still wait, but for those that what is `resting` makes
    wait. What is not mapped yet has no account: it stands under the empty name."""
    found: Counter[str] = Counter()
    going, crms = _going(accounts, resting), tuple(sorted(resting.crms))
    (row,) = rows.select(tx, _due_before(going, crms), moment=moment)
    for (_, account, _), count in zip(_waiting(going, crms), row, strict=True):
        found[account] += count
    return found


@lru_cache(64)
def _due_before(going: tuple[Going, ...], crms: tuple[str, ...]) -> Any:
    counted = select(func.count()).select_from(leads).where(leads.c.due_at < _MOMENT)
    return select(*(counted.where(one).scalar_subquery() for *_, one in _waiting(going, crms)))


def asked_for(tx: Connection, account: str) -> frozenset[str]:
    """The scripts that leads of this account wait for, due or not; none of the leads is walked over."""
    return frozenset(script for _, script in due.kinds(tx, account))


def kinds_due(tx: Connection, account: str, now: int) -> list[tuple[str, str]]:
    """The sources and scripts of the leads of this account that are due and wait; none of the leads is walked over."""
    return [(source, script) for source, script in tx.execute(_KINDS_DUE, {"account": account, "now": now})]


def sources_due(tx: Connection, accounts: Iterable[str], now: int, resting: Resting) -> set[str]:
    """The sources of which leads of these accounts are due and wait, but for what is `resting`."""
    return {
        source
        for one in _going(accounts, resting)
        for source, script in kinds_due(tx, one.account, now)
        if script not in one.scripts and source not in one.full
    }


_DUE = """(SELECT 1 FROM leads l WHERE l.state = 'ready' AND l.account = :account AND l.source = kinds.source
               AND l.script = kinds.script AND l.urgent = {} AND l.due_at <= :now LIMIT 1)"""
# Not EXISTS: PostgreSQL might join that to all that wait.
_IS_DUE = f"coalesce({_DUE.format(0)}, {_DUE.format(1)}) IS NOT NULL"
_KINDS_DUE = text(f"SELECT source, script FROM ({due.KINDS}) AS kinds WHERE {_IS_DUE}")  # noqa: S608 - texts of ours


def called_since(tx: Connection, since: int, now: int) -> dict[str, int]:
    """Account -> how many calls that may have rung began in that time."""
    return dict(rows.select(tx, _CALLED_SINCE, since=since, now=now))


_CALLED_SINCE = (
    select(attempts.c.account, func.count())
    .where(COUNTS, attempts.c.started_at.between(bindparam("since"), bindparam("now")))
    .group_by(attempts.c.account)
)


def needing_a_person(tx: Connection) -> Counter[str]:
    """How many leads stand in each state in which a person has to do something."""
    (row,) = rows.select(tx, _NEEDING)
    return Counter(dict(zip(states.NEEDS_A_PERSON, row, strict=True)))


_NEEDING = select(
    *(
        select(func.count()).select_from(leads).where(leads.c.state == state).scalar_subquery()
        for state in states.NEEDS_A_PERSON
    )
)


def unknowns(tx: Connection) -> tuple[int, int | None]:
    """How many leads are unknown, and since when the oldest of them is."""
    newest = (history.c.lead == leads.c.id) & (history.c.n == leads.c.history_n)
    query = select(func.count(), func.min(history.c.at)).join(history, newest).where(leads.c.state == states.UNKNOWN)
    count, since = tx.execute(query.select_from(leads)).one()
    return int(count), since


def refused_per_hour(tx: Connection, since: int) -> list[tuple[str, int, str, int]]:
    """(source, start of the hour, cause, count) of refused proofs in the hours that began since then."""
    columns = (refused_proofs.c.source, refused_proofs.c.hour, refused_proofs.c.cause, refused_proofs.c.count)
    query = select(*columns).where(refused_proofs.c.hour >= since, refused_proofs.c.cause.in_(CAUSES))
    query = query.order_by(refused_proofs.c.hour)
    return [(source, hour, cause, n) for source, hour, cause, n in tx.execute(query)]


def refused_beside(tx: Connection, since: int) -> dict[str, dict[str, int]]:
    """Cause -> source -> requests that got no further than the door for another reason than their proof, in the
    hours that began since then."""
    found: dict[str, dict[str, int]] = {}
    query = select(refused_proofs.c.cause, refused_proofs.c.source, func.sum(refused_proofs.c.count))
    query = query.where(refused_proofs.c.hour >= since, refused_proofs.c.cause.not_in(CAUSES))
    for cause, source, count in tx.execute(query.group_by(refused_proofs.c.cause, refused_proofs.c.source)):
        found.setdefault(cause, {})[source] = int(count)
    return found


def leads_count(tx: Connection) -> int:
    return int(tx.execute(select(func.count()).select_from(leads)).scalar_one())


def requests_since(tx: Connection, source: str, since: int) -> int:
    """How many deliveries of this source were taken since then."""
    query = select(func.count()).where(deliveries.c.source == source, deliveries.c.received_at >= since)
    return int(tx.execute(query).scalar_one())


def held_share(tx: Connection, source: str, newest: int, since: int) -> tuple[int, int, float]:
    """Of the source's newest leads: how many are held, of how many; and of all since then, the held of a hundred,
    which is only counted where a fifth of the newest are held."""
    mine = select(leads.c.state).where(leads.c.source == source)
    states_of = list(tx.execute(mine.order_by(leads.c.received_at.desc(), leads.c.no.desc()).limit(newest)).scalars())
    held = states_of.count(states.HELD)
    if held * 5 <= len(states_of):
        return held, len(states_of), 0.0
    counted = select(leads.c.state, func.count()).where(leads.c.source == source, leads.c.received_at >= since)
    by_state = {state: n for state, n in tx.execute(counted.group_by(leads.c.state))}
    before = {state: n - states_of.count(state) for state, n in by_state.items()}
    total = sum(before.values())
    return held, len(states_of), 100 * before.get(states.HELD, 0) / total if total > 0 else 0.0


def overdue(tx: Connection, moment: int) -> tuple[int, int | None]:
    """How many calls should have ended before that moment and are open; the earliest deadline of them."""
    open_ = attempts.c.outcome.is_(None)
    query = select(func.count(), func.min(attempts.c.deadline_at)).where(open_, attempts.c.deadline_at < moment)
    count, since = tx.execute(query).one()
    return int(count), since


def may_have_rung(outcome: str) -> bool:
    """Whether an attempt of this outcome counts as a call."""
    return outcome != outcomes.NOT_SENT


def _same(column: Any, value: str) -> Any:
    # Written out, not bound: SQLite takes a partial index only for a condition it can read.
    return column == literal_column(value)


def _in(state: str) -> Any:
    return _same(leads.c.state, f"'{state}'")


def _going(accounts: Iterable[str], resting: Resting) -> tuple[Going, ...]:
    """Those of which not all rests, each with what does."""
    if TOTALS in resting.full:
        return ()
    full = tuple(sorted(resting.full))
    going = ((name, resting.accounts.get(name, frozenset())) for name in sorted(accounts))
    return tuple(Going(name, tuple(sorted(scripts)), full) for name, scripts in going if scripts is not None)


def _waiting(going: Iterable[Going], crms: Iterable[str]) -> Iterator[tuple[str, str, Any]]:
    """A state, an account and a condition for each run of a partial index in which the earliest `due_at` comes
    first."""
    received, ready = _in(states.RECEIVED), _in(states.READY)
    for asks, without in (("0", ()), ("1", crms)):
        mine = received & _same(leads.c.asks_crm, asks)
        yield states.RECEIVED, "", and_(mine, *(leads.c.source != name for name in without))
    for account, scripts, full in going:
        others = [leads.c.script != name for name in scripts] + [leads.c.source != name for name in full]
        for urgent in ("0", "1"):
            mine = ready & (leads.c.account == account) & _same(leads.c.urgent, urgent)
            yield states.READY, account, and_(mine, *others)
