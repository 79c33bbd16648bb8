"""An HMAC over what the sender signs, told by data: most senders that sign at all.

`auth.signed` lists the pieces in their order: `body`, `timestamp`, `id`, `method`, `url`, anything
else is literal text. Two options say what some headers hold beside the digest:
  parts: {timestamp: t, signature: v1}   the header is `t=..,v1=..` (Stripe, Calendly); other parts are ignored
  several: true                          the header lists several signatures (blank or comma), any may fit
"""

import hmac
import re

from core.proofs.covers import Covers
from core.proofs.proof import (
    DIGESTS,
    HEADER,
    MALFORMED,
    MISSING,
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
from core.source import Auth, Source

MOST_SIGNATURES = 16


def prove(delivery: Delivery, source: Source, keys: tuple[bytes, ...], now_ms: int) -> Proof:
    """Right when a signature in `auth.header` is the keyed digest of the signed pieces, by any live key."""
    auth = source.auth
    spent = ((HEADER, auth.header.lower()),)
    header, header_cause = one_header(delivery, auth.header)
    sent, texts = _taken_apart(auth, header)
    stamp, id_, cause = _companions(delivery, auth, sent)
    given = [_digest_of(auth, text) for text in texts]
    message = _message(delivery, auth, stamp, id_)
    digest = auth.digest if auth.digest in DIGESTS else "sha256"
    right = any_same([one or b"" for one in given] or [b""], [hmac.new(key, message, digest).digest() for key in keys])
    sent_ms = timestamp_ms(stamp, auth.timestamp_unit) if stamp else None
    if header_cause or cause:
        return Proof(False, header_cause or cause, spent=spent)
    if auth.digest not in DIGESTS or not any(given) or (stamp and sent_ms is None):
        return Proof(False, MALFORMED, spent=spent)
    return judged(right, sent_ms, auth.tolerance_ms, now_ms, spent, signed=(message,))


def covers(auth: Auth) -> Covers:
    """Nothing but the pieces that are signed, and the headers that two of them stand in."""
    pieces = frozenset(auth.signed)
    beside = {auth.timestamp_header if "timestamp" in pieces else "", auth.id_header if "id" in pieces else ""}
    headers = frozenset(name.lower() for name in beside if name)
    return Covers(body="body" in pieces, url="url" in pieces, method="method" in pieces, headers=headers)


def keyed_parts(header: str) -> dict[str, list[str]]:
    """`t=1,v1=a,v1=b` as {"t": ["1"], "v1": ["a", "b"]}; nothing where a part is no `name=value`."""
    parts: dict[str, list[str]] = {}
    for piece in header.split(",", MOST_SIGNATURES * 2):
        name, equals, value = piece.strip().partition("=")
        if not equals:
            return {}
        parts.setdefault(name, []).append(value)
    return parts


def _taken_apart(auth: Auth, header: str) -> tuple[str | None, list[str]]:
    """(the time inside the header, the signatures in it). The time is None where the header has no
    place for one, and "" where its place is empty or taken twice."""
    names = auth.options.get("parts")
    if isinstance(names, dict):
        parts = keyed_parts(header)
        times = parts.get(str(names.get("timestamp", "t")), [])
        signatures = parts.get(str(names.get("signature", "v1")), [])
        return times[0] if len(times) == 1 else "", signatures[:MOST_SIGNATURES]
    if auth.options.get("several") in (True, "true"):  # options are texts, as the file has them
        return None, [text for text in re.split(r"[,\s]+", header) if text][:MOST_SIGNATURES]
    return None, [header] if header else []


def _companions(delivery: Delivery, auth: Auth, sent: str | None) -> tuple[str, str, str]:
    """(timestamp, id, cause): what is signed beside the body and stands elsewhere in the request."""
    stamp, cause = (sent, "" if sent else MALFORMED) if sent is not None else ("", "")
    if sent is None and auth.timestamp_header:
        stamp, cause = one_header(delivery, auth.timestamp_header)
    id_, id_cause = one_header(delivery, auth.id_header) if auth.id_header else ("", "")
    if not cause and "timestamp" in auth.signed and not stamp:
        cause = MISSING
    return stamp, id_, cause or id_cause


def _digest_of(auth: Auth, text: str) -> bytes | None:
    if not text.startswith(auth.prefix):
        return None
    text = text[len(auth.prefix) :]
    return from_base64(text) if auth.encoding == "base64" else from_hex(text)


def _message(delivery: Delivery, auth: Auth, stamp: str, id_: str) -> bytes:
    pieces = {
        "body": delivery.body,
        "timestamp": wire_bytes(stamp),
        "id": wire_bytes(id_),
        "method": as_bytes(delivery.method),
        "url": as_bytes(delivery.url),
    }
    return b"".join(pieces[piece] if piece in pieces else as_bytes(piece) for piece in auth.signed)
