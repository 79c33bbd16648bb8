"""What ringing these leads (again) would do now: every rule is asked, nothing is stored and nobody is rung."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from decimal import Decimal

from core.account.trouble import Trouble, waits_for
from core.decision import hold
from core.lead import Lead
from core.move import Move
from core.reason import Reason
from core.states import READY, STATES
from flow import candidates
from flow.gateway import Gateway
from flow.operate import SETTLING_MS
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
    found, now = Effect(), gateway.store.now_ms(tx)
    known, full = accounts.all_accounts(tx), caps.reached(tx)
    for lead in leads:
        settles = attempts.settles_after(tx, lead.id)
        if settles is not None and now < settles + SETTLING_MS:
            found.settling.append((lead, settles + SETTLING_MS))
            continue
        move = _move(gateway, tx, lead, despite, now)
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


def _move(gateway: Gateway, tx: Tx, lead: Lead, despite: frozenset[str], now: int) -> Move:
    """What would be decided on the lead as a rearm leaves it."""
    if lead.erased_at is not None or not lead.number or not lead.script:
        return hold(Reason("number_missing"))
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
    (candidate,) = facts.know(
        tx, [candidates.of(gateway, again, current)], now, gateway.totals.calls_per_number_per_day
    )
    return candidates.decide(gateway, candidate, now)
