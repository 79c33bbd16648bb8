"""What a check of a delivery's proof yields, and the few steps that every scheme shares.

A scheme is a pure function `(delivery, source, keys, now_ms) -> Proof`. `keys` are the live secrets
as bytes, never empty: where the owner has set none, the caller passes one that fits nothing. A
scheme never raises and does the same work whether a proof is missing, malformed or wrong.
"""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from core.proofs.covers import NOTHING, Covers
from core.reading.delivery import Delivery
from core.reading.form import pairs_of_bytes
from core.reading.tree import Unreadable
from core.source import Source

MISSING = "missing"  # nothing there that could be a proof
WRONG = "wrong"  # a proof of the right form that does not fit
MALFORMED = "malformed"  # not of the sender's form, or given more than once
NO_SECRET = "no_secret"  # noqa: S105 - the owner has set none: nothing can be authentic
TOO_OLD = "too_old"  # right, but its time is not now
IP = "ip"  # not from an address of the sender's
CAUSES = (MISSING, WRONG, MALFORMED, NO_SECRET, TOO_OLD, IP)

QUERY, PATH, HEADER, FIELD = "query", "path", "header", "field"
Spent = tuple[tuple[str, str], ...]
LONGEST = 8192  # characters of a header that may be a proof
DIGESTS = frozenset({"md5", "sha1", "sha256", "sha384", "sha512"})


@dataclass(frozen=True)
class Proof:
    """`ok`: the delivery comes from the source. `late`: it does, but it was signed too long ago to be
    taken for new (`cause` is then `too_old`). `spent` names what held the proof, as (place, name) with
    the place query, path, header or field, so that it is never stored; it is filled in whatever `ok` is.

    `covers`: what it speaks for. `marks`: digests of what was signed, 64 hex characters each, none where
    nothing was. A request whose first mark has come before was sent again by somebody; all are remembered."""

    ok: bool
    cause: str = ""
    late: bool = False
    spent: Spent = ()
    covers: Covers = NOTHING
    marks: tuple[str, ...] = ()

    def covering(self, covers: Covers) -> "Proof":
        """The same, speaking for this much."""
        return Proof(self.ok, self.cause, self.late, self.spent, covers, self.marks)


Scheme = Callable[[Delivery, Source, tuple[bytes, ...], int], Proof]


def as_bytes(text: str) -> bytes:
    """The text's UTF-8, for any text at all: a lone surrogate is kept, not refused."""
    return text.encode("utf-8", "surrogatepass")


def wire_bytes(header: str) -> bytes:
    """A header's value as it came: WSGI hands its bytes over as Latin-1."""
    try:
        return header.encode("latin-1")
    except UnicodeEncodeError:
        return as_bytes(header)


def same(given: bytes, expected: bytes) -> bool:
    """Equal or not, in a time that tells neither where they differ nor how long the secret is."""
    return hmac.compare_digest(hashlib.sha256(given).digest(), hashlib.sha256(expected).digest())


def any_same(given: Iterable[bytes], expected: Iterable[bytes]) -> bool:
    """Whether any of `given` equals any of `expected`; all pairs are compared, whatever is found."""
    wanted = tuple(expected)
    found = False
    for one in given:
        for other in wanted:
            found |= same(one, other)
    return found


def one_header(delivery: Delivery, name: str) -> tuple[str, str]:
    """(value, cause): the header's only value, stripped. "" with the cause where it is not there, empty,
    given twice or absurdly long."""
    values = delivery.headers_all(name.lower())
    if len(values) > 1 or (values and len(values[0]) > LONGEST):
        return "", MALFORMED
    value = values[0].strip() if values else ""
    return value, "" if value else MISSING


def from_hex(text: str) -> bytes | None:
    """The bytes of a hexadecimal digest in any case; None where it is none."""
    if len(text) % 2 or not re.fullmatch(r"[0-9A-Fa-f]{2,512}", text):
        return None
    return bytes.fromhex(text)


def from_base64(text: str) -> bytes | None:
    """The bytes of standard base64 with its padding; None where it is none."""
    try:
        return base64.b64decode(text.encode("ascii"), validate=True) or None
    except (UnicodeEncodeError, binascii.Error, ValueError):
        return None


def timestamp_ms(text: str, unit: str = "s") -> int | None:
    """A signed time in milliseconds since 1970, from plain ASCII digits in seconds or milliseconds."""
    if not re.fullmatch(r"[0-9]{1,16}", text):
        return None
    return int(text) * (1 if unit == "ms" else 1000)


def judged(
    right: bool,
    sent_ms: int | None,
    tolerance_ms: int,
    now_ms: int,
    spent: Spent,
    *,
    signed: Iterable[bytes],
    covers: Covers = NOTHING,
) -> Proof:
    """The proof that a comparison makes of what was `signed`. A right one is late when its time differs
    from now by more than `tolerance_ms`, either way (0: any time will do). `covers` where it depends on
    the request; else `core.proofs.authentic.COVERS` says it."""
    if not right:
        return Proof(False, WRONG, spent=spent)
    marks = tuple(hashlib.sha256(message).hexdigest() for message in signed)
    late = sent_ms is not None and tolerance_ms > 0 and abs(now_ms - sent_ms) > tolerance_ms
    return Proof(True, TOO_OLD if late else "", late=late, spent=spent, covers=covers, marks=marks)


def form_fields(body: bytes, *names: str) -> tuple[tuple[bytes, ...], str]:
    """(values, cause): the named fields of a form, each there exactly once, as the very bytes that were meant; the
    tree reads the same ones, unfolds and unwraps. Where one is not, every value is empty and the cause says why."""
    nothing = (b"",) * len(names)
    try:
        pairs = pairs_of_bytes(body)
    except Unreadable:
        return nothing, MALFORMED
    found = [[value for key, value in pairs if key == name.encode()] for name in names]
    if any(len(values) > 1 for values in found):
        return nothing, MALFORMED
    if not all(values and values[0] for values in found):
        return nothing, MISSING
    return tuple(values[0] for values in found), ""
