"""WPForms: `X-WPForms-Webhook-Signature: t=<s>,v=<hex>`, HMAC-SHA256 over `t.` and the data as JSON.

Sent as JSON the data is the body. Sent as a form, or by GET in the query, what was signed is PHP's
JSON of the same fields, which never crosses the wire: it is written anew from the pairs in their
order, as PHP's json_encode writes it. (seen in its class WPFormsWebhooks\\Process)
"""

import hmac
import json
import re
from typing import Any

from core.proofs.covers import BODY, Covers
from core.proofs.proof import (
    HEADER,
    MALFORMED,
    Proof,
    any_same,
    as_bytes,
    from_hex,
    judged,
    one_header,
    timestamp_ms,
    wire_bytes,
)
from core.proofs.signed import keyed_parts
from core.reading import body as bodies
from core.reading.delivery import Delivery
from core.source import Source

NAME = "x-wpforms-webhook-signature"
QUERY = Covers(query=True)
SPENT = ((HEADER, NAME),)


def prove(delivery: Delivery, source: Source, keys: tuple[bytes, ...], now_ms: int) -> Proof:
    """Right when the signature fits the body's bytes, or of a form PHP's JSON of its fields, by any live key."""
    header, cause = one_header(delivery, NAME)
    parts = keyed_parts(header)
    stamps, signatures = parts.get("t", []), parts.get("v", [])
    stamp = stamps[0] if len(stamps) == 1 else ""
    given = from_hex(signatures[0]) if len(signatures) == 1 else None
    sent_ms = timestamp_ms(stamp)
    covers, data = _signed(delivery, source)
    message = wire_bytes(stamp) + b"." + data
    expected = [hmac.new(key, message, "sha256").digest() for key in keys]
    right = any_same([given or b""], expected)
    if cause or given is None or sent_ms is None:
        return Proof(False, cause or MALFORMED, spent=SPENT)
    return judged(right, sent_ms, source.auth.tolerance_ms, now_ms, SPENT, signed=(message,), covers=covers)


def _signed(delivery: Delivery, source: Source) -> tuple[Covers, bytes]:
    """What the signature speaks for, and the data that it is made over."""
    if not delivery.body.strip():
        return QUERY, as_bytes(php_json(bodies.parse(b"", "", delivery.query, source.body).value))
    tree = delivery.signed_tree(source.body)
    return BODY, as_bytes(php_json(tree.value)) if tree.kind == "form" else delivery.body


def php_json(value: Any) -> str:
    """The value as PHP's json_encode writes it by default: `\\/`, `\\u00e4`, no blanks, DEL as it is."""
    text = json.dumps(value, ensure_ascii=True, separators=(",", ":")).replace("/", "\\/")
    return re.sub(r"(\\\\)|\\u007f", lambda found: found[1] or "\x7f", text)
