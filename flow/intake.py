"""From one HTTP request to stored leads, and the answer its sender wants to hear.

A success leaves only after the delivery's bytes and its leads are durably committed.
"""

import json
from dataclasses import dataclass
from typing import Any

from core import decision, fetching, identity, states
from core.alarm import UNSTORED
from core.identity import Piece
from core.lead import Lead
from core.move import Columns, Move
from core.proofs import authentic, handshake
from core.proofs.authentic import Proof
from core.reading.delivery import Delivery
from core.reading.payload import REQUEST, as_it_came
from core.reason import Reason
from core.source import Reply, Source
from flow.changed import Difference, difference
from flow.erased_keys import ErasedKeys, KeyOfErased
from flow.gateway import Gateway
from flow.seen import SeenBytes
from store import deliveries, epoch, leads
from store.engine import StoreUnavailable, Tx
from store.ids import new_id

DIGEST_WINDOW_S = 600
TRIES = 5
ANOTHER_LEAD = {Difference.OTHER_PERSON: "same_id_other_number", Difference.NOW_A_LEAD: "signature_seen"}
JSON_TYPE = "application/json"


@dataclass(frozen=True)
class Answer:
    """What goes back to the sender: status, media type, body."""

    status: int
    content_type: str
    body: bytes
    retry_after: int | None = None


@dataclass(frozen=True)
class Stored:
    """One lead of the delivery, in the sender's order. `duplicate`: it had come before."""

    id: str
    state: str
    duplicate: bool


NEVER_A_SOURCE = "no source has this name; check the address that was pasted into the sender's settings"
NOT_IN_FORCE = "this source is not in force at the moment; please send again later"
NOT_AUTHENTIC = "the proof of this request is missing or wrong; check the token or secret in the sender's settings"
NOT_STORED = "not stored; please send again"
IT_WORKS = "this address works"


def take(gateway: Gateway, name: str, delivery: Delivery, now_s: float) -> Answer:
    """Check, store and answer one request to the source `name`. `now_s`: seconds since 1970."""
    current = gateway.sources.get(name) or gateway.sources.fresh(name)
    if current is None:
        return unknown(gateway, name)
    if current.removed:
        return problem(503, NOT_IN_FORCE, retry_after=60)
    source = current.source
    proof = authentic.check(delivery, source, gateway.secrets, now_s)
    greeted = handshake.answer(delivery, source, gateway.secrets, proof.ok)
    if greeted is not None:
        return Answer(greeted.status, greeted.content_type, greeted.body)
    if not proof.ok:
        return refuse(gateway, name, proof)
    if len(delivery.body) > source.body.max_bytes:
        gateway.refusals.count(name, "too_large")
        return problem(413, f"larger than the {source.body.max_bytes} bytes that this source may send at once")
    pieces = identity.split(delivery, source, proof)
    if not pieces:
        return Answer(200, "text/plain; charset=utf-8", IT_WORKS.encode())
    try:
        delivery_id, stored = _store(gateway, source, delivery, proof, pieces)
    except StoreUnavailable as why:
        gateway.log.error("not_stored", source=name, why=str(why))
        gateway.refusals.count(name, UNSTORED)
        return problem(503, NOT_STORED, retry_after=5)
    gateway.bell.ring()
    gateway.log.info("received", source=name, delivery=delivery_id, leads=[s.id for s in stored])
    return _reply(source.reply, as_it_came(pieces[0].payload), delivery_id, stored)


def refuse(gateway: Gateway, name: str, proof: Proof) -> Answer:
    """The one answer to whoever proves nothing; why is counted for the owner."""
    gateway.refusals.count(name, proof.cause)
    return problem(401, NOT_AUTHENTIC)


def unknown(gateway: Gateway, name: str) -> Answer:
    """For a name that is no source here. 404 only when that is certain: some senders end a hook on it."""
    if gateway.sources.never_was(name):
        return problem(404, NEVER_A_SOURCE)
    return problem(503, NOT_IN_FORCE, retry_after=5)


def _store(
    gateway: Gateway, source: Source, delivery: Delivery, proof: Proof, pieces: tuple[Piece, ...]
) -> tuple[str, list[Stored]]:
    """One commit. It begins anew, with a look at the keys of erased leads first, where a key turned out to
    be one of those: rarely, so that all the others pay nothing for it."""
    for go in range(TRIES):
        try:
            return _store_once(gateway, source, delivery, proof, pieces, looks=go > 0)
        except KeyOfErased:
            gateway.log.info("key_of_erased_lead", source=source.name)
    raise StoreUnavailable("keys were erased while they were taken")


def _store_once(
    gateway: Gateway, source: Source, delivery: Delivery, proof: Proof, pieces: tuple[Piece, ...], *, looks: bool
) -> tuple[str, list[Stored]]:
    """Delivery, leads and event keys in one commit. Keys are taken in sorted order: unsorted batches
    of two senders deadlock each other."""
    delivery_id = new_id()
    request = as_it_came(pieces[0].payload)[REQUEST]
    stored: dict[int, Stored] = {}
    with gateway.store.write() as tx:
        now = gateway.store.now_ms(tx)
        deliveries.add(
            tx,
            delivery_id,
            source=source.name,
            at=now,
            method=delivery.method,
            query=request["query"],
            headers=request["headers"],
            body=delivery.body,
            problem=pieces[0].problem or "",
        )
        keys = ErasedKeys(gateway, tx, source.name, now, looks)
        taking = _Taking(tx, source, proof, delivery_id, now, keys, SeenBytes(tx, source.name, proof, keys, now))
        for position, piece in sorted(enumerate(pieces), key=lambda p: _key(source, p[1])):
            stored[position] = _take_piece(taking, piece, position)
        taking.seen.remember(stored[0].id)
    return delivery_id, [stored[position] for position in sorted(stored)]


