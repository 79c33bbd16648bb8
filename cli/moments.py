"""Times as people write and read them, on the readers' clock (TIMEZONE, else the policy file's)."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo

import click

from cli.context import the_zone
from cli.words import _, language

DAYS = {"today": 0, "сегодня": 0, "yesterday": 1, "вчера": 1}
UNITS = {
    **dict.fromkeys(("m", "min", "мин"), timedelta(minutes=1)),
    **dict.fromkeys(("h", "ч"), timedelta(hours=1)),
    **dict.fromkeys(("d", "д"), timedelta(days=1)),
    **dict.fromkeys(("w", "нед"), timedelta(weeks=1)),
}
_AGO = re.compile(r"([0-9]{1,4}) ?([a-zа-я]{1,3})")
_DAY = re.compile(
    r"(?:(?P<word>[a-zа-я]{5,9})|(?P<y>[0-9]{4})-(?P<m>[0-9]{1,2})-(?P<d>[0-9]{1,2})"
    r"|(?P<day>[0-9]{1,2})\.(?P<month>[0-9]{1,2})(?:\.(?P<year>[0-9]{4}|[0-9]{2})?)?)"
)
_CLOCK = re.compile(r"(?P<h>[0-9]{1,2}):(?P<min>[0-9]{2})(?::(?P<s>[0-9]{2}))?(?P<zone>z|[+-][0-9]{2}:?[0-9]{2})?")


@dataclass(frozen=True)
class Asked:
    """A time that a person typed: so long ago, or a day with its clock; without a year the last such day."""

    ago: timedelta | None = None
    days_back: int | None = None
    year: int | None = None
    month: int = 1
    day: int = 1
    clock: time | None = None
    offset: tzinfo | None = None

    def at(self, now_ms: int, zone: tzinfo, *, late: bool = False) -> int:
        """In milliseconds. A clock that is shown twice in a night means the first time, or the second one (`late`); one
        that a night leaves out means what the clock shows instead."""
        if self.ago is not None:
            return now_ms - int(self.ago.total_seconds() * 1000)
        on = self.offset or zone
        day = self._day(datetime.fromtimestamp(now_ms / 1000, on).date())
        first = datetime.combine(day, self.clock or time(), on)
        again = first.replace(fold=1)
        return int((again if late and self.clock and _offset(again) < _offset(first) else first).timestamp() * 1000)

    def _day(self, today: date) -> date:
        if self.days_back is not None:
            return today - timedelta(days=self.days_back)
        if self.year is not None:
            return date(self.year, self.month, self.day)
        years = (year for year in range(today.year, today.year - 9, -1) if _is_day(year, self.month, self.day))
        return next(found for found in (date(year, self.month, self.day) for year in years) if found <= today)


def _offset(at: datetime) -> timedelta:
    return at.utcoffset() or timedelta()


def _is_day(year: int, month: int, day: int) -> bool:
    try:
        date(year, month, day)
    except ValueError:
        return False
    return True


def read(text: str) -> Asked | None:
    """What was typed; None where it is no time."""
    words = re.sub(r"(?<=[0-9])(?:t|,\s*)(?=[0-9])", " ", text.strip().lower())
    if (span := _AGO.fullmatch(words)) and span[2] in UNITS:
        return Asked(ago=int(span[1]) * UNITS[span[2]])
    first, _blank, rest = words.partition(" ")
    if not rest and (today_at := _clock(first)):
        return Asked(days_back=0, clock=today_at[0], offset=today_at[1])
    day, clock = _DAY.fullmatch(first), _clock(rest.strip()) if rest else (None, None)
    if day is None or clock is None:
        return None
    if day["word"]:
        back = DAYS.get(day["word"])
        return None if back is None else Asked(days_back=back, clock=clock[0], offset=clock[1])
    digits = day["y"] or day["year"] or ""
    year = int(digits) + (2000 if len(digits) == 2 else 0) if digits else None
    month, of_month = int(day["m"] or day["month"]), int(day["d"] or day["day"])
    known = 2000 if year is None else year
    if not _is_day(known, month, of_month) or not 1970 < known < 2200:
        return None
    return Asked(year=year, month=month, day=of_month, clock=clock[0], offset=clock[1])


def _clock(text: str) -> tuple[time, tzinfo | None] | None:
    found = _CLOCK.fullmatch(text)
    if found is None or int(found["h"]) > 23 or int(found["min"]) > 59 or int(found["s"] or 0) > 59:
        return None
    zone = found["zone"] or ""
    offset: tzinfo | None = UTC if zone == "z" else None
    if zone[:1] in ("+", "-") and zone:
        shift = timedelta(hours=int(zone[1:3]), minutes=int(zone[-2:]))
        if shift > timedelta(hours=14):
            return None
        offset = timezone(-shift if zone[0] == "-" else shift)
    return time(int(found["h"]), int(found["min"]), int(found["s"] or 0)), offset


class When(click.ParamType):
    """An option's time."""

    name = "time"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Asked:
        found = value if isinstance(value, Asked) else read(str(value))
        if found is None:
            expected = _("yesterday, today, 7d, 24h, 29.11.2026 or 2026-11-29, a time behind it: 29.11.2026 14:30")
            self.fail(_("%(got)r is no time; expected %(expected)s", got=str(value), expected=expected), param, ctx)
        return found


WHEN = When()


def moment(at_ms: int | None, *, exact: bool = False) -> str:
    """2026-11-29 14:24:05 MSK, in Russian 29.11.2026 14:24:05 МСК; `exact`: with milliseconds."""
    return "-" if at_ms is None else f"{bare(at_ms, exact=exact, always=True)} {_zone_of(_local(at_ms))}"


def bare(at_ms: int, *, exact: bool = False, always: bool = False) -> str:
    """The same without the zone, but in the hour that a night has twice (`always`: then too)."""
    at = _local(at_ms)
    text = f"{at:%d.%m.%Y %H:%M:%S}" if language() == "ru" else f"{at:%Y-%m-%d %H:%M:%S}"
    text += f".{at_ms % 1000:03}" if exact else ""
    is_twice = at.replace(fold=0).utcoffset() != at.replace(fold=1).utcoffset()
    return f"{text} {_zone_of(at)}" if is_twice and not always else text


def utc(at_ms: int | None) -> str:
    """RFC 3339 in UTC, to the millisecond: for programs."""
    if at_ms is None:
        return "-"
    at = datetime.fromtimestamp(at_ms / 1000, UTC)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _local(at_ms: int) -> datetime:
    return datetime.fromtimestamp(at_ms / 1000, the_zone())


def _zone_of(at: datetime) -> str:
    """MSK; UTC+05 where the zone has no letters of its own."""
    name = f"{at:%Z}"
    if name == "MSK" and language() == "ru":
        return "МСК"
    return f"UTC{name}" if name[:1] in "+-" else name
