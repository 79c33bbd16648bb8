"""Finding leads as people ask for them: by a name, by a number they share; and who decided one last."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, func, select

from core.lead import Lead
from core.outcome import UNKNOWN
from core.states import STATES
from store import rows
from store.leads import COLUMNS, get, of_row, receipt
from store.names import has_words
from store.overview import BEGAN, NO_RULE
from store.queries import LISTED
from store.tables import attempts, history, leads

Row = dict[str, Any]
LOOKED_THROUGH = 40_000  # leads are searched by name at a time: each is read, for no index has names

CALLS_LOOKED_THROUGH = 500  # at a time for those that came late: each is read with its lead


def by_name(tx: Connection, name: str, limit: int, before: int | None = None) -> tuple[list[Row], int | None]:
    """Of the 40,000 newest leads, or the 40,000 before this number, those whose person has a name with these words, or
    parts of words, in it, the newest first; and the number before which to go on, None at the end. In the order of
    their numbers, which is the table's own on SQLite: no index is walked beside it."""
    if before is None:
        before = int(tx.execute(select(func.coalesce(func.max(leads.c.no), 0))).scalar_one()) + 1
    end = before - LOOKED_THROUGH
    query = select(*LISTED).where(*has_words(leads.c.person, name, tx.dialect.name))
    query = query.where(leads.c.no >= end, leads.c.no < before).order_by(leads.c.no.desc()).limit(limit + 1)
    found = [dict(row._mapping) for row in tx.execute(query)]
    if len(found) > limit:
        return found[:limit], int(found[limit - 1]["no"])
    oldest = int(tx.execute(select(func.coalesce(func.min(leads.c.no), 0))).scalar_one())
    return found, end if oldest < end else None


def called_late(
    tx: Connection, longer_ms: int, since: int, before: tuple[int, int], limit: int
) -> tuple[list[Row], tuple[int, int] | None]:
    """Of the 500 newest calls that began since then and behind the place `before` (a moment, a lead's number or 0): the
    leads whose first call began so much later than they came, though no rule made them wait, the newest call first, at
    most `limit`; and the place to go on, None at the end."""
    at, no = before if before[1] else (before[0] - 1, 2**62)  # no number: behind all of that moment
    further = rows.select(tx, _CALL_BEFORE, first=since, end=at + 1, nth=CALLS_LOOKED_THROUGH - 1)
    end = further[0][0] if further else since
    late = rows.select(tx, _CALLED_LATE, first=end, end=at + 1, at=at, no=no, longer=longer_ms, count=limit + 1)
    found = [dict(zip(_LISTED, row, strict=False)) for row in late[:limit]]
    if len(late) > limit:
        return found, (late[limit - 1][-1], found[-1]["no"])
    return found, (end, 0) if end > since else None


_LISTED = [column.name for column in LISTED]
_CALL_BEFORE = select(attempts.c.started_at).where(*BEGAN).order_by(attempts.c.started_at.desc())
_CALL_BEFORE = _CALL_BEFORE.offset(bindparam("nth")).limit(1)
_CALLED_LATE = (
    select(*LISTED, attempts.c.started_at)
    .join(attempts, attempts.c.lead == leads.c.id)
    .where(*BEGAN, attempts.c.n == 1, attempts.c.started_at - leads.c.received_at > bindparam("longer"), NO_RULE)
    .where((attempts.c.started_at < bindparam("at")) | (leads.c.no < bindparam("no")))
    .order_by(attempts.c.started_at.desc(), leads.c.no.desc())
    .limit(bindparam("count"))
)


def of_number(tx: Connection, number: str, not_id: str, since: int, limit: int) -> list[Row]:
    """The newest other leads of a number that came since then; by the index `leads_by_number`."""
    query = select(leads.c.id, leads.c.no, leads.c.state, leads.c.received_at, leads.c.source)
    query = query.where(leads.c.number == number, leads.c.id != not_id, leads.c.received_at >= since)
    rows = tx.execute(query.order_by(leads.c.received_at.desc()).limit(limit))
    return [dict(row._mapping) for row in rows]


def is_no(tx: Connection, no: int) -> bool:
    """Whether a lead has this short number."""
    return tx.execute(select(leads.c.no).where(leads.c.no == no)).scalar() is not None


def by_ids(tx: Connection, ids: list[str]) -> dict[str, Row]:
    """Leads by their id, without payloads; those that are there."""
    rows = tx.execute(select(*LISTED).where(leads.c.id.in_(ids)))
    return {row.id: dict(row._mapping) for row in rows}


def last_change(tx: Connection, lead_id: str) -> Row | None:
    """The newest history row of a lead; None without such a lead."""
    query = select(history).where(history.c.lead == lead_id).order_by(history.c.n.desc()).limit(1)
    row = tx.execute(query).one_or_none()
    if row is None and (lead := get(tx, lead_id)) is not None:
        return receipt(lead)
    return None if row is None else dict(row._mapping)


def count_states(tx: Connection, since: int, source: str = "") -> dict[str, int]:
    """State -> leads that came since then; read out of `leads_by_state` or `leads_by_source_state` alone."""
    query = select(leads.c.state, func.count()).where(leads.c.state.in_(STATES), leads.c.received_at >= since)
    query = query.where(leads.c.source == source) if source else query
    return {state: n for state, n in tx.execute(query.group_by(leads.c.state))}


def count_by_source(tx: Connection, names: Sequence[str], since: int) -> Counter[str]:
    """Source -> leads that came since then; read out of `leads_by_source` alone."""
    query = select(leads.c.source, func.count()).where(leads.c.source.in_(names), leads.c.received_at >= since)
    return Counter({source: n for source, n in tx.execute(query.group_by(leads.c.source))})


def lead_of(tx: Connection, source: str, no: int) -> Lead | None:
    """The lead of this number, where it is this source's."""
    row = tx.execute(select(*COLUMNS).where(leads.c.no == no, leads.c.source == source)).one_or_none()
    return None if row is None else of_row(row)


def scripts_seen(tx: Connection, source: str, among: int = 200) -> list[str]:
    """The scripts of the newest leads of a source, by name."""
    return sorted(script for (script,) in rows.select(tx, _SCRIPTS, source=source, among=among))


_SCRIPTS = select(
    select(leads.c.script)
    .where(leads.c.source == bindparam("source"), leads.c.script.is_not(None))
    .order_by(leads.c.received_at.desc(), leads.c.no.desc())
    .limit(bindparam("among"))
    .subquery()
    .c.script
).distinct()


def leads_by_ids(tx: Connection, ids: list[str]) -> list[Lead]:
    """The leads themselves, in the order of their numbers."""
    return sorted(map(of_row, rows.among(tx, _BY_IDS, ids)), key=lambda lead: lead.no)


def last_windows(tx: Connection, lead_ids: list[str]) -> dict[str, tuple[int, int]]:
    """Lead -> start and deadline of its newest attempt of unknown fate: when to look for it in the provider's panel."""
    return {lead: (started, deadline) for lead, started, deadline in rows.among(tx, _WINDOWS, lead_ids)}


_BY_IDS = f"SELECT {', '.join(column.name for column in COLUMNS)} FROM leads WHERE id {{wanted}}"  # noqa: S608 - ours
_WINDOWS = (
    f"SELECT lead, started_at, deadline_at FROM attempts WHERE lead {{wanted}} AND outcome = '{UNKNOWN}' ORDER BY n"  # noqa: S608 - ours
)
