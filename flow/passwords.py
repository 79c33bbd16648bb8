"""Passwords as scrypt digests, one at a time in a process: each takes 32 MB and about 65 ms of a core."""

import hashlib
import hmac
import os
import threading

N, R, P = 32_768, 8, 1
MEMORY = 64 * 1024 * 1024
MOST_WAITING = 4  # threads; a flood of sign-ins must leave the others to senders


class Busy(Exception):
    """Too many sign-ins at this moment; try again in a second."""


_one = threading.Lock()
_waiting = threading.BoundedSemaphore(MOST_WAITING)


def digest(password: str) -> str:
    """`scrypt:n:r:p$salt$digest`. Raises Busy."""
    salt = os.urandom(16)
    return f"scrypt:{N}:{R}:{P}${salt.hex()}${_scrypt(password, salt, N, R, P).hex()}"


def is_right(password: str, kept: str) -> bool:
    """Whether the digest is this password's; without a digest it is no, after the same time. Raises Busy."""
    how, salt, wanted = (kept or _NOBODYS).split("$")
    n, r, p = (int(part) for part in how.split(":")[1:])
    same = hmac.compare_digest(_scrypt(password, bytes.fromhex(salt), n, r, p), bytes.fromhex(wanted))
    return same and bool(kept)


def _scrypt(password: str, salt: bytes, n: int, r: int, p: int) -> bytes:
    if not _waiting.acquire(blocking=False):
        raise Busy
    try:
        with _one:
            said = password.encode("utf-8", "surrogatepass")
            return hashlib.scrypt(said, salt=salt, n=n, r=r, p=p, maxmem=MEMORY, dklen=32)
    finally:
        _waiting.release()


_NOBODYS = f"scrypt:{N}:{R}:{P}${'00' * 16}${'00' * 32}"
