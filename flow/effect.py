"""What ringing these leads (again) would do now: every rule is asked, nothing is stored and nobody is rung."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from decimal import Decimal

from core.account.trouble import Trouble, waits_for
from core.candidate import Candidate
from core.decision import hold
from core.lead import Lead
from core.move import Move
from core.reason import Reason
from core.states import READY, STATES
from core.ways_on import SETTLING_MS
from flow import candidates
from flow.gateway import Gateway
from store import accounts, attempts, caps, facts
from store.engine import Tx

Told = tuple[Lead, Reason]


@dataclass
class Effect:
    """`now` would be rung at once, at most for `at_most`; `later` wait for what their reason says; `never` would
    be held or suppressed; `settling` may not be rung before the moment (ms) beside them."""

    now: list[Lead] = field(default_factory=list)
    later: list[Told] = field(default_factory=list)
    never: list[Told] = field(default_factory=list)
    settling: list[tuple[Lead, int]] = field(default_factory=list)
    at_most: Decimal = Decimal(0)


def of_rearm(gateway: Gateway, tx: Tx, leads: Iterable[Lead], despite: frozenset[str] = frozenset()) -> Effect:
    """The effect of `flow.operate.rearm` on each of the leads, with the rules of `despite` set aside."""
    found, now, leads = Effect(), gateway.store.now_ms(tx), list(leads)
    known, full = accounts.all_accounts(tx), caps.reached(tx)
    possible = {lead: at + SETTLING_MS for lead, at in attempts.settle_after(tx, [one.id for one in leads]).items()}
    found.settling = [(lead, possible[lead.id]) for lead in leads if possible.get(lead.id, now) > now]
    settled = [lead for lead in leads if possible.get(lead.id, now) <= now]
    for lead, move in zip(settled, _moves(gateway, tx, settled, despite, now), strict=True):
        if not STATES[move.target].goes_on:
            found.never.append((lead, move.reasons[0]))
            continue
        reason = next(iter(move.reasons), None)
        reason = reason or waits_for(known.get(lead.account, Trouble()), lead.account, lead.script)
        reason = reason or caps.waits_for(full, lead.source)
        if reason is None:
            found.now.append(lead)
        else:
            found.later.append((lead, reason))
    scripts = [lead.script or "" for lead in (*found.now, *(lead for lead, _ in found.later))]
    prices = caps.reservations(tx, set(scripts), now)
    found.at_most = sum((prices[script] for script in scripts), Decimal(0))
    return found


def _moves(gateway: Gateway, tx: Tx, leads: list[Lead], despite: frozenset[str], now: int) -> list[Move]:
    """What would be decided on each lead as a rearm leaves it; what is known of their numbers is read at once."""
    able = [lead for lead in leads if lead.erased_at is None and lead.has_call]
    begun = [_begun(gateway, lead, despite) for lead in able]
    known = facts.know(tx, begun, now, gateway.totals.calls_per_number_per_day)
    moves = {one.lead.id: candidates.decide(gateway, one, now) for one in known}
    return [moves.get(lead.id) or hold(Reason("number_missing")) for lead in leads]


def _begun(gateway: Gateway, lead: Lead, despite: frozenset[str]) -> Candidate:
    current = gateway.sources.get(lead.source)
    current = None if current is None or current.removed else current
    again = replace(
        lead,
        state=READY,
        round=lead.round + 1,
        despite=",".join(despite),
        version=None if current is None else current.n,
        reason="",
    )
    return candidates.of(gateway, again, current)
