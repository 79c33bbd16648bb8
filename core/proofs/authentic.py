"""Does this delivery come from its source? The one door, before anything is stored.

Only raw bytes are checked: never a body that was parsed and written again. Nothing in a request can
make a check raise, and every refusal costs the same work, so neither the answer nor its time tells a
stranger how near he came.
"""

import secrets as entropy
from collections.abc import Callable
from ipaddress import IPv6Address, ip_address, ip_network

from core.proofs import botpad, hubspot, linkedin, mango, monday, signed, standard_webhooks, token, wpforms
from core.proofs.covers import BODY, NOTHING, WHOLE, Covers
from core.proofs.proof import CAUSES, FIELD, IP, MALFORMED, NO_SECRET, Proof, Scheme, as_bytes
from core.reading.delivery import Delivery
from core.source import Auth, Source

__all__ = ["CAUSES", "COVERS", "NONE", "OPTIONS", "PROOFS", "SCHEMES", "Proof", "check", "check_head", "covers_of"]

Secrets = Callable[[str], str | None]

LONG_ENOUGH = 16  # characters of a secret
_NOBODYS = (entropy.token_bytes(32),)  # stands where the owner has set none, so that the work is the same; fits nobody
NONE = "none"  # proves nothing; the owner has to write it out
# What data can say.
SCHEMES: dict[str, Scheme] = {
    "token": token.prove,
    "basic": token.prove_basic,
    "hmac": signed.prove,
}
# What it cannot: one sender, one small pure function, named by the preset.
PROOFS: dict[str, Scheme] = {
    "botpad": botpad.prove,
    "hubspot": hubspot.prove,
    "linkedin": linkedin.prove,
    "mango": mango.prove,
    "monday": monday.prove,
    "standard_webhooks": standard_webhooks.prove,
    "wpforms": wpforms.prove,
}
# What each speaks for, where its own proof does not say it of the request at hand.
COVERS: dict[str, Callable[[Auth], Covers]] = {
    NONE: lambda auth: WHOLE,
    "token": lambda auth: WHOLE,
    "basic": lambda auth: WHOLE,
    "monday": lambda auth: WHOLE,  # its JWT says who calls and signs nothing of the request
    "hmac": signed.covers,
    "botpad": lambda auth: Covers(field="json"),
    "mango": lambda auth: Covers(field="json"),
    "hubspot": lambda auth: hubspot.URL_AND_BODY,
    "linkedin": lambda auth: BODY,
    "standard_webhooks": lambda auth: standard_webhooks.EITHER,
    "wpforms": lambda auth: BODY,
}
# The keys that `auth.options` may hold, by scheme; a scheme that is not here takes none.
OPTIONS: dict[str, frozenset[str]] = {"hmac": frozenset({"parts", "several"}), "monday": frozenset({"audience"})}


def check(delivery: Delivery, source: Source, secrets: Secrets, now_ms: int) -> Proof:
    """The proof of this delivery. `secrets` resolves a reference (`env:NAME`) to its value or None;
    `now_ms` is since 1970. Not ok says why in `cause` (one of `CAUSES`), which is for the owner
    and never for the answer. A right proof whose signed time is not now is ok and `late`."""
    auth = source.auth
    scheme = SCHEMES.get(auth.scheme) or PROOFS.get(auth.scheme)
    if auth.scheme == NONE:
        proof = Proof(True, covers=WHOLE)
    elif scheme is None:
        proof = Proof(False, MALFORMED)
    else:
        keys = live_keys(auth.secrets, secrets)
        tried = scheme(delivery, source, keys or _NOBODYS, now_ms)
        # Made anew in either case: a value takes a microsecond, which would tell whether a secret is set.
        ok, cause = (tried.ok, tried.cause) if keys else (False, NO_SECRET)
        proof = Proof(ok, cause, tried.late, tried.spent, tried.covers, tried.marks)
    if proof.covers == NOTHING:
        proof = proof.covering(covers_of(source))
    if auth.allow_ips and not _comes_from(delivery.remote, auth.allow_ips):
        return Proof(False, IP, spent=proof.spent, covers=proof.covers)
    return proof


def check_head(delivery: Delivery, source: Source, secrets: Secrets, now_ms: int) -> Proof | None:
    """The same where the request's head alone decides it, before a byte of the body is waited for: a token in query,
    path or header, Basic, a wrong address. None where the body has a say."""
    auth = source.auth
    if any(rule.before_proof for rule in source.handshakes):
        return None
    in_head = auth.scheme == "basic" or (auth.scheme == "token" and auth.place != FIELD)
    foreign = bool(auth.allow_ips) and not _comes_from(delivery.remote, auth.allow_ips)
    return check(delivery, source, secrets, now_ms) if in_head or foreign else None


def covers_of(source: Source) -> Covers:
    """The most that a proof of this source can speak for, whatever the request."""
    covers = COVERS.get(source.auth.scheme)
    return covers(source.auth) if covers else NOTHING


def live_keys(references: tuple[str, ...], secrets: Secrets) -> tuple[bytes, ...]:
    """The secrets that have a value now, as bytes. An empty one is none: it would fit everybody."""
    return tuple(as_bytes(value) for reference in references if (value := secrets(reference)))


def unproven(source: Source, secrets: Secrets) -> str:
    """The secrets of which none has a value, so that nobody's proof could be right; empty where one has."""
    if source.auth.scheme == NONE or live_keys(source.auth.secrets, secrets):
        return ""
    return ", ".join(source.auth.secrets)


def weakness(source: Source, secrets: Secrets) -> str:
    """What makes it easy for a stranger to make this source ring; empty where nothing does. No value stands in it."""
    if source.auth.scheme == NONE:
        return "auth: none: whoever knows the address can make it ring"
    short = [name for name in source.auth.secrets if 0 < len(secrets(name) or "") < LONG_ENOUGH]
    if not short:
        return ""
    return f"{', '.join(short)}: shorter than {LONG_ENOUGH} characters, so it can be guessed; make it longer"


def _comes_from(remote: str, networks: tuple[str, ...]) -> bool:
    try:
        address = ip_address(remote)
        allowed = [ip_network(network, strict=False) for network in networks]
    except ValueError:
        return False
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped  # how a socket of both families names an IPv4 peer
    return any(address in network for network in allowed)
