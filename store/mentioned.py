"""Where a number stands that is to be erased: in which leads, and in what came for leads that are erased."""

from sqlalchemy import Connection, exists, func, or_, select

from core.erasing import Mentions
from store.personal import Keyed
from store.tables import attempts, deliveries, delivery_leads, history, leads


def leads_of(tx: Connection, number: str) -> list[str]:
    """Ids of the leads of a number that are not erased yet."""
    rung = select(attempts.c.lead).where(attempts.c.number == number)
    query = select(leads.c.id).where(leads.c.erased_at.is_(None), or_(leads.c.number == number, leads.c.id.in_(rung)))
    return [row.id for row in tx.execute(query.order_by(leads.c.no))]


def mentioning(tx: Connection, number: str, after: int, limit: int) -> tuple[list[str], int | None]:
    """Ids of leads that were never mapped to a number, or once said something else, and that mention this
    one; from `limit` leads behind the short number `after`, and where to go on."""
    corrected = exists().where(history.c.lead == leads.c.id, history.c.payload.is_not(None))
    query = select(leads.c.id, leads.c.no, leads.c.payload).where(leads.c.no > after, leads.c.erased_at.is_(None))
    query = query.where(or_(leads.c.number.is_(None), corrected)).order_by(leads.c.no).limit(limit)
    rows, mentions = tx.execute(query).all(), Mentions(number)
    found = [row.id for row in rows if mentions.in_json(row.payload) or _elsewhere(tx, row.id, mentions)]
    return found, rows[-1].no if len(rows) == limit else None


def _elsewhere(tx: Connection, lead: str, mentions: Mentions) -> bool:
    old = select(history.c.payload).where(history.c.lead == lead, history.c.payload.is_not(None))
    if any(mentions.in_json(row.payload) for row in tx.execute(old)):
        return True
    came = select(deliveries.c.body).join(delivery_leads, delivery_leads.c.delivery == deliveries.c.id)
    # A delivery of several leads belongs to the others too: their own payloads tell.
    others = delivery_leads.alias()
    shared = exists().where(others.c.delivery == deliveries.c.id, others.c.lead != lead)
    came = came.where(delivery_leads.c.lead == lead, ~shared)
    return any(mentions.in_body(bytes(row.body)) for row in tx.execute(came))


def came_again(tx: Connection, number: str, keyed: Keyed, after: int, limit: int) -> tuple[list[str], int | None]:
    """Ids of the deliveries that came for erased leads and are not erased themselves, where the lead was of this number
    or they mention it; of `limit` such leads behind the short number `after`, and where to go on."""
    ours = select(leads.c.id, leads.c.no, leads.c.number_hash).where(leads.c.erased_at.is_not(None))
    erased = ours.where(leads.c.no > after).order_by(leads.c.no).limit(limit).subquery()
    last = tx.execute(select(func.count(), func.max(erased.c.no))).one()
    query = select(deliveries.c.id, deliveries.c.body, erased.c.number_hash).select_from(erased)
    query = query.join(delivery_leads, delivery_leads.c.lead == erased.c.id)
    query = query.join(deliveries, deliveries.c.id == delivery_leads.c.delivery)
    rows, mentions, digest = tx.execute(query.where(deliveries.c.erased_at.is_(None))), Mentions(number), keyed(number)
    found = {row.id for row in rows if row.number_hash == digest or mentions.in_body(bytes(row.body))}
    return sorted(found), last[1] if last[0] == limit else None
