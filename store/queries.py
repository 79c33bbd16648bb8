"""What people and programs read: lists of leads and deliveries, and the whole story of one lead.

Lists are newest first and go on behind a place in them, so a page costs the same wherever it is.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from sqlalchemy import Connection, func, select, tuple_

from store import accounts as trouble
from store import deliveries as stored
from store.leads import find, receipt
from store.names import has_words
from store.rows import among
from store.tables import attempts, deliveries, delivery_leads, history, leads

Row = dict[str, Any]
LISTED = tuple(column for column in leads.c if column.name not in ("payload", "digest"))


@dataclass(frozen=True)
class Wanted:
    """Which leads; what is empty is any. `since` <= received_at < `until`, in milliseconds. `how` is the
    lead's reason: of an unknown, the kind of it. `name`: words of which each is a part of the person's name."""

    state: str = ""
    source: str = ""
    since: int | None = None
    until: int | None = None
    how: str = ""
    numbers: tuple[str, ...] = ()
    name: str = ""


def page(
    tx: Connection, wanted: Wanted, limit: int, after: tuple[int, int] | None = None
) -> tuple[list[Row], tuple[int, int] | None]:
    """The newest wanted leads behind the place `after` (received_at, no), and the place to go on, None at
    the end. No payloads."""
    query = _fitting(select(*LISTED), wanted, tx).order_by(*_NEWEST_FIRST).limit(limit + 1)
    if after is not None:
        query = query.where(tuple_(leads.c.received_at, leads.c.no) < after)
    rows = [dict(row._mapping) for row in tx.execute(query)]
    return rows[:limit], (rows[limit - 1]["received_at"], rows[limit - 1]["no"]) if len(rows) > limit else None


def page_of_states(
    tx: Connection, wanted: Wanted, states: Sequence[str], limit: int, after: tuple[int, int] | None = None
) -> tuple[list[Row], tuple[int, int] | None]:
    """The same of leads in any of these states (none: in all). Each state is read in its own index's order, and the
    newest of all are taken: one query for several states would sort every lead of them."""
    if len(states) < 2:
        return page(tx, replace(wanted, state=next(iter(states), "")), limit, after)
    pages = [page(tx, replace(wanted, state=state), limit, after) for state in dict.fromkeys(states)]
    rows = sorted((row for found, _ in pages for row in found), key=place_of, reverse=True)
    more = len(rows) > limit or any(place is not None for _, place in pages)
    return rows[:limit], place_of(rows[limit - 1]) if more else None


def place_of(row: Row) -> tuple[int, int]:
    """A lead's place in a list."""
    return row["received_at"], row["no"]


def place_before(tx: Connection, no: int) -> tuple[int, int] | None:
    """The place of the lead of this number; None without such a lead."""
    at = tx.execute(select(leads.c.received_at).where(leads.c.no == no)).scalar()
    return None if at is None else (at, no)


def beside(tx: Connection, wanted: Wanted, place: tuple[int, int]) -> tuple[int | None, int | None]:
    """The numbers of the wanted leads just newer and just older than the place (received_at, no)."""
    at = tuple_(leads.c.received_at, leads.c.no)
    query = _fitting(select(leads.c.no), wanted, tx).limit(1)
    newer = query.where(at > place).order_by(leads.c.received_at, leads.c.no)
    older = query.where(at < place).order_by(*_NEWEST_FIRST)
    return tx.execute(newer).scalar(), tx.execute(older).scalar()


_NEWEST_FIRST = (leads.c.received_at.desc(), leads.c.no.desc())


def _fitting(query: Any, wanted: Wanted, tx: Connection) -> Any:
    for column, value in ((leads.c.state, wanted.state), (leads.c.source, wanted.source), (leads.c.reason, wanted.how)):
        query = query.where(column == value) if value else query
    query = query.where(leads.c.number.in_(wanted.numbers)) if wanted.numbers else query
    query = query.where(*has_words(leads.c.person, wanted.name, tx.dialect.name)) if wanted.name else query
    return _between(query, leads.c.received_at, wanted.since, wanted.until)


def told(tx: Connection, rows: list[Row], now: int) -> list[Row]:
    """The leads' rows as programs see them: each with the ids of its deliveries, oldest first; one that
    waits for a pause says so."""
    trouble.say_paused(tx, rows, now)
    of = defaultdict(list)
    for lead, delivery in among(tx, _DELIVERIES, [row["id"] for row in rows]):
        of[lead].append(delivery)
    return [{**row, "deliveries": of[row["id"]]} for row in rows]


