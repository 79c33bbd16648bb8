"""Silence: how many leads should have come since the last one, and from how many on it is an alarm. Pure.

A habit is learnt from the leads of each hour of up to 28 whole days: how many usually come at this hour of this day of
the week. `quiet` is what that habit expects since the last lead, times how far the newest leads keep up with it, so
that holidays and a stopped campaign are learnt within 20 leads. The line is drawn where silence by mere chance would
ring once in ten months, and above what this source has been silent before. Times are milliseconds since 1970."""

import math
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from zoneinfo import ZoneInfo

from core.durations import HOUR_MS
from core.hours import local

Span = tuple[int, int]  # from, until

DAYS = 28  # are remembered
NEWEST = 21  # leads by which the level is known: the time in which 20 came
KNOWN_DAYS, KNOWN_LEADS = 3, 30  # before that nothing can be said
FALSE_A_MONTH = 0.1
LEAST_LINE = 3.0
ABOVE_BEFORE = 1.3  # times the second longest silence of the days remembered
LEAST_LEVEL = 0.05
MOST_BURSTS = 1.3
LEAST_MS = 15 * 60_000  # since the last lead
AHEAD_H = 72  # a habit is good for so long: it is learnt anew each day
DAY_H = 24
SATURDAY = 5


@dataclass(frozen=True)
class Habit:
    """What usually comes. `came[n]`: leads that the habit expects from `first` until n hours later; `scale`: how far
    the last three days kept up with it, 1 at most; `line`: so many have to be missing."""

    first: int
    came: tuple[float, ...]
    scale: float
    line: float


# Source, or empty for all together -> the midnight until which it was learnt, and the habit; None: too little is known.
Habits = dict[str, tuple[int, Habit | None]]


@dataclass(frozen=True)
class Quiet:
    """So many leads are `missing` since the last one; `usual`: how many come in an hour like this."""

    missing: float
    line: float
    usual: float

    @property
    def rings(self) -> bool:
        return self.missing >= self.line


@dataclass(frozen=True)
class _Hour:
    weekday: int
    hour: int
    count: int
    part: float  # of it, in which leads could come

    @property
    def weekend(self) -> bool:
        return self.weekday >= SATURDAY


def learn(counts: Mapping[int, int], span: Span, zone: ZoneInfo, gone: Sequence[Span] = ()) -> Habit | None:
    """The habit of whole days, None where there are too few of them or of leads. `counts`: start of an hour -> leads;
    `gone`: when none could come, which is learnt from as little as it is counted."""
    first, end = span
    hours = [_hour(at, counts, zone, gone) for at in range(first, end, HOUR_MS)]
    leads, days = sum(hour.count for hour in hours), len(hours) / DAY_H
    if days < KNOWN_DAYS or leads < KNOWN_LEADS:
        return None
    profile = _profile(hours)
    ahead = [_hour(at, {}, zone, gone) for at in range(end, end + AHEAD_H * HOUR_MS, HOUR_MS)]
    came = tuple(accumulate((profile[hour.weekday][hour.hour] for hour in hours + ahead), initial=0.0))
    chance = _bursts(profile, hours) * math.log(leads * 30 / days / FALSE_A_MONTH)
    line = max(LEAST_LINE, chance, ABOVE_BEFORE * _second_longest(profile, hours))
    return Habit(first, came, _scale(profile, hours[-3 * DAY_H :]), line)


def judge(habit: Habit, newest: Sequence[int], now: int, gone: Sequence[Span] = ()) -> Quiet:
    """How quiet it is. `newest`: when the newest 21 leads came, the newest first."""
    last = newest[0]
    level = _level(len(newest) - 1, _between(habit, newest[-1], last, gone))
    missing = level * _between(habit, last, now, gone) if now - last >= LEAST_MS else 0.0
    return Quiet(missing, habit.line, habit.scale * _rate(habit, now))


def rings_at(habit: Habit, newest: Sequence[int], gone: Sequence[Span] = ()) -> int | None:
    """The moment at which it would ring if no more leads came; None where the habit ends before."""
    low, high = newest[0] + LEAST_MS, habit.first + (len(habit.came) - 1) * HOUR_MS
    if not judge(habit, newest, high, gone).rings:
        return None
    while high - low > 1000:
        middle = (low + high) // 2
        low, high = (low, middle) if judge(habit, newest, middle, gone).rings else (middle, high)
    return high


def _hour(at: int, counts: Mapping[int, int], zone: ZoneInfo, gone: Sequence[Span]) -> _Hour:
    here = local(zone, at)
    lost = sum(max(0, min(until, at + HOUR_MS) - max(since, at)) for since, until in gone)
    return _Hour(here.weekday(), here.hour, counts.get(at, 0), max(0.0, 1 - lost / HOUR_MS))


