"""Standard Webhooks 1.0.0: `id.timestamp.body`, several `v1,<base64>` entries, a `whsec_` key.

Svix sends the same under `svix-` names. Of `v1a` (ed25519) and later entries nothing is read.
The id is the event's, the same over retries: it stays in `_request.headers`.
"""

import hmac
import re

from core.proofs.covers import Covers
from core.proofs.proof import (
    HEADER,
    MALFORMED,
    Proof,
    any_same,
    from_base64,
    judged,
    one_header,
    timestamp_ms,
    wire_bytes,
)
from core.reading.delivery import Delivery
from core.source import Source

EITHER = Covers(body=True, headers=frozenset(f"{a}-{b}" for a in ("webhook", "svix") for b in ("id", "timestamp")))
MOST_ENTRIES = 16
ENTRY = re.compile(r"v[0-9]{1,2}[a-z]?,[A-Za-z0-9+/_-]+={0,2}")
SECRET = b"whsec_"


def prove(delivery: Delivery, source: Source, keys: tuple[bytes, ...], now_ms: int) -> Proof:
    """Right when any `v1` entry fits any live key."""
    own = delivery.headers_all("webhook-signature") or not delivery.headers_all("svix-signature")
    family = "webhook" if own else "svix"
    spent = ((HEADER, f"{family}-signature"),)
    header, cause = one_header(delivery, f"{family}-signature")
    id_, id_cause = one_header(delivery, f"{family}-id")
    stamp, stamp_cause = one_header(delivery, f"{family}-timestamp")
    entries = header.split(maxsplit=MOST_ENTRIES)
    whole = all(ENTRY.fullmatch(entry) for entry in entries)
    given = [from_base64(entry[3:]) for entry in entries if whole and entry.startswith("v1,")]
    sent_ms = timestamp_ms(stamp)
    message = b".".join((wire_bytes(id_), wire_bytes(stamp), delivery.body))
    expected = [hmac.new(key, message, "sha256").digest() for secret in keys for key in _keys(secret)]
    right = any_same([one or b"" for one in given] or [b""], expected)
    if cause or id_cause or stamp_cause or not any(given) or sent_ms is None:
        return Proof(False, cause or id_cause or stamp_cause or MALFORMED, spent=spent)
    covers = Covers(body=True, headers=frozenset({f"{family}-id", f"{family}-timestamp"}))
    return judged(right, sent_ms, source.auth.tolerance_ms, now_ms, spent, signed=(message,), covers=covers)


def _keys(secret: bytes) -> list[bytes]:
    """The key inside `whsec_<base64>`. Without the prefix it may be either: the key itself or its base64."""
    decoded = from_base64(secret.removeprefix(SECRET).decode("latin-1"))
    if secret.startswith(SECRET):
        return [decoded or secret]
    return [secret, decoded] if decoded else [secret]
