"""People's data fades: by age, a small batch at a time, and at once when a person asks.

What stays says that there was a lead and what became of it, and keeps its number and its event from
being rung again for as long as they could be; it cannot be read back into a person.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from core import states
from core.durations import DAY_MS
from core.lead import Lead
from core.move import Move
from core.ways_on import SETTLING_MS
from flow import seen, wishes
from flow.gateway import Gateway
from store import attempts, erasure, leads, mentioned
from store.engine import Tx
from store.erasure import Since
from store.journal import number_hash
from store.personal import Keyed
from store.wishes import CANCEL, Wish

BATCH = 50
MOST_PASSED_BY = 1_000  # then it is no single row that is at fault, and nothing more is tried
GUARDED_MS = 90 * DAY_MS  # no digest is dropped earlier: no sender's repeat window is longer
SCAN, SCAN_ERASED = 500, 5_000  # leads of one look


@dataclass
class Erased:
    """What an erasure did. `left` leads (their short numbers) may still be ringing: ask again later. `failed` ones
    could not be erased for a mistake of ours, which is in the log."""

    id: int
    leads: int = 0
    deliveries: int = 0
    left: list[int] = field(default_factory=list)
    failed: list[int] = field(default_factory=list)


def erase_old(gateway: Gateway, batch: int = BATCH) -> bool:
    """Erase the oldest leads and deliveries that are older than they are kept, at most `batch` of
    each; whether more may be due. What waits, is being called, or keeps its number from being rung again stays.
    What cannot be erased is logged and passed by, by this process, from then on."""
    but = gateway.unerasable
    if len(but) >= MOST_PASSED_BY:
        return False
    with gateway.store.write() as tx:
        now = gateway.store.now_ms(tx)
        before, since = now - gateway.retention_days * DAY_MS, _since(gateway, now)
        old = erasure.old_leads(tx, before, since.rings, batch, but)
        erasure.begin(tx)
        failed = erasure.apart(tx, old, lambda some: erasure.erase_leads(tx, some, keyed(gateway), since, now))
        came = erasure.old_deliveries(tx, before, batch, but)
        stuck = _erase_deliveries(gateway, tx, came, now)
        erasure.forget_old(tx, min(since.keys, since.rings, now - GUARDED_MS))
    _tell(gateway, [(lead.id, why) for lead, why in failed], stuck)
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
        _erase(gateway, ids, done, who, why)
    _erase_what_came_again(gateway, number, done)
    facts = {"leads": done.leads, "left": len(done.left), "failed": len(done.failed)}
    gateway.log.info("erased_person", erasure=done.id, who=who, **facts)
    return done


def keyed(gateway: Gateway) -> Keyed:
    """What stands for a value that must not be there itself."""
    return lambda value: number_hash(value, gateway.digest_key)


def _batches(gateway: Gateway, number: str) -> Iterator[list[str]]:
    """Ids of the leads to erase: those of the number, then those that only mention it."""
    with gateway.store.read() as tx:
        ids = mentioned.leads_of(tx, number)
    yield from (ids[start : start + BATCH] for start in range(0, len(ids), BATCH))
    place: int | None = 0
    while place is not None:
        with gateway.store.read() as tx:
            found, place = mentioned.mentioning(tx, number, place, SCAN)
        if rest := [lead for lead in found if lead not in ids]:
            yield rest


def _erase(gateway: Gateway, ids: list[str], done: Erased, who: str, why: str) -> None:
    """One commit; what it did is counted when it is done."""
    wished = (Wish(CANCEL, lead_id, who) for lead_id in ids)
    with wishes.said(gateway, *wished) as know, gateway.store.write() as tx:
        know(tx)
        erasure.begin(tx)
        erasure.lock_keys(tx, ids)
        now = gateway.store.now_ms(tx)
        since = _since(gateway, now)
        found, left = _found(tx, ids, now)

        def act(some: Sequence[Lead]) -> None:
            whole = [_ended(tx, lead, now, who, why) for lead in some]
            erasure.erase_leads(tx, whole, keyed(gateway), since, now)

        failed = erasure.apart(tx, found, act)
        bad = {lead.id for lead, _ in failed}
        came = erasure.deliveries_of(tx, [lead.id for lead in found if lead.id not in bad])
        stuck = _erase_deliveries(gateway, tx, came, now)
        erasure.count(tx, done.id, len(found) - len(failed), len(came) - len(stuck))
    done.leads, done.deliveries = done.leads + len(found) - len(failed), done.deliveries + len(came) - len(stuck)
    done.left += left
    done.failed += [lead.no for lead, _ in failed]
    _tell(gateway, [(lead.id, cause) for lead, cause in failed], stuck)


def _erase_what_came_again(gateway: Gateway, number: str, done: Erased) -> None:
    """A repeat of an erased lead brings the person's data along once more, in its delivery."""
    place: int | None = 0
    while place is not None:
        with gateway.store.read() as tx:
            ids, place = mentioned.came_again(tx, number, keyed(gateway), place, SCAN_ERASED)
        for start in range(0, len(ids), BATCH):
            some = ids[start : start + BATCH]
            with gateway.store.write() as tx:
                erasure.begin(tx)
                stuck = _erase_deliveries(gateway, tx, some, gateway.store.now_ms(tx))
                erasure.count(tx, done.id, 0, len(some) - len(stuck))
            done.deliveries += len(some) - len(stuck)
            _tell(gateway, stuck)


def _erase_deliveries(gateway: Gateway, tx: Tx, ids: list[str], now: int) -> list[tuple[str, Exception]]:
    return erasure.apart(tx, ids, lambda some: erasure.erase_deliveries(tx, some, keyed(gateway), now))


def _found(tx: Tx, ids: list[str], now: int) -> tuple[list[Lead], list[int]]:
    """Those of them that can be erased now, locked; the short numbers of those whose call may still come to light."""
    found, left = [], []
    for lead_id in sorted(ids):
        lead = leads.get(tx, lead_id, lock=True)
        if lead is None or lead.erased_at is not None:
            continue
        settles = attempts.settles_after(tx, lead_id)
        if states.STATES[lead.state].in_flight or (settles is not None and now < settles + SETTLING_MS):
            left.append(lead.no)
        else:
            found.append(lead)
    return found, left


def _ended(tx: Tx, lead: Lead, now: int, who: str, why: str) -> Lead:
    """The lead as it is when it waits for nothing any more."""
    if lead.state not in states.UNCALLED or lead.state in states.FINAL:
        return lead
    return leads.apply(tx, lead, Move("cancel", states.CANCELLED, who=who, why=why), at=now)


def _tell(gateway: Gateway, *of_each: list[tuple[str, Exception]]) -> None:
    for row_id, why in (one for some in of_each for one in some):
        gateway.unerasable.add(row_id)
        gateway.log.error("not_erased", id=row_id, exc_info=why)


def _since(gateway: Gateway, now: int) -> Since:
    """How far back keys and calls still count: by the longest windows of the sources in force."""
    known = [gateway.sources.get(name) for name in gateway.sources.names()]
    found = [one.source for one in known if one is not None]
    keys_ms = max((max(source.repeat_window_ms, seen.kept_ms(source)) for source in found), default=0)
    rings_ms = max((source.policy.once_per_number_ms for source in found), default=0)
    return Since(keys=now - max(keys_ms, DAY_MS), rings=now - max(rings_ms, DAY_MS))
