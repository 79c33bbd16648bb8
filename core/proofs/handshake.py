"""Requests that are no lead and want an exact answer: someone checks that the address is ours.

A rule of the preset says when (`when`, over the tree, the query and `_request`) and what to answer:
a value of the request (`echo`), an object (`reply.json`, whose `{path: ..}` are read from the request),
a fixed text, or what one small function works out (`scheme`).
"""

import hmac
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from core.expressions.expression import Found, Path
from core.proofs.authentic import Secrets, live_keys
from core.proofs.proof import any_same, as_bytes
from core.reading.delivery import Delivery
from core.reading.payload import opened
from core.source import Handshake, Source

LONGEST = 1000  # characters of a stranger's text that are ever sent back
TEXT = "text/plain; charset=utf-8"
JSON = "application/json"
# LinkedIn's are UUIDs. A challenge with `=` in it could begin with `hmacsha256=`, and our answer to it
# would be a valid signature for any body a stranger likes (core/proofs/linkedin.py).
LINKEDIN_CHALLENGE = re.compile(r"[0-9A-Za-z-]{1,64}")

# Schemes that answer with a text of its own (`auth.handshake`), for which the secret itself will never do.
NEED_HANDSHAKE = frozenset({"vk"})


@dataclass(frozen=True)
class Answer:
    """What the sender wants to hear, byte for byte."""

    status: int
    content_type: str
    body: bytes = field(repr=False)


def answer(delivery: Delivery, source: Source, secrets: Secrets, proved: bool) -> Answer | None:
    """The answer of the first rule that fits; None when this is no handshake, or one that has to prove
    itself first (`before_proof` is false) and did not. Never raises, stores nothing."""
    rules = [rule for rule in source.handshakes if proved or rule.before_proof]
    if not rules:
        return None
    read = opened(delivery, source)
    request = read.with_query(read.tree if isinstance(read.tree, dict) else {})
    for rule in rules:
        if (not rule.methods or delivery.method in rule.methods) and rule.when.holds(request) is True:
            found = _answered(rule, request, source, secrets)
            if found:
                return found
    return None


def _answered(rule: Handshake, request: dict[str, Any], source: Source, secrets: Secrets) -> Answer | None:
    reply = rule.reply
    if rule.scheme:
        scheme = SCHEMES.get(rule.scheme)
        return scheme(request, source, secrets) if scheme else None
    if rule.echo:
        text = _plain(rule.echo.read(request))
        return None if text is None else Answer(reply.status, reply.type, as_bytes(text))
    if reply.json is not None:
        return Answer(reply.status, JSON, json.dumps(filled(reply.json, request)).encode("ascii"))
    return Answer(reply.status, reply.type, as_bytes("ok" if reply.body is None else reply.body))


def filled(value: Any, request: dict[str, Any]) -> Any:
    """A reply's object with its references read from the request; null for what is no short text there."""
    if isinstance(value, dict) and set(value) == {"path"}:
        value = Path.compile(value["path"])
    if isinstance(value, Path):
        return _plain(value.read(request))
    return {key: filled(item, request) for key, item in value.items()} if isinstance(value, dict) else value


def _plain(seen: object) -> str | None:
    """A stranger's text that may be sent back: short and no structure."""
    value = seen.value if isinstance(seen, Found) else None
    return value if isinstance(value, str) and len(value) <= LONGEST else None


def _linkedin(request: dict[str, Any], source: Source, secrets: Secrets) -> Answer | None:
    """GET with `challengeCode`, every two hours: its HMAC-SHA256 with the client secret."""
    code, keys = request.get("challengeCode"), live_keys(source.auth.secrets, secrets)
    if not keys or not isinstance(code, str) or not LINKEDIN_CHALLENGE.fullmatch(code):
        return None
    said = {"challengeCode": code, "challengeResponse": hmac.new(keys[0], as_bytes(code), "sha256").hexdigest()}
    return Answer(200, JSON, json.dumps(said).encode("ascii"))


def _meta(request: dict[str, Any], source: Source, secrets: Secrets) -> Answer | None:
    """GET with `hub.challenge`, which is echoed for the owner's own verify token only."""
    challenge, token = request.get("hub.challenge"), request.get("hub.verify_token")
    given = [as_bytes(token)] if isinstance(token, str) else [b""]
    right = any_same(given, _handshake_keys(source, secrets))
    if not right or not isinstance(challenge, str) or len(challenge) > LONGEST:
        return None
    return Answer(200, TEXT, as_bytes(challenge))


def _vk(request: dict[str, Any], source: Source, secrets: Secrets) -> Answer | None:
    """`{"type": "confirmation"}`: the community's confirmation string, alone. The shared secret is never it."""
    keys = live_keys((source.auth.handshake_secret,), secrets) if source.auth.handshake_secret else ()
    return Answer(200, TEXT, keys[0].strip()) if keys else None


def _handshake_keys(source: Source, secrets: Secrets) -> tuple[bytes, ...]:
    own = source.auth.handshake_secret
    return live_keys((own,) if own else source.auth.secrets, secrets)


SCHEMES: dict[str, Callable[[dict[str, Any], Source, Secrets], Answer | None]] = {
    "linkedin": _linkedin,
    "meta": _meta,
    "vk": _vk,
}
