"""LinkedIn: X-LI-Signature is hex HMAC-SHA256 over the text `hmacsha256=` and the body.

Some of its code writes that text before the digest in the header too: both are taken. The text is
what keeps the challenge (core/proofs/handshake.py) from signing bodies for strangers.
"""

import hmac

from core.proofs.proof import HEADER, MALFORMED, Proof, any_same, from_hex, judged, one_header
from core.reading.delivery import Delivery
from core.source import Source

SPENT = ((HEADER, "x-li-signature"),)
MARK = "hmacsha256="


def prove(delivery: Delivery, source: Source, keys: tuple[bytes, ...], now_ms: int) -> Proof:
    """The secret is the app's client secret."""
    text, cause = one_header(delivery, "x-li-signature")
    given = from_hex(text.removeprefix(MARK))
    expected = [hmac.new(key, MARK.encode() + delivery.body, "sha256").digest() for key in keys]
    right = any_same([given or b""], expected)
    if cause or given is None:
        return Proof(False, cause or MALFORMED, spent=SPENT)
    return judged(right, None, 0, now_ms, SPENT, signed=(delivery.body,))
