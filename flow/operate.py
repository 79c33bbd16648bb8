"""A person's way on: cancel, remap, rearm, resolve. Each names who and why, and leaves a history row."""

import json
from collections.abc import Iterable

from core import policy, states
from core.lead import Lead
from core.move import Columns, Move
from core.refusal import Refusal
from core.ways_on import SETTLING_MS
from flow import enrich, wishes
from flow.gateway import Gateway
from store import attempts, epoch, leads
from store.changes import NotAsSeen
from store.engine import Tx
from store.wishes import CANCEL, Wish


class Refused(Refusal):
    """The lead's state, the time or what was seen forbids this; the text says which and what to do."""


class NoSuchLead(Exception):
    """No lead has this id or number."""


def cancel(gateway: Gateway, lead_id: str, who: str, why: str, seen: int | None = None) -> Lead:
    """End a lead that waits, was held, suppressed or refused, or whose fate is unknown."""
    with gateway.store.read() as tx:
        found = _found(leads.find(tx, lead_id), lead_id)
    with wishes.said(gateway, Wish(CANCEL, found.id, who)) as know, gateway.store.write() as tx:
        lead = _find(tx, found.id, seen)
        # What protects it stays, or ending it and mapping it again would lift that for many at once.
        move = Move("cancel", states.CANCELLED, lead.protected_by, waits_for="", who=who, why=why)
        know(tx)
        return _move(gateway, tx, lead, move)


def remap(
    gateway: Gateway, lead_id: str, who: str, why: str, seen: int | None = None, *, among_many: bool = False
) -> Lead:
    """Map a lead again that was never claimed, after its mapping or its data was mended.

    `among_many`: its person did not look at this lead by itself, so that nothing which protects it is lifted."""
    with gateway.store.write() as tx:
        lead = _find(tx, lead_id, seen)
        refuse_remap(tx, lead, among_many=among_many)
        columns: Columns = {"despite": "", "due_at": gateway.store.now_ms(tx)}
        columns |= enrich.columns_to_receive(gateway, lead.source, json.loads(lead.payload))
        lead = _move(gateway, tx, lead, Move("remap", states.RECEIVED, columns=columns, who=who, why=why))
    gateway.bell.ring()
    return lead


def rearm(
    gateway: Gateway,
    lead_id: str,
    who: str,
    why: str,
    despite: Iterable[str] = (),
    seen: int | None = None,
    *,
    among_many: bool = False,
    again: bool = False,
    after_round: int | None = None,
) -> Lead:
    """Ring for this lead (again), in a new round, with the named rules set aside. `among_many`: as for `remap`.

    `again`: its person knows that it was accepted, and wants it rung once more; never among many. `after_round`: the
    round that they saw, so that what is asked for twice rings once.
    Refused while an attempt's fate may still come to light: until 10 minutes after the deadline of
    every attempt of it that is open or unknown."""
    aside = sorted(set(despite))
    if unknown_rules := [rule for rule in aside if rule not in policy.DESPITE]:
        raise Refused("not_aside", rules=", ".join(unknown_rules), known=", ".join(sorted(policy.DESPITE)))
    with gateway.store.write() as tx:
        lead = _find(tx, lead_id, seen)
        now = gateway.store.now_ms(tx)
        if after_round not in (None, lead.round):
            raise Refused("another_round", after=after_round, round=lead.round)
        refuse_rearm(gateway, tx, lead, among_many=among_many, again=again)
        columns: Columns = {
            "round": lead.round + 1,
            "despite": ",".join(aside),
            "due_at": now,
            "urgent": 1,
            "tries": 0,
        }
        move = Move("rearm", states.READY, trace={"despite": aside}, columns=columns, who=who, why=why)
        lead = _move(gateway, tx, lead, move)
    gateway.bell.ring()
    return lead


def resolve(gateway: Gateway, lead_id: str, who: str, why: str, provider_id: str = "", seen: int | None = None) -> Lead:
    """The person looked in the provider's panel: this unknown call was accepted there."""
    with gateway.store.write() as tx:
        lead = _find(tx, lead_id, seen)
        trace = {"provider_id": provider_id} if provider_id else {}
        after = _move(gateway, tx, lead, Move("resolve", states.ACCEPTED, trace=trace, who=who, why=why))
        if provider_id:
            attempts.name_unknown(tx, lead.id, provider_id)
        return after


def refuse_remap(tx: Tx, lead: Lead, *, among_many: bool) -> None:
    """Raises Refused where this lead may not be mapped again now."""
    _refuse_transition(lead, "remap", states.RECEIVED)
    _refuse_erased(lead)
    _refuse_protected(tx, lead, among_many)
    if lead.protected_by and lead.has_call:
        raise Refused("only_a_call")
    if lead.claims:
        raise Refused("claimed")


def refuse_rearm(gateway: Gateway, tx: Tx, lead: Lead, *, among_many: bool, again: bool = False) -> None:
    """Raises Refused where this lead may not be rung (again) now."""
    _refuse_transition(lead, "rearm", states.READY)
    _refuse_erased(lead)
    _refuse_protected(tx, lead, among_many)
    _refuse_rung(tx, lead, again and not among_many, among_many)
    if not lead.has_call:
        raise Refused("no_call")
    _refuse_dry(gateway, lead)
    settles, now = attempts.settles_after(tx, lead.id), gateway.store.now_ms(tx)
    if settles is not None and now < settles + SETTLING_MS:
        minutes = (settles + SETTLING_MS - now) // 60_000 + 1
        raise Refused("settling", minutes=minutes)


def _found(lead: Lead | None, lead_id: str) -> Lead:
    if lead is None:
        raise NoSuchLead(f"no lead has the id or number {lead_id!r}")
    return lead


def _find(tx: Tx, lead_id: str, seen: int | None) -> Lead:
    lead = _found(leads.find(tx, lead_id, lock=True), lead_id)
    if seen is not None and seen != lead.history_n:
        raise Refused("seen", seen=seen, now=lead.history_n)
    return lead


def _refuse_transition(lead: Lead, transition: str, target: str) -> None:
    if target not in states.targets(transition, lead.state):
        raise Refused("state", state=lead.state, act=transition)


def _refuse_erased(lead: Lead) -> None:
    if lead.erased_at is not None:
        raise Refused("erased")


def _refuse_protected(tx: Tx, lead: Lead, among_many: bool) -> None:
    if not among_many:
        return
    if lead.received_at <= epoch.lost_calls_before(tx):
        raise Refused("replaced")
    if lead.protected_by:
        raise Refused("protected", reasons=lead.protected_by)


def _refuse_dry(gateway: Gateway, lead: Lead) -> None:
    current = gateway.sources.get(lead.source)
    if current is not None and not current.removed and current.source.dry_run:
        raise Refused("dry_run", source=lead.source)


def _refuse_rung(tx: Tx, lead: Lead, again: bool, among_many: bool) -> None:
    if lead.state != states.ACCEPTED or again:
        return
    rang_at = attempts.newest_start(tx, lead.id)
    if among_many:
        raise Refused("rang_among_many", when=rang_at)
    raise Refused("rang", when=rang_at, round=lead.round)


def _move(gateway: Gateway, tx: Tx, lead: Lead, move: Move) -> Lead:
    _refuse_transition(lead, move.transition, move.target)
    try:
        after = leads.apply(tx, lead, move, at=gateway.store.now_ms(tx))
    except NotAsSeen as why:
        raise Refused("this_moment") from why
    gateway.log.info("operated", lead=lead.id, no=lead.no, transition=move.transition, who=move.who)
    return after
