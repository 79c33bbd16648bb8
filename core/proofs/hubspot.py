"""HubSpot: v3 where it is sent, else what X-HubSpot-Signature-Version names.

  v3  base64 HMAC-SHA256(secret, METHOD + url + body + timestamp in ms), 5 minutes
  v2  hex SHA-256(secret + METHOD + url + body): workflow actions; no HMAC, no time
  v1  hex SHA-256(secret + body): subscriptions; the version when none is named

The documentation decodes some escapes of the URL before hashing, HubSpot's own SDKs do not: both
are tried. (developers.hubspot.com, request validation; HubSpot/hubspot-api-python signature.py)

A plain SHA-256 behind a secret can be continued by a stranger: he adds padding and what he likes to the
body and still gives the right digest. So v1 and v2 are taken for nothing but a whole JSON object or
list, which no continuation is. v3 alone decides where it is sent; a request that is sent again without it
carries a body that has been seen (`marks`).
"""

import hashlib
import hmac
import json
import re
from urllib.parse import unquote

from core.proofs.covers import BODY, Covers
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
URL_AND_BODY = Covers(body=True, url=True, method=True)
DECODED = re.compile("%(?:3A|2F|3F|40|21|24|27|28|29|2A|2C|3B)", re.IGNORECASE)


def prove(delivery: Delivery, source: Source, keys: tuple[bytes, ...], now_ms: int) -> Proof:
    """The secret is the app's client secret. A v3 signature that is there decides, whatever else is."""
    if delivery.headers_all(V3):
        return _v3(delivery, source, keys, now_ms)
    text, cause = one_header(delivery, PLAIN)
    version, _ = one_header(delivery, VERSION)
    given = from_hex(text)
    bare = version in ("", "v1")
    messages = [b""] if bare else [as_bytes(delivery.method) + url for url in _urls(delivery)]
    expected = [hashlib.sha256(key + message + delivery.body).digest() for key in keys for message in messages]
    right = any_same([given or b""], expected)
    if cause or given is None or not (bare or version == "v2"):
        return Proof(False, cause or MALFORMED, spent=SPENT)
    if right and not _is_whole_json(delivery.body, bare):
        return Proof(False, MALFORMED, spent=SPENT)
    covers = BODY if bare else URL_AND_BODY
    return judged(right, None, 0, now_ms, SPENT, signed=(delivery.body,), covers=covers)


def _v3(delivery: Delivery, source: Source, keys: tuple[bytes, ...], now_ms: int) -> Proof:
    text, cause = one_header(delivery, V3)
    stamp, stamp_cause = one_header(delivery, STAMP)
    given, sent_ms = from_base64(text), timestamp_ms(stamp, "ms")
    messages = [as_bytes(delivery.method) + url + delivery.body + wire_bytes(stamp) for url in _urls(delivery)]
    expected = [hmac.new(key, message, "sha256").digest() for key in keys for message in messages]
    right = any_same([given or b""], expected)
    if cause or stamp_cause or given is None or sent_ms is None:
        return Proof(False, cause or stamp_cause or MALFORMED, spent=SPENT)
    # The body's own mark is what tells it when it comes again under v1 or v2.
    signed = (delivery.body + wire_bytes(stamp), delivery.body)
    return judged(right, sent_ms, source.auth.tolerance_ms, now_ms, SPENT, signed=signed, covers=URL_AND_BODY)


def _is_whole_json(body: bytes, bare: bool) -> bool:
    """An object or a list from the first byte to the last; v2 may sign an address alone (a GET)."""
    if not body:
        return not bare
    try:
        return isinstance(json.loads(body.decode("utf-8"), parse_int=str), dict | list)
    except (ValueError, RecursionError):
        return False


def _urls(delivery: Delivery) -> tuple[bytes, bytes]:
    return as_bytes(delivery.url), as_bytes(DECODED.sub(lambda escape: unquote(escape[0]), delivery.url))
