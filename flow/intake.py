"""From one HTTP request to stored leads, and the answer its sender wants to hear.

A success leaves only after the delivery's bytes and its leads are durably committed.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from core import identity
from core.alarm import UNSTORED
from core.proofs import authentic, handshake
from core.proofs.authentic import Proof
from core.proofs.proof import NO_SECRET
from core.reading.delivery import Delivery
from core.reading.payload import as_it_came
from core.source import Reply
from flow.erased_keys import KeyOfErased
from flow.gateway import Gateway
from flow.intake_batch import Batch, Stored
from flow.intake_prepared import Prepared, prepare
from flow.together import Seat, Take
from store.engine import StoreUnavailable

TRIES = 5
LONGEST_WAIT_MS = 10_000  # for one's turn to be stored
KEPT_MS = 500  # that a group waits for what another process keeps; longer than a migration keeps a table
JSON_TYPE = "application/json"

Committed = tuple[Sequence[Prepared], Sequence[Sequence[Stored]]]


@dataclass(frozen=True)
class Answer:
    """What goes back to the sender: status, media type, body."""

    status: int
    content_type: str
    body: bytes
    retry_after: int | None = None


NEVER_A_SOURCE = "no source has this name; check the address that was pasted into the sender's settings"
NOT_IN_FORCE = "this source is not in force at the moment; please send again later"
NOT_AUTHENTIC = "the proof of this request is missing or wrong; check the token or secret in the sender's settings"
NOT_STORED = "not stored; please send again"
IT_WORKS = "this address works"


class Waiting:
    """A delivery that only has to be stored. `wait` has it stored and answers; or somebody who waits for no one has
    several `seated`, calls `lead` on one of them, and `leave` on each that is not told in time."""

    def __init__(self, gateway: Gateway, reply: Reply | None, payload: dict[str, Any], prepared: Prepared) -> None:
        self._gateway, self._reply, self._payload, self._prepared = gateway, reply, payload, prepared
        self._committed: list[Committed] = []  # by us, for ourselves and for others
        self._seat: Seat[Prepared, list[Stored]] | None = None

    def wait(self) -> Answer:
        try:
            return self._answer(lambda: self._gateway.storing.do(self._prepared, self._store_all, LONGEST_WAIT_MS))
        finally:  # when those who waited have been woken
            self._say(self._committed)

    def seated(self, told: Callable[[], None]) -> None:
        """`told` is called when there is an `answer`."""
        self._seat = self._gateway.storing.seat(self._prepared, told)

    def lead(self) -> bool:
        """Whether others wait to be stored, and nobody does it."""
        return self._gateway.storing.lead(self._store_all, lambda: self._say(self._committed))

    def leave(self) -> None:
        if self._seat is not None:
            self._gateway.storing.leave(self._seat)

    def answer(self) -> Answer:
        """Of one that was told, at once."""
        return self.wait() if self._seat is None else self._answer(self._seat.outcome)

    def _answer(self, stored: Callable[[], list[Stored]]) -> Answer:
        try:
            return _reply(self._reply, self._payload, self._prepared.kept.id, stored())
        except (StoreUnavailable, TimeoutError) as why:
            name = self._prepared.source.name
            self._gateway.log.error("not_stored", source=name, why=str(why))
            self._gateway.refusals.count(name, UNSTORED)
            return problem(503, NOT_STORED, retry_after=5)

    def _store_all(self, take_all: Take[Prepared], patient: bool) -> list[list[Stored]]:
        """Who is patient is no leader whose words could wait until all are told."""
        committed: list[Committed] = [] if patient else self._committed
        stored = _store_all(self._gateway, committed, take_all, LONGEST_WAIT_MS if patient else KEPT_MS)
        if patient:
            self._say(committed)
        return stored

    def _say(self, committed: list[Committed]) -> None:
        """One line for all that one commit stored."""
        for together, stored in committed:
            self._gateway.log.info(
                "received",
                sources=sorted({prepared.source.name for prepared in together}),
                deliveries=[prepared.kept.id for prepared in together],
                leads=[lead.id for its in stored for lead in its],
            )
        committed.clear()


def take(gateway: Gateway, name: str, delivery: Delivery, now_ms: int, proof: Proof | None = None) -> Answer:
    """Check, store and answer one request to the source `name`. `now_ms`: since 1970; `proof`: where the
    request's head has proved it already."""
    begun = begin(gateway, name, delivery, now_ms, proof)
    return begun.wait() if isinstance(begun, Waiting) else begun


def begin(gateway: Gateway, name: str, delivery: Delivery, now_ms: int, proof: Proof | None = None) -> Answer | Waiting:
    """All of `take` that needs no database."""
    current = gateway.sources.get(name) or gateway.sources.fresh(name)
    if current is None:
        return unknown(gateway, name)
    if current.removed:
        return problem(503, NOT_IN_FORCE, retry_after=60)
    source = current.source
    proof = proof or authentic.check(delivery, source, gateway.secrets, now_ms)
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
    return Waiting(gateway, source.reply, as_it_came(pieces[0].payload), prepare(delivery, source, proof, pieces))


def refuse(gateway: Gateway, name: str, proof: Proof) -> Answer:
    """The one answer to whoever proves nothing; why is counted for the owner. Where the secret that would prove it
    cannot be read, nobody knows whether the proof is wrong: some senders end a hook on a 401."""
    gateway.refusals.count(name, proof.cause)
    if proof.cause == NO_SECRET or gateway.secrets_missing(name):
        return problem(503, NOT_IN_FORCE, retry_after=60)
    return problem(401, NOT_AUTHENTIC)


def unknown(gateway: Gateway, name: str) -> Answer:
    """For a name that is no source here. 404 only when that is certain: some senders end a hook on it."""
    if gateway.sources.never_was(name):
        return problem(404, NEVER_A_SOURCE)
    return problem(503, NOT_IN_FORCE, retry_after=5)


def _store_all(
    gateway: Gateway, committed: list[Committed], take_all: Take[Prepared], kept_ms: int
) -> list[list[Stored]]:
    """Deliveries in one commit, put down in `committed`. Raises Busy where somebody keeps what they need for longer
    than `kept_ms`. It begins anew, with a look at the keys of erased leads first, where a key turned out to be one of
    those: rarely, so that all the others pay nothing for it."""
    for go in range(TRIES):
        try:
            with gateway.store.write(lock_ms=kept_ms) as tx:
                together = take_all()
                stored = Batch(gateway, tx, together, looks=go > 0).store()
        except KeyOfErased:
            gateway.log.info("key_of_erased_lead")
        else:
            gateway.bell.ring()
            committed.append((together, stored))
            return stored
    raise StoreUnavailable("keys were erased while they were taken")


def _reply(reply: Reply | None, payload: dict[str, Any], delivery_id: str, stored: Sequence[Stored]) -> Answer:
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
