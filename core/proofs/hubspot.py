"""HubSpot: v3 where it is sent, else what X-HubSpot-Signature-Version names.

  v3  base64 HMAC-SHA256(secret, METHOD + url + body + timestamp in ms), 5 minutes
  v2  hex SHA-256(secret + METHOD + url + body): workflow actions; no HMAC, no time
  v1  hex SHA-256(secret + body): subscriptions; the version when none is named

The documentation decodes some escapes of the URL before hashing, HubSpot's own SDKs do not: both
are tried. (developers.hubspot.com, request validation; HubSpot/hubspot-api-python signature.py)
"""

import hashlib
import hmac
import re
from urllib.parse import unquote

from core.proofs.proof import (
    HEADER,
    MALFORMED,
    Proof,
    any_same,
    as_bytes,
    from_base64,
    from_hex,
    judged,
    one_header,
    timestamp_ms,
    wire_bytes,
)
from core.reading.delivery import Delivery
from core.source import Source

V3, STAMP = "x-hubspot-signature-v3", "x-hubspot-request-timestamp"
PLAIN, VERSION = "x-hubspot-signature", "x-hubspot-signature-version"
SPENT = ((HEADER, V3), (HEADER, PLAIN))
DECODED = re.compile("%(?:3A|2F|3F|40|21|24|27|28|29|2A|2C|3B)", re.IGNORECASE)


def prove(delivery: Delivery, source: Source, keys: tuple[bytes, ...], now_s: float) -> Proof:
    """The secret is the app's client secret. A v3 signature that is there decides, whatever else is."""
    if delivery.headers_all(V3):
        return _v3(delivery, source, keys, now_s)
    text, cause = one_header(delivery, PLAIN)
    version, _ = one_header(delivery, VERSION)
    given = from_hex(text)
    bare = version in ("", "v1")
    messages = [b""] if bare else [as_bytes(delivery.method) + url for url in _urls(delivery)]
    expected = [hashlib.sha256(key + message + delivery.body).digest() for key in keys for message in messages]
    right = any_same([given or b""], expected)
    if cause or given is None or not (bare or version == "v2"):
        return Proof(False, cause or MALFORMED, spent=SPENT)
    return judged(right, None, 0, now_s, SPENT)


def _v3(delivery: Delivery, source: Source, keys: tuple[bytes, ...], now_s: float) -> Proof:
    text, cause = one_header(delivery, V3)
    stamp, stamp_cause = one_header(delivery, STAMP)
    given, sent_ms = from_base64(text), timestamp_ms(stamp, "ms")
    messages = [as_bytes(delivery.method) + url + delivery.body + wire_bytes(stamp) for url in _urls(delivery)]
    expected = [hmac.new(key, message, "sha256").digest() for key in keys for message in messages]
    right = any_same([given or b""], expected)
    if cause or stamp_cause or given is None or sent_ms is None:
        return Proof(False, cause or stamp_cause or MALFORMED, spent=SPENT)
    return judged(right, sent_ms, source.auth.tolerance_s, now_s, SPENT)


def _urls(delivery: Delivery) -> tuple[bytes, bytes]:
    return as_bytes(delivery.url), as_bytes(DECODED.sub(lambda escape: unquote(escape[0]), delivery.url))
