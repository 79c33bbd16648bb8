"""What a stranger can make of a plain SHA-256 behind a secret he does not know: the digest of a longer text.

The digest is the hash's whole state after the padded text, so that whoever has it can go on from there.
"""

import struct

MASK = 0xFFFFFFFF


def _roots() -> list[int]:
    """The first 32 bits of the fractions of the cube roots of the first 64 primes (FIPS 180-4)."""
    primes = [n for n in range(2, 312) if all(n % d for d in range(2, int(n**0.5) + 1))]
    found = []
    for prime in primes:
        low, high = 0, 1 << 36
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if middle**3 <= prime << 96 else (low, middle)
        found.append(low & MASK)
    return found


K = _roots()


def padding(length: int) -> bytes:
    """What SHA-256 puts behind a text of so many bytes."""
    return b"\x80" + b"\0" * ((55 - length) % 64) + struct.pack(">Q", length * 8)


def continued(digest: bytes, length: int, more: bytes) -> tuple[bytes, bytes]:
    """(what stands behind the known text, the digest of all of it): the text and its secret have `length` bytes."""
    state = list(struct.unpack(">8I", digest))
    before = length + len(padding(length))
    data = more + padding(before + len(more))
    for at in range(0, len(data), 64):
        state = _block(state, data[at : at + 64])
    return padding(length) + more, struct.pack(">8I", *state)


def _block(state: list[int], block: bytes) -> list[int]:
    w = list(struct.unpack(">16I", block))
    for n in range(16, 64):
        s0 = _turn(w[n - 15], 7) ^ _turn(w[n - 15], 18) ^ (w[n - 15] >> 3)
        s1 = _turn(w[n - 2], 17) ^ _turn(w[n - 2], 19) ^ (w[n - 2] >> 10)
        w.append((w[n - 16] + s0 + w[n - 7] + s1) & MASK)
    a, b, c, d, e, f, g, h = state
    for n in range(64):
        t1 = h + (_turn(e, 6) ^ _turn(e, 11) ^ _turn(e, 25)) + ((e & f) ^ (~e & g)) + K[n] + w[n]
        t2 = (_turn(a, 2) ^ _turn(a, 13) ^ _turn(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))
        a, b, c, d, e, f, g, h = (t1 + t2) & MASK, a, b, c, (d + t1) & MASK, e, f, g
    return [(one + other) & MASK for one, other in zip(state, (a, b, c, d, e, f, g, h), strict=True)]


def _turn(word: int, by: int) -> int:
    return (word >> by | word << (32 - by)) & MASK