def _profile(hours: Sequence[_Hour]) -> list[list[float]]:
    """[weekday][hour] -> leads."""
    kinds = {weekend: _of_kind([hour for hour in hours if hour.weekend is weekend]) for weekend in (False, True)}
    found = []
    for weekday in range(7):
        base = kinds[weekday >= SATURDAY]
        mine = [hour for hour in hours if hour.weekday == weekday]
        usual = sum(base)
        expected = sum(base[hour.hour] * hour.part for hour in mine)
        # A day of the week is itself only as far as it was seen: two average days are laid beside it.
        share = (sum(hour.count for hour in mine) + 2 * usual) / (expected + 2 * usual) if usual else 0.0
        found.append([rate * min(share, 1.5) for rate in base])
    return found


def _of_kind(hours: Sequence[_Hour]) -> list[float]:
    """Hour of the day -> leads, of workdays or of weekends, smoothed with its neighbours. A mailing is no habit: what
    is far above the same hour of other days is cut."""
    means = []
    for n in range(DAY_H):
        counts = sorted(hour.count for hour in hours if hour.hour == n and hour.part > 0.5)
        most = counts[(len(counts) * 9 - 1) // 10] + 2 if counts else 0
        means.append(sum(min(count, most) for count in counts) / len(counts) if counts else 0.0)
    return [(means[n - 1] + 2 * means[n] + means[(n + 1) % DAY_H]) / 4 for n in range(DAY_H)]


def _expected(profile: Sequence[Sequence[float]], hour: _Hour) -> float:
    return profile[hour.weekday][hour.hour] * hour.part


def _scale(profile: Sequence[Sequence[float]], newest: Sequence[_Hour]) -> float:
    came = sum(hour.count for hour in newest)
    return min(1.0, (came + 3) / (sum(_expected(profile, hour) for hour in newest) + 3))


def _bursts(profile: Sequence[Sequence[float]], hours: Sequence[_Hour]) -> float:
    """How much more the hours differ from the habit than chance would have it: leads that come in pairs, and days that
    are not alike, leave longer silences between them."""
    pairs = [(hour.count, _expected(profile, hour)) for hour in hours]
    expected = sum(usual for _, usual in pairs)
    apart = sum((count - usual) ** 2 for count, usual in pairs)
    return min(MOST_BURSTS, max(1.0, apart / expected)) if expected else 1.0


def _second_longest(profile: Sequence[Sequence[float]], hours: Sequence[_Hour]) -> float:
    """Of the silences of the past, as leads that should have come. The longest of all may have been an outage."""
    came = list(accumulate((_expected(profile, hour) for hour in hours), initial=0.0))
    total = list(accumulate((hour.count for hour in hours), initial=0))
    busy = [n for n, hour in enumerate(hours) if hour.count]
    quiet = [0.0, 0.0]
    for before, after in pairwise(busy):
        # With n leads in an hour, the last came about 1/(n+1) of it before its end.
        begins = before + 1 - 1 / (hours[before].count + 1)
        ends = after + 1 / (hours[after].count + 1)
        since = bisect_left(total, total[before + 1] - NEWEST + 1)
        level = _level(min(NEWEST - 1, total[before + 1]), _at(came, begins) - came[max(0, since - 1)])
        quiet.append(level * (_at(came, ends) - _at(came, begins)))
    return sorted(quiet)[-2]


def _level(leads: int, expected: float) -> float:
    """How far the newest leads keep up with the habit."""
    return max(LEAST_LEVEL, min(1.0, leads / expected)) if expected > 0 else 1.0


def _between(habit: Habit, since: int, until: int, gone: Sequence[Span]) -> float:
    """Leads that should have come between the two, without the time in which none could. No two of `gone` are of the
    same time, but for a fault that falls into another: then it is cut out twice, and nothing rings too early."""
    lost = sum(
        _until(habit, min(end, until)) - _until(habit, max(begin, since))
        for begin, end in gone
        if begin < until and end > since
    )
    return habit.scale * max(0.0, _until(habit, until) - _until(habit, since) - lost)


def _until(habit: Habit, at: int) -> float:
    return _at(habit.came, (at - habit.first) / HOUR_MS)


def _at(came: Sequence[float], hours: float) -> float:
    """`came` between its hours; before the first and after the last nothing is expected."""
    place = min(max(hours, 0.0), float(len(came) - 1))
    n = min(int(place), len(came) - 2)
    return came[n] + (came[n + 1] - came[n]) * (place - n)


def _rate(habit: Habit, at: int) -> float:
    n = min(max((at - habit.first) // HOUR_MS, 0), len(habit.came) - 2)
    return habit.came[n + 1] - habit.came[n]
