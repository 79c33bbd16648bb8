"""From a stored lead to a call that waits its turn, or to the reason why there is none."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from core import mapping, policy
from core.lead import Lead
from core.policy import Facts, Ring, Verdict
from core.ports import Call
from core.reason import Reason
from core.source import Source
from core.states import HELD, READY, RECEIVED, SUPPRESSED
from flow.gateway import Gateway
from flow.in_force import InForceSource
from store import caps, do_not_call, epoch, facts, leads
from store import versions as sources
from store.engine import Tx
from store.journal import number_hash

WHO = "worker"
NEW_VERSION_MS = 250


def decide_next(gateway: Gateway) -> bool:
    """Map the newest stored lead and decide on it; whether there was one."""
    with gateway.store.write() as tx:
        now = gateway.store.now_ms(tx)
        lead = leads.next_received(tx, now)
        if lead is None:
            return False
        _decide(gateway, tx, lead, now)
    return True


def _decide(gateway: Gateway, tx: Tx, lead: Lead, now: int) -> None:
    current = gateway.sources.get(lead.source)
    if is_behind(tx, lead.source, current):
        leads.postpone(tx, lead, now + NEW_VERSION_MS)
        return
    if current is None or current.removed or not current.source.enabled:
        hold(tx, lead, [Reason("source_off")], {}, now)
        return
    if current.source.account not in gateway.accounts:
        hold(tx, lead, [Reason("no_account", {"account": current.source.account})], {}, now, version=current.n)
        return
    mapped = _map(gateway, lead, current)
    if isinstance(mapped, mapping.Unmapped):
        _without_call(gateway, tx, lead, current, mapped, now)
        return
    known = gather(gateway, tx, lead, mapped.call, mapped.asked_at_ms, current.source, now)
    verdict = policy.check(mapped.call, known, current.source.policy, now / 1000, lead.set_aside)
    columns = {
        "number": mapped.call.number,
        "script": mapped.call.script,
        "sms": mapped.call.sms,
        "person": mapped.person,
        "asked_at": mapped.asked_at_ms,
        "version": current.n,
        "account": current.source.account,
    }
    follow(tx, lead, verdict, mapped.trace, now, list(mapped.reasons), **columns)
    gateway.log.info("decided", lead=lead.id, no=lead.no, source=lead.source, verdict=verdict.kind, version=current.n)


def is_behind(tx: Tx, name: str, current: InForceSource | None) -> bool:
    """Whether the source is not what this process knows of it: a version that it is about to read, maybe
    the source's first. Until then nothing may be decided, not even that the source is off."""
    known = None if current is None or current.removed else current.n
    return sources.number_in_force(tx, name) != known


def _without_call(
    gateway: Gateway, tx: Tx, lead: Lead, current: InForceSource, mapped: mapping.Unmapped, now: int
) -> None:
    """A test without a phone is a test all the same; what is no lead is suppressed; the rest waits for a person."""
    transition, target, reasons = "hold", HELD, list(mapped.reasons)
    if policy.is_test(current.source.policy, json.loads(lead.payload)):
        transition, target, reasons = "suppress", SUPPRESSED, [Reason("test")]
    elif not mapped.is_lead:
        transition, target = "suppress", SUPPRESSED
    columns = {"version": current.n, "person": mapped.person, "asked_at": mapped.asked_at_ms}
    _to(tx, lead, transition, target, reasons, mapped.trace, now, **columns)
    gateway.log.info("decided", lead=lead.id, no=lead.no, source=lead.source, verdict=transition, version=current.n)


def _map(gateway: Gateway, lead: Lead, current: InForceSource) -> mapping.Mapped | mapping.Unmapped:
    try:
        return mapping.map_call(json.loads(lead.payload), current.source)
    except Exception:
        # A bug of ours must not stop the leads behind this one: this lead waits for a person.
        gateway.log.exception("mapping_failed", lead=lead.id, no=lead.no, source=lead.source)
        return mapping.Unmapped((Reason("mapping_error"),), {})


def gather(gateway: Gateway, tx: Tx, lead: Lead, call: Call, asked_at: int | None, source: Source, now: int) -> Facts:
    """What the rules need to know about this lead at this moment."""
    since = lead.received_at - source.policy.once_per_number_s * 1000
    rings: tuple[Ring, ...] = ()
    if source.policy.once_per_number_s:
        # Rings older than the window at the time of the lead's arrival can be inside it no more.
        rings = facts.rings(tx, source.account, call.number, not_of=lead.id, since=since)
    forgotten = False
    if epoch.has_forgotten(tx):
        hashed = number_hash(call.number, gateway.digest_key)
        rings += epoch.forgotten_rings(tx, source.account, hashed, since)
        # A person who rings again after looking has decided this.
        forgotten = lead.round == 1 and epoch.forgotten_event(tx, lead.source, lead.event_key or lead.digest)
    most = gateway.totals.calls_per_number_per_day
    room_at = caps.number_room(tx, call.number, most, now) if most else None
    return Facts(
        received_at_s=lead.received_at / 1000,
        asked_at_s=None if asked_at is None else asked_at / 1000,
        payload=json.loads(lead.payload),
        do_not_call=do_not_call.holds(tx, call.number),
        rings=rings,
        forgotten=forgotten,
        number_cap=most,
        number_room_s=None if room_at is None else room_at / 1000,
    )


def follow(
    tx: Tx,
    lead: Lead,
    verdict: Verdict,
    trace: dict[str, Any],
    now: int,
    noted: Sequence[Reason] = (),
    **columns: Any,
) -> bool:
    """Make the move that a verdict asks for, with its evidence; `allow` makes a mapped lead ready.

    `noted` stands behind the verdict's own reason: what failed on the way and changed nothing."""
    trace = {**trace, "rules": list(verdict.rules)}
    first = [] if verdict.reason is None else [verdict.reason]
    reasons = [*first, *noted]
    if verdict.kind == policy.HOLD:
        return hold(tx, lead, reasons, trace, now, **columns)
    if verdict.kind == policy.SUPPRESS:
        return _to(tx, lead, "suppress", SUPPRESSED, reasons, trace, now, **columns)
    due_at = now if verdict.until_s is None else int(verdict.until_s * 1000)
    if lead.state == RECEIVED:
        waits_for = first[0].code if first else ""
        return _to(tx, lead, "map", READY, reasons, trace, now, due_at=due_at, reason=waits_for, **columns)
    if first and first[0].code == lead.reason:
        leads.postpone(tx, lead, due_at)
        return True
    return _to(tx, lead, "defer", READY, reasons, trace, now, due_at=due_at, **columns)


def hold(tx: Tx, lead: Lead, reasons: list[Reason], trace: dict[str, Any], now: int, **columns: Any) -> bool:
    """To a person, with reasons a marketer understands."""
    return _to(tx, lead, "hold", HELD, reasons, trace, now, **columns)


def _to(
    tx: Tx,
    lead: Lead,
    transition: str,
    target: str,
    reasons: list[Reason],
    trace: dict[str, Any],
    now: int,
    **columns: Any,
) -> bool:
    columns.setdefault("reason", reasons[0].code if reasons else "")
    columns["reasons"] = json.dumps([asdict(r) for r in reasons])
    return leads.move(tx, lead, transition, target, at=now, who=WHO, trace=trace, **columns)
