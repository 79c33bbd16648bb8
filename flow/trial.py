"""What would become of a request, or of a lead that is here, by the version in force: the walk up to
a call, with every expression and every rule told. Nothing is stored and nobody is rung.
"""

from dataclasses import asdict, dataclass, field, replace
from typing import Any

from core import decision, identity, states
from core.identity import Piece
from core.lead import Lead, not_stored
from core.proofs import authentic, handshake
from core.proofs.proof import Proof
from core.reading.delivery import Delivery
from core.reading.payload import opened
from core.reason import Reason
from core.source import Source
from flow import candidates
from flow.gateway import Gateway
from flow.in_force import InForceSource
from flow.operate import NoSuchLead
from store import facts, leads
from store.engine import Tx

FIELDS = 300  # of one payload that are shown


class NoSuchSource(Exception):
    """No source of this name is in force."""


@dataclass(frozen=True)
class Tried:
    """What one lead would be now: `call` when it would be ready, else `reasons`. `rules` is every rule's
    answer, empty where there is no call to ask about."""

    state: str
    payload: dict[str, Any]
    event_key: str | None
    reasons: tuple[Reason, ...] = ()
    call: dict[str, Any] | None = None
    person: str = ""
    asked_at: int | None = None
    due_at: int | None = None
    trace: dict[str, Any] = field(default_factory=dict)
    rules: tuple[dict[str, Any], ...] = ()


@dataclass(frozen=True)
class Trial:
    """`proof`, `greeted` and `tree` are None for a lead that is here already. `tree` lacks what held the
    proof. No `leads`: a handshake, or a request without data."""

    source: str
    version: int
    proof: Proof | None = None
    greeted: handshake.Answer | None = None
    tree: Any = None
    problem: Reason | None = None
    leads: tuple[Tried, ...] = ()


def try_request(gateway: Gateway, name: str, delivery: Delivery) -> Trial:
    """Walk a request through the source. A wrong proof is told and does not end the trial."""
    current = _in_force(gateway, name)
    source = current.source
    with gateway.store.read() as tx:
        now = gateway.store.now_ms(tx)
        proof = authentic.check(delivery, source, gateway.secrets, now)
        greeted = handshake.answer(delivery, source, gateway.secrets, proof.ok)
        if greeted is not None:
            return Trial(name, current.n, proof, greeted)
        read = opened(delivery, source, proof)
        pieces = identity.split(delivery, source, proof)
        tried = tuple(_try(gateway, tx, current, _not_stored(source, piece, now), now) for piece in pieces)
    problem = Reason(read.problem) if read.problem else None
    return Trial(name, current.n, proof, None, read.tree, problem, tried)


def try_lead(gateway: Gateway, name: str, lead_name: str) -> Trial:
    """Walk the payload of a lead (its id or short number) through the source as it is now."""
    current = _in_force(gateway, name)
    with gateway.store.read() as tx:
        lead = leads.find(tx, lead_name)
        if lead is None:
            raise NoSuchLead(f"no lead has the id or number {lead_name!r}")
        tried = _try(gateway, tx, current, lead, gateway.store.now_ms(tx))
    return Trial(name, current.n, leads=(tried,))


def fields_of(payload: Any) -> list[dict[str, Any]]:
    """Every plain value of a payload with its `path` and, where there is one, the short way to write it
    as a `field`; at most 300, in the payload's order."""
    found: list[dict[str, Any]] = []
    _collect(payload, (), found)
    return found


def _in_force(gateway: Gateway, name: str) -> InForceSource:
    current = gateway.sources.get(name)
    if current is None or current.removed:
        raise NoSuchSource(f"no source called {name!r} is in force")
    return current


def _try(gateway: Gateway, tx: Tx, current: InForceSource, lead: Lead, now: int) -> Tried:
    as_new = replace(lead, state=states.RECEIVED)
    (candidate,) = facts.know(
        tx, [candidates.of(gateway, as_new, current)], now, gateway.totals.calls_per_number_per_day
    )
    move = decision.decide(candidate.mapped, candidate.source, candidate.facts, now)
    return Tried(
        move.target,
        payload=candidate.facts.payload,
        event_key=lead.event_key,
        reasons=move.reasons,
        call=None if candidate.call is None else asdict(candidate.call),
        person=candidate.mapped.person,
        asked_at=candidate.mapped.asked_at_ms,
        due_at=move.columns.get("due_at"),
        trace=candidate.mapped.trace,
        rules=tuple(move.trace.get("rules", ())),
    )


def _not_stored(source: Source, piece: Piece, now: int) -> Lead:
    return not_stored(source.name, source.account, piece.event_key, piece.digest, identity.payload_text(piece), now)


def _collect(value: Any, way: tuple[str, ...], found: list[dict[str, Any]]) -> None:
    if len(found) >= FIELDS:
        return
    if isinstance(value, dict | list):
        steps = value.items() if isinstance(value, dict) else ((str(n), item) for n, item in enumerate(value))
        for step, below in steps:
            _collect(below, (*way, step), found)
        return
    plain = all(step.isascii() and step.isidentifier() for step in way)
    short = ".".join(way) if plain else (way[0] if len(way) == 1 else None)
    found.append({"path": list(way), "field": short, "value": value})
