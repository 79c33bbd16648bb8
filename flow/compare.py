"""What another text of a source would make of leads that are here. Nothing is stored and nobody is rung."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field

from core import mapping, policy
from core.lead import Lead
from core.reason import Reason
from core.source import Source
from store import versions as sources
from store.engine import Tx

MOST_HELD = 500  # are looked through for those that fit now
NOT_THE_MAPPINGS = frozenset({"late_signature", "same_id_other_number", "may_have_rung"})  # a person decides these


@dataclass(frozen=True)
class Outcome:
    """What a source makes of one payload by mapping and policy, without hours, age and other leads."""

    state: str  # ready | held | suppressed
    number: str = field(default="", repr=False)
    script: str = ""
    sms: str | None = None
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True)
class Change:
    """One lead that the two texts see differently."""

    lead: Lead
    before: Outcome
    after: Outcome


def against(leads: Iterable[Lead], before: Source, after: Source) -> list[Change]:
    """The leads of which the two texts make something different, in the order given."""
    changes = []
    for lead in leads:
        payload = json.loads(lead.payload)
        change = Change(lead, outcome(payload, before, lead), outcome(payload, after, lead))
        if change.before != change.after:
            changes.append(change)
    return changes


def outcome(payload: dict[str, object], source: Source, lead: Lead) -> Outcome:
    """What `source` makes of the payload of `lead`."""
    mapped = mapping.map_call(payload, source)
    if isinstance(mapped, mapping.Unmapped):
        if policy.is_test(source.policy, payload):
            return Outcome("suppressed", reasons=(Reason("test"),))
        return Outcome("held" if mapped.is_lead else "suppressed", reasons=mapped.reasons)
    received_s = lead.received_at / 1000
    facts = policy.Facts(received_at_s=received_s, payload=payload)
    verdict = policy.check(mapped.call, facts, source.policy, received_s, frozenset({"hours", "max_age"}))
    state = {policy.SUPPRESS: "suppressed", policy.HOLD: "held"}.get(verdict.kind, "ready")
    reasons = () if verdict.reason is None else (verdict.reason,)
    return Outcome(state, mapped.call.number, mapped.call.script, mapped.call.sms, reasons)


def held_that_fit(tx: Tx, source: Source, now: int) -> int:
    """How many of the source's held, never claimed leads (the newest 500) it would ring, being this one."""
    if not source.enabled:
        return 0
    return sum(_fits(lead, source, now) for lead in sources.held_leads(tx, source.name, MOST_HELD))


def may_fit(name: str, count: int) -> str:
    """The line for log and terminal."""
    leads = "held lead" if count == 1 else "held leads"
    return f"{count} {leads} may fit now: flask leads bulk remap --state held --source {name} --why '...' --do"


def _fits(lead: Lead, source: Source, now: int) -> bool:
    if any(reason["code"] in NOT_THE_MAPPINGS for reason in json.loads(lead.reasons)):
        return False
    payload = json.loads(lead.payload)
    mapped = mapping.map_call(payload, source)
    if isinstance(mapped, mapping.Unmapped):
        return False
    asked_s = None if mapped.asked_at_ms is None else mapped.asked_at_ms / 1000
    facts = policy.Facts(received_at_s=lead.received_at / 1000, asked_at_s=asked_s, payload=payload)
    kind = policy.check(mapped.call, facts, source.policy, now / 1000, lead.set_aside).kind
    return kind in (policy.ALLOW, policy.DEFER)
