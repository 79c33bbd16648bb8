"""Mango Office: the field `sign` is hex SHA-256(vpbx_api_key + json + salt) over the decoded fields.

The secret is the salt. The key comes in the request, so it proves nothing and is dropped as well.
(seen in several public receivers)
"""

import hashlib

from core.proofs.proof import FIELD, MALFORMED, Proof, any_same, form_fields, from_hex, judged
from core.reading.delivery import Delivery
from core.source import Source

SPENT = ((FIELD, "sign"), (FIELD, "vpbx_api_key"))


def prove(delivery: Delivery, source: Source, keys: tuple[bytes, ...], now_ms: int) -> Proof:
    """Right for the very text in the field `json`, before anyone parsed it."""
    (key, text, sign), cause = form_fields(delivery.body, "vpbx_api_key", "json", "sign")
    given = from_hex(sign.decode("latin-1"))
    right = any_same([given or b""], [hashlib.sha256(key + text + salt).digest() for salt in keys])
    if cause or given is None:
        return Proof(False, cause or MALFORMED, spent=SPENT)
    return judged(right, None, 0, now_ms, SPENT, signed=(key + text,))
