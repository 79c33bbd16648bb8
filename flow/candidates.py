"""What the sources make of leads, before anything is read of their numbers, and the decision on each: the pure rules,
with a log line for a mistake of ours."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace

from core import decision, mapping
from core.candidate import Candidate
from core.lead import Lead
from core.mapping import Mapped, Unmapped
from core.move import Move
from core.policy import Facts
from core.reason import Reason
from core.source import Source
from core.states import READY
from flow.gateway import Gateway
from flow.in_force import InForceSource

MISTAKE = Reason("mapping_error")


def begin(gateway: Gateway, leads: Iterable[Lead], in_force: Mapping[str, int]) -> list[Candidate]:
    """What each lead is and what its source makes of it. `in_force` are the sources' versions as the transaction sees
    them: on the leads of one that this process does not know so, nothing may be decided yet."""
    begun = []
    for lead in leads:
        current = gateway.sources.get(lead.source)
        current = None if current is None or current.removed else current
        candidate = of(gateway, lead, current)
        behind = in_force.get(lead.source) != (None if current is None else current.n)
        begun.append(replace(candidate, facts=replace(candidate.facts, behind=behind)) if behind else candidate)
    return begun


def of(gateway: Gateway, lead: Lead, current: InForceSource | None) -> Candidate:
    """The lead by this version of its source (None: it was removed); nothing is known of its number yet."""
    payload = json.loads(lead.payload)
    mapped: Mapped | Unmapped = Unmapped(())
    if current is not None:
        mapped = mapping.as_mapped(lead) if lead.state == READY else _mapped(gateway, lead, payload, current.source)
    facts = Facts(
        received_at_ms=lead.received_at,
        asked_at_ms=mapped.asked_at_ms,
        payload=payload,
        state=lead.state,
        waits_for=lead.reason,
        despite=lead.set_aside,
        version=0 if current is None else current.n,
        mapped_by=lead.version or 0,
        account_known=current is not None and current.source.account in gateway.accounts,
    )
    if current is None:
        return Candidate(lead, None, mapped, facts)
    if isinstance(mapped, Unmapped):
        return Candidate(lead, current.source, mapped, facts)
    number_hash, event_hash = gateway.digest(mapped.call.number), gateway.digest(lead.event_key or lead.digest)
    return Candidate(lead, current.source, mapped, facts, number_hash, event_hash)


def _mapped(gateway: Gateway, lead: Lead, payload: dict[str, object], source: Source) -> Mapped | Unmapped:
    try:
        return mapping.map_call(payload, source)
    except Exception:
        # A bug of ours must not stop the leads behind this one: this lead waits for a person.
        gateway.log.exception("mapping_failed", lead=lead.id, no=lead.no, source=lead.source)
        return Unmapped((MISTAKE,))


def decide(gateway: Gateway, candidate: Candidate, now: int) -> Move:
    """The pure decision. One that raises is a mistake of ours: its lead waits for a person, the others go on."""
    try:
        return decision.decide(candidate.mapped, candidate.source, candidate.facts, now)
    except Exception:
        gateway.log.exception(
            "decision_failed", lead=candidate.lead.id, no=candidate.lead.no, source=candidate.lead.source
        )
        return decision.hold(MISTAKE)
