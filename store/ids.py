"""Identifiers: UUIDv7 (RFC 9562), so that what is made later sorts later and indexes stay dense."""

import os
import time


def new_id() -> str:
    """48 bits of milliseconds, then 74 random bits, as 36 characters of text."""
    value = (time.time_ns() // 1_000_000) << 80 | int.from_bytes(os.urandom(10), "big")
    value = value & ~(0xF << 76) | 7 << 76  # version 7
    value = value & ~(3 << 62) | 2 << 62  # variant
    text = f"{value:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
