"""Which leads are due: to be mapped, to be asked about, to ring. Each query is a seek in an index of its own.

What somebody holds is passed over (PostgreSQL: SKIP LOCKED), so that workers do not wait for each other.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, func, literal_column, or_, select, text, union_all

from core import states
from core.lead import Lead
from store import rows
from store.leads import COLUMNS, of_row
from store.rows import Ask
from store.tables import in_force, leads
from store.versions import LONGEST_ASK_MS


class Found(NamedTuple):
    """Leads that are due, and the versions in force of their sources, as the same statement saw them. `none_left`:
    surely no other one is due to be mapped."""

    leads: Sequence[Lead] = ()
    in_force: Mapping[str, int] = {}
    none_left: bool = False


_IN_FORCE = select(in_force.c.n).where(in_force.c.name == leads.c.source, in_force.c.removed.is_(False))
_SELECT = select(*COLUMNS, _IN_FORCE.correlate(leads).scalar_subquery())


def those_of(tx: Connection, ids: Collection[str], now: int) -> Found:
    """Those of these leads that wait and are due, locked; the others are passed over."""
    query = _SELECT.where(leads.c.id.in_(ids), leads.c.state.in_(states.WAITING), leads.c.due_at <= now)
    return of_rows(tx.execute(query.order_by(leads.c.id).with_for_update(skip_locked=True, of=leads)))


def to_map(
    tx: Connection, now: int, limit: int, readable: Collection[str] | None = None, *, lock: bool = True
) -> Found:
    """The newest leads that are due to be mapped, locked; leads another worker holds are passed over. Only of the
    sources `readable`, where those are named: each is then looked for by itself, so that none of the leads
    that this process cannot read is looked at, however many there are."""
    if readable is None:
        return _all(tx, _DUE_TO_MAP if lock else _DUE_TO_MAP_UNLOCKED, now=now, limit=limit)
    found = _merged(_all(tx, _DUE_OF_SOURCE, now=now, limit=limit, source=name) for name in sorted(readable))
    return found._replace(leads=sorted(found.leads, key=lambda lead: -lead.due_at)[:limit])


@dataclass(frozen=True)
class Due:
    """Which leads a claim looks for: of this account, due at `now`, at most `limit` and one a number, `oldest` of
    them the oldest due and the others the newest; none with the scripts `without` or of the sources `full`."""

    account: str
    now: int
    limit: int
    oldest: int = 0
    without: Collection[str] = ()
    full: Collection[str] = ()


def to_call(tx: Connection, wanted: Due, readable: Collection[str] | None = None, *, lock: bool = True) -> Found:
    """The next leads to ring, locked: a person's rearm first, then by `wanted`. Those that are received come
    along, to be mapped in the same breath. Leads that somebody holds are passed over; only those of the sources
    `readable` are looked at, where those are named."""
    if wanted.without or wanted.full or readable is not None:
        found = _of_open_kinds(tx, wanted, readable)
    else:
        given = {"account": wanted.account, "now": wanted.now, "limit": wanted.limit, "oldest": wanted.oldest}
        found = _all(tx, _DUE_TO_CALL if lock else _DUE_TO_CALL_UNLOCKED, **given)
        found = found._replace(none_left=sum(lead.state == states.RECEIVED for lead in found.leads) < wanted.limit)
    return found._replace(leads=chosen_of(found.leads, wanted))


def chosen_of(found: Sequence[Lead], wanted: Due) -> list[Lead]:
    """In the order of claims, one a number."""
    newest = sorted(found, key=lambda lead: (-lead.urgent, -lead.due_at, -lead.no))
    urgent = sum(lead.urgent for lead in newest)
    last = sorted(newest[urgent:], key=lambda lead: (lead.due_at, lead.no))[: wanted.oldest]
    rest = [lead for lead in newest if lead not in last]
    keep = max(0, wanted.limit - len(last))
    chosen: list[Lead] = []
    numbers: set[str | None] = set()
    for lead in (*rest[:keep], *last, *rest[keep:]):
        if len(chosen) < wanted.limit and (lead.number is None or lead.number not in numbers):
            numbers.add(lead.number)
            chosen.append(lead)
    return chosen


def _of_open_kinds(tx: Connection, wanted: Due, readable: Collection[str] | None) -> Found:
    """The same while some sources or scripts wait: from one source and script of the waiting leads to the next, by
    the index, so that none of those that wait is looked at, however many there are. Nobody knows yet what script a
    received lead asks for: the newest come along, but for those of full sources, whose caps would be counted again,
    and where all sources can be read."""
    given = {"account": wanted.account, "now": wanted.now, "limit": wanted.limit, "oldest": wanted.oldest}
    received = to_map(tx, wanted.now, wanted.limit) if readable is None else Found()
    found = [received._replace(leads=[lead for lead in received.leads if lead.source not in wanted.full])]
    for source, script in kinds(tx, wanted.account):
        if source in wanted.full or script in wanted.without:
            continue
        if readable is None or source in readable:
            found.append(_all(tx, _DUE_OF_KIND, source=source, script=script, **given))
    return _merged(found)


def kinds(tx: Connection, account: str) -> list[tuple[str, str]]:
    """The sources and scripts of the account's ready leads, due or not; none of the leads is walked over."""
    return [(source, script) for source, script in tx.execute(_KINDS, {"account": account})]


