"""How many leads a source usually brings at this hour, learnt from the hours of four weeks. Pure.

A workday's hour is compared with that hour of workdays, a weekend's with weekends'. What is told is a habit and no
promise: a mailing or a holiday is in it too."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from core.account.caps import DAY_MS, HOUR_MS

WEEKS = 4
LEAST_DAYS, LEAST_LEADS = 3, 30  # less says nothing of a habit
HOURS_OF_WEEK = 7 * 24
FIRST_WEEKDAY = 3  # hour 0 of a week is the first one of a Thursday, as 1970 began
SATURDAY = 5
LONGEST_MS = 14 * DAY_MS  # of a silence that is counted


@dataclass(frozen=True)
class Usual:
    """`profile`: the leads of each hour of a workday, then those of a weekend's day, on the clock of `zone`."""

    profile: tuple[float, ...]
    zone: ZoneInfo

    def at(self, now_ms: int) -> float:
        """Leads an hour at that moment."""
        here = datetime.fromtimestamp(now_ms / 1000, self.zone)
        return self.profile[24 * (here.weekday() >= SATURDAY) + here.hour]

    def between(self, first_ms: int, end_ms: int) -> float:
        """How many leads usually come from one moment to the other; of two weeks at most."""
        at, found = max(first_ms, end_ms - LONGEST_MS), 0.0
        while at < end_ms:
            hour_ends = min(end_ms, at - at % HOUR_MS + HOUR_MS)
            found += self.at(at) * (hour_ends - at) / HOUR_MS
            at = hour_ends
        return found


def learnt(counts: Mapping[int, int], first_ms: int, end_ms: int, zone: ZoneInfo) -> Usual | None:
    """From the leads of each hour of the week (0: Thursday's first in UTC) that came from `first_ms` until before
    `end_ms`, both full hours; None while that is too little to tell."""
    hours = (end_ms - first_ms) // HOUR_MS
    if hours < LEAST_DAYS * 24 or sum(counts.values()) < LEAST_LEADS:
        return None
    ahead = int(datetime.fromtimestamp(end_ms / 1000, zone).utcoffset().total_seconds())  # type: ignore[union-attr]
    leads, seen = [0] * 48, [0] * 48
    for slot in range(HOURS_OF_WEEK):
        times = hours // HOURS_OF_WEEK + ((slot - first_ms // HOUR_MS) % HOURS_OF_WEEK < hours % HOURS_OF_WEEK)
        day, hour = divmod((slot * 3600 + ahead) // 3600 % HOURS_OF_WEEK, 24)
        where = 24 * ((FIRST_WEEKDAY + day) % 7 >= SATURDAY) + hour
        leads[where] += counts.get(slot, 0)
        seen[where] += times
    mean = [n / times if times else 0.0 for n, times in zip(leads, seen, strict=True)]
    return Usual(tuple(_smoothed(mean[:24]) + _smoothed(mean[24:])), zone)


def _smoothed(day: list[float]) -> list[float]:
    """Each hour with half of its neighbours: who was five minutes late is no other habit."""
    return [(day[hour - 1] + 2 * day[hour] + day[(hour + 1) % 24]) / 4 for hour in range(24)]
