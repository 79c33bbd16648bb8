"""Botpad: the field `secret` is hex MD5(json + key). MD5 is the sender's choice. (core4.gitbook.io/botpad)"""

import hashlib

from core.proofs.proof import FIELD, MALFORMED, Proof, any_same, form_fields, from_hex, judged
from core.reading.delivery import Delivery
from core.source import Source

SPENT = ((FIELD, "secret"),)


def prove(delivery: Delivery, source: Source, keys: tuple[bytes, ...], now_ms: int) -> Proof:
    """Right for the very text in the field `json`, before anyone parsed it."""
    (text, secret), cause = form_fields(delivery.body, "json", "secret")
    given = from_hex(secret.decode("latin-1"))
    expected = [hashlib.md5(text + key, usedforsecurity=False).digest() for key in keys]
    right = any_same([given or b""], expected)
    if cause or given is None:
        return Proof(False, cause or MALFORMED, spent=SPENT)
    return judged(right, None, 0, now_ms, SPENT, signed=(text,))