def _all(tx: Connection, query: Any, **given: Any) -> Found:
    """Of a statement of this file, on the driver's cursor."""
    return of_rows(rows.select(tx, query, **given))


def of_rows(selected: Iterable[Sequence[Any]]) -> Found:
    """Of rows as `_SELECT` has them."""
    found, in_force = [], {}
    for *row, n in selected:
        found.append(lead := of_row(row))
        if n is not None:
            in_force[lead.source] = n
    return Found(found, in_force)


def _merged(each: Iterable[Found]) -> Found:
    leads: list[Lead] = []
    in_force: dict[str, int] = {}
    for found in each:
        leads += found.leads
        in_force |= found.in_force
    return Found(leads, in_force)


@cache
def first(accounts: tuple[str, ...]) -> Ask:
    """When the first lead of these accounts rings, a person's rearm or another, and when the first is mapped; a column
    each, NULL where none waits."""
    waits = [_is(states.READY) & (leads.c.account == name) & (leads.c.urgent == n) for name in accounts for n in (0, 1)]
    waits.append(_is(states.RECEIVED) & _asks(0))
    return Ask(select(*(select(func.min(leads.c.due_at)).where(each).scalar_subquery() for each in waits)))


def anything_to_ask(tx: Connection, now: int) -> bool:
    """Whether `next_to_ask` may find one; takes no lock."""
    return bool(_to_ask(tx, now))


def next_to_ask(tx: Connection, now: int) -> Lead | None:
    """A due lead whose CRM has to be asked, and may be asked now, locked: the newest, or the oldest where the
    CRM does not answer, so that those that waited too long are seen."""
    for one in _to_ask(tx, now):
        found = _all(tx, _LOCK_TO_ASK, no=one.no).leads
        if found and found[0].due_at == one.due_at:
            return found[0]
    return None


def _to_ask(tx: Connection, now: int) -> list[Any]:
    """The first lead (`no`, `due_at`) of each source whose CRM may be asked now, in the order in which to ask. From one
    source that waits to the next, by the index: none of the leads of a CRM that is down is looked at.

    What lies further ahead than any wait of ours was written by a clock that has been set back since."""
    found = []
    for source, fails in tx.execute(_ASKABLE, {"now": now, "ahead": now + LONGEST_ASK_MS}):
        query = _OLDEST_TO_ASK if fails else _NEWEST_TO_ASK
        first = tx.execute(query, {"source": source, "now": now}).first()
        first = first or tx.execute(_AHEAD_TO_ASK, {"source": source, "ahead": now + LONGEST_ASK_MS}).first()
        if first is not None:
            found.append((bool(fails), first.due_at if fails else -first.due_at, first.no, first))
    return [first for *_, first in sorted(found, key=lambda one: one[:3])]


