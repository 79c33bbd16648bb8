"""What another text of a source would make of leads that are here. Nothing is stored and nobody is rung."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from core import decision, mapping
from core.lead import Lead
from core.mapping import Mapped, Unmapped
from core.policy import Facts
from core.reason import Reason
from core.source import Source
from core.states import READY
from store import versions as sources
from store.engine import Tx

MOST_HELD = 500  # are looked through for those that fit now


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
    if replace(before, examples=()) == replace(after, examples=()):
        return []
    changes, before, after = [], replace(before, enabled=True), replace(after, enabled=True)
    decide_alike = _decides_by(before) == _decides_by(after)
    for lead in leads:
        payload = json.loads(lead.payload)
        was, is_now = (mapping.map_call(payload, source, traced=False) for source in (before, after))
        if decide_alike and _decided_by(was) == _decided_by(is_now):
            continue
        change = Change(lead, _decided(was, payload, before, lead), _decided(is_now, payload, after, lead))
        if change.before != change.after:
            changes.append(change)
    return changes


def outcome(payload: dict[str, Any], source: Source, lead: Lead) -> Outcome:
    """What `source`, which is enabled, makes of the payload of `lead`, if it were asked now."""
    return _decided(mapping.map_call(payload, source, traced=False), payload, source, lead)


def _decides_by(source: Source) -> tuple[Any, ...]:
    return source.policy, source.dry_run, source.account


def _decided_by(mapped: Mapped | Unmapped) -> tuple[Any, ...]:
    """What a decision sees of it: who asked when, and how it was read, changes none."""
    if isinstance(mapped, Unmapped):
        return mapped.reasons, mapped.is_lead
    return mapped.call, mapped.reasons


def _decided(mapped: Mapped | Unmapped, payload: dict[str, Any], source: Source, lead: Lead) -> Outcome:
    facts = Facts(received_at_ms=lead.received_at, payload=payload, despite=frozenset({"hours", "max_age"}))
    move = decision.decide(mapped, source, facts, lead.received_at)
    if isinstance(mapped, Unmapped):
        return Outcome(move.target, reasons=move.reasons)
    call = mapped.call
    return Outcome(move.target, call.number, call.script, call.sms, () if move.target == READY else move.reasons[:1])


def held_that_fit(tx: Tx, source: Source, now: int) -> int:
    """How many of the source's held, never claimed leads (the newest 500) it would ring, being this one."""
    if not source.enabled:
        return 0
    return sum(_fits(lead, source, now) for lead in sources.held_leads(tx, source.name, MOST_HELD))


def may_fit(name: str, count: int) -> str:
    """The line for the log."""
    leads = "held lead" if count == 1 else "held leads"
    return f"{count} {leads} may fit now: {remap_of(name)}"


def remap_of(name: str) -> str:
    """What to type to map the source's held leads again."""
    return f"flask leads bulk remap --state held --source {name} --why '...' --do"


def _fits(lead: Lead, source: Source, now: int) -> bool:
    if lead.protected_by:
        return False
    payload = json.loads(lead.payload)
    mapped = mapping.map_call(payload, source, traced=False)
    facts = Facts(lead.received_at, mapped.asked_at_ms, payload, despite=lead.set_aside)
    return decision.decide(mapped, source, facts, now).target == READY
