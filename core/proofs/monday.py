"""monday.com: `Authorization: <JWT>` signed with HS256, for hooks that an app makes.

The JWT says nothing of the body; it proves who calls, until its `exp`. A board's own webhook
recipe is unsigned: its owner puts a token into the URL. (developer.monday.com, authorization header)
Option `audience: url`: the claim `aud` must be the URL that was called (with or without its query).
"""

import base64
import hmac
import json
import re
from typing import Any

from core.proofs.proof import HEADER, MALFORMED, TOO_OLD, WRONG, Proof, any_same, one_header
from core.proofs.token import BEARER
from core.reading.delivery import Delivery
from core.source import Source

SPENT = ((HEADER, "authorization"),)
PART = re.compile(r"[A-Za-z0-9_-]{2,6000}")
FAR_FUTURE_S = 1e12  # what no clock will show: a number that is no time


def prove(delivery: Delivery, source: Source, keys: tuple[bytes, ...], now_ms: int) -> Proof:
    """Right when the JWT's HS256 fits a live key, whatever its header would have liked; late after `exp`."""
    header, cause = one_header(delivery, "authorization")
    parts = BEARER.sub("", header, count=1).split(".", 3)
    whole = len(parts) == 3 and all(PART.fullmatch(part) for part in parts)
    head, claims, given = [_decoded(part) for part in parts] if whole else [None] * 3
    message = ".".join(parts[:2]).encode("utf-8", "replace")
    right = any_same([given or b""], [hmac.new(key, message, "sha256").digest() for key in keys])
    expires, audience = _read(head, claims)
    if cause or expires is None:
        return Proof(False, cause or MALFORMED, spent=SPENT)
    if not right or (source.auth.options.get("audience") == "url" and not _is_for(delivery.url, audience)):
        return Proof(False, WRONG, spent=SPENT)
    if now_ms > expires * 1000 + source.auth.tolerance_ms:
        return Proof(True, TOO_OLD, late=True, spent=SPENT)
    return Proof(True, spent=SPENT)


def _decoded(part: str) -> bytes | None:
    try:
        return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
    except ValueError:
        return None


def _read(head: bytes | None, claims: bytes | None) -> tuple[float | None, Any]:
    """(exp, aud) of a JWT whose header asks for HS256 and for nothing that we would have to understand."""
    try:
        said, claimed = json.loads(head or b""), json.loads(claims or b"")
    except (ValueError, RecursionError):
        return None, None
    if not isinstance(said, dict) or not isinstance(claimed, dict):
        return None, None
    expires = claimed.get("exp")
    if said.get("alg") != "HS256" or "crit" in said or not isinstance(expires, int | float):
        return None, None
    return (expires if abs(expires) < FAR_FUTURE_S else None), claimed.get("aud")


def _is_for(url: str, audience: Any) -> bool:
    wanted = (url, url.partition("?")[0])
    return any(one in wanted for one in (audience if isinstance(audience, list) else [audience]))