def stale(tx: Connection, source: str, n: int | None, limit: int) -> list[Lead]:
    """Leads of a source that are ready and that another version mapped, locked; whichever, without `n`."""
    query = _SELECT.where(_is(states.READY), leads.c.source == source)
    query = query if n is None else query.where(leads.c.version != n)
    return list(of_rows(tx.execute(query.limit(limit).with_for_update(skip_locked=True, of=leads))).leads)


def ready_of(tx: Connection, numbers: Collection[str], limit: int) -> list[Lead]:
    """Leads of these numbers that wait to be called, locked; those another worker holds are passed over."""
    query = _SELECT.where(_is(states.READY), leads.c.number.in_(numbers))
    return list(of_rows(tx.execute(query.limit(limit).with_for_update(skip_locked=True, of=leads))).leads)


def _is(state: str) -> Any:
    # Written out, not bound: SQLite takes a partial index only for a condition it can read.
    return leads.c.state == literal_column(f"'{state}'")


def _still_is(state: str) -> Any:
    # No bare column: SQLite would walk all leads in this state instead of the few that the runs name.
    return leads.c.state.concat("") == state


def _asks(one: int) -> Any:
    return leads.c.asks_crm == literal_column(str(one))


def _first(condition: Any, order: Any, limit: str) -> Any:
    """The numbers of the first leads of one run of an index; SQLite wants each limit inside a query of its own."""
    found = select(leads.c.no).where(condition, leads.c.due_at <= bindparam("now"))
    return select(found.order_by(*order).limit(bindparam(limit)).subquery().c.no)


def these(runs: Any, *still: Any) -> Any:
    """The leads of these runs, looked at again as they are once they are locked."""
    return _SELECT.where(leads.c.no.in_(runs), leads.c.due_at <= bindparam("now"), *still)


_NEWEST, _OLDEST = (leads.c.due_at.desc(), leads.c.no.desc()), (leads.c.due_at, leads.c.no)
_to_map = _is(states.RECEIVED) & _asks(0)
_DUE_TO_MAP_UNLOCKED = (
    _SELECT.where(_to_map, leads.c.due_at <= bindparam("now")).order_by(leads.c.due_at.desc())
).limit(bindparam("limit"))
_DUE_TO_MAP = _DUE_TO_MAP_UNLOCKED.with_for_update(skip_locked=True, of=leads)
# By the index of lists, `leads_by_source_state`: only while some sources cannot be read.
_DUE_OF_SOURCE = (
    _SELECT.where(leads.c.source == bindparam("source"), leads.c.state == states.RECEIVED, leads.c.asks_crm == 0)
    .where(leads.c.due_at <= bindparam("now"))
    .order_by(leads.c.received_at.desc(), leads.c.no.desc())
    .limit(bindparam("limit"))
    .with_for_update(skip_locked=True, of=leads)
)


def _ready(urgent: int, *more: Any) -> Any:
    wanted = _is(states.READY) & (leads.c.account == bindparam("account"))
    for one in (*more, leads.c.urgent == literal_column(str(urgent))):
        wanted = wanted & one
    return wanted


