"""People's data fades: by age, a small batch at a time, and at once when a person asks.

What stays says that there was a lead and what became of it, and keeps its number and its event from
being rung again for as long as they could be; it cannot be read back into a person.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from core import states
from flow.gateway import Gateway
from flow.operate import SETTLING_MS
from store import attempts, erasure, leads
from store.engine import Tx
from store.erasure import Since
from store.journal import number_hash
from store.personal import Keyed

DAY_MS = 24 * 3600 * 1000
BATCH = 50
GUARDED_MS = 90 * DAY_MS  # no digest is dropped earlier: no sender's repeat window is longer
SCAN = 500


@dataclass
class Erased:
    """What an erasure did. `left` leads (their short numbers) may still be ringing: ask again later."""

    id: int
    leads: int = 0
    deliveries: int = 0
    left: list[int] = field(default_factory=list)


def erase_old(gateway: Gateway, batch: int = BATCH) -> bool:
    """Erase the oldest leads and deliveries that are older than they are kept, at most `batch` of
    each; whether more may be due. What waits, is being called, or keeps its number from being rung again stays."""
    with gateway.store.write() as tx:
        now = gateway.store.now_ms(tx)
        before, since = now - gateway.retention_days * DAY_MS, _since(gateway, now)
        old = erasure.old_leads(tx, before, since.rings, batch)
        erasure.begin(tx)
        erasure.erase_leads(tx, old, keyed(gateway), since, now)
        came = erasure.old_deliveries(tx, before, batch)
        erasure.erase_deliveries(tx, came, keyed(gateway), now)
        erasure.forget_old(tx, min(since.keys, since.rings, now - GUARDED_MS))
    if old or came:
        gateway.log.info("erased_old", leads=len(old), deliveries=len(came))
    return batch in (len(old), len(came))


def erase_person(gateway: Gateway, number: str, who: str, why: str) -> Erased:
    """Erase every lead of this number (digits) now, and its deliveries; what waits is cancelled first.

    The record comes first, so that it is there whatever happens. Leads whose call may still come to
    light are left alone. An entry of the do-not-call list stays: it is what keeps the number unrung."""
    with gateway.store.write() as tx:
        done = Erased(erasure.record(tx, who, why, keyed(gateway)(number), gateway.store.now_ms(tx)))
    for ids in _batches(gateway, number):
        with gateway.store.write() as tx:
            erasure.begin(tx)
            _erase(gateway, tx, ids, done, who, why)
    gateway.log.info("erased_person", erasure=done.id, who=who, leads=done.leads, left=len(done.left))
    return done


def keyed(gateway: Gateway) -> Keyed:
    """What stands for a value that must not be there itself."""
    return lambda value: number_hash(value, gateway.digest_key)


def _batches(gateway: Gateway, number: str) -> Iterator[list[str]]:
    """Ids of the leads to erase: those of the number, then those that only mention it."""
    with gateway.store.read() as tx:
        ids = erasure.leads_of(tx, number)
    yield from (ids[start : start + BATCH] for start in range(0, len(ids), BATCH))
    place: int | None = 0
    while place is not None:
        with gateway.store.read() as tx:
            found, place = erasure.mentioning(tx, number, place, SCAN)
        if rest := [lead for lead in found if lead not in ids]:
            yield rest


def _erase(gateway: Gateway, tx: Tx, ids: list[str], done: Erased, who: str, why: str) -> None:
    now, found = gateway.store.now_ms(tx), []
    erasure.lock_keys(tx, ids)
    for lead_id in sorted(ids):
        lead = leads.get(tx, lead_id, lock=True)
        if lead is None or lead.erased_at is not None:
            continue
        settles = attempts.settles_after(tx, lead_id)
        if states.STATES[lead.state].in_flight or (settles is not None and now < settles + SETTLING_MS):
            done.left.append(lead.no)
            continue
        if lead.state in states.UNCALLED and lead.state not in states.FINAL:
            leads.move(tx, lead, "cancel", states.CANCELLED, at=now, who=who, why=why, reason="", reasons="[]")
            lead = leads.get(tx, lead_id) or lead
        found.append(lead)
    erased_ids = [lead.id for lead in found]
    erasure.erase_leads(tx, found, keyed(gateway), _since(gateway, now), now)
    came = erasure.deliveries_of(tx, erased_ids)
    erasure.erase_deliveries(tx, came, keyed(gateway), now)
    erasure.count(tx, done.id, len(found), len(came))
    done.leads, done.deliveries = done.leads + len(found), done.deliveries + len(came)


def _since(gateway: Gateway, now: int) -> Since:
    """How far back keys and calls still count: by the longest windows of the sources in force."""
    known = [gateway.sources.get(name) for name in gateway.sources.names()]
    found = [one.source for one in known if one is not None]
    keys_s = max((source.repeat_window_s for source in found), default=0)
    rings_s = max((source.policy.once_per_number_s for source in found), default=0)
    return Since(keys=now - max(keys_s * 1000, DAY_MS), rings=now - max(rings_s * 1000, DAY_MS))
