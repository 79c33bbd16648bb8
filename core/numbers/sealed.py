"""Numbers in an address that nobody can read: sealed under a key, the same text for the same numbers."""

import base64
import binascii
import hashlib
import hmac

TAG = 12  # bytes; also what the pad is made from, so two different numbers never share a pad


def seal(numbers: tuple[str, ...], key: str) -> str:
    """The numbers (digits) as a short text for a URL; `opened` reads it back under the same key only."""
    plain = ",".join(numbers).encode("ascii")
    tag = _mac(key, b"tag", plain)[:TAG]
    return base64.urlsafe_b64encode(tag + _padded(plain, key, tag)).decode().rstrip("=")


def opened(text: str, key: str) -> tuple[str, ...] | None:
    """The numbers; None for what was not sealed under this key."""
    try:
        raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        return None
    tag, plain = raw[:TAG], _padded(raw[TAG:], key, raw[:TAG])
    if not hmac.compare_digest(_mac(key, b"tag", plain)[:TAG], tag):
        return None
    return tuple(plain.decode("ascii").split(","))


def _padded(data: bytes, key: str, tag: bytes) -> bytes:
    pad = b"".join(_mac(key, b"pad", tag + bytes([n])) for n in range(len(data) // 32 + 1))
    return bytes(one ^ other for one, other in zip(data, pad, strict=False))


def _mac(key: str, what: bytes, data: bytes) -> bytes:
    return hmac.new(key.encode(), what + b":" + data, hashlib.sha256).digest()