_DELIVERIES = "SELECT DISTINCT lead, delivery FROM delivery_leads WHERE lead {wanted} ORDER BY delivery"


def ended_by_people(tx: Connection, lead_ids: list[str]) -> dict[str, Row]:
    """Lead -> its newest history row, where by that a person cancelled or resolved it."""
    query = select(history).join(leads, (leads.c.id == history.c.lead) & (leads.c.history_n == history.c.n))
    query = query.where(history.c.lead.in_(lead_ids), history.c.transition.in_(("cancel", "resolve")))
    return {row.lead: dict(row._mapping) for row in tx.execute(query)}


def last_attempts(tx: Connection, lead_ids: list[str]) -> dict[str, Row]:
    """Each lead's newest attempt."""
    found = (dict(zip(_OF_ATTEMPT, row, strict=True)) for row in among(tx, _ATTEMPTS, lead_ids))
    return {attempt["lead"]: {**attempt, "irregular": bool(attempt["irregular"])} for attempt in found}


_OF_ATTEMPT = [column.name for column in attempts.c]
_ATTEMPTS = f"SELECT {', '.join(_OF_ATTEMPT)} FROM attempts WHERE lead {{wanted}} ORDER BY n"  # noqa: S608 - ours


def story(tx: Connection, name: str) -> Row | None:
    """Everything about one lead (by id or short number): the lead, its attempts, history, deliveries."""
    lead = find(tx, name)
    if lead is None:
        return None
    tried = select(attempts).where(attempts.c.lead == lead.id).order_by(attempts.c.n)
    went = select(history).where(history.c.lead == lead.id).order_by(history.c.n)
    return {
        "lead": lead,
        "attempts": [dict(row._mapping) for row in tx.execute(tried)],
        "history": [receipt(lead), *(dict(row._mapping) for row in tx.execute(went))],
        "deliveries": stored.of_lead(tx, lead.id),
    }


def whole(tx: Connection, name: str, now: int) -> Row | None:
    """The same for programs, as one flat row: the lead's columns, `attempts`, `history`, `deliveries` as ids."""
    found = story(tx, name)
    if found is None:
        return None
    (row,) = told(tx, [asdict(found["lead"])], now)
    return {**row, "attempts": found["attempts"], "history": found["history"]}


_KEPT = (*(column for column in deliveries.c if column.name != "body"), func.length(deliveries.c.body).label("size"))


def page_of_deliveries(
    tx: Connection,
    limit: int,
    after: tuple[int, str] | None = None,
    *,
    source: str = "",
    since: int | None = None,
    until: int | None = None,
) -> tuple[list[Row], tuple[int, str] | None]:
    """The newest deliveries behind the place `after` (received_at, id), and the place to go on. No bodies."""
    query = select(*_KEPT).order_by(deliveries.c.received_at.desc(), deliveries.c.id.desc()).limit(limit + 1)
    query = query.where(deliveries.c.source == source) if source else query
    query = _between(query, deliveries.c.received_at, since, until)
    if after is not None:
        query = query.where(tuple_(deliveries.c.received_at, deliveries.c.id) < after)
    rows = [dict(row._mapping) for row in tx.execute(query)]
    place = (rows[limit - 1]["received_at"], rows[limit - 1]["id"]) if len(rows) > limit else None
    return _with_leads(tx, rows[:limit]), place


def delivery(tx: Connection, delivery_id: str) -> Row | None:
    """One delivery with its leads, without its body."""
    rows = [dict(row._mapping) for row in tx.execute(select(*_KEPT).where(deliveries.c.id == delivery_id))]
    return next(iter(_with_leads(tx, rows)), None)


def body(tx: Connection, delivery_id: str) -> bytes | None:
    """The bytes as they came; None without such a delivery."""
    found = tx.execute(select(deliveries.c.body).where(deliveries.c.id == delivery_id)).scalar_one_or_none()
    return None if found is None else bytes(found)


def _with_leads(tx: Connection, rows: list[Row]) -> list[Row]:
    of = defaultdict(list)
    link = delivery_leads.c
    query = select(link.delivery, leads.c.id, leads.c.no, link.position, link.kind).join(leads, leads.c.id == link.lead)
    query = query.where(link.delivery.in_([row["id"] for row in rows])).order_by(link.position)
    for row in tx.execute(query):
        of[row.delivery].append({"id": row.id, "no": row.no, "position": row.position, "kind": row.kind})
    return [{**row, "leads": of[row["id"]]} for row in rows]


def _between(query: Any, column: Any, since: int | None, until: int | None) -> Any:
    query = query if since is None else query.where(column >= since)
    return query if until is None else query.where(column < until)