def _key(source: Source, piece: Piece) -> tuple[str, int]:
    """The key under which a repeat is known, and its window in seconds."""
    if piece.event_key is not None:
        return piece.event_key, source.repeat_window_s
    return f"digest:{piece.digest}", DIGEST_WINDOW_S if source.event_key else source.repeat_window_s


@dataclass(frozen=True)
class _Taking:
    """One delivery being stored, in its transaction."""

    tx: Tx
    source: Source
    proof: Proof
    delivery_id: str
    now: int
    keys: ErasedKeys
    seen: SeenBytes

    def take_key(self, key: str, window_s: int, lead_id: str) -> Lead | None:
        """The lead that has this key, locked; None when it is ours now."""
        holder = self.keys.holder(key, window_s)
        holder = holder or leads.take_key(self.tx, self.source.name, key, lead_id, self.now, window_s * 1000)
        if holder is None:
            return None
        first = leads.get(self.tx, holder, lock=True)
        if first is None:
            raise RuntimeError("an event key points to no lead")
        return first


def _take_piece(taking: _Taking, piece: Piece, position: int) -> Stored:
    key, window_s = _key(taking.source, piece)
    lead_id = new_id()
    first = taking.take_key(key, window_s, lead_id)
    if first is None:
        return _new(taking, piece, lead_id, position, _reasons_to_hold(taking, piece), key, window_s)
    changed = difference(taking.source, first, piece)
    if changed in ANOTHER_LEAD:
        # For a person to decide; the key with its digest makes its own retries repeats of it.
        reason = Reason(ANOTHER_LEAD[changed], {"no": first.no})
        other_key = json.dumps([key, piece.digest])
        first = taking.take_key(other_key, window_s, lead_id)
        if first is None:
            return _new(taking, piece, lead_id, position, [reason], other_key, window_s)
        changed = Difference.NONE
    return _repeat(taking, first, changed, piece, position)


def _reasons_to_hold(taking: _Taking, piece: Piece) -> list[Reason]:
    if piece.problem:
        return [Reason("unreadable"), Reason(piece.problem)]
    seen = [taking.seen.reason()] if taking.seen.came_before else []
    return seen + ([Reason("late_signature")] if taking.proof.late else [])


def _new(
    taking: _Taking, piece: Piece, lead_id: str, position: int, hold: list[Reason], key: str, window_s: int
) -> Stored:
    tx, source = taking.tx, taking.source
    values = {
        "source": source.name,
        "account": source.account,
        "event_key": piece.event_key,
        "digest": piece.digest,
        "payload": identity.payload_text(piece),
        "asks_crm": int(fetching.needs_asking(piece.payload, source)),
    }
    if leads.receive(tx, lead_id, values, at=taking.now):
        taking.keys.check_of(key, window_s)()
        taking.seen.check()
    leads.link(tx, taking.delivery_id, lead_id, position, "first")
    if hold:
        lead = leads.get(tx, lead_id)
        if lead is None:
            raise RuntimeError("a lead just stored is gone")
        leads.apply(taking.tx, lead, decision.hold(*hold), at=taking.now)
        return Stored(lead_id, states.HELD, duplicate=False)
    return Stored(lead_id, states.RECEIVED, duplicate=False)


def _repeat(taking: _Taking, first: Lead, changed: Difference, piece: Piece, position: int) -> Stored:
    """A repeat never vanishes: it is a delivery of its lead, and mends it where no call was claimed and nothing
    protects it. What came before, or comes late, is old: it mends nothing."""
    kind, state = "repeat", first.state
    old = taking.seen.came_before or taking.proof.late
    differs = changed is Difference.SAME_PERSON and not old
    if differs and first.claims:
        kind = "changed_after_call"
        leads.mark_changed_after_call(taking.tx, first.id)
    elif differs and not first.protected_by and states.targets("correct", first.state):
        kind = "correction"
        columns: Columns = {
            "payload": identity.payload_text(piece),
            "digest": piece.digest,
            "asks_crm": int(fetching.needs_asking(piece.payload, taking.source)),
            "tries": 0,
            "due_at": taking.now,
        }
        moves = [Move("correct", states.RECEIVED, columns=columns, who="web", old_payload=first.payload)]
        if first.received_at <= epoch.lost_calls_before(taking.tx):
            moves.append(decision.hold(Reason("may_have_rung")))
        state = moves[-1].target
        leads.apply(taking.tx, first, *moves, at=taking.now)
    leads.link(taking.tx, taking.delivery_id, first.id, position, kind)
    return Stored(first.id, state, duplicate=True)


def _reply(reply: Reply | None, payload: dict[str, Any], delivery_id: str, stored: list[Stored]) -> Answer:
    """What the preset says; references in it are read from the first lead's payload."""
    if reply is not None and reply.json is not None:
        return Answer(reply.status, JSON_TYPE, json.dumps(handshake.filled(reply.json, payload)).encode("ascii"))
    if reply is not None and reply.body is not None:
        return Answer(reply.status, reply.type, reply.body.encode())
    shown = [{"id": s.id, "state": s.state, "duplicate": s.duplicate} for s in stored]
    return Answer(200, JSON_TYPE, json.dumps({"delivery": delivery_id, "leads": shown}).encode())


def problem(status: int, text: str, retry_after: int | None = None) -> Answer:
    """An answer that says what was expected, what came and what to do, as RFC 9457 has it."""
    body = json.dumps({"status": status, "title": text}).encode()
    return Answer(status, "application/problem+json", body, retry_after)
