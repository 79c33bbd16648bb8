"""What nobody waits for: attempts whose owner is gone, and waiting leads that an old version mapped."""

from core import decision, ended
from core.durations import DAY_MS
from core.outcome import UNKNOWN, Outcome
from core.reason import Reason
from flow.gateway import Gateway
from store import alarms, attempts, due, leads, versions, workers
from store.engine import StoreUnavailable

GRACE_MS = 5_000
JOURNALS_KEPT_MS = 8 * DAY_MS  # a worker whose journal is gone can tell nothing more
LOOKED_BACK_MS = 90 * DAY_MS  # at what rang, and whose proofs were refused
OWNER_GONE = Outcome(UNKNOWN, how="owner_gone", error="the worker that sent this call ended before it could tell")


def is_lost(deadline: int | None, now: int) -> bool:
    """Whether an open attempt of this deadline is."""
    return deadline is not None and deadline < now - GRACE_MS


def settle_lost(gateway: Gateway) -> bool:
    """Every open attempt whose deadline passed more than 5 s ago becomes `unknown`, never ready. One that cannot be
    settled is said, and stops no other."""
    with gateway.store.read() as tx:
        now = gateway.store.now_ms(tx)
        lost = attempts.overdue(tx, now - GRACE_MS)
    for attempt_id, lead_id, number in lost:
        try:
            _settle(gateway, attempt_id, lead_id, number)
        except StoreUnavailable:
            raise
        except Exception:
            gateway.log.exception("not_settled", lead=lead_id, attempt=attempt_id)
    return bool(lost)


def _settle(gateway: Gateway, attempt_id: str, lead_id: str, number: str) -> None:
    with gateway.store.write() as tx:
        now = gateway.store.now_ms(tx)
        lead = leads.get(tx, lead_id, lock=True)
        # Its owner may have closed it between the look and the lock.
        if lead is None or not attempts.close(tx, attempt_id, OWNER_GONE, now):
            return
        attempts.free_numbers(tx, {attempt_id: number})
        leads.apply(tx, lead, ended.lost(attempt_id, OWNER_GONE), at=now)
    gateway.log.warning("lost", lead=lead_id, how=OWNER_GONE.how)


def redo_next(gateway: Gateway, source: str, batch: int = 200) -> bool:
    """Map the waiting leads of a source again by its version in force, or hold them where it was removed;
    whether more may wait."""
    current = gateway.sources.get(source)
    if current is None:
        return False
    with gateway.store.write() as tx:
        if gateway.sources.behind(tx, [source]):
            return False  # asked again when this process has read it
        now = gateway.store.now_ms(tx)
        move = decision.hold(Reason("source_off")) if current.removed else decision.redo(now)
        waiting = due.stale(tx, source, None if current.removed else current.n, batch)
        for lead in waiting:
            leads.apply(tx, lead, move, at=now)
    return len(waiting) == batch


def forget_old(gateway: Gateway) -> None:
    """Rows about workers, alarms and refused proofs that nobody asks for any more."""
    with gateway.store.write() as tx:
        now = gateway.store.now_ms(tx)
        workers.forget_old(tx, now - JOURNALS_KEPT_MS)
        alarms.forget_old(tx, now - LOOKED_BACK_MS)
        versions.forget_refused(tx, now - LOOKED_BACK_MS)
