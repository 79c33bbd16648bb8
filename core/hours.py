"""When calls are welcome: one window of the day, read off the wall clock of a time zone.

Open means that the clock on the wall there shows a time inside the window. So a night in which
the clocks change is an hour longer or shorter, an hour shown twice is open twice, and a window
that begins in the hour that is left out opens at the jump. Times are milliseconds since 1970.
"""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from core.durations import MINUTE_MS
from core.source import Hours

DAY = 1440  # minutes
NEVER_MS = 2**63 - 1  # later than any moment
# A year of the rules that the zone database expects to stay (it writes single dates up to 2087 for some).
LASTING_YEAR = 2099


def always(hours: Hours) -> bool:
    """Whether the window is the whole day."""
    return (hours.end - hours.start) % DAY == 0


def is_open(hours: Hours, zone: ZoneInfo, at_ms: int) -> bool:
    """Whether the wall clock of `zone` stands inside the window; its end is outside."""
    return always(hours) or _inside(hours, _minute_of_day(zone, at_ms))


def next_opening(hours: Hours, zone: ZoneInfo, at_ms: int) -> int:
    """The first moment from `at_ms` on that is open: `at_ms` itself, else the first such whole minute."""
    if is_open(hours, zone, at_ms):
        return at_ms
    moment = -(-at_ms // MINUTE_MS) * MINUTE_MS
    while not _inside(hours, _minute_of_day(zone, moment)):
        ahead = (hours.start - _minute_of_day(zone, moment)) % DAY
        moment = _unless_clocks_change(zone, moment, moment + ahead * MINUTE_MS)
    return moment


def next_closing(hours: Hours, zone: ZoneInfo, at_ms: int) -> int:
    """The first moment from `at_ms` on that is not open; `NEVER_MS` when there is none."""
    if always(hours):
        return NEVER_MS
    return next_opening(Hours(start=hours.end % DAY, end=hours.start), zone, at_ms)


def open_ms(hours: Hours, zone: ZoneInfo, since_ms: int, until_ms: int, enough_ms: int = NEVER_MS) -> int:
    """How many milliseconds between the two moments were open. Counting ends where `enough_ms` is passed."""
    counted = 0
    moment = since_ms
    while moment < until_ms and counted <= enough_ms:
        opens = next_opening(hours, zone, moment)
        moment = next_closing(hours, zone, opens)
        counted += max(0, min(moment, until_ms) - opens)
    return counted


@lru_cache(64)  # a year is walked through, and owners share a few windows
def longest_closed(hours: Hours, zone: ZoneInfo) -> int:
    """The longest time in milliseconds that the window stays shut in a year of the zone's lasting rules."""
    if always(hours):
        return 0
    moment, end = _new_year(LASTING_YEAR), _new_year(LASTING_YEAR + 1)
    longest = 0
    while moment < end:
        closes = next_closing(hours, zone, next_opening(hours, zone, moment))
        moment = next_opening(hours, zone, closes)
        longest = max(longest, moment - closes)
    return longest


def local(zone: ZoneInfo, at_ms: int) -> datetime:
    """The wall clock of `zone` at that moment."""
    return datetime.fromtimestamp(at_ms / 1000, zone)


def _new_year(year: int) -> int:
    return int(datetime(year, 1, 1, tzinfo=UTC).timestamp()) * 1000


def _minute_of_day(zone: ZoneInfo, at_ms: int) -> int:
    shown = local(zone, at_ms)
    return shown.hour * 60 + shown.minute


def _inside(hours: Hours, minute: int) -> bool:
    if hours.start < hours.end:
        return hours.start <= minute < hours.end
    return minute >= hours.start or minute < hours.end


def _offset(zone: ZoneInfo, at_ms: int) -> timedelta | None:
    return local(zone, at_ms).utcoffset()


def _unless_clocks_change(zone: ZoneInfo, now_ms: int, then_ms: int) -> int:
    """`then_ms`, or the minute between the two in which the clocks change (once at most within a day)."""
    before = _offset(zone, now_ms)
    if _offset(zone, then_ms) == before:
        return then_ms
    low, high = now_ms // MINUTE_MS, then_ms // MINUTE_MS
    while high - low > 1:
        middle = (low + high) // 2
        if _offset(zone, middle * MINUTE_MS) == before:
            low = middle
        else:
            high = middle
    return high * MINUTE_MS