RUNS = union_all(
    _first(_ready(1), _OLDEST, "limit"),
    _first(_ready(0), _NEWEST, "limit"),
    _first(_ready(0), _OLDEST, "oldest"),
    _first(_to_map, (leads.c.due_at.desc(),), "limit"),
)
STILL = or_(_still_is(states.READY) & (leads.c.account == bindparam("account")), _still_is(states.RECEIVED) & _asks(0))
_DUE_TO_CALL_UNLOCKED = these(RUNS, STILL)
_DUE_TO_CALL = _DUE_TO_CALL_UNLOCKED.with_for_update(skip_locked=True, of=leads)
# The kinds of waiting leads, a source and a script each, by `leads_to_call_by_kind`: from one to the next, of the same
# source or of the next one. Not by `(source, script) > (...)`: SQLite seeks the source alone, and walks all its leads.
KINDS = """
    WITH RECURSIVE kinds (source, script) AS (
        SELECT * FROM (SELECT source, script FROM leads WHERE state = 'ready' AND account = :account
                       ORDER BY source, script LIMIT 1) AS first
        UNION ALL
        SELECT coalesce(
                   (SELECT l.source FROM leads l WHERE l.state = 'ready' AND l.account = :account
                    AND l.source = kinds.source AND l.script > kinds.script ORDER BY l.script LIMIT 1),
                   (SELECT l.source FROM leads l WHERE l.state = 'ready' AND l.account = :account
                    AND l.source > kinds.source ORDER BY l.source LIMIT 1)),
               coalesce(
                   (SELECT l.script FROM leads l WHERE l.state = 'ready' AND l.account = :account
                    AND l.source = kinds.source AND l.script > kinds.script ORDER BY l.script LIMIT 1),
                   (SELECT l.script FROM leads l WHERE l.state = 'ready' AND l.account = :account
                    AND l.source > kinds.source ORDER BY l.source, l.script LIMIT 1))
        FROM kinds WHERE kinds.source IS NOT NULL
    )
    SELECT source, script FROM kinds WHERE source IS NOT NULL
    """
_KINDS = text(KINDS)
_of_kind = (leads.c.source == bindparam("source"), leads.c.script == bindparam("script"))
_RUNS_OF_KIND = union_all(
    _first(_ready(1, *_of_kind), _OLDEST, "limit"),
    _first(_ready(0, *_of_kind), _NEWEST, "limit"),
    _first(_ready(0, *_of_kind), _OLDEST, "oldest"),
)
_DUE_OF_KIND = these(_RUNS_OF_KIND, _still_is(states.READY)).with_for_update(skip_locked=True, of=leads)
# The sources of the leads whose CRM has to be asked, from one to the next by `leads_to_ask`; those that may be asked.
_ASKABLE = text(
    """
    WITH RECURSIVE asking (source) AS (
        SELECT * FROM (SELECT source FROM leads WHERE state = 'received' AND asks_crm = 1
                       ORDER BY source LIMIT 1) AS first
        UNION ALL
        SELECT (SELECT l.source FROM leads l WHERE l.state = 'received' AND l.asks_crm = 1
                AND l.source > asking.source ORDER BY l.source LIMIT 1)
        FROM asking WHERE asking.source IS NOT NULL
    )
    SELECT sources.name, sources.ask_fails FROM asking JOIN sources ON sources.name = asking.source
    WHERE sources.ask_at <= :now OR sources.ask_at > :ahead
    """
)
_to_ask_of = _is(states.RECEIVED) & _asks(1) & (leads.c.source == bindparam("source"))
_first_to_ask = select(leads.c.no, leads.c.due_at).limit(1)
_due_to_ask = _first_to_ask.where(_to_ask_of, leads.c.due_at <= bindparam("now"))
_NEWEST_TO_ASK, _OLDEST_TO_ASK = _due_to_ask.order_by(*_NEWEST), _due_to_ask.order_by(*_OLDEST)
_AHEAD_TO_ASK = _first_to_ask.where(_to_ask_of, leads.c.due_at > bindparam("ahead")).order_by(*_NEWEST)
_LOCK_TO_ASK = _SELECT.where(
    leads.c.no == bindparam("no"), leads.c.state == states.RECEIVED, leads.c.asks_crm == 1
).with_for_update(skip_locked=True, of=leads)
