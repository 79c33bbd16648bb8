"""A delivery made ready to be stored: all that can be done before its transaction is done here, so that the
transaction, in which others wait, does nothing but store."""

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from core import fetching, identity
from core.identity import Piece
from core.proofs.proof import Proof
from core.reading.delivery import Delivery
from core.reading.payload import REQUEST, as_it_came
from core.source import Source
from flow.seen import MARK
from store.deliveries import Kept
from store.ids import new_id
from store.keys import Key, in_order

DIGEST_WINDOW_MS = 600_000


@dataclass(frozen=True)
class Ready:
    """One lead of a delivery. `position` is its place in it, `key` what a repeat of it is known by for
    `window_ms`, `lead` what it is received with if it is none."""

    piece: Piece
    position: int
    key: Key
    window_ms: int
    lead: dict[str, Any]


@dataclass(frozen=True, eq=False)
class Prepared:
    """A delivery, its leads in the order of their keys, and the keys under which its signed bytes are remembered."""

    source: Source
    late: bool
    kept: Kept
    leads: tuple[Ready, ...]
    marks: tuple[Key, ...]


def prepare(delivery: Delivery, source: Source, proof: Proof, pieces: tuple[Piece, ...]) -> Prepared:
    """`pieces` are the delivery's leads, at least one."""
    request = as_it_came(pieces[0].payload)[REQUEST]
    kept = Kept(
        id=new_id(),
        source=source.name,
        method=delivery.method,
        query=json.dumps(request["query"]),
        headers=json.dumps(request["headers"]),
        body=delivery.body,
        digest=hashlib.sha256(delivery.body).hexdigest(),
        problem=pieces[0].problem or "",
    )
    ready = sorted((_ready(source, piece, n) for n, piece in enumerate(pieces)), key=lambda one: in_order(one.key))
    marks = tuple((source.name, MARK + mark) for mark in proof.marks)
    return Prepared(source, proof.late, kept, tuple(ready), marks)


def _ready(source: Source, piece: Piece, position: int) -> Ready:
    key, window_ms = _key(source, piece)
    lead = {
        "id": new_id(),
        "source": source.name,
        "account": source.account,
        "event_key": piece.event_key,
        "digest": piece.digest,
        "payload": identity.payload_text(piece),
        "asks_crm": int(fetching.needs_asking(piece.payload, source)),
    }
    return Ready(piece, position, (source.name, key), window_ms, lead)


def _key(source: Source, piece: Piece) -> tuple[str, int]:
    """The key under which a repeat is known, and its window in milliseconds."""
    if piece.event_key is not None:
        return piece.event_key, source.repeat_window_ms
    return f"digest:{piece.digest}", DIGEST_WINDOW_MS if source.event_key else source.repeat_window_ms
