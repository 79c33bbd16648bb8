"""When calls are welcome: one window of the day, read off the wall clock of a time zone.

Open means that the clock on the wall there shows a time inside the window. So a night in which
the clocks change is an hour longer or shorter, an hour shown twice is open twice, and a window
that begins in the hour that is left out opens at the jump. Times are seconds since 1970.
"""

import math
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from core.source import Hours

DAY = 1440  # minutes
MINUTE_S = 60
# A year of the rules that the zone database expects to stay (it writes single dates up to 2087 for some).
LASTING_YEAR = 2099


def always(hours: Hours) -> bool:
    """Whether the window is the whole day."""
    return (hours.end - hours.start) % DAY == 0


def is_open(hours: Hours, zone: ZoneInfo, at_s: float) -> bool:
    """Whether the wall clock of `zone` stands inside the window; its end is outside."""
    return always(hours) or _inside(hours, _minute_of_day(zone, at_s))


def next_opening(hours: Hours, zone: ZoneInfo, at_s: float) -> float:
    """The first moment from `at_s` on that is open: `at_s` itself, else the first such whole minute."""
    if is_open(hours, zone, at_s):
        return at_s
    moment = math.ceil(at_s / MINUTE_S) * MINUTE_S
    while not _inside(hours, _minute_of_day(zone, moment)):
        ahead = (hours.start - _minute_of_day(zone, moment)) % DAY
        moment = _unless_clocks_change(zone, moment, moment + ahead * MINUTE_S)
    return float(moment)


def next_closing(hours: Hours, zone: ZoneInfo, at_s: float) -> float:
    """The first moment from `at_s` on that is not open; infinity when there is none."""
    if always(hours):
        return math.inf
    return next_opening(Hours(start=hours.end % DAY, end=hours.start), zone, at_s)


def open_seconds(hours: Hours, zone: ZoneInfo, since_s: float, until_s: float, enough_s: float = math.inf) -> float:
    """How many seconds between the two moments were open. Counting ends where `enough_s` is passed."""
    counted = 0.0
    moment = since_s
    while moment < until_s and counted <= enough_s:
        opens = next_opening(hours, zone, moment)
        moment = next_closing(hours, zone, opens)
        counted += max(0.0, min(moment, until_s) - opens)
    return counted


@lru_cache(64)  # a year is walked through, and owners share a few windows
def longest_closed(hours: Hours, zone: ZoneInfo) -> float:
    """The longest time in seconds that the window stays shut in a year of the zone's lasting rules."""
    if always(hours):
        return 0.0
    moment = datetime(LASTING_YEAR, 1, 1, tzinfo=UTC).timestamp()
    end = datetime(LASTING_YEAR + 1, 1, 1, tzinfo=UTC).timestamp()
    longest = 0.0
    while moment < end:
        closes = next_closing(hours, zone, next_opening(hours, zone, moment))
        moment = next_opening(hours, zone, closes)
        longest = max(longest, moment - closes)
    return longest


def local(zone: ZoneInfo, at_s: float) -> datetime:
    """The wall clock of `zone` at that moment."""
    return datetime.fromtimestamp(at_s, zone)


def _minute_of_day(zone: ZoneInfo, at_s: float) -> int:
    shown = local(zone, at_s)
    return shown.hour * 60 + shown.minute


def _inside(hours: Hours, minute: int) -> bool:
    if hours.start < hours.end:
        return hours.start <= minute < hours.end
    return minute >= hours.start or minute < hours.end


def _offset(zone: ZoneInfo, at_s: float) -> timedelta | None:
    return local(zone, at_s).utcoffset()


def _unless_clocks_change(zone: ZoneInfo, now_s: int, then_s: int) -> int:
    """`then_s`, or the minute between the two in which the clocks change (once at most within a day)."""
    before = _offset(zone, now_s)
    if _offset(zone, then_s) == before:
        return then_s
    low, high = now_s // MINUTE_S, then_s // MINUTE_S
    while high - low > 1:
        middle = (low + high) // 2
        if _offset(zone, middle * MINUTE_S) == before:
            low = middle
        else:
            high = middle
    return high * MINUTE_S
