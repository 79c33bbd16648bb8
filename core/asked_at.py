"""When the person asked, in whatever way a sender writes a time."""

import math
import re
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

EARLIEST_MS = 946_684_800_000  # 2000
LATEST_MS = 4_102_444_800_000  # 2100
UNIX = re.compile(r"[0-9]{9,13}(\.[0-9]{1,9})?", re.ASCII)
ZONED = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}.*", re.ASCII)


def moment_ms(value: Any, zone: str) -> int | None:
    """Milliseconds since 1970 of an RFC 3339 time or a Unix time in seconds or milliseconds (13 digits).
    A time without a zone is read in `zone`. None for a bare date, whose hour is unknown, and for
    whatever else is no time between 2000 and 2100. Never raises."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    text = str(value).strip()
    found = _unix_ms(text) if UNIX.fullmatch(text) else _written_ms(text, zone)
    return found if found is not None and EARLIEST_MS <= found < LATEST_MS else None


def _unix_ms(text: str) -> int | None:
    whole, _, rest = text.partition(".")
    if len(whole) >= 12:
        return int(whole)
    return int(whole) * 1000 + math.floor(float("0." + (rest or "0")) * 1000)


def _written_ms(text: str, zone: str) -> int | None:
    if len(text) > 40 or not ZONED.fullmatch(text):
        return None
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=ZoneInfo(zone))
        return math.floor(moment.astimezone(UTC).timestamp() * 1000)
    except (ValueError, OverflowError, OSError):
        return None
