"""What has to be known of leads before anything is decided on them: the first of the three blocks of a step."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace

from core import decision, mapping
from core.lead import Lead
from core.mapping import Mapped, Unmapped
from core.move import Move
from core.policy import Facts
from core.ports import Call
from core.reason import Reason
from core.source import Source
from core.states import READY
from flow.gateway import Gateway
from flow.in_force import InForceSource
from store import facts as stored
from store.engine import Tx

MISTAKE = Reason("mapping_error")


@dataclass(frozen=True)
class Candidate:
    """One lead, what its source (None: removed) makes of it, and what is known of it and of its number."""

    lead: Lead
    source: Source | None
    mapped: Mapped | Unmapped
    facts: Facts = field(repr=False)

    @property
    def call(self) -> Call | None:
        """The call that it would become."""
        return self.mapped.call if isinstance(self.mapped, Mapped) else None


def begin(gateway: Gateway, tx: Tx, leads: Sequence[Lead]) -> list[Candidate]:
    """What each lead is and what its source makes of it. Nothing is known of the numbers yet: a claim locks
    them first."""
    behind = gateway.sources.behind(tx, {lead.source for lead in leads})
    begun = []
    for lead in leads:
        current = gateway.sources.get(lead.source)
        candidate = of(gateway, lead, None if current is None or current.removed else current)
        begun.append(replace(candidate, facts=replace(candidate.facts, behind=lead.source in behind)))
    return begun


def of(gateway: Gateway, lead: Lead, current: InForceSource | None) -> Candidate:
    """The lead by this version of its source (None: it was removed); nothing is known of its number yet."""
    payload = json.loads(lead.payload)
    facts = Facts(
        received_at_ms=lead.received_at,
        payload=payload,
        state=lead.state,
        waits_for=lead.reason,
        despite=lead.set_aside,
        version=0 if current is None else current.n,
        mapped_by=lead.version or 0,
        account_known=current is not None and current.source.account in gateway.accounts,
    )
    if current is None:
        return Candidate(lead, None, Unmapped(()), facts)
    mapped = mapping.as_mapped(lead) if lead.state == READY else _mapped(gateway, lead, payload, current.source)
    return Candidate(lead, current.source, mapped, replace(facts, asked_at_ms=mapped.asked_at_ms))


def _mapped(gateway: Gateway, lead: Lead, payload: dict[str, object], source: Source) -> Mapped | Unmapped:
    try:
        return mapping.map_call(payload, source)
    except Exception:
        # A bug of ours must not stop the leads behind this one: this lead waits for a person.
        gateway.log.exception("mapping_failed", lead=lead.id, no=lead.no, source=lead.source)
        return Unmapped((MISTAKE,))


def know(
    gateway: Gateway, tx: Tx, candidates: Sequence[Candidate], now: int, locked: Collection[str] | None = None
) -> list[Candidate]:
    """The same with what is known of their numbers at this moment. `locked` are the leads (ids) whose number a
    claim could lock, the others' are busy; without it every number counts as free."""
    per_day = gateway.totals.calls_per_number_per_day
    asked = [
        _asked(candidate, candidate.source, candidate.call.number)
        for candidate in candidates
        if candidate.source and candidate.call
    ]
    known = stored.known(tx, asked, now, per_day, gateway.digest)
    out = []
    for candidate in candidates:
        if (of := known.get(candidate.lead.id)) is not None:
            facts = replace(
                candidate.facts,
                do_not_call=of.do_not_call,
                rings=of.rings,
                number_busy=locked is not None and candidate.lead.id not in locked,
                number_cap=per_day,
                number_room_ms=of.number_room_ms,
                forgotten=of.forgotten,
            )
            candidate = replace(candidate, facts=facts)
        out.append(candidate)
    return out


def _asked(candidate: Candidate, source: Source, number: str) -> stored.Asked:
    lead = candidate.lead
    # Rings older than the window at the time of the lead's arrival can be inside it no more.
    since = lead.received_at - source.policy.once_per_number_ms
    return stored.Asked(lead.id, number, since, lead.round, lead.source, lead.event_key or lead.digest)


def decide(gateway: Gateway, candidate: Candidate, now: int) -> Move:
    """The pure decision. One that raises is a mistake of ours: its lead waits for a person, the others go on."""
    try:
        return decision.decide(candidate.mapped, candidate.source, candidate.facts, now)
    except Exception:
        gateway.log.exception(
            "decision_failed", lead=candidate.lead.id, no=candidate.lead.no, source=candidate.lead.source
        )
        return decision.hold(MISTAKE)
