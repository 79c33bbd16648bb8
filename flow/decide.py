"""From stored leads to calls that wait their turn, or to the reasons why there is none."""

from collections.abc import Sequence

from core import decision, states
from flow import candidates
from flow.gateway import Gateway
from store import due, facts, leads
from store.engine import StoreUnavailable

BATCH = 16


def decide_due(gateway: Gateway, limit: int = BATCH, since_ms: int = 0) -> bool:
    """Map the newest stored leads that are due (for so long at least) and decide on them, in one commit; whether
    there were any.

    A lead that breaks the commit is found out by going one by one, and waits for a person. Whether there are any is
    asked first, without a turn among the writers."""
    with gateway.store.read() as tx:
        if not due.to_map(tx, gateway.store.now_ms(tx) - since_ms, 1, gateway.readable(), lock=False).leads:
            return False
    try:
        return _decide_due(gateway, limit, since_ms)
    except StoreUnavailable:
        raise
    except Exception:
        gateway.log.exception("decisions_one_by_one")
    return _one_by_one(gateway, limit, since_ms)


def _decide_due(gateway: Gateway, limit: int, since_ms: int, only: Sequence[str] = ()) -> bool:
    with gateway.store.write() as tx:
        # Read.
        now = gateway.store.now_ms(tx)
        found = due.those_of(tx, only, now) if only else due.to_map(tx, now - since_ms, limit, gateway.readable())
        begun = candidates.begin(gateway, found.leads, found.in_force)
        known = facts.know(tx, begun, now, gateway.totals.calls_per_number_per_day)
        # Decide.
        moves = [candidates.decide(gateway, candidate, now) for candidate in known]
        # Write.
        leads.apply_all(tx, [(one.lead, (move,)) for one, move in zip(known, moves, strict=True)], at=now)
    for candidate, move in zip(known, moves, strict=True):
        lead = candidate.lead
        what = {"move": move.transition, "state": move.target, "reason": move.reason}
        gateway.log.info("decided", lead=lead.id, no=lead.no, source=lead.source, **what)
    return bool(found.leads)


def _one_by_one(gateway: Gateway, limit: int, since_ms: int) -> bool:
    with gateway.store.read() as tx:
        now = gateway.store.now_ms(tx) - since_ms
        found = [lead.id for lead in due.to_map(tx, now, limit, gateway.readable(), lock=False).leads]
    for lead_id in found:
        try:
            _decide_due(gateway, 1, 0, [lead_id])
        except StoreUnavailable:
            raise
        except Exception:
            gateway.log.exception("decision_failed", lead=lead_id)
            set_apart(gateway, lead_id)
    return bool(found)


def set_apart(gateway: Gateway, lead_id: str) -> None:
    """A lead that no step can go on with waits for a person, so that the others go on."""
    with gateway.store.write() as tx:
        now = gateway.store.now_ms(tx)
        lead = leads.get(tx, lead_id, lock=True)
        if lead is not None and lead.state in states.WAITING:
            leads.apply(tx, lead, decision.hold(candidates.MISTAKE), at=now)
